"""Shapes of rosters."""

from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from api.shapes import Instant, Key, ListQuery, Name, NameIn, Payload, Shape, ShortText
from maintenance.people.rostering import RosterWarning
from maintenance.people.rosters import EVERY_WEEKDAY, ChangeKind, Duty
from maintenance.people.rosters import Shift as DomainShift
from maintenance.people.rosters import ShiftChange as DomainChange


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("应为站点当地时间，不带时区 / should be a local time of the site, without a zone")
    return value.replace(second=0, microsecond=0)


LocalTime = Annotated[time, AfterValidator(_local)]
"""A local time, to the minute."""

People = Annotated[tuple[Key, ...], Field(max_length=200)]
Weekdays = Annotated[tuple[int, ...], Field(max_length=7, description="0 Monday to 6 Sunday")]
Cycle = Annotated[int | None, Field(ge=1, le=366)]
CycleOn = Annotated[tuple[int, ...], Field(max_length=366, description="days of the cycle, counted from 0")]

_EXAMPLE: dict[str, JsonValue] = {
    "site": "demo",
    "department": "消防管理部门",
    "name": {"zh": "消控室夜班", "en": "Fire control room, night"},
    "starts": "20:00:00",
    "ends": "08:00:00",
    "people": ["li", "wang"],
    "valid_from": "2026-01-01",
    "minimum": 2,
    "post": "fire_control_room",
}


class Shift(Shape):
    """A recurring span of local time and the people who work it (user names). `ends` at or before `starts`: the next
    day. On `weekdays`, or with `cycle_days` on the days `cycle_on` of a cycle that begins on `valid_from`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"id": "0198c0de", "version": 1}]})

    id: str
    site: str
    department: str
    name: Name
    starts: time
    ends: time
    people: list[str]
    valid_from: date
    valid_until: date | None
    weekdays: list[int]
    cycle_days: int | None
    cycle_on: list[int]
    minimum: int
    post: str
    version: int

    @classmethod
    def of(cls, shift: DomainShift) -> Self:
        """From the ledger's record."""
        return cls.model_validate(shift)


class ShiftList(Shape):
    """Shifts of a site."""

    items: list[Shift]
    next_cursor: str | None = None


class ShiftQuery(ListQuery):
    """Which shifts."""

    site: str
    department: str | None = None


class ShiftCreate(Payload):
    """A new shift. `post: fire_control_room` asks for two certified people on it, day and night."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    site: Key
    department: Key
    name: NameIn
    starts: LocalTime
    ends: LocalTime
    people: People = ()
    valid_from: date
    valid_until: date | None = None
    weekdays: Weekdays = EVERY_WEEKDAY
    cycle_days: Cycle = None
    cycle_on: CycleOn = ()
    minimum: Annotated[int, Field(ge=1, le=200)] = 1
    post: Literal["", "fire_control_room"] = ""


class ShiftEdit(Payload):
    """Fields to change; what is left out stays. What was worked until now stays as it was only when the shift ends
    (`valid_until`) and another one begins."""

    name: NameIn | None = None
    starts: LocalTime | None = None
    ends: LocalTime | None = None
    people: People | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    weekdays: Weekdays | None = None
    cycle_days: Cycle = None
    cycle_on: CycleOn | None = None
    minimum: Annotated[int | None, Field(ge=1, le=200)] = None
    post: Literal["", "fire_control_room"] | None = None


class ShiftExceptionIn(Payload):
    """What is different on one day: `off` (the user does not come), `extra` (the user comes in addition), `replace`
    (`other` works instead of the user), `cancelled` (nobody works)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day": "2026-02-17", "kind": "replace", "user": "li", "other": "wang"}]}
    )

    day: date
    kind: ChangeKind
    user: Key | None = None
    other: Key | None = None
    reason: ShortText = ""


class ShiftException(Shape):
    """A dated exception of a shift."""

    id: str
    shift: str
    day: date
    kind: ChangeKind
    user: str | None
    other: str | None
    reason: str
    by: str
    at: Instant

    @classmethod
    def of(cls, change: DomainChange) -> Self:
        """From the ledger's record."""
        return cls.model_validate(change)


class ShiftExceptionList(Shape):
    """Exceptions that belong together."""

    items: list[ShiftException]
    next_cursor: str | None = None


class SwapSide(Payload):
    """Somebody's shift on a day."""

    user: Key
    shift: Key
    day: date


class Swap(Payload):
    """Two people change shifts: each works the other's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "one": {"user": "li", "shift": "0198c0de", "day": "2026-02-17"},
                    "other": {"user": "wang", "shift": "0198c0de", "day": "2026-02-18"},
                }
            ]
        }
    )

    one: SwapSide
    other: SwapSide
    reason: ShortText = ""


class DutyOut(Shape):
    """Somebody works from `starts_at` up to `ends_at`."""

    user: str
    shift: str
    day: date
    starts_at: Instant
    ends_at: Instant

    @classmethod
    def of(cls, duty: Duty) -> Self:
        """From the domain."""
        return cls.model_validate(duty)


class DutyList(Shape):
    """Who works when, in order."""

    items: list[DutyOut]
    next_cursor: str | None = None


class DutyQuery(ListQuery):
    """Shifts that begin on the days from `from` to `to` (both included, 62 at most)."""

    site: str
    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    department: str | None = None
    user: str | None = None


class OnShiftQuery(ListQuery):
    """Who is on shift at an instant (default: now)."""

    site: str
    at: Instant | None = None
    department: str | None = None


class WarningQuery(ListQuery):
    """Days from `from` to `to` (both included, 62 at most)."""

    site: str
    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]


class RosterWarningOut(Shape):
    """A shift that is not staffed as it should be."""

    code: str
    shift: str | None
    day: date
    text: Name

    @classmethod
    def of(cls, warning: RosterWarning) -> Self:
        """From the domain."""
        return cls.model_validate(warning)


class WarningList(Shape):
    """What is wrong with the roster, in order."""

    items: list[RosterWarningOut]
    next_cursor: str | None = None
