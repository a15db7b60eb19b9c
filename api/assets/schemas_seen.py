"""Shapes of what is known of an asset by its readings, events and models."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.shapes import Instant, Name, Shape
from plantroom.ports.events import AssetEvent as DomainEvent


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
