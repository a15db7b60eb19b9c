"""A site's calendar: opening hours, holidays and seasons. Data only; the rules are in ``maintenance.site_calendar``.

All of it is local to the site. ``MonthDay`` 29 February is 28 February in common years.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day of every year; clamped to the month's end where a year does not have it."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """The day in a year."""
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Season:
    """A named span of every year, both days inclusive; over the new year when it ends before it starts."""

    name: str
    start: MonthDay
    end: MonthDay

    def span(self, year: int) -> tuple[date, date]:
        """First and last day of the season that starts in ``year``."""
        first = self.start.in_year(year)
        return first, self.end.in_year(year if self.end >= self.start else year + 1)


@dataclass(frozen=True, slots=True)
class Opening:
    """Open on a weekday (0 Monday) from minute ``opens`` after midnight to minute ``closes`` (exclusive), which is
    beyond 1440 where it is on the next day."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """When a site is open, when its people work, and its seasons.

    No ``openings``: open day and night. ``country`` (ISO 3166, with a subdivision as in ``DE-BY``) names the public
    holidays, with the country's make-up working days; ``None``: the country of the time zone, where that is certain;
    empty: none. ``weekend`` (weekdays, 0 Monday; ``None``: the country's) and the site's own ``days_off`` and
    ``working_days`` go before the country's. Seasons that are not given have the defaults of
    ``maintenance.site_calendar``.
    """

    openings: tuple[Opening, ...] = ()
    country: str | None = None
    weekend: tuple[int, ...] | None = None
    days_off: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()
    seasons: tuple[Season, ...] = ()


ALWAYS_OPEN = SiteCalendar()
"""The calendar of a site that has said nothing: open day and night, its time zone's holidays, the default seasons."""
