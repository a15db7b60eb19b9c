"""One asset under watch: its model, its state, and the findings that its rows bring."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.baseline import Baseline, Floats
from models.monitor import MULTIVARIATE, Change, Monitor, MonitorState, OpenFinding
from models.rows import RUNNING, AssetRows, RunState
from models.scoring import NEVER, Scores, SmoothState, Span, score, smooth
from plantroom.domain.assets import FailureModeSpec, Health, Severity
from plantroom.domain.findings import Evidence, Finding, FindingCleared, FindingRaised, FindingSource

_SHOWN = 6
_SMALLEST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class AssetHealth:
    """What the model makes of an asset: the last ``score`` (0: at its baseline), in standard deviations of
    normal data; at ``threshold`` a finding is near. A ``lost`` model (missing or damaged) makes nothing of it."""

    asset: str
    health: Health
    score: float
    threshold: float
    observed_at: datetime
    model: str
    lost: bool = False


@dataclass(slots=True)
class AssetState:
    """Everything about an asset that outlives a batch. ``windows`` are the ids of learn windows dealt with,
    ``held`` is the newest row, which may still grow and is judged when the next one begins."""

    model: str | None = None
    by_hand: int = 0
    windows: list[int] = field(default_factory=list)
    held: AssetRows | None = None
    run: RunState = field(default_factory=RunState)
    judging: bool = False
    smooth: SmoothState | None = None
    monitor: MonitorState | None = None
    score: float = 0.0
    scored_ms: int = NEVER
    health: Health = Health.UNKNOWN


class Watcher:
    """Scores rows of one asset with one model. The state is the caller's and moves on."""

    def __init__(self, site: str, asset: str, model: str, baseline: Baseline, modes: Sequence[FailureModeSpec]) -> None:
        self.model = model
        self.baseline = baseline
        self._site = site
        self._asset = asset
        self._modes = modes
        self.settle_ms = baseline.settle_ms

    def start(self, state: AssetState) -> None:
        """Put ``state`` under this model, at the baseline and with nothing open."""
        state.model = self.model
        state.smooth = SmoothState.fresh(len(self.baseline.points))
        state.monitor = MonitorState.fresh(len(self.baseline.points))
        state.health, state.score, state.scored_ms, state.judging = Health.UNKNOWN, 0.0, NEVER, False

    def watch(self, rows: AssetRows, state: AssetState) -> list[Finding]:
        """Findings of rows that have not been seen before, in observed order."""
        judged = state.run.judged(rows.ts_ms, rows.column(RUNNING), self.settle_ms)
        findings: list[Finding] = []
        for start, stop in _runs(judged):
            if judged[start]:
                findings += self._score(rows.cut(start, stop), state)
            state.judging = bool(judged[start])
        return findings

    def _score(self, rows: AssetRows, state: AssetState) -> list[Finding]:
        assert state.monitor is not None
        if not state.judging or state.smooth is None:
            state.smooth = SmoothState.fresh(len(self.baseline.points))
            state.monitor.forget_pending()
        smoothed = smooth(self.baseline, state.smooth, rows.ts_ms, rows.matrix(self.baseline.points))
        scores = score(self.baseline, smoothed)
        opened = np.full(len(rows.ts_ms), len(state.monitor.open))
        findings: list[Finding] = []
        for change in Monitor(self.baseline, self._modes, state.monitor).watch(rows.ts_ms, scores):
            opened[change.row :] += 1 if change.raised else -1
            findings.append(self._raised(change, rows, scores) if change.raised else self._cleared(change, rows))
        state.score, state.scored_ms = float(scores.overall[-1]), int(rows.ts_ms[-1])
        state.health = self._health(state.health, scores, opened > 0)
        return findings

    def _health(self, before: Health, scores: Scores, opened: NDArray[np.bool_]) -> Health:
        """Health at the last row."""
        settings, rows = self.baseline.settings, len(scores.overall)
        silent: NDArray[np.bool_] = np.asarray(np.isnan(scores.z).all(axis=1))
        thresholds = np.full(rows, settings.watch_z), np.full(rows, settings.clear_z)
        was = np.array([before in (Health.WATCH, Health.ACT)])
        watched = watched_after(Span.of([rows]), scores.overall, silent, opened, *thresholds, was)
        if opened[-1]:
            return Health.ACT
        if silent[-1]:
            return Health.UNKNOWN
        return Health.WATCH if watched[0] else Health.GOOD

    def _raised(self, change: Change, rows: AssetRows, scores: Scores) -> FindingRaised:
        finding, row, settings = change.finding, change.row, self.baseline.settings
        spec = next((mode for mode in self._modes if mode.key == finding.mode), None)
        finding.finding_id = _id(self._site, self._asset, finding.mode, "raised", int(rows.ts_ms[row]))
        reached = float(scores.overall[row])
        ranked = sorted(range(len(change.portions)), key=lambda j: -change.portions[j])[:_SHOWN]
        evidence = tuple(
            Evidence(
                point=self.baseline.points[j],
                contribution=_floor(float(change.portions[j])),
                value=float(self.baseline.level[j] + scores.smooth[row, j]),
                expected=float(self.baseline.level[j]),
            )
            for j in ranked
            if change.portions[j] >= _SMALLEST_SHARE
        )
        return FindingRaised(
            finding_id=finding.finding_id,
            site=self._site,
            asset=self._asset,
            failure_mode=finding.mode,
            source=FindingSource.MODEL,
            severity=Severity.GENERAL if spec is None else spec.severity,
            safety=False,
            observed_at=instant(int(rows.ts_ms[row])),
            received_at=instant(int(rows.received_ms[row])),
            evidence=evidence,
            detail={
                "score": round(reached, 2),
                "threshold": settings.raise_z,
                "confidence": confidence(reached, settings.raise_z),
                "model": self.model,
                "clock": settings.clock.name,
                "deviating_since": instant(change.since_ms).isoformat(),
                "multivariate": finding.points == (MULTIVARIATE,),
            },
        )

    def _cleared(self, change: Change, rows: AssetRows) -> FindingCleared:
        ts_ms, received_ms = int(rows.ts_ms[change.row]), int(rows.received_ms[change.row])
        return cleared(self._site, self._asset, change.finding, ts_ms, received_ms)

    def health(self, state: AssetState) -> AssetHealth:
        """The last judgement; the threshold is the model's."""
        return AssetHealth(
            asset=self._asset,
            health=state.health,
            score=state.score,
            threshold=self.baseline.settings.raise_z,
            observed_at=instant(state.scored_ms),
            model=self.model,
        )


def watched_after(
    span: Span,
    overall: Floats,
    silent: NDArray[np.bool_],
    opened: NDArray[np.bool_],
    watch_z: Floats,
    clear_z: Floats,
    before: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which assets (a,) are to be watched after their rows (n). Between the two thresholds the last row outside them
    decides, in whichever batch it came: ``before`` (a,) where there is none."""
    high = opened | (~silent & (overall >= watch_z))
    telling = high | silent | (overall < clear_z)
    latest = np.maximum.reduceat(np.where(telling, np.arange(len(telling)), -1), span.firsts)
    watched: NDArray[np.bool_] = np.where(latest >= 0, high[latest], before)
    return watched


def cleared(site: str, asset: str, finding: OpenFinding, ts_ms: int, received_ms: int) -> FindingCleared:
    """The end of a finding at an observed instant."""
    return FindingCleared(
        finding_id=_id(site, asset, finding.mode, "cleared", ts_ms),
        site=site,
        asset=asset,
        failure_mode=finding.mode,
        source=FindingSource.MODEL,
        observed_at=instant(ts_ms),
        received_at=instant(received_ms),
    )


def _id(site: str, asset: str, mode: str, what: str, ts_ms: int) -> str:
    parts = (site, asset, FindingSource.MODEL.value, mode, what, str(ts_ms))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def confidence(score: float, threshold: float) -> float:
    """How sure a confirmed finding is, in 0.5..1: ``1 - (threshold / score)^2 / 2``.

    >>> confidence(8.0, 8.0), confidence(16.0, 8.0)
    (0.5, 0.88)
    """
    return round(1.0 - 0.5 * min(1.0, threshold / score) ** 2, 2)


def instant(ts_ms: int) -> datetime:
    """The aware instant of milliseconds since 1970 UTC."""
    seconds, millis = divmod(ts_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=millis * 1000)


def _floor(share: float) -> float:
    """Rounded down, so that shares never sum to more than 1."""
    return int(share * 10_000) / 10_000


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Spans of equal neighbours."""
    edges = [0, *(np.flatnonzero(np.diff(mask)) + 1).tolist(), len(mask)]
    return [(a, b) for a, b in pairwise(edges) if b > a]
