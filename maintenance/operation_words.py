"""What the operations of a tablet say: their values read and checked, and their words to the clocks of a ticket.

A word is kept as a mark whether it takes a step or not, since one that comes late takes none any more and was said all
the same (``maintenance.sla.words``).
"""

from collections.abc import Mapping
from datetime import datetime

from maintenance.answers import Refused
from maintenance.late_words import opened_again, overtaken
from maintenance.lifecycle import INCOMPLETE
from maintenance.ports import MaintenanceTx
from maintenance.sla.keeping import mark
from maintenance.sla.policy import OTHER
from maintenance.sla.words import Said
from maintenance.verdicts import VERDICTS
from maintenance.work_orders import Kind, Operation, State, WorkOrder

MAX_TEXT = 4_000
"""Characters of a text that are kept; the operation itself is kept as it was sent."""

_WORDS = {
    "acknowledge": Said.ACKNOWLEDGED,
    "arrive": Said.ARRIVED,
    "answer": Said.ARRIVED,
    "start": Said.WORKED,
    "resume": Said.WORKED,
    "hold": Said.HELD,
    "interim": Said.INTERIM,
    "complete": Said.DONE,
}


def note_word(tx: MaintenanceTx, order: WorkOrder, op: Operation, at: datetime, now: datetime, by: str) -> bool:
    """Keep what an operation on a locked ticket says to its clocks; gives whether it says anything. A hold from before
    something that ended it says nothing."""
    said = _WORDS.get(op.type)
    if said is None or (op.type == "answer" and order.arrived_at is not None and order.arrived_at <= at):
        return False
    code, text = "", ""
    if op.type == "hold":
        text, code = hold_of(tx, order, op, now)
        if overtaken(tx, order, op.type, at) is not None and not opened_again(tx, order, at):
            return False
    if op.type == "interim":
        text = interim_text(order, op)
    mark(tx, order, said, at, now, by, code=code, text=text)
    return True


def hold_of(tx: MaintenanceTx, order: WorkOrder, op: Operation, now: datetime) -> tuple[str, str]:
    """Why an order is held, in words and as a code. Tablets that know of no codes send words alone: ``other``. Raises
    ``Refused``: ``unknown_pause``, ``reason_required`` (of ``other``)."""
    reason, code = str(op.value.get("reason") or "").strip(), str(op.value.get("code") or OTHER)
    pause = tx.sla.policies(order.site).at(now).pause(code)
    if pause is None:
        raise Refused("unknown_pause")
    if not reason and code == OTHER:
        raise Refused("reason_required")
    return reason or f"{pause.name.zh} / {pause.name.en}", code


def interim_text(order: WorkOrder, op: Operation) -> str:
    """What was done for the time being. Raises ``Refused``: ``text_required``, ``illegal_transition`` (no ticket)."""
    text = str(op.value.get("text") or "").strip()
    if not text:
        raise Refused("text_required")
    if order.kind is not Kind.CORRECTIVE:
        raise Refused("illegal_transition")
    return cut(text, MAX_TEXT)


def worked_after(tx: MaintenanceTx, order: WorkOrder, at: datetime) -> bool:
    """Whether somebody went on with an order after that instant: a hold from then was over when we heard of it."""
    steps = any(step.to is State.IN_PROGRESS and step.at > at for step in tx.orders.transitions(order.id))
    return steps or any(one.said is Said.WORKED and one.at > at for one in tx.sla.marks(order.id))


def held_since(tx: MaintenanceTx, order: WorkOrder) -> datetime | None:
    """When an order that is on hold was put on it."""
    return max((step.at for step in tx.orders.transitions(order.id) if step.to is State.ON_HOLD), default=None)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and a dot-dot-dot."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def verdict_of(op: Operation, by: str, at: datetime) -> dict[str, object]:
    """A verdict with who gave it and when. Raises ``Refused``: ``unknown_verdict``."""
    if op.value.get("verdict") not in VERDICTS:
        raise Refused("unknown_verdict")
    mode = {"failure_mode": op.value["failure_mode"]} if op.value.get("failure_mode") else {}
    said = {key: op.value.get(key) for key in ("verdict", "cause", "action")}
    return said | mode | {"by": by, "at": at.isoformat()}


def lacks(order: WorkOrder) -> str | None:
    """The code that says what a completed order still lacks."""
    if order.state is State.EVIDENCE_PENDING:
        return "evidence_pending"
    return INCOMPLETE if INCOMPLETE in order.tags else None


_MEANING = ("outcome", "number", "choice", "text", "remark", "severity")


def merged(
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
