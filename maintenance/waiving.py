"""Planned work that is not to be done any more: it has not been missed. Inside the caller's transaction.

That is so of work whose last day was over while its machine was out of use, of work on a machine that has been scrapped
by its last day, and of work of a row that had ended by then. Whatever else is cancelled was due, and nobody has done
it. What is known now decides, not the instant that is given for the step; days are local to the site.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import takewhile
from zoneinfo import ZoneInfo

from maintenance.answering import answering, subject_of
from maintenance.fulfilling import fulfilled
from maintenance.lifecycle import PLANNER
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.planner import Subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.rests import lapsed
from maintenance.stand_ins import stand_ins
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import AssetStatus
from plantroom.errors import NotFound

RESTED = "停用期间到期，无需执行 / out of service on the last day"
"""Why an order is cancelled whose time was over while its machine was out of use."""


def ended_with_order(tx: MaintenanceTx, occurrences: Sequence[Occurrence], now: datetime) -> list[Occurrence]:
    """Those of a cancelled order's occurrences, as waived, that nothing asks for any more."""
    if all(one.state is OccurrenceState.WAIVED for one in occurrences):
        return list(occurrences)
    site = tx.assets.site(occurrences[0].site)
    zone, key = ZoneInfo(site.time_zone), occurrences[0].key.subject
    try:
        subject = subject_of(tx, site.code, key)
    except NotFound:
        return [_waived(one) for one in occurrences]
    over = {one.key for one in occurrences if one.state is OccurrenceState.WAIVED} | {
        one.key
        for one in lapsed(
            [replace(one, state=OccurrenceState.DUE) for one in occurrences], tx.rests.of([key]).get(key, ()), zone, now
        )
    }
    gone = _scrapped_on(tx, subject, zone)
    today = local_day(now, zone)
    rows = tx.plan.rows(site.code, today)
    holding = answering(rows, subject)
    ends, replaced = _ends(tx, rows, holding), _replaced(tx, holding)
    return [
        _waived(one)
        for one in occurrences
        if one.key in over
        or one.latest >= gone
        or _is_behind(one, ends.get(one.key.lineage, date.min), now)
        or any(one.latest >= since and one.nominal_date < until for since, until in replaced[one.key.lineage])
    ]


def _is_behind(one: Occurrence, end: date, now: datetime) -> bool:
    """Whether its last day is not before the day that its row ends on. A patrol by the hour of that very day whose time
    is over was over before: the planner withdraws those that were not."""
    was_over = one.due_at is not None and one.latest == end and one.due_at <= now
    return one.latest >= end and not was_over


def _scrapped_on(tx: MaintenanceTx, subject: Subject, zone: ZoneInfo) -> date:
    if subject.asset is None or subject.asset.status is not AssetStatus.SCRAPPED:
        return date.max
    since = tx.rests.scrapped([subject.key]).get(subject.key)
    return date.max if since is None else local_day(since, zone)


def _ends(tx: MaintenanceTx, rows: Sequence[PlanRow], holding: Sequence[PlanRow]) -> dict[str, date]:
    """From when rows ask nothing more of a subject, by lineage (``date.max``: they still do): they have ended, a site's
    own row has taken their place, or they name other machines now. O(rows)."""
    mine = {row.lineage for row in holding}
    own = {row.code: row.first_day for row in rows if row.site is not None}
    found: dict[str, date] = {}
    for row in rows:
        if row.lineage in mine:
            found[row.lineage] = date.max if row.ends is None else _said_from(tx, row, row.ends, lambda one: one.ends)
        else:
            since = own.get(row.code, date.max) if row.site is None else date.max
            found[row.lineage] = min(row.ends or date.max, row.effective_from if since == date.max else since)
    return found


def _replaced(tx: MaintenanceTx, holding: Sequence[PlanRow]) -> defaultdict[str, list[tuple[date, date]]]:
    """From when until when others of a subject's rows stand or stood for a row, by its lineage."""
    by_code = {row.code: row for row in holding}
    found: defaultdict[str, list[tuple[date, date]]] = defaultdict(list)
    for one in stand_ins(holding, {}):
        stands = partial(_stands_for, law=one.law, by_code=by_code)
        since = _said_from(tx, by_code[one.row], one.since, stands)
        found[by_code[one.law].lineage].append((since, one.until or date.max))
    return found


def _stands_for(row: PlanRow, law: str, by_code: Mapping[str, PlanRow]) -> bool:
    return law in fulfilled(row, by_code)


def _said_from(tx: MaintenanceTx, row: PlanRow, day: date, says: Callable[[PlanRow], object]) -> date:
    """The day, but not before the version took effect that says so first: what was missed before stays missed."""
    versions = (one for one in tx.plan.versions(row.lineage) if one.version <= row.version)
    first = list(takewhile(says, versions))[-1:]
    return max(day, first[0].effective_from) if first and first[0].version > 1 else day


def _waived(one: Occurrence) -> Occurrence:
    return replace(one, state=OccurrenceState.WAIVED)


def by_people(tx: MaintenanceTx, one: Occurrence) -> bool:
    """Whether a person has cancelled the order of what is waived, not the planner: whoever did so last, for a tablet
    may have gone on with it meanwhile."""
    if one.work_order is None:
        return False
    ended = [step.by for step in tx.orders.transitions(one.work_order) if step.to is State.CANCELLED]
    return bool(ended) and ended[-1] != PLANNER


def withdrawn(tx: MaintenanceTx, order: WorkOrder) -> bool:
    """Whether the planner has cancelled an order, and nothing has become since of what it waived with that: it is not
    asked for again."""
    if order.state is not State.CANCELLED:
        return False
    known = tx.plan.occurrences([one.key for one in order.occurrences]).values()
    stays = all(one.state is OccurrenceState.WAIVED and one.work_order == order.id for one in known)
    return bool(known) and stays and not any(by_people(tx, one) for one in known)


def by_order(occurrences: Sequence[Occurrence]) -> dict[str | None, list[Occurrence]]:
    """Occurrences by the order that carries them."""
    found: defaultdict[str | None, list[Occurrence]] = defaultdict(list)
    for one in occurrences:
        found[one.work_order].append(one)
    return dict(found)
