"""Shapes of on-call rosters."""

from datetime import date, time
from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue

from api.rosters.schemas import LocalTime, People
from api.shapes import Instant, Key, ListQuery, Name, NameIn, Payload, Shape, ShortText
from maintenance.people.duty import OnCall as DomainOnCall
from maintenance.people.on_call import Cover as DomainCover
from maintenance.people.on_call import Gap, Rota
from plantroom.domain.assets import Severity

_EXAMPLE: dict[str, JsonValue] = {
    "site": "demo",
    "department": "电梯维修部门",
    "level": 1,
    "name": {"zh": "电梯待命", "en": "Elevators on call"},
    "people": ["li", "wang"],
    "starts_on": "2026-01-05",
    "handover": "09:00:00",
    "days": 7,
}


class OnCallRota(Shape):
    """People who are on call in turn (user names): turns of `days` days, handed over at a local time. `level` 1 is
    called first, then 2; `department` `null`: the whole site; `severities` empty: all; `holiday_people` take the
    holidays, a day each."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"id": "0198c0de", "version": 1}]})

    id: str
    site: str
    department: str | None
    level: int
    name: Name
    people: list[str]
    starts_on: date
    ends_on: date | None
    handover: time
    days: int
    severities: list[Severity]
    holiday_people: list[str]
    version: int

    @classmethod
    def of(cls, rota: Rota) -> Self:
        """From the ledger's record."""
        return cls.model_validate(rota)


class OnCallRotaList(Shape):
    """On-call rotas of a site, by level."""

    items: list[OnCallRota]
    next_cursor: str | None = None


class OnCallRotaQuery(ListQuery):
    """Which site's."""

    site: str


Level = Annotated[int, Field(ge=1, le=9)]
Days = Annotated[int, Field(ge=1, le=366)]
Severities = Annotated[tuple[Severity, ...], Field(max_length=4)]


class OnCallRotaCreate(Payload):
    """A new on-call rota."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    site: Key
    department: Key | None = None
    level: Level = 1
    name: NameIn
    people: Annotated[People, Field(min_length=1)]
    starts_on: date
    ends_on: date | None = None
    handover: LocalTime = time(9)
    days: Days = 7
    severities: Severities = ()
    holiday_people: People = ()


class OnCallRotaChange(Payload):
    """Fields to change; what is left out stays."""

    level: Level | None = None
    name: NameIn | None = None
    people: Annotated[People | None, Field(min_length=1)] = None
    starts_on: date | None = None
    ends_on: date | None = None
    handover: LocalTime | None = None
    days: Days | None = None
    severities: Severities | None = None
    holiday_people: People | None = None


class OnCallCoverIn(Payload):
    """Somebody stands in for whoever is on call."""

    user: Key
    starts_at: Instant
    ends_at: Instant
    reason: ShortText = ""


class OnCallCover(Shape):
    """Somebody stands in for whoever is on call, from `starts_at` up to `ends_at`."""

    id: str
    rota: str
    user: str
    starts_at: Instant
    ends_at: Instant
    reason: str
    by: str
    at: Instant

    @classmethod
    def of(cls, cover: DomainCover) -> Self:
        """From the ledger's record."""
        return cls.model_validate(cover)


class OnCallQuery(ListQuery):
    """Who is on call at an instant (default: now), for a department and severity."""

    site: str
    at: Instant | None = None
    department: str | None = None
    severity: Severity | None = None


class OnCallPerson(Shape):
    """Who is to be called at a level, until when, and on which number; `why`: rota, holiday or cover."""

    username: str
    name: str
    language: str
    phone: str
    level: int
    department: str | None
    rota: str
    since: Instant
    until: Instant
    why: str

    @classmethod
    def of(cls, found: DomainOnCall) -> Self:
        """From the domain."""
        return cls.model_validate(found)


class OnCallList(Shape):
    """Who is on call, by level: the order in which they are called."""

    items: list[OnCallPerson]
    next_cursor: str | None = None


class OnCallGapQuery(ListQuery):
    """The next so many days."""

    site: str
    days: Annotated[int, Field(ge=1, le=92)] = 30


class OnCallGap(Shape):
    """Nobody can be reached on a rota from `starts_at` up to `ends_at`; `missing` is whose turn it would be."""

    rota: str
    name: Name
    department: str | None
    level: int
    starts_at: Instant
    ends_at: Instant
    missing: str | None

    @classmethod
    def of(cls, rota: Rota, gap: Gap) -> Self:
        """From the domain."""
        return cls(
            rota=rota.id,
            name=Name.model_validate(rota.name),
            department=rota.department,
            level=rota.level,
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            missing=gap.missing,
        )


class OnCallGapList(Shape):
    """Gaps, by rota and time."""

    items: list[OnCallGap]
    next_cursor: str | None = None
