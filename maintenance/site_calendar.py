"""Which days a site works, when it is open, when its seasons are. Pure but for the holiday tables of ``holidays``.

Local days of the site. Public holidays and the country's make-up working days (a Saturday that is worked for a long
holiday, as China orders each autumn for the next year) are those of the library ``holidays``; for a year that the
country has not published yet, its fixed holidays alone. The site's own days go before both.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from plantroom.domain.calendars import MINUTES_A_DAY, MonthDay, Opening, Season, SiteCalendar

IsWorkingDay = Callable[[date], bool]
IsHoliday = Callable[[date], bool]

DEFAULT_SEASONS = (
    Season("heating", MonthDay(11, 15), MonthDay(3, 15)),
    Season("cooling", MonthDay(5, 15), MonthDay(10, 15)),
    Season("rain", MonthDay(6, 1), MonthDay(9, 30)),
    Season("winter", MonthDay(12, 1), MonthDay(2, 29)),
)
"""Seasons of a site that has not given its own. Heating as in Beijing (from memory); the others are defaults."""

ZONE_COUNTRIES = {
    "Asia/Shanghai": "CN",
    "Asia/Urumqi": "CN",
    "Asia/Chongqing": "CN",
    "Asia/Harbin": "CN",
    "PRC": "CN",
    "Asia/Hong_Kong": "HK",
    "Asia/Macau": "MO",
    "Asia/Taipei": "TW",
    "Asia/Singapore": "SG",
}
"""Countries that a time zone is certain of, where the site names none."""

_WEEKEND = (5, 6)


def country_of(calendar: SiteCalendar, time_zone: str) -> str:
    """The country (with a subdivision behind a hyphen) whose holidays hold on a site; empty: none."""
    return ZONE_COUNTRIES.get(time_zone, "") if calendar.country is None else calendar.country


def knows_country(code: str) -> bool:
    """Whether there are holidays of that country, or country and subdivision."""
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (not part or part in known[country])


@lru_cache(maxsize=256)
def working_days(calendar: SiteCalendar, time_zone: str) -> IsWorkingDay:
    """Whether people work on a day of the site. O(1) after the first day of a year."""
    country = country_of(calendar, time_zone)
    off, on, weekend = frozenset(calendar.days_off), frozenset(calendar.working_days), calendar.weekend

    def is_working_day(day: date) -> bool:
        if day in off or day in on:
            return day in on
        return day not in _days_off(country, day.year, weekend)

    return is_working_day


@lru_cache(maxsize=256)
def public_holidays(calendar: SiteCalendar, time_zone: str) -> IsHoliday:
    """Whether a day of the site is a public holiday (swapped days off among them) or a day off of its own; a weekend
    alone is none. O(1) after the first day of a year."""
    country = country_of(calendar, time_zone)
    off, on = frozenset(calendar.days_off), frozenset(calendar.working_days)

    def is_holiday(day: date) -> bool:
        return day in off or (day not in on and day in _holidays(country, day.year))

    return is_holiday


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    import holidays

    name, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=part or None, years=year))


@lru_cache(maxsize=1024)
def _days_off(country: str, year: int, weekend: tuple[int, ...] | None) -> frozenset[date]:
    """Weekends and holidays of a year, without the country's make-up working days."""
    days = [date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)]
    if not country:
        rest = _WEEKEND if weekend is None else weekend
        return frozenset(day for day in days if day.weekday() in rest)
    import holidays

    name, _, part = country.partition("-")
    known = holidays.country_holidays(name, subdiv=part or None, years=year)
    rest = tuple(known.weekend) if weekend is None else weekend
    return frozenset(
        day for day in days if day in known or (day.weekday() in rest and day not in known.weekend_workdays)
    )


def season_of(calendar: SiteCalendar, name: str) -> Season | None:
    """The site's season of that name, else the default one; ``None`` for a name that nobody knows."""
    return next((s for s in (*calendar.seasons, *DEFAULT_SEASONS) if s.name == name), None)


@lru_cache(maxsize=8192)
def seasons_on(calendar: SiteCalendar, day: date) -> frozenset[str]:
    """Names of the seasons of a site that a local day lies in. A season may last over the new year; one that ends on 29
    February ends on the 28th in common years."""
    own = {season.name for season in calendar.seasons}
    seasons = (*calendar.seasons, *(season for season in DEFAULT_SEASONS if season.name not in own))
    spans = ((one.name, one.span(year)) for one in seasons for year in (day.year - 1, day.year))
    return frozenset(name for name, (first, last) in spans if first <= day <= last)


@lru_cache(maxsize=1024)
def openings_of(calendar: SiteCalendar, weekday: int) -> Sequence[tuple[int, int]]:
    """(opens, closes) in minutes after midnight of a weekday (0 Monday), by time, those that touch made one. A site
    without opening hours is open all day."""
    if not calendar.openings:
        return ((0, MINUTES_A_DAY),)
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted((o.opens, o.closes) for o in calendar.openings if o.weekday == weekday):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
        else:
            merged.append((opens, closes))
    return tuple(merged)


def opening(weekday: int, opens: str, closes: str) -> Opening:
    """An opening from clock times such as ``09:00`` and ``21:30``; one that does not close after it opens is open over
    midnight, ``24:00`` is midnight. ``ValueError`` for anything else."""
    first, last = _minutes(opens), _minutes(closes)
    if first >= MINUTES_A_DAY:
        raise ValueError(f"{opens} is no time to open")
    return Opening(weekday, first, last if last > first else last + MINUTES_A_DAY)


def clock_time(minutes: int) -> str:
    """Minutes after midnight as clock time; midnight at the end of a day is ``24:00``."""
    if minutes != MINUTES_A_DAY:
        minutes %= MINUTES_A_DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def month_day(text: str) -> MonthDay:
    """The day of a year that ``11-15`` means. ``ValueError`` for anything else."""
    month, _, day = text.partition("-")
    if not (len(month) == len(day) == 2 and month.isdecimal() and day.isdecimal()):
        raise ValueError(f"{text!r}: a day of the year is written as 11-15")
    found = date(2024, int(month), int(day))
    return MonthDay(found.month, found.day)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"{text!r}: a time is written as 09:00")
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or found > MINUTES_A_DAY:
        raise ValueError(f"{text!r} is no time of the day")
    return found
