"""Sensor faults: a live point that says nothing good any more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.alarm_book import AlarmBook
from ingest.alarms import LimitAlarms
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.sensor_faults import SensorFaults
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import (
    SENSOR_FAULT,
    AlarmPriority,
    Asset,
    AssetStatus,
    LocalName,
    Plant,
    Point,
    Priority,
    Severity,
    Site,
    Source,
    SourceClock,
)
from plantroom.domain.findings import Finding, FindingRaised, FindingSource
from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.ports.stages import StreamBatch
from plantroom.wire import encode_telemetry
from tests.examples import examples
from tests.unit.ingest.plants import AUTO_MODE, CLASSES, NOON_MS, PRESSURE, RUNNING, VIBRATION, plant_of, pump
from tests.unit.ingest.test_alarm_moves import standing
from tests.unit.ingest.test_alarms import SERIES, told

OUT, STUCK, SAID = Reason.OUT_OF_RANGE, Reason.STUCK, Reason.SAID_BAD
Row = tuple[float, float, int]
"""Seconds after noon, value, reason."""

ORDINARY = plant_of()
SAFETY = plant_of(sources=[Source("key-P-1", priority=Priority.SAFETY)], revision=2)


def rows(begin: float, end: float, value: float = -25.0, reason: int = OUT, step: float = 10) -> list[Row]:
    return [(float(s), value, reason) for s in np.arange(begin, end + 0.1, step)]


def stream(of: Sequence[Row], point: int = 0, live: bool = True) -> StreamBatch:
    count = len(of)
    ts = np.array([NOON_MS + round(1000 * s) for s, _, _ in of], np.int64)
    value, reason = np.array([v for _, v, _ in of], np.float64), np.array([r for _, _, r in of], np.uint8)
    readings = ReadingBatch(SERIES, np.full(count, point, np.int32), ts, value, reason)
    return StreamBatch(readings, np.full(count, live), ts + 40, "demo")


def watch(of: Sequence[Row], plant: Plant = ORDINARY, point: int = 0, live: bool = True) -> list[Finding]:
    return list(SensorFaults(CLASSES).process(stream(of, point, live), plant))


def test_a_point_that_says_nothing_good_for_five_minutes_is_a_sensor_fault() -> None:
    found = watch([*rows(0, 60, 0.5, 0), *rows(70, 1000)])
    assert told(found) == [("raised", "pressure:sensor", 370.0)]
    (fault,) = found
    assert isinstance(fault, FindingRaised)
    assert (fault.failure_mode, fault.severity, fault.safety) == (SENSOR_FAULT, Severity.GENERAL, False)
    assert (fault.source, fault.evidence[0].point, fault.evidence[0].value) == (FindingSource.LIMIT, "pressure", -25.0)
    assert (fault.detail["reason"], fault.detail["value"]) == ("out_of_range", -25.0)
    assert fault.detail["bad_since"] == "2026-11-21T12:01:10+00:00"
    assert fault.detail["priority"] == AlarmPriority.MEDIUM.value


@pytest.mark.parametrize("reason", [OUT, STUCK, SAID])
def test_whatever_makes_a_reading_bad_counts(reason: Reason) -> None:
    (fault,) = watch(rows(0, 300, 0.4, reason))
    assert isinstance(fault, FindingRaised)
    assert fault.detail["reason"] == reason.name.lower()


def test_one_good_reading_begins_the_delay_anew() -> None:
    assert watch([*rows(0, 290), (295, 0.5, 0), *rows(300, 590)]) == []


def test_uncertain_readings_are_good_ones() -> None:
    assert watch(rows(0, 1000, 0.5, Reason.RECEIVE_TIME)) == []


def test_late_readings_say_nothing() -> None:
    assert watch(rows(0, 1000), live=False) == []


def test_it_is_over_with_the_first_good_reading_and_not_told_again_before_its_delay() -> None:
    found = watch([*rows(0, 390), (400, 0.5, 0), *rows(410, 700), (705, 0.5, 0), *rows(710, 1010)])
    assert told(found) == [
        ("raised", "pressure:sensor", 300.0),
        ("cleared", "pressure:sensor", 400.0),
        ("raised", "pressure:sensor", 1010.0),
    ]


def test_a_silence_of_more_than_a_day_begins_the_delay_anew() -> None:
    assert watch([(0, -25, OUT), (86_500, -25, OUT)]) == []
    assert told(watch([(0, -25, OUT), (86_300, -25, OUT)])) == [("raised", "pressure:sensor", 86_300.0)]


def test_a_slow_point_is_told_of_at_its_next_reading_whatever_its_pace() -> None:
    assert told(watch([(0, 0.5, 0), (900, -1, OUT), (1800, -1, OUT)])) == [("raised", "pressure:sensor", 1800.0)]


def test_an_alarm_point_of_a_safety_source_is_told_of_after_a_minute_and_weighs_more() -> None:
    (fault,) = watch(rows(0, 600), SAFETY)
    assert told([fault]) == [("raised", "pressure:sensor", 60.0)]
    assert isinstance(fault, FindingRaised)
    assert fault.detail["priority"] == AlarmPriority.HIGH.value
    assert fault.detail["safety_source"] is True


def test_a_point_of_a_safety_source_without_alarm_limits_has_time_and_mutes_no_safety_alarm() -> None:
    plain = replace(
        SAFETY, points={"key-P-1": {"pressure": Point("key-P-1", replace(PRESSURE, limits=VIBRATION.limits))}}
    )
    (fault,) = watch(rows(0, 600), plain)
    assert told([fault]) == [("raised", "pressure:sensor", 300.0)]
    assert isinstance(fault, FindingRaised)
    assert (fault.detail["priority"], fault.detail["safety_source"]) == (AlarmPriority.MEDIUM.value, False)


def test_a_machine_of_criticality_a_weighs_more_as_its_silence_does() -> None:
    (fault,) = watch(rows(0, 600), plant_of([pump(criticality="A")]))
    assert isinstance(fault, FindingRaised)
    assert (fault.detail["priority"], fault.detail["safety_source"]) == (AlarmPriority.HIGH.value, False)


def test_under_maintenance_it_is_tagged_so_and_no_safety_finding() -> None:
    maintained = replace(SAFETY, assets={"key-P-1": pump(status=AssetStatus.UNDER_MAINTENANCE)})
    (fault,) = watch(rows(0, 600), maintained)
    assert isinstance(fault, FindingRaised)
    assert (fault.detail["tags"], fault.safety) == (["under_maintenance"], False)


def test_the_fault_of_a_point_that_is_no_more_is_over() -> None:
    stage = SensorFaults(CLASSES)
    stage.process(stream(rows(0, 400)), ORDINARY)
    without = plant_of(templates=[AUTO_MODE], revision=2)
    assert told(list(stage.follow(without, "demo"))) == [("cleared", "pressure:sensor", 400.0)]


def test_what_is_no_snapshot_is_refused() -> None:
    for state in (b"nonsense", b"[1]", b'[["a", "b"]]'):
        with pytest.raises(ValueError):
            SensorFaults(CLASSES).restore(state)


def test_a_fault_moves_with_its_source_and_is_over_in_the_other_lane() -> None:
    book = AlarmBook()
    normal, safety = SensorFaults(CLASSES, book, Lane.NORMAL), SensorFaults(CLASSES, book, Lane.SAFETY)
    assert len(normal.process(stream(rows(0, 400)), ORDINARY)) == 1
    normal.snapshot()
    assert list(safety.process(stream(rows(410, 500)), SAFETY)) == []
    found = safety.process(stream(rows(510, 600, 0.5, 0)), SAFETY)
    assert told(list(found)) == [("cleared", "pressure:sensor", 510.0)]
    assert list(normal.follow(SAFETY, "demo")) == []


def test_a_fault_on_its_way_to_the_ledger_is_not_taken_over() -> None:
    book = AlarmBook()
    normal, safety = SensorFaults(CLASSES, book, Lane.NORMAL), SensorFaults(CLASSES, book, Lane.SAFETY)
    normal.process(stream(rows(0, 400)), ORDINARY)
    normal.hand_over()
    assert list(safety.process(stream(rows(410, 600, 0.5, 0)), SAFETY)) == []


def test_sound_sensors_and_those_that_stand_as_broken_are_not_gone_through_one_by_one() -> None:
    class Counted(SensorFaults):
        looked = 0

        def _judge(self, *row: object) -> list[Finding]:  # type: ignore[override]
            self.looked += 1
            return list(super()._judge(*row))  # type: ignore[arg-type]

    stage = Counted(CLASSES)
    stage.process(stream(rows(0, 1000, 0.5, 0)), ORDINARY)
    assert stage.looked == 0
    stage.process(stream(rows(1010, 1020)), ORDINARY)
    begun = stage.looked
    assert begun == 2
    stage.process(stream(rows(1030, 1300)), ORDINARY)
    assert stage.looked == begun
    assert told(list(stage.process(stream(rows(1310, 1400)), ORDINARY))) == [("raised", "pressure:sensor", 1310.0)]
    begun = stage.looked
    assert list(stage.process(stream(rows(1410, 9000)), ORDINARY)) == []
    assert list(stage.process(stream(rows(0, 9000, 1.0, 0), point=1), ORDINARY)) == []
    assert stage.looked == begun
    found = stage.process(stream(rows(9010, 9100, 0.5, 0)), ORDINARY)
    assert told(list(found)) == [("cleared", "pressure:sensor", 9010.0)]


STEPS = st.lists(
    st.tuples(st.sampled_from([5, 40, 61, 200, -100, -400]), st.sampled_from([0, 0, OUT, OUT, OUT, STUCK])), max_size=40
)


@settings(max_examples=examples(80))
@given(STEPS, st.integers(0, 40))
def test_a_restart_anywhere_gives_the_same_findings(steps: list[tuple[int, int]], cut: int) -> None:
    clock, all_of = 0.0, list[Row]()
    for step, reason in steps:
        clock += step
        all_of.append((clock, 0.5, reason))
    whole, first, second = watch(all_of), SensorFaults(CLASSES), SensorFaults(CLASSES)
    found = list(first.process(stream(all_of[:cut]), ORDINARY))
    second.restore(first.snapshot())
    assert found + list(second.process(stream(all_of[cut:]), ORDINARY)) == whole
    singly = SensorFaults(CLASSES)
    assert [one for row in all_of for one in singly.process(stream([row]), ORDINARY)] == whole
    assert standing(whole) <= {"pressure:sensor"}


REAL = equipment_classes()
NAME = LocalName("名", "name")


def found_in_hours(
    kind: str, point: str, before: float, after: float, clock: SourceClock = SourceClock.LIVE
) -> list[Finding]:
    """What a safety source of a class brings whose point is sound for five minutes, in a message a minute."""
    asset = Asset("k", "s", "P", kind, NAME)
    points = {p.key: Point("k", p) for p in REAL[kind].points}
    plant = Plant(
        1, {"s": Site("s", NAME)}, {"k": asset}, {("s", "P"): "k"}, {"k": points},
        {"k": Source("k", priority=Priority.SAFETY, clock=clock)}, [],
    )  # fmt: skip
    stages = (LimitAlarms(REAL, lane=Lane.SAFETY), SensorFaults(REAL, lane=Lane.SAFETY))
    pipeline = Pipeline("s", Lane.SAFETY, stages, REAL, PresenceTracker(REAL))
    pipeline.follow(plant)
    found, ago_ms = list[Finding](), 0 if clock is SourceClock.LIVE else 10**9
    for n in range(200):
        at = NOON_MS + 60_000 * n
        body = encode_telemetry(at - ago_ms, {point: before + 0.001 * n if n < 5 else after})
        batch = pipeline.sort([SpoolRecord(n + 1, at, "plantroom/s/P/telemetry", body)])
        read = pipeline.read(batch)
        pipeline.conclude(batch, read, [()] * len(read.columns))
        for look in pipeline.watches(read, [()] * len(read.columns)):
            found += look().findings
    return found


@pytest.mark.parametrize(
    ("kind", "point", "before", "after"),
    [
        ("fire_pump_set", "tank_level", 98.0, -25.0),
        ("fire_pump_set", "worst_point_pressure", 0.25, -0.2),
        ("pump", "bearing_temp", 60.0, 250.0),
        ("pump", "vibration", 2.0, 150.0),
    ],
)
@pytest.mark.parametrize("clock", SourceClock)
def test_a_point_that_went_beyond_its_sensor_is_no_longer_mute(
    kind: str, point: str, before: float, after: float, clock: SourceClock
) -> None:
    (fault,) = found_in_hours(kind, point, before, after, clock)
    assert isinstance(fault, FindingRaised)
    assert (fault.failure_mode, fault.subject) == (SENSOR_FAULT, f"{point}:sensor")


def test_bad_readings_are_counted_by_their_reason() -> None:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(plant_of(templates=[PRESSURE, RUNNING]))
    for n in range(3):
        body = encode_telemetry(NOON_MS + n, {"pressure": 9.0 if n else 0.5, "running": 1.0})
        batch = pipeline.sort([SpoolRecord(n + 1, NOON_MS + n, "plantroom/demo/P-1/telemetry", body)])
        read = pipeline.read(batch)
        pipeline.conclude(batch, read, [()] * len(read.columns))
    assert pipeline.totals.by_reason() == {"bad_out_of_range": 2}


@pytest.mark.parametrize(
    ("key", "safety"), [("tank_level", True), ("auto_mode", True), ("pump_running", False), ("room_temp", False)]
)
@pytest.mark.parametrize("priority", [None, Priority.NORMAL])
def test_the_sensor_of_a_limit_that_is_a_safety_alarm_by_its_class_weighs_as_one(
    key: str, safety: bool, priority: Priority | None
) -> None:
    """Whatever its source: a fire tank whose loop is broken is looked at after a minute."""
    asset = pump(equipment_class="fire_pump_set")
    template = next(one for one in REAL["fire_pump_set"].points if one.key == key)
    plant = plant_of([asset], [] if priority is None else [Source(asset.key, priority=priority)], (template,))
    batch = stream(rows(0, 600))
    readings = replace(batch.readings, series=[SeriesRef("demo", "fire_pump_set", asset.key, key)])
    (fault,) = SensorFaults(REAL).process(replace(batch, readings=readings), plant)
    assert told([fault]) == [("raised", f"{key}:sensor", 60.0 if safety else 300.0)]
    assert isinstance(fault, FindingRaised)
    assert fault.detail["safety_source"] is safety
