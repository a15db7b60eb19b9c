"""A limit that says what a safety event of its class says is a safety alarm, and as fast, whatever its source."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ingest.alarms import LimitAlarms
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import AlarmPriority, AssetStatus, Limits, PointTemplate, Priority, Severity, Source
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

CLASSES = equipment_classes()


def watch(
    equipment_class: str,
    point: str,
    *values: float,
    status: AssetStatus = AssetStatus.IN_SERVICE,
    priority: Priority | None = None,
    changed: PointTemplate | None = None,
) -> list[Finding]:
    """What the limits make of one point's values, ten seconds apart."""
    asset = pump(equipment_class=equipment_class, status=status)
    templates = {one.key: one for one in CLASSES[equipment_class].points}
    if changed is not None:
        templates[changed.key] = changed
    sources = [] if priority is None else [Source(asset.key, priority=priority)]
    plant = plant_of([asset], sources, tuple(templates.values()))
    ts = NOON_MS + 10_000 * np.arange(len(values), dtype=np.int64)
    series = [SeriesRef("demo", equipment_class, asset.key, point)]
    none = np.zeros(len(values), np.int32)
    batch = ReadingBatch(series, none, ts, np.array(values, np.float64), none.astype(np.uint8))
    alarms = LimitAlarms(CLASSES, lane=Lane.NORMAL)
    return list(alarms.process(StreamBatch(batch, np.ones(len(values), np.bool_), ts + 40, "demo"), plant))


@pytest.mark.parametrize("status", [AssetStatus.IN_SERVICE, AssetStatus.UNDER_MAINTENANCE])
@pytest.mark.parametrize(
    ("equipment_class", "point", "value", "mode"),
    [
        ("fire_panel", "active_alarms", 1, "fire"),
        ("fire_panel", "active_alarms", 37, "fire"),
        ("fire_panel", "auto_mode", 0, "not_in_auto"),
        ("fire_pump_set", "auto_mode", 0, "not_in_auto"),
        ("smoke_fan", "auto_mode", 0, "not_in_auto"),
        ("elevator", "car_speed", 116, "overspeed"),
    ],
)
def test_one_reading_is_a_safety_alarm_at_once(
    equipment_class: str, point: str, value: float, mode: str, status: AssetStatus
) -> None:
    (found,) = watch(equipment_class, point, value, status=status)
    assert isinstance(found, FindingRaised)
    assert (found.failure_mode, found.severity, found.safety) == (mode, Severity.CRITICAL, True)
    assert found.observed_at.timestamp() == NOON_MS / 1000
    assert found.detail["priority"] == AlarmPriority.CRITICAL


@pytest.mark.parametrize(("point", "value"), [("supply_main", 0), ("supply_standby", 0), ("tank_level", 60)])
def test_so_is_one_that_has_to_stand_for_a_while(point: str, value: float) -> None:
    found = watch("fire_pump_set", point, *[value] * 7)
    assert [(one.subject, one.safety) for one in found if isinstance(one, FindingRaised)] == [
        (f"{point}:alarm_low", True)
    ]


@pytest.mark.parametrize("equipment_class", ["fire_panel", "fire_pump_set", "smoke_fan"])
def test_a_switch_that_is_told_when_it_is_turned_is_over_and_told_again(equipment_class: str) -> None:
    found = watch(equipment_class, "auto_mode", 0, 1, 0, 1, 0)
    assert [type(one) for one in found] == [FindingRaised, FindingCleared, FindingRaised, FindingCleared, FindingRaised]


def test_a_panel_that_is_reset_is_over_at_once_and_another_zone_is_the_same_alarm() -> None:
    found = watch("fire_panel", "active_alarms", 0, 1, 3, 0)
    assert [type(one) for one in found] == [FindingRaised, FindingCleared]


def test_its_warnings_are_none() -> None:
    found = watch("fire_pump_set", "tank_level", *[93.0] * 70)
    assert [(one.subject, one.safety) for one in found if isinstance(one, FindingRaised)] == [
        ("tank_level:warning_low", False)
    ]


@pytest.mark.parametrize(
    ("equipment_class", "point", "value"),
    [
        ("chiller", "superheat", 20),
        ("heating", "make_up_rate", 5),
        ("fire_panel", "disabled_points", 2),
        ("pump", "vibration", 20),
    ],
)
def test_a_limit_that_speaks_of_something_else_is_none(equipment_class: str, point: str, value: float) -> None:
    found = watch(equipment_class, point, *[value] * 400)
    assert [one.safety for one in found if isinstance(one, FindingRaised) and one.subject.endswith("high")]
    assert not any(one.safety for one in found if isinstance(one, FindingRaised))


def test_a_flow_limit_of_the_plants_own_is_none_though_a_flooded_room_is_of_the_same_mode() -> None:
    flow = next(one for one in CLASSES["pump"].points if one.key == "flow")
    own = replace(flow, limits=Limits(alarm_high=100, alarm_delay_s=0, source="ours"))
    (found,) = watch("pump", "flow", 150, changed=own)
    assert isinstance(found, FindingRaised)
    assert (found.failure_mode, found.safety) == ("leak", False)


def test_an_unclassified_point_speaks_for_no_event() -> None:
    """The duct's smoke detector is of no mode of the air handler, and neither is a point that names none."""
    duct = next(one for one in CLASSES["ahu"].points if one.failure_mode is None)
    own = replace(duct, limits=Limits(alarm_high=1, alarm_delay_s=0, source="ours"))
    (found,) = watch("ahu", duct.key, 10, changed=own)
    assert isinstance(found, FindingRaised)
    assert (found.failure_mode, found.safety) == ("unclassified", False)


def test_a_fire_pump_that_runs_is_told_at_once_and_in_a_test_under_an_order_it_is_quiet() -> None:
    """The weekly start isolates the set: limits that are no safety alarms are held back while it lasts."""
    for status, priority in product((AssetStatus.IN_SERVICE, AssetStatus.UNDER_MAINTENANCE), (None, *Priority)):
        begun, ended = watch("fire_pump_set", "pump_running", 0, 1, 1, 0, status=status, priority=priority)
        assert isinstance(begun, FindingRaised)
        assert isinstance(ended, FindingCleared)
        assert (begun.failure_mode, begun.severity, begun.safety) == ("pump_started", Severity.CRITICAL, False)
    (begun,) = watch("pump", "vibration", *[20] * 40, priority=Priority.SAFETY)[:1]
    assert isinstance(begun, FindingRaised)
    assert begun.safety, "on a safety source every other alarm limit is one"


def test_a_jockey_pump_that_does_its_work_alarms_nobody() -> None:
    assert watch("fire_pump_set", "jockey_running", 0, 1, 1, 0, 1) == []
    assert watch("fire_pump_set", "pump_running", *[0] * 20) == []
