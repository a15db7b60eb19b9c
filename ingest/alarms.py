"""Limit alarms (ISA-18.2): deadband, on-delay and off-delay, all on observed time.

Each limit of a point is an alarm of its own: ``idle > pending > active > clearing > idle``. Beyond a limit for
the on-delay raises it; inside by the deadband for the off-delay clears it. A replay is judged like live data,
on its own observed time. A limit that people change holds from the next reading on: what is raised stays raised
until a value is inside the new limit, and a delay that is running begins anew. While an asset is under maintenance
its findings are tagged so; what follows from that is for ``maintenance`` to decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.alarm_book import RAISED, AlarmBook, AlarmState, HeldElsewhere, Key, Phase
from ingest.instants import from_ms
from ingest.rejections import stable_id
from plantroom.domain.alarms import priority_of, safety_assets
from plantroom.domain.assets import (
    UNCLASSIFIED,
    AlarmPriority,
    AssetStatus,
    EquipmentClass,
    Limits,
    Plant,
    Point,
    Severity,
)
from plantroom.domain.findings import Evidence, Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch, StreamStage


@dataclass(frozen=True, slots=True)
class Level:
    """One limit of one point: ``side`` is 1 for a high limit, -1 for a low one."""

    name: str
    limit: float
    side: int
    deadband: float
    on_delay_ms: float
    off_delay_ms: float
    priority: AlarmPriority | None = None
    """As people set it; ``None``: it follows from the failure mode."""

    @property
    def is_alarm(self) -> bool:
        """Whether it is more than a warning."""
        return self.name.startswith("alarm")

    def beyond(self, value: float) -> bool:
        """Outside the limit."""
        return self.side * (value - self.limit) > 0

    def back_inside(self, value: float) -> bool:
        """Inside the limit by the deadband."""
        return self.side * (value - self.limit) <= -self.deadband


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
    warning, alarm = limits.warning_priority, limits.alarm_priority
    table = (
        ("warning_low", limits.warning_low, -1, on_warning, warning),
        ("warning_high", limits.warning_high, 1, on_warning, warning),
        ("alarm_low", limits.alarm_low, -1, on_alarm, alarm),
        ("alarm_high", limits.alarm_high, 1, on_alarm, alarm),
    )
    return tuple(
        Level(name, limit, side, limits.deadband, delay, off, priority)
        for name, limit, side, delay, priority in table
        if limit is not None
    )


class LimitAlarms(StreamStage):
    """Watches every live, not bad reading against its point's limits.

    Readings inside their limits, of points with no alarm going on, cost a few array operations for the whole
    batch; only the others are gone through one by one.
    """

    def __init__(
        self, classes: Mapping[str, EquipmentClass], book: AlarmBook | None = None, lane: Lane = Lane.NORMAL
    ) -> None:
        """``book`` is shared by the lanes of a site (an own one when left out)."""
        self._classes = classes
        self._book = book or AlarmBook()
        self._lane = lane.value
        self._revision: int | None = None
        self._series: Sequence[SeriesRef] | None = None
        self._safety_assets: frozenset[str] = frozenset()
        self._watched: list[_Watched | None] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._low: NDArray[np.float64] = np.empty(0)
        self._high: NDArray[np.float64] = np.empty(0)
        self._busy: NDArray[np.bool_] = np.empty(0, np.bool_)

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """Findings in observed order; ``StreamBatch`` says which readings may be judged."""
        with self._book.of_lane(self._lane):
            findings = self._renew(batch.readings.series, batch.site, plant)
            findings += self._judge_all(batch)
        return sorted(findings, key=lambda f: f.observed_at)

    def follow(self, plant: Plant, site: str) -> Sequence[Finding]:
        """Clear the alarms whose limit, point or asset is no more."""
        with self._book.of_lane(self._lane, told=True):
            return self._renew(self._series or (), site, plant)

    def snapshot(self) -> bytes:
        """All alarms of this lane that are not idle."""
        with self._book.of_lane(self._lane, told=True):
            return orjson.dumps(self._book.save(self._lane))

    def hand_over(self) -> bytes:
        """The same while what was found last is on its way to the ledger: the other lane must not take it over yet."""
        with self._book.of_lane(self._lane):
            return orjson.dumps(self._book.save(self._lane))

    def restore(self, state: bytes) -> None:
        """See ``StreamStage``."""
        self._revision, self._series = None, None
        with self._book.of_lane(self._lane, told=True):
            try:
                self._book.restore(self._lane, orjson.loads(state) if state else ())
            except (TypeError, ValueError) as error:
                raise ValueError("not a snapshot of limit alarms") from error

    def _judge_all(self, batch: StreamBatch) -> list[Finding]:
        readings = batch.readings
        ids, value = readings.series_id, readings.value
        judged = batch.live & (readings.reason < FIRST_BAD)
        beyond = (value < self._low[ids]) | (value > self._high[ids])
        noted = judged & (beyond | self._busy[ids])
        findings: list[Finding] = []
        if not noted.any():
            return findings
        touched = np.zeros(len(self._busy), np.bool_)
        touched[ids[noted]] = True
        rows = np.flatnonzero(judged & touched[ids])
        columns = (ids[rows], readings.ts_ms[rows], value[rows], batch.received_ms[rows])
        for number, ts_ms, one, received_ms in zip(*(c.tolist() for c in columns), strict=True):
            findings += self._judge(number, ts_ms, one, received_ms)
        return findings

    def _renew(self, series: Sequence[SeriesRef], site: str, plant: Plant) -> list[Finding]:
        """Bring what is watched up to date; clears what a changed plant leaves without a limit."""
        changed = self._compile(series, plant)
        for place in self._book.changed_by_others(self._lane):
            number = self._numbers.get(place)
            if number is not None:
                self._busy[number] = self._is_busy(self._watched[number])
        return self._orphans(site, plant) if changed else []

    def _compile(self, series: Sequence[SeriesRef], plant: Plant) -> bool:
        """Bring the arrays up to date with the plant and the series table; ``True`` for a changed plant."""
        changed = plant.revision != self._revision
        if changed or series is not self._series:
            self._watched, self._numbers = [], {}
            self._low = self._high = np.empty(0)
            self._busy = np.empty(0, np.bool_)
            self._safety_assets = safety_assets(plant)
        self._revision, self._series = plant.revision, series
        if len(self._watched) < len(series):
            known = len(self._watched)
            new = [self._watch(ref, plant) for ref in series[known:]]
            self._watched += new
            self._numbers |= {(ref.asset, ref.point): n for n, ref in enumerate(series[known:], known)}
            self._low = np.concatenate((self._low, [_innermost(w, -1) for w in new]))
            self._high = np.concatenate((self._high, [_innermost(w, 1) for w in new]))
            self._busy = np.concatenate((self._busy, [self._is_busy(w) for w in new]))
        return changed

    def _watch(self, ref: SeriesRef, plant: Plant) -> _Watched | None:
        asset, point = plant.assets.get(ref.asset), plant.points.get(ref.asset, {}).get(ref.point)
        if asset is None or point is None:
            return None
        template = point.template
        mode = template.failure_mode or UNCLASSIFIED
        known = self._classes[asset.equipment_class].mode(mode) if asset.equipment_class in self._classes else None
        return _Watched(
            ref=ref,
            mode=mode,
            severity=Severity.GENERAL if known is None else known.severity,
            safety=ref.asset in self._safety_assets,
            maintenance=asset.status is AssetStatus.UNDER_MAINTENANCE,
            stale_ms=np.inf if template.stale_after_s is None else 1000 * template.stale_after_s,
            levels=levels_of(template.limits),
        )

    def _is_busy(self, watched: _Watched | None) -> bool:
        return watched is not None and self._book.has(
            watched.ref.asset, watched.ref.point, [level.name for level in watched.levels]
        )

    def _judge(self, number: int, ts_ms: int, value: float, received_ms: int) -> Iterator[Finding]:
        watched = self._watched[number]
        if watched is None:
            return
        for level in watched.levels:
            key = (watched.ref.asset, watched.ref.point, level.name)
            # The other lane has heard the point later, or is about to tell what it found.
            with suppress(HeldElsewhere):
                yield from self._judge_level(watched, level, key, ts_ms, value, received_ms)
        self._busy[number] = self._is_busy(watched)

    def _judge_level(
        self, watched: _Watched, level: Level, key: Key, ts_ms: int, value: float, received_ms: int
    ) -> Iterator[Finding]:
        state = self._book.get(self._lane, key, received_ms)
        if state is None:
            if not level.beyond(value):
                return
            state = self._book.open(self._lane, key)
        _rebase(state, level)
        step = _step(state, level, watched, ts_ms, value)
        state.last_ms, state.heard_ms = ts_ms, received_ms
        said = _Said(watched, level, state, ts_ms, received_ms, value)
        if step is Phase.ACTIVE:
            yield _raised(said)
        elif step is Phase.CLEARING:
            yield _cleared(watched.ref, level.name, state, ts_ms, received_ms)
        elif _becomes_safety(state, level, watched, value):
            state.safety = True
            yield _raised(said, again="safety")
        if step is not None:
            self._book.note_turn(state)
        if state.phase is Phase.IDLE:
            self._book.close(key)

    def _orphans(self, site: str, plant: Plant) -> list[Finding]:
        """Clear this lane's alarms whose limit, point or asset is no more."""
        findings: list[Finding] = []
        for key, state in self._book.of(self._lane):
            asset, point_key, name = key
            point = plant.points.get(asset, {}).get(point_key)
            if asset in plant.assets and point is not None and _has_level(point, name):
                continue
            self._book.drop(key)
            if state.phase in RAISED:
                ref = SeriesRef(site, "", asset, point_key)
                findings.append(_cleared(ref, name, state, state.last_ms, state.heard_ms or state.last_ms))
        return findings


def _has_level(point: Point, name: str) -> bool:
    return any(level.name == name for level in levels_of(point.template.limits))


def _innermost(watched: _Watched | None, side: int) -> float:
    """The limit of that side which a value meets first; infinite where there is none."""
    limits = [level.limit for level in watched.levels if level.side == side] if watched is not None else []
    if side > 0:
        return min(limits, default=np.inf)
    return max(limits, default=-np.inf)


def _rebase(state: AlarmState, level: Level) -> None:
    """A delay that ran against another limit says nothing about this one."""
    changed = state.limit is not None and (state.limit, state.deadband) != (level.limit, level.deadband)
    if changed and state.phase is Phase.PENDING:
        state.phase = Phase.IDLE
    elif changed and state.phase is Phase.CLEARING:
        state.phase = Phase.ACTIVE
    state.limit, state.deadband = level.limit, level.deadband


def _becomes_safety(state: AlarmState, level: Level, watched: _Watched, value: float) -> bool:
    """Whether an alarm that was raised as an ordinary one is a safety alarm by now: people have to be told."""
    return (
        state.phase is Phase.ACTIVE and watched.safety and level.is_alarm and not state.safety and level.beyond(value)
    )


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
        state.safety = watched.safety and level.is_alarm
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


@dataclass(frozen=True, slots=True)
class _Said:
    """A reading judged against a level."""

    watched: _Watched
    level: Level
    state: AlarmState
    ts_ms: int
    received_ms: int
    value: float


def _raised(said: _Said, again: str = "") -> FindingRaised:
    """The alarm as a finding; ``again`` says why it is told once more."""
    watched, level, state, ts_ms = said.watched, said.level, said.state, said.ts_ms
    ref, safety = watched.ref, watched.safety and level.is_alarm
    told = ("raised", *([again] if again else ()))
    derived = priority_of(watched.severity, safety=safety, warning=not level.is_alarm)
    return FindingRaised(
        finding_id=stable_id("limit", *told, ref.site, ref.asset, ref.point, level.name, ts_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=state.mode,
        source=FindingSource.LIMIT,
        severity=watched.severity if level.is_alarm else Severity.INFO,
        safety=safety,
        observed_at=from_ms(ts_ms),
        received_at=from_ms(said.received_ms),
        subject=_subject(ref.point, level.name),
        evidence=(Evidence(ref.point, 1.0, said.value, level.limit),),
        detail={
            "point": ref.point,
            "level": level.name,
            "value": said.value,
            "limit": level.limit,
            "priority": (level.priority or derived).value,
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
