"""Shapes of sites."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator

from api.shapes import Name, NameIn, NewName, Payload, Shape
from api.sites.calendars import Calendar, CalendarIn
from maintenance.seed.options import options
from plantroom.domain.assets import Site as DomainSite


class Site(Shape):
    """A site. ``time_zone`` is an IANA name, ``max_shelving_h`` the longest that an alarm may be shelved (else 8),
    ``calendar`` its opening hours, holidays and seasons, ``options`` what it has that not every site does (null:
    nobody has said)."""

    code: str
    name: Name
    time_zone: str
    max_shelving_h: float | None
    calendar: Calendar
    options: list[str] | None

    @classmethod
    def of(cls, site: DomainSite) -> Self:
        """From the ledger's record."""
        return cls(
            code=site.code,
            name=Name.model_validate(site.name),
            time_zone=site.time_zone,
            max_shelving_h=site.max_shelving_h,
            calendar=Calendar.of(site.calendar, site.time_zone),
            options=None if site.options is None else list(site.options),
        )


Hours = Annotated[float | None, Field(gt=0, le=168, allow_inf_nan=False)]


def _known_options(value: list[str]) -> list[str]:
    unknown = [one for one in value if one not in options()]
    if unknown:
        raise ValueError(f"没有选项 / there is no option {unknown[0]!r}; 可选 / there are: {', '.join(options())}")
    return sorted(set(value))


Options = Annotated[
    Annotated[list[str], AfterValidator(_known_options), Field(max_length=100)] | None,
    Field(examples=[["diesel_pump"]], description="What the site has, of the seed's options; null: not said"),
]
"""Checklist items for an option that the site has not got are left out of its orders."""


class SiteList(Shape):
    """Sites that the caller may see."""

    items: list[Site]
    next_cursor: str | None = None


class SiteCreate(Payload):
    """A new site."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    name: NameIn
    time_zone: str = "Asia/Shanghai"
    max_shelving_h: Hours = None
    calendar: CalendarIn | None = None
    options: Options = None

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("应为IANA时区 / should be an IANA time zone, such as Asia/Shanghai") from None
        return value


class SiteChange(Payload):
    """Fields of a site to change; what is left out stays. A calendar is replaced as a whole."""

    name: NewName | None = None
    max_shelving_h: Hours = None
    calendar: CalendarIn | None = None
    options: Options = None
