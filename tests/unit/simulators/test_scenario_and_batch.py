"""Scenarios, nuisances and batch files."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from plantroom.errors import BadData, NotFound
from simulators.batch import write_batch
from simulators.nuisances import Nuisance, NuisanceKind
from simulators.scenario import Scenario, load_scenario, parse_scenario, scenario_names
from simulators.stream import AssetStream, baseline_rows

START = datetime(2026, 11, 21, 4, tzinfo=UTC)
BEGIN = int(START.timestamp())

SMALL = """
site = "demo"
seed = 5
[[assets]]
code = "P-1"
class = "pump"
zh = "泵"
en = "Pump"
faults = [{ mode = "bearing", start_s = 60, duration_s = 120, severity = 0.5 }]
nuisances = [{ kind = "missing", size = 0.1 }, { kind = "stuck", point = "flow", start_s = 30, duration_s = 20 }]
events = [{ at_s = 45, event = "pump_tripped", severity = "major" }]
"""


def small(*nuisances: Nuisance) -> Scenario:
    scenario = parse_scenario(SMALL, "small")
    return replace(scenario, assets=(replace(scenario.assets[0], faults=(), nuisances=nuisances, events=()),))


def test_the_demo_shows_all_four_systems_and_one_developing_fault() -> None:
    demo = load_scenario("demo")
    kinds = [a.equipment_class for a in demo.assets]
    assert demo.site == "demo"
    assert kinds.count("elevator") >= 2
    assert kinds.count("pump") >= 2
    assert kinds.count("ahu") == 2
    assert kinds.count("fire_pump_set") == kinds.count("fire_panel") == 1
    assert [(a.code, f.mode, f.start_s) for a in demo.assets for f in a.faults] == [("P-2", "bearing", 25.0)]


def test_healthy_is_the_demo_without_faults() -> None:
    demo, healthy = load_scenario("demo"), load_scenario("healthy")
    assert [a.code for a in healthy.assets] == [a.code for a in demo.assets]
    assert [a.config for a in healthy.assets] == [a.config for a in demo.assets]
    assert not any(a.faults or a.events for a in healthy.assets)


def test_scenarios_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert set(scenario_names()) >= {"demo", "healthy"}
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_scenario(str(file)).name == "small"
    with pytest.raises(NotFound, match="demo"):
        load_scenario("nowhere")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('class = "pump"', 'class = "submarine"', "submarine"),
        ('mode = "bearing"', 'mode = "mutiny"', "mutiny"),
        ('en = "Pump"', 'en = "Pump"\nconfig = { colour = 1 }', "colour"),
        ('code = "P-1"', 'code = "P/1"', "P/1"),
        ("severity = 0.5", "severity = 2", "severity"),
        ('site = "demo"', "", "site"),
        (' point = "flow",', "", "needs a point"),
        ('en = "Pump"', 'en = "Pump"\nevery_s = 0', "every_s"),
    ],
)
def test_a_wrong_scenario_says_what_is_wrong(old: str, new: str, complaint: str) -> None:
    assert old in SMALL
    with pytest.raises(BadData, match=complaint):
        parse_scenario(SMALL.replace(old, new), "small")


def test_a_random_start_is_drawn_from_the_seed() -> None:
    text = SMALL.replace("start_s = 60", "start_s = [100, 5000]")
    first, again = parse_scenario(text, "s"), parse_scenario(text, "s")
    other = parse_scenario(text.replace("seed = 5", "seed = 6"), "s")
    start = first.assets[0].faults[0].start_s
    assert 100 <= start <= 5000
    assert again.assets[0].faults[0].start_s == start != other.assets[0].faults[0].start_s


def test_a_lost_message_leaves_a_hole_in_seq() -> None:
    scenario = small(Nuisance(NuisanceKind.MISSING, size=0.1))
    piece = AssetStream(scenario, scenario.assets[0], BEGIN).advance(2000)
    assert 1700 < len(piece) < 1900
    assert np.array_equal(piece.seq, (piece.ts_ms // 1000) - BEGIN)


def test_a_restart_begins_a_new_boot_at_seq_0() -> None:
    scenario = small(Nuisance(NuisanceKind.RESTART, start_s=100, duration_s=30))
    piece = AssetStream(scenario, scenario.assets[0], BEGIN).advance(200)
    assert len(piece) == 170
    assert piece.seq[99] == 99
    assert (piece.seq[100], piece.boot[100], piece.ts_ms[100]) == (0, 1, (BEGIN + 130) * 1000)


def test_a_stuck_sensor_repeats_the_value_it_stuck_at_over_pieces() -> None:
    stuck = small(Nuisance(NuisanceKind.STUCK, start_s=50, duration_s=100, point="flow"))
    true = small()
    stream = AssetStream(stuck, stuck.assets[0], BEGIN)
    shown = np.concatenate([stream.advance(n).columns["flow"] for n in (60, 60, 80)])
    sound = AssetStream(true, true.assets[0], BEGIN).advance(200).columns["flow"]
    assert np.all(shown[50:150] == sound[50])
    assert np.array_equal(shown[150:], sound[150:])


def test_a_drifting_sensor_and_a_jumping_clock() -> None:
    scenario = small(
        Nuisance(NuisanceKind.DRIFT, size=3600.0, point="flow"),
        Nuisance(NuisanceKind.CLOCK_JUMP, start_s=10, duration_s=5, size=-3600.0),
    )
    true = small()
    shown = AssetStream(scenario, scenario.assets[0], BEGIN).advance(20)
    sound = AssetStream(true, true.assets[0], BEGIN).advance(20)
    assert shown.columns["flow"] - sound.columns["flow"] == pytest.approx(np.arange(20.0))
    assert shown.ts_ms[12] == sound.ts_ms[12] - 3_600_000
    assert np.array_equal(shown.due_ms, sound.ts_ms)


def test_pieces_of_a_stream_equal_the_whole_with_all_nuisances() -> None:
    scenario = parse_scenario(SMALL, "small")
    whole = AssetStream(scenario, scenario.assets[0], BEGIN).advance(300)
    stream = AssetStream(scenario, scenario.assets[0], BEGIN)
    pieces = [stream.advance(n) for n in (7, 93, 1, 199)]
    for name, values in whole.columns.items():
        assert np.array_equal(np.concatenate([p.columns[name] for p in pieces]), values), name
    assert np.array_equal(np.concatenate([p.seq for p in pieces]), whole.seq)
    assert [e for p in pieces for e in p.events] == list(whole.events)
    assert [e.event for e in whole.events] == ["pump_tripped"]


def test_an_elevator_sends_its_first_trip_at_once() -> None:
    demo = load_scenario("demo")
    assert len(AssetStream(demo, demo.asset("E-1"), BEGIN).advance(5)) == 1


def test_baseline_rows_are_normal_history_up_to_an_instant() -> None:
    demo = load_scenario("demo")
    end_ms = BEGIN * 1000 + 1234
    chunks = list(baseline_rows(demo, demo.asset("P-2"), 2, end_ms))
    ts_ms = np.concatenate([c.ts_ms for c in chunks])
    vibration = np.concatenate([c.columns["vibration"] for c in chunks])
    assert len(ts_ms) == 720
    assert np.all(np.diff(ts_ms) == 10_000)
    assert end_ms - 10_000 <= ts_ms[-1] < end_ms
    assert vibration.max() < 3.2


def test_the_baseline_covers_what_the_sound_live_part_shows() -> None:
    demo = load_scenario("demo")
    pump = demo.asset("P-1")
    history = list(baseline_rows(demo, pump, 24, BEGIN * 1000))
    live = AssetStream(demo, pump, BEGIN).advance(900)
    for name in ("flow", "frequency", "vibration", "discharge_pressure", "bearing_temp"):
        known = np.concatenate([c.columns[name] for c in history])
        assert known.min() - 0.5 * known.std() <= live.columns[name].mean() <= known.max() + 0.5 * known.std(), name


def test_a_batch_writes_rows_and_labels(tmp_path: Path) -> None:
    result = write_batch(parse_scenario(SMALL, "small"), tmp_path, START, hours=0.1)
    with (tmp_path / "P-1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert result.rows == {"P-1": len(rows)}
    assert 290 < len(rows) < 350
    (asset,) = labels["assets"]
    (fault,) = asset["faults"]
    assert fault["failure_mode"] == "bearing"
    assert datetime.fromisoformat(fault["start"]) == START + timedelta(seconds=60)
    assert datetime.fromisoformat(fault["failure"]) == START + timedelta(seconds=180)
    assert [n["kind"] for n in asset["nuisances"]] == ["missing", "stuck"]
    assert [e["event"] for e in asset["events"]] == ["pump_tripped"]
    before = [float(r["vibration"]) for r in rows if datetime.fromisoformat(r["time"]) < START + timedelta(seconds=60)]
    after = [float(r["vibration"]) for r in rows if datetime.fromisoformat(r["time"]) > START + timedelta(seconds=180)]
    assert min(after) > max(before)


def test_the_same_batch_twice_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_batch(parse_scenario(SMALL, "small"), tmp_path / name, START, hours=0.05)
    assert (tmp_path / "a" / "P-1.csv").read_bytes() == (tmp_path / "b" / "P-1.csv").read_bytes()
