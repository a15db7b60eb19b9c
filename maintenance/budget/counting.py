"""Jobs of a year counted in columns: what most machines need, in a small part of the time that one by one takes.

What is due already counts as an order, and as done on the day that it is planned for: so what comes after it follows,
as in the preview. Reads and writes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np

from maintenance.budget.costing import deepest
from maintenance.budget.forecast import Tally
from maintenance.bulk import BulkPlan, Wanted
from maintenance.columns.days import TooFar, WorkDays
from maintenance.plan import Occurrence, OccurrenceState
from maintenance.plan_run import FAULTS
from maintenance.site_plan import SitePlan
from maintenance.standings import ClosedOccurrence

_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Year:
    """The days of a year that are counted by when a job is planned for. ``present``: with what is overdue."""

    first: date
    last: date
    present: bool

    def has(self, day: date) -> bool:
        """Whether a job of that day is one of the year's."""
        return day <= self.last and (self.present or day >= self.first)


def count_in_columns(
    tally: Tally,
    plan: SitePlan,
    keys: Sequence[str],
    history: Mapping[str, Sequence[Occurrence]],
    calendar: WorkDays,
    now: datetime,
    year: Year,
) -> list[str]:
    """Count the jobs that stand and come of the subjects that the columns can plan; gives the others. The horizon of
    the plan reaches to the year's end. O(occurrences)."""
    wanted = [Wanted(plan, plan.cards[key], plan.set_of(plan.cards[key]), 0) for key in sorted(keys)]
    standing = {key: _standing(history.get(key, ())) for key in keys}
    closed = [one for each in wanted for one in _closed(history.get(each.card.key, ()), standing[each.card.key], plan)]
    try:
        bulk = BulkPlan(wanted, closed, calendar, now)
    except (*FAULTS, TooFar):
        return list(keys)
    for one in bulk.wanted:
        mine = {row.lineage: row for row in one.rows.rows}
        for day, some in standing[one.card.key]:
            rows = [mine[o.key.lineage] for o in some if o.key.lineage in mine]
            if rows and year.has(day):
                tally.add(deepest(rows), one.card.key, ordered=1)
    _jobs(tally, bulk, year)
    return [one.card.key for one in bulk.others]


def _jobs(tally: Tally, bulk: BulkPlan, year: Year) -> None:
    planned = bulk.planned
    first = date.min if year.present else year.first
    due = planned.jobs.due
    inside = (due >= first.toordinal()) & (due <= year.last.toordinal())
    leader = planned.jobs.leader[inside]
    pairs = planned.pairs
    many = len(bulk.wanted) + 1
    found, counts = np.unique(pairs.variant[leader] * many + pairs.subject[leader], return_counts=True)
    for number, count in zip(found.tolist(), counts.tolist(), strict=True):
        variant, subject = divmod(number, many)
        tally.add(pairs.variants[variant].row, bulk.wanted[subject].card.key, to_come=count)


Standing = list[tuple[date, list[Occurrence]]]
"""Jobs that are due already: the day that each is planned for, and its occurrences."""


def _standing(known: Sequence[Occurrence]) -> Standing:
    jobs: dict[str, list[Occurrence]] = defaultdict(list)
    for one in known:
        if one.state is OccurrenceState.DUE:
            jobs[one.work_order or str(one.key)].append(one)
    return [
        (some[0].nominal_date if len(some) == 1 else min(one.latest for one in some), some) for some in jobs.values()
    ]


def _closed(known: Sequence[Occurrence], standing: Standing, plan: SitePlan) -> list[ClosedOccurrence]:
    """The history with what is due done on its day; what is overdue counts on its last day, as with the planner."""
    days = {one.key: min(day, one.latest) for day, some in standing for one in some}
    found = []
    for one in known:
        at, state = one.completed_at, one.state.value
        if one.key in days:
            day = one.latest if one.latest < plan.today else max(days[one.key], one.earliest)
            at = datetime.combine(day, _NOON, plan.zone).astimezone(UTC)
            state = OccurrenceState.DONE.value
        key = one.key
        found.append(ClosedOccurrence(key.lineage, key.subject, key.cycle, one.nominal_date, one.latest, state, at))
    return found
