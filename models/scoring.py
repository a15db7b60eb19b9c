"""Scores of an asset's rows against its baseline: vectorised over rows and points, causal, and resumable.

Only differences of observed times enter (never a time itself, a row number or the time since a start), so a
score depends on nothing but the values and their spacing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import Baseline, Floats

Millis = NDArray[np.int64]

NEVER = np.iinfo(np.int64).min // 4
"""Instant of the last value of a point that has shown none."""

_Z99 = 2.5758


@dataclass(slots=True)
class SmoothState:
    """``deviation`` (p,) smoothed deviation from the level, ``seen_ms`` (p,) when each point last spoke."""

    deviation: Floats
    seen_ms: Millis

    @classmethod
    def fresh(cls, points: int) -> "SmoothState":
        """The state before the first row: nothing deviates, nothing seen."""
        return cls(np.zeros(points), np.full(points, NEVER, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Scores:
    """Per row (n) and point (p): ``smooth`` (n, p) deviation in the point's unit and ``z`` (n, p) in standard
    deviations beyond the deadband, both NaN where the point is silent; ``multivariate`` (n,) the larger of T2
    and Q on the scale of z; ``overall`` (n,) the largest of all, 0 where nothing speaks."""

    smooth: Floats
    z: Floats
    multivariate: Floats
    overall: Floats


def smooth(baseline: Baseline, state: SmoothState, ts_ms: Millis, values: Floats) -> Floats:
    """Exponentially smoothed deviations (n, p) of ``values`` (n, p; not finite: silent) at rising ``ts_ms`` (n,).

    Moves ``state`` on. Each point has its own time: a silent point keeps its deviation for ``hold_ms`` and is
    NaN afterwards; a silence over ``gap_ms`` forgets it. O(n p).
    """
    n, p = values.shape
    heard = np.isfinite(values)
    instants = np.broadcast_to(ts_ms[:, None], (n, p))
    last = np.maximum.accumulate(np.where(heard, instants, NEVER), axis=0)
    last = np.maximum(last, state.seen_ms)
    before = np.vstack([state.seen_ms[None, :], last[:-1]])
    pause_ms = (instants - before).astype(np.float64)
    forgotten = heard & (pause_ms > baseline.gap_ms)
    step_s = np.where(forgotten, baseline.dt_s, np.minimum(pause_ms / 1000.0, 3.0 * baseline.dt_s))
    gain = np.where(heard, -np.expm1(-step_s / baseline.tau_s), 0.0)
    reach = baseline.reach
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.clip(np.where(heard, values - baseline.level, 0.0), -reach, reach)
    keep = np.where(forgotten, 0.0, 1.0 - gain)
    add = gain * deviation
    out = np.empty((n, p))
    current = state.deviation
    for i in range(n):
        current = keep[i] * current + add[i]
        out[i] = current
    if n:
        state.deviation, state.seen_ms = current.copy(), last[-1].copy()
        out[instants - last > baseline.hold_ms] = np.nan
    return out


def score(baseline: Baseline, smoothed: Floats) -> Scores:
    """Scores of smoothed deviations (n, p).

    z = sign(d) max(0, |d| - deadband) / scale. T2 and Q (SPE) of z as in Jackson and Mudholkar,
    Technometrics 21 (1979); silent points are masked with 0. Both are brought to the scale of z by setting
    their 99 % limits on held-out normal data equal to 2.576.
    """
    z = np.sign(smoothed) * np.maximum(np.abs(smoothed) - baseline.deadband, 0.0) / baseline.scale
    spoken = np.nan_to_num(z, nan=0.0)
    t2, q = t2_and_q(baseline.components, baseline.variances, spoken)
    multivariate = _Z99 * np.sqrt(np.maximum(t2 / baseline.t2_limit, q / baseline.q_limit))
    overall = np.maximum(multivariate, np.abs(spoken).max(axis=1, initial=0.0))
    return Scores(smoothed, z, multivariate, overall)


def t2_and_q(components: Floats, variances: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Hotelling's T2 (n,) within and squared prediction error Q (n,) outside the components (k, p) of z (n, p)."""
    # Sums along rows that lie in one piece: to the last bit the same for a row alone as among others.
    z = np.ascontiguousarray(z)
    projected = np.zeros((len(z), len(variances)))
    for k, component in enumerate(components):
        projected[:, k] = (z * component).sum(axis=1)
    t2: Floats = (projected**2 / variances).sum(axis=1)
    q: Floats = np.maximum((z**2).sum(axis=1) - (projected**2).sum(axis=1), 0.0)
    return t2, q


def shares(z_row: Floats) -> Floats:
    """Each point's share (p,) of the squared distance of one row of z; sums to 1, or all 0."""
    square = np.nan_to_num(z_row, nan=0.0) ** 2
    total = float(square.sum())
    portion: Floats = square / total if total > 0.0 else square
    return portion
