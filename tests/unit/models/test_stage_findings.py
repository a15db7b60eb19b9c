"""What the stage notices, and what it rightly does not."""

from pathlib import Path

import numpy as np
import pytest

from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, Health, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from tests.unit.models.machine import Bench, batch, healthy, plant, row_of, window, with_status

LEARNED = plant([window(399)])


def test_noise_alone_raises_nothing(bench: Bench) -> None:
    assert bench.play(healthy(3000, seed=3), LEARNED) == []
    assert bench.stage.health("a1") is Health.GOOD


def test_a_lasting_step_raises_one_finding_of_the_matching_mode(bench: Bench) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.8
    [finding] = bench.play(machine, LEARNED)
    assert isinstance(finding, FindingRaised)
    assert (finding.failure_mode, finding.source, finding.safety) == ("valve_closed", FindingSource.MODEL, False)
    assert 700 <= row_of(finding) <= 760
    assert bench.stage.health("a1") is Health.ACT


def test_a_finding_says_what_deviates_by_how_much(bench: Bench) -> None:
    machine = healthy(1000)
    machine["vibration"][700:] *= 2.0
    [finding] = bench.play(machine, LEARNED)
    assert isinstance(finding, FindingRaised)
    first = finding.evidence[0]
    assert (finding.failure_mode, finding.severity, first.point) == ("bearing_wear", Severity.MAJOR, "vibration")
    assert first.contribution > 0.9
    assert 0 < sum(e.contribution for e in finding.evidence) <= 1
    assert first.expected == pytest.approx(2.0, abs=0.02)
    assert first.value is not None
    assert 2.4 < first.value < 4.1
    assert finding.detail["score"] > finding.detail["threshold"] == 8.0
    assert 0.5 <= finding.detail["confidence"] <= 1.0
    assert (finding.received_at - finding.observed_at).total_seconds() == pytest.approx(0.04)


def test_it_clears_once_the_machine_is_back_and_not_before(bench: Bench) -> None:
    machine = healthy(2000)
    machine["flow"][700:1100] *= 0.8
    raised, cleared = bench.play(machine, LEARNED)
    assert isinstance(raised, FindingRaised)
    assert isinstance(cleared, FindingCleared)
    assert cleared.failure_mode == raised.failure_mode
    assert 1160 <= row_of(cleared) <= 1400
    assert bench.stage.health("a1") is Health.GOOD


def test_a_value_dithering_round_the_threshold_does_not_flap(bench: Bench) -> None:
    machine = healthy(3000)
    machine["flow"][700:] *= 0.9 + 0.03 * np.sin(np.arange(2300) / 40)
    assert len(bench.play(machine, LEARNED)) == 1


def test_a_point_of_no_mode_gives_an_unclassified_finding(bench: Bench) -> None:
    machine = healthy(1000)
    machine["humidity"][700:] += 30.0
    [finding] = bench.play(machine, LEARNED)
    assert isinstance(finding, FindingRaised)
    assert (finding.failure_mode, finding.severity) == (UNCLASSIFIED, Severity.GENERAL)


def test_one_deviation_that_moves_many_points_is_one_finding(bench: Bench) -> None:
    machine = healthy(2000)
    machine["flow"][700:] *= 0.7
    machine["pressure"][700:] *= 1.3
    machine["humidity"][710:] += 20.0
    machine["vibration"][720:] *= 1.6
    [finding] = bench.play(machine, LEARNED)
    assert finding.failure_mode == "valve_closed"


def test_two_whole_groups_at_once_are_two_findings(bench: Bench) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.7
    machine["pressure"][700:] *= 1.5
    machine["vibration"][700:] *= 2.0
    machine["bearing_temp"][700:] += 30.0
    assert {f.failure_mode for f in bench.play(machine, LEARNED)} == {"valve_closed", "bearing_wear"}


def test_an_open_finding_does_not_mask_a_later_fault(bench: Bench) -> None:
    machine = healthy(4000)
    machine["flow"][700:] *= 0.7
    machine["vibration"][2500:] *= 2.0
    first, second = bench.play(machine, LEARNED)
    assert (first.failure_mode, second.failure_mode) == ("valve_closed", "bearing_wear")
    assert 2500 <= row_of(second) <= 2560


def test_a_temperature_that_never_settles_raises_nothing(bench: Bench) -> None:
    machine = healthy(3000)
    machine["bearing_temp"] += 2.5 * (1 - np.exp(-np.arange(3000) / 900.0))
    assert bench.play(machine, LEARNED) == []


def test_a_tiny_shift_of_a_very_quiet_point_raises_nothing(bench: Bench) -> None:
    machine = healthy(1500)
    machine["pressure"] = np.full(1500, 4.0)
    machine["pressure"][700:] = 4.05
    assert bench.play(machine, LEARNED) == []


def test_wild_single_rows_raise_nothing(bench: Bench) -> None:
    machine = healthy(1500)
    machine["flow"][700] = 1e6
    machine["current"][[800, 801]] = -1e6
    assert bench.play(machine, LEARNED) == []


def test_constant_input_raises_nothing_and_a_change_of_it_does(bench: Bench) -> None:
    machine = {key: np.full(1500, value[0]) for key, value in healthy(1).items()}
    machine["flow"][900:] *= 0.5
    [finding] = bench.play(machine, LEARNED)
    assert 900 <= row_of(finding) <= 960


def test_missing_values_and_points_in_separate_messages_change_nothing(bench: Bench) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.8
    gone = np.random.default_rng(5)
    for column in machine.values():
        column[gone.random(1500) < 0.3] = np.nan
    machine["pressure"][500:] = np.nan
    [finding] = bench.play(machine, LEARNED)
    assert finding.failure_mode == "valve_closed"
    assert 700 <= row_of(finding) <= 770


def test_a_silent_point_does_not_end_its_finding(bench: Bench) -> None:
    machine = healthy(2000)
    machine["flow"][700:] *= 0.8
    machine["flow"][900:] = np.nan
    assert [type(f) for f in bench.play(machine, LEARNED)] == [FindingRaised]


def test_the_unit_a_point_is_measured_in_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.85
    other = {**machine, "flow": machine["flow"] / 3.6}
    (tmp_path / "other").mkdir()
    second = Bench(tmp_path / "other")
    ours, theirs = bench.play(machine, LEARNED), second.play(other, LEARNED)
    second.store.close()
    assert [row_of(f) for f in ours] == [row_of(f) for f in theirs]
    assert len(ours) == 1


def test_the_hour_of_day_changes_nothing(bench: Bench) -> None:
    """Times move by days, values stay: the same rows raise."""
    machine = healthy(1500)
    machine["flow"][700:] *= 0.85
    [ours] = bench.play(machine, LEARNED)
    late = {key: np.concatenate([np.full(200_000, np.nan), column]) for key, column in machine.items()}
    bench.stage.restore(b"")
    shifted = plant([window(200_399, 200_000, number=2)])
    [theirs] = bench.play(late, shifted, first=200_000)
    assert row_of(theirs) - 200_000 == row_of(ours)


def test_once_a_minute_is_judged_like_once_a_second(bench: Bench) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.8
    learned = plant([window(399, step_ms=60_000)])
    [finding] = bench.play(machine, learned, step_ms=60_000)
    assert 702 <= row_of(finding, 60_000) <= 715


def test_a_standing_machine_is_not_judged_nor_its_start(bench: Bench) -> None:
    machine = healthy(2500)
    running = np.ones(2500)
    running[700:1200] = 0.0
    machine["flow"][700:1200] = 0.0
    machine["current"][700:1200] = 0.0
    machine["current"][1200:1260] *= 2.0
    machine["vibration"][2000:] *= 2.0
    machine["running"] = running
    [finding] = bench.play(machine, plant([window(399)], gated=True))
    assert finding.failure_mode == "bearing_wear"
    assert 2000 <= row_of(finding) <= 2060


def test_standing_rows_inside_the_window_are_not_learned(bench: Bench) -> None:
    machine = healthy(1500)
    machine["running"] = np.ones(1500)
    for key in (*machine,):
        machine[key][100:200] = 0.0
    machine["flow"][900:] *= 0.9
    [finding] = bench.play(machine, plant([window(399)], gated=True))
    assert finding.failure_mode == "valve_closed"


@pytest.mark.parametrize("status", [AssetStatus.UNDER_MAINTENANCE, AssetStatus.OUT_OF_SERVICE])
def test_an_asset_that_is_not_in_service_is_not_judged(bench: Bench, status: AssetStatus) -> None:
    machine = healthy(1500)
    machine["flow"][700:] *= 0.5
    assert bench.play(machine, with_status(LEARNED, status)) == []


def test_late_and_bad_readings_never_reach_the_detector(bench: Bench) -> None:
    machine = healthy(1500)
    bench.play({key: column[:700] for key, column in machine.items()}, LEARNED)
    machine["flow"][700:] *= 0.5
    for start in range(700, 1500, 50):
        given = batch(machine, start, start + 50)
        flow = next(i for i, ref in enumerate(given.readings.series) if ref.point == "flow")
        if start < 1100:
            given.live[given.readings.series_id == flow] = False
        else:
            given.readings.reason[given.readings.series_id == flow] = 101
        assert bench.give(given, LEARNED) == []


def test_without_a_model_nothing_is_judged(bench: Bench) -> None:
    machine = healthy(1000)
    machine["flow"][500:] = 0.0
    assert bench.play(machine, plant([])) == []
    assert bench.stage.health("a1") is Health.UNKNOWN
    assert bench.stage.health_report() == []


def test_the_health_report_tells_each_scored_asset_once(bench: Bench) -> None:
    machine = healthy(800)
    bench.play({key: column[:600] for key, column in machine.items()}, LEARNED)
    [entry] = bench.stage.health_report()
    assert (entry.asset, entry.health, entry.threshold) == ("a1", Health.GOOD, 8.0)
    assert 0.0 <= entry.score < 2.5
    assert bench.stage.health_report() == []
    bench.give(batch(machine, 600, 650), LEARNED)
    assert [e.asset for e in bench.stage.health_report()] == ["a1"]


def test_assets_in_one_batch_are_kept_apart(bench: Bench) -> None:
    both = plant([window(399), window(399, number=2, asset="a2")], assets=2)
    well, ill = healthy(1200), healthy(1200, seed=2)
    ill["flow"][700:] *= 0.7
    findings = []
    for start in range(0, 1200, 100):
        findings += bench.give(batch(well, start, start + 100), both)
        findings += bench.give(batch(ill, start, start + 100, asset="a2"), both)
    assert [f.asset for f in findings] == ["a2"]
