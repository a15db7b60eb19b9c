"""Sensor faults: a live point that says nothing good any more, so that its limits and models are mute.

Bad readings (outside the physical range, stuck, called bad by their device) reach neither limits nor models; what
comes of nothing but bad ones is told here. It moves like a limit alarm, on observed time: ``idle > pending > active >
idle``, with "the reading is bad" for "beyond the limit". A silence between two bad readings is no good
reading. Whoever hears a point after its source changed lanes takes its fault over, see ``ingest.alarm_book``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.alarm_book import RAISED, AlarmBook, HeldElsewhere, Key, Phase
from ingest.alarm_findings import cleared
from ingest.alarm_levels import Heard, Level, Watched, step
from ingest.sensor_findings import Sensor, sensor_cleared, sensor_raised
from plantroom.domain.alarms import SafetySources, has_safety_limits, safety_sources
from plantroom.domain.assets import (
    SENSOR_FAULT,
    AlarmPriority,
    AssetStatus,
    EquipmentClass,
    Plant,
    Severity,
)
from plantroom.domain.findings import Finding
from plantroom.domain.quality import FIRST_BAD
from plantroom.domain.sensors import OFF_DELAY_S, ON_DELAY_S, SAFETY_ON_DELAY_S, SENSOR, SILENCE_S
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch, StreamStage

_EVER = np.iinfo(np.int64)


class SensorFaults(StreamStage):
    """Watches whether live points say anything good.

    A batch without bad readings costs one comparison while all sensors are sound. Points of which nothing good comes in
    a batch, and which go on being broken or waiting for that, cost a look each; only the others with bad readings are
    gone through one by one.
    """

    def __init__(
        self, classes: Mapping[str, EquipmentClass], book: AlarmBook | None = None, lane: Lane = Lane.NORMAL
    ) -> None:
        """``book`` is shared by the lanes of a site (an own one when left out), and not that of the limits."""
        self._book = book or AlarmBook()
        self._lane = lane.value
        self._revision: int | None = None
        self._series: Sequence[SeriesRef] | None = None
        self._classes = classes
        self._safety = SafetySources()
        self._sensors: list[Sensor | None] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._busy: NDArray[np.bool_] = np.empty(0, np.bool_)
        """Series of which a good reading changes something, too."""
        self._calm_from = self._calm_until = np.empty(0, np.int64)
        """From when and until when (ms) a bad reading of a series changes nothing: always while it stands as broken."""

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """See ``StreamStage``; ``StreamBatch`` says which readings may be judged."""
        with self._book.of_lane(self._lane):
            return [*self._renew(batch.readings.series, batch.site, plant), *self._judge_all(batch)]

    def follow(self, plant: Plant, site: str) -> Sequence[Finding]:
        """Clear the faults whose point or asset is no more."""
        with self._book.of_lane(self._lane, told=True):
            return self._renew(self._series or (), site, plant)

    def snapshot(self) -> bytes:
        """All faults of this lane that are not idle."""
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
                self._book.restore(self._lane, orjson.loads(state or b"[]"))
            except (TypeError, ValueError) as error:
                raise ValueError("not a snapshot of sensor faults") from error

    def _judge_all(self, batch: StreamBatch) -> list[Finding]:
        readings = batch.readings
        bad = readings.reason >= FIRST_BAD
        if not bad.any() and not self._busy.any():
            return []
        concerned = self._busy.copy()
        concerned[readings.series_id[bad]] = True
        at = np.flatnonzero(batch.live & concerned[readings.series_id])
        ids, ts_ms = readings.series_id[at], readings.ts_ms[at]
        calm = bad[at] & (ts_ms >= self._calm_from[ids]) & (ts_ms < self._calm_until[ids])
        touched = np.zeros(len(self._busy), np.bool_)
        touched[ids[~calm]] = True
        self._go_on(ids, ts_ms, batch.received_ms[at], touched)
        at = at[touched[ids]]
        findings: list[Finding] = []
        columns = (readings.series_id, readings.ts_ms, readings.value, readings.reason, batch.received_ms)
        for row in zip(*(column[at].tolist() for column in columns), strict=True):
            findings += self._judge(*row)
        for number in np.flatnonzero(touched).tolist():
            self._settle(number)
        return findings

    def _go_on(
        self,
        ids: NDArray[np.int32],
        ts_ms: NDArray[np.int64],
        received_ms: NDArray[np.int64],
        touched: NDArray[np.bool_],
    ) -> None:
        """Note of those with which nothing changes when they were heard last; one that is no longer this lane's is
        ``touched``."""
        newest = np.full(len(touched), -1, np.int64)
        rows = np.flatnonzero(~touched[ids])
        newest[ids[rows]] = rows
        numbers = np.flatnonzero(newest >= 0)
        at = newest[numbers]
        for number, ts, received in zip(numbers.tolist(), ts_ms[at].tolist(), received_ms[at].tolist(), strict=True):
            state = self._book.peek(_key(self._series, number))
            if state is None or state.lane != self._lane:
                touched[number] = True
            else:
                state.last_ms, state.heard_ms = ts, received

    def _judge(self, number: int, ts_ms: int, value: float, reason: int, received_ms: int) -> Iterator[Finding]:
        sensor = self._sensors[number]
        if sensor is None:
            return
        key, is_bad = sensor.watched.keys[0], reason >= FIRST_BAD
        # The other lane has heard the point later, or is about to tell what it found.
        with suppress(HeldElsewhere):
            state = self._book.get(self._lane, key, received_ms)
            if state is None:
                if not is_bad:
                    return
                state = self._book.open(self._lane, key)
            turn = step(state, sensor.level, sensor.watched, Heard(ts_ms, float(is_bad), received_ms, 0))
            state.last_ms, state.heard_ms = ts_ms, received_ms
            if turn is Phase.ACTIVE:
                yield sensor_raised(sensor, state, ts_ms, value, reason)
            elif turn is Phase.CLEARING:
                yield sensor_cleared(sensor, state)
            if turn is not None:
                self._book.note_turn(state)
            if state.phase is Phase.IDLE:
                self._book.close(key)

    def _renew(self, series: Sequence[SeriesRef], site: str, plant: Plant) -> list[Finding]:
        """Bring what is watched up to date; clears what a changed plant leaves without a point."""
        changed = plant.revision != self._revision
        if changed or series is not self._series:
            self._sensors, self._numbers = [], {}
            self._busy = np.empty(0, np.bool_)
            self._calm_from = self._calm_until = np.empty(0, np.int64)
            self._safety = safety_sources(plant, unnamed=self._lane == Lane.SAFETY.value)
        self._revision, self._series = plant.revision, series
        if len(self._sensors) < len(series):
            self._add(series[len(self._sensors) :], plant)
        for place in self._book.changed_by_others(self._lane):
            number = self._numbers.get(place)
            if number is not None:
                self._settle(number)
        return self._orphans(site, plant) if changed else []

    def _add(self, new: Sequence[SeriesRef], plant: Plant) -> None:
        known = len(self._sensors)
        self._sensors += [self._watch(ref, plant) for ref in new]
        self._numbers |= {(ref.asset, ref.point): n for n, ref in enumerate(new, known)}
        never = np.zeros(len(new), np.int64)
        self._busy = np.concatenate((self._busy, never.astype(np.bool_)))
        self._calm_from = np.concatenate((self._calm_from, never))
        self._calm_until = np.concatenate((self._calm_until, never))
        for number in range(known, len(self._sensors)):
            self._settle(number)

    def _watch(self, ref: SeriesRef, plant: Plant) -> Sensor | None:
        asset, point = plant.assets.get(ref.asset), plant.points.get(ref.asset, {}).get(ref.point)
        if asset is None or point is None:
            return None
        known = self._classes.get(asset.equipment_class)
        safety = has_safety_limits(point.template, known, of_source=self._safety.has(asset))
        on_delay_s = SAFETY_ON_DELAY_S if safety else ON_DELAY_S
        # A reading is 1 when it is bad, 0 when it is good.
        level = Level(SENSOR, 0.5, 1, 0.0, 1000 * on_delay_s, 1000 * OFF_DELAY_S)
        watched = Watched(
            ref=ref,
            mode=SENSOR_FAULT,
            severity=Severity.GENERAL,
            safety=safety,
            maintenance=asset.status is AssetStatus.UNDER_MAINTENANCE,
            stale_ms=1000 * SILENCE_S,
            levels=(level,),
            keys=((ref.asset, ref.point, SENSOR),),
        )
        # One that mutes a safety alarm weighs more, and that of a machine of criticality A, as its silence does.
        weighty = safety or asset.criticality == "A"
        return Sensor(watched, safety, AlarmPriority.HIGH if weighty else AlarmPriority.MEDIUM)

    def _settle(self, number: int) -> None:
        sensor = self._sensors[number]
        if sensor is None:
            return
        state = self._book.peek(sensor.watched.keys[0])
        phase = Phase.IDLE if state is None else state.phase
        span = (0, 0)
        if state is not None and state.lane == self._lane:
            self._busy[number] = phase is not Phase.IDLE
            if phase is Phase.ACTIVE:
                span = (_EVER.min, _EVER.max)
            elif phase is Phase.PENDING:
                span = (state.since_ms, state.since_ms + math.ceil(sensor.level.on_delay_ms))
        else:
            self._busy[number] = state is not None
        self._calm_from[number], self._calm_until[number] = span

    def _orphans(self, site: str, plant: Plant) -> list[Finding]:
        """Clear this lane's faults whose point or asset is no more."""
        findings: list[Finding] = []
        for key, state in self._book.of(self._lane):
            asset, point, _ = key
            if asset in plant.assets and point in plant.points.get(asset, {}):
                continue
            self._book.drop(key)
            if state.phase in RAISED:
                ref = SeriesRef(site, "", asset, point)
                findings.append(cleared(ref, SENSOR, state, state.last_ms, state.heard_ms or state.last_ms))
        return findings


def _key(series: Sequence[SeriesRef] | None, number: int) -> Key:
    ref = (series or ())[number]
    return ref.asset, ref.point, SENSOR
