"""A variable-speed pump that holds its discharge pressure against a demand with a morning and an evening peak.

Curve at speed n (share of rated): H = H0 n^2 - k Q^2, which obeys the affinity laws (Q ~ n, H ~ n^2, P ~ n^3;
Gulich, Centrifugal Pumps, ch. 3). All figures are those of a small booster pump, ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulators.physics import (
    EPOCH_2025_S,
    Chunk,
    Climate,
    Fault,
    Floats,
    RngState,
    clock_seconds,
    fault_level,
    hourly_count,
    lag,
    last_hour,
    new_rng,
    peaks,
    resume_rng,
    rounded,
    wander,
)

STEP_S = 1
METRES_PER_MPA = 101.97
FAULTS = ("bearing", "cavitation", "impeller", "seal_leak", "short_cycling", "leak", "motor_overload")

_DECIMALS = {
    "suction_pressure": 4,
    "discharge_pressure": 4,
    "flow": 2,
    "bearing_temp": 2,
    "winding_temp": 2,
    "ambient_temp": 2,
    "seal_leak": 1,
    "run_hours": 3,
}

PUMP_ROOM = Climate(mean_c=20.0, season_c=5.0, day_c=1.5)
"""Temperature of the room the pump stands in."""


@dataclass(frozen=True, slots=True)
class PumpConfig:
    """Nameplate and surroundings. Heads in m, flows in m3/h, pressures in MPa, temperatures in Celsius."""

    rated_flow: float = 45.0
    rated_head: float = 48.0
    shutoff_head: float = 62.0
    set_pressure: float = 0.42
    suction_pressure: float = 0.06
    rated_hz: float = 50.0
    efficiency: float = 0.72
    demand_floor: float = 0.25
    demand_peak: float = 0.50
    peak_hours: tuple[float, ...] = (7.5, 19.5)
    weekend_demand: float = 1.0
    unbalance: float = 1.7
    vessel_m3: float = 1.2
    climate: Climate = PUMP_ROOM


@dataclass(frozen=True, slots=True)
class PumpState:
    """Everything that the next second depends on."""

    second: int
    rng: RngState
    demand: float = 0.0
    ripple: float = 0.0
    suction: float = 0.0
    bearing_c: float = 45.0
    winding_c: float = 60.0
    cycle: float = 0.0
    running: bool = True
    starts: int = 0
    recent_starts: tuple[float, ...] = ()
    run_s: int = 0


def initial(_config: PumpConfig, seed: int, name: str, second: int) -> PumpState:
    """The pump at an instant, before its temperatures have settled."""
    age = max(0, second - EPOCH_2025_S)
    return PumpState(second, new_rng(seed, name).bit_generator.state, starts=age // 40_000, run_s=age * 96 // 100)


def curve_k(config: PumpConfig) -> float:
    """Steepness of the pump curve in m/(m3/h)^2."""
    return (config.shutoff_head - config.rated_head) / config.rated_flow**2


def head(config: PumpConfig, flow: Floats, speed: Floats, wear: Floats | float = 0.0) -> Floats:
    """Head in m at a flow in m3/h and a speed as a share of the rated one; ``wear`` 0..1 of the impeller."""
    return np.asarray(config.shutoff_head * (1 - 0.28 * wear) * speed**2 - curve_k(config) * (1 + 0.3 * wear) * flow**2)


def speed_for(config: PumpConfig, flow: Floats, wanted_head: Floats, wear: Floats) -> Floats:
    """Speed that gives ``wanted_head`` at ``flow``, at most the rated one."""
    needed = (wanted_head + curve_k(config) * (1 + 0.3 * wear) * flow**2) / (config.shutoff_head * (1 - 0.28 * wear))
    return np.asarray(np.minimum(np.sqrt(np.maximum(needed, 0.09)), 1.0))


def shaft_power(config: PumpConfig, flow: Floats, head_m: Floats, speed: Floats) -> Floats:
    """Shaft power in kW: rho g Q H / eta with a parabola of efficiency, and friction ~ n^3."""
    at = flow / np.maximum(speed * config.rated_flow, 1e-6)
    efficiency = config.efficiency * np.clip(1 - 0.55 * (at - 1) ** 2, 0.3, 1.0)
    return np.asarray(flow * np.maximum(head_m, 0.0) / 367.0 / efficiency + 0.25 * speed**3)


def simulate(
    config: PumpConfig, state: PumpState, seconds: int, faults: Sequence[Fault] = ()
) -> tuple[Chunk, PumpState]:
    """``seconds`` of operation from ``state`` on, a row a second, and the state after them. O(seconds)."""
    t = clock_seconds(state.second, seconds, STEP_S)
    if len(t) == 0:
        return Chunk(t.astype(np.int64), {}), state
    rng = resume_rng(state.rng)
    noise = rng.standard_normal((len(t), 14))
    level = {mode: fault_level(faults, mode, t) for mode in FAULTS}
    water = _hydraulics(config, state, t, noise, level)
    shaft = shaft_power(config, water.flow, water.head, water.speed) + 0.3 * level["bearing"] * water.speed
    load = shaft * water.running / _rated_power(config)
    room = config.climate.outdoor_c(t)
    bearing = lag(room + 16 + 14 * load + 30 * level["bearing"] * water.running, state.bearing_c, 600.0, STEP_S)
    winding = lag(room + 10 + 48 * load + 75 * level["motor_overload"], state.winding_c, 1200.0, STEP_S)
    power = load * _rated_power(config) / 0.9 * (1 + 0.25 * level["motor_overload"])
    columns = {
        **_measured(config, water, noise),
        "vibration": _vibration(config, water, level["bearing"], noise[:, 3]),
        "bearing_temp": bearing + 0.12 * noise[:, 8],
        "winding_temp": winding + 0.2 * noise[:, 9],
        "motor_current": np.maximum(power * 1000 / (np.sqrt(3) * 380 * 0.86) * (1 + 0.006 * noise[:, 10]), 0.0),
        "power": np.maximum(power * (1 + 0.005 * noise[:, 11]), 0.0),
        "ambient_temp": room + 0.1 * noise[:, 12],
        "seal_leak": np.maximum(1.0 + 0.6 * noise[:, 13] + 160 * level["seal_leak"], 0.0),
    }
    counted, after = _counters(state, t, water.running)
    after = replace(
        after,
        second=state.second + seconds,
        rng=rng.bit_generator.state,
        demand=float(water.demand[-1]),
        ripple=float(water.ripple[-1]),
        suction=float(water.tank[-1]),
        cycle=float(water.cycle[-1]),
        bearing_c=float(bearing[-1]),
        winding_c=float(winding[-1]),
    )
    return Chunk((t * 1000).astype(np.int64), rounded(columns | counted, _DECIMALS)), after


class _Water(NamedTuple):
    """Hydraulic columns of a chunk, each (n,); ``demand``, ``tank``, ``ripple``, ``cycle`` go on from here."""

    demand: Floats
    tank: Floats
    ripple: Floats
    cycle: Floats
    flow: Floats
    suction: Floats
    pressure: Floats
    head: Floats
    speed: Floats
    cavitation: Floats
    running: NDArray[np.bool_]


def _hydraulics(config: PumpConfig, state: PumpState, t: Floats, noise: Floats, level: Mapping[str, Floats]) -> _Water:
    demand = wander(noise[:, 0], state.demand, 240.0, STEP_S, 0.05)
    flow = _demand(config, t, demand) + level["leak"] * 0.4 * config.rated_flow
    tank = wander(noise[:, 1], state.suction, 900.0, STEP_S, 0.0015)
    suction = _suction(config, flow, tank, level["cavitation"])
    cavitation = np.clip((0.03 - suction) / 0.06, 0.0, 1.0)
    cycle, running, below = _cycling(config, state, flow, level["short_cycling"])
    ripple = wander(noise[:, 2], state.ripple, 8.0, STEP_S, 0.0012)
    wear = level["impeller"]
    wanted = (config.set_pressure - suction) * METRES_PER_MPA
    speed = speed_for(config, flow, wanted, wear) * running
    lift = head(config, flow, speed, wear) * (1 - 0.12 * cavitation)
    made = np.where(running, np.minimum(suction + lift / METRES_PER_MPA, config.set_pressure), config.set_pressure)
    pressure = made - below + ripple * (1 + 8 * cavitation)
    return _Water(demand, tank, ripple, cycle, flow, suction, pressure, lift, speed, cavitation, running)


def _measured(config: PumpConfig, water: _Water, noise: Floats) -> dict[str, Floats]:
    return {
        "suction_pressure": water.suction + 0.0006 * noise[:, 4],
        "discharge_pressure": water.pressure + 0.0008 * noise[:, 5],
        "flow": np.maximum(water.flow * (1 + 0.006 * noise[:, 6]), 0.0),
        "frequency": np.maximum(water.speed * config.rated_hz + 0.05 * noise[:, 7] * water.running, 0.0),
    }


def _counters(state: PumpState, t: Floats, running: NDArray[np.bool_]) -> tuple[dict[str, Floats], PumpState]:
    began = running & ~np.concatenate(([state.running], running[:-1]))
    starts = state.starts + np.cumsum(began)
    moments = (*state.recent_starts, *t[began].tolist())
    run_s = state.run_s + np.cumsum(running) * STEP_S
    columns = {
        "starts_per_hour": hourly_count(t, moments),
        "running": running.astype(np.float64),
        "starts": starts.astype(np.float64),
        "run_hours": run_s / 3600,
    }
    after = replace(
        state,
        running=bool(running[-1]),
        starts=int(starts[-1]),
        recent_starts=last_hour(moments, float(t[-1])),
        run_s=int(run_s[-1]),
    )
    return columns, after


def _rated_power(config: PumpConfig) -> float:
    flow, full = np.array([config.rated_flow]), np.ones(1)
    return float(shaft_power(config, flow, np.array([config.rated_head]), full)[0])


def _demand(config: PumpConfig, t: Floats, wandering: Floats) -> Floats:
    hour = config.climate.hour(t)
    share = config.demand_floor + config.demand_peak * peaks(hour, config.peak_hours, 1.6)
    share = share + 0.18 * peaks(hour, (13.0,), 4.0)
    share = np.where(config.climate.weekend(t), share * config.weekend_demand, share)
    return np.asarray(share * (1 + np.clip(wandering, -0.2, 0.2)) * config.rated_flow)


def _suction(config: PumpConfig, flow: Floats, tank: Floats, strainer: Floats) -> Floats:
    """Suction pressure: tank less the loss of the pipe; a clogging strainer adds loss (cavitation follows)."""
    at = (flow / config.rated_flow) ** 2
    return np.asarray(config.suction_pressure + tank - 0.008 * at - strainer * (0.055 + 0.04 * at))


def _cycling(
    config: PumpConfig, state: PumpState, flow: Floats, lost: Floats
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """On/off cycles of a pump whose vessel has lost its charge: cycles/h = Q (Qp - Q) / (V Qp).

    Returns the phase (n,), whether the pump runs (n,) and the pressure below set (n,) in MPa.
    """
    volume = config.vessel_m3 * (1 - 0.85 * lost)
    share = np.clip(flow / config.rated_flow, 0.05, 0.95)
    per_hour = np.where(lost > 0.05, config.rated_flow * share * (1 - share) / volume, 0.0)
    phase = np.concatenate(([state.cycle], per_hour / 3600 * STEP_S))
    phase = np.add.accumulate(phase)[1:]
    part = phase - np.floor(phase)
    running = (part < share) | (lost <= 0.05)
    filling = np.where(running, 1 - part / share, (part - share) / (1 - share))
    return phase, np.asarray(running), np.where(lost > 0.05, 0.08 * filling, 0.0)


def _vibration(config: PumpConfig, water: _Water, bearing: Floats, noise: Floats) -> Floats:
    """Vibration velocity in mm/s rms: unbalance ~ n^2, off-design flow, bearing damage, cavitation."""
    off_design = water.flow / np.maximum(water.speed * config.rated_flow, 1.0) - 1
    made = config.unbalance * water.speed**2 + (0.5 * off_design**2 + 5.2 * bearing) * water.speed
    made = made + 4.0 * water.cavitation * water.running
    return np.asarray(np.maximum(0.08 + made * (1 + 0.045 * noise * (1 + 2 * water.cavitation)), 0.0))
