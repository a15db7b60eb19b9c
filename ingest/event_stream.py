"""The messages of a batch that hold events, in the order in which they came, whichever topics they came on.

Events are told before the readings of their batch are stored, and may be looked for far ahead of these: a safety event
waits for no readings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.dialects import DECODERS
from ingest.dialects.decoded import EventObject
from ingest.dialects.json.decoder import may_hold_events
from ingest.event_messages import event_objects
from ingest.mapping import ForeignReader
from ingest.matching import AssetRoute
from ingest.rejections import Rejection
from ingest.sorting import Sorted
from plantroom.ports.spool import SpoolRecord


@dataclass(slots=True)
class EventMessage:
    """``route`` is whose the events are; ``None``: nobody's whom the ledger knows, and then ``code`` is what a source
    calls the device (empty: the topic is canonical and says it).

    ``own_topic``: it came on an event topic, where it takes a number of its own and leaves ``rejections`` behind; what
    else is wrong with other messages is found when they are read. ``seen``: that it came is a word on presence, which
    for telemetry is said when that is read.
    """

    record: SpoolRecord
    route: AssetRoute | None
    objects: Sequence[EventObject]
    own_topic: bool = False
    seen: bool = True
    rejections: Sequence[Rejection] = ()
    code: str = ""


def event_messages(batch: Sorted, foreign: ForeignReader, done: int, strays_done: int) -> list[EventMessage]:
    """Those that are not told yet. All are up to position ``done`` that came on event topics, or on any canonical topic
    of a device that the ledger does not know, and up to ``strays_done`` all others. Cost: 0.2 µs a message
    of telemetry."""
    found = [
        EventMessage(record, route, objects, own_topic=True, rejections=rejections)
        for record, route in batch.events
        if record.position > done
        for objects, rejections in (event_objects(record),)
    ]
    found += [EventMessage(record, None, ()) for record in batch.strange if record.position > done]
    found += _strays(batch, strays_done)
    untold = [one for one in batch.foreign if one.record.position > strays_done]
    taken = [one for one in untold if may_hold_events(one.record.payload)]
    for one, code, route, objects in foreign.events(taken):
        found.append(EventMessage(one.record, route, objects, code=code))
    if len(found) > 1:
        places = {record.position: place for place, record in enumerate(batch.records)}
        found.sort(key=lambda one: places[one.record.position])
    return found


def _strays(batch: Sorted, done: int) -> Iterator[EventMessage]:
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
            and batch.records[members.numbers[place]].position > done
        ]
        objects: dict[int, list[EventObject]] = {}
        for one in decoder([members.payloads[place] for place in wanted]).events:
            objects.setdefault(wanted[one.message], []).append(one)
        for place, some in objects.items():
            record = batch.records[members.numbers[place]]
            yield EventMessage(record, arrivals.route[place], some, seen=False)
