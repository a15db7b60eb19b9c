"""Scores of an asset's rows against its baseline: vectorised over rows and points, causal, and resumable.

Only differences of observed times enter (never a time itself, a row number or the time since a start), so a
score depends on nothing but the values and their spacing.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Stack:
    """Baselines of ``a`` assets, each of ``p`` points and ``k`` components, side by side: the arrays of ``Baseline``
    with a first axis more. What belongs to an asset as a whole is (a, 1), so that it stands beside its points."""

    level: Floats
    reach: Floats
    deadband: Floats
    scale: Floats
    components: Floats
    variances: Floats
    t2_limit: Floats
    q_limit: Floats
    tau_s: Floats
    dt_s: Floats
    gap_ms: Floats
    hold_ms: Floats

    @classmethod
    def of(cls, baselines: Sequence[Baseline]) -> "Stack":
        """Baselines of as many points and components each."""
        arrays = [
            np.array([getattr(one, name) for one in baselines], dtype=np.float64)
            for name in ("level", "reach", "deadband", "scale", "components", "variances")
        ]
        numbers = [
            np.array([[getattr(one, name)] for one in baselines], dtype=np.float64)
            for name in ("t2_limit", "q_limit", "tau_s", "dt_s", "gap_ms", "hold_ms")
        ]
        return cls(*arrays, *numbers)


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows (n) are whose: those of asset ``i`` are ``bounds[i]:bounds[i + 1]``, at least one each; ``asset`` (n,)
    says the same by row."""

    bounds: NDArray[np.int64]
    asset: NDArray[np.int64]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> "Span":
        """Of assets with so many rows each."""
        return cls(np.cumsum([0, *lengths]), np.repeat(np.arange(len(lengths)), lengths))

    @property
    def firsts(self) -> NDArray[np.int64]:
        """The first row of each asset."""
        return self.bounds[:-1]

    @property
    def lasts(self) -> NDArray[np.int64]:
        """The last row of each asset."""
        return self.bounds[1:] - 1


def smooth(baseline: Baseline, state: SmoothState, ts_ms: Millis, values: Floats) -> Floats:
    """Exponentially smoothed deviations (n, p) of ``values`` (n, p; not finite: silent) at rising ``ts_ms`` (n,).

    Moves ``state`` on. Each point has its own time: a silent point keeps its deviation for ``hold_ms`` and is
    NaN afterwards; a silence over ``gap_ms`` forgets it. O(n p).
    """
    if not len(ts_ms):
        return np.empty(values.shape)
    before = SmoothState(state.deviation[None, :], state.seen_ms[None, :])
    out, after = smooth_all(Stack.of([baseline]), before, Span.of([len(ts_ms)]), ts_ms, values)
    state.deviation, state.seen_ms = after.deviation[0], after.seen_ms[0]
    return out


def smooth_all(
    stack: Stack, states: SmoothState, span: Span, ts_ms: Millis, values: Floats
) -> tuple[Floats, SmoothState]:
    """As ``smooth`` for many assets at once, to the last bit: their rows one asset after the other, their ``states``
    side by side (a, p). Gives the states after the rows; those before stay."""
    n, p = values.shape
    heard = np.isfinite(values)
    instants = np.broadcast_to(ts_ms[:, None], (n, p))
    latest = np.maximum.accumulate(np.where(heard, np.arange(n)[:, None], -1), axis=0)
    last = np.where(latest >= span.bounds[span.asset, None], ts_ms[latest], NEVER)
    last = np.maximum(last, states.seen_ms[span.asset])
    before = np.empty_like(last)
    before[1:] = last[:-1]
    before[span.firsts] = states.seen_ms
    pause_ms = (instants - before).astype(np.float64)
    dt_s, reach = stack.dt_s[span.asset], stack.reach[span.asset]
    forgotten = heard & (pause_ms > stack.gap_ms[span.asset])
    step_s = np.where(forgotten, dt_s, np.minimum(pause_ms / 1000.0, 3.0 * dt_s))
    gain = np.where(heard, -np.expm1(-step_s / stack.tau_s[span.asset]), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.clip(np.where(heard, values - stack.level[span.asset], 0.0), -reach, reach)
    out = _recur(span, np.where(forgotten, 0.0, 1.0 - gain), gain * deviation, states.deviation)
    after = SmoothState(out[span.lasts], last[span.lasts])
    out[instants - last > stack.hold_ms[span.asset]] = np.nan
    return out, after


def _recur(span: Span, keep: Floats, add: Floats, start: Floats) -> Floats:
    """``x[i] = keep[i] * x[i - 1] + add[i]`` (n, p) along the rows of each asset, from ``start`` (a, p).

    All assets take a step together: row by row and asset by asset it would be the dearest part of scoring.
    """
    lengths = np.diff(span.bounds)
    longest_first = np.argsort(-lengths, kind="stable")
    rank = np.empty_like(longest_first)
    rank[longest_first] = np.arange(len(lengths))
    step = np.arange(len(keep)) - span.firsts[span.asset]
    order = np.lexsort((rank[span.asset], step))
    keep, add, found = keep[order], add[order], np.empty(keep.shape)
    current, at = start[longest_first], 0
    for width in np.bincount(step).tolist():
        done = at + width
        current = keep[at:done] * current[:width] + add[at:done]
        found[at:done] = current
        at = done
    out = np.empty(keep.shape)
    out[order] = found
    return out


def score(baseline: Baseline, smoothed: Floats) -> Scores:
    """Scores of smoothed deviations (n, p).

    z = sign(d) max(0, |d| - deadband) / scale. T2 and Q (SPE) of z as in Jackson and Mudholkar,
    Technometrics 21 (1979); silent points are masked with 0. Both are brought to the scale of z by setting
    their 99 % limits on held-out normal data equal to 2.576.
    """
    return score_all(Stack.of([baseline]), Span.of([len(smoothed)]), smoothed)


def score_all(stack: Stack, span: Span, smoothed: Floats) -> Scores:
    """As ``score`` for many assets at once, to the last bit."""
    size = np.maximum(np.abs(smoothed) - stack.deadband[span.asset], 0.0)
    z = np.sign(smoothed) * size / stack.scale[span.asset]
    spoken = np.nan_to_num(z, nan=0.0)
    t2, q = t2_and_q(stack.components[span.asset], stack.variances[span.asset], spoken)
    t2_limit, q_limit = stack.t2_limit[span.asset, 0], stack.q_limit[span.asset, 0]
    multivariate = _Z99 * np.sqrt(np.maximum(t2 / t2_limit, q / q_limit))
    overall = np.maximum(multivariate, np.abs(spoken).max(axis=1, initial=0.0))
    return Scores(smoothed, z, multivariate, overall)


def t2_and_q(components: Floats, variances: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Hotelling's T2 (n,) within and squared prediction error Q (n,) outside the components (k, p) of z (n, p), whose
    ``variances`` are (k,); or of components (n, k, p) and variances (n, k) that each row has of its own."""
    # Sums along rows that lie in one piece: to the last bit the same for a row alone as among others.
    z = np.ascontiguousarray(z)
    projected = np.zeros((len(z), variances.shape[-1]))
    for k in range(variances.shape[-1]):
        projected[:, k] = (z * components[..., k, :]).sum(axis=1)
    t2: Floats = (projected**2 / variances).sum(axis=1)
    q: Floats = np.maximum((z**2).sum(axis=1) - (projected**2).sum(axis=1), 0.0)
    return t2, q


def shares(z_row: Floats) -> Floats:
    """Each point's share (p,) of the squared distance of one row of z; sums to 1, or all 0."""
    square = np.nan_to_num(z_row, nan=0.0) ** 2
    total = float(square.sum())
    portion: Floats = square / total if total > 0.0 else square
    return portion
