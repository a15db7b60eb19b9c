"""The messages of a batch that hold events, in the order in which they came, whichever topics they came on.

Events are told before the readings of their batch are stored, and may be looked for far ahead of these: a safety event
waits for no readings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from ingest.dialects import DECODERS
from ingest.dialects.decoded import EventObject
from ingest.dialects.json.decoder import may_hold_events
from ingest.event_messages import event_objects
from ingest.mapping import ForeignReader
from ingest.matching import AssetRoute
from ingest.rejections import Rejection
from ingest.sorting import Sorted
from plantroom.domain.assets import Priority
from plantroom.ports.spool import SpoolRecord


@dataclass(slots=True)
class EventMessage:
    """``route`` is whose the events are; ``None``: nobody's whom the ledger knows, and then ``code`` is what a source
    calls the device (empty: the topic is canonical and says it).

    ``own_topic``: it came on an event topic, where it takes a number of its own and leaves ``rejections`` behind; what
    else is wrong with other messages is found when they are read. ``seen``: that it came is a word on presence, which
    for telemetry is said when that is read. ``by_safety``: it came by a source marked safety.
    """

    record: SpoolRecord
    route: AssetRoute | None
    objects: Sequence[EventObject]
    own_topic: bool = False
    seen: bool = True
    rejections: Sequence[Rejection] = ()
    code: str = ""
    by_safety: bool = False


@dataclass(slots=True)
class EventsTold:
    """Of which messages all events are told: up to position ``own`` of those that came on event topics, or on any
    canonical topic of a device that the ledger does not know, up to ``others`` of all others; but for those that were
    ``passed_over``, since they tripped an error when they were looked at ahead of their turn."""

    own: int = -1
    others: int = -1
    passed_over: set[int] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Position up to which all are told or passed over."""
        return min(self.own, self.others)

    def wants(self, record: SpoolRecord, *, own: bool) -> bool:
        """Whether the events of a message are still to be told."""
        return record.position > (self.own if own else self.others) or record.position in self.passed_over

    def note(self, records: Sequence[SpoolRecord]) -> None:
        """All events of these are told."""
        last = records[-1].position
        self.own, self.others = max(self.own, last), max(self.others, last)
        if self.passed_over:
            self.passed_over.difference_update(record.position for record in records)

    def pass_over(self, record: SpoolRecord) -> None:
        """Go on behind this one, whose turn is still to come."""
        self.note([record])
        self.passed_over.add(record.position)

    def copy(self) -> "EventsTold":
        """The same, for itself."""
        return replace(self, passed_over=set(self.passed_over))

    def parts(self) -> dict[str, bytes]:
        """As parts of a checkpoint, by name."""
        found = {"events_done": str(self.own).encode(), "strays_done": str(self.others).encode()}
        return found | {"passed_over": orjson.dumps(sorted(self.passed_over))} if self.passed_over else found


def events_told(parts: Mapping[str, bytes]) -> EventsTold:
    """Of a checkpoint. Earlier programs told events on other topics behind the readings: what they left is told now."""
    passed_over = set(orjson.loads(parts.get("passed_over", b"[]")))
    return EventsTold(int(parts.get("events_done", b"0")), int(parts.get("strays_done", b"0")), passed_over)


def event_messages(batch: Sorted, foreign: ForeignReader, told: EventsTold) -> list[EventMessage]:
    """Those that are not told yet. Cost: 0.2 µs a message of telemetry."""
    found = [
        EventMessage(record, route, objects, own_topic=True, rejections=rejections)
        for record, route in batch.events
        if told.wants(record, own=True)
        for objects, rejections in (event_objects(record),)
    ]
    found += [EventMessage(record, None, ()) for record in batch.strange if told.wants(record, own=True)]
    found += _strays(batch, told)
    untold = [one for one in batch.foreign if told.wants(one.record, own=False)]
    taken = [one for one in untold if may_hold_events(one.record.payload)]
    for one, code, route, objects in foreign.events(taken):
        by_safety = one.route.source.priority is Priority.SAFETY
        found.append(EventMessage(one.record, route, objects, code=code, by_safety=by_safety))
    if len(found) > 1:
        places = {record.position: place for place, record in enumerate(batch.records)}
        found.sort(key=lambda one: places[one.record.position])
    return found


def _strays(batch: Sorted, told: EventsTold) -> Iterator[EventMessage]:
    """Of canonical telemetry topics."""
    for dialect, members in batch.values.items():
        decoder, arrivals = DECODERS.get(dialect), members.arrivals
        # Nearly every batch has none: one look at all of them takes a fifth of the time of a look at each.
        if decoder is None or not may_hold_events(b"\n".join(members.payloads)):
            continue
        wanted = [
            place
            for place, payload in enumerate(members.payloads)
            if may_hold_events(payload)
            and not arrivals.with_event[place]
            and told.wants(batch.records[members.numbers[place]], own=False)
        ]
        objects: dict[int, list[EventObject]] = {}
        for one in decoder([members.payloads[place] for place in wanted]).events:
            objects.setdefault(wanted[one.message], []).append(one)
        for place, some in objects.items():
            record = batch.records[members.numbers[place]]
            yield EventMessage(record, arrivals.route[place], some, seen=False)
