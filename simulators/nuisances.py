"""The nuisances of real life between a sensor and the broker: nothing here is wrong with the machine.

All of them depend only on the instant and the seed (and, for a stuck sensor, on the value it stuck at), so that
cutting a run into pieces changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from simulators.physics import Floats


class NuisanceKind(StrEnum):
    """What can be odd without being a fault of the machine."""

    MISSING = "missing"
    """Single messages are lost, each with probability ``size``."""
    STUCK = "stuck"
    """``point`` repeats one value."""
    DRIFT = "drift"
    """``point`` drifts away by ``size`` units an hour."""
    RESTART = "restart"
    """The publisher is down; afterwards it counts anew under a new boot."""
    CLOCK_JUMP = "clock_jump"
    """The device's clock is wrong by ``size`` seconds."""


@dataclass(frozen=True, slots=True)
class Nuisance:
    """One nuisance from ``start_s`` on for ``duration_s`` (for ever, unless said)."""

    kind: NuisanceKind
    start_s: float = 0.0
    duration_s: float = float("inf")
    size: float = 0.0
    point: str = ""

    def active(self, seconds: Floats) -> NDArray[np.bool_]:
        """Whether it is there at each instant, (n,)."""
        return np.asarray((seconds >= self.start_s) & (seconds < self.start_s + self.duration_s))


def lost(nuisances: Sequence[Nuisance], seconds: Floats, seed: int) -> NDArray[np.bool_]:
    """Which messages never arrive though they were sent, (n,)."""
    chance = uniform_at(seconds, seed)
    gone = np.zeros(len(seconds), dtype=np.bool_)
    for nuisance in nuisances:
        if nuisance.kind is NuisanceKind.MISSING:
            gone |= nuisance.active(seconds) & (chance < nuisance.size)
    return gone


def down(nuisances: Sequence[Nuisance], seconds: Floats) -> NDArray[np.bool_]:
    """When the publisher itself is down, (n,)."""
    off = np.zeros(len(seconds), dtype=np.bool_)
    for nuisance in nuisances:
        if nuisance.kind is NuisanceKind.RESTART:
            off |= nuisance.active(seconds)
    return off


def boots(nuisances: Sequence[Nuisance], seconds: Floats) -> NDArray[np.int64]:
    """How many restarts lie behind each instant, (n,)."""
    count = np.zeros(len(seconds), dtype=np.int64)
    for nuisance in nuisances:
        if nuisance.kind is NuisanceKind.RESTART:
            count += seconds >= nuisance.start_s + nuisance.duration_s
    return count


def clock_error_ms(nuisances: Sequence[Nuisance], seconds: Floats) -> NDArray[np.int64]:
    """How wrong the device's clock is at each instant, (n,) milliseconds."""
    error = np.zeros(len(seconds))
    for nuisance in nuisances:
        if nuisance.kind is NuisanceKind.CLOCK_JUMP:
            error += nuisance.active(seconds) * nuisance.size * 1000
    return error.astype(np.int64)


def falsified(
    nuisances: Sequence[Nuisance], seconds: Floats, columns: Mapping[str, Floats], held: dict[str, float]
) -> dict[str, Floats]:
    """Columns as the sensors show them. ``held`` keeps what each stuck sensor stuck at, between pieces."""
    shown = dict(columns)
    for nuisance in nuisances:
        if nuisance.point not in shown or nuisance.kind not in (NuisanceKind.STUCK, NuisanceKind.DRIFT):
            continue
        active = nuisance.active(seconds)
        if not active.any():
            continue
        values = shown[nuisance.point].copy()
        if nuisance.kind is NuisanceKind.DRIFT:
            values += active * (seconds - nuisance.start_s) / 3600 * nuisance.size
        else:
            values[active] = held.setdefault(nuisance.point, float(values[np.argmax(active)]))
        shown[nuisance.point] = values
    return shown


def uniform_at(seconds: Floats, seed: int) -> Floats:
    """A uniform number for each instant and seed (SplitMix64, Steele et al. 2014): no state to carry."""
    with np.errstate(over="ignore"):
        z = np.round(seconds * 1000).astype(np.int64).view(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)).astype(np.float64) / float(1 << 53))
