"""What a tablet tells late of a ticket on which something came anew meanwhile.

Nobody knew of that before it was told, so a word from before it speaks of the work before: it stands in the history,
and the ticket waits for somebody all the same. Every function works inside the caller's transaction; instants are aware
UTC.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from maintenance.episodes import Episode
from maintenance.event_order import real_after, told_at
from maintenance.lifecycle import RETURNS
from maintenance.ports import MaintenanceTx
from maintenance.strangers import rang_on
from maintenance.verdicts import because, named
from maintenance.work_orders import Kind, Operation, State, Transition, WorkOrder
from plantroom.domain.assets import LocalName

OPENED_AGAIN = "opened_again"
"""Code of a word from before its ticket was opened again, of a hold from before another safety event, or of a hold or
verdict on the ticket of a loop test that was real later: it is kept, and takes no step."""

_SAID = {
    "acknowledge": LocalName("接单", "accepted"),
    "start": LocalName("开始处理", "work begun"),
    "resume": LocalName("继续处理", "work gone on with"),
    "arrive": LocalName("到达现场", "arrived"),
    "complete": LocalName("处理完成", "work done"),
    "hold": LocalName("挂起", "put on hold"),
}
_VERDICT = "verdict"
_BEFORE = LocalName("在工单再次打开之前，事后上传", "before the ticket was opened again, heard of later")
_HELD = LocalName("在又一安全事件之前，事后上传", "before another safety event came, heard of later")

_TESTED = LocalName("当时为回路测试，事后上传", "for the loop test that it was then, heard of later")


def overtaken(tx: MaintenanceTx, order: WorkOrder, word: str, at: datetime) -> LocalName | None:
    """Why an operation from that instant takes no step of its ticket any more, in words; ``None``: it does, or it is
    none that would."""
    if word not in _SAID and word != _VERDICT:
        return None
    if opened_again(tx, order, at):
        return _BEFORE
    if word not in ("hold", _VERDICT) or order.kind is not Kind.CORRECTIVE:
        return None
    episodes = tx.episodes.of_order(order.id)
    held = word == "hold" and order.state is not State.ON_HOLD
    if (held or word == _VERDICT) and any(real_after(one, at) for one in episodes):
        return _TESTED
    return _HELD if held and _ended_by_event(order, episodes, at) else None


def opened_again(tx: MaintenanceTx, order: WorkOrder, at: datetime) -> bool:
    """Whether a repair ticket was opened again, out of a hold or after its work, later than that instant."""
    if order.kind is not Kind.CORRECTIVE:
        return False
    steps = pairwise(tx.orders.transitions(order.id))
    return any(one.to in RETURNS and then.to is State.OPEN and at < then.recorded_at for one, then in steps)


def _ended_by_event(order: WorkOrder, episodes: Sequence[Episode], held_at: datetime) -> bool:
    """Whether a hold that is heard of only now was over when another safety event came and asked for somebody,
    whatever has been done about the ticket since."""
    if not order.safety:
        return False
    told = [rang_on(order), *(told_at(one) for one in episodes)]
    return any(at is not None and held_at < at for at in told)


def in_history(order: WorkOrder, op: Operation, before: LocalName, at: datetime, now: datetime, by: str) -> Transition:
    """The line for a word that was ``overtaken``. It is nobody's accepting, of a loop test's ticket neither."""
    if op.type == _VERDICT:
        said, note = named(op.value), because(op.value)
    else:
        said, note = _SAID[op.type], str(op.value.get("note") or op.value.get("reason") or "").strip()
    more = f": {note}" if note else ""
    reason = f"{said.zh}（{before.zh}） / {said.en}, {before.en}{more}"
    return Transition(order.id, order.state, at, now, by, reason)
