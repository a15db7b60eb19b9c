"""A traction elevator, one row per trip: door, drive, brake, ride and levelling as they age with use and heat.

Trips follow a daily traffic profile with three peaks. Figures are those of a 1.75 m/s passenger lift, ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    fault_level,
    new_rng,
    peaks,
    resume_rng,
    rounded,
    small_counts,
)

STEP_S = 1
FAULTS = ("door_drive", "brake", "traction", "machine_bearing", "guide_shoes", "lock_contact", "room_heat")

_DECIMALS = {"vibration": 4, "vibration_horizontal": 4, "car_speed": 2, "supply_voltage": 1, "brake_release_time": 1}

UNDER_ROOF = Climate(mean_c=22.0, season_c=5.0, day_c=1.5)
"""Temperature around the machine room."""


@dataclass(frozen=True, slots=True)
class ElevatorConfig:
    """Nameplate and traffic. Speed in m/s, heights in m, times in s, currents in A."""

    floors: int = 18
    floor_height: float = 3.0
    speed: float = 1.75
    door_time: float = 5.4
    friction_current: float = 7.0
    load_current: float = 0.22
    balance_percent: float = 45.0
    trips_per_hour: float = 70.0
    peak_trips_per_hour: float = 90.0
    peak_hours: tuple[float, ...] = (8.2, 12.2, 18.5)
    weekend_traffic: float = 1.0
    climate: Climate = UNDER_ROOF


@dataclass(frozen=True, slots=True)
class ElevatorState:
    """Everything that the next trip depends on; ``next_end`` is when the trip under way ends."""

    second: int
    draws: RngState
    noise: RngState
    gaps: RngState
    next_end: float
    last_end: float
    floor: int = 1
    room_c: float = 26.0
    brake_c: float = 45.0
    motor_c: float = 55.0
    trips: int = 0


def initial(config: ElevatorConfig, seed: int, name: str, second: int) -> ElevatorState:
    """The elevator at an instant, its first trip just ending."""
    age = max(0, second - EPOCH_2025_S)
    return ElevatorState(
        second=second,
        draws=new_rng(seed, f"{name}/draws").bit_generator.state,
        noise=new_rng(seed, f"{name}/noise").bit_generator.state,
        gaps=new_rng(seed, f"{name}/gaps").bit_generator.state,
        next_end=second + 1.0,
        last_end=second - 30.0,
        trips=int(age * config.trips_per_hour / 3600),
    )


def traffic(config: ElevatorConfig, t: Floats) -> Floats:
    """Trips per hour at each instant, (n,)."""
    rate = config.trips_per_hour + config.peak_trips_per_hour * peaks(config.climate.hour(t), config.peak_hours, 0.9)
    return np.asarray(np.where(config.climate.weekend(t), rate * config.weekend_traffic, rate))


def simulate(
    config: ElevatorConfig, state: ElevatorState, seconds: int, faults: Sequence[Fault] = ()
) -> tuple[Chunk, ElevatorState]:
    """The trips that end within ``seconds`` from ``state`` on, and the state after them. O(trips)."""
    ends, state = _ends(config, state, state.second + seconds)
    if len(ends) == 0:
        return Chunk(np.empty(0, np.int64), {}), state
    uniform, normal = resume_rng(state.draws), resume_rng(state.noise)
    draws = uniform.random((len(ends), 6))
    noise = normal.standard_normal((len(ends), 14))
    level = {mode: fault_level(faults, mode, ends) for mode in FAULTS}
    floors, travel, up = _journeys(config, state.floor, draws)
    load = np.round(97 * draws[:, 2] ** 2.2, 1)
    heat, state = _temperatures(config, state, ends, level)
    columns = (
        _door(config, level, draws, noise)
        | _drive(config, level, load, up, noise)
        | _ride(level, floors, travel, up, draws, noise)
        | {key: values + 0.15 * noise[:, 8 + i] for i, (key, values) in enumerate(heat.items())}
    )
    columns |= {
        "car_load": np.maximum(load + 0.5 * noise[:, 12], 0.0),
        "travel": travel,
        "direction_up": up,
        "pit_water": np.zeros(len(ends)),
        "trips": state.trips + np.arange(1.0, len(ends) + 1),
    }
    ts_ms = np.round(ends * 1000).astype(np.int64)
    after = replace(
        state,
        draws=uniform.bit_generator.state,
        noise=normal.bit_generator.state,
        floor=int(floors[-1]),
        trips=state.trips + len(ends),
        last_end=float(ends[-1]),
    )
    return Chunk(ts_ms, rounded(columns, _DECIMALS), _events(ts_ms, columns["lock_breaks"], floors)), after


def _ends(config: ElevatorConfig, state: ElevatorState, until: int) -> tuple[Floats, ElevatorState]:
    """Ends of the trips before ``until`` and the state whose next trip ends after it."""
    rng = resume_rng(state.gaps)
    ends: list[float] = []
    upcoming = state.next_end
    while upcoming < until:
        ends.append(upcoming)
        rate = float(traffic(config, np.array([upcoming]))[0])
        upcoming += max(16.0, 3600 / rate * (0.4 + 1.2 * rng.random()))
    return np.array(ends), replace(state, second=until, gaps=rng.bit_generator.state, next_end=upcoming)


def _journeys(config: ElevatorConfig, floor: int, draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Floor of arrival, metres travelled and direction (1 up) of each trip; half the trips touch the lobby."""
    arrivals = np.empty(len(draws))
    before = np.empty(len(draws))
    for i, (where, lobby) in enumerate(draws[:, :2].tolist()):
        before[i] = floor
        wanted = 1 if lobby < 0.45 else 1 + int(where * config.floors)
        floor = wanted if wanted != floor else (floor % config.floors) + 1
        arrivals[i] = floor
    moved = arrivals - before
    return arrivals, np.abs(moved) * config.floor_height, (moved > 0).astype(np.float64)


def _door(config: ElevatorConfig, level: Mapping[str, Floats], draws: Floats, noise: Floats) -> dict[str, Floats]:
    worn = level["door_drive"]
    return {
        "door_time": config.door_time * (1 + 0.35 * worn) * (1 + 0.012 * noise[:, 0]),
        "door_motor_current": 1.25 * (1 + 0.45 * worn) * (1 + 0.025 * noise[:, 1]),
        "door_reopens": small_counts(draws[:, 3], 0.04 + 0.9 * worn),
        "lock_breaks": small_counts(draws[:, 4], 2.2 * level["lock_contact"]),
    }


def _drive(
    config: ElevatorConfig, level: Mapping[str, Floats], load: Floats, up: Floats, noise: Floats
) -> dict[str, Floats]:
    """Current from friction and from the imbalance between car and counterweight in the direction of travel."""
    imbalance = (load - config.balance_percent) * np.where(up > 0, 1.0, -1.0)
    torque = config.load_current * np.where(imbalance > 0, imbalance, 0.35 * -imbalance)
    current = np.hypot(config.friction_current * (1 + 0.25 * level["machine_bearing"]), torque)
    return {
        "motor_current": current * (1 + 0.012 * noise[:, 2]),
        "car_speed": 99.8 + 0.3 * noise[:, 3],
        "brake_release_time": 182 * (1 + 0.5 * level["brake"]) * (1 + 0.012 * noise[:, 4]),
        "machine_vibration": (1.1 + 3.0 * level["machine_bearing"]) * (1 + 0.05 * noise[:, 5]),
        "supply_voltage": 385 + 2.2 * noise[:, 6],
    }


def _ride(
    level: Mapping[str, Floats], floors: Floats, travel: Floats, up: Floats, draws: Floats, noise: Floats
) -> dict[str, Floats]:
    """Ride comfort and levelling; worn guide shoes shake more at some floors, a worn groove slips with travel."""
    worn = level["guide_shoes"] * (0.8 + 0.2 * np.sin(floors))
    slip = (0.08 + 0.55 * level["traction"]) * travel
    return {
        "vibration": (0.095 + 0.17 * worn) * (1 + 0.05 * noise[:, 7]),
        "vibration_horizontal": (0.065 + 0.13 * worn) * (1 + 0.05 * noise[:, 6]),
        "rope_slip": slip + 0.25 * noise[:, 13],
        "levelling_error": 1.4 * noise[:, 5] + np.where(up > 0, -1.0, 1.0) * 11 * level["traction"],
        "relevels": small_counts(draws[:, 5], 0.01 + 1.2 * level["traction"]),
    }


def _temperatures(
    config: ElevatorConfig, state: ElevatorState, ends: Floats, level: Mapping[str, Floats]
) -> tuple[dict[str, Floats], ElevatorState]:
    """Lagged temperatures at each trip's end: machine room, brake, motor, bearing."""
    busy = traffic(config, ends) / 160
    room_to = config.climate.outdoor_c(ends) + 4 + 2 * busy + 17 * level["room_heat"]
    brake_to = 14 + 12 * busy + 45 * level["brake"]
    motor_to = 16 + 22 * busy
    room, brake, motor = state.room_c, state.brake_c, state.motor_c
    rows = np.empty((len(ends), 3))
    previous = state.last_end
    for i, end in enumerate(ends.tolist()):
        gap, previous = end - previous, end
        room += (room_to[i] - room) * -np.expm1(-gap / 900)
        brake += (room + brake_to[i] - brake) * -np.expm1(-gap / 600)
        motor += (room + motor_to[i] - motor) * -np.expm1(-gap / 1500)
        rows[i] = room, brake, motor
    bearing = rows[:, 0] + 12 + 0.35 * (rows[:, 2] - rows[:, 0]) + 26 * level["machine_bearing"]
    columns = {
        "machine_room_temp": rows[:, 0],
        "brake_temp": rows[:, 1],
        "motor_temp": rows[:, 2],
        "bearing_temp": bearing,
    }
    return columns, replace(state, room_c=float(room), brake_c=float(brake), motor_c=float(motor))


def _events(ts_ms: NDArray[np.int64], breaks: Floats, floors: Floats) -> tuple[SimEvent, ...]:
    """A lock circuit that breaks four times in one trip stops the car and is reported."""
    return tuple(
        SimEvent(int(ts_ms[i]), "lock_circuit_open", "major", {"floor": int(floors[i])})
        for i in np.flatnonzero(breaks >= 4)
    )
