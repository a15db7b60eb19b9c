"""Fitting a baseline on rows that somebody declared normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.baseline import Baseline, Floats
from models.quantities import deadband_of
from models.scoring import Millis, SmoothState, smooth, t2_and_q
from models.settings import DetectorSettings
from plantroom.errors import BadData

_Z99 = 2.5758
_QUIET = 0.1
"""A scale is at least this part of the deadband: a sensor that never moved while learning is not infinitely sure."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A baseline with what the registry keeps about how it was come by."""

    baseline: Baseline
    calibration: Mapping[str, object]


def fit(
    points: Sequence[tuple[str, str]], ts_ms: Millis, values: Floats, settings: DetectorSettings | None = None
) -> Fit:
    """Baseline of ``points`` (key, unit) on rows ``values`` (n, p; NaN: missing) at rising ``ts_ms`` (n,).

    Left out are points without a third of the rows, and points without a scale: always or nearly always 0, or of
    values so large that their spread is no number. Every variance is measured on contiguous blocks that the level
    was not taken from. All numbers of the baseline are finite. Deterministic; O(n p).

    Raises ``BadData`` when too few rows or no point is left.
    """
    settings = settings or DetectorSettings()
    needed = settings.min_learn_rows
    if len(ts_ms) < needed:
        raise BadData(f"{len(ts_ms)} rows are too few to learn from; at least {needed} are needed")
    values = np.where(np.isfinite(values), values, np.nan)
    kept = [j for j in range(len(points)) if _usable(values[:, j], settings)]
    if not kept:
        raise BadData("no point has enough readings to learn from")
    # What overflows becomes infinite or NaN, and its point is left out.
    with np.errstate(over="ignore", invalid="ignore"):
        values = _without_outliers(values[:, kept])
        spread = _spread([points[j] for j in kept], ts_ms, values, settings)
        sound = spread.baseline.sound & np.isfinite(np.sum([spread.held_out_sd, spread.drift_sd, _sd(values)], axis=0))
        if not sound.any():
            raise BadData("no point has a finite scale to be judged by")
        spread = spread.of(sound)
        fitted, calibration = _with_components(spread, values[:, sound])
    per_point = {
        key: {"held_out_sd": held_out_sd, "drift_sd": drift_sd, "deadband": deadband}
        for key, held_out_sd, drift_sd, deadband in zip(
            fitted.points, spread.held_out_sd.tolist(), spread.drift_sd.tolist(), fitted.deadband.tolist(), strict=True
        )
    }
    return Fit(fitted, {"blocks": settings.blocks, "rows": len(ts_ms), "points": per_point, **calibration})


def _usable(column: Floats, settings: DetectorSettings) -> bool:
    heard = column[~np.isnan(column)]
    enough = len(heard) >= max(settings.min_learn_rows, len(column) // 3)
    return enough and bool(np.any(heard != 0.0))


@dataclass(frozen=True, slots=True)
class _Spread:
    """A baseline with scales but without components, and where the scales come from: ``block`` (n,) of each row,
    ``held_out`` (n, p) smoothed deviations, ``held_out_sd`` and ``drift_sd`` (p,)."""

    baseline: Baseline
    block: NDArray[np.int64]
    held_out: Floats
    held_out_sd: Floats
    drift_sd: Floats

    def of(self, chosen: NDArray[np.bool_]) -> "_Spread":
        """The same for some of the points (p,)."""
        held_out, held_out_sd, drift_sd = self.held_out[:, chosen], self.held_out_sd[chosen], self.drift_sd[chosen]
        return _Spread(self.baseline.of(chosen), self.block, held_out, held_out_sd, drift_sd)


def _spread(names: Sequence[tuple[str, str]], ts_ms: Millis, values: Floats, settings: DetectorSettings) -> _Spread:
    """Level, noise, scale and deadband of every point by itself; not finite where there are none."""
    deadband = np.array(
        [deadband_of(key, unit, column[~np.isnan(column)]) for (key, unit), column in zip(names, values.T, strict=True)]
    )
    rough = _rough_baseline([key for key, _ in names], ts_ms, values, deadband, settings)
    block = np.minimum(np.arange(len(ts_ms)) * settings.blocks // len(ts_ms), settings.blocks - 1)
    held_out = _held_out(rough, block, ts_ms, values)
    drift = np.array([_drift(rough, j, block, values[:, j]) for j in range(len(names))])
    tail = np.array([_quantile(np.abs(column), 0.99) for column in held_out.T]) / _Z99
    held_out_sd = np.maximum(np.sqrt(_mean(held_out**2)), tail)
    white = rough.noise * np.sqrt(rough.gain / (2.0 - rough.gain))
    scale = np.maximum(np.hypot(np.maximum(held_out_sd, white), drift), _QUIET * deadband)
    return _Spread(replace(rough, scale=scale), block, held_out, held_out_sd, drift)


def _mean(values: Floats) -> Floats:
    """Means (p,) of the columns of ``values`` (n, p) without their NaN; NaN where nothing else is there."""
    heard = ~np.isnan(values)
    count = heard.sum(axis=0)
    mean: Floats = np.where(heard, values, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan)
    return mean


def _sd(values: Floats) -> Floats:
    """Standard deviations (p,) of the columns of ``values`` (n, p) without their NaN."""
    return np.sqrt(_mean((values - _mean(values)) ** 2))


def _quantile(column: Floats, share: float) -> float:
    """Quantile of a column without its NaN; NaN where nothing else is there."""
    heard = column[~np.isnan(column)]
    return float(np.quantile(heard, share)) if len(heard) else np.nan


def _rough_baseline(
    keys: Sequence[str], ts_ms: Millis, values: Floats, deadband: Floats, settings: DetectorSettings
) -> Baseline:
    """Levels and noise; the scale is the noise alone, which only bounds the reach of single rows."""
    p = len(keys)
    dt_s = float(np.median(np.diff(ts_ms))) / 1000.0
    level = _mean(values)
    noise = np.array([_noise(column[~np.isnan(column)]) for column in values.T])
    floor = np.maximum(_QUIET * deadband, 1e-9 * np.maximum(np.abs(level), 1e-300))
    return Baseline(
        points=tuple(keys), level=level, noise=noise, scale=np.maximum(noise, floor), deadband=deadband,
        components=np.zeros((0, p)), variances=np.zeros(0), t2_limit=1.0, q_limit=1.0, dt_s=dt_s, settings=settings,
    )  # fmt: skip


def _without_outliers(values: Floats) -> Floats:
    """Values (n, p) brought to within the range of their middle 98 %, widened by itself on either side.

    A handful of wild rows in a learn window must not become part of what is normal.
    """
    low, high = np.nanquantile(values, (0.01, 0.99), axis=0)
    return np.clip(values, low - (high - low), high + (high - low))


def _noise(column: Floats) -> float:
    """Standard deviation row to row, from first differences: blind to drift."""
    return float(np.std(np.diff(column)) / np.sqrt(2.0))


def _held_out(rough: Baseline, block: NDArray[np.int64], ts_ms: Millis, values: Floats) -> Floats:
    """Smoothed deviations (n, p) of every block from the level of all the others."""
    residual = np.empty_like(values)
    for b in np.unique(block):
        residual[block == b] = values[block == b] - _mean(values[block != b])
    around_zero = replace(rough, level=np.zeros_like(rough.level))
    smoothed = smooth(around_zero, SmoothState.fresh(len(rough.points)), ts_ms, residual)
    settled = ts_ms - ts_ms[0] >= 1000.0 * rough.tau_s
    if settled.sum() >= len(settled) // 2:
        smoothed[~settled] = np.nan
    return smoothed


def _drift(rough: Baseline, point: int, block: NDArray[np.int64], column: Floats) -> float:
    """Standard deviation that the level of a point gains over the drift horizon; NaN with fewer than two blocks.

    Random walk plus white noise: the variance of the difference of neighbouring block means is that of the
    walk over a block's length plus that of two means of noise. Blocks without readings do not count: the walk
    between their neighbours is as many times longer.
    """
    blocks = np.unique(block)
    heard = np.array([np.count_nonzero(~np.isnan(column[block == b])) for b in blocks])
    there = np.flatnonzero(heard)
    if len(there) < 2:
        return np.nan
    means = np.array([float(_mean(column[block == blocks[i], None])[0]) for i in there])
    walk = np.mean(np.diff(means) ** 2 / np.diff(there)) - 2.0 * rough.noise[point] ** 2 / heard[there].mean()
    steps = rough.settings.drift_horizon_windows * len(blocks)
    return float(np.sqrt(np.maximum(walk, 0.0) * steps))


def _with_components(spread: _Spread, values: Floats) -> tuple[Baseline, Mapping[str, object]]:
    """Components of the correlation between points, and limits of T2 and Q on held-out rows."""
    baseline, block = spread.baseline, spread.block
    sd = _sd(values)
    moves = sd > 1e-9 * np.abs(baseline.level)
    standard = np.where(
        moves, (values - baseline.level) / np.where(moves, sd, 1.0), np.where(np.isnan(values), np.nan, 0.0)
    )
    whole = ~np.isnan(standard).any(axis=1)
    z = spread.held_out / baseline.scale
    t2_all: list[Floats] = []
    q_all: list[Floats] = []
    for b in np.unique(block):
        judged = (block == b) & ~np.isnan(z).all(axis=1)
        t2, q = t2_and_q(*_components(standard[whole & (block != b)]), np.nan_to_num(z[judged], nan=0.0))
        t2_all.append(t2)
        q_all.append(q)
    components, variances = _components(standard[whole])
    k = len(variances)
    t2_limit = max(float(np.quantile(np.concatenate(t2_all), 0.99)), _chi2_99(k))
    q_limit = max(float(np.quantile(np.concatenate(q_all), 0.99)), _chi2_99(len(baseline.points) - k))
    done = replace(baseline, components=components, variances=variances, t2_limit=t2_limit, q_limit=q_limit)
    worst = float(np.nanmax(np.abs(z)))
    return done, {"held_out_worst_z": worst, "t2_limit": t2_limit, "q_limit": q_limit, "components": k}


def _chi2_99(freedom: int) -> float:
    """99 % quantile of chi-squared after Wilson and Hilferty, PNAS 17 (1931); freedom 0 counts as 1."""
    part = 2.0 / (9.0 * max(freedom, 1))
    return float(max(freedom, 1) * (1.0 - part + 2.3263 * part**0.5) ** 3)


def warm_up() -> None:
    """Import what fitting needs (a second or two), so that the first learn window need not wait for it."""
    _components(np.random.default_rng(0).normal(size=(40, 3)))


def _components(rows: Floats) -> tuple[Floats, Floats]:
    """Components (k, p) with a variance over 1 (Kaiser) of standardised whole rows (n, p): what points do together.

    None of fewer than ten rows a point (chance correlations would pass for the machine's), nor of rows that never move.
    """
    from sklearn.decomposition import PCA

    n, p = rows.shape
    if p < 2 or n < 10 * p or not rows.any():
        return np.zeros((0, p)), np.zeros(0)
    pca = PCA(svd_solver="full").fit(rows)
    shared = pca.explained_variance_ > 1.0
    return np.asarray(pca.components_[shared], dtype=np.float64), np.asarray(pca.explained_variance_[shared])
