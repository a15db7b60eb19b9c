"""Limit alarms (ISA-18.2): deadband, on-delay and off-delay, all on observed time.

Each limit of a point is an alarm of its own: ``idle > pending > active > clearing > idle``. Beyond a limit for
the on-delay raises it; inside by the deadband for the off-delay clears it. A replay is judged like live data,
on its own observed time. While an asset is under maintenance its findings are tagged so; what follows from that
is for ``maintenance`` to decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.instants import from_ms
from ingest.rejections import stable_id
from plantroom.domain.assets import (
    UNCLASSIFIED,
    AssetStatus,
    EquipmentClass,
    Limits,
    Plant,
    Point,
    Priority,
    Severity,
)
from plantroom.domain.findings import Evidence, Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import SeriesRef
from plantroom.ports.stages import StreamBatch, StreamStage


class Phase(IntEnum):
    """Where an alarm stands."""

    IDLE = 0
    PENDING = 1
    ACTIVE = 2
    CLEARING = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One limit of one point: ``side`` is 1 for a high limit, -1 for a low one."""

    name: str
    limit: float
    side: int
    deadband: float
    on_delay_ms: float
    off_delay_ms: float

    def beyond(self, value: float) -> bool:
        """Outside the limit."""
        return self.side * (value - self.limit) > 0

    def back_inside(self, value: float) -> bool:
        """Inside the limit by the deadband."""
        return self.side * (value - self.limit) <= -self.deadband


@dataclass(slots=True)
class AlarmState:
    """State of one level: ``since_ms`` is when the phase began, ``last_ms`` the newest judged instant."""

    phase: Phase = Phase.IDLE
    since_ms: int = 0
    last_ms: int = 0
    raised_ms: int = 0
    mode: str = ""
    """Failure mode under which it was raised."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """A point with limits, ready to be judged."""

    ref: SeriesRef
    mode: str
    severity: Severity
    safety: bool
    maintenance: bool
    stale_ms: float
    levels: tuple[Level, ...]


def levels_of(limits: Limits) -> tuple[Level, ...]:
    """The alarms that a point's limits define."""
    on_warning, on_alarm, off = (1000 * s for s in (limits.warning_delay_s, limits.alarm_delay_s, limits.off_delay_s))
    table = (
        ("warning_low", limits.warning_low, -1, on_warning),
        ("warning_high", limits.warning_high, 1, on_warning),
        ("alarm_low", limits.alarm_low, -1, on_alarm),
        ("alarm_high", limits.alarm_high, 1, on_alarm),
    )
    return tuple(
        Level(name, limit, side, limits.deadband, delay, off) for name, limit, side, delay in table if limit is not None
    )


_Key = tuple[str, str, str]
"""Asset, point, level."""


class LimitAlarms(StreamStage):
    """Watches every live, not bad reading against its point's limits.

    Readings inside their limits, of points with no alarm going on, cost a few array operations for the whole
    batch; only the others are gone through one by one.
    """

    def __init__(self, classes: Mapping[str, EquipmentClass]) -> None:
        self._classes = classes
        self._states: dict[_Key, AlarmState] = {}
        self._revision: int | None = None
        self._series: Sequence[SeriesRef] | None = None
        self._watched: list[_Watched | None] = []
        self._low: NDArray[np.float64] = np.empty(0)
        self._high: NDArray[np.float64] = np.empty(0)
        self._busy: NDArray[np.bool_] = np.empty(0, np.bool_)

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """Findings in observed order; ``StreamBatch`` says which readings may be judged."""
        readings = batch.readings
        findings: list[Finding] = []
        if self._compile(readings.series, plant):
            findings += self._orphans(batch, plant)
        ids, value = readings.series_id, readings.value
        judged = batch.live & (readings.reason < FIRST_BAD)
        beyond = (value < self._low[ids]) | (value > self._high[ids])
        noted = judged & (beyond | self._busy[ids])
        if not noted.any():
            return findings
        touched = np.zeros(len(self._busy), np.bool_)
        touched[ids[noted]] = True
        rows = np.flatnonzero(judged & touched[ids])
        columns = (ids[rows], readings.ts_ms[rows], value[rows], batch.received_ms[rows])
        for number, ts_ms, one, received_ms in zip(*(c.tolist() for c in columns), strict=True):
            findings += self._judge(number, ts_ms, one, received_ms)
        return sorted(findings, key=lambda f: f.observed_at)

    def snapshot(self) -> bytes:
        """All alarms that are not idle."""
        rows = [(*key, s.phase, s.since_ms, s.last_ms, s.raised_ms, s.mode) for key, s in self._states.items()]
        return orjson.dumps(rows)

    def restore(self, state: bytes) -> None:
        """See ``StreamStage``."""
        self._states, self._revision, self._series = {}, None, None
        if not state:
            return
        try:
            for asset, point, level, phase, *rest in orjson.loads(state):
                self._states[asset, point, level] = AlarmState(Phase(phase), *rest)
        except (TypeError, orjson.JSONDecodeError) as error:
            raise ValueError("not a snapshot of limit alarms") from error

    def _compile(self, series: Sequence[SeriesRef], plant: Plant) -> bool:
        """Bring the arrays up to date with the plant and the series table; ``True`` for a changed plant."""
        changed = plant.revision != self._revision
        if changed or series is not self._series:
            self._watched = []
            self._low = self._high = np.empty(0)
            self._busy = np.empty(0, np.bool_)
        self._revision, self._series = plant.revision, series
        if len(self._watched) < len(series):
            new = [self._watch(ref, plant) for ref in series[len(self._watched) :]]
            self._watched += new
            self._low = np.concatenate((self._low, [_innermost(w, -1) for w in new]))
            self._high = np.concatenate((self._high, [_innermost(w, 1) for w in new]))
            self._busy = np.concatenate((self._busy, [self._is_busy(w) for w in new]))
        return changed

    def _watch(self, ref: SeriesRef, plant: Plant) -> _Watched | None:
        asset, point = plant.assets.get(ref.asset), plant.points.get(ref.asset, {}).get(ref.point)
        if asset is None or point is None:
            return None
        template, source = point.template, plant.sources.get(ref.asset)
        mode = template.failure_mode or UNCLASSIFIED
        known = self._classes[asset.equipment_class].mode(mode) if asset.equipment_class in self._classes else None
        return _Watched(
            ref=ref,
            mode=mode,
            severity=Severity.GENERAL if known is None else known.severity,
            safety=source is not None and source.priority is Priority.SAFETY,
            maintenance=asset.status is AssetStatus.UNDER_MAINTENANCE,
            stale_ms=np.inf if template.stale_after_s is None else 1000 * template.stale_after_s,
            levels=levels_of(template.limits),
        )

    def _is_busy(self, watched: _Watched | None) -> bool:
        return watched is not None and any(self._key(watched, level) in self._states for level in watched.levels)

    @staticmethod
    def _key(watched: _Watched, level: Level) -> _Key:
        return watched.ref.asset, watched.ref.point, level.name

    def _judge(self, number: int, ts_ms: int, value: float, received_ms: int) -> Iterator[Finding]:
        watched = self._watched[number]
        if watched is None:
            return
        for level in watched.levels:
            key = self._key(watched, level)
            state = self._states.get(key)
            if state is None:
                if not level.beyond(value):
                    continue
                state = self._states[key] = AlarmState()
            step = _step(state, level, watched, ts_ms, value)
            state.last_ms = ts_ms
            if step is Phase.ACTIVE:
                yield _raised(watched, level, state, ts_ms, received_ms, value)
            elif step is Phase.CLEARING:
                yield _cleared(watched.ref, level.name, state, ts_ms, received_ms)
            if state.phase is Phase.IDLE:
                del self._states[key]
        self._busy[number] = self._is_busy(watched)

    def _orphans(self, batch: StreamBatch, plant: Plant) -> list[Finding]:
        """Clear alarms whose limit, point or asset is no more."""
        findings: list[Finding] = []
        received_ms = int(batch.received_ms.max()) if len(batch.received_ms) else 0
        for key, state in list(self._states.items()):
            asset, point_key, name = key
            point = plant.points.get(asset, {}).get(point_key)
            if asset in plant.assets and point is not None and _has_level(point, name):
                continue
            del self._states[key]
            if state.phase in (Phase.ACTIVE, Phase.CLEARING):
                ref = SeriesRef(batch.site, "", asset, point_key)
                findings.append(_cleared(ref, name, state, state.last_ms, received_ms))
        return findings


def _has_level(point: Point, name: str) -> bool:
    return any(level.name == name for level in levels_of(point.template.limits))


def _innermost(watched: _Watched | None, side: int) -> float:
    """The limit of that side which a value meets first; infinite where there is none."""
    limits = [level.limit for level in watched.levels if level.side == side] if watched is not None else []
    if side > 0:
        return min(limits, default=np.inf)
    return max(limits, default=-np.inf)


def _step(state: AlarmState, level: Level, watched: _Watched, ts_ms: int, value: float) -> Phase | None:
    """Move one alarm on; ``ACTIVE`` when it is raised now, ``CLEARING`` when it is cleared now.

    A clock that was set back begins the delay anew: it would run until the old time is reached again.
    """
    if ts_ms < state.last_ms:
        state.since_ms = min(state.since_ms, ts_ms)
    if state.phase in (Phase.IDLE, Phase.PENDING):
        if not level.beyond(value):
            state.phase = Phase.IDLE
            return None
        if state.phase is Phase.IDLE or ts_ms - state.last_ms > max(watched.stale_ms, level.on_delay_ms):
            state.phase, state.since_ms = Phase.PENDING, ts_ms
        if ts_ms - state.since_ms < level.on_delay_ms:
            return None
        state.phase, state.raised_ms, state.mode = Phase.ACTIVE, ts_ms, watched.mode
        return Phase.ACTIVE
    if not level.back_inside(value):
        state.phase = Phase.ACTIVE
        return None
    if state.phase is Phase.ACTIVE:
        state.phase, state.since_ms = Phase.CLEARING, ts_ms
    if ts_ms - state.since_ms < level.off_delay_ms:
        return None
    state.phase = Phase.IDLE
    return Phase.CLEARING


def _subject(point: str, level: str) -> str:
    return f"{point}:{level}"


def _raised(
    watched: _Watched, level: Level, state: AlarmState, ts_ms: int, received_ms: int, value: float
) -> FindingRaised:
    ref, alarm = watched.ref, level.name.startswith("alarm")
    return FindingRaised(
        finding_id=stable_id("limit", "raised", ref.site, ref.asset, ref.point, level.name, ts_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=watched.mode,
        source=FindingSource.LIMIT,
        severity=watched.severity if alarm else Severity.INFO,
        safety=watched.safety and alarm,
        observed_at=from_ms(ts_ms),
        received_at=from_ms(received_ms),
        subject=_subject(ref.point, level.name),
        evidence=(Evidence(ref.point, 1.0, value, level.limit),),
        detail={
            "point": ref.point,
            "level": level.name,
            "value": value,
            "limit": level.limit,
            "beyond_since": from_ms(state.since_ms).isoformat(),
            "tags": ["under_maintenance"] if watched.maintenance else [],
        },
    )


def _cleared(ref: SeriesRef, level: str, state: AlarmState, ts_ms: int, received_ms: int) -> FindingCleared:
    return FindingCleared(
        finding_id=stable_id("limit", "cleared", ref.site, ref.asset, ref.point, level, state.raised_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=state.mode,
        source=FindingSource.LIMIT,
        observed_at=from_ms(ts_ms),
        received_at=from_ms(received_ms),
        subject=_subject(ref.point, level),
    )
