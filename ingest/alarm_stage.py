"""What stages that keep their alarms in an ``AlarmBook`` have in common: the book's lock around every call, what is
watched of each series, saving, and alarms whose point or asset is no more."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.alarm_book import RAISED, AlarmBook, AlarmState
from ingest.alarm_findings import cleared
from plantroom.domain.alarms import SafetySources, safety_sources
from plantroom.domain.assets import EquipmentClass, Plant
from plantroom.domain.findings import Finding
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch, StreamStage


class AlarmStage(StreamStage):
    """A stage of one lane. What is kept of a series stands in its place, in the order of the series table."""

    NAME: ClassVar[str]
    """What its alarms are called in errors."""

    def __init__(
        self, classes: Mapping[str, EquipmentClass], book: AlarmBook | None = None, lane: Lane = Lane.NORMAL
    ) -> None:
        """``book`` is shared by the lanes of a site (an own one when left out), and belongs to one kind of stage."""
        self._classes = classes
        self._book = book or AlarmBook()
        self._lane = lane.value
        self._revision: int | None = None
        self._series: Sequence[SeriesRef] | None = None
        self._safety = SafetySources()
        self._numbers: dict[tuple[str, str], int] = {}
        self._known = 0
        """How many series something is kept of."""

    @abstractmethod
    def _judge_all(self, batch: StreamBatch) -> list[Finding]:
        """Findings of the readings."""

    @abstractmethod
    def _begin(self) -> None:
        """Forget what is kept of each series: the plant or the series table is another one."""

    @abstractmethod
    def _add(self, new: Sequence[SeriesRef], plant: Plant) -> None:
        """Keep something of each of these series, too."""

    @abstractmethod
    def _settle(self, number: int) -> None:
        """Bring what is kept of a series up to date with its alarms."""

    @abstractmethod
    def _states_of(self, number: int) -> Sequence[AlarmState]:
        """The alarms of a series that are not idle."""

    @abstractmethod
    def _has(self, plant: Plant, asset: str, point: str, name: str) -> bool:
        """Whether there is something to alarm of, the asset being there."""

    def _packed(self, alarms: bytes, *, whole: bool) -> bytes:  # noqa: ARG002 (most save nothing else)
        """What is saved beside the alarms. ``whole``: not for another holder of the site."""
        return alarms

    def _unpacked(self, state: bytes) -> bytes:
        """The alarms in what was saved; takes up the rest. Raises ``ValueError`` and ``TypeError``."""
        return state

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """See ``StreamStage``; ``StreamBatch`` says which readings may be judged."""
        with self._book.of_lane(self._lane):
            return [*self._renew(batch.readings.series, batch.site, plant), *self._judge_all(batch)]

    def follow(self, plant: Plant, site: str) -> Sequence[Finding]:
        """Clear the alarms whose limit, point or asset is no more."""
        with self._book.of_lane(self._lane, told=True):
            return self._renew(self._series or (), site, plant)

    def snapshot(self) -> bytes:
        """All alarms of this lane that are not idle, and what else is kept."""
        with self._book.of_lane(self._lane, told=True):
            return self._packed(orjson.dumps(self._book.save(self._lane)), whole=True)

    def hand_over(self) -> bytes:
        """The same while what was found last is on its way to the ledger: the other lane must not take it over yet."""
        with self._book.of_lane(self._lane):
            return self._packed(orjson.dumps(self._book.save(self._lane)), whole=False)

    def restore(self, state: bytes) -> None:
        """See ``StreamStage``."""
        self._revision, self._series = None, None
        with self._book.of_lane(self._lane, told=True):
            try:
                self._book.restore(self._lane, orjson.loads(self._unpacked(state) or b"[]"))
            except (TypeError, ValueError) as error:
                raise ValueError(f"not a snapshot of {self.NAME}") from error

    def _renew(self, series: Sequence[SeriesRef], site: str, plant: Plant) -> list[Finding]:
        """Bring what is watched up to date; clears what a changed plant leaves without a limit or a point."""
        changed = plant.revision_of(site) != self._revision
        if changed or series is not self._series:
            self._numbers, self._known = {}, 0
            self._begin()
            self._safety = safety_sources(plant, unnamed=self._lane == Lane.SAFETY.value)
        self._revision, self._series = plant.revision_of(site), series
        known, self._known = self._known, len(series)
        if known < len(series):
            self._numbers |= {(ref.asset, ref.point): n for n, ref in enumerate(series[known:], known)}
            self._add(series[known:], plant)
        moved = [self._numbers.get(place) for place in self._book.changed_by_others(self._lane)]
        for number in [*range(known, len(series)), *(one for one in moved if one is not None)]:
            self._settle(number)
        return self._orphans(site, plant) if changed else []

    def _go_on(
        self,
        ids: NDArray[np.int32],
        ts_ms: NDArray[np.int64],
        received_ms: NDArray[np.int64],
        rows: NDArray[np.int64],
        touched: NDArray[np.bool_],
    ) -> None:
        """Note of those series with which nothing changes in these rows when they were heard last; one of which an
        alarm is no longer this lane's is ``touched``."""
        newest = np.full(len(touched), -1, np.int64)
        newest[ids[rows]] = rows
        numbers = np.flatnonzero(newest >= 0)
        at = newest[numbers]
        for number, ts, received in zip(numbers.tolist(), ts_ms[at].tolist(), received_ms[at].tolist(), strict=True):
            states = self._states_of(number)
            if not states or any(state.lane != self._lane for state in states):
                touched[number] = True
                continue
            for state in states:
                state.last_ms, state.heard_ms = ts, received

    def _orphans(self, site: str, plant: Plant) -> list[Finding]:
        """Clear this lane's alarms of what is no more."""
        findings: list[Finding] = []
        for key, state in self._book.of(self._lane):
            asset, point, name = key
            if asset in plant.assets and self._has(plant, asset, point, name):
                continue
            self._book.drop(key)
            if state.phase in RAISED:
                ref = SeriesRef(site, "", asset, point)
                findings.append(cleared(ref, name, state, state.last_ms, state.heard_ms or state.last_ms))
        return findings
