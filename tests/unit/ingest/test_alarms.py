"""Limit alarms: deadband and delays on observed time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.alarms import LimitAlarms
from plantroom.domain.assets import AssetStatus, Limits, Plant, Priority, Severity, Source
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.stages import StreamBatch
from tests.examples import examples
from tests.unit.ingest.plants import AUTO_MODE, CLASSES, NOON_MS, PRESSURE, plant_of, pump

SERIES = [SeriesRef("demo", "pump", "key-P-1", point) for point in ("pressure", "auto_mode")]


def stream(rows: list[tuple[float, float]], point: int = 0, reason: int = 0, live: bool = True) -> StreamBatch:
    """(seconds after noon, value) of one point."""
    count = len(rows)
    ts = np.array([NOON_MS + round(1000 * s) for s, _ in rows], np.int64)
    readings = ReadingBatch(
        SERIES,
        np.full(count, point, np.int32),
        ts,
        np.array([value for _, value in rows], np.float64),
        np.full(count, reason, np.uint8),
    )
    return StreamBatch(readings, np.full(count, live), ts + 40, "demo")


def told(findings: list[Finding] | tuple[Finding, ...]) -> list[tuple[str, str, float]]:
    return [
        (
            "raised" if isinstance(f, FindingRaised) else "cleared",
            f.subject,
            f.observed_at.timestamp() - NOON_MS / 1000,
        )
        for f in findings
    ]


def watch(
    rows: list[tuple[float, float]], plant: Plant | None = None, point: int = 0, reason: int = 0, live: bool = True
) -> list[Finding]:
    return list(LimitAlarms(CLASSES).process(stream(rows, point, reason, live), plant or plant_of()))


def test_a_value_beyond_the_limit_for_the_on_delay_raises_warning_and_alarm() -> None:
    found = watch([(s, 1.2) for s in range(12)])
    assert told(found) == [("raised", "pressure:alarm_high", 5.0), ("raised", "pressure:warning_high", 10.0)]
    alarm, warning = found
    assert isinstance(alarm, FindingRaised)
    assert isinstance(warning, FindingRaised)
    assert (alarm.failure_mode, alarm.severity, warning.severity) == ("over_pressure", Severity.MAJOR, Severity.INFO)
    assert (alarm.evidence[0].point, alarm.evidence[0].value, alarm.evidence[0].expected) == ("pressure", 1.2, 1.0)


def test_a_short_excursion_raises_nothing() -> None:
    assert watch([(0, 1.2), (4, 1.2), (5, 0.5), (6, 1.2), (10, 1.2), (10.9, 0.5)]) == []


def test_exactly_at_the_limit_is_not_beyond_it() -> None:
    assert watch([(s, 0.8) for s in range(30)]) == []


def test_it_clears_only_inside_by_the_deadband_for_the_off_delay() -> None:
    up = [(s, 0.9) for s in range(11)]
    found = watch([*up, (20, 0.77), (40, 0.74), (42, 0.9), (50, 0.74), (54, 0.74), (55, 0.74)])
    assert told(found) == [("raised", "pressure:warning_high", 10.0), ("cleared", "pressure:warning_high", 55.0)]
    assert isinstance(found[1], FindingCleared)


def test_a_state_has_limits_like_any_other_point() -> None:
    found = watch([(0, 1), (1, 0), (6, 0), (9, 1)], point=1)
    assert told(found) == [("raised", "auto_mode:alarm_low", 6.0), ("cleared", "auto_mode:alarm_low", 9.0)]
    assert isinstance(found[0], FindingRaised)
    assert (found[0].failure_mode, found[0].severity) == ("unclassified", Severity.GENERAL)


@pytest.mark.parametrize(("reason", "live"), [(100, True), (0, False)])
def test_bad_and_late_readings_are_not_judged(reason: int, live: bool) -> None:
    assert watch([(s, 1.2) for s in range(30)], reason=reason, live=live) == []


def test_a_silence_beyond_staleness_begins_the_delay_anew() -> None:
    assert watch([(0, 1.2), (500, 1.2), (504, 1.2)]) == []


def test_an_alarm_of_a_safety_source_is_a_safety_finding_also_under_maintenance() -> None:
    asset = pump(status=AssetStatus.UNDER_MAINTENANCE)
    plant = plant_of([asset], [Source(asset.key, priority=Priority.SAFETY)])
    found = watch([(s, 1.2) for s in range(7)], plant)
    assert isinstance(found[0], FindingRaised)
    assert found[0].safety
    assert found[0].detail["tags"] == ["under_maintenance"]


def test_an_alarm_whose_limit_is_taken_away_clears() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream([(s, 1.2) for s in range(12)]), plant_of())
    without = plant_of(templates=[replace(PRESSURE, limits=Limits(alarm_high=1.0)), AUTO_MODE], revision=2)
    assert told(list(stage.process(stream([(13, 1.2)]), without))) == [("cleared", "pressure:warning_high", 11.0)]


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(ValueError):
        LimitAlarms(CLASSES).restore(b"nonsense")


@settings(max_examples=examples(80))
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.5, 0.77, 0.9, 1.2])), max_size=40), st.integers(0, 40))
def test_a_restart_anywhere_gives_the_same_findings(steps: list[tuple[int, float]], cut: int) -> None:
    clock, rows = 0.0, []
    for step, value in steps:
        clock += step
        rows.append((clock, value))
    whole = watch(rows)

    first = LimitAlarms(CLASSES)
    found = list(first.process(stream(rows[:cut]), plant_of()))
    second = LimitAlarms(CLASSES)
    second.restore(first.snapshot())
    found += second.process(stream(rows[cut:]), plant_of())
    assert sorted(found, key=lambda f: f.finding_id) == sorted(whole, key=lambda f: f.finding_id)


def test_a_clock_set_back_does_not_keep_an_alarm_from_being_raised() -> None:
    found = watch([(290, 1.2), *((s, 1.2) for s in range(20))])
    assert told(found) == [("raised", "pressure:alarm_high", 5.0), ("raised", "pressure:warning_high", 10.0)]
