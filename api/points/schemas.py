"""Shapes of points and their limits."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from api.shapes import Instant, Name, Payload, Shape, Why
from plantroom.domain.alarms import MAX_DELAY_S
from plantroom.domain.assets import AlarmPriority, PointKind, PointTemplate, Status
from plantroom.domain.assets import Point as DomainPoint


class PointLimits(Shape):
    """Limits in the point's unit; ``null`` where there is none. Delays in seconds of observed time."""

    normal_low: float | None
    normal_high: float | None
    warning_low: float | None
    warning_high: float | None
    alarm_low: float | None
    alarm_high: float | None
    deadband: float
    warning_delay_s: float
    alarm_delay_s: float
    off_delay_s: float
    source: str
    status: Status
    warning_priority: AlarmPriority | None = None
    alarm_priority: AlarmPriority | None = None


def _no_boolean(value: object) -> object:
    if not isinstance(value, bool):
        return value
    raise ValueError("should be a number, not true or false")


_NoBoolean = BeforeValidator(_no_boolean)
Number = Annotated[float | None, Field(allow_inf_nan=False), _NoBoolean]
Seconds = Annotated[float, Field(ge=0, le=MAX_DELAY_S), _NoBoolean]


class LimitsChange(Payload):
    """The limits to change, in the point's unit, with the reason; what is left out stays, ``null`` takes a limit away.
    `warning_priority` and `alarm_priority`: ``null`` lets them follow from the failure mode."""

    reason: Why
    normal_low: Number = None
    normal_high: Number = None
    warning_low: Number = None
    warning_high: Number = None
    alarm_low: Number = None
    alarm_high: Number = None
    deadband: Annotated[float, Field(ge=0, allow_inf_nan=False), _NoBoolean] = 0.0
    warning_delay_s: Seconds = 0.0
    alarm_delay_s: Seconds = 0.0
    off_delay_s: Seconds = 0.0
    warning_priority: AlarmPriority | None = None
    alarm_priority: AlarmPriority | None = None


class LimitsHistory(Shape):
    """One change: who, when, why, from what to what."""

    at: Instant
    by: str
    reason: str
    before: PointLimits
    after: PointLimits


class PointLimitsDetail(Shape):
    """The limits of one point with their history, newest first. `version` counts changes (`ETag`)."""

    asset: str
    point: str
    unit: str
    version: int
    limits: PointLimits
    history: list[LimitsHistory]


class PointTemplateOut(Shape):
    """A point as its class defines it. ``unit`` is UCUM, empty when unknown; ``is_difference``: it is the difference of
    two temperatures."""

    key: str
    name: Name
    unit: str
    kind: PointKind
    limits: PointLimits
    physical_low: float | None
    physical_high: float | None
    stale_after_s: float | None
    failure_mode: str | None
    in_model: bool
    is_difference: bool

    @classmethod
    def of_template(cls, template: PointTemplate) -> Self:
        """From the class's data."""
        return cls.model_validate(template)


class Point(PointTemplateOut):
    """A point of an asset."""

    @classmethod
    def of(cls, point: DomainPoint) -> Self:
        """From the ledger's record."""
        return cls.of_template(point.template)


class PointList(Shape):
    """The points of an asset, in the order of its class."""

    items: list[Point]
    next_cursor: str | None
