"""Shapes of points and their limits."""

from typing import Self

from api.shapes import Name, Shape
from plantroom.domain.assets import Point as DomainPoint
from plantroom.domain.assets import PointKind, PointTemplate, Status


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


class PointTemplateOut(Shape):
    """A point as its class defines it. ``unit`` is UCUM, empty when unknown."""

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
