"""Shapes of sites and locations."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from api.shapes import ListQuery, Name, NameIn, NewName, Payload, Shape


class Site(Shape):
    """A site. ``time_zone`` is an IANA name, ``max_shelving_h`` the longest that an alarm may be shelved (else 8)."""

    code: str
    name: Name
    time_zone: str
    max_shelving_h: float | None


Hours = Annotated[float | None, Field(gt=0, le=168, allow_inf_nan=False)]


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

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("should be an IANA time zone, such as Asia/Shanghai") from None
        return value


class SiteChange(Payload):
    """Fields of a site to change; what is left out stays."""

    name: NewName | None = None
    max_shelving_h: Hours = None


class Location(Shape):
    """A node of a site's location tree; ``kind`` is building, floor or space."""

    key: str
    site: str
    kind: str
    name: Name
    parent: str | None


class LocationQuery(ListQuery):
    """Filters of locations."""

    site: str


class LocationList(Shape):
    """The location tree of a site, parents by key."""

    items: list[Location]
    next_cursor: str | None = None
