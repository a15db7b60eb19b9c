"""From scores to findings of one asset: confirm on observed time, attribute, hold, clear with hysteresis."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.attribution import best_mode, stands_alone
from models.baseline import Baseline, Floats
from models.scoring import NEVER, Millis, Scores, shares
from plantroom.domain.assets import UNCLASSIFIED, FailureModeSpec

MULTIVARIATE = "*"
"""Stands among the points of a finding for T2 and Q, when no single point deviates by itself."""


@dataclass(slots=True)
class OpenFinding:
    """A raised finding: what deviates (``points``), and since when it has all been back (``None``: it is not)."""

    mode: str
    finding_id: str
    raised_ms: int
    points: tuple[str, ...]
    back_since_ms: int | None = None
    back_rows: int = 0


@dataclass(slots=True)
class MonitorState:
    """``since_ms`` and ``rows`` (p + 1,): since when, and for how many instants, each point (last: T2 and Q) has
    been over the raising threshold."""

    since_ms: Millis
    rows: NDArray[np.int64]
    last_ms: int = NEVER
    open: dict[str, OpenFinding] = field(default_factory=dict)

    @classmethod
    def fresh(cls, points: int) -> "MonitorState":
        """Nothing pending, nothing open."""
        return cls(np.full(points + 1, NEVER, dtype=np.int64), np.zeros(points + 1, dtype=np.int64))

    @property
    def busy(self) -> bool:
        """Whether something is open or pending."""
        return bool(self.open) or bool(self.rows.any())

    def forget_pending(self) -> None:
        """Start every dwell time afresh; what is open stays open."""
        self.since_ms[:] = NEVER
        self.rows[:] = 0
        for finding in self.open.values():
            finding.back_since_ms, finding.back_rows = None, 0


@dataclass(frozen=True, slots=True)
class Change:
    """Row ``row`` raised or cleared ``finding``; ``since_ms`` is when the deviation began."""

    row: int
    raised: bool
    finding: OpenFinding
    since_ms: int
    portions: Floats


class Monitor:
    """The state machine of one asset under one baseline."""

    def __init__(self, baseline: Baseline, modes: Sequence[FailureModeSpec], state: MonitorState) -> None:
        self._baseline = baseline
        self._modes = modes
        self._state = state
        self._names = (*baseline.points, MULTIVARIATE)
        self._learned = frozenset(baseline.points)
        self._settings = baseline.settings

    def watch(self, ts_ms: Millis, scores: Scores) -> list[Change]:
        """Changes that rows ``scores`` at rising ``ts_ms`` (n,) bring. Rows in which nothing can happen cost
        nothing: the loop visits only those with something pending or open, and the next one over the threshold.
        """
        size = np.column_stack([np.abs(scores.z), scores.multivariate])
        over = np.nan_to_num(size, nan=0.0) >= self._settings.raise_z
        hot = np.flatnonzero(over.any(axis=1))
        changes: list[Change] = []
        row = 0
        while row < len(ts_ms):
            if not self._state.busy:
                later = int(np.searchsorted(hot, row))
                if later == len(hot):
                    break
                row = int(hot[later])
                self._state.last_ms = max(self._state.last_ms, int(ts_ms[row - 1]) if row else NEVER)
            changes += self._step(row, int(ts_ms[row]), size[row], over[row], scores)
            row += 1
        if len(ts_ms):
            self._state.last_ms = int(ts_ms[-1])
        return changes

    def _step(self, row: int, now_ms: int, size: Floats, over: NDArray[np.bool_], scores: Scores) -> list[Change]:
        state, clock = self._state, self._settings.clock
        if now_ms - state.last_ms > self._baseline.gap_ms:
            state.forget_pending()
        state.last_ms = now_ms
        state.since_ms = np.where(over, np.where(state.since_ms == NEVER, now_ms, state.since_ms), NEVER)
        state.rows = np.where(over, state.rows + 1, 0)
        dwell_ms = now_ms - state.since_ms
        confirmed = over & (dwell_ms >= 1000 * clock.confirm_s) & (state.rows >= clock.confirm_rows)
        changes = self._cleared(row, now_ms, size)
        if confirmed.any():
            changes += self._raised(row, now_ms, confirmed, scores.z[row])
        return changes

    def _cleared(self, row: int, now_ms: int, size: Floats) -> list[Change]:
        """A silent point keeps its finding open: nobody has seen it come back."""
        clock = self._settings.clock
        by_name = dict(zip(self._names, size.tolist(), strict=True))
        changes = []
        for mode, finding in list(self._state.open.items()):
            back = all(by_name.get(point, 0.0) < self._settings.clear_z for point in finding.points)
            if not back:
                finding.back_since_ms, finding.back_rows = None, 0
                continue
            if finding.back_since_ms is None:
                finding.back_since_ms = now_ms
            finding.back_rows += 1
            if now_ms - finding.back_since_ms >= 1000 * clock.clear_s and finding.back_rows >= clock.clear_rows:
                del self._state.open[mode]
                changes.append(Change(row, False, finding, finding.back_since_ms, np.zeros(0)))
        return changes

    def _raised(self, row: int, now_ms: int, confirmed: NDArray[np.bool_], z: Floats) -> list[Change]:
        sure = {name for name, yes in zip(self._names, confirmed, strict=True) if yes}
        new = sure - {point for finding in self._state.open.values() for point in finding.points}
        if self._state.open or len(new) > 1:
            new.discard(MULTIVARIATE)
        changes = []
        while new:
            held, loose = self._held(sure)
            free = np.array([name not in held for name in self._baseline.points], dtype=np.bool_)
            portions = shares(np.where(free, z, 0.0))
            explained = {k: v for k, v in zip(self._baseline.points, portions.tolist(), strict=True) if v > 0.0}
            mode = best_mode(explained, self._modes, self._learned)
            host = self._host(mode, new | loose, now_ms)
            if host is not None:
                host.points = tuple(sorted({*host.points, *new}))
                break
            moved = {
                name
                for name, size, is_free in zip(self._baseline.points, np.abs(z).tolist(), free, strict=True)
                if is_free and size >= self._settings.clear_z
            }
            finding = OpenFinding(mode, "", now_ms, tuple(sorted(self._points_of(mode, moved | new))))
            for other in self._state.open.values():
                other.points = tuple(p for p in other.points if p not in finding.points) or other.points
            self._state.open[mode] = finding
            changes.append(Change(row, True, finding, self._began(finding.points, now_ms), portions))
            new -= {*finding.points}
        return changes

    def _held(self, sure: set[str]) -> tuple[set[str], set[str]]:
        """Points that belong to open findings, and those that merely went along with one and speak for another
        mode by right: loose."""
        claimed = {point for spec in self._modes for point in spec.points}
        held, loose = set(), set()
        for finding in self._state.open.values():
            own = {point for spec in self._modes if spec.key == finding.mode for point in spec.points}
            along = {point for point in finding.points if point in sure and point in claimed and point not in own}
            loose |= along
            held |= {*finding.points} - along
        return held, loose

    def _began(self, points: Sequence[str], now_ms: int) -> int:
        """When the first of the points went over the threshold."""
        since = [int(ms) for name, ms in zip(self._names, self._state.since_ms, strict=True) if name in points]
        return min((ms for ms in since if ms != NEVER), default=now_ms)

    def _host(self, mode: str, new: set[str], now_ms: int) -> OpenFinding | None:
        """The open finding that a newly confirmed deviation belongs to, if it is not a fault of its own."""
        if not self._state.open:
            return None
        if mode in self._state.open:
            return self._state.open[mode]
        latest = max(self._state.open.values(), key=lambda finding: finding.raised_ms)
        spec = next((m for m in self._modes if m.key == mode), None)
        if spec is None:
            return latest
        if now_ms - latest.raised_ms > 1000 * self._settings.attach_s:
            return None
        dominant = next((frozenset(m.points) for m in self._modes if m.key == latest.mode), frozenset(latest.points))
        return None if stands_alone(spec, new, dominant, self._learned) else latest

    def _points_of(self, mode: str, deviating: set[str]) -> set[str]:
        """The points that speak for ``mode``, and those that no mode claims; the rest may speak for another."""
        if mode == UNCLASSIFIED:
            return deviating
        own = {point for spec in self._modes if spec.key == mode for point in spec.points}
        claimed = {point for spec in self._modes for point in spec.points}
        return {point for point in deviating if point in own or point not in claimed}
