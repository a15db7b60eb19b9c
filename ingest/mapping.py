"""Messages that topic sources take: decoded by their dialect and re-arranged by asset and point."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ingest.arrivals import Arrivals
from ingest.checkpoint import pack, unpack
from ingest.dialects import DIALECTS
from ingest.dialects.decoded import NO_SEQ, Decoded, EventObject
from ingest.dialects.dialect import Dialect, Heard, Hole, Message, PresenceWord, Request, Sample
from ingest.idle_sources import IdleSources
from ingest.instants import NO_TIME
from ingest.matching import AssetRoute, SourceRoute, Target
from ingest.rejections import (
    NESTED_VALUE,
    NOT_A_NUMBER,
    NULL_VALUE,
    NUMBER_AS_TEXT,
    TEXT_VALUE,
    UNKNOWN_ASSET,
    UNKNOWN_DIALECT,
    UNSUPPORTED_TYPE,
    WRONG_UNIT,
    Rejection,
    code_of,
    with_detail,
)
from ingest.unit_budget import NEW_A_MINUTE, UnitBudget
from plantroom.domain.assets import Presence
from plantroom.ports.spool import SpoolRecord
from plantroom.units import SAME, UnitError, conversion

UNITS = "units"
"""Name of the part of the saved state that is no dialect's."""

CERTAIN = frozenset(("sparkplug_b",))
"""Dialects whose words on presence are never retained and say of which connection they are."""

_OF_ONE_FIELD = frozenset((NUMBER_AS_TEXT, TEXT_VALUE, NOT_A_NUMBER, NULL_VALUE, NESTED_VALUE, UNSUPPORTED_TYPE))
"""Reasons that concern one field alone: nobody's business when the source does not name it."""

NAMES_TOLD = 20
"""Fields that are named of a message of which none is taken."""

_PLACE = re.compile(r"\A\[[0-9]+\]\.?")
"""Which element of an array a part is of, before the field's name."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Message number ``number`` of a batch, and the source's route that takes it."""

    number: int
    route: SourceRoute
    record: SpoolRecord


@dataclass(slots=True)
class Mapped:
    """What became of one dialect's messages: samples by asset and point in the points' own units.

    ``decoded.message`` indexes ``arrivals`` and ``numbers`` (the records' numbers in the batch); so do
    ``decoded.rejections``, which only say which arrivals are not whole. ``rejections`` have record numbers,
    ``presence`` asset, word, receive time, and whether a goodbye must be of the connection at hand. ``passed_over``:
    record numbers of messages that have none of the fields that their source maps, and what they have; ``numbers_in``:
    of messages with numbers.
    """

    decoded: Decoded = field(default_factory=Decoded)
    arrivals: Arrivals = field(default_factory=Arrivals)
    numbers: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    presence: list[tuple[str, Presence, int, bool]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    passed_over: dict[int, list[str]] = field(default_factory=dict)
    numbers_in: set[int] = field(default_factory=set)

    def heard(self) -> Arrivals:
        """The arrivals that brought values: from others it does not follow whose device sent them."""
        places, all_of = sorted(set(self.decoded.message)), self.arrivals
        if len(places) == len(all_of):
            return all_of
        received_ms = [all_of.received_ms[place] for place in places]
        retained = {number for number, place in enumerate(places) if place in all_of.retained}
        routes = [all_of.route[place] for place in places]
        return Arrivals(routes, received_ms, [False] * len(places), retained=retained)


class ForeignReader:
    """The dialects of a site's lane, with what they remember. ``route`` says where a topic leads, ``takes`` whether its
    messages come on this lane. One thread."""

    def __init__(self, route: Callable[[str], object], takes: Callable[[str], bool]) -> None:
        self._route = route
        self._takes = takes
        self._dialects: dict[str, Dialect] = {}
        self._saved: dict[str, bytes] = {}
        self._units = UnitBudget()
        self.idle = IdleSources()

    def holes(self) -> list[Hole]:
        """What dialects know to be missing."""
        return [hole for dialect in self._dialects.values() for hole in dialect.holes()]

    def give_up(self, now_ms: int) -> list[tuple[Hole, str]]:
        """What they hope for no more, and the key of the asset that the sender's topic has its numbers under (empty:
        none)."""
        given = [hole for dialect in self._dialects.values() for hole in dialect.give_up(now_ms)]
        return [(hole, self._owner_of(hole.topic)) for hole in given]

    def _owner_of(self, topic: str) -> str:
        route = self._route(topic)
        return route.owner.asset.key if isinstance(route, SourceRoute) and route.owner is not None else ""

    def follow(self) -> None:
        """The plant is another one: what nobody sends here any more is not missed."""
        for name, dialect in self._dialects.items():
            dialect.follow(partial(self._hears, name))

    def _hears(self, name: str, topic: str) -> bool:
        route = self._route(topic)
        return isinstance(route, SourceRoute) and route.source.dialect == name and self._takes(topic)

    def read(self, messages: Sequence[Foreign], *, again: bool = False) -> Iterator[Mapped]:
        """One result for each dialect, in the order in which they are first met. ``again``: they are replayed."""
        groups: dict[str, list[Foreign]] = {}
        for one in messages:
            groups.setdefault(one.route.source.dialect, []).append(one)
        for name, members in groups.items():
            if name not in DIALECTS:
                reason = with_detail(UNKNOWN_DIALECT, name)
                yield Mapped(rejections=[Rejection(one.number, reason) for one in members])
                continue
            dialect = self._dialect(name)
            decode = dialect.decode_again if again else dialect.decode
            allows = partial(self._units.allows, again=again)
            mapped = _Arranger(members, self._route, allows).arrange(decode([_message(one) for one in members]))
            for one in () if again else members:
                if one.number in mapped.numbers_in:
                    taken = one.number not in mapped.passed_over
                    self.idle.note(one.route.source, one.record.received_ms, taken=taken)
            yield mapped

    def events(
        self, messages: Sequence[Foreign]
    ) -> Iterator[tuple[Foreign, str, AssetRoute | None, Sequence[EventObject]]]:
        """The messages that hold events, how their device is called, and whose they are (``None``: nobody's whom the
        ledger knows). Remembers nothing, so that they can be told before anything else is read."""
        groups: dict[str, list[Foreign]] = {}
        for one in messages:
            if one.route.source.dialect in DIALECTS:
                groups.setdefault(one.route.source.dialect, []).append(one)
        for name, members in groups.items():
            found: dict[int, list[EventObject]] = {}
            for event in self._dialect(name).events([_message(one) for one in members]):
                found.setdefault(event.message, []).append(event)
            for place, objects in found.items():
                code, asset = members[place].route.whose()
                yield members[place], code, asset, objects

    def _dialect(self, name: str) -> Dialect:
        dialect = self._dialects.get(name)
        if dialect is None:
            dialect = self._dialects[name] = DIALECTS[name]()
            dialect.restore(self._saved.pop(name, b""))
        return dialect

    def snapshot(self) -> bytes:
        """The state of all dialects."""
        states = {name: dialect.snapshot() for name, dialect in self._dialects.items()}
        return self._packed(states | {UNITS: self._units.snapshot()})

    def hand_over(self) -> bytes:
        """What the next holder of the site goes on from, in the form that ``restore`` takes."""
        return self._packed({name: dialect.hand_over() for name, dialect in self._dialects.items()})

    def _packed(self, states: dict[str, bytes]) -> bytes:
        return pack({name: state for name, state in sorted((self._saved | states).items()) if state})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._dialects = {}
        self._saved = unpack(state)
        self._units.restore(self._saved.pop(UNITS, b""))
        for name in [name for name in self._saved if name in DIALECTS]:
            self._dialect(name)


def _message(one: Foreign) -> Message:
    source, record = one.route.source, one.record
    return Message(record.topic, record.received_ms, record.payload, source.literal_levels(), source.time_zone)


class _Arranger:
    """Re-arranges what one dialect heard."""

    def __init__(
        self, members: Sequence[Foreign], route: Callable[[str], object], allows: Callable[[str, str, str, int], bool]
    ) -> None:
        self._members = members
        self._route = route
        self._allows = allows
        self._out = Mapped()
        self._rows: list[dict[str, float]] = []
        """Values of each sample."""
        self._places: dict[tuple[int, str, bool], int] = {}
        self._of_now: dict[int, int] = {}
        """By place: its last sample without a time."""
        self._bad: set[tuple[int, str]] = set()
        """Sample and point of values that their sender calls bad."""
        self._publishers: list[str] = []
        self._taken: set[int] = set()
        """Record numbers of messages with a field that the source maps."""
        self._passed: dict[int, list[str]] = {}

    def arrange(self, heard: Heard) -> Mapped:
        """Samples, rejections, presence and events by record number and asset. O(values)."""
        out = self._out
        for sample in heard.samples:
            self._take(sample)
        for unused in heard.unused:
            self._note_unused(*unused)
        out.decoded.keys = [tuple(row) for row in self._rows]
        out.decoded.values = np.array([value for row in self._rows for value in row.values()], np.float64)
        if self._bad:
            points = ((number, point) for number, row in enumerate(self._rows) for point in row)
            out.decoded.bad = [place for place, one in enumerate(points) if one in self._bad]
        for rejection in heard.rejections:
            self._reject(rejection)
        for word in heard.presence:
            self._hear(word)
        for event in heard.events:
            self._tell(event)
        out.requests = heard.requests
        out.decoded.in_seconds = heard.in_seconds
        out.passed_over = {number: names for number, names in self._passed.items() if number not in self._taken}
        out.arrivals.sent = out.numbers
        out.arrivals.publisher = self._publishers
        broken = {rejection.message for rejection in out.rejections}
        out.decoded.rejections = [Rejection(place, "") for place, number in enumerate(out.numbers) if number in broken]
        return out

    def _take(self, sample: Sample) -> None:
        member = self._members[sample.message]
        found: dict[str, tuple[AssetRoute, dict[str, float]]] = {}
        bad: set[tuple[str, str]] = set()
        self._out.numbers_in.add(member.number)
        for name, value in sample.values.items():
            targets = _targets(member.route, sample.prefix, name)
            self._note_taken(member.number, sample.prefix + name, taken=bool(targets))
            for target in targets:
                asset = target.asset if target.code else member.route.home
                if asset is None:
                    self._out.rejections.append(Rejection(member.number, UNKNOWN_ASSET, sample.prefix + name))
                    continue
                converted = self._convert(member, name, value, asset, target, sample)
                if converted is not None:
                    found.setdefault(asset.asset.key, (asset, {}))[1][target.point] = converted
                    (bad.add if name in sample.bad else bad.discard)((asset.asset.key, target.point))
        for key, (asset, values) in found.items():
            row = self._add(sample, asset, values)
            self._bad.update((row, point) for point in values if (key, point) in bad)
        if not found and sample.seq != NO_SEQ:
            self._note_unused(sample.message, sample.boot, sample.seq, sample.digest)

    def _note_taken(self, number: int, name: str, *, taken: bool) -> None:
        if taken:
            self._taken.add(number)
        elif number not in self._taken and len(names := self._passed.setdefault(number, [])) < NAMES_TOLD:
            names.append(name)

    def _note_unused(self, message: int, boot: str, seq: int, digest: int) -> None:
        """A number that brings no values has come all the same."""
        owner = self._members[message].route.owner
        if owner is not None:
            self._out.decoded.unused.append((self._place(message, owner, "", historical=False), boot, seq, digest))

    def _place(self, message: int, asset: AssetRoute, key: str, *, historical: bool) -> int:
        """The place among the arrivals of a message's values for an asset (by its key; empty: of none)."""
        place = message, key, historical
        if place not in self._places:
            member = self._members[message]
            self._places[place] = len(self._out.arrivals)
            # Values "with an event" are stored and judged by nobody, which is what historical ones need.
            self._out.arrivals.add(asset, member.record, with_event=historical)
            self._out.numbers.append(member.number)
            self._publishers.append(member.route.publisher)
        return self._places[place]

    def _convert(
        self, member: Foreign, name: str, value: float, asset: AssetRoute, target: Target, sample: Sample
    ) -> float | None:
        point = asset.points.get(target.point)
        unit = target.unit or sample.units.get(name, "")
        if point is None or not unit or unit == point.template.unit:
            return value
        try:
            if not target.unit:
                self._look_up(member, unit, point.template.unit)
            change = conversion(unit, point.template.unit, difference=point.template.is_difference)
            converted = change(value)
        except UnitError as error:
            sent = "" if target.unit or not sample.sent_unit else f"{sample.sent_unit!r}, which is {unit!r} in UCUM: "
            reason = with_detail(WRONG_UNIT, f"{sent}{error}")
            self._out.rejections.append(Rejection(member.number, reason, sample.prefix + name))
            return None
        if name in sample.truths and change != SAME:
            reason = with_detail(UNSUPPORTED_TYPE, f"true or false is no number of {unit}")
            self._out.rejections.append(Rejection(member.number, reason, sample.prefix + name))
            return None
        if not math.isfinite(converted):
            self._out.rejections.append(Rejection(member.number, NOT_A_NUMBER, sample.prefix + name))
            return None
        return converted

    def _look_up(self, member: Foreign, sent: str, wanted: str) -> None:
        """Raises ``UnitError`` for a unit that the message states, when its source has named too many new ones."""
        if not self._allows(member.route.source.key, sent, wanted, member.record.received_ms):
            raise UnitError(f"more than {NEW_A_MINUTE} new ones a minute")

    def _add(self, sample: Sample, asset: AssetRoute, values: dict[str, float]) -> int:
        """The number of the row that has them now."""
        decoded = self._out.decoded
        place = self._place(sample.message, asset, asset.asset.key, historical=sample.historical)
        if sample.ts_ms == NO_TIME and sample.seq == NO_SEQ:
            # What a message says of "now" is one instant, as far as it says it of each point once.
            row = self._rows[self._of_now[place]] if place in self._of_now else values
            if row.keys().isdisjoint(values):
                row.update(values)
                return self._of_now[place]
            self._of_now[place] = len(self._rows)
        if sample.relative:
            decoded.relative.add(len(self._rows))
        decoded.message.append(place)
        decoded.ts_ms.append(sample.ts_ms)
        decoded.boot.append(sample.boot)
        decoded.seq.append(sample.seq)
        decoded.digest.append(sample.digest)
        self._rows.append(values)
        return len(self._rows) - 1

    def _reject(self, rejection: Rejection) -> None:
        member = self._members[rejection.message]
        code = code_of(rejection.reason)
        field_name = _PLACE.sub("", rejection.part)
        if member.route.targets and field_name and code in _OF_ONE_FIELD and not member.route.maps(field_name):
            self._note_taken(member.number, field_name, taken=False)
            return
        self._taken.add(member.number)
        self._out.rejections.append(Rejection(member.number, rejection.reason, rejection.part))

    def _hear(self, word: PresenceWord) -> None:
        member = self._members[word.message]
        route = self._route(word.topic) if word.topic else member.route
        for asset in _concerned(route, word) if isinstance(route, SourceRoute) else ():
            certain = member.route.source.dialect in CERTAIN
            self._out.presence.append((asset.asset.key, word.presence, member.record.received_ms, certain))

    def _tell(self, event: EventObject) -> None:
        """Events are told before (see ``ForeignReader.events``); those of nobody are kept, too."""
        member = self._members[event.message]
        if member.route.whose()[1] is None:
            self._out.rejections.append(Rejection(member.number, UNKNOWN_ASSET))


def _targets(route: SourceRoute, prefix: str, name: str) -> Sequence[Target]:
    """Where a field goes: by its full name, else by its own; every field is a point when the source names none."""
    if not route.targets:
        return (Target("", None, name, ""),)
    return route.targets.get(prefix + name) or route.targets.get(name) or ()


def _concerned(route: SourceRoute, word: PresenceWord) -> list[AssetRoute]:
    """The assets that a word on presence is about: those that its device feeds."""
    names = _names_of(route.targets, word)
    found = [target.asset for name in names for target in route.targets[name] if target.code]
    home = [route.home] if not route.targets or any(not t.code for n in names for t in route.targets[n]) else []
    return list({asset.asset.key: asset for asset in [*home, *found] if asset is not None}.values())


def _names_of(targets: Mapping[str, object], word: PresenceWord) -> list[str]:
    """The mapped names that a device's values come under: by what it is known to send, else by its prefix, else those
    that name no device. Never another's: a source's filter may cover many."""
    if word.fields:
        full = ((word.prefix + name, name) for name in sorted(word.fields))
        return [next(one for one in both if one in targets) for both in full if any(one in targets for one in both)]
    if not (word.prefix or word.topic):
        return list(targets)
    own = [name for name in targets if word.prefix and name.startswith(word.prefix)]
    return own or [name for name in targets if "/" not in name]
