"""An air handler that cools one zone: thermal RC of the zone, mixing box, cooling coil and valve, filter, belt fan.

Supply temperature is held by the valve (PI), zone temperature by the air flow, air flow by the fan's frequency.
Mixing: T_mixed = x T_outdoor + (1 - x) T_return (ASHRAE Guideline 36 judges faults by it). Figures are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.physics import (
    EPOCH_2025_S,
    Chunk,
    Climate,
    Fault,
    Floats,
    RngState,
    clock_seconds,
    fault_level,
    new_rng,
    resume_rng,
    rounded,
    wander,
)

STEP_S = 5
FAULTS = ("filter_clog", "belt_slip", "coil_valve", "damper")
AIR_J_PER_M3_K = 1206.0

_DECIMALS = {"airflow": 0, "fan_speed": 1, "co2": 1, "filter_dp": 2, "run_hours": 3}

OUTDOORS = Climate()
"""The air that the unit takes in."""


@dataclass(frozen=True, slots=True)
class AhuConfig:
    """Flows in m3/h, pressures in Pa, temperatures in Celsius, heat in W, heat capacity in J/K."""

    rated_airflow: float = 15_000.0
    supply_setpoint: float = 16.0
    zone_setpoint: float = 24.0
    zone_heat_capacity: float = 3.0e7
    zone_loss_w_per_k: float = 1_200.0
    base_gain_w: float = 24_000.0
    people: float = 100.0
    person_w: float = 120.0
    zone_m3: float = 9_000.0
    chilled_water: float = 8.0
    filter_dp: float = 85.0
    filter_growth_per_day: float = 0.003
    duct_dp: float = 520.0
    weekend_people: float = 1.0
    climate: Climate = OUTDOORS


@dataclass(frozen=True, slots=True)
class AhuState:
    """Everything that the next step depends on."""

    second: int
    rng: RngState
    since: int
    zone_c: float = 24.0
    supply_c: float = 16.0
    valve: float = 40.0
    airflow: float = 12_000.0
    co2: float = 600.0
    people: float = 0.0
    humidity: float = 0.0


def initial(_config: AhuConfig, seed: int, name: str, second: int) -> AhuState:
    """The unit at an instant, before its temperatures have settled; ``since`` is when the filter was new."""
    return AhuState(second, new_rng(seed, name).bit_generator.state, since=second - second % (90 * 86_400))


def fan_speed_share(config: AhuConfig, airflow: Floats, filter_clog: Floats) -> Floats:
    """Fan speed as a share of rated that moves ``airflow``: dP = 1.5 dP_r n^2 - 0.5 dP_r q^2 = duct and filter.

    At rated flow with a clean filter the speed is 1/1.06, so a clogged filter drives it to its limit.
    """
    at = airflow / config.rated_airflow
    rated = config.duct_dp + config.filter_dp
    needed = (config.duct_dp + config.filter_dp * (1 + 2.2 * filter_clog)) * at**2
    return np.asarray(np.sqrt((needed + 0.5 * rated * at**2) / (1.5 * rated)) / 1.06)


def filter_drop(config: AhuConfig, airflow: Floats, filter_clog: Floats, days: Floats) -> Floats:
    """Pressure drop of the filter in Pa, rising with the square of the flow, with dirt and with age."""
    dirt = (1 + 2.2 * filter_clog) * (1 + config.filter_growth_per_day * days)
    return np.asarray(config.filter_dp * dirt * (airflow / config.rated_airflow) ** 2)


def simulate(config: AhuConfig, state: AhuState, seconds: int, faults: Sequence[Fault] = ()) -> tuple[Chunk, AhuState]:
    """``seconds`` (whole steps of 5) from ``state`` on and the state after them. O(seconds)."""
    t = clock_seconds(state.second, seconds, STEP_S)
    if len(t) == 0:
        return Chunk(t.astype(np.int64), {}), state
    rng = resume_rng(state.rng)
    noise = rng.standard_normal((len(t), 15))
    level = {mode: fault_level(faults, mode, t) for mode in FAULTS}
    hour = config.climate.hour(t)
    crowd = wander(noise[:, 0], state.people, 1800.0, STEP_S, 0.06)
    present = np.where(config.climate.weekend(t), config.weekend_people, 1.0)
    people = config.people * present * np.clip(_occupancy(hour) + crowd, 0.0, 1.2)
    outdoor = config.climate.outdoor_c(t)
    limit = _airflow_limit(config, level["filter_clog"], level["belt_slip"])
    thermal = _loop(config, state, np.column_stack((outdoor, people, limit, level["coil_valve"], level["damper"])))
    zone, supply, valve, airflow, co2, mixed, damper = thermal.T
    days = (t - state.since) / 86_400
    share = fan_speed_share(config, airflow, level["filter_clog"]) / (1 - 0.14 * level["belt_slip"])
    share = np.minimum(share, 1.0)
    shaft = share * (1 - 0.14 * level["belt_slip"])
    power = 9.0 * shaft**3 * (1 + 0.1 * level["belt_slip"])
    humid = wander(noise[:, 1], state.humidity, 3600.0, STEP_S, 1.2)
    columns = {
        "supply_temp": supply + 0.06 * noise[:, 2],
        "supply_temp_setpoint": np.full(len(t), config.supply_setpoint),
        "return_temp": zone + 0.05 * noise[:, 3],
        "mixed_temp": mixed + 0.08 * noise[:, 4],
        "outdoor_temp": outdoor + 0.08 * noise[:, 5],
        "return_humidity": 52 + 4 * (people / config.people - 0.5) + humid + 0.2 * noise[:, 6],
        "co2": co2 + 4 * noise[:, 7],
        "damper": np.clip(damper + 0.15 * noise[:, 8], 0, 100),
        "cooling_valve": np.clip(valve + 0.15 * noise[:, 9], 0, 100),
        "fan_frequency": np.clip(50 * share + 0.04 * noise[:, 10], 0, 50),
        "fan_speed": 1120 * shaft + 1.2 * noise[:, 11],
        "airflow": airflow * (1 + 0.006 * noise[:, 12]),
        "filter_dp": filter_drop(config, airflow, level["filter_clog"], days) * (1 + 0.012 * noise[:, 13]),
        "fan_current": power * 1000 / (np.sqrt(3) * 380 * 0.84) * (1 + 0.008 * noise[:, 14]) + 1.2,
        "fan_power": power * (1 + 0.006 * noise[:, 10]),
        "vibration": (0.5 + 1.6 * shaft**2 + 4.2 * level["belt_slip"]) * (1 + 0.05 * noise[:, 9]),
        "running": np.ones(len(t)),
        "run_hours": 0.9 * (t - EPOCH_2025_S) / 3600,
    }
    after = AhuState(
        state.second + seconds,
        rng.bit_generator.state,
        state.since,
        *(float(values[-1]) for values in (zone, supply, valve, airflow, co2, crowd, humid)),
    )
    return Chunk((t * 1000).astype(np.int64), rounded(columns, _DECIMALS)), after


def _occupancy(hour: Floats) -> Floats:
    """Share of people present: a working day with soft edges, and some at night."""
    rise = 1 / (1 + np.exp(-(hour - 8.0) * 2.5))
    fall = 1 / (1 + np.exp((hour - 19.5) * 1.8))
    return np.asarray(0.12 + 0.8 * rise * fall)


def _airflow_limit(config: AhuConfig, clog: Floats, slip: Floats) -> Floats:
    """Most air that the fan can move at 50 Hz: flow is proportional to speed on a fixed system curve."""
    full = fan_speed_share(config, np.full(len(clog), config.rated_airflow), clog)
    return np.asarray(config.rated_airflow * np.minimum((1 - 0.14 * slip) / full, 1.1))


def _loop(config: AhuConfig, state: AhuState, inputs: Floats) -> Floats:
    """The coupled thermal loop step by step.

    ``inputs`` (n, 5): outdoor C, people, air flow limit, valve fault, damper fault. Returns (n, 7): zone C,
    supply C, valve %, air flow, CO2 ppm, mixed C, damper %.
    """
    zone, supply, valve, airflow, co2 = state.zone_c, state.supply_c, state.valve, state.airflow, state.co2
    out = np.empty((len(inputs), 7))
    for i, (outdoor, people, limit, stuck, jammed) in enumerate(inputs.tolist()):
        wanted = config.rated_airflow * min(1.0, max(0.35, 0.6 + 0.35 * (zone - config.zone_setpoint)))
        airflow += (min(wanted, limit) - airflow) * 0.04
        damper = _damper(config, outdoor, zone)
        fresh = (damper * (1 - jammed) + 95 * jammed) / 100
        mixed = fresh * outdoor + (1 - fresh) * zone
        opened = valve * (1 - stuck) + 8 * stuck
        cooled = mixed - (mixed - config.chilled_water) * 0.92 * (1 - np.exp(-opened / 45))
        supply += (cooled - supply) * 0.12
        valve = min(100.0, max(0.0, valve + 0.25 * (supply - config.supply_setpoint)))
        air_w = airflow / 3600 * AIR_J_PER_M3_K
        heat = config.base_gain_w + people * config.person_w + config.zone_loss_w_per_k * (outdoor - zone)
        heat += air_w * (supply - zone) + max(0.0, 22.0 - zone) * 15_000
        zone += heat * STEP_S / config.zone_heat_capacity
        fresh_m3_s = fresh * airflow / 3600
        co2 += (people * 5.2e-6 * 1e6 - fresh_m3_s * (co2 - 420)) * STEP_S / config.zone_m3
        out[i] = zone, supply, valve, airflow, co2, mixed, damper
    return out


def _damper(config: AhuConfig, outdoor: float, zone: float) -> float:
    """Outdoor air damper in percent: free cooling when it is colder outside, else the minimum."""
    if outdoor >= zone - 1:
        return 30.0
    return min(100.0, max(30.0, 100 * (zone - config.supply_setpoint) / (zone - outdoor)))
