"""Shapes of assets."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from api.shapes import Instant, ListQuery, Name, NameIn, NewName, Payload, Shape, one_or_more
from ingest.clock_effects import ClockEffect, effect_of
from plantroom.domain.assets import AssetStatus, Health, Presence
from plantroom.ports.clock import to_ms
from plantroom.ports.device_clocks import DeviceClock, DeviceTimes
from plantroom.ports.events import AssetEvent as DomainEvent
from plantroom.ports.ledger import AssetView
from plantroom.ports.readings import Retention

Criticality = Literal["A", "B", "C"]
AssetDay = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
"""A day in an asset's life. The plan's dates count from the day it went into service."""

ShortText = Annotated[str, Field(max_length=200)]


class Asset(Shape):
    """One machine, with what is known of it just now. ``version`` is its ETag. ``clock_offset_ms``: how far its
    device's clock is ahead of ours (negative: behind); ``clock_times``: what times it says (`standing`: they do not go
    on; `before_2000`, `far_ahead`: the offset says nothing); ``clock_effect``: what a wrong one costs."""

    key: str
    code: str
    name: Name
    equipment_class: Annotated[str, Field(serialization_alias="class")]
    site: str
    location: str | None
    department: str | None
    status: AssetStatus
    criticality: str
    manufacturer: str
    model: str
    serial: str
    installed_on: date | None
    in_service_on: date | None
    presence: Presence
    presence_since: Instant | None
    last_seen: Instant | None
    clock_offset_ms: int | None
    clock_measured_at: Instant | None
    clock_wrong: bool
    clock_times: DeviceTimes | None
    clock_effect: ClockEffect
    health: Health
    health_reason: dict[str, Any] | None
    version: int
    custom: dict[str, Any]

    @classmethod
    def of(cls, view: AssetView, retention: Retention) -> Self:
        """From the ledger's view. ``retention``: what is refused as too old."""
        asset = view.asset
        return cls(
            key=asset.key,
            code=asset.code,
            name=Name.model_validate(asset.name),
            equipment_class=asset.equipment_class,
            site=asset.site,
            location=asset.location,
            department=asset.department,
            status=asset.status,
            criticality=asset.criticality,
            manufacturer=asset.manufacturer,
            model=asset.model,
            serial=asset.serial,
            installed_on=asset.installed_on,
            in_service_on=asset.in_service_on,
            presence=view.presence,
            presence_since=view.presence_since,
            last_seen=view.last_seen,
            clock_offset_ms=view.clock.offset_ms if view.clock else None,
            clock_measured_at=view.clock.measured_at if view.clock else None,
            clock_wrong=view.clock is not None and view.clock.wrong_since is not None,
            clock_times=view.clock and view.clock.times,
            clock_effect=_clock_effect(view.clock, retention),
            health=view.health,
            health_reason=None if view.health_reason is None else dict(view.health_reason),
            version=asset.version,
            custom=dict(asset.custom),
        )


def _clock_effect(clock: DeviceClock | None, retention: Retention) -> ClockEffect:
    if clock is None or clock.wrong_since is None:
        return ClockEffect.NONE
    return effect_of(clock.offset_ms, to_ms(clock.measured_at), retention)


class AssetList(Shape):
    """A page of assets."""

    items: list[Asset]
    next_cursor: str | None


class AssetQuery(ListQuery):
    """Filters of assets; those given must all hold. ``text`` searches code and names."""

    code: str | None = None
    equipment_class: Annotated[str | None, Field(alias="class")] = None
    site: str | None = None
    status: Annotated[str | None, one_or_more(AssetStatus)] = None
    text: str | None = None


class AssetFields(Payload):
    """What may be said of an asset when it is made and changed later."""

    location: ShortText | None = None
    department: ShortText | None = None
    status: AssetStatus = AssetStatus.IN_SERVICE
    criticality: Criticality = "B"
    manufacturer: ShortText = ""
    model: ShortText = ""
    serial: ShortText = ""
    installed_on: AssetDay | None = None
    in_service_on: AssetDay | None = None
    custom: Annotated[dict[str, str | FiniteFloat | bool | None], Field(max_length=100, default_factory=dict)]


class AssetCreate(AssetFields):
    """A new asset; its points are made from its class."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "demo", "code": "P-201", "class": "pump"}]})

    site: ShortText
    code: Annotated[str, Field(min_length=1, max_length=200)]
    equipment_class: Annotated[str, Field(alias="class", max_length=200)]
    name: NameIn = NameIn()


class AssetChange(AssetFields):
    """What is to change; fields that are left out stay as they are."""

    code: Annotated[str, Field(min_length=1, max_length=200)] = ""
    name: NewName = NameIn()


class LatestValue(Shape):
    """The newest reading of a point. ``stale`` when it is older than the point may be silent; ``source`` says who
    took it."""

    point: str
    at: Instant
    value: float
    quality: int
    reason: int
    source: Literal["sensor", "person"]
    stale: bool


class LatestValues(Shape):
    """The newest readings of an asset; points that never had one are left out."""

    items: list[LatestValue]
    next_cursor: str | None


class AssetEvent(Shape):
    """An event that came from an asset."""

    id: str
    asset: str
    event: str
    name: Name
    observed_at: Instant
    received_at: Instant
    severity: str
    safety: bool
    data: dict[str, Any]

    @classmethod
    def of(cls, event: DomainEvent, name: Name) -> Self:
        """From the ledger's record and the event's name in its class."""
        return cls(
            id=event.id,
            asset=event.asset,
            event=event.event,
            name=name,
            observed_at=event.observed_at,
            received_at=event.received_at,
            severity=event.severity,
            safety=event.safety,
            data=dict(event.data),
        )


class EventQuery(BaseModel):
    """How many of the newest events."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class AssetEventList(Shape):
    """Events, newest first."""

    items: list[AssetEvent]
    next_cursor: str | None = None


class PointBaseline(Shape):
    """What the model holds for normal on a point, in its unit, and the span it was learned from."""

    point: str
    expected: float
    low: float | None
    high: float | None
    learned_from: Instant | None
    learned_to: Instant | None


class PointBaselines(Shape):
    """The active baseline of an asset; empty without one."""

    items: list[PointBaseline]
    next_cursor: str | None
