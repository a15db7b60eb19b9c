"""What all machine simulators share: chunks of columns, faults as ramps, profiles, recurrences, random streams.

Every recurrence runs element by element and every random number is drawn row by row, so that a simulation that
is cut into pieces of any length gives exactly the numbers of one long run.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RngState = Mapping[str, Any]

DAY_S = 86_400
YEAR_DAYS = 365.25
EPOCH_2025_S = 1_735_689_600
"""1 January 2025 UTC: where counters of simulated machines began."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure mode that develops as a ramp: 0 before ``start_s``, ``severity`` (0..1) after ``duration_s``.

    ``start_s`` is an instant in seconds since 1970 UTC once a scenario has been placed in time.
    """

    mode: str
    start_s: float
    duration_s: float
    severity: float = 1.0

    def level(self, seconds: Floats) -> Floats:
        """How far it has gone at the given instants, (n,) in 0..severity."""
        if self.duration_s <= 0:
            return np.where(seconds >= self.start_s, self.severity, 0.0)
        return np.clip((seconds - self.start_s) / self.duration_s, 0.0, 1.0) * self.severity


def fault_level(faults: Sequence[Fault], mode: str, seconds: Floats) -> Floats:
    """The strongest of all faults of ``mode`` at each instant, (n,); zeros when there is none."""
    levels = np.zeros(len(seconds))
    for fault in faults:
        if fault.mode == mode:
            levels = np.maximum(levels, fault.level(seconds))
    return levels


@dataclass(frozen=True, slots=True)
class SimEvent:
    """An event that a machine's controller sends."""

    ts_ms: int
    event: str
    severity: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of simulated time: ``ts_ms`` (n,) int64 rising, ``columns`` point key -> (n,) float64."""

    ts_ms: NDArray[np.int64]
    columns: Mapping[str, Floats]
    events: tuple[SimEvent, ...] = ()

    def __len__(self) -> int:
        return len(self.ts_ms)


@dataclass(frozen=True, slots=True)
class Climate:
    """Outdoor temperature as season and day, in degrees Celsius; ``utc_offset_h`` makes local time."""

    mean_c: float = 16.0
    season_c: float = 11.0
    day_c: float = 4.0
    utc_offset_h: float = 8.0

    def hour(self, seconds: Floats) -> Floats:
        """Local hour of the day, 0..24."""
        return ((seconds + self.utc_offset_h * 3600) % DAY_S) / 3600

    def weekend(self, seconds: Floats) -> NDArray[np.bool_]:
        """Whether the local day is Saturday or Sunday (1970-01-01 was a Thursday)."""
        day = np.floor((seconds + self.utc_offset_h * 3600) / DAY_S)
        return ((day + 3) % 7) >= 5

    def outdoor_c(self, seconds: Floats) -> Floats:
        """Warmest around 20 July and at 15 h."""
        year = 2 * np.pi * (seconds / DAY_S - 200) / YEAR_DAYS
        day = 2 * np.pi * (self.hour(seconds) - 15) / 24
        return np.asarray(self.mean_c + self.season_c * np.cos(year) + self.day_c * np.cos(day))


def peaks(hour: Floats, at: Sequence[float], width_h: float) -> Floats:
    """Sum of bell curves of height 1 around the given hours of the day, round the clock."""
    total = np.zeros(len(hour))
    for centre in at:
        away = np.abs(hour - centre)
        away = np.minimum(away, 24 - away)
        total += np.exp(-0.5 * (away / width_h) ** 2)
    return total


def lag(target: Floats, before: float, tau_s: float, step_s: float) -> Floats:
    """First-order lag towards ``target``: y += (x - y)(1 - exp(-step/tau)), exact for a held input."""
    share = float(-np.expm1(-step_s / tau_s))
    values = accumulate(target.tolist(), lambda y, x: y + share * (x - y), initial=before)
    return np.fromiter(values, np.float64, len(target) + 1)[1:]


def wander(noise: Floats, before: float, tau_s: float, step_s: float, spread: float) -> Floats:
    """Ornstein-Uhlenbeck process of standard deviation ``spread`` driven by unit normals ``noise`` (n,)."""
    keep = float(np.exp(-step_s / tau_s))
    push = noise * (spread * np.sqrt(1 - keep * keep))
    values = accumulate(push.tolist(), lambda y, x: keep * y + x, initial=before)
    return np.fromiter(values, np.float64, len(noise) + 1)[1:]


def small_counts(uniform: Floats, mean: Floats) -> Floats:
    """Poisson counts (at most 8) of the given means from uniform numbers, by inverting the distribution."""
    counts = np.zeros(len(uniform))
    term = np.exp(-mean)
    total = term.copy()
    for k in range(1, 9):
        counts += uniform > total
        term = term * mean / k
        total = total + term
    return counts


def new_rng(seed: int, name: str) -> np.random.Generator:
    """An independent random stream for a scenario's seed and a name."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def resume_rng(state: RngState) -> np.random.Generator:
    """The stream that goes on where ``state`` was taken."""
    bits = np.random.PCG64()
    bits.state = dict(state)  # type: ignore[assignment]  # what it gave us itself
    return np.random.Generator(bits)


def clock_seconds(second: int, seconds: int, step_s: int) -> Floats:
    """Instants of the steps in ``[second, second + seconds)``; ``seconds`` must be whole steps."""
    if seconds % step_s or seconds < 0:
        raise ValueError(f"{seconds} s is not a whole number of steps of {step_s} s")
    return np.arange(second, second + seconds, step_s, dtype=np.float64)


def hourly_count(seconds: Floats, starts: Sequence[float]) -> Floats:
    """How many of ``starts`` (rising instants) lie in the hour up to each instant, (n,)."""
    moments = np.asarray(starts, dtype=np.float64)
    upto = np.searchsorted(moments, seconds, side="right")
    since = np.searchsorted(moments, seconds - 3600.0, side="right")
    return (upto - since).astype(np.float64)


def last_hour(starts: Sequence[float], now: float) -> tuple[float, ...]:
    """Those of ``starts`` that still count towards an hourly figure."""
    return tuple(s for s in starts if s > now - 3600.0)


def rounded(columns: Mapping[str, Floats], decimals: Mapping[str, int]) -> dict[str, Floats]:
    """Columns at the resolution of their sensors (3 decimals unless said otherwise)."""
    return {key: np.round(values, decimals.get(key, 3)) for key, values in columns.items()}
