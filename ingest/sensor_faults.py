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
from numpy.typing import NDArray

from ingest.alarm_book import AlarmBook, AlarmState, HeldElsewhere, Phase
from ingest.alarm_levels import Heard, Level, Watched, step
from ingest.alarm_stage import AlarmStage
from ingest.sensor_findings import Sensor, sensor_cleared, sensor_raised
from plantroom.domain.alarms import has_safety_limits
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
from plantroom.ports.stages import StreamBatch

_EVER = np.iinfo(np.int64)


class SensorFaults(AlarmStage):
    """Watches whether live points say anything good.

    A batch without bad readings costs one comparison while all sensors are sound. Points of which nothing good comes in
    a batch, and which go on being broken or waiting for that, cost a look each; only the others with bad readings are
    gone through one by one.
    """

    NAME = "sensor faults"

    def __init__(
        self, classes: Mapping[str, EquipmentClass], book: AlarmBook | None = None, lane: Lane = Lane.NORMAL
    ) -> None:
        super().__init__(classes, book, lane)
        self._begin()

    def _begin(self) -> None:
        self._sensors: list[Sensor | None] = []
        self._busy: NDArray[np.bool_] = np.empty(0, np.bool_)
        """Series of which a good reading changes something, too."""
        self._calm_from = self._calm_until = np.empty(0, np.int64)
        """From when and until when (ms) a bad reading of a series changes nothing: always while it stands as broken."""

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
        self._go_on(ids, ts_ms, batch.received_ms[at], np.flatnonzero(~touched[ids]), touched)
        at = at[touched[ids]]
        findings: list[Finding] = []
        columns = (readings.series_id, readings.ts_ms, readings.value, readings.reason, batch.received_ms)
        for row in zip(*(column[at].tolist() for column in columns), strict=True):
            findings += self._judge(*row)
        for number in np.flatnonzero(touched).tolist():
            self._settle(number)
        return findings

    def _states_of(self, number: int) -> Sequence[AlarmState]:
        sensor = self._sensors[number]
        state = None if sensor is None else self._book.peek(sensor.watched.keys[0])
        return () if state is None else (state,)

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

    def _add(self, new: Sequence[SeriesRef], plant: Plant) -> None:
        self._sensors += [self._watch(ref, plant) for ref in new]
        never = np.zeros(len(new), np.int64)
        self._busy = np.concatenate((self._busy, never.astype(np.bool_)))
        self._calm_from = np.concatenate((self._calm_from, never))
        self._calm_until = np.concatenate((self._calm_until, never))

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

    def _has(self, plant: Plant, asset: str, point: str, name: str) -> bool:  # noqa: ARG002 (a sensor has one alarm)
        return point in plant.points.get(asset, {})
