"""Shapes of points and their limits."""

from datetime import date
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field

from api.shapes import AssetRef, Instant, Name, NameIn, NewName, Payload, Shape, Why
from plantroom.domain.alarms import MAX_DELAY_S
from plantroom.domain.assets import AlarmPriority, LimitOrigin, PointKind, PointTemplate, Status
from plantroom.domain.assets import Point as DomainPoint
from plantroom.domain.parts import PointSensor


class PointLimits(Shape):
    """Limits in the point's unit; ``null`` where there is none. Delays in seconds of observed time. ``source`` names
    the basis in words, ``origin`` whose word it is: the maker's of this machine, a standard's, or our own."""

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
    origin: LimitOrigin = LimitOrigin.STANDARD


def _no_boolean(value: object) -> object:
    if not isinstance(value, bool):
        return value
    raise ValueError("应为数字，不是true或false / should be a number, not true or false")


_NoBoolean = BeforeValidator(_no_boolean)
Number = Annotated[float | None, Field(allow_inf_nan=False), _NoBoolean]
Seconds = Annotated[float, Field(ge=0, le=MAX_DELAY_S), _NoBoolean]


class LimitsChange(Payload):
    """The limits to change, in the point's unit, with the reason; what is left out stays, ``null`` takes a limit away.
    `warning_priority` and `alarm_priority`: ``null`` lets them follow from the failure mode. `origin`: whose word the
    new limits are; left out: our own."""

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
    origin: LimitOrigin = LimitOrigin.OWN


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
    two temperatures; ``optional``: a machine may well do without, as it is taken on a round or by a rare sensor."""

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
    optional: bool = False

    @classmethod
    def of_template(cls, template: PointTemplate) -> Self:
        """From the class's data."""
        return cls.model_validate(template)


class Sensor(Shape):
    """The sensor behind a point. ``calibration_due``: the last day on which its calibration holds; ``null`` when it
    needs none or was never calibrated."""

    serial: str
    calibrated_on: date | None
    interval_days: int | None
    certificate: str
    calibration_due: date | None

    @classmethod
    def of(cls, sensor: PointSensor) -> Self:
        """From the ledger's record."""
        return cls(
            serial=sensor.serial,
            calibrated_on=sensor.calibrated_on,
            interval_days=sensor.interval_days,
            certificate=sensor.certificate,
            calibration_due=sensor.due_on,
        )


class Point(PointTemplateOut):
    """A point of an asset. ``own``: its class does not have it."""

    sensor: Sensor | None = None
    own: bool = False

    @classmethod
    def of(cls, point: DomainPoint, sensor: PointSensor | None = None, own: bool = False) -> Self:
        """From the ledger's records."""
        shown = PointTemplateOut.of_template(point.template)
        return cls(**dict(shown), sensor=None if sensor is None else Sensor.of(sensor), own=own)


class PointList(Shape):
    """The points of an asset, in the order of its class."""

    items: list[Point]
    next_cursor: str | None


class PointDetail(Point):
    """One point. ``version`` counts its changes by hand (``ETag``); its limits have their own."""

    asset: str
    version: int


SHORT = 200
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]


class SensorFields(Payload):
    """What may be said of a point and its sensor when it is made and changed later."""

    physical_low: Number = None
    physical_high: Number = None
    stale_after_s: Annotated[float | None, Field(gt=0, allow_inf_nan=False), _NoBoolean] = None
    failure_mode: Annotated[str | None, Field(max_length=SHORT)] = None
    sensor_serial: Annotated[str, Field(max_length=SHORT)] = ""
    calibrated_on: Day | None = None
    interval_days: Annotated[int | None, Field(ge=1, le=36_500)] = None
    certificate: Annotated[str, Field(max_length=SHORT)] = ""


class PointCreate(SensorFields):
    """A point of this asset alone, beside those of its class. Its unit (UCUM) is frozen once it is there. Left out of
    a key that the class knows: what the class says."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "shaft_temp",
                    "name": {"zh": "轴温", "en": "Shaft temperature"},
                    "unit": "Cel",
                    "interval_days": 365,
                }
            ]
        }
    )

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    name: NameIn = NameIn()
    unit: Annotated[str, Field(max_length=40)] = ""
    kind: PointKind = PointKind.MEASURE


class PointChange(SensorFields):
    """What is to change of a point; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sensor_serial": "PT-8841", "calibrated_on": "2026-03-02", "interval_days": 365}]
        }
    )

    name: NewName = NameIn()


class DueCalibration(Shape):
    """A sensor to be calibrated."""

    asset: AssetRef
    site: str
    point: str
    name: Name
    sensor: Sensor


class DueCalibrationList(Shape):
    """Sensors to be calibrated, those that never were first, then the longest overdue."""

    items: list[DueCalibration]
    next_cursor: str | None
