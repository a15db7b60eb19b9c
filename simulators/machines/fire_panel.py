"""A fire alarm panel: counts of alarms, faults and disabled points, battery on float, dirt in the detectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.physics import (
    Chunk,
    Climate,
    Fault,
    RngState,
    SimEvent,
    clock_seconds,
    fault_level,
    new_rng,
    resume_rng,
    rounded,
    wander,
)

STEP_S = 5
FAULTS = ("fire", "fault", "disabled", "detector_dirty", "battery", "mains", "not_in_auto")

_TOLD: Mapping[str, tuple[str, str, str]] = {
    "fire": ("fire_alarm", "fire_alarm_reset", "safety"),
    "fault": ("panel_fault", "panel_fault_cleared", "general"),
    "disabled": ("point_disabled", "point_enabled", "major"),
    "mains": ("mains_lost", "mains_restored", "major"),
    "not_in_auto": ("not_in_auto", "back_in_auto", "safety"),
}

CONTROL_ROOM = Climate(mean_c=22.0, season_c=3.0, day_c=1.0)
"""Temperature of the fire control room."""


@dataclass(frozen=True, slots=True)
class FirePanelConfig:
    """Voltages in V, drift in percent of the cleaning threshold."""

    float_voltage: float = 27.1
    drift: float = 32.0
    loop_voltage: float = 24.6
    climate: Climate = CONTROL_ROOM


@dataclass(frozen=True, slots=True)
class FirePanelState:
    """Everything that the next step depends on; ``active`` are the states that have been reported."""

    second: int
    rng: RngState
    wandering: float = 0.0
    active: tuple[str, ...] = ()


def initial(_config: FirePanelConfig, seed: int, name: str, second: int) -> FirePanelState:
    """The panel at an instant, nothing reported."""
    return FirePanelState(second, new_rng(seed, name).bit_generator.state)


def simulate(
    config: FirePanelConfig, state: FirePanelState, seconds: int, faults: Sequence[Fault] = ()
) -> tuple[Chunk, FirePanelState]:
    """``seconds`` (whole steps of 5) from ``state`` on and the state after them. O(seconds)."""
    t = clock_seconds(state.second, seconds, STEP_S)
    if len(t) == 0:
        return Chunk(t.astype(np.int64), {}), state
    rng = resume_rng(state.rng)
    noise = rng.standard_normal((len(t), 4))
    level = {mode: fault_level(faults, mode, t) for mode in FAULTS}
    on = {mode: level[mode] >= 0.5 for mode in _TOLD}
    wandering = wander(noise[:, 0], state.wandering, 3600.0, STEP_S, 0.02)
    room = config.climate.outdoor_c(t)
    battery = config.float_voltage - 0.03 * (room - 22) + wandering - 3.4 * level["battery"] - 1.4 * on["mains"]
    columns = {
        "active_alarms": on["fire"].astype(np.float64),
        "open_faults": on["fault"].astype(np.float64) + on["mains"],
        "disabled_points": on["disabled"].astype(np.float64),
        "battery_voltage": battery + 0.012 * noise[:, 1],
        "detector_drift": config.drift + 62 * level["detector_dirty"] + 0.3 * noise[:, 2],
        "loop_voltage": config.loop_voltage - 1.5 * on["fault"] + 0.03 * noise[:, 3],
        "mains_ok": (~on["mains"]).astype(np.float64),
        "auto_mode": (~on["not_in_auto"]).astype(np.float64),
    }
    ts_ms = (t * 1000).astype(np.int64)
    active = tuple(mode for mode in _TOLD if on[mode][-1])
    after = FirePanelState(state.second + seconds, rng.bit_generator.state, float(wandering[-1]), active)
    return Chunk(ts_ms, rounded(columns, {}), _events(state, ts_ms, on)), after


def _events(
    state: FirePanelState, ts_ms: NDArray[np.int64], on: Mapping[str, NDArray[np.bool_]]
) -> tuple[SimEvent, ...]:
    found: list[SimEvent] = []
    for mode, (risen, fallen, severity) in _TOLD.items():
        changes = np.diff(on[mode].astype(np.int8), prepend=np.int8(mode in state.active))
        for i in np.flatnonzero(changes):
            up = bool(on[mode][i])
            found.append(SimEvent(int(ts_ms[i]), risen if up else fallen, severity if up else "info"))
    return tuple(sorted(found, key=lambda e: e.ts_ms))
