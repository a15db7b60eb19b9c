"""The columns of the points, with those of the sensor behind each."""

from dataclasses import replace
from typing import Any

from maintenance.imports.columns import Headings, columns_of
from maintenance.imports.fields import (
    NEEDED,
    Field,
    by_key,
    date_field,
    name_field,
    number_field,
    text_field,
    whole_field,
    word_field,
    yes_no_field,
)
from maintenance.imports.words import POINT_KINDS, PRIORITIES, STATUSES_OF_FIGURES
from plantroom.domain.assets import PointTemplate, Status
from plantroom.domain.parts import PointSensor

COLUMNS = columns_of("points")
_DAY_S = 86_400.0


def _of_limits(made: Field[Any]) -> Field[PointTemplate]:
    """The field of a point's limits, on the point's template."""

    def put(template: PointTemplate, value: Any) -> PointTemplate:
        return replace(template, limits=made.put(template.limits, value))

    return replace(made, get=lambda template: made.get(template.limits), put=put, attribute=None)


def _limit(name: str) -> Field[PointTemplate]:
    return _of_limits(number_field(COLUMNS[name], name))


def _seconds(name: str) -> Field[PointTemplate]:
    return _of_limits(replace(number_field(COLUMNS[name], name, 0, _DAY_S), empty=NEEDED))


def _status() -> Field[PointTemplate]:
    made = word_field(COLUMNS["status"], "status", STATUSES_OF_FIGURES)
    return _of_limits(replace(made, get=lambda limits: limits.status.value, put=_put_status, attribute=None))


def _put_status(limits: Any, value: str) -> Any:
    return replace(limits, status=Status(value))


TEMPLATE_FIELDS: tuple[Field[PointTemplate], ...] = (
    name_field(COLUMNS["name"], "name", "zh"),
    name_field(COLUMNS["name_en"], "name", "en"),
    text_field(COLUMNS["unit"], "unit", 100, NEEDED),
    word_field(COLUMNS["kind"], "kind", POINT_KINDS),
    *map(_limit, ("alarm_low", "warning_low", "normal_low", "normal_high", "warning_high", "alarm_high")),
    _of_limits(replace(number_field(COLUMNS["deadband"], "deadband", 0), empty=0.0)),
    *map(_seconds, ("warning_delay_s", "alarm_delay_s", "off_delay_s")),
    _of_limits(word_field(COLUMNS["warning_priority"], "warning_priority", PRIORITIES, None)),
    _of_limits(word_field(COLUMNS["alarm_priority"], "alarm_priority", PRIORITIES, None)),
    _of_limits(text_field(COLUMNS["source"], "source", 500)),
    _status(),
    number_field(COLUMNS["physical_low"], "physical_low"),
    number_field(COLUMNS["physical_high"], "physical_high"),
    number_field(COLUMNS["stuck_after_s"], "stuck_after_s", 0),
    number_field(COLUMNS["stale_after_s"], "stale_after_s", 0),
    text_field(COLUMNS["failure_mode"], "failure_mode", 100, None),
    yes_no_field(COLUMNS["in_model"], "in_model"),
)
SENSOR_FIELDS: tuple[Field[PointSensor], ...] = (
    text_field(COLUMNS["sensor_serial"], "serial", 200),
    date_field(COLUMNS["calibrated_on"], "calibrated_on"),
    whole_field(COLUMNS["interval_days"], "interval_days", 1, 36_600, None),
    text_field(COLUMNS["certificate"], "certificate", 200),
)
TEMPLATE_BY_KEY, SENSOR_BY_KEY = by_key(TEMPLATE_FIELDS), by_key(SENSOR_FIELDS)
_OFFERED = {one.key: one.column for one in TEMPLATE_FIELDS} | {one.key: one.column for one in SENSOR_FIELDS}
COLUMN_ORDER = tuple(_OFFERED.get(key, column) for key, column in COLUMNS.items())
HEADINGS = Headings(COLUMN_ORDER)
LIMITS = frozenset(
    [
        "alarm_low",
        "warning_low",
        "normal_low",
        "normal_high",
        "warning_high",
        "alarm_high",
        "deadband",
        "warning_delay_s",
        "alarm_delay_s",
        "off_delay_s",
        "warning_priority",
        "alarm_priority",
    ]
)
"""Columns whose change is a change of the limits, which has a history."""
