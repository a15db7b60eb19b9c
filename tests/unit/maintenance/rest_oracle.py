"""What must hold around times out of use, stated from their instants and not with what the product goes by.

A last day is excused when the machine was out of use from its first to its last instant. The longest gap then ends on
the first day that is not so: the day of the return. Whole days at rest are found by looking at each of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from maintenance.former import entered_on
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.recurrence import effective_interval, first_cycle, nominal
from maintenance.rests import Rest

ONE = timedelta(days=1)


def begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


class Away:
    """Which days a machine was out of use on throughout."""

    def __init__(self, rests: Iterable[Rest], zone: ZoneInfo) -> None:
        self.days: set[date] = set()
        for rest in rests:
            assert rest.until is not None
            day = rest.since.astimezone(zone).date()
            while begins(day + ONE, zone) <= rest.until:
                if rest.since <= begins(day, zone):
                    self.days.add(day)
                day += ONE

    def back(self, day: date) -> date:
        """The day, or that of the return."""
        while day in self.days:
            day += ONE
        return day

    def out(self, day: date) -> date:
        """The first of the days at rest that a day is one of."""
        while day - ONE in self.days:
            day -= ONE
        return day

    def is_return(self, day: date) -> bool:
        """Whether it is the first day behind some at rest."""
        return day not in self.days and day - ONE in self.days

    def between(self, first: date, last: date) -> bool:
        """Whether some day is among them."""
        return any(first <= day <= last for day in self.days)


def check_waived(history: Iterable[Occurrence], away: Away) -> None:
    """Waived is what had its last day at rest, and nothing else; what was overdue before keeps what is done with it."""
    orders: dict[object, list[Occurrence]] = defaultdict(list)
    for one in history:
        if one.state is OccurrenceState.WAIVED:
            assert one.latest in away.days, "waived is only what had its last day at rest"
        elif one.state is OccurrenceState.DUE:
            orders[one.work_order or one.key].append(one)
        elif one.state is OccurrenceState.MISSED and one.work_order is None:
            assert one.latest not in away.days, "nothing is missed out of service"
    for some in orders.values():
        for one in some:
            if one.latest in away.days:
                assert min(o.latest for o in some) < away.out(one.latest), "what lapsed is not due any more"


def check_skipped(row: PlanRow, mine: Sequence[Occurrence], away: Away) -> None:
    """Between two dates of a row that follow each other none is left out but those that lapsed. Where the law counts,
    the last day may have been earlier than the window's, and what may be early on a return is done then."""
    anchor = row.anchor or mine[0].latest
    every = effective_interval(row.interval, row.max_gap_days)
    for before, after in pairwise(mine):
        assert before.nominal_date < after.nominal_date, "nominal dates rise"
        index = first_cycle(anchor, every, before.nominal_date + ONE)
        while (day := nominal(anchor, every, index)) < after.nominal_date:
            last = min(day + timedelta(days=row.late_days), date.max - ONE)
            if before.state is OccurrenceState.FORMER and last < entered_on(before):
                pass  # it was over when the completion before it was entered
            elif row.max_gap_days is None:
                assert last in away.days, f"no date is skipped: {row.code} {day}"
            else:
                assert away.between(before.nominal_date - timedelta(days=row.early_days), last), (
                    f"no date is skipped: {row.code} {day}"
                )
            index += 1


def check_first(mine: Sequence[Occurrence], late: Iterable[date], away: Away) -> None:
    """Of a row that the law counts and of which nothing was ever done: what lapsed first is due on the return, under
    whatever date. ``late`` are the last days that were over at some look."""
    place = next((n for n, one in enumerate(mine) if one.state is not OccurrenceState.WAIVED), 0)
    if place:
        back = away.back(mine[0].latest)
        assert min([*(one.latest for one in mine[place:]), *late]) <= back, (
            f"what lapsed first is due on {back}: {mine[place]}"
        )
