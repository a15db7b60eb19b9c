"""Rows under a day: the moments of a patrol, in the site's local time. Pure.

Moments are clock times of the site, so 09:00 stays 09:00 when the clocks change. A time that does not exist on that
day moves forward by the hour that is left out (02:30 becomes 03:30); where another moment is there already, the two are
one. A time that comes twice counts once, the first time. Month-end and leap day play no part.

Only while the site is open (``open_hours``): the first moment of each opening is when it opens, the others follow at
the interval, none when it closes or later; a second opening of the day begins no sooner than the interval after the
moment before. Otherwise the moments count from midnight of the anchor.

A moment's cycle number is the number of its interval of the day, counted from ``EPOCH``: it stays what it is when
opening hours change, and cannot come twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.plan import Interval, IntervalUnit, PlanRow
from maintenance.schedules import IntervalSchedule
from maintenance.site_calendar import openings_of, season_of
from plantroom.domain.calendars import MINUTES_A_DAY, SiteCalendar

EPOCH = date(2000, 1, 1)
"""Where the numbers of moments count from."""

HORIZON = timedelta(days=2)
"""How far ahead orders are made: rows by the hour would otherwise fill every list."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """One occurrence of a row by the hour: from ``at`` to ``until`` (exclusive), both UTC; ``local`` is the clock time
    that it stands for."""

    at: datetime
    until: datetime
    cycle: int
    local: datetime


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive clock time: the first of two, and moved forward where there is none."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def by_the_hour(interval: Interval) -> bool:
    """Whether a row of this interval has moments and not dates."""
    return interval.unit is IntervalUnit.HOUR


def moments(
    row: PlanRow, anchor: date, calendar: SiteCalendar, zone: ZoneInfo, start: datetime, end: datetime
) -> list[Moment]:
    """The moments of a row whose time is not over at ``start`` and that begin before ``end``, by time. O(moments)."""
    first = start.astimezone(zone).date() - _DAY * (2 + row.interval.every // 24)
    last = end.astimezone(zone).date() + _DAY
    found: list[Moment] = []
    for local, until, cycle in _clock_times(row, max(first, anchor - _DAY), last, anchor, calendar):
        if local.date() < anchor:
            continue
        at, over = instant(local, zone), instant(until, zone)
        if found and found[-1].at >= at:
            found.pop()
        if at < end and over > start:
            found.append(Moment(at, over, cycle, local))
    return found


def _clock_times(
    row: PlanRow, first: date, last: date, anchor: date, calendar: SiteCalendar
) -> Iterator[tuple[datetime, datetime, int]]:
    """(clock time, end, cycle) from the first to the last day, rising."""
    schedule = row.schedule if isinstance(row.schedule, IntervalSchedule) else IntervalSchedule()
    every = row.interval.every
    season = None if schedule.in_season is None else season_of(calendar, schedule.in_season)
    if schedule.open_hours and every * 60 <= MINUTES_A_DAY:
        found = _in_openings(every, first, last, calendar)
    else:
        found = _round_the_clock(every, first, last, anchor)
    for local, until, cycle in found:
        if season is not None:
            spans = (season.span(local.year - 1), season.span(local.year))
            if not any(begin <= local.date() <= over for begin, over in spans):
                continue
        yield local, until, cycle


def _in_openings(
    every: int, first: date, last: date, calendar: SiteCalendar
) -> Iterator[tuple[datetime, datetime, int]]:
    step, a_day = every * 60, -(-24 // every)
    seen = -1
    for number in range((last - first).days + 1):
        day = first + _DAY * number
        soonest = 0
        for opens, closes in openings_of(calendar, day.weekday()):
            minute = max(opens, soonest)
            while minute < closes:
                local = datetime.combine(day, time()) + timedelta(minutes=minute)
                cycle = (local.date() - EPOCH).days * a_day + (local.hour * 60 + local.minute) // step
                soonest = minute + step
                if cycle > seen:
                    seen = cycle
                    yield local, datetime.combine(day, time()) + timedelta(minutes=min(soonest, closes)), cycle
                minute = soonest


def _round_the_clock(every: int, first: date, last: date, anchor: date) -> Iterator[tuple[datetime, datetime, int]]:
    begin, step = datetime.combine(anchor, time()), timedelta(hours=every)
    index = max(0, (datetime.combine(first, time()) - begin) // step)
    end = datetime.combine(last + _DAY, time())
    while (local := begin + step * index) < end:
        cycle = (local - datetime.combine(EPOCH, time())) // step
        yield local, local + step, cycle
        index += 1
