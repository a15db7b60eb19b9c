"""The simulated machines: right keys, reproducible, seamless, and physical."""

from collections.abc import Sequence

import numpy as np
import pytest

from plantroom.catalogue import equipment_class
from simulators.machines import MACHINES, ahu, fire_pump_set, pump
from simulators.physics import Chunk, Fault, new_rng, small_counts

NOON = 1_795_233_600
"""Noon of 21 November 2026 in Shanghai."""

SUMMER = NOON - 123 * 86_400
"""Noon of 21 July: the air handlers cool with their coils and not with the air outside."""

ALL = sorted(MACHINES)
RAMPS = [(key, mode) for key in ALL for mode in MACHINES[key].faults]

SIGNS = {
    ("pump", "bearing"): ("vibration", 1),
    ("pump", "cavitation"): ("suction_pressure", -1),
    ("pump", "impeller"): ("frequency", 1),
    ("pump", "seal_leak"): ("seal_leak", 1),
    ("pump", "short_cycling"): ("starts_per_hour", 1),
    ("pump", "leak"): ("flow", 1),
    ("pump", "motor_overload"): ("winding_temp", 1),
    ("elevator", "door_drive"): ("door_time", 1),
    ("elevator", "brake"): ("brake_release_time", 1),
    ("elevator", "traction"): ("rope_slip", 1),
    ("elevator", "machine_bearing"): ("machine_vibration", 1),
    ("elevator", "guide_shoes"): ("vibration", 1),
    ("elevator", "lock_contact"): ("lock_breaks", 1),
    ("elevator", "room_heat"): ("machine_room_temp", 1),
    ("ahu", "filter_clog"): ("filter_dp", 1),
    ("ahu", "belt_slip"): ("vibration", 1),
    ("ahu", "coil_valve"): ("cooling_valve", 1),
    ("ahu", "damper"): ("mixed_temp", 1),
    ("fire_pump_set", "pipe_leak"): ("jockey_starts_per_hour", 1),
    ("fire_pump_set", "low_pressure"): ("pump_running", 1),
    ("fire_pump_set", "low_tank"): ("tank_level", -1),
    ("fire_pump_set", "not_in_auto"): ("auto_mode", -1),
    ("fire_pump_set", "supply"): ("supply_main", -1),
    ("fire_pump_set", "frost"): ("room_temp", -1),
    ("fire_panel", "fire"): ("active_alarms", 1),
    ("fire_panel", "fault"): ("open_faults", 1),
    ("fire_panel", "disabled"): ("disabled_points", 1),
    ("fire_panel", "detector_dirty"): ("detector_drift", 1),
    ("fire_panel", "battery"): ("battery_voltage", -1),
    ("fire_panel", "mains"): ("mains_ok", -1),
    ("fire_panel", "not_in_auto"): ("auto_mode", -1),
}


def run(key: str, seconds: int, faults: Sequence[Fault] = (), seed: int = 7, start: int = NOON) -> Chunk:
    machine = MACHINES[key]
    config = machine.config_type()
    state = machine.initial(config, seed, "X-1", start - 6 * 3600)
    _, state = machine.simulate(config, state, 6 * 3600, ())
    chunk, _ = machine.simulate(config, state, seconds, faults)
    return chunk


@pytest.mark.parametrize("key", ALL)
def test_a_machine_shows_exactly_the_points_of_its_class(key: str) -> None:
    assert set(run(key, 600).columns) == {p.key for p in equipment_class(key).points if not p.optional}


@pytest.mark.parametrize("key", ALL)
def test_its_failure_modes_are_those_of_its_class(key: str) -> None:
    assert set(MACHINES[key].faults) <= {m.key for m in equipment_class(key).failure_modes}


@pytest.mark.parametrize("key", ALL)
def test_the_same_seed_gives_the_same_run_and_another_seed_another(key: str) -> None:
    first, again, other = run(key, 1200), run(key, 1200), run(key, 1200, seed=8)
    name = next(k for k, v in first.columns.items() if len(set(v.tolist())) > 5)
    assert all(np.array_equal(first.columns[k], again.columns[k]) for k in first.columns)
    assert not np.array_equal(first.columns[name][:10], other.columns[name][:10])


@pytest.mark.parametrize("key", ALL)
def test_a_run_in_pieces_equals_one_run(key: str) -> None:
    machine = MACHINES[key]
    config = machine.config_type()
    begin = machine.initial(config, 3, "X-1", NOON)
    faults = [Fault(mode, NOON + 400, 900, 0.8) for mode in machine.faults]
    whole, end = machine.simulate(config, begin, 3600, faults)
    state, pieces = begin, []
    for seconds in (5, 995, 0, 1600, 1000):
        piece, state = machine.simulate(config, state, seconds, faults)
        pieces.append(piece)
    assert state == end
    assert np.array_equal(np.concatenate([p.ts_ms for p in pieces]), whole.ts_ms)
    for name, values in whole.columns.items():
        joined = np.concatenate([p.columns[name] for p in pieces if len(p)])
        assert np.array_equal(joined, values), name
    assert tuple(e for p in pieces for e in p.events) == whole.events


@pytest.mark.parametrize("start", [NOON, SUMMER, NOON + 60 * 86_400])
@pytest.mark.parametrize("key", ALL)
def test_a_sound_machine_stays_within_its_limits_and_ranges_for_a_day(key: str, start: int) -> None:
    chunk = run(key, 86_400, start=start)
    assert not chunk.events
    for point in equipment_class(key).points:
        if point.optional:
            continue
        values, limits = chunk.columns[point.key], point.limits
        for bound in (limits.warning_high, limits.alarm_high, point.physical_high):
            assert bound is None or values.max() <= bound, (point.key, values.max(), bound)
        for bound in (limits.warning_low, limits.alarm_low, point.physical_low):
            assert bound is None or values.min() >= bound, (point.key, values.min(), bound)


@pytest.mark.parametrize(("key", "mode"), [pair for pair in RAMPS if pair != ("fire_pump_set", "pump_failure")])
def test_a_failure_mode_shows_in_its_point(key: str, mode: str) -> None:
    name, sign = SIGNS[key, mode]
    sound = run(key, 7200, start=SUMMER).columns[name]
    faulty = run(key, 7200, [Fault(mode, SUMMER + 600, 1800)], start=SUMMER).columns[name]
    tail = len(sound) // 4
    change = sign * (faulty[-tail:].mean() - sound[-tail:].mean())
    assert change > 3 * max(sound[-tail:].std(), 1e-6) / np.sqrt(tail), change
    assert abs(change) > 0.02 * abs(sound.mean()), change


def test_halved_speed_gives_a_quarter_of_the_head() -> None:
    config = pump.PumpConfig()
    full = pump.head(config, np.array([40.0]), np.array([1.0]))
    half = pump.head(config, np.array([20.0]), np.array([0.5]))
    assert half[0] == pytest.approx(full[0] / 4)


def test_halved_speed_takes_an_eighth_of_the_power() -> None:
    config = pump.PumpConfig()
    flow, speed = np.array([40.0]), np.array([1.0])
    full = pump.shaft_power(config, flow, pump.head(config, flow, speed), speed)
    half = pump.shaft_power(config, flow / 2, pump.head(config, flow / 2, speed / 2), speed / 2)
    assert half[0] == pytest.approx(full[0] / 8)


def test_the_pump_holds_its_set_pressure_over_the_day() -> None:
    pressure = run("pump", 86_400).columns["discharge_pressure"]
    assert np.all(np.abs(pressure - 0.42) < 0.02)


def test_demand_peaks_in_the_morning_and_in_the_evening() -> None:
    chunk = run("pump", 86_400)
    hour = ((chunk.ts_ms / 1000 + 8 * 3600) % 86_400) / 3600
    flow = {h: chunk.columns["flow"][np.floor(hour) == h].mean() for h in (3, 7, 15, 19)}
    assert min(flow[7], flow[19]) > 1.5 * flow[15] > 1.5 * flow[3]


def test_a_worn_impeller_at_full_speed_loses_pressure() -> None:
    morning = NOON - 5 * 3600
    config = pump.PumpConfig(demand_peak=0.65)
    state = pump.initial(config, 7, "X-1", morning)
    chunk, _ = pump.simulate(config, state, 3600, [Fault("impeller", morning, 600)])
    assert chunk.columns["frequency"][-600:].max() > 49
    assert chunk.columns["discharge_pressure"][-600:].min() < 0.40


def test_a_leak_makes_the_jockey_pump_start_more_often() -> None:
    sound = run("fire_pump_set", 7200).columns["jockey_starts_per_hour"][-1]
    leaking = run("fire_pump_set", 7200, [Fault("pipe_leak", NOON, 600)]).columns["jockey_starts_per_hour"][-1]
    assert sound <= 4
    assert leaking > 25


def test_the_jockey_pump_keeps_the_main_between_its_set_points() -> None:
    pressure = run("fire_pump_set", 14_400).columns["main_pressure"]
    assert pressure.min() == pytest.approx(0.72, abs=0.005)
    assert pressure.max() == pytest.approx(0.80, abs=0.008)


def test_the_fire_pump_starts_only_in_auto() -> None:
    burst = Fault("low_pressure", NOON + 60, 60)
    started = run("fire_pump_set", 1800, [burst])
    assert started.columns["pump_running"][-1] == 1
    assert [e.event for e in started.events] == ["pump_started"]
    held = run("fire_pump_set", 1800, [burst, Fault("not_in_auto", NOON, 0)])
    assert held.columns["pump_running"][-1] == 0
    assert [e.event for e in held.events] == ["not_in_auto"]


def test_a_pump_failure_is_reported() -> None:
    chunk = run("fire_pump_set", 600, [Fault("pump_failure", NOON + 60, 0)])
    assert [(e.event, e.ts_ms, e.severity) for e in chunk.events] == [("pump_fault", (NOON + 60) * 1000, "safety")]


def test_a_fire_alarm_is_reported_at_its_instant() -> None:
    chunk = run("fire_panel", 600, [Fault("fire", NOON + 60, 0)])
    assert [(e.event, e.ts_ms, e.severity) for e in chunk.events] == [("fire_alarm", (NOON + 60) * 1000, "safety")]


def test_a_clogged_filter_has_more_pressure_drop_at_the_same_flow() -> None:
    config = ahu.AhuConfig()
    flow, day = np.array([10_000.0]), np.zeros(1)
    clean = ahu.filter_drop(config, flow, np.array([0.0]), day)
    clogged = ahu.filter_drop(config, flow, np.array([1.0]), day)
    assert clogged[0] > 2 * clean[0]
    assert ahu.filter_drop(config, 2 * flow, np.array([0.0]), day)[0] == pytest.approx(4 * clean[0])


def test_mixed_air_lies_between_outdoor_and_return() -> None:
    columns = run("ahu", 7200).columns
    low = np.minimum(columns["outdoor_temp"], columns["return_temp"]) - 0.6
    high = np.maximum(columns["outdoor_temp"], columns["return_temp"]) + 0.6
    assert np.all((columns["mixed_temp"] >= low) & (columns["mixed_temp"] <= high))


def test_elevators_run_more_at_the_peaks_than_at_night() -> None:
    chunk = run("elevator", 86_400)
    hour = ((chunk.ts_ms / 1000 + 8 * 3600) % 86_400) / 3600
    assert (np.floor(hour) == 8).sum() > 1.5 * (np.floor(hour) == 3).sum()
    assert np.all(np.diff(chunk.ts_ms) >= 16_000)
    assert np.all(np.diff(chunk.columns["trips"]) == 1)


def test_counters_never_fall() -> None:
    for key in ALL:
        chunk = run(key, 7200, [Fault(mode, NOON, 600) for mode in MACHINES[key].faults if mode != "low_pressure"])
        for point in equipment_class(key).points:
            if point.kind == "counter":
                assert np.all(np.diff(chunk.columns[point.key]) >= 0), (key, point.key)


def test_small_counts_have_the_mean_they_were_asked_for() -> None:
    counts = small_counts(new_rng(1, "x").random(20_000), np.full(20_000, 0.7))
    assert counts.mean() == pytest.approx(0.7, abs=0.02)


def test_the_jockey_constants_fit() -> None:
    config = fire_pump_set.FirePumpSetConfig()
    assert config.pump_start < config.jockey_start < config.jockey_stop < config.pump_pressure
