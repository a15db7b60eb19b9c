"""Shapes of alarms: an alarm is an episode with what people do with it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.episodes.schemas import Episode
from api.shapes import AssetRef, Instant, ListQuery, Name, Payload, Shape, Why, one_or_more
from maintenance.alarm_ports import Shelf as DomainShelf
from maintenance.alarm_rules import AlarmState
from plantroom.domain.assets import AlarmPriority

MAX_MINUTES = 60 * 24 * 31


class AlarmQuery(ListQuery):
    """Filters of alarms; those given must all hold. `alarm_state` and `priority` take several with commas between.
    Without `alarm_state` everything that stands is listed; what has returned to normal only when it is asked for.
    Sorts: `opened_at` (default `-opened_at`, the newest first), `priority` (the most urgent first, then the oldest)."""

    asset: str | None = None
    site: str | None = None
    alarm_state: Annotated[str | None, one_or_more(AlarmState)] = None
    priority: Annotated[str | None, one_or_more(AlarmPriority)] = None


class Shelf(Shape):
    """Alarms of one asset and failure mode that a person has put aside (ISA-18.2: shelved) until `until`. `subjects`
    are `source:point:level` or `source:event`, `subject_names` what the point or the event of each is called (empty: it
    is neither). Ended by a person, by `system:expired` when its time was over, or by
    `system:replaced` when the same alarms were shelved anew."""

    id: str
    site: str
    asset: str
    asset_ref: AssetRef | None
    failure_mode: str
    title: Name
    subjects: list[str]
    subject_names: list[Name]
    reason: str
    by: str
    at: Instant
    until: Instant
    ended_at: Instant | None
    ended_by: str | None

    @classmethod
    def of(cls, shelf: DomainShelf, asset: AssetRef | None, title: Name, subject_names: list[Name]) -> Self:
        """From the ledger's record and what the class and the asset's points say about it."""
        given = {"asset_ref": asset, "title": title, "subject_names": subject_names}
        own = {name: getattr(shelf, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)


class MadeShelf(Shelf):
    """A shelf, and those that stood until now and held no other alarms: it `replaced` them, be it longer or shorter."""

    replaced: list[Shelf]


class Alarm(Episode):
    """An episode that a limit, a rule or silence raised. `alarm_state` is ISA-18.2's; `shelves` hold some of it quiet.
    `events` are what its events are called, those that stand alone while any does.
    `can_shelve` is false for safety alarms, which nobody can shelve.

    What a device tells that the ledger does not know (or has scrapped) is a line without an asset (`asset` is empty,
    `asset_ref` null): its `title` names the device, its `id` is that of its ticket, and `detail.devices` lists the
    codes, for a ticket may stand for several."""

    alarm_state: AlarmState
    priority: AlarmPriority
    open_subjects: list[str]
    events: list[Name]
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    shelves: list[Shelf]
    can_shelve: bool


class AlarmList(Shape):
    """A page of alarms."""

    items: list[Alarm]
    next_cursor: str | None


class ShelveRequest(Payload):
    """Why, and for how long: `minutes` from now, or `until`. `subjects` names the alarms (such as
    `limit:vibration:warning_high`); without it those that stand."""

    reason: Why
    minutes: Annotated[int | None, Field(ge=1, le=MAX_MINUTES)] = None
    until: Instant | None = None
    subjects: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.minutes is None) == (self.until is None):
            raise ValueError("minutes与until须填且只填一个 / give either minutes or until")
        return self


class ShelfQuery(ListQuery):
    """Filters of shelved alarms. `standing`: only those that hold, or only those that are over."""

    site: str | None = None
    standing: bool | None = None


class ShelfList(Shape):
    """A page of shelved alarms, newest first."""

    items: list[Shelf]
    next_cursor: str | None


class CauseOut(Shape):
    """What the alarms of a flood may have in common."""

    code: Literal["supply", "network", "machine", "place", "system"]
    text: Name


class CountOut(Shape):
    """How many alarms of one machine (its `asset_ref`) or system (its key)."""

    key: str
    asset_ref: AssetRef | None
    count: int


class Flood(Shape):
    """More than ten alarms in ten minutes on a site. `ended_at` is `null` while it lasts; `work_order` is the ticket
    that those behind the first ten share, `gathered` how many they are.

    `alarms`, `safety` and `machines` count all that people were told of from `first_at` to `counted_at` (now, or its
    end); its ticket says the same, about a second later. `first`, `by_asset`, `by_system`, `cause` and `moment` look at
    the first 500. `moment` says when most of them came within one minute, which explains nothing by itself; `cause` is
    `null` when nothing that they share was found."""

    id: str
    site: str
    first_at: Instant
    began_at: Instant
    ended_at: Instant | None
    peak: int
    gathered: int
    work_order: str | None
    counted_at: Instant
    alarms: int
    safety: int
    machines: int
    first: list[Name]
    by_asset: list[CountOut]
    by_system: list[CountOut]
    cause: CauseOut | None
    moment: Name | None


class FloodQuery(ListQuery):
    """Filters of floods."""

    site: str | None = None


class FloodList(Shape):
    """A page of floods, newest first."""

    items: list[Flood]
    next_cursor: str | None


class PerformanceQuery(BaseModel):
    """Of which time (default: the last seven days) and site."""

    model_config = ConfigDict(extra="forbid", str_max_length=1000)

    site: str | None = None
    start: Annotated[Instant | None, Field(alias="from")] = None
    end: Annotated[Instant | None, Field(alias="to")] = None


class ActorOut(Shape):
    """One alarm and how often it rang; `share` of all, 0..1."""

    asset: str
    asset_ref: AssetRef | None
    failure_mode: str
    subject: str
    count: int
    share: float


class AlarmPerformance(Shape):
    """Figures of the alarms that people were told of (ISA-18.2, monitoring). `complete` is false when there were more
    than could be looked at; `stale` are alarms that have stood for more than 24 h."""

    start: Annotated[Instant, Field(serialization_alias="from")]
    end: Annotated[Instant, Field(serialization_alias="to")]
    complete: bool
    alarms: int
    per_10min: float
    peak_10min: int
    over_limit_share: float
    per_day: float
    by_priority: dict[str, int]
    top: list[ActorOut]
    top_share: float
    chattering: list[ActorOut]
    stale: int
    standing: int
    shelved: int
