"""From decoded samples to the columns that the store and the stages take."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

import numpy as np
import structlog
from numpy.typing import NDArray

from ingest.arrivals import Arrivals
from ingest.checkpoint import pack, unpack
from ingest.dialects.decoded import NO_SEQ, Decoded
from ingest.instants import FUTURE_MS, NO_TIME
from ingest.matching import AssetRoute, SeriesTable
from ingest.once_per_message import OncePerMessage
from ingest.quality import QualityGate
from ingest.receive_times import FirstCome, ReceiveTimes, ReplayTimes
from ingest.rejections import (
    BEYOND_RETENTION,
    REJECTED_BY_STORE,
    Rejection,
    with_detail,
)
from ingest.samples import Samples, of_unknown_age, take_out
from ingest.sequences import SequenceTracker
from ingest.site_instants import Said, SiteInstants, message_name, record_name
from plantroom.domain.quality import Reason
from plantroom.ports.clock import YEAR_2000_MS
from plantroom.ports.readings import ReadingBatch, RejectedReading
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch
from plantroom.wire import Channel

log = structlog.get_logger()

RECEIVE_TIMES, ABOVE = "receive_times", "above"
"""Names of the parts with the instants that were given here, and with those of the last holder."""


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
    retained: int
    """Readings left out, since the broker had kept them from nobody knows when."""

    def refused(self, rejected: Sequence[RejectedReading]) -> list[Rejection]:
        """What the store refused, by message."""
        readings = self.readings
        return [
            Rejection(
                int(self.message[one.position]),
                with_detail(BEYOND_RETENTION if one.too_old else REJECTED_BY_STORE, one.message),
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

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leave out all readings but these (n,)."""
        self.readings = self.readings.only(kept)
        self.live, self.received_ms = self.live[kept], self.received_ms[kept]
        self.message, self.arrival = self.message[kept], self.arrival[kept]

    def count_new(self, again: Sequence[FirstCome]) -> int:
        """How many readings of replayed messages (``again``, by number) had not been stored when they first came."""
        series, count = self.readings.series, 0
        for message, series_id in zip(self.message.tolist(), self.readings.series_id.tolist(), strict=True):
            first = again[message]
            count += first.whole or series[series_id].point in first.parts
        return count

    def stored(self, rejected: Sequence[RejectedReading]) -> ReadingBatch:
        """The readings that the store has."""
        return self.readings.only(self._kept(rejected)) if rejected else self.readings

    def confirmed(self, rejected: Sequence[RejectedReading], site: str) -> StreamBatch:
        """The same as the stages take them."""
        kept = self._kept(rejected)
        return StreamBatch(self.stored(rejected), self.live[kept], self.received_ms[kept], site)

    def _kept(self, rejected: Sequence[RejectedReading]) -> NDArray[np.bool_]:
        kept = np.ones(len(self.readings), np.bool_)
        kept[[one.position for one in rejected]] = False
        return kept


def receive_times_of(state: bytes, above: bytes) -> bytes:
    """Of a snapshot of an ``Assembler`` the receive times alone: late records come after those, and would else be given
    the same again. What is live then begins ``above``."""
    try:
        kept = {name: body for name, body in unpack(state).items() if name == RECEIVE_TIMES}
    except ValueError:
        kept = {}
    return pack(kept | {ABOVE: above})


class Assembler:
    """Samples to columns: repetitions out, impossible clocks and unknown points out, the gate's word on the rest.

    State (series, receive times, sequences, gate) is saved with the spool's cursor. One thread.
    """

    def __init__(self, table: SeriesTable, lane: Lane, instants: SiteInstants | None = None) -> None:
        """``instants``: those that the lanes of the site share; without them this lane gives its own alone."""
        self.table = table
        self._lane = lane
        self._instants = instants
        self.gate = QualityGate()
        self.sequences = SequenceTracker()
        self.receive_times = ReceiveTimes()
        self.replay_times = ReplayTimes(self._is_taken)
        self._above = b""
        if instants is not None:
            instants.join(lane.value, self.receive_times)

    def assemble(self, decoded: Decoded, arrivals: Arrivals) -> Columns:
        """Columns of a batch; ``arrivals`` is indexed by ``decoded.message``. Cost: O(values)."""
        samples = self._admit(decoded, arrivals)
        value = np.delete(decoded.values, samples.dropped) if samples.dropped else decoded.values
        series = cast("list[tuple[int, ...]]", samples.series)
        width = np.fromiter(map(len, series), np.int64, len(series))
        series_id = np.fromiter(chain.from_iterable(series), np.int32, int(width.sum()))
        ts_ms = np.repeat(samples.ts_ms, width)
        received_ms = np.repeat(samples.received_ms, width)
        reason = np.repeat(samples.stands_in * np.uint8(Reason.RECEIVE_TIME), width)
        if decoded.bad:
            said_bad = np.isin(np.arange(len(decoded.values)), decoded.bad)
            reason[np.delete(said_bad, samples.dropped)] = Reason.SAID_BAD
        message = np.repeat(samples.message, width)
        aside = np.array(arrivals.with_event, np.bool_)
        aside[list(arrivals.retained)] = True
        live = self.gate.judge(series_id, ts_ms, value, received_ms, reason, aside[message])
        if arrivals.first is not None:
            live[:] = False
        return Columns(
            ReadingBatch(self.table.refs, series_id, ts_ms, value, reason),
            live,
            received_ms,
            message,
            message,
            samples.rejections,
            samples.duplicates,
            samples.retained,
        )

    def forget(self, decoded: Decoded, arrivals: Arrivals, messages: Collection[int]) -> None:
        """Not all of these messages was stored: when they are sent again only what has no time of its own repeats."""
        if not messages:
            return
        for message, boot, seq, digest in zip(decoded.message, decoded.boot, decoded.seq, decoded.digest, strict=True):
            if seq != NO_SEQ and message in messages:
                self.sequences.note_in_part(arrivals.numbered_by(message), boot, seq, digest)

    def snapshot(self) -> bytes:
        """The whole state."""
        parts = {name: part.snapshot() for name, part in self._parts().items()}
        return pack(parts | {ABOVE: self._above} if self._above else parts)

    def hand_over(self) -> bytes:
        """The receive times above which the next holder of the site begins."""
        return self.receive_times.hand_over(self._above)

    def begin_above(self) -> None:
        """What is late is through: no receive time is given again that the last holder gave."""
        handed_over, self._above = self._above, b""
        try:
            self.receive_times.begin_above(handed_over)
        except ValueError as error:
            log.error("hand_over_unreadable", part=ABOVE, problem=str(error))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        saved = unpack(state)
        self._above = saved.get(ABOVE, b"")
        for name, part in self._parts().items():
            part.restore(saved.get(name, b""))

    def _parts(self) -> dict[str, SeriesTable | QualityGate | SequenceTracker | ReceiveTimes]:
        return {
            "series": self.table,
            "gate": self.gate,
            "sequences": self.sequences,
            RECEIVE_TIMES: self.receive_times,
        }

    def _admit(self, decoded: Decoded, arrivals: Arrivals) -> Samples:
        message, ts_ms = np.array(decoded.message, np.int64), np.array(decoded.ts_ms, np.int64)
        received_ms = np.array(arrivals.received_ms, np.int64)[message]
        routes = [arrivals.route[one] for one in decoded.message]
        own = ts_ms != NO_TIME
        old = of_unknown_age(decoded, arrivals, message, own)
        wrong_clock = own & ((ts_ms < YEAR_2000_MS) | (ts_ms > received_ms + FUTURE_MS))
        series = [route.shapes.get(keys) or route.match(keys) for route, keys in zip(routes, decoded.keys, strict=True)]
        bad = wrong_clock if None not in series else wrong_clock | np.array([one is None for one in series], np.bool_)
        repeated = self._repeated(decoded, arrivals, routes, own, bad)
        samples = Samples(np.arange(len(message)), message, ts_ms, received_ms, ~own, routes, series)
        if None in series or repeated.any() or wrong_clock.any() or old.any():
            take_out(samples, decoded, repeated, wrong_clock, old)
        self._stand_in(samples, decoded, arrivals)
        return samples

    def _stand_in(self, samples: Samples, decoded: Decoded, arrivals: Arrivals) -> None:
        """Instants for those that have none."""
        self.replay_times.begin()
        first, shared = arrivals.first, list[int]()
        for at in np.flatnonzero(samples.stands_in).tolist():
            key, message = samples.routes[at].asset.key, int(samples.message[at])
            if first is not None:
                points = [self.table.refs[number].point for number in samples.series[at] or ()]
                samples.ts_ms[at] = self.replay_times.of(key, first[message], points)
            elif self._is_shared(key, with_event=arrivals.with_event[message]):
                shared.append(at)
            else:
                samples.ts_ms[at] = self.receive_times.next_free(key, int(samples.received_ms[at]))
        if shared and self._instants is not None:
            said = self._said(samples, decoded, arrivals, shared)
            samples.ts_ms[shared] = self._instants.give(self._lane.value, said)

    def _is_shared(self, asset: str, *, with_event: bool) -> bool:
        """Whether the other lane may have messages of this asset, too: those of safety sources, and values on event
        topics."""
        if self._instants is None:
            return False
        if (with_event or self._lane is Lane.SAFETY) and not self._instants.covers(asset):
            self._instants.cover([asset])
        return self._instants.covers(asset)

    @staticmethod
    def _said(samples: Samples, decoded: Decoded, arrivals: Arrivals, wanted: Sequence[int]) -> list[Said]:
        """The samples at these places, by their messages. A number without a boot names none: a count that begins anew
        with the same values looks the same."""
        found: list[Said] = []
        counts: Counter[tuple[str, str, str]] = Counter()
        for at in wanted:
            number, message, asset = int(samples.number[at]), int(samples.message[at]), samples.routes[at].asset.key
            boot, seq, digest = decoded.boot[number], decoded.seq[number], decoded.digest[number]
            beside, again = arrivals.with_event[message], message in arrivals.again
            channel = Channel.EVENT if beside else Channel.TELEMETRY
            name = message_name(channel.value, boot, seq, digest) if boot and seq != NO_SEQ else ""
            received_ms = arrivals.received_ms[message]
            record = record_name(arrivals.position[message], received_ms)
            found.append(Said(asset, name, record, counts[record, asset, name], received_ms, beside, again))
            counts[record, asset, name] += 1
        return found

    def _is_taken(self, asset: str, ts_ms: int) -> bool:
        shared = self._instants is not None and self._instants.covers(asset) and self._instants.is_taken(asset, ts_ms)
        return shared or self.receive_times.is_taken(asset, ts_ms)

    def _repeated(
        self,
        decoded: Decoded,
        arrivals: Arrivals,
        routes: Sequence[AssetRoute],
        own: NDArray[np.bool_],
        bad: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which samples (m,) came before. A counter that begins anew with the same values looks the same; only a time
        (``own``) or a boot tells them apart. ``bad`` ones cannot be stored as a whole."""
        repeated, count = self._word_on(arrivals), len(decoded.seq)
        keys = [route.asset.key for route in routes]
        columns = (keys, decoded.boot, decoded.seq, decoded.digest)
        in_part = self._any_in_part(decoded, arrivals, own)
        odd = bool(decoded.unused or decoded.rejections) or in_part or bad.any() or _share_numbers(decoded, arrivals)
        if odd or arrivals.again:
            in_order = self._repeated_in_order(decoded, arrivals, keys, own.tolist(), bad.tolist())
            return np.array(list(in_order), np.bool_)
        if any(arrivals.with_event) or arrivals.retained or NO_SEQ in decoded.seq:
            counted = [
                seq != NO_SEQ and not arrivals.is_aside(message)
                for seq, message in zip(decoded.seq, decoded.message, strict=True)
            ]
            asked = (yes and repeated(k, b, s, d) for yes, k, b, s, d in zip(counted, *columns, strict=True))
            seen = np.fromiter(asked, np.bool_, count)
        else:
            seen = np.fromiter(map(repeated, *columns), np.bool_, count)
        if seen.any():
            seen &= own | np.fromiter(map(bool, decoded.boot), np.bool_, count)
        return seen

    def _any_in_part(self, decoded: Decoded, arrivals: Arrivals, own: NDArray[np.bool_]) -> bool:
        """Whether something without a time of its own came before in a message that was not stored as a whole."""
        if not self.sequences.any_in_part or arrivals.first is not None or own.all():
            return False
        columns = (own.tolist(), decoded.message, decoded.boot, decoded.seq, decoded.digest)
        return any(
            boot and not is_own and self.sequences.came_in_part(arrivals.numbered_by(message), boot, seq, digest)
            for is_own, message, boot, seq, digest in zip(*columns, strict=True)
        )

    def _repeated_in_order(
        self, decoded: Decoded, arrivals: Arrivals, keys: Sequence[str], own: Sequence[bool], bad: Sequence[bool]
    ) -> Iterator[bool]:
        """As ``_repeated`` where something is odd: what is not stored as a whole may come again right behind it, and
        messages that leave no sample take their number in their turn (they came, so nobody need ask for them). Of a
        message that is sent again since it was not stored as a whole, what has no time of its own repeats all the same:
        it would stand a second time, and what was refused of it is a dead letter. So does what the broker has sent
        before, where its number came: how much of that it sends again knows no bound, what is remembered of content
        does."""
        came = OncePerMessage(lambda publisher, boot, seq, _: self.sequences.came(publisher, boot, seq))
        repeated, marked = OncePerMessage(self._word_on(arrivals)), OncePerMessage(self._marked)
        sent = range(len(arrivals)) if arrivals.sent is None else arrivals.sent
        messages = [sent[one] for one in decoded.message]
        taken = set(zip(messages, decoded.boot, decoded.seq, strict=True)) if decoded.unused else ()
        noted = [one for one in decoded.unused if (sent[one[0]], *one[1:3]) not in taken]
        unused = deque(sorted(noted, key=lambda one: sent[one[0]]))
        broken = {sent[rejection.message] for rejection in decoded.rejections}
        numbers: list[tuple[str, str, int, int]] = []
        columns = (decoded.message, messages, keys, decoded.boot, decoded.seq, decoded.digest, own, bad)
        before, live = -1, arrivals.first is None
        for arrival, message, key, boot, seq, digest, is_own, is_bad in zip(*columns, strict=True):
            if message != before:
                self._note_in_part(numbers if before in broken else ())
                before, numbers = message, []
            while unused and sent[unused[0][0]] <= message:
                self._note_unused(arrivals, *unused.popleft())
            counted = seq != NO_SEQ and not arrivals.is_aside(arrival)
            publisher = arrivals.numbered_by(arrival)
            named, again = counted and bool(boot), arrival in arrivals.again
            in_part = named and live and not is_own and self.sequences.came_in_part(publisher, boot, seq, digest)
            if in_part or (named and again and came(message, publisher, boot, seq, digest, key)):
                seen = in_part or not is_own
            else:
                word = marked if again else repeated
                seen = counted and word(message, publisher, boot, seq, digest, key) and (is_own or named)
            if counted:
                numbers.append((publisher, boot, seq, digest))
            if in_part or (is_bad and not seen):
                broken.add(message)
            yield seen
        self._note_in_part(numbers if before in broken else ())
        for one in unused:
            self._note_unused(arrivals, *one)

    def _marked(self, publisher: str, boot: str, seq: int, digest: int) -> bool:
        return self.sequences.repeated(publisher, boot, seq, digest, True)

    def _word_on(self, arrivals: Arrivals) -> Callable[[str, str, int, int], bool]:
        return self.sequences.repeated if arrivals.first is None else self.sequences.again

    def _note_in_part(self, numbers: Iterable[tuple[str, str, int, int]]) -> None:
        for one in numbers:
            self.sequences.note_in_part(*one)

    def _note_unused(self, arrivals: Arrivals, message: int, boot: str, seq: int, digest: int) -> None:
        if not arrivals.is_aside(message):
            publisher = arrivals.numbered_by(message)
            word = self._marked if message in arrivals.again else self._word_on(arrivals)
            word(publisher, boot, seq, digest)
            self.sequences.forget(publisher, boot, seq, digest)


def _share_numbers(decoded: Decoded, arrivals: Arrivals) -> bool:
    """Whether a message may have several objects, or parts of one, with one number."""
    several = arrivals.publisher is not None or len(set(decoded.message)) < len(decoded.message)
    return several and any(seq != NO_SEQ for seq in decoded.seq)
