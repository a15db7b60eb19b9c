"""From raw messages to what is stored, found and dead-lettered: everything but waiting and writing.

``Pipeline.sort`` takes a batch apart by channel, ``read`` turns its telemetry into columns, ``conclude`` and
``watches`` draw the findings from what the store has confirmed. The result depends on the records and the saved
state alone, never on how the stream is cut into batches; so processing again after a crash changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
import structlog

from ingest.checkpoint import pack, unpack
from ingest.columns import Arrival, Assembler, Columns
from ingest.dialects import DECODERS
from ingest.dialects.decoded import Decoded, EventObject
from ingest.dialects.dialect import Request
from ingest.events import EventOutcome, EventRules, event_objects, values_beside
from ingest.handover import LATE_UNTIL, leave_late
from ingest.instants import from_ms
from ingest.mapping import Foreign, ForeignReader
from ingest.matching import AssetRoute, Matcher, Route, SeriesTable, SourceRoute
from ingest.presence import PresenceTracker, parse_status
from ingest.rejections import (
    UNKNOWN_ASSET,
    UNKNOWN_DIALECT,
    UNKNOWN_POINT,
    UNKNOWN_TOPIC,
    Rejection,
    merged,
    printable,
    stable_id,
    with_detail,
)
from ingest.stages import GuardedStage
from ingest.stats import Totals
from ingest.strangers import StrangerRules
from ingest.windows import TouchedWindows
from plantroom.domain.assets import EquipmentClass, Plant, Presence
from plantroom.domain.findings import Finding
from plantroom.ports.ledger import AssetEvent, DeadLetter, HealthChange
from plantroom.ports.readings import RejectedReading
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.ports.stages import StreamBatch, StreamStage
from plantroom.wire import ROOT, Channel

log = structlog.get_logger()

EVENT_DIALECT = "json"
"""What event topics speak, whatever the source's telemetry does."""


class _Stateful(Protocol):
    def snapshot(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What a batch leaves behind in the ledger."""

    findings: list[Finding] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    events: list[AssetEvent] = field(default_factory=list)
    health: list[HealthChange] = field(default_factory=list)

    def take(self, other: "Outcome") -> None:
        """Add what another one holds."""
        self.findings += other.findings
        self.letters += other.letters
        self.events += other.events
        self.health += other.health

    def __bool__(self) -> bool:
        return bool(self.findings or self.letters or self.events or self.health)


@dataclass(slots=True)
class Sorted:
    """A batch by channel. Values (of telemetry, and those beside an event) are grouped by dialect, each as number
    of the record, arrival and payload; events come with their route, those of unknown assets by themselves;
    ``foreign`` are messages that a topic source takes."""

    records: Sequence[SpoolRecord]
    values: defaultdict[str, list[tuple[int, Arrival, bytes]]] = field(default_factory=lambda: defaultdict(list))
    events: list[tuple[SpoolRecord, AssetRoute]] = field(default_factory=list)
    strange: list[SpoolRecord] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    statuses: list[tuple[int, AssetRoute]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(slots=True)
class Read:
    """The telemetry of a batch in columns (one set per dialect), with all that could not be read.
    ``stray_events`` are events that came on telemetry topics, ``requests`` what is to be published to devices,
    ``heard`` and ``words`` what sources say of presence."""

    columns: list[Columns] = field(default_factory=list)
    decoded: list[tuple[Decoded, Sequence[Arrival]]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0
    stray_events: list[tuple[SpoolRecord, AssetRoute, EventObject]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    heard: list[Arrival] = field(default_factory=list)
    words: list[tuple[str, Presence, int]] = field(default_factory=list)

    def misses_points(self) -> bool:
        """Whether a point was named that the plant, as the pipeline knows it, does not have."""
        return any(rejection.reason == UNKNOWN_POINT for rejection in self.rejections)


class Pipeline:
    """The stages of one site's lane and their state. One thread."""

    def __init__(
        self,
        site: str,
        lane: Lane,
        stages: Sequence[StreamStage],
        classes: Mapping[str, EquipmentClass],
        presence: PresenceTracker,
    ) -> None:
        self.site = site
        self.lane = lane
        self.totals = Totals()
        self.windows = TouchedWindows(site)
        self._stages = [GuardedStage(stage) for stage in stages]
        self._presence = presence
        self._table = SeriesTable()
        self._assembler = Assembler(self._table)
        self._matcher = Matcher(site, self._table)
        self._foreign = ForeignReader(self._matcher.route)
        self._events = EventRules(site, lane.value, classes)
        self._strangers = StrangerRules(site, lane.value, classes)
        self._events_done = self.late_until = 0
        self._plant: Plant | None = None

    @property
    def gaps(self) -> int:
        """Sequence numbers that are missing now."""
        return self._assembler.sequences.missing + self._events.missing + self._foreign.gaps

    @property
    def events_done(self) -> int:
        """Position up to which all event messages are told; ahead of the readings while a store is away."""
        return self._events_done

    def follow(self, plant: Plant) -> None:
        """Use this state of the plant from now on."""
        self._plant = plant
        self._matcher.follow(plant)
        routes = self._matcher.routes()
        self._assembler.gate.follow(routes, len(self._table))
        self._presence.follow(routes)

    def sort(self, records: Sequence[SpoolRecord]) -> Sorted:
        """Take a batch apart; topics that lead nowhere are rejected."""
        if self.late_until and records and records[0].position > self.late_until:
            # Another collector had the site meanwhile: what it received is no gap.
            self.late_until = 0
            self._assembler.sequences.restore(b"")
            self._events.restore(self._events.hand_over())
        out = Sorted(records)
        values, known = out.values, self._matcher.known
        for number, record in enumerate(records):
            route = known.get(record.topic) or self._matcher.route(record.topic)
            if not isinstance(route, Route):
                self._sort_other(out, number, route, record)
            elif route.channel is Channel.TELEMETRY:
                asset = route.asset
                one = (number, Arrival(asset, record.received_ms), record.payload)
                values[asset.source.dialect].append(one)
            elif route.channel is Channel.EVENT:
                out.events.append((record, route.asset))
                arrival = Arrival(route.asset, record.received_ms, with_event=True)
                for payload in values_beside(record.payload):
                    values[EVENT_DIALECT].append((number, arrival, payload))
            else:
                out.statuses.append((number, route.asset))
        return out

    @staticmethod
    def _sort_other(out: Sorted, number: int, route: SourceRoute | str, record: SpoolRecord) -> None:
        if isinstance(route, SourceRoute):
            out.foreign.append(Foreign(number, route, record))
            return
        out.rejections.append(Rejection(number, route))
        if route == UNKNOWN_ASSET:
            out.strange.append(record)

    def knows_all(self, records: Sequence[SpoolRecord]) -> bool:
        """Whether every topic of this site leads to a known asset."""
        return all(self._knows(self._matcher.route(record.topic), record.topic) for record in records)

    @staticmethod
    def _knows(route: Route | SourceRoute | str, topic: str) -> bool:
        if isinstance(route, SourceRoute):
            return route.complete()
        return route != UNKNOWN_ASSET and not (route == UNKNOWN_TOPIC and not topic.startswith(f"{ROOT}/"))

    def tell_events(self, batch: Sorted) -> Outcome:
        """Findings of the event messages that were not told before (readings play no part in them)."""
        out = Outcome()
        for record, route in batch.events:
            if record.position <= self._events_done:
                continue
            self._presence.seen(route.asset.key, record.received_ms)
            objects, rejections = event_objects(record)
            letters = self._letters([record], rejections)
            self.totals.dead_lettered += bool(letters)
            out.letters += letters
            self._add_events(out, self._events.take(route, record, objects))
        for record in batch.strange:
            if record.position > self._events_done:
                out.findings += self._strangers.take(record)
        if batch.records:
            self._events_done = max(self._events_done, batch.records[-1].position)
        return out

    def read(self, batch: Sorted) -> Read:
        """Decode, match and judge the telemetry of a batch, and hear its status messages."""
        out = Read(rejections=list(batch.rejections))
        for dialect, members in batch.values.items():
            decoder = DECODERS.get(dialect)
            numbers = [number for number, _, _ in members]
            if decoder is None:
                out.rejections += [Rejection(number, with_detail(UNKNOWN_DIALECT, dialect)) for number in numbers]
                continue
            decoded = decoder([payload for _, _, payload in members])
            arrivals = [arrival for _, arrival, _ in members]
            columns = self._assembler.assemble(decoded, arrivals)
            out.decoded.append((decoded, arrivals))
            columns.message = np.array(numbers, np.int64)[columns.message]
            leave_late(columns, batch.records, self.late_until)
            out.columns.append(columns)
            out.duplicates += columns.duplicates
            out.rejections += [
                Rejection(numbers[r.message], r.reason, r.part) for r in (*decoded.rejections, *columns.rejections)
            ]
            out.stray_events += [
                (batch.records[numbers[one.message]], arrivals[one.message].route, one)
                for one in decoded.events
                if not arrivals[one.message].with_event
            ]
        self._read_foreign(batch, out)
        self._hear(batch, out)
        return out

    def _read_foreign(self, batch: Sorted, out: Read) -> None:
        """As ``read``, for messages that topic sources take."""
        for mapped in self._foreign.read(batch.foreign):
            columns = self._assembler.assemble(mapped.decoded, mapped.arrivals)
            numbers = mapped.numbers
            columns.message = np.array(numbers, np.int64)[columns.message]
            leave_late(columns, batch.records, self.late_until)
            out.decoded.append((mapped.decoded, mapped.arrivals))
            out.columns.append(columns)
            out.duplicates += columns.duplicates
            out.rejections += mapped.rejections
            out.rejections += [Rejection(numbers[r.message], r.reason, r.part) for r in columns.rejections]
            out.requests += mapped.requests
            out.stray_events += [(batch.records[one.message], route, one) for route, one in mapped.events]
            out.heard += mapped.arrivals
            out.words += mapped.presence

    def conclude(self, batch: Sorted, read: Read, refused: Sequence[Sequence[RejectedReading]]) -> Outcome:
        """Events and dead letters, once the store has confirmed ``read.columns`` but for ``refused``."""
        out = Outcome()
        for columns in read.columns:
            self.windows.touch(columns.readings)
        for record, route, one in read.stray_events:
            self._add_events(out, self._events.take(route, record, [one]))
        rejections = list(read.rejections)
        for columns, (decoded, arrivals), rejected in zip(read.columns, read.decoded, refused, strict=True):
            rejections += columns.refused(rejected)
            self._assembler.forget(decoded, arrivals, {int(columns.arrival[one.position]) for one in rejected})
            self.totals.stored += len(columns.readings) - len(rejected)
        letters = self._letters(batch.records, rejections)
        self.totals.received += len(batch.records)
        self.totals.duplicates += read.duplicates
        self.totals.dead_lettered += len({letter.id.split("-")[0] for letter in letters})
        out.letters += letters
        return out

    def give_up(self, record: SpoolRecord, reason: str) -> Outcome:
        """A message that cannot be processed at all."""
        self.totals.received += 1
        self.totals.dead_lettered += 1
        return Outcome(letters=self._letters([record], [Rejection(0, reason)]))

    def watches(
        self, read: Read, refused: Sequence[Sequence[RejectedReading]], without: Collection[GuardedStage] = ()
    ) -> list[Callable[[], Outcome]]:
        """What is left to do: each stage's look at the confirmed readings, in this order. One that raises
        ``Unreachable`` can be called again."""
        plant = self._plant
        if plant is None:
            return []
        streams = [
            columns.confirmed(rejected, self.site) for columns, rejected in zip(read.columns, refused, strict=True)
        ]
        stages = [stage for stage in self._stages if stage not in without]
        return [partial(_watch, stage, stream, plant) for stream in streams if len(stream.readings) for stage in stages]

    def stage_failures(self) -> int:
        """Messages that a stage did not get through, since the start."""
        return sum(stage.failures for stage in self._stages)

    def problems(self) -> list[str]:
        """What is wrong with the stages, in plain words (any thread)."""
        return [words for stage in self._stages for words in stage.problems()]

    def _add_events(self, out: Outcome, told: EventOutcome) -> None:
        out.events += told.events
        out.findings += told.findings
        self.totals.duplicates += told.duplicates

    def _hear(self, batch: Sorted, out: Read) -> None:
        latest: dict[str, int] = {}
        for members in batch.values.values():
            for _, arrival, _ in members:
                latest[arrival.route.asset.key] = arrival.received_ms
        for arrival in out.heard:
            key = arrival.route.asset.key
            latest[key] = max(arrival.received_ms, latest.get(key, 0))
        for asset, received_ms in latest.items():
            self._presence.seen(asset, received_ms)
        # After all that was seen: a goodbye counts only when nothing came later, on whichever topic.
        for asset, presence, received_ms in out.words:
            self._presence.told(asset, presence, received_ms)
        for number, route in batch.statuses:
            said = parse_status(batch.records[number].payload)
            if isinstance(said, Presence):
                self._presence.told(route.asset.key, said, batch.records[number].received_ms)
            else:
                out.rejections.append(Rejection(number, said))

    def _letters(self, records: Sequence[SpoolRecord], rejections: Sequence[Rejection]) -> list[DeadLetter]:
        letters = []
        for rejection in merged(rejections):
            record = records[rejection.message]
            where = stable_id(self.site, self.lane.value, record.position, record.received_ms)
            letters.append(
                DeadLetter(
                    id=f"{where}-{stable_id(rejection.reason, rejection.part)[:8]}",
                    site=self.site,
                    received_at=from_ms(record.received_ms),
                    topic=printable(record.topic),
                    reason=rejection.reason,
                    payload=record.payload,
                    part=rejection.part,
                )
            )
        return letters

    def snapshot(self) -> bytes:
        """The whole state; saved with the spool's cursor. Presence is not in it: the ledger remembers that."""
        parts = {name: part.snapshot() for name, part in self._parts().items()}
        parts["events_done"] = str(self._events_done).encode()
        parts[LATE_UNTIL] = str(self.late_until).encode()
        return pack(parts)

    def hand_over(self) -> Mapping[str, bytes]:
        """The parts of the state that the next holder of the site goes on from, see ``ingest.handover``."""
        return {"events": self._events.hand_over()} | {f"stage:{s.name}": s.snapshot() for s in self._stages}

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). A part that cannot be read begins anew, with a warning;
        parts that belong together (series and what is numbered by them) do so together."""
        try:
            saved = unpack(state)
        except ValueError as error:
            log.error("checkpoint_unreadable", site=self.site, lane=self.lane, problem=str(error))
            saved = {}
        self._events_done = int(saved.get("events_done", b"0"))
        self.late_until = int(saved.get(LATE_UNTIL, b"0"))
        for name, part in self._parts().items():
            try:
                part.restore(saved.get(name, b""))
            except ValueError as error:
                log.error("checkpoint_part_unreadable", site=self.site, lane=self.lane, part=name, problem=str(error))
                part.restore(b"")
        if self._plant is not None:
            self.follow(self._plant)

    def _parts(self) -> dict[str, _Stateful]:
        stages = {f"stage:{stage.name}": stage for stage in self._stages}
        own: dict[str, _Stateful] = {"totals": self.totals, "columns": self._assembler, "events": self._events}
        return {**own, "windows": self.windows, "foreign": self._foreign, **stages}


def _watch(stage: GuardedStage, stream: StreamBatch, plant: Plant) -> Outcome:
    findings, health = stage.process(stream, plant)
    return Outcome(findings=list(findings), health=list(health))
