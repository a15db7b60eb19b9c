"""What the planner withdraws before it plans a subject: what was due when somebody entered what was done before
Plantroom, what lapsed while its machine was out of use, what rows that have given way had due, and what goes before a
job that is done; and what it takes back of that. Inside the caller's transaction.

Withdrawn is what nobody has begun: its order is cancelled, its occurrence waived. What has begun stays with its people
and counts when it is done. What a row has back that was withdrawn is forgotten, so that it is made again with its own
dates; what people have cancelled stays waived while they are excused. A second look finds nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from maintenance.former import anew_of, as_said, over_on, overtaken
from maintenance.giving_way import GivingWay, asked_again, gives_way
from maintenance.nesting import containment
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import Subject
from maintenance.planner_steps import begun, waive
from maintenance.ports import MaintenanceTx
from maintenance.rests import AT_REST, Rest, lapsed
from maintenance.stand_ins import floor_of
from maintenance.waiving import RESTED, by_people
from maintenance.work_orders import WorkOrder

OVERTAKEN = "上次完成日期已登记，重新排期 / its last completion was entered: planned anew"
"""Why orders that nobody has begun are cancelled."""


def without_overtaken(
    tx: MaintenanceTx,
    history: Sequence[Occurrence],
    families: Callable[[], Mapping[str, Collection[str]]],
    now: datetime,
) -> Sequence[Occurrence]:
    """The history after what was due of rows whose last completion has been entered, or taken back, since has been
    withdrawn and forgotten: it is made again with the dates that count from there. ``families``: the rows (lineages)
    that are done in one go with each row."""
    if all(one == as_said(one) for one in history):
        return history
    kin = families()
    over, late = _overtaken(history, kin)
    due = [one for one in history if one.state is OccurrenceState.DUE and one.key not in late]
    told = [one for one in history if one != as_said(one)]
    locked = _locked(tx, [*due_with(over, due), *told])
    gone_on = begun(tx, locked)
    waiting = {order.id: order for order in locked if order.id not in gone_on}
    # What people have done by then is known now that they cannot go on.
    subject = told[0].key.subject
    history = tx.plan.occurrences_of_several([subject]).get(subject, ())
    over, late = _overtaken(history, kin)
    gone = _made_anew(tx, due_with(over, _loose(history, late, gone_on)), waiting, now)
    heard = [as_said(one) for one in history if one != as_said(one) and one.key not in gone]
    tx.plan.update_occurrences(heard)
    return _with([one for one in history if one.key not in gone], heard)


def looked_ahead(
    history: Sequence[Occurrence], families: Callable[[], Mapping[str, Collection[str]]]
) -> Sequence[Occurrence]:
    """The history of a subject as the planner's next look leaves it, where nobody has begun what it withdraws: for
    whoever asks right behind an import. ``families`` as of ``without_overtaken``."""
    if all(one == as_said(one) for one in history):
        return history
    over, late = _overtaken(history, families())
    gone = {one.key for one in due_with(over, _loose(history, late, ()))}
    return [as_said(one) for one in history if one.key not in gone]


def _overtaken(
    history: Sequence[Occurrence], families: Mapping[str, Collection[str]]
) -> tuple[list[Occurrence], set[OccurrenceKey]]:
    """What is due and to be made anew, as far as nobody has begun it; and what was over and stays on record."""
    words = [word for one in history for word in anew_of(one)]
    over = [due for word in words for due in overtaken(word, history)]
    day = max((word.said_on for word in words), default=date.min)
    late = over_on(history, day) - {one.key for one in over}
    kin = {lineage for word in words for lineage in families.get(word.lineage, ())}
    return [*over, *(o for o in history if o.state is OccurrenceState.DUE and o.key.lineage in kin)], late


def _locked(tx: MaintenanceTx, some: Sequence[Occurrence]) -> list[WorkOrder]:
    return [tx.orders.lock(order) for order in sorted({one.work_order for one in some if one.work_order})]


def _made_anew(
    tx: MaintenanceTx, some: Sequence[Occurrence], waiting: Mapping[str, WorkOrder], now: datetime
) -> set[OccurrenceKey]:
    """Withdraw and forget occurrences of a subject; ``waiting`` are their orders. Gives what is gone."""
    over = [replace(one, state=OccurrenceState.WAIVED) for one in some]
    gone = {one.key for one in waive(tx, over, now, lambda _: OVERTAKEN, waiting)}
    tx.plan.forget(sorted(gone))
    return gone


def _loose(history: Sequence[Occurrence], late: Collection[OccurrenceKey], begun: Collection[str]) -> list[Occurrence]:
    """What is due, was not over and nobody has begun, and behind which nothing of its row stays: the planner goes on
    behind the newest date that it finds, and what lies before that one would be gone without a trace."""
    due = [
        one
        for one in history
        if one.state is OccurrenceState.DUE and one.key not in late and one.work_order not in begun
    ]
    keys = {one.key for one in due}
    newest: dict[str, int] = {}
    for one in history:
        if one.key not in keys:
            newest[one.key.lineage] = max(newest.get(one.key.lineage, one.key.cycle), one.key.cycle)
    return [one for one in due if one.key.cycle > newest.get(one.key.lineage, FORMER_CYCLE)]


def due_with(some: Sequence[Occurrence], due: Sequence[Occurrence]) -> list[Occurrence]:
    """Those of what is due that some take along, with them: later dates of the same rows, and what the same orders
    carry, until nothing more comes."""
    keys = {one.key for one in due}
    left, found = [one for one in some if one.key in keys], dict[OccurrenceKey, Occurrence]()
    while left:
        one = left.pop()
        if one.key in found:
            continue
        found[one.key] = one
        left += (o for o in due if o.key not in found and _goes_with(o, one))
    return sorted(found.values(), key=lambda one: one.key)


def _goes_with(other: Occurrence, one: Occurrence) -> bool:
    is_later = other.key.lineage == one.key.lineage and other.key.cycle > one.key.cycle
    return is_later or (one.work_order is not None and other.work_order == one.work_order)


def families_of(rows: Sequence[PlanRow], every_row: Mapping[str, PlanRow]) -> Mapping[str, frozenset[str]]:
    """The rows (lineages) of a subject that contain a row or are contained in it, by its lineage."""
    inside = containment(rows, {row.code: floor_of(row, every_row) for row in rows})
    return {
        row.lineage: frozenset(
            one.lineage for one in rows if one.code in inside[row.code] or row.code in inside[one.code]
        )
        for row in rows
    }


def without_lapsed(
    tx: MaintenanceTx,
    subject: Subject,
    history: Sequence[Occurrence],
    rests: Sequence[Rest],
    zone: ZoneInfo,
    now: datetime,
) -> Sequence[Occurrence]:
    """The history after what lapsed while the machine was out of use has been withdrawn."""
    if not rests:
        return history
    at_rest = subject.asset is not None and subject.asset.status in AT_REST
    return _with(history, waive(tx, lapsed(history, rests, zone, now if at_rest else None), now, lambda _: RESTED))


def without_given_way(
    tx: MaintenanceTx, history: Sequence[Occurrence], gone: GivingWay, now: datetime
) -> Sequence[Occurrence]:
    """The history after what rows that give way had due, and what goes before jobs that are done, has been withdrawn,
    and forgotten what they have back."""
    over = [replace(one, state=OccurrenceState.WAIVED) for one in history if gives_way(one, gone)]
    history = _with(history, waive(tx, over, now, lambda one: gone.why(one) or ""))
    again = set(asked_again(history, gone, partial(by_people, tx)))
    if not again:
        return history
    tx.plan.forget(sorted(again))
    return [one for one in history if one.key not in again]


def _with(history: Sequence[Occurrence], changed: Sequence[Occurrence]) -> Sequence[Occurrence]:
    by_key = {one.key: one for one in changed}
    return [by_key.get(one.key, one) for one in history] if by_key else history
