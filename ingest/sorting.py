"""A batch of messages taken apart by channel and dialect."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import cast

from ingest.arrivals import Arrivals
from ingest.event_messages import values_beside
from ingest.mapping import Foreign
from ingest.matching import AssetRoute, Matcher, Route, SourceRoute
from ingest.receive_times import FirstCome
from ingest.rejections import UNKNOWN_ASSET, Rejection
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import Channel

EVENT_DIALECT = "json"
"""What event topics speak, whatever the source's telemetry does."""

_RETAINED, _AGAIN = attrgetter("retained"), attrgetter("again")


@dataclass(slots=True)
class Members:
    """Messages that one decoder reads: number of the record, where it belongs and payload of each."""

    numbers: list[int] = field(default_factory=list)
    arrivals: Arrivals = field(default_factory=Arrivals)
    payloads: list[bytes] = field(default_factory=list)

    def add(self, number: int, route: AssetRoute, record: SpoolRecord) -> None:
        """A telemetry message."""
        self.numbers.append(number)
        self.arrivals.add(route, record)
        self.payloads.append(record.payload)


@dataclass(slots=True)
class Sorted:
    """A batch by channel. Values (of telemetry, and those beside an event) are grouped by dialect; events come with
    their route, those of unknown assets by themselves; ``foreign`` are messages that a topic source takes. ``again``:
    of messages that are replayed, when they first came, by number of the record."""

    records: Sequence[SpoolRecord]
    values: defaultdict[str, Members] = field(default_factory=lambda: defaultdict(Members))
    events: list[tuple[SpoolRecord, AssetRoute]] = field(default_factory=list)
    strange: list[SpoolRecord] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    statuses: list[tuple[int, AssetRoute]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    again: Sequence[FirstCome] = ()
    asked_ms: int = 0

    def arrive_again(self, numbers: Sequence[int], arrivals: Arrivals) -> None:
        """What is replayed arrives now, so that it is not taken for news, and remembers when it first came; ``numbers``
        are those of the records."""
        if self.again:
            arrivals.received_ms = [self.asked_ms] * len(arrivals)
            arrivals.first = [self.again[number] for number in numbers]

    def topics(self) -> Iterator[tuple[str, AssetRoute]]:
        """Canonical topics of events and values with their assets, one for each message."""
        yield from ((record.topic, route) for record, route in self.events)
        for members in self.values.values():
            numbered = zip(members.numbers, members.arrivals.route, strict=True)
            yield from ((self.records[number].topic, route) for number, route in numbered)

    def names(self) -> dict[int, str]:
        """Of messages that are replayed, by position."""
        return {record.position: one.message for record, one in zip(self.records, self.again, strict=False)}


def sort(records: Sequence[SpoolRecord], matcher: Matcher) -> Sorted:
    """Take a batch apart; topics that lead nowhere are rejected."""
    out = Sorted(records)
    known = matcher.known
    routes = [known.get(record.topic) for record in records]
    dialect = _one_dialect(routes)
    if dialect is not None and not any(map(_RETAINED, records)):
        out.values[dialect] = _all_telemetry(records, cast("list[Route]", routes))
        return out
    for number, (record, found) in enumerate(zip(records, routes, strict=True)):
        route = found or matcher.route(record.topic)
        if not isinstance(route, Route):
            _sort_other(out, number, route, record)
        elif route.channel is Channel.TELEMETRY:
            out.values[route.asset.source.dialect].add(number, route.asset, record)
        elif route.channel is Channel.EVENT:
            out.events.append((record, route.asset))
            for payload in values_beside(record.payload):
                beside = out.values[EVENT_DIALECT]
                beside.numbers.append(number)
                beside.arrivals.add(route.asset, record, with_event=True)
                beside.payloads.append(payload)
        else:
            out.statuses.append((number, route.asset))
    return out


def _sort_other(out: Sorted, number: int, route: SourceRoute | str, record: SpoolRecord) -> None:
    if isinstance(route, SourceRoute):
        out.foreign.append(Foreign(number, route, record))
        return
    out.rejections.append(Rejection(number, route))
    if route == UNKNOWN_ASSET:
        out.strange.append(record)


def _one_dialect(routes: Sequence[Route | None]) -> str | None:
    """The dialect of a batch that is nothing but telemetry of one dialect on known topics, as nearly all are."""
    # By identity: comparing routes would look at all of their fields.
    distinct = {id(route): route for route in routes}.values()
    if not all(route is not None and route.channel is Channel.TELEMETRY for route in distinct):
        return None
    dialects = {route.asset.source.dialect for route in distinct if route is not None}
    return dialects.pop() if len(dialects) == 1 else None


def _all_telemetry(records: Sequence[SpoolRecord], routes: Sequence[Route]) -> Members:
    received_ms = [record.received_ms for record in records]
    positions = [record.position for record in records]
    arrivals = Arrivals([route.asset for route in routes], received_ms, [False] * len(records), positions)
    if any(map(_AGAIN, records)):
        arrivals.again = {number for number, record in enumerate(records) if record.again}
    return Members(list(range(len(records))), arrivals, [record.payload for record in records])
