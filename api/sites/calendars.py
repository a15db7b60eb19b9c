"""Shapes of a site's calendar: opening hours, holidays, seasons."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field

from api.shapes import Payload, Shape
from maintenance.site_calendar import clock_time, country_of, knows_country, month_day, opening, season_of
from plantroom.domain.calendars import Opening, Season, SiteCalendar

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SeasonName = Literal["rain", "winter", "heating", "cooling"]
SEASON_NAMES: tuple[SeasonName, ...] = ("rain", "winter", "heating", "cooling")


def _day_of_year(text: str) -> str:
    try:
        return str(month_day(text))
    except ValueError:
        raise ValueError("应为一年中的某日，如11-15 / should be a day of the year, such as 11-15") from None


def _country(code: str | None) -> str | None:
    if code and not knows_country(code):
        en = "should be a country such as CN, with a subdivision such as DE-BY, or empty for none"
        raise ValueError(f"应为国家代码，如CN，可带地区，如DE-BY；不设则留空 / {en}")
    return code


Clock = Annotated[str, Field(max_length=5)]
Times = tuple[Clock, Clock]
DayOfYear = Annotated[str, Field(max_length=5), AfterValidator(_day_of_year)]
Days = Annotated[tuple[date, ...], Field(max_length=2000)]


def _apart(spans: tuple[Times, ...]) -> tuple[Times, ...]:
    try:
        made = sorted((o.opens, o.closes) for o in (opening(0, *span) for span in spans))
    except ValueError as error:
        en = f"{error}: give when it opens and closes, such as 09:00 and 21:00"
        raise ValueError(f"请写开门与关门时间，如09:00与21:00 / {en}") from None
    if any(after[0] < before[1] for before, after in pairwise(made)):
        raise ValueError("同一天的开放时段不得重叠 / openings of one day should not overlap")
    return spans


OpeningHours = dict[Weekday, Annotated[tuple[Times, ...], Field(max_length=10), AfterValidator(_apart)]]


class SeasonIn(Payload):
    """A season of every year, both days inclusive; over the new year when it ends before it starts."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=False, validate_by_alias=True)

    start: Annotated[DayOfYear, Field(alias="from")]
    end: Annotated[DayOfYear, Field(alias="to")]


class HolidaysIn(Payload):
    """Whose public holidays hold, and the site's own days. ``country`` left out: as the time zone says; empty: none.
    ``weekend`` left out: the country's."""

    country: Annotated[str | None, Field(max_length=20), AfterValidator(_country)] = None
    weekend: Annotated[tuple[Weekday, ...], Field(max_length=7)] | None = None
    days_off: Days = ()
    working_days: Days = ()


class CalendarIn(Payload):
    """The whole calendar of a site as it is to be. Without opening hours the site is open day and night; seasons that
    are left out have their defaults."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "opening_hours": {"mon": [["09:00", "21:00"]], "sat": [["09:00", "12:00"], ["13:00", "22:30"]]},
                    "holidays": {"country": "CN", "days_off": ["2026-12-31"], "working_days": ["2026-10-06"]},
                    "seasons": {"heating": {"from": "11-15", "to": "03-15"}},
                }
            ]
        },
    )

    opening_hours: OpeningHours = Field(default_factory=dict)
    holidays: HolidaysIn = HolidaysIn()
    seasons: dict[SeasonName, SeasonIn] = Field(default_factory=dict)

    def to_domain(self) -> SiteCalendar:
        """The domain's record, in one order."""
        openings = [
            opening(number, *span) for number, day in enumerate(WEEKDAYS) for span in self.opening_hours.get(day, ())
        ]
        named, weekend = self.holidays, self.holidays.weekend
        seasons = [Season(n, month_day(s.start), month_day(s.end)) for n, s in self.seasons.items()]
        return SiteCalendar(
            openings=tuple(sorted(openings, key=lambda o: (o.weekday, o.opens))),
            country=named.country,
            weekend=None if weekend is None else tuple(sorted({WEEKDAYS.index(d) for d in weekend})),
            days_off=tuple(sorted(set(named.days_off))),
            working_days=tuple(sorted(set(named.working_days))),
            seasons=tuple(sorted(seasons, key=lambda s: s.name)),
        )


class SeasonOut(Shape):
    """A season; ``is_default`` when the site has not given it."""

    model_config = ConfigDict(from_attributes=True, frozen=True, validate_by_name=True, validate_by_alias=True)

    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]
    is_default: bool


class HolidaysOut(Shape):
    """Whose holidays hold (``in_force``: what follows from the time zone where ``country`` is not given)."""

    country: str | None
    in_force: str
    weekend: list[Weekday] | None
    days_off: list[date]
    working_days: list[date]


class Calendar(Shape):
    """When a site is open, when its people work, and its seasons."""

    opening_hours: dict[Weekday, list[tuple[str, str]]]
    holidays: HolidaysOut
    seasons: dict[SeasonName, SeasonOut]

    @classmethod
    def of(cls, calendar: SiteCalendar, time_zone: str) -> Self:
        """From the ledger's record."""
        hours: dict[Weekday, list[tuple[str, str]]] = {}
        for one in calendar.openings:
            hours.setdefault(WEEKDAYS[one.weekday], []).append(_shown(one))
        own = {season.name for season in calendar.seasons}
        found = {name: season_of(calendar, name) for name in SEASON_NAMES}
        return cls(
            opening_hours=hours,
            holidays=HolidaysOut(
                country=calendar.country,
                in_force=country_of(calendar, time_zone),
                weekend=None if calendar.weekend is None else [WEEKDAYS[n] for n in calendar.weekend],
                days_off=list(calendar.days_off),
                working_days=list(calendar.working_days),
            ),
            seasons={
                name: SeasonOut(start=str(s.start), end=str(s.end), is_default=name not in own)
                for name, s in found.items()
                if s is not None
            },
        )


def _shown(one: Opening) -> tuple[str, str]:
    return clock_time(one.opens), clock_time(one.closes)
