"""What the planner withdraws before it plans a subject: what was due when somebody entered what was done before
Plantroom, what lapsed while its machine was out of use, and what rows that have given way had due; and what it takes
back of that. Inside the caller's transaction.

Withdrawn is what nobody has begun: its order is cancelled, its occurrence waived. What has begun stays with its people
and counts when it is done. What a row has back that was withdrawn is forgotten, so that it is made again with its own
dates; what people have cancelled stays waived while they are excused. A second look finds nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from maintenance.former import as_said, overtaken
from maintenance.giving_way import GivingWay, asked_again, gives_way
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.planner import Subject
from maintenance.planner_steps import waive
from maintenance.ports import MaintenanceTx
from maintenance.rests import AT_REST, Rest, lapsed
from maintenance.waiving import RESTED, by_people

OVERTAKEN = "上次完成日期已登记，重新排期 / its last completion was entered: planned anew"
"""Why orders that nobody has begun are cancelled."""


def without_overtaken(tx: MaintenanceTx, history: Sequence[Occurrence], now: datetime) -> Sequence[Occurrence]:
    """The history after what was due of rows whose last completion has been entered since has been withdrawn and
    forgotten: it is made again with the dates that count from there."""
    told = [one for one in history if one.state is OccurrenceState.FORMER and one != as_said(one)]
    if not told:
        return history
    gone = made_anew(tx, [due for one in told for due in overtaken(one, history)], history, now)
    known = [as_said(one) for one in told]
    tx.plan.update_occurrences(known)
    return _with([one for one in history if one.key not in gone], known)


def looked_ahead(history: Sequence[Occurrence]) -> Sequence[Occurrence]:
    """The history of a subject as the planner's next look leaves it, where nobody begins before that what it withdraws:
    for whoever asks right behind an import."""
    over = [due for one in history if one.state is OccurrenceState.FORMER for due in overtaken(one, history)]
    gone = {one.key for one in [*over, *beside(over, history)]}
    return [one for one in history if one.key not in gone] if gone else history


def made_anew(
    tx: MaintenanceTx, over: Sequence[Occurrence], history: Sequence[Occurrence], now: datetime
) -> set[OccurrenceKey]:
    """Withdraw and forget occurrences of a subject, with those that their orders carry beside them, so that what is
    done in one go is found again. Gives what is gone: work that has begun stays."""
    all_of = [*over, *beside(over, history)]
    waived = waive(tx, [replace(one, state=OccurrenceState.WAIVED) for one in all_of], now, lambda _: OVERTAKEN)
    gone = {one.key for one in waived}
    tx.plan.forget(sorted(gone))
    return gone


def beside(over: Sequence[Occurrence], history: Sequence[Occurrence]) -> list[Occurrence]:
    """What is due in the same orders, of each row the newest cycles alone: the planner goes on behind the newest one
    that it finds."""
    orders, gone = {one.work_order for one in over} - {None}, {one.key for one in over}
    found: list[Occurrence] = []
    kept: set[str] = set()
    for one in sorted(history, key=lambda one: one.key, reverse=True):
        if one.key in gone or one.key.lineage in kept:
            continue
        if one.state is OccurrenceState.DUE and one.work_order in orders:
            found.append(one)
        else:
            kept.add(one.key.lineage)
    return found


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
    """The history after what rows that give way had due has been withdrawn, and forgotten what they have back."""
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
