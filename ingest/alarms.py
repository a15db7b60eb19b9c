"""Limit alarms (ISA-18.2): deadband, on-delay and off-delay, all on observed time.

Each limit of a point is an alarm of its own: ``idle > pending > active > clearing > idle``. Beyond a limit for
the on-delay raises it; inside by the deadband for the off-delay clears it. A replay is judged like live data,
on its own observed time. A limit that people change holds from the next reading on: what is raised stays raised
until a value is inside the new limit, and a delay that is running begins anew. While an asset is under maintenance
its findings are tagged so; what follows from that is for ``maintenance`` to decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from ingest.alarm_book import RAISED, AlarmBook, AlarmState, HeldElsewhere, Key, Phase
from ingest.alarm_findings import cleared, raised
from ingest.alarm_levels import Heard, Level, Watched, becomes_safety, levels_of, rebase, settled, step
from ingest.alarm_stage import AlarmStage
from ingest.checkpoint import pack, unpack
from ingest.silences import Silences
from plantroom.domain.alarms import limits_are_safety
from plantroom.domain.assets import (
    UNCLASSIFIED,
    AssetStatus,
    EquipmentClass,
    Plant,
    Severity,
)
from plantroom.domain.findings import Finding
from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch


class LimitAlarms(AlarmStage):
    """Watches every live, not bad reading against its point's limits.

    Readings that change nothing (no alarm of their point is under way, or one stands and goes on standing) cost a few
    array operations for the whole batch, and a look at each point that stands; only the others are gone through one by
    one.
    """

    NAME = "limit alarms"

    def __init__(
        self, classes: Mapping[str, EquipmentClass], book: AlarmBook | None = None, lane: Lane = Lane.NORMAL
    ) -> None:
        super().__init__(classes, book, lane)
        self._silences = Silences()
        self._begin()

    def _begin(self) -> None:
        self._watched: list[Watched | None] = []
        self._low: NDArray[np.float64] = np.empty(0)
        self._high: NDArray[np.float64] = np.empty(0)
        self._busy: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._standing: NDArray[np.bool_] = np.empty(0, np.bool_)

    def _packed(self, alarms: bytes, *, whole: bool) -> bytes:
        """With the pace of every series, for another holder of the site that of slow publishers alone."""
        return pack({"alarms": alarms, "silences": self._silences.snapshot() if whole else self._silences.slow()})

    def _unpacked(self, state: bytes) -> bytes:
        # Earlier versions saved the alarms alone.
        parts = {"alarms": state} if state.startswith(b"[") else unpack(state)
        self._silences.restore(parts.get("silences", b""))
        return parts.get("alarms", b"")

    def _judge_all(self, batch: StreamBatch) -> list[Finding]:
        ids, ts_ms, value, received_ms = _judged(batch)
        touched = np.zeros(len(self._busy), np.bool_)
        touched[ids[(value < self._low[ids]) | (value > self._high[ids]) | self._busy[ids]]] = True
        if self._standing.any():
            rows = np.flatnonzero(self._standing[ids] & ~touched[ids])
            self._go_on(ids, ts_ms, received_ms, rows, touched)
        findings: list[Finding] = []
        at = np.flatnonzero(touched[ids])
        usual_ms = self._silences.take(ids, ts_ms, at)
        if not len(at):
            return findings
        columns = (ids[at], ts_ms[at], value[at], received_ms[at], usual_ms)
        for number, *heard in zip(*(c.tolist() for c in columns), strict=True):
            findings += self._judge(number, Heard(*heard))
        for number in np.flatnonzero(touched).tolist():
            self._settle(number)
        return findings

    def _states_of(self, number: int) -> Sequence[AlarmState]:
        watched = self._watched[number]
        found = [self._book.peek(key) for key in watched.keys] if watched is not None else []
        return [state for state in found if state is not None]

    def _renew(self, series: Sequence[SeriesRef], site: str, plant: Plant) -> list[Finding]:
        self._silences.follow(series, anew=series is not self._series)
        return super()._renew(series, site, plant)

    def _add(self, new: Sequence[SeriesRef], plant: Plant) -> None:
        self._watched += [self._watch(ref, plant) for ref in new]
        free, nothing = np.full(len(new), np.inf), np.zeros(len(new), np.bool_)
        self._low, self._high = np.concatenate((self._low, -free)), np.concatenate((self._high, free))
        self._busy = np.concatenate((self._busy, nothing))
        self._standing = np.concatenate((self._standing, nothing))

    def _watch(self, ref: SeriesRef, plant: Plant) -> Watched | None:
        asset, point = plant.assets.get(ref.asset), plant.points.get(ref.asset, {}).get(ref.point)
        if asset is None or point is None:
            return None
        template = point.template
        mode = template.failure_mode or UNCLASSIFIED
        of_class = self._classes.get(asset.equipment_class)
        known = None if of_class is None else of_class.mode(mode)
        levels = levels_of(template.limits)
        return Watched(
            ref=ref,
            mode=mode,
            severity=Severity.GENERAL if known is None else known.severity,
            safety=limits_are_safety(mode, of_class, of_source=self._safety.has(asset)),
            maintenance=asset.status is AssetStatus.UNDER_MAINTENANCE,
            stale_ms=np.inf if template.stale_after_s is None else 1000 * template.stale_after_s,
            levels=levels,
            keys=tuple((ref.asset, ref.point, level.name) for level in levels),
        )

    def _settle(self, number: int) -> None:
        """Between which values nothing changes for a series, unless every one of its readings has to be judged."""
        watched = self._watched[number]
        if watched is None:
            return
        low, high, busy, standing = -np.inf, np.inf, False, False
        for level, key in zip(watched.levels, watched.keys, strict=True):
            state = self._book.peek(key)
            raised = state is not None and state.phase in RAISED
            least, most = level.calm(raised)
            low, high, standing = max(low, least), min(high, most), standing or state is not None
            busy |= state is not None and not (state.lane == self._lane and settled(state, level, watched))
        self._low[number], self._high[number] = low, high
        self._busy[number], self._standing[number] = busy, standing and not busy

    def _judge(self, number: int, heard: Heard) -> Iterator[Finding]:
        watched = self._watched[number]
        if watched is None:
            return
        for level, key in zip(watched.levels, watched.keys, strict=True):
            # The other lane has heard the point later, or is about to tell what it found.
            with suppress(HeldElsewhere):
                yield from self._judge_level(watched, level, key, heard)

    def _judge_level(self, watched: Watched, level: Level, key: Key, heard: Heard) -> Iterator[Finding]:
        state = self._book.get(self._lane, key, heard.received_ms)
        if state is None:
            if not level.beyond(heard.value):
                return
            state = self._book.open(self._lane, key)
        rebase(state, level)
        turn = step(state, level, watched, heard)
        state.last_ms, state.heard_ms = heard.ts_ms, heard.received_ms
        if turn is Phase.ACTIVE:
            yield raised(watched, level, state, heard)
        elif turn is Phase.CLEARING:
            yield cleared(watched.ref, level.name, state, heard.ts_ms, heard.received_ms)
        elif becomes_safety(state, level, watched, heard.value):
            state.safety = True
            yield raised(watched, level, state, heard, again="safety")
        if turn is not None:
            self._book.note_turn(state)
        if state.phase is Phase.IDLE:
            self._book.close(key)

    def _has(self, plant: Plant, asset: str, point: str, name: str) -> bool:
        known = plant.points.get(asset, {}).get(point)
        return known is not None and any(level.name == name for level in levels_of(known.template.limits))


def _judged(
    batch: StreamBatch,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Series, instants, values and receive times of the readings that may be judged and are not bad."""
    all_of = batch.readings
    columns = all_of.series_id, all_of.ts_ms, all_of.value, batch.received_ms
    judged = batch.live & (all_of.reason < FIRST_BAD)
    if judged.all():
        return columns
    series_id, ts_ms, value, received_ms = columns
    return series_id[judged], ts_ms[judged], value[judged], received_ms[judged]
