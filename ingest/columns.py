"""From decoded samples to the columns that the store and the stages take."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.checkpoint import pack, unpack
from ingest.dialects.decoded import NO_SEQ, Decoded
from ingest.instants import FUTURE_MS, NO_TIME, YEAR_2000_MS
from ingest.matching import AssetRoute, SeriesTable
from ingest.quality import QualityGate
from ingest.receive_times import FirstCome, ReceiveTimes, ReplayTimes
from ingest.rejections import (
    CLOCK_IN_FUTURE,
    CLOCK_NEVER_SET,
    REJECTED_BY_STORE,
    UNKNOWN_POINT,
    Rejection,
    with_detail,
)
from ingest.sequences import SequenceTracker
from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingBatch, RejectedReading
from plantroom.ports.stages import StreamBatch


class Arrival(NamedTuple):
    """A message with values: where it belongs and when it came. ``with_event``: on an event topic, whose numbers
    are not those of the telemetry. ``first``: when it came at first, of one that is replayed."""

    route: AssetRoute
    received_ms: int
    with_event: bool = False
    first: FirstCome | None = None


@dataclass(slots=True)
class Columns:
    """Readings of a batch of messages, all (n,): ``message`` says which message each came with, ``arrival`` which
    of those that were assembled together."""

    readings: ReadingBatch
    live: NDArray[np.bool_]
    received_ms: NDArray[np.int64]
    message: NDArray[np.int64]
    arrival: NDArray[np.int64]
    rejections: list[Rejection]
    duplicates: int

    def refused(self, rejected: Sequence[RejectedReading]) -> list[Rejection]:
        """What the store refused, by message."""
        readings = self.readings
        return [
            Rejection(
                int(self.message[one.position]),
                with_detail(REJECTED_BY_STORE, one.message),
                readings.series[readings.series_id[one.position]].point,
            )
            for one in rejected
        ]

    def stand_ins(self) -> dict[int, int]:
        """The first instant that was given to a message without one, by message."""
        given = self.readings.reason == Reason.RECEIVE_TIME
        backwards = slice(None, None, -1)
        messages, instants = self.message[given][backwards], self.readings.ts_ms[given][backwards]
        return dict(zip(messages.tolist(), instants.tolist(), strict=True))

    def confirmed(self, rejected: Sequence[RejectedReading], site: str) -> StreamBatch:
        """The readings that the store has, as the stages take them."""
        kept = np.ones(len(self.readings), np.bool_)
        kept[[one.position for one in rejected]] = False
        all_of = self.readings
        readings = all_of
        if rejected:
            readings = ReadingBatch(
                all_of.series, all_of.series_id[kept], all_of.ts_ms[kept], all_of.value[kept], all_of.reason[kept]
            )
        return StreamBatch(readings, self.live[kept], self.received_ms[kept], site)


@dataclass(slots=True)
class _Samples:
    """Samples that go on, and the series of their values."""

    message: list[int] = field(default_factory=list)
    ts_ms: list[int] = field(default_factory=list)
    received_ms: list[int] = field(default_factory=list)
    stands_in: list[bool] = field(default_factory=list)
    width: list[int] = field(default_factory=list)
    series_id: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    """Positions in ``Decoded.values`` that do not go on."""
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0


class Assembler:
    """Samples to columns: repetitions out, impossible clocks and unknown points out, the gate's word on the rest.

    State (series, receive times, sequences, gate) is saved with the spool's cursor. One thread.
    """

    def __init__(self, table: SeriesTable) -> None:
        self.table = table
        self.gate = QualityGate()
        self.sequences = SequenceTracker()
        self.receive_times = ReceiveTimes()
        self.replay_times = ReplayTimes(self.receive_times)

    def assemble(self, decoded: Decoded, arrivals: Sequence[Arrival]) -> Columns:
        """Columns of a batch; ``arrivals`` is indexed by ``decoded.message``. Cost: O(values)."""
        samples = self._admit(decoded, arrivals)
        value = np.delete(decoded.values, samples.dropped) if samples.dropped else decoded.values
        width = np.array(samples.width, np.int64)
        series_id = np.array(samples.series_id, np.int32)
        ts_ms = np.repeat(np.array(samples.ts_ms, np.int64), width)
        received_ms = np.repeat(np.array(samples.received_ms, np.int64), width)
        reason = np.repeat(np.array(samples.stands_in, np.uint8) * np.uint8(Reason.RECEIVE_TIME), width)
        message = np.repeat(np.array(samples.message, np.int64), width)
        aside = np.array([arrival.with_event for arrival in arrivals], np.bool_)[message]
        live = self.gate.judge(series_id, ts_ms, value, received_ms, reason, aside)
        self.forget(decoded, arrivals, {r.message for r in (*decoded.rejections, *samples.rejections)})
        return Columns(
            ReadingBatch(self.table.refs, series_id, ts_ms, value, reason),
            live,
            received_ms,
            message,
            message,
            samples.rejections,
            samples.duplicates,
        )

    def forget(self, decoded: Decoded, arrivals: Sequence[Arrival], messages: Collection[int]) -> None:
        """Not all of these messages was stored: when they are sent again they are no repetitions."""
        if not messages:
            return
        for message, boot, seq, digest in zip(decoded.message, decoded.boot, decoded.seq, decoded.digest, strict=True):
            if seq != NO_SEQ and message in messages:
                self.sequences.forget(arrivals[message].route.asset.key, boot, seq, digest)

    def snapshot(self) -> bytes:
        """The whole state."""
        parts = {name: part.snapshot() for name, part in self._parts().items()}
        return pack(parts)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        saved = unpack(state)
        for name, part in self._parts().items():
            part.restore(saved.get(name, b""))

    def _parts(self) -> dict[str, SeriesTable | QualityGate | SequenceTracker | ReceiveTimes]:
        return {
            "series": self.table,
            "gate": self.gate,
            "sequences": self.sequences,
            "receive_times": self.receive_times,
        }

    def _admit(self, decoded: Decoded, arrivals: Sequence[Arrival]) -> _Samples:
        out = _Samples()
        at = 0
        self.replay_times.begin()
        repeated, next_free = self.sequences.repeated, self.receive_times.next_free
        columns = (decoded.message, decoded.ts_ms, decoded.boot, decoded.seq, decoded.digest, decoded.keys)
        for message, ts_ms, boot, seq, digest, keys in zip(*columns, strict=True):
            first, at = at, at + len(keys)
            route, received_ms, with_event, first_come = arrivals[message]
            own = ts_ms != NO_TIME
            seen = seq != NO_SEQ and not with_event and repeated(route.asset.key, boot, seq, digest)
            # A counter that begins anew with the same values looks the same; only a time or a boot tells them apart.
            if seen and (own or boot):
                out.duplicates += len(keys)
                out.dropped.extend(range(first, at))
                continue
            if own and not YEAR_2000_MS <= ts_ms <= received_ms + FUTURE_MS:
                reason = CLOCK_NEVER_SET if ts_ms < YEAR_2000_MS else CLOCK_IN_FUTURE
                out.rejections.append(Rejection(message, reason, ", ".join(keys)))
                out.dropped.extend(range(first, at))
                continue
            series = route.shapes.get(keys) or route.match(keys)
            if series is None:
                series = _known_only(out, route, message, keys, first)
                if not series:
                    continue
            out.message.append(message)
            if own:
                out.ts_ms.append(ts_ms)
            elif first_come is None:
                out.ts_ms.append(next_free(route.asset.key, received_ms))
            else:
                out.ts_ms.append(self.replay_times.of(route.asset.key, first_come))
            out.received_ms.append(received_ms)
            out.stands_in.append(not own)
            out.width.append(len(series))
            out.series_id += series
        return out


def _known_only(out: _Samples, route: AssetRoute, message: int, keys: tuple[str, ...], first: int) -> tuple[int, ...]:
    """The series of those names that the asset has; the others become rejections."""
    for position, key in enumerate(keys, first):
        if key not in route.ids:
            out.dropped.append(position)
            out.rejections.append(Rejection(message, UNKNOWN_POINT, key))
    return tuple(route.ids[key] for key in keys if key in route.ids)
