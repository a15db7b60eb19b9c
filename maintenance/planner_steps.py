"""Steps that the planner itself takes on orders: opened when their time comes, kept though it is over, ended as missed,
completed by what the readings show. Each works inside the caller's transaction on the order as it is then."""

from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from maintenance.draft_words import MISSED_TAG
from maintenance.fulfilment import Credit
from maintenance.lifecycle import ENDED, PLANNER, transition
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.views import note_order
from maintenance.waiving import by_order
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.domain.assets import LocalName

READINGS_TAG = "by_readings"
"""Tag of orders that nobody worked on: the readings showed what they ask for."""

SCRAPPED = "资产已报废 / asset scrapped"
"""Why the orders of a scrapped asset are cancelled."""

STAYS_DUE = LocalName("仍须完成", "it stays due")
SUPERSEDED = LocalName("由下一次代替", "superseded by the next one")
WAITED = LocalName("前一次尚未完成", "the one before is still due")
"""What becomes of a job whose time is over."""

UNSTARTED = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)
WAITING = (*UNSTARTED, State.ON_HOLD)
"""The states of an order that nobody may have begun."""


def open_order(tx: MaintenanceTx, order: WorkOrder, now: datetime) -> None:
    """Its time has come."""
    locked = tx.orders.lock(order.id)
    if locked.state is State.SCHEDULED:
        _step(tx, locked, State.OPEN, now, now)


def missed_text(last_day: date, what: LocalName) -> str:
    """What the history of an order says whose last day is over."""
    day = last_day.isoformat()
    return f"漏做：最后期限为{day}；{what.zh} / missed: the last day was {day}; {what.en}"


def gave_way(last_day: date, *, superseded: bool) -> str:
    """As ``missed_text``, of one that ends so."""
    return missed_text(last_day, SUPERSEDED if superseded else WAITED)


def overdue_text(last_day: date) -> str:
    """As ``missed_text``, of one that stays due."""
    return missed_text(last_day, STAYS_DUE)


def keep_overdue(tx: MaintenanceTx, order: WorkOrder, now: datetime, text: str) -> bool:
    """Its time is over and it stays due: tagged and told once, as ``text`` says. Gives whether that is new."""
    locked = tx.orders.lock(order.id)
    if locked.state in ENDED or MISSED_TAG in locked.tags:
        return False
    before = locked.version
    if locked.state is State.SCHEDULED:
        locked, step = transition(locked, State.OPEN, now, PLANNER, recorded_at=now)
        tx.orders.add_transition(step)
    tx.orders.add_transition(Transition(locked.id, locked.state, now, now, PLANNER, text))
    note_order(tx, tx.orders.update(replace(locked, tags=(*locked.tags, MISSED_TAG)), before))
    return True


def end_missed(tx: MaintenanceTx, order: WorkOrder, now: datetime, text: str) -> bool:
    """Its time is over and it gives way, as ``text`` says. Gives whether it ended; work that has begun goes on."""
    locked = tx.orders.lock(order.id)
    if locked.state not in UNSTARTED:
        return False
    _step(tx, locked, State.MISSED, now, now, text)
    return True


def complete_by_readings(tx: MaintenanceTx, order: WorkOrder, credit: Credit, now: datetime) -> bool:
    """What it asks for was seen in the readings. Gives whether it is completed; work that has begun goes on."""
    locked = tx.orders.lock(order.id)
    if locked.state not in UNSTARTED:
        return False
    said = f"{credit.evidence['point']}", credit.at.isoformat()
    text = "测点{0}在{1}的读数视为完成 / credited by a reading of {0} at {1}".format(*said)
    begun, step = transition(locked, State.IN_PROGRESS, credit.at, PLANNER, text, recorded_at=now)
    tx.orders.add_transition(step)
    begun = replace(begun, tags=(*begun.tags, READINGS_TAG))
    done, step = transition(begun, State.COMPLETED, credit.at, PLANNER, text, recorded_at=now)
    tx.orders.add_transition(step)
    note_order(tx, tx.orders.update(done, locked.version))
    return True


def withdraw_scrapped(tx: MaintenanceTx, scrapped: Sequence[str], now: datetime) -> None:
    """Cancel the unstarted orders of scrapped assets."""
    for order in tx.orders.planned_for(scrapped) if scrapped else ():
        if order.state not in UNSTARTED:
            continue
        locked = tx.orders.lock(order.id)
        if locked.state in UNSTARTED:
            apply_transition(tx, order.id, State.CANCELLED, now, PLANNER, SCRAPPED, changes=locked)


def waive(
    tx: MaintenanceTx, over: Sequence[Occurrence], now: datetime, why: Callable[[Occurrence], str],
    waiting: Mapping[str, WorkOrder] = MappingProxyType({}),
) -> list[Occurrence]:  # fmt: skip
    """Write down occurrences (as waived) that nothing asks for any more, and cancel orders that ask for nothing else,
    as ``why`` says. Gives those that it was done with; work that has begun goes on. ``waiting``: orders that the caller
    has locked and found not begun."""
    groups = by_order(over)
    written = groups.pop(None, [])
    locked = [waiting.get(one) or tx.orders.lock(one) for one in groups if one is not None]
    gone_on = begun(tx, [order for order in locked if order.id not in waiting])
    free = [order for order in locked if order.id not in gone_on]
    gone = {one.key for one in over if one.work_order not in gone_on}  # of no order, too, although one may list it
    known = tx.plan.occurrences([one.key for order in free for one in order.occurrences])
    ends: list[tuple[WorkOrder, str]] = []
    goes_on: list[WorkOrder] = []
    for order in free:
        some, mine = groups[order.id], [known[one.key] for one in order.occurrences if one.key in known]
        if all(one.key in gone or one.state is not OccurrenceState.DUE for one in mine):
            ends.append((order, why(some[0])))
            written += some
        else:
            goes_on.append(order)
            written += [replace(one, work_order=None) for one in some]
    # Written first: what becomes of them with their order is then not asked for.
    tx.plan.update_occurrences(written)
    for order, said in ends:
        apply_transition(tx, order.id, State.CANCELLED, now, PLANNER, said, changes=order)
    for order in goes_on:
        _lightened(tx, order, gone)
    return written


def _lightened(tx: MaintenanceTx, locked: WorkOrder, gone: Container[OccurrenceKey]) -> None:
    """An order that goes on for the rest asks for nothing of what was withdrawn of it."""
    left = tuple(one for one in locked.occurrences if one.key not in gone)
    note_order(tx, tx.orders.update(replace(locked, occurrences=left), locked.version))


def begun(tx: MaintenanceTx, orders: Sequence[WorkOrder]) -> AbstractSet[str]:
    """Those of some locked orders, by id, at which somebody is, was, or on which somebody has answered or booked
    something. One that was given to somebody has not begun by that, nor one that is held before anybody came, or that
    somebody has only commented on."""
    found = {one.id for one in orders if one.state not in WAITING or one.arrived_at is not None or one.answers}
    return found | tx.work_records.booked([one.id for one in orders if one.id not in found])


def _step(tx: MaintenanceTx, locked: WorkOrder, to: State, at: datetime, now: datetime, text: str = "") -> None:
    moved, step = transition(locked, to, at, PLANNER, text, recorded_at=now)
    tx.orders.add_transition(step)
    note_order(tx, tx.orders.update(moved, locked.version))
