"""Assets with nothing going on, scored all at once.

Nearly always no finding is open or pending, the machine runs, and no score comes near the threshold. What such an asset
takes by itself is the overhead of a hundred small array operations, 0.4 ms a batch however few its rows; side by side
a batch of all assets takes them once. Whoever deviates is left to its ``Watcher``, from the state before.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import Baseline
from models.rows import RUNNING, AssetRows
from models.scoring import Millis, Scores, SmoothState, Span, Stack, score_all, smooth_all
from models.watcher import AssetState, Watcher, watched_after
from plantroom.domain.assets import Health


@dataclass(frozen=True, slots=True)
class Sitting:
    """An asset whose new rows are to be judged."""

    watcher: Watcher
    state: AssetState
    rows: AssetRows

    def is_plain(self) -> bool:
        """Whether nothing is open or pending, and the machine runs and has settled in all rows."""
        state, rows = self.state, self.rows
        if not state.judging or state.smooth is None or state.monitor is None or state.monitor.busy:
            return False
        return state.run.steady(rows.ts_ms, rows.column(RUNNING), self.watcher.settle_ms)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Thresholds (a,) of the assets of a stack."""

    raise_z: NDArray[np.float64]
    watch_z: NDArray[np.float64]
    clear_z: NDArray[np.float64]


class Together:
    """Scores many assets at once. What it stacks of their baselines is kept as long as the same assets come."""

    def __init__(self) -> None:
        self._stacks: dict[tuple[int, int], tuple[Sequence[Baseline], Stack, _Limits]] = {}

    def judge(self, sittings: Sequence[Sitting]) -> set[str]:
        """Moves the states of those on that have nothing to say; gives their keys. The others are untouched."""
        groups: defaultdict[tuple[int, int], list[Sitting]] = defaultdict(list)
        for one in sittings:
            if one.is_plain():
                groups[one.watcher.baseline.components.shape].append(one)
        return {asset for shape, group in groups.items() for asset in self._judge(shape, group)}

    def _judge(self, shape: tuple[int, int], group: Sequence[Sitting]) -> list[str]:
        stack, limits = self._stack_of(shape, [one.watcher.baseline for one in group])
        span = Span.of([len(one.rows.ts_ms) for one in group])
        ts_ms: Millis = np.concatenate([one.rows.ts_ms for one in group])
        values = np.concatenate([one.rows.matrix(one.watcher.baseline.points) for one in group])
        states = [one.state.smooth for one in group if one.state.smooth is not None]
        before = SmoothState(np.array([s.deviation for s in states]), np.array([s.seen_ms for s in states]))
        smoothed, after = smooth_all(stack, before, span, ts_ms, values)
        scores = score_all(stack, span, smoothed)
        over = np.logical_or.reduceat(scores.overall >= limits.raise_z[span.asset], span.firsts)
        health = _health(scores, span, limits, [one.state.health for one in group])
        last = scores.overall[span.lasts].tolist()
        calm = []
        for i in np.flatnonzero(~over).tolist():
            state, rows = group[i].state, group[i].rows
            state.smooth = SmoothState(after.deviation[i].copy(), after.seen_ms[i].copy())
            state.score, state.scored_ms, state.health = last[i], int(rows.ts_ms[-1]), health[i]
            if state.monitor is not None:
                state.monitor.last_ms = state.scored_ms
            calm.append(rows.asset)
        return calm

    def _stack_of(self, shape: tuple[int, int], baselines: Sequence[Baseline]) -> tuple[Stack, _Limits]:
        known = self._stacks.get(shape)
        if known is None or list(map(id, known[0])) != list(map(id, baselines)):
            thresholds = [[getattr(one.settings, name) for one in baselines] for name in _Limits.__slots__]
            limits = _Limits(*(np.array(some, np.float64) for some in thresholds))
            known = self._stacks[shape] = baselines, Stack.of(baselines), limits
        return known[1], known[2]


def _health(scores: Scores, span: Span, limits: _Limits, before: Sequence[Health]) -> list[Health]:
    """Health of each asset at its last row, with nothing open."""
    silent = np.asarray(np.isnan(scores.z).all(axis=1))
    opened = np.zeros(len(silent), np.bool_)
    watch_z, clear_z = limits.watch_z[span.asset], limits.clear_z[span.asset]
    was = np.array([one in (Health.WATCH, Health.ACT) for one in before], np.bool_)
    watched = watched_after(span, scores.overall, silent, opened, watch_z, clear_z, was)
    words = zip(silent[span.lasts].tolist(), watched.tolist(), strict=True)
    return [Health.UNKNOWN if mute else Health.WATCH if high else Health.GOOD for mute, high in words]
