"""What each operation of a tablet does, inside one transaction.

Different steps always merge. Two devices' answers to one step are both kept: the first stays the accepted one, the
second is listed under its ``conflicts`` and the order is tagged ``conflict``. An answer that replaces an earlier one
keeps it under ``earlier``. Work on an ended order is kept as an operation (``late_evidence``) and changes nothing:
a signed record stays as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maintenance.answers import Answer, Refused, read_answer
from maintenance.lifecycle import ENDED, arrived, transition
from maintenance.orders import apply_transition, create_order
from maintenance.ports import MaintenanceTx
from maintenance.views import note_order
from maintenance.work_orders import ChecklistItem, Kind, Operation, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role, User

WHOLE_ORDER = "_order"
"""Key among the answers for files that belong to no step (the signature at the end)."""

VERDICTS = ("confirmed", "false_alarm", "sensor", "nothing_found")
_FILES = ("photo", "signature")
_BEFORE_WORK = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)
_UNDER_WAY: tuple[State, ...] = (State.ACKNOWLEDGED, State.IN_PROGRESS, State.ON_HOLD, State.EVIDENCE_PENDING)

_BEING_DONE: tuple[State, ...] = (State.IN_PROGRESS, State.EVIDENCE_PENDING)

Outcome = tuple[str, str | None, WorkOrder]
"""Status, code, the order after it (the same object: nothing changed; a newer version: stored already)."""


@dataclass(frozen=True, slots=True)
class ChecklistReading:
    """A number taken on a round: a reading of an asset's point (source: checklist)."""

    site: str
    asset: str
    point: str
    observed_at: datetime
    value: float
    work_order: str
    step: str
    user: str


def no_reading(_: ChecklistReading) -> None:
    """A sink that keeps nothing."""


def no_file(_: str) -> bool:
    """Nothing has arrived yet."""
    return False


@dataclass(frozen=True, slots=True)
class SyncEffects:
    """What sync needs from outside: where readings go, and whether a file (by SHA-256) has arrived."""

    readings_sink: Callable[[ChecklistReading], None] = no_reading
    file_arrived: Callable[[str], bool] = no_file


class OperationApplier:
    """Applies operations of one user in one transaction."""

    def __init__(self, tx: MaintenanceTx, user: User, now: datetime, offset: timedelta, effects: SyncEffects) -> None:
        self._tx, self._user, self._now, self._offset, self._effects = tx, user, now, offset, effects

    def apply(self, op: Operation) -> OperationResult:
        """Apply one operation. Raises ``Refused``, ``IllegalTransition``, ``BadData``, ``NotFound``, ``Conflict``."""
        if op.user and op.user not in (self._user.id, self._user.username):
            raise Refused("wrong_user")
        if op.type == "report_fault":
            return self._report_fault(op)
        if op.work_order is None:
            raise Refused("unknown_work_order")
        order = self._tx.orders.lock(op.work_order)
        self._may(order.site, order.department)
        if order.state in ENDED:
            return self._late(op, order)
        status, code, changed = self._step(op, order)
        if changed is not order and changed.version == order.version:
            changed = self._tx.orders.update(changed, order.version)
            note_order(self._tx, changed)
        return OperationResult(op.op_id, status, code, changed.version)

    def _step(self, op: Operation, order: WorkOrder) -> Outcome:
        if op.type == "answer":
            return self._answer(op, order)
        if op.type == "complete":
            return self._complete(op, order)
        steps: Mapping[str, Callable[[Operation, WorkOrder], WorkOrder]] = {
            "photo": self._file,
            "signature": self._file,
            "verdict": self._verdict,
            "hold": self._hold,
            "arrive": lambda given, current: arrived(current, self._at(given)),
        }
        return "applied", None, steps.get(op.type, self._go_on)(op, order)

    def _hold(self, op: Operation, order: WorkOrder) -> WorkOrder:
        if order.state is State.ON_HOLD:
            return order
        at, reason = self._at(op), str(op.value.get("reason") or "")
        order = self._begun(order, at) if order.state is State.SCHEDULED else order
        return self._moved(order, State.ON_HOLD, at, reason)

    def _go_on(self, op: Operation, order: WorkOrder) -> WorkOrder:
        """Acknowledge, start or resume; what another device has done already stands."""
        if op.type == "acknowledge":
            to, passed = State.ACKNOWLEDGED, _UNDER_WAY
        else:
            to, passed = State.IN_PROGRESS, _BEING_DONE
        return order if order.state in passed else self._moved(order, to, self._at(op))

    def _moved(self, order: WorkOrder, to: State, at: datetime, reason: str = "") -> WorkOrder:
        by = self._user.username
        return apply_transition(self._tx, order.id, to, at, by, reason, now=self._now, changes=order)

    def _answer(self, op: Operation, order: WorkOrder) -> Outcome:
        item = next((i for i in order.template if i.step == op.step), None)
        if item is None:
            raise Refused("unknown_step")
        answer = read_answer(item, op.value)
        at = self._at(op)
        order = self._begun(order, at) if order.state in _BEFORE_WORK else order
        before = order.answers.get(item.step, {})
        entry: dict[str, object] = answer.as_json() | {
            "at": at.isoformat(),
            "by": self._user.username,
            "device": op.device,
            "op_id": op.op_id,
            "version": order.version + 1,
        }
        ticket = self._failure_ticket(order, item, answer, before)
        if ticket is not None:
            entry["ticket"] = ticket
        status, merged, tags = _merged(before, entry, op.base_version)
        changed = replace(
            order, answers={**order.answers, item.step: merged}, tags=tuple(dict.fromkeys((*order.tags, *tags)))
        )
        self._reading(order, item, answer, at)
        code = "step_changed" if status == "conflict" else ("outside_limits" if answer.outside else None)
        return status, code, changed

    def _reading(self, order: WorkOrder, item: ChecklistItem, answer: Answer, at: datetime) -> None:
        if item.point is None or answer.number is None or answer.outcome == "na" or order.asset is None:
            return
        self._effects.readings_sink(
            ChecklistReading(
                order.site, order.asset, item.point, at, answer.number, order.id, item.step, self._user.username
            )
        )

    def _failure_ticket(
        self, order: WorkOrder, item: ChecklistItem, answer: Answer, before: Mapping[str, object]
    ) -> str | None:
        """A ticket for an item that is not as it should be; one for each step as long as it is open."""
        earlier = before.get("ticket")
        if not answer.failed:
            return None if earlier is None else str(earlier)
        if earlier is not None and self._tx.orders.get(str(earlier)).state not in ENDED:
            return str(earlier)
        name = LocalName("", "") if order.asset is None else self._tx.assets.get(order.asset).asset.name
        said = answer.remark or ""
        if answer.number is not None:
            said = f"{said} {answer.number:g} {item.unit}".strip()
        ticket = create_order(
            self._tx,
            site=order.site,
            kind=Kind.CORRECTIVE,
            origin=Origin.CHECKLIST,
            title=LocalName(f"{name.zh} {item.name.zh}不合格".strip(), f"{name.en} {item.name.en}: not OK".strip()),
            by=self._user.username,
            now=self._now,
            asset=order.asset,
            severity=answer.severity or Severity.GENERAL,
            department=order.department,
            reason=LocalName(
                f"工单#{order.number}（{order.title.zh}）检查不合格：{said}",
                f"Found on #{order.number} ({order.title.en}): {said}",
            ),
        )
        return ticket.id

    def _file(self, op: Operation, order: WorkOrder) -> WorkOrder:
        digest = str(op.value.get("sha256") or "")
        if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
            raise Refused("malformed")
        step = op.step or WHOLE_ORDER
        if op.step is not None and all(i.step != op.step for i in order.template):
            raise Refused("unknown_step")
        entry = dict(order.answers.get(step, {}))
        known = entry.get("files")
        files = list(known) if isinstance(known, (list, tuple)) else []
        files.append(
            {
                "kind": op.type,
                "sha256": digest,
                "bytes": op.value.get("bytes"),
                "mime": op.value.get("mime"),
                "by": self._user.username,
                "at": self._at(op).isoformat(),
            }
        )
        entry["files"] = files
        changed = replace(order, answers={**order.answers, step: entry})
        return self._settled(changed) if order.state is State.EVIDENCE_PENDING else changed

    def _settled(self, order: WorkOrder) -> WorkOrder:
        if missing_evidence(order, self._effects.file_arrived):
            return order
        return self._moved(order, State.COMPLETED, order.completed_at or self._now)

    def _verdict(self, op: Operation, order: WorkOrder) -> WorkOrder:
        if op.value.get("verdict") not in VERDICTS:
            raise Refused("unknown_verdict")
        kept = {key: op.value.get(key) for key in ("verdict", "cause", "action")}
        return replace(order, verdict=kept | {"by": self._user.username, "at": self._at(op).isoformat()})

    def _complete(self, op: Operation, order: WorkOrder) -> Outcome:
        at, note = self._at(op), str(op.value.get("note") or "").strip()
        if order.state is State.EVIDENCE_PENDING:
            return "applied", "evidence_pending", order
        order = self._begun(order, at) if order.state is not State.IN_PROGRESS else order
        verdict = order.verdict or {}
        if order.kind is Kind.CORRECTIVE and verdict.get("verdict") == "false_alarm":
            said = verdict.get("cause") or note or "误报 / false alarm"
            return "applied", None, self._moved(order, State.REJECTED, at, str(said))
        code, to = None, State.COMPLETED
        if any("outcome" not in order.answers.get(i.step, {}) for i in order.template if i.type not in _FILES):
            code, order = "incomplete", replace(order, tags=tuple(dict.fromkeys((*order.tags, "incomplete"))))
        if missing_evidence(order, self._effects.file_arrived):
            code, to = "evidence_pending", State.EVIDENCE_PENDING
        return "applied", code, self._moved(order, to, at, note)

    def _report_fault(self, op: Operation) -> OperationResult:
        text = str(op.value.get("text") or "").strip()
        if not text:
            raise Refused("text_required")
        try:
            asset = self._tx.assets.get(str(op.value.get("asset") or "")).asset
        except NotFound:
            raise Refused("unknown_asset") from None
        self._may(asset.site, asset.department)
        try:
            severity = Severity(str(op.value.get("severity") or Severity.GENERAL.value))
        except ValueError:
            raise Refused("unknown_severity") from None
        order = create_order(
            self._tx,
            site=asset.site,
            kind=Kind.CORRECTIVE,
            origin=Origin.STAFF,
            title=LocalName(f"{asset.name.zh}:{text}", f"{asset.name.en}: {text}"),
            by=self._user.username,
            now=self._now,
            opened_at=self._at(op),
            asset=asset.key,
            severity=severity,
            reason=LocalName(f"现场报修：{text}", f"Reported on the spot: {text}"),
        )
        return OperationResult(op.op_id, "applied", None, order.version)

    def _late(self, op: Operation, order: WorkOrder) -> OperationResult:
        """Work that came after the order's end: the operation is the evidence."""
        if "late_evidence" not in order.tags:
            order = self._tx.orders.update(replace(order, tags=(*order.tags, "late_evidence")), order.version)
        note_order(self._tx, order)
        return OperationResult(op.op_id, "applied", "late_evidence", order.version)

    def _begun(self, order: WorkOrder, at: datetime) -> WorkOrder:
        """The order in progress; the step is part of the change that the caller writes."""
        moved, step = transition(order, State.IN_PROGRESS, at, self._user.username, recorded_at=self._now)
        self._tx.orders.add_transition(step)
        return moved

    def _at(self, op: Operation) -> datetime:
        return min(op.captured_at + self._offset, self._now)

    def _may(self, site: str, department: str | None) -> None:
        for grant in self._user.grants:
            here = grant.site is None or grant.site == site
            ours = grant.department is None or department is None or grant.department == department
            if here and ours and grant.role is not Role.VIEWER:
                return
        raise Refused("forbidden")


def missing_evidence(order: WorkOrder, file_arrived: Callable[[str], bool]) -> list[tuple[str, str]]:
    """(step, photo or signature) pairs that the template demands and that have not arrived. Items answered as not
    applicable demand nothing."""
    missing: list[tuple[str, str]] = []
    for item in order.template:
        entry = order.answers.get(item.step, {})
        if entry.get("outcome") == "na":
            continue
        wanted = set(item.evidence) | ({item.type} if item.type in _FILES else set())
        missing += [(item.step, kind) for kind in sorted(wanted) if not _has(entry, kind, file_arrived)]
    return missing


def _has(entry: Mapping[str, object], kind: str, file_arrived: Callable[[str], bool]) -> bool:
    files = entry.get("files")
    return isinstance(files, (list, tuple)) and any(
        file.get("kind") == kind and file_arrived(str(file.get("sha256"))) for file in files
    )


_MEANING = ("outcome", "number", "choice", "text", "remark", "severity")


def _merged(
    before: Mapping[str, object], entry: dict[str, object], base_version: int | None
) -> tuple[str, dict[str, object], tuple[str, ...]]:
    """Status, what is kept under the step, tags to add."""
    kept = {key: before[key] for key in ("files", "conflicts", "earlier", "ticket") if key in before}
    if "outcome" not in before:
        return "applied", kept | entry, ()
    version = before.get("version")
    unseen = base_version is None or (isinstance(version, int) and base_version < version)
    differs = any(before.get(key) != entry.get(key) for key in _MEANING)
    if before.get("device") != entry["device"] and unseen and differs:
        conflicts = kept.get("conflicts")
        listed = [*(conflicts if isinstance(conflicts, (list, tuple)) else ()), entry]
        tickets = {"ticket": entry["ticket"]} if "ticket" in entry else {}
        return "conflict", dict(before) | tickets | {"conflicts": listed}, ("conflict",)
    earlier = kept.get("earlier")
    previous = {key: value for key, value in before.items() if key not in ("files", "conflicts", "earlier")}
    listed = [*(earlier if isinstance(earlier, (list, tuple)) else ()), previous]
    return "applied", kept | entry | {"earlier": listed}, ()
