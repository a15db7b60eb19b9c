"""Dates of interval rows, computed from the anchor and the history of completions. Pure.

All dates are local calendar dates of the site. Month-end: a day that a month does not have is clamped backwards
(31 Jan, 28 Feb, 31 Mar), and each date is computed from the anchor, so clamping never drifts. Leap day: a yearly
row anchored on 29 Feb falls on 28 Feb in common years and on 29 Feb in leap years. DST: dates carry no time of
day, so a clock change moves nothing; the last instant of a day is taken in the site's zone (``end_of_day``).

Rows under a day (unit ``hour``) have instants, not dates. They are left out here (``has_dates`` is false) rather
than folded into days, because their cycle numbers would then change meaning.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.plan import Interval, IntervalUnit, PlanRow, Roll

IsWorkingDay = Callable[[date], bool]
"""Port of the holiday calendar: whether people work on that local day."""

_MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
_DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}
_EARLY = {15: 5, 92: 15, 184: 30, 366: 60}


def every_day(_: date) -> bool:
    """The calendar of a site without holidays."""
    return True


def has_dates(interval: Interval) -> bool:
    """Whether the interval has local dates (a day or more). Hour rows are not dated here."""
    return interval.unit is not IntervalUnit.HOUR


def nominal(anchor: date, interval: Interval, cycle: int) -> date:
    """``anchor + cycle x interval``; month-end clamped backwards. ``ValueError`` for a negative cycle, an interval
    that is not positive and hour rows."""
    if cycle < 0 or interval.every < 1:
        raise ValueError(f"cycle {cycle} of every {interval.every} {interval.unit}: neither may be negative")
    steps = cycle * interval.every
    if interval.unit in _DAYS:
        return anchor + timedelta(days=steps * _DAYS[interval.unit])
    if interval.unit not in _MONTHS:
        raise ValueError("rows under a day have no dates")
    months = anchor.year * 12 + anchor.month - 1 + steps * _MONTHS[interval.unit]
    year, month = divmod(months, 12)
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


def default_early_days(interval: Interval, late_days: int) -> int:
    """Early days of a row that does not say: 5 at 15 days, 15 at a quarter, 30 at half a year, 60 at a year, else
    the late days."""
    return _EARLY.get(longest_days(interval), late_days)


@dataclass(frozen=True, slots=True)
class Series:
    """The dates of one plan row on one subject.

    ``max_gap_days``: the longest time between two completions; ``last_done``: local day of the last completion.
    ``shift`` maps cycles at or after ``shift_from`` (see ``with_history``).
    """

    row: PlanRow
    anchor: date
    interval: Interval
    max_gap_days: int | None
    last_done: date | None = None
    last_done_cycle: int = -1
    rebased: tuple[int, date] | None = None
    offset_days: int = 0

    def nominal(self, cycle: int) -> date:
        """Nominal date of a cycle after the shift that earlier completions caused."""
        if self.rebased is not None and cycle > self.rebased[0]:
            return nominal(self.rebased[1], self.interval, cycle - self.rebased[0])
        return nominal(self.anchor, self.interval, cycle) + timedelta(days=self.offset_days)

    def first_cycle(self, day: date) -> int:
        """The smallest cycle after the last completed one whose window ends on ``day`` or later."""
        wanted = day - timedelta(days=self.row.late_days)
        if self.rebased is not None:
            base, start = self.rebased
            return base + max(1, first_cycle(start, self.interval, wanted))
        cycle = first_cycle(self.anchor, self.interval, wanted - timedelta(days=self.offset_days))
        return max(cycle, self.last_done_cycle + 1)


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


def effective_interval(interval: Interval, max_gap_days: int | None) -> Interval:
    """The interval, or the floor in days when the interval is laxer than ``max_gap_days``."""
    if max_gap_days is not None and longest_days(interval) > max_gap_days:
        return Interval(max(1, max_gap_days), IntervalUnit.DAY)
    return interval


def with_history(row: PlanRow, anchor: date, max_gap_days: int | None, completions: Mapping[int, date]) -> Series:
    """The series of a row after ``completions`` (cycle -> local day it was done or credited).

    ``shift_percent`` moves the dates that follow by that share of each deviation (late or early; days rounded towards
    zero), computed anew from the history each time. At 100 % the next date is completion + interval, at 0 % nothing
    moves.
    """
    interval = effective_interval(row.interval, max_gap_days)
    offset, rebased = 0, None
    if completions and row.shift_percent >= 100:
        last = max(completions)
        rebased = (last, completions[last])
    elif row.shift_percent > 0:
        for cycle in sorted(completions):
            delay = (completions[cycle] - nominal(anchor, interval, cycle)).days - offset
            offset += int(delay * row.shift_percent / 100)
    return Series(
        row=row,
        anchor=anchor,
        interval=interval,
        max_gap_days=max_gap_days,
        last_done=max(completions.values(), default=None),
        last_done_cycle=max(completions, default=-1),
        rebased=rebased,
        offset_days=offset,
    )


def window(series: Series, cycle: int, last: date | None, is_working_day: IsWorkingDay = every_day) -> Window:
    """The window of a cycle when the job before it was (or will be) done on ``last``.

    ``latest = min(nominal + late days, last + max_gap)``. Where the law leaves less than the tolerance window, the
    law wins: the window then ends (and at the worst begins) on the day the law names.
    """
    row, day = series.row, series.nominal(cycle)
    latest = day + timedelta(days=row.late_days)
    pulled = False
    if series.max_gap_days is not None and last is not None:
        floor = last + timedelta(days=series.max_gap_days)
        pulled = floor < latest
        latest = min(latest, floor)
    earliest = min(day - timedelta(days=row.early_days), latest)
    planned = rolled(min(day, latest), row.roll, earliest, latest, is_working_day)
    return Window(cycle, day, earliest, latest, planned, pulled)


def rolled(day: date, roll: Roll, earliest: date, latest: date, is_working_day: IsWorkingDay) -> date:
    """``day``, or the working day that the roll rule names, never outside ``earliest .. latest``.

    Without a working day on the wanted side the other side is taken, and without any the day stays.
    """
    if roll is Roll.NONE or is_working_day(day):
        return day
    back = _search(day, earliest, -1, is_working_day)
    forward = _search(day, latest, 1, is_working_day)
    if back is None or forward is None:
        return back or forward or day
    if roll is Roll.NEAREST:
        return back if day - back <= forward - day else forward
    return back if roll is Roll.BACK else forward


def _search(day: date, end: date, step: int, is_working_day: IsWorkingDay) -> date | None:
    while day != end:
        day += timedelta(days=step)
        if is_working_day(day):
            return day
    return None


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a local day as a UTC instant; right on days that DST makes 23 or 25 hours long."""
    return datetime.combine(day, time(23, 59, 59), zone).replace(fold=1).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local calendar date of an instant."""
    return instant.astimezone(zone).date()
