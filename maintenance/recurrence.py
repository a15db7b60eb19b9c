"""Dates of interval rows, computed from the anchor and the history of completions. Pure.

All dates are local calendar dates of the site. Month-end: a day that a month does not have is clamped backwards
(31 Jan, 28 Feb, 31 Mar), and each date is computed from the anchor, so clamping never drifts. Leap day: a yearly
row anchored on 29 Feb falls on 28 Feb in common years and on 29 Feb in leap years. DST: dates carry no time of
day, so a clock change moves nothing; the last instant of a day is taken in the site's zone (``end_of_day``).

The calendar ends on ``LAST_DAY``: what would fall later has the date ``date.max`` and is not planned.

Rows under a day (unit ``hour``) have instants, not dates. They are left out here (``has_dates`` is false) rather
than folded into days, because their cycle numbers would then change meaning.
"""

from calendar import monthrange
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from maintenance.earlier_anchors import reaching_back
from maintenance.plan import FORMER_CYCLE, Interval, IntervalUnit, Missed, PlanRow
from maintenance.rolling import IsWorkingDay, rolled
from maintenance.schedules import AgeSchedule
from plantroom.domain.assets import LocalName

LAST_DAY = date(9998, 12, 31)
"""The last day that anything is planned on; the year after it is room for tolerances and time zones."""

_MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
_DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}
_PHASES = 6
_A_MONTH = 31
_EARLY = {15: 5, 92: 15, 184: 30, 366: 60}


def every_day(_: date) -> bool:
    """The calendar of a site without holidays."""
    return True


def has_dates(interval: Interval) -> bool:
    """Whether the interval has local dates (a day or more). Hour rows are not dated here."""
    return interval.unit is not IntervalUnit.HOUR


def shifted(day: date, days: int) -> date:
    """``day`` moved by some days, kept between the calendar's first day and ``LAST_DAY``."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), LAST_DAY.toordinal()))


def nominal(anchor: date, interval: Interval, cycle: int) -> date:
    """``anchor + cycle x interval``; month-end clamped backwards; ``date.max`` behind the calendar's end.
    ``ValueError`` for a negative cycle, an interval that is not positive and hour rows."""
    if cycle < 0 or interval.every < 1:
        raise ValueError(f"cycle {cycle} of every {interval.every} {interval.unit}: neither may be negative")
    steps = cycle * interval.every
    if interval.unit in _DAYS:
        ordinal = anchor.toordinal() + steps * _DAYS[interval.unit]
        return date.max if ordinal > LAST_DAY.toordinal() else date.fromordinal(ordinal)
    if interval.unit not in _MONTHS:
        raise ValueError("rows under a day have no dates")
    months = anchor.year * 12 + anchor.month - 1 + steps * _MONTHS[interval.unit]
    year, month = divmod(months, 12)
    if year > LAST_DAY.year:
        return date.max
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def first_cycle(anchor: date, interval: Interval, day: date) -> int:
    """The smallest cycle, 0 or more, whose nominal date is ``day`` or later. O(1)."""
    if day <= anchor:
        return 0
    if interval.unit in _DAYS:
        step = interval.every * _DAYS[interval.unit]
        return -(-(day - anchor).days // step)
    step = interval.every * _MONTHS[interval.unit]
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    cycle = max(0, months // step - 1)
    while nominal(anchor, interval, cycle) < day:
        cycle += 1
    return cycle


def longest_days(interval: Interval) -> int:
    """The most days that can lie between two nominal dates: a month 31, a quarter 92, half a year 184, a year 366.
    Hours round up to days."""
    if interval.unit is IntervalUnit.HOUR:
        return -(-interval.every // 24)
    if interval.unit in _DAYS:
        return interval.every * _DAYS[interval.unit]
    months = interval.every * _MONTHS[interval.unit]
    years, rest = divmod(months, 12)
    leaps = -(-years // 4) if rest == 0 else -(-(years + 1) // 4)
    tail = {0: 0, 1: 31, 2: 62, 3: 92, 4: 123, 5: 153, 6: 184, 7: 215, 8: 245, 9: 276, 10: 306, 11: 337}[rest]
    return years * 365 + (leaps if years else 0) + tail


def longest_between(row: PlanRow) -> int:
    """The most days between two dates of a row as it is written, whatever the law says; 0 when nobody can say (by a
    meter without a cap, by a condition, before each job of another row)."""
    schedule = row.schedule
    if isinstance(schedule, AgeSchedule):
        gaps = [longest_days(Interval(b - a, IntervalUnit.YEAR)) for a, b in pairwise(schedule.years)]
        return max([*gaps, 0 if schedule.then is None else longest_days(schedule.then)])
    return longest_days(row.interval)


def default_early_days(interval: Interval, late_days: int) -> int:
    """Early days of a row that does not say: 5 at 15 days, 15 at a quarter, 30 at half a year, 60 at a year, else
    the late days."""
    return _EARLY.get(longest_days(interval), late_days)


def default_missed(interval: Interval) -> Missed:
    """What becomes of a missed one when a row does not say: it stays due; of rows by the hour it gives way to the next
    one."""
    return Missed.HOLD if has_dates(interval) else Missed.SUPERSEDE


class Grid(Protocol):
    """Where the nominal dates of a row are that does not simply go by its interval (``maintenance.grids``)."""

    @property
    def longest(self) -> int:
        """The most days between two dates that follow each other (inside one season); 0 when nobody can say."""
        ...

    @property
    def floats(self) -> bool:
        """Whether a date that was given moves with what has become known since (forecasts)."""
        ...

    def day(self, index: int) -> date:
        """The date of an index, 0 or more, rising with it; ``date.max`` when there is none any more."""
        ...

    def first(self, day: date) -> int:
        """The smallest index whose date is ``day`` or later."""
        ...

    def after(self, day: date) -> int:
        """The index that follows the one whose date was given as ``day``."""
        ...

    def span(self, day: date) -> tuple[date, date]:
        """The days that the work of the nominal date ``day`` must lie on whatever the tolerance, both inclusive."""
        ...

    def counts_from(self, day: date) -> date:
        """A completion before this day says nothing about the longest gap before the nominal date ``day``."""
        ...

    def because(self, day: date) -> LocalName:
        """Why the work falls on the nominal date ``day``, as a part of a sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Series:
    """The dates of one plan row on one subject.

    ``max_gap_days`` is the longest time between two completions, ``last_done`` the local day of the last one.
    ``offset_days`` is how far earlier deviations have moved the calendar (``shift_percent``). Cycle numbers are keys
    and never come twice, also when anchor or interval change: ``renumbered`` is what they are ahead of the number of
    intervals since ``anchor``, ``next_cycle`` the first one behind the known history. From ``ends`` on there are no
    dates. A ``grid`` stands in place of anchor and interval.
    """

    row: PlanRow
    anchor: date
    interval: Interval
    max_gap_days: int | None
    last_done: date | None = None
    offset_days: int = 0
    renumbered: int = 0
    next_cycle: int = 0
    ends: date | None = None
    grid: Grid | None = None
    due_on: tuple[int, date] | None = None
    """A cycle that is not over before a day, whatever its window: nobody knew of it before (``maintenance.former``)."""

    def nominal(self, cycle: int) -> date:
        """Nominal date of a cycle; ``date.max`` from the series' end on."""
        index = cycle - self.renumbered
        day = nominal(self.anchor, self.interval, index) if self.grid is None else self.grid.day(index)
        if day > LAST_DAY:
            return date.max
        day = shifted(day, self.offset_days)
        return date.max if self.ends is not None and day >= self.ends else day

    def first_cycle(self, day: date) -> int:
        """The smallest cycle behind the known history whose window ends on ``day`` or later."""
        wanted = shifted(day, -self.row.late_days - self.offset_days)
        if self.grid is not None:
            index = max(self.grid.first(wanted), self.next_cycle - self.renumbered)
            return _first_open(self.grid, index, day) + self.renumbered
        return max(first_cycle(self.anchor, self.interval, wanted) + self.renumbered, self.next_cycle)

    def behind(self, cycle: int, day: date) -> "Series":
        """The series that goes on behind a cycle with its first date after ``day``."""
        if self.grid is not None:
            return replace(self, renumbered=cycle + 1 - self.grid.after(day), next_cycle=cycle + 1)
        return self.strictly_behind(cycle, day)

    def strictly_behind(self, cycle: int, day: date) -> "Series":
        """As ``behind``, of a day that the calendar need not have: no date of it is taken for that day."""
        wanted = shifted(day, 1 - self.offset_days)
        index = first_cycle(self.anchor, self.interval, wanted) if self.grid is None else self.grid.first(wanted)
        return replace(self, renumbered=cycle + 1 - index, next_cycle=cycle + 1)

    def resumed(self, cycle: int, day: date) -> "Series":
        """The series whose ``cycle`` is the first one, not before that of its number, whose window ends on ``day`` or
        later. Numbers go on without a gap."""
        skipped = max(0, self.first_cycle(day) - cycle)
        return replace(self, renumbered=self.renumbered - skipped) if skipped else self

    def has(self, day: date) -> bool:
        """Whether the calendar (before any offset) has a nominal date on that day."""
        return (
            day >= self.anchor
            and nominal(self.anchor, self.interval, first_cycle(self.anchor, self.interval, day)) == day
        )


@dataclass(frozen=True, slots=True)
class Window:
    """One cycle's dates. ``latest`` is the end of the tolerance window or, when that is earlier, the last day that
    ``max_gap`` allows (``pulled``); ``planned`` the nominal date, rolled off a holiday, inside the window."""

    cycle: int
    nominal: date
    earliest: date
    latest: date
    planned: date
    pulled: bool

    @property
    def is_end(self) -> bool:
        """Whether the series has no date any more."""
        return self.nominal > LAST_DAY


def _first_open(grid: Grid, index: int, day: date) -> int:
    """The first index, not before the given one, whose span (it may end before its date, or the tolerance) is not over
    on ``day``."""
    while (found := grid.day(index)) <= LAST_DAY and grid.span(found)[1] < day:
        index += 1
    return index


def effective_interval(interval: Interval, max_gap_days: int | None) -> Interval:
    """The interval, or the floor in days when the interval is laxer than ``max_gap_days``."""
    if max_gap_days is not None and longest_days(interval) > max_gap_days:
        return Interval(max(1, max_gap_days), IntervalUnit.DAY)
    return interval


def with_history(
    row: PlanRow,
    anchor: date,
    max_gap_days: int | None,
    completions: Mapping[int, date],
    known: Mapping[int, date] | None = None,
    ends: date | None = None,
    grid: Grid | None = None,
) -> Series:
    """The series of a row behind its history: ``completions`` (cycle -> local day it was done or credited) and
    ``known`` (cycle -> nominal date that it was given; default: where the calendar has the completed cycles).

    The next date is the first one of the present calendar behind the newest known one, whatever calendar (interval,
    floor, anchor) that one was given by. ``shift_percent`` moves the dates that follow by that share of each
    deviation (late or early; days rounded towards zero), computed anew from the history each time. At 100 % the next
    date is completion + interval, at 0 % nothing moves. The dates of a ``grid`` are never shifted; where it is much
    laxer than ``max_gap_days``, the floor in days stands in its place (less than a month is made up for by pulling
    single dates forward). Where the law counts from the history, the calendar reaches back before an anchor that lies
    ahead: the next date is then the first one that is not before the law's last day.
    """
    interval = effective_interval(row.interval, max_gap_days)
    if grid is not None and max_gap_days is not None and grid.longest > max_gap_days + _A_MONTH:
        grid, interval = None, Interval(max(1, max_gap_days), IntervalUnit.DAY)
    series = Series(row, anchor, interval, max_gap_days, max(completions.values(), default=None), ends=ends, grid=grid)
    given = {cycle: series.nominal(cycle) for cycle in completions} if known is None else known
    if not given:
        return series
    newest = max(given)
    if row.shift_percent <= 0 or grid is not None:
        return _behind(series, newest, given[newest])
    if row.shift_percent < 100:
        offset, day = _drift(series, completions, given)
        return _behind(replace(series, offset_days=offset), newest, day)
    if not completions:
        return _behind(series, newest, given[newest])
    last = max(completions)
    floating = replace(series, anchor=completions[last])
    return floating.behind(newest, floating.anchor if newest <= last else max(given[newest], floating.anchor))


def _behind(series: Series, newest: int, day: date) -> Series:
    """The series behind its newest known cycle, also where that lies before the anchor. Behind what was done before
    Plantroom it begins with the anchor where the law lets it, and no date of a grid is taken for that day."""
    gap, former = series.max_gap_days, newest == FORMER_CYCLE
    if gap is None or series.grid is not None or day >= series.anchor:
        return series.strictly_behind(newest, day) if former else series.behind(newest, day)
    if former and series.anchor <= shifted(series.last_done or day, gap):
        return series.strictly_behind(newest, day)
    earlier = reaching_back(series.anchor, series.interval, day)
    if earlier is None:
        return series.behind(newest, day)
    reaching = replace(series, anchor=earlier)
    if reaching.has(day):
        return reaching.behind(newest, day)
    return reaching.strictly_behind(newest, shifted(max(day, series.last_done or day), gap - 1))


def _drift(calendar: Series, completions: Mapping[int, date], known: Mapping[int, date]) -> tuple[int, date]:
    """How far the completions have moved the calendar, and where that puts the newest known cycle. What an earlier
    calendar (another interval or anchor) has caused does not count."""
    offset, seen, day = 0, deque([0], maxlen=_PHASES), date.min
    for cycle in sorted(known):
        day = known[cycle]
        phase = next((p for p in reversed(seen) if calendar.has(shifted(day, -p))), None)
        if phase is None:
            offset, seen = 0, deque([0], maxlen=_PHASES)
            continue
        day = shifted(day, offset - phase)
        if cycle in completions:
            step = int((completions[cycle] - day).days * calendar.row.shift_percent / 100)
            offset, day = offset + step, shifted(day, step)
            seen.append(offset)
    return offset, day


def window(series: Series, cycle: int, last: date | None, is_working_day: IsWorkingDay = every_day) -> Window:
    """The window of a cycle when the job before it was (or will be) done on ``last``."""
    return window_at(series, cycle, series.nominal(cycle), last, is_working_day)


def window_at(
    series: Series, cycle: int, day: date, last: date | None, is_working_day: IsWorkingDay = every_day
) -> Window:
    """The window around a nominal date.

    ``latest = min(nominal + late days, last + max_gap)``. Where the law leaves less than the tolerance window, the
    law wins: the window then ends (and at the worst begins) on the day the law names.
    """
    if day > LAST_DAY:
        return Window(cycle, date.max, date.max, date.max, date.max, pulled=False)
    row, grid = series.row, series.grid
    latest = shifted(day, row.late_days)
    begin = shifted(day, -row.early_days)
    if grid is not None:
        first, end = grid.span(day)
        latest, begin = min(latest, end), max(begin, first)
        if last is not None and last < grid.counts_from(day):
            last = None
    pulled = False
    if series.max_gap_days is not None and last is not None:
        floor = shifted(last, series.max_gap_days)
        pulled = floor < latest
        latest = min(latest, floor)
    if series.due_on is not None and series.due_on[0] == cycle and latest < (due := series.due_on[1]):
        return Window(cycle, day, due, due, due, pulled)
    earliest = min(begin, latest)
    planned = rolled(min(day, latest), row.roll, earliest, latest, is_working_day)
    return Window(cycle, day, earliest, latest, planned, pulled)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a local day as a UTC instant; right on days that DST makes 23 or 25 hours long."""
    return datetime.combine(day, time(23, 59, 59), zone).replace(fold=1).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local calendar date of an instant."""
    return instant.astimezone(zone).date()
