"""From raw messages to what is stored, found and dead-lettered: everything but waiting and writing.

``Pipeline.sort`` takes a batch apart by channel, ``read`` turns its telemetry into columns, ``conclude`` and
``watches`` draw the findings from what the store has confirmed. The result depends on the records and the saved
state alone, never on how the stream is cut into batches; so processing again after a crash changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import numpy as np
import structlog

from ingest.checkpoint import Stateful, pack, restore_part, unpack
from ingest.clock_effects import ClockEffect
from ingest.clocks import DeviceClocks
from ingest.columns import Assembler
from ingest.dialects import DECODERS
from ingest.event_stream import EventMessage, EventsTold, event_messages, events_told
from ingest.events import EventRules
from ingest.gaps import SiteNumbers
from ingest.handover import COLUMNS, EPOCHS, FOREIGN, FOREIGN_NEXT, LATE_UNTIL, RECEIVED, TOTALS, WINDOWS, leave_late
from ingest.hearing import hear
from ingest.letters import letters_of
from ingest.mapping import ForeignReader
from ingest.matching import Matcher, SeriesTable
from ingest.node_holes import given_up, node_figures
from ingest.outcome import Outcome, Read
from ingest.presence import PresenceTracker
from ingest.receive_times import FirstCome
from ingest.rejections import UNKNOWN_DIALECT, Rejection, with_detail
from ingest.sorting import Sorted, sort
from ingest.stages import GuardedStage
from ingest.stats import IngestStats, Totals
from ingest.strangers import StrangerRules
from ingest.windows import TouchedWindows
from plantroom.domain.assets import EquipmentClass, Plant
from plantroom.ports.gaps import GapNews
from plantroom.ports.readings import FOR_EVER, RejectedReading, Retention
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.ports.stages import StreamBatch, StreamStage
from plantroom.wire import Channel

log = structlog.get_logger()


class Pipeline:
    """The stages of one site's lane and their state. One thread."""

    def __init__(
        self,
        site: str,
        lane: Lane,
        stages: Sequence[StreamStage],
        classes: Mapping[str, EquipmentClass],
        presence: PresenceTracker,
        numbers: SiteNumbers | None = None,
        retention: Retention = FOR_EVER,
        *,
        drains: bool = False,
    ) -> None:
        """``retention``: what the store refuses as too old, for what is said of clocks. ``drains``: devices' clocks are
        not measured, and what other stages saved is kept for them."""
        self.site = site
        self.lane = lane
        self.totals = Totals()
        self.windows = TouchedWindows(site)
        self.clocks = DeviceClocks(site, lane, retention)
        self._stages = [GuardedStage(stage) for stage in stages]
        self._presence = presence
        self._table = SeriesTable()
        self.numbers = numbers or SiteNumbers()
        self._assembler = Assembler(self._table, lane, self.numbers.instants)
        self.receive_times = self._assembler.receive_times
        self._matcher = Matcher(site, self._table)
        self._foreign = ForeignReader(self._matcher.route, self.takes)
        self._events = EventRules(site, lane.value, classes)
        self._strangers = StrangerRules(site, lane.value, classes)
        self._trackers = {Channel.TELEMETRY: self._assembler.sequences, Channel.EVENT: self._events.sequences}
        self._told = EventsTold(0, 0)
        self.late_until = 0
        self._plant: Plant | None = None
        self._drains = drains
        self._kept: dict[str, bytes] = {}
        self._foreign_next: bytes | None = None

    @property
    def gaps(self) -> int:
        """Sequence numbers that are missing now, as far as this lane knows."""
        return sum(tracker.missing for tracker in self._trackers.values()) + self.unlisted_gaps

    @property
    def unlisted_gaps(self) -> int:
        """Those that cannot be asked for by number and are in no list (Sparkplug's)."""
        return sum(hole.missing for hole in self._foreign.holes())

    @property
    def events_done(self) -> int:
        """Position up to which all events are told; ahead of the readings while a store is away."""
        return self._told.done

    @property
    def passed_over(self) -> int:
        """Messages up to there whose events are told when their turn comes."""
        return len(self._told.passed_over)

    def follow(self, plant: Plant, *, anew: bool = False) -> None:
        """Use this state of the plant from now on; O(points of the site), unless nothing of it has changed."""
        self._plant = plant
        if not self._matcher.follow(plant, anew=anew):
            return
        routes = self._matcher.routes()
        self._assembler.gate.follow(routes, len(self._table))
        self._presence.follow(routes)
        self._foreign.follow()
        self._foreign.idle.follow({source.key for source in plant.topic_sources})
        if not self._drains:
            self.clocks.follow(routes)

    def sort(self, records: Sequence[SpoolRecord]) -> Sorted:
        """Take a batch apart; topics that lead nowhere are rejected."""
        return sort(records, self._matcher)

    def end_lateness(self, records: Sequence[SpoolRecord]) -> None:
        """To be called with each batch before it is processed: another collector had the site before the first record
        that is not late, so what that one received is no gap, and what it learned of devices holds."""
        if not self.late_until or not records or records[0].position <= self.late_until:
            return
        if self._told.own <= self.late_until:
            self._events.restore(self._events.hand_over())
        self.late_until = 0
        self._assembler.sequences.restore(b"")
        if self._foreign_next is not None:
            restore_part(FOREIGN, self._foreign, self._foreign_next, site=self.site, lane=self.lane.value)
            self._foreign_next = None
        self._assembler.begin_above()
        self.numbers.begin(self.lane.value, self._trackers)

    def sort_again(self, records: Sequence[SpoolRecord], first: Sequence[FirstCome], now_ms: int) -> Sorted:
        """As ``sort``, for messages that are replayed; ``first`` says when each one came at first."""
        out = sort(records, self._matcher)
        out.again, out.asked_ms = first, now_ms
        for members in out.values.values():
            out.arrive_again(members.numbers, members.arrivals)
        return out

    def takes(self, topic: str) -> bool:
        """Whether messages of this topic come on this lane."""
        return self._matcher.lane_of(topic) is self.lane

    def knows_all(self, records: Sequence[SpoolRecord]) -> bool:
        """Whether every topic of this site leads to a known asset."""
        return all(self._matcher.knows(record.topic) for record in records)

    def tell_events(self, batch: Sorted) -> Outcome:
        """Findings of the events that were not told before, on whichever topic (readings play no part in them)."""
        out, last = Outcome(), batch.records[-1].position if batch.records else 0
        ends_lateness = not batch.again and self.late_until and self._told.own <= self.late_until < last
        names, told = batch.names(), {one.message for one in batch.again if not one.untold}
        for one in self._untold(batch):
            if ends_lateness and one.record.position > self.late_until:
                out.gaps += self._number_anew(batch)
                ends_lateness = False
            name = names.get(one.record.position, "")
            self._tell(out, one, name, again=bool(batch.again), stranger=name not in told)
        self._events.end_batch()
        if batch.again:
            return out
        if ends_lateness:
            out.gaps += self._number_anew(batch)
        if batch.records:
            self._told.note(batch.records)
            out.gaps += self._number_news(Channel.EVENT, batch)
        return out

    def keep_events(self, batch: Sorted) -> Callable[[], None]:
        """Gives what takes back all that ``tell_events`` does with a batch, of which the ledger must not know yet."""
        told = self._told.copy()
        touched = self.late_until or self._untold(batch)
        saved = (self._events.snapshot(), self.totals.snapshot()) if touched else None

        def take_back() -> None:
            self._told = told
            if saved is not None:
                self._events.restore(saved[0])
                self.totals.restore(saved[1])
                self.numbers.begin(self.lane.value, self._trackers)

        return take_back

    def pass_over(self, record: SpoolRecord) -> None:
        """Its events cannot be told ahead of its turn; those behind it can."""
        self._told.pass_over(record)

    def _untold(self, batch: Sorted) -> Sequence[EventMessage]:
        return event_messages(batch, self._foreign, EventsTold() if batch.again else self._told)

    def _tell(self, out: Outcome, one: EventMessage, name: str, *, again: bool, stranger: bool) -> None:
        """``name``: the message's, if it is told ``again``; ``stranger``: an unknown asset's is told."""
        record, route = one.record, one.route
        if route is None:
            if stranger:
                rules, code = self._strangers, one.code
                out.findings += rules.take_mapped(record, code, one.objects) if code else rules.take(record)
            return
        if not again and one.seen and not record.retained:
            self._presence.seen(route.asset.key, record.received_ms)
        letters = letters_of(self.site, self.lane, [record], one.rejections, {record.position: name} if name else {})
        if not again:
            self.totals.dead_lettered += bool(letters)
            self.totals.count_letters(letter.reason for letter in letters)
        out.letters += letters
        told = self._events.take(
            route, record, one.objects, own_numbers=one.own_topic, message=name, by_safety=one.by_safety
        )
        out.events += told.events
        out.findings += told.findings
        self.totals.duplicates += told.duplicates

    def _number_anew(self, batch: Sorted) -> list[GapNews]:
        """Events behind the late ones begin: see ``end_lateness``; they may be told long before the readings."""
        news = self._number_news(Channel.EVENT, batch)
        self._events.restore(self._events.hand_over())
        self.numbers.begin(self.lane.value, self._trackers)
        return news

    def settle_numbers(self, horizon_ms: int) -> Outcome:
        """All that came up to then is dealt with: what that says of numbers that both lanes have, and which holes of
        nodes are given up."""
        given = [given_up(hole, asset, horizon_ms) for hole, asset in self._foreign.give_up(horizon_ms)]
        return Outcome(gaps=[*self.numbers.settle(self.lane.value, self._trackers, horizon_ms), *given])

    def _number_news(self, channel: Channel, batch: Sorted) -> list[GapNews]:
        at_ms = batch.records[-1].received_ms if batch.records else 0
        return self.numbers.take(self.lane.value, channel, self._trackers[channel], batch.topics, at_ms)

    def read(self, batch: Sorted) -> Read:
        """Decode, match and judge the telemetry of a batch, and hear its status messages."""
        out = Read(rejections=list(batch.rejections))
        for dialect, members in batch.values.items():
            decoder = DECODERS.get(dialect)
            numbers, arrivals = members.numbers, members.arrivals
            if decoder is None:
                out.rejections += [Rejection(number, with_detail(UNKNOWN_DIALECT, dialect)) for number in numbers]
                continue
            decoded = decoder(members.payloads)
            columns = self._assembler.assemble(decoded, arrivals)
            if not (batch.again or self._drains):
                self.clocks.note(decoded, arrivals)
            out.decoded.append((decoded, arrivals))
            columns.message = np.array(numbers, np.int64)[columns.message]
            leave_late(columns, batch.records, self.late_until)
            out.take(columns)
            out.rejections += [
                Rejection(numbers[r.message], r.reason, r.part) for r in (*decoded.rejections, *columns.rejections)
            ]
        self._read_foreign(batch, out)
        hear(batch, out, self._presence)
        return out

    def _read_foreign(self, batch: Sorted, out: Read) -> None:
        """As ``read``, for messages that topic sources take."""
        for mapped in self._foreign.read(batch.foreign, again=bool(batch.again)):
            batch.arrive_again(mapped.numbers, mapped.arrivals)
            columns = self._assembler.assemble(mapped.decoded, mapped.arrivals)
            if not (batch.again or self._drains):
                self.clocks.note(mapped.decoded, mapped.arrivals)
            numbers = mapped.numbers
            columns.message = np.array(numbers, np.int64)[columns.message]
            leave_late(columns, batch.records, self.late_until)
            out.decoded.append((mapped.decoded, mapped.arrivals))
            out.take(columns)
            out.rejections += mapped.rejections
            out.rejections += [Rejection(numbers[r.message], r.reason, r.part) for r in columns.rejections]
            out.requests += mapped.requests
            out.heard.append(mapped.heard())
            out.words += mapped.presence
            out.passed_over |= mapped.passed_over

    def conclude(self, batch: Sorted, read: Read, refused: Sequence[Sequence[RejectedReading]]) -> Outcome:
        """Events and dead letters, once the store has confirmed ``read.columns`` but for ``refused``."""
        out, names = Outcome(), batch.names()
        rejections = list(read.rejections)
        for columns, (decoded, arrivals), rejected in zip(read.columns, read.decoded, refused, strict=True):
            there = columns.stored(rejected)
            self.windows.touch(there)
            if not batch.again:
                self.totals.count_bad(there.reason)
            rejections += columns.refused(rejected)
            self._assembler.forget(decoded, arrivals, {int(columns.arrival[one.position]) for one in rejected})
            stored = columns.count_new(batch.again) if batch.again else len(columns.readings)
            self.totals.stored += max(0, stored - len(rejected))
        clocks, findings = self.clocks.take()
        out.clocks += clocks
        out.findings += findings
        instants = {n: ts for columns in read.columns for n, ts in columns.stand_ins().items()} if rejections else {}
        letters = letters_of(self.site, self.lane, batch.records, rejections, names, instants)
        out.letters += letters
        self.totals.duplicates += read.duplicates
        self.totals.retained += read.retained
        if not batch.again:
            self.totals.received += len(batch.records)
            self.totals.dead_lettered += len({letter.message for letter in letters})
            self.totals.count_letters(letter.reason for letter in letters)
        out.gaps += [*self._number_news(Channel.TELEMETRY, batch), *read.gone]
        return out

    def give_up(self, record: SpoolRecord, reason: str) -> Outcome:
        """A message that cannot be processed at all."""
        self._told.passed_over.discard(record.position)
        self.totals.received += 1
        self.totals.dead_lettered += 1
        self.totals.count_letters([reason])
        return Outcome(letters=letters_of(self.site, self.lane, [record], [Rejection(0, reason)]))

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

    def settle(self) -> Outcome:
        """What a changed plant means to the stages while no readings come."""
        plant = self._plant
        found = [] if plant is None else [one for stage in self._stages for one in stage.follow(plant, self.site)]
        return Outcome(findings=found)

    def figures(self) -> IngestStats:
        """What the pipeline knows: gaps, clocks, and messages that a stage did not get through since the start."""
        return IngestStats(
            gaps=self.gaps,
            unlisted_gaps=self.unlisted_gaps,
            stage_failures=sum(stage.failures for stage in self._stages),
            clocks_wrong=self.clocks.wrong(),
            clocks_not_judged=self.clocks.suffering(ClockEffect.NOT_JUDGED),
            clocks_refused=self.clocks.suffering(ClockEffect.REFUSED),
            clock_offset_largest_ms=float(self.clocks.largest_ms()),
            more={**self._foreign.idle.figures(), **node_figures(self._foreign.holes())},
        )

    def problems(self) -> list[str]:
        """What is wrong with the stages, in plain words (any thread)."""
        return [words for stage in self._stages for words in stage.problems()]

    def snapshot(self) -> bytes:
        """The whole state; saved with the spool's cursor. Presence is not in it: the ledger remembers that."""
        parts = self._kept | {name: part.snapshot() for name, part in self._parts().items()}
        parts |= self._told.parts()
        parts[LATE_UNTIL] = str(self.late_until).encode()
        if self._foreign_next is not None:
            parts[FOREIGN_NEXT] = self._foreign_next
        return pack(parts)

    def hand_over(self) -> Mapping[str, bytes]:
        """The parts of the state that the next holder of the site goes on from, see ``ingest.handover``."""
        foreign = self._foreign.hand_over() if self._foreign_next is None else self._foreign_next
        stages = {f"stage:{stage.name}": stage.hand_over() for stage in self._stages}
        own = {"events": self._events.hand_over(), RECEIVED: self._assembler.hand_over()}
        return {**own, FOREIGN: foreign, **stages}

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). A part that cannot be read begins anew, with a warning;
        parts that belong together (series and what is numbered by them) do so together."""
        try:
            saved = unpack(state)
        except ValueError as error:
            log.error("checkpoint_unreadable", site=self.site, lane=self.lane, problem=str(error))
            saved = {}
        self._told = events_told(saved)
        self.late_until = int(saved.get(LATE_UNTIL, b"0"))
        kept = (EPOCHS, "stage:") if self._drains else EPOCHS
        self._kept = {name: body for name, body in saved.items() if name.startswith(kept)}
        self._foreign_next = saved.get(FOREIGN_NEXT)
        for name, part in self._parts().items():
            restore_part(name, part, saved.get(name, b""), site=self.site, lane=self.lane.value)
        if not self.late_until:
            self._assembler.begin_above()
        self.numbers.begin(self.lane.value, self._trackers)
        if self._plant is not None:
            self.follow(self._plant, anew=True)

    def _parts(self) -> dict[str, Stateful]:
        stages = {f"stage:{stage.name}": stage for stage in self._stages}
        own: dict[str, Stateful] = {TOTALS: self.totals, COLUMNS: self._assembler, "events": self._events}
        return {**own, WINDOWS: self.windows, "clocks": self.clocks, FOREIGN: self._foreign, **stages}


def _watch(stage: GuardedStage, stream: StreamBatch, plant: Plant) -> Outcome:
    findings, health = stage.process(stream, plant)
    return Outcome(findings=list(findings), health=list(health))
