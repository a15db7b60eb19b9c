"""A fire main held by a jockey pump: a leak rate empties the pressure vessel, the jockey fills it again.

The main pump starts by itself when the pressure falls below its start pressure and the controller is in AUTO.
Pressures in MPa at the pump outlet; the worst point lies ``static_head`` lower.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.physics import (
    EPOCH_2025_S,
    Chunk,
    Climate,
    Fault,
    Floats,
    RngState,
    SimEvent,
    clock_seconds,
    fault_level,
    hourly_count,
    lag,
    last_hour,
    new_rng,
    resume_rng,
    rounded,
    wander,
)

STEP_S = 1
FAULTS = ("pipe_leak", "low_pressure", "low_tank", "not_in_auto", "supply", "frost", "pump_failure")

_DECIMALS = {"main_pressure": 4, "worst_point_pressure": 4, "room_temp": 2, "tank_level": 2}

PUMP_ROOM = Climate(mean_c=18.0, season_c=5.0, day_c=1.0)
"""Temperature of the fire pump room."""


@dataclass(frozen=True, slots=True)
class FirePumpSetConfig:
    """Set points in MPa, rates in MPa/s."""

    jockey_start: float = 0.72
    jockey_stop: float = 0.80
    pump_start: float = 0.65
    pump_pressure: float = 0.95
    static_head: float = 0.50
    leak_rate: float = 0.08 / 1500
    fill_rate: float = 0.08 / 20
    tank_level: float = 98.0
    climate: Climate = PUMP_ROOM


@dataclass(frozen=True, slots=True)
class FirePumpSetState:
    """Everything that the next second depends on."""

    second: int
    rng: RngState
    pressure: float
    room_c: float = 18.0
    tank: float = 0.0
    jockey: bool = False
    pump: bool = False
    in_auto: bool = True
    main_supply: bool = True
    sound: bool = True
    starts: int = 0
    recent_starts: tuple[float, ...] = ()


def initial(config: FirePumpSetConfig, seed: int, name: str, second: int) -> FirePumpSetState:
    """The set at an instant, the vessel partly filled."""
    rng = new_rng(seed, name)
    pressure = config.jockey_start + (config.jockey_stop - config.jockey_start) * float(rng.random())
    starts = max(0, second - EPOCH_2025_S) // 1500
    return FirePumpSetState(second, rng.bit_generator.state, pressure, starts=starts)


def simulate(
    config: FirePumpSetConfig, state: FirePumpSetState, seconds: int, faults: Sequence[Fault] = ()
) -> tuple[Chunk, FirePumpSetState]:
    """``seconds`` of operation from ``state`` on, a row a second, and the state after them. O(seconds)."""
    t = clock_seconds(state.second, seconds, STEP_S)
    if len(t) == 0:
        return Chunk(t.astype(np.int64), {}), state
    rng = resume_rng(state.rng)
    noise = rng.standard_normal((len(t), 5))
    level = {mode: fault_level(faults, mode, t) for mode in FAULTS}
    flags = {
        "auto_mode": level["not_in_auto"] < 0.5,
        "supply_main": level["supply"] < 0.5,
        "sound": level["pump_failure"] < 0.5,
    }
    pressure, jockey, pump = _pressure(config, state, level, flags["auto_mode"] & flags["sound"])
    began = jockey & ~np.concatenate(([state.jockey], jockey[:-1]))
    starts = state.starts + np.cumsum(began)
    moments = (*state.recent_starts, *t[began].tolist())
    tank = wander(noise[:, 0], state.tank, 3600.0, STEP_S, 0.08)
    room = lag(config.climate.outdoor_c(t) - 19 * level["frost"], state.room_c, 1800.0, STEP_S)
    columns = {
        "main_pressure": pressure + 0.0008 * noise[:, 1],
        "worst_point_pressure": pressure - config.static_head + 0.0008 * noise[:, 2],
        "jockey_running": jockey.astype(np.float64),
        "jockey_starts": starts.astype(np.float64),
        "jockey_starts_per_hour": hourly_count(t, moments),
        "tank_level": np.minimum(config.tank_level + tank - 14 * level["low_tank"] + 0.03 * noise[:, 3], 100.0),
        "room_temp": room + 0.08 * noise[:, 4],
        "pump_current": pump * 86.0 + np.where(pump, 0.5 * noise[:, 4], 0.0),
        "pump_running": pump.astype(np.float64),
        "auto_mode": flags["auto_mode"].astype(np.float64),
        "supply_main": flags["supply_main"].astype(np.float64),
        "supply_standby": np.ones(len(t)),
    }
    ts_ms = (t * 1000).astype(np.int64)
    events = _events(state, ts_ms, {**flags, "pump": pump})
    after = FirePumpSetState(
        second=state.second + seconds,
        rng=rng.bit_generator.state,
        pressure=float(pressure[-1]),
        room_c=float(room[-1]),
        tank=float(tank[-1]),
        jockey=bool(jockey[-1]),
        pump=bool(pump[-1]),
        in_auto=bool(flags["auto_mode"][-1]),
        main_supply=bool(flags["supply_main"][-1]),
        sound=bool(flags["sound"][-1]),
        starts=int(starts[-1]),
        recent_starts=last_hour(moments, float(t[-1])),
    )
    return Chunk(ts_ms, rounded(columns, _DECIMALS), events), after


def _pressure(
    config: FirePumpSetConfig, state: FirePumpSetState, level: Mapping[str, Floats], may_start: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Pressure, jockey and main pump second by second: two-point control against the loss."""
    loss = config.leak_rate * (1 + 20 * level["pipe_leak"]) + 4 * config.fill_rate * level["low_pressure"]
    pressure, jockey, pump = state.pressure, state.jockey, state.pump
    rows: list[tuple[float, bool, bool]] = []
    for lost, allowed in zip((loss * STEP_S).tolist(), may_start.tolist(), strict=True):
        pressure += (config.fill_rate * STEP_S if jockey else 0.0) - lost
        pressure = max(pressure, config.static_head - 0.35)
        if pressure <= config.jockey_start:
            jockey = True
        elif pressure >= config.jockey_stop:
            jockey = False
        pump = pump or (allowed and pressure < config.pump_start)
        if pump:
            pressure = config.pump_pressure
        rows.append((pressure, jockey, pump))
    values, jockeys, pumps = zip(*rows, strict=True)
    return np.array(values), np.array(jockeys), np.array(pumps)


def _events(
    state: FirePumpSetState,
    ts_ms: NDArray[np.int64],
    flags: Mapping[str, NDArray[np.bool_]],
) -> tuple[SimEvent, ...]:
    """What the controller reports when a flag changes."""
    told = {
        "auto_mode": (state.in_auto, "back_in_auto", "not_in_auto"),
        "supply_main": (state.main_supply, "supply_restored", "supply_lost"),
        "sound": (state.sound, None, "pump_fault"),
        "pump": (state.pump, "pump_started", "pump_stopped"),
    }
    safety = {"not_in_auto", "supply_lost", "pump_fault", "pump_started"}
    found: list[SimEvent] = []
    for name, (before, risen, fallen) in told.items():
        changed = np.flatnonzero(np.diff(flags[name].astype(np.int8), prepend=np.int8(before)))
        for i in changed:
            event = risen if flags[name][i] else fallen
            if event is not None:
                found.append(SimEvent(int(ts_ms[i]), event, "safety" if event in safety else "info"))
    return tuple(sorted(found, key=lambda e: e.ts_ms))
