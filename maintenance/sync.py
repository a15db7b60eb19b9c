"""Operations of tablets, applied once each, in the order they were sent.

Each operation has its own transaction: one that is refused costs no other. An ``op_id`` that was applied before is a
``duplicate`` when its body is the same and refused (``op_reused``) when it is not. Refused operations are not kept, so
they may be sent again once the cause is gone.

Times are the device's, corrected by the offset between its clock and ours, never later than now; what then lies before
2000 is no time at which anything was done (``malformed``).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maintenance.answers import Refused
from maintenance.operations import OperationApplier, SyncEffects
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Operation, OperationResult
from plantroom.errors import BadData, Conflict, IllegalTransition, NotFound, Unreachable
from plantroom.ports.accounts import User
from plantroom.ports.ledger import Ledger

CLOCKS_AGREE = timedelta(seconds=2)
"""Offsets up to this are the network's, not the clock's."""

TYPES = frozenset(
    {
        "start",
        "acknowledge",
        "arrive",
        "resume",
        "hold",
        "answer",
        "photo",
        "signature",
        "complete",
        "interim",
        "verdict",
        "report_fault",
    }
)
_TRIES = 3


def apply_operations(
    ledger: Ledger[MaintenanceTx],
    user: User,
    device: str,
    device_now: datetime | None,
    ops: Sequence[Mapping[str, object]],
    now: datetime,
    effects: SyncEffects | None = None,
) -> list[OperationResult]:
    """Apply what ``POST /sync`` brought; one result per operation, in the same order.

    ``ops`` are the objects as sent. ``effects`` has the question whether a file has arrived. Codes of refusals:
    ``malformed, unknown_type, wrong_user, forbidden, unknown_work_order, unknown_asset, unknown_step, op_reused,
    illegal_transition, reason_required, unknown_pause, text_required, drill_record_missing`` (a drill is not completed
    without its record) and those of ``maintenance.answers``. Codes of what is applied: ``late_evidence`` (the order had
    ended; checked and kept as evidence), ``opened_again`` (said before something opened the ticket again: kept in its
    history), ``outside_limits``, ``incomplete``, ``evidence_pending``, ``same_image`` (a signature whose image is
    somebody else's there, too: nobody verifies that); of conflicts: ``step_changed``. Raises ``Unreachable`` (nothing
    of the operation at hand is then kept).
    """
    aware = device_now is not None and device_now.tzinfo is not None
    offset = now - device_now if device_now is not None and aware else timedelta(0)
    if abs(offset) <= CLOCKS_AGREE:
        offset = timedelta(0)
    results: list[OperationResult] = []
    for raw in ops:
        op_id = str(raw.get("op_id") or "")
        try:
            operation = parse_operation(raw, device)
            results.append(_apply(ledger, user, operation, now, offset, effects or SyncEffects()))
        except Refused as refused:
            results.append(OperationResult(op_id, "rejected", refused.code))
    return results


def _apply(
    ledger: Ledger[MaintenanceTx],
    user: User,
    operation: Operation,
    now: datetime,
    offset: timedelta,
    effects: SyncEffects,
) -> OperationResult:
    for _ in range(_TRIES):
        try:
            with ledger.begin() as tx:
                known = tx.orders.operation(operation.op_id)
                if known is not None:
                    return _again(operation, *known)
                result = OperationApplier(tx, user, now, offset, effects).apply(operation)
                done_at = min(operation.captured_at + offset, now)
                tx.orders.add_operation(replace(operation, done_at=done_at), result)
                return result
        except IllegalTransition:
            raise Refused("illegal_transition") from None
        except BadData as error:
            raise Refused(error.problems[0].code if error.problems else error.code) from None
        except NotFound:
            raise Refused("unknown_work_order") from None
        except Conflict:
            continue
    raise Unreachable("ledger", f"operation {operation.op_id} met other writers {_TRIES} times")


def _again(operation: Operation, stored: Operation, result: OperationResult) -> OperationResult:
    if stored.fingerprint != operation.fingerprint:
        return OperationResult(operation.op_id, "rejected", "op_reused", result.version)
    return OperationResult(operation.op_id, "duplicate", result.code, result.version)


def parse_operation(raw: Mapping[str, object], device: str) -> Operation:
    """One operation as sent. Raises ``Refused`` (``malformed``, ``unknown_type``)."""
    op_id, kind, user, value = raw.get("op_id"), raw.get("type"), raw.get("user"), raw.get("value")
    if not isinstance(op_id, str) or not 0 < len(op_id) <= 100:
        raise Refused("malformed")
    if not isinstance(user, str) or not user:
        raise Refused("malformed")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Refused("unknown_type")
    if value is not None and not isinstance(value, Mapping):
        raise Refused("malformed")
    base = raw.get("base_version")
    if base is not None and (isinstance(base, bool) or not isinstance(base, int)):
        raise Refused("malformed")
    return Operation(
        op_id=op_id,
        fingerprint=fingerprint(raw),
        device=device,
        user=user,
        type=kind,
        work_order=_optional(raw.get("work_order")),
        step=_optional(raw.get("step")),
        base_version=base,
        captured_at=_instant(raw.get("captured_at")),
        value=dict(value or {}),
    )


def fingerprint(raw: Mapping[str, object]) -> str:
    """SHA-256 (hex) of the operation's canonical JSON: keys sorted, no blanks, instants as sent."""
    canonical: Callable[[object], object] = str
    text = json.dumps(dict(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=canonical)
    return hashlib.sha256(text.encode()).hexdigest()


def _optional(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _instant(value: object) -> datetime:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if instant.tzinfo is None:
            raise Refused("malformed")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("malformed") from None
