"""The ``sparkplug_b`` dialect: births, data and deaths of edge nodes (README.md beside this file)."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from google.protobuf.message import DecodeError

from ingest.dialects.dialect import Dialect, Heard, Hole, Message, PresenceWord, Request, Sample
from ingest.dialects.sparkplug_b.metrics import BOOLEAN, UNKNOWN, said_bad, value_of
from ingest.dialects.sparkplug_b.nodes import MAX_METRICS, Known, Node, Nodes
from ingest.dialects.sparkplug_b.wire import Payload
from ingest.instants import NO_TIME
from ingest.rejections import (
    LONG_NAME,
    MAX_NAME,
    NO_VALUES,
    NOT_PROTOBUF,
    NULL_VALUE,
    TOO_MANY_VALUES,
    UNKNOWN_METRIC,
    UNKNOWN_TOPIC,
    UNSUPPORTED_TYPE,
    WRONG_SHAPE,
    Rejection,
    with_detail,
)
from plantroom.domain.assets import Presence

NAMESPACE = "spBv1.0"
REBIRTH = "Node Control/Rebirth"
BD_SEQ = "bdSeq"
_CONTROL = ("Node Control/", "Device Control/")
MAX_TOPIC = 1_000
"""Characters; each device of a node has one of its own."""

HOPES_MS = 86_400_000
"""How long a birth is hoped for that ends a hole."""

_COMPRESSED = "SPBV1.0_COMPRESSED"
_BOOLEAN = 11
_MAX_MS = 1 << 53
_BIRTHS, _DEATHS = ("NBIRTH", "DBIRTH"), ("NDEATH", "DDEATH")
_COMMANDS = frozenset(("NCMD", "DCMD", "STATE"))


@dataclass(frozen=True, slots=True)
class _Place:
    """A topic, taken apart; ``device`` is empty for the node's own messages."""

    group: str
    kind: str
    node: str
    device: str

    @property
    def prefix(self) -> str:
        return f"{self.device}/" if self.device else ""


def _place_of(topic: str) -> _Place | None:
    """``None`` for what carries nothing to store. Raises ``ValueError`` for what is no Sparkplug topic."""
    levels = topic.split("/") if len(topic) <= MAX_TOPIC else [""]
    if levels[0] == "STATE" or (levels[0] == NAMESPACE and "STATE" in levels[1:2]):
        return None
    if levels[0] != NAMESPACE or len(levels) < 4:
        raise ValueError(topic)
    _, group, kind, node, *rest = levels
    if kind in _COMMANDS:
        return None
    of_device = kind in ("DBIRTH", "DDATA", "DDEATH")
    if not (of_device or kind in ("NBIRTH", "NDATA", "NDEATH")) or len(rest) != of_device:
        raise ValueError(topic)
    return _Place(group, kind, node, rest[0] if rest else "")


def rebirth_request(group: str, node: str) -> Request:
    """The command that asks a node to tell anew what it has."""
    payload = Payload()
    payload.metrics.add(name=REBIRTH.encode(), datatype=_BOOLEAN, boolean_value=True)
    return Request(f"{NAMESPACE}/{group}/NCMD/{node}", payload.SerializeToString())


class SparkplugDialect(Dialect):
    """Reads Sparkplug B. Remembers each node's births, aliases and sequence."""

    def __init__(self) -> None:
        self._nodes = Nodes()
        self._hears: Callable[[str], bool] = lambda _topic: True

    def holes(self) -> Sequence[Hole]:
        """Messages that the sequence numbers of nodes skipped, of those that are still heard."""
        return [hole for hole, _ in self._holes()]

    def _holes(self) -> Iterator[tuple[Hole, Node]]:
        for place, node in self._nodes:
            topic = self._heard_of(place, node) if node.missing else None
            if topic is not None:
                asked = (node.missing, node.first_missing, node.last_missing, node.found_ms, node.asked_ms)
                yield Hole(place, topic, *asked), node

    def give_up(self, now_ms: int) -> Sequence[Hole]:
        """See ``Dialect``: a node that was not born again in ``HOPES_MS`` does not do what it is asked for."""
        given = []
        for hole, node in self._holes():
            node.found_ms = node.found_ms or now_ms
            if now_ms - node.found_ms >= HOPES_MS:
                node.missing = 0
                given.append(hole)
        return given

    def follow(self, hears: Callable[[str], bool]) -> None:
        """See ``Dialect``. What births told stays: aliases of it may be on their way."""
        self._hears = hears
        self._nodes.forget_sequences(self._hears_node)

    def _hears_node(self, place: str, node: Node) -> bool:
        return self._heard_of(place, node) is not None

    def _heard_of(self, place: str, node: Node) -> str | None:
        """The first of the node's topics that is heard."""
        group, _, name = place.partition("/")
        own = (f"{NAMESPACE}/{group}/{kind}/{name}" for kind in ("NDATA", "NBIRTH"))
        devices = (
            f"{NAMESPACE}/{group}/{kind}/{name}/{device}"
            for device in node.born_ms
            if device
            for kind in ("DDATA", "DBIRTH")
        )
        return next((topic for topic in chain(own, devices) if self._hears(topic)), None)

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        heard = Heard()
        for number, message in enumerate(messages):
            told = _read(heard, number, message)
            if told is not None:
                self._take(heard, number, message, *told)
        return heard

    def decode_again(self, messages: Sequence[Message]) -> Heard:
        """As ``decode``: a birth speaks for itself alone, and data of aliases only if they came after the birth that
        the node's aliases are of, since an earlier birth may have meant other metrics by the same numbers."""
        heard = Heard()
        for number, message in enumerate(messages):
            told = _read(heard, number, message)
            if told is None:
                continue
            place, payload = told
            if place.kind in _DEATHS:
                heard.understood.append(number)
                continue
            node = self._nodes.get(f"{place.group}/{place.node}") or Node()
            if place.kind in _BIRTHS:
                node = Node()
                _learn(heard, number, place, node, payload, message.received_ms)
            _take_metrics(heard, number, place, node, payload, None if place.kind in _BIRTHS else message.received_ms)
        return heard

    def snapshot(self) -> bytes:
        """All nodes."""
        return self._nodes.snapshot()

    def hand_over(self) -> bytes:
        """What births told, without sequence numbers. Each node is asked for another birth when it is heard."""
        return self._nodes.hand_over()

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._nodes.restore(state)

    def _take(self, heard: Heard, number: int, message: Message, place: _Place, payload: Any) -> None:
        node = self._nodes.at(f"{place.group}/{place.node}")
        before = node.bytes
        if place.kind in _DEATHS:
            _die(heard, number, message, place, node, payload)
            return
        births = node.repeats(zlib.crc32(message.payload, zlib.crc32(message.topic.encode("utf-8", "replace"))))
        if births is None:
            self._follow(heard, message, place, node, payload)
        elif place.kind in _BIRTHS or births != node.births:
            # A second copy of what was dealt with; its aliases may mean something else by now.
            heard.understood.append(number)
            return
        if place.kind in _BIRTHS:
            _learn(heard, number, place, node, payload, message.received_ms)
            self._nodes.make_room(node.bytes - before)
            heard.presence += _words(number, Presence.ONLINE, place, node)
        unknown = _take_metrics(heard, number, place, node, payload)
        if unknown:
            _ask(heard, message, place, node)

    @staticmethod
    def _follow(heard: Heard, message: Message, place: _Place, node: Node, payload: Any) -> None:
        if place.kind == "NBIRTH":
            node.born(payload.seq, _bd_seq(payload))
        elif node.was_handed_over() or (payload.HasField("seq") and not node.follows(payload.seq, message.received_ms)):
            _ask(heard, message, place, node)


def _read(heard: Heard, number: int, message: Message) -> tuple[_Place, Any] | None:
    """Topic and payload; ``None`` for what carries nothing, or cannot be read and is rejected."""
    try:
        place = _place_of(message.topic)
    except ValueError:
        heard.rejections.append(Rejection(number, with_detail(UNKNOWN_TOPIC, "no Sparkplug B topic")))
        return None
    if place is None:
        heard.understood.append(number)
        return None
    payload = Payload()
    try:
        payload.ParseFromString(message.payload)
    except DecodeError as error:
        heard.rejections.append(Rejection(number, with_detail(NOT_PROTOBUF, str(error) or "cannot be read")))
        return None
    if payload.uuid.decode("utf-8", "replace") == _COMPRESSED:
        heard.rejections.append(Rejection(number, with_detail(UNSUPPORTED_TYPE, "compressed payload")))
        return None
    if len(payload.metrics) > MAX_METRICS:
        heard.rejections.append(Rejection(number, TOO_MANY_VALUES))
        return None
    return place, payload


def _ask(heard: Heard, message: Message, place: _Place, node: Node) -> None:
    if node.may_ask(message.received_ms):
        heard.requests.append(rebirth_request(place.group, place.node))


def _bd_seq(payload: Any) -> int | None:
    for metric in payload.metrics:
        if metric.name == BD_SEQ.encode():
            return int(metric.long_value or metric.int_value)
    return None


def _learn(heard: Heard, number: int, place: _Place, node: Node, payload: Any, received_ms: int) -> None:
    """The table of a birth: names, types and aliases."""
    if not node.begin_device(place.device, received_ms):
        heard.rejections.append(Rejection(number, TOO_MANY_VALUES))
        return
    for metric in payload.metrics:
        name = _name(metric)
        alias = metric.alias if metric.HasField("alias") else None
        if (
            name
            and len(place.prefix) + len(name) <= MAX_NAME
            and not node.learn(Known(place.device, name, metric.datatype), alias)
        ):
            heard.rejections.append(Rejection(number, TOO_MANY_VALUES))
            return


def _die(heard: Heard, number: int, message: Message, place: _Place, node: Node, payload: Any) -> None:
    if place.kind == "DDEATH":
        repeated = node.repeats(zlib.crc32(message.payload, zlib.crc32(message.topic.encode("utf-8", "replace"))))
        if repeated is None and payload.HasField("seq") and not node.follows(payload.seq, message.received_ms):
            _ask(heard, message, place, node)
        heard.presence += _words(number, Presence.OFFLINE, place, node)
        return
    bd_seq = _bd_seq(payload)
    if bd_seq is not None and node.bd_seq is not None and bd_seq != node.bd_seq:
        # The will of an earlier connection, told after the node was born again.
        heard.understood.append(number)
        return
    heard.presence += _words(number, Presence.OFFLINE, place, node)


def _words(number: int, presence: Presence, place: _Place, node: Node) -> list[PresenceWord]:
    """A device's own word; a node's counts for itself, and its death for all its devices."""
    if place.device:
        return [_word(number, presence, place.device, node, place)]
    devices = [""] if presence is Presence.ONLINE else node.devices()
    return [_word(number, presence, device, node, place) for device in devices]


def _word(number: int, presence: Presence, device: str, node: Node, place: _Place) -> PresenceWord:
    prefix = f"{device}/" if device else ""
    topic = f"{NAMESPACE}/{place.group}/{'DDATA' if device else 'NDATA'}/{place.node}{'/' + device if device else ''}"
    return PresenceWord(number, presence, prefix, topic, frozenset(node.metrics.get(device, ())))


def _take_metrics(
    heard: Heard, number: int, place: _Place, node: Node, payload: Any, came_ms: int | None = None
) -> bool:
    """Values by instant. ``True`` when a metric is not known and the node has to tell of it. ``came_ms``: when a
    message came that is replayed."""
    groups: dict[tuple[int, bool, str], dict[str, float]] = {}
    bad: defaultdict[tuple[int, bool, str], set[str]] = defaultdict(set)
    truths: defaultdict[tuple[int, bool, str], set[str]] = defaultdict(set)
    before, unknown, birth, too_long = len(heard.rejections), False, place.kind in _BIRTHS, ""
    for metric in payload.metrics:
        known = _known(metric, place, node, came_ms)
        if known is None:
            unknown = True
            part = f"alias {metric.alias}" if metric.HasField("alias") else _name(metric)[:MAX_NAME]
            heard.rejections.append(Rejection(number, UNKNOWN_METRIC, part))
            continue
        if known.name == BD_SEQ or known.name.startswith(_CONTROL):
            continue
        prefix = f"{known.device}/" if known.device else ""
        if len(prefix) + len(known.name) > MAX_NAME:
            too_long = prefix[:MAX_NAME] + known.name[:MAX_NAME]
            continue
        value, problem = value_of(metric, known.datatype)
        if not problem:
            key = (_ts_ms(metric, payload), bool(metric.is_historical), prefix)
            groups.setdefault(key, {})[known.name] = value
            (bad[key].add if said_bad(metric) else bad[key].discard)(known.name)
            (truths[key].add if known.datatype == BOOLEAN else truths[key].discard)(known.name)
        elif not (birth and problem == NULL_VALUE):
            # A birth tells of metrics that have no value yet, too.
            heard.rejections.append(Rejection(number, problem, prefix + known.name))
    if too_long:
        heard.rejections.append(Rejection(number, with_detail(WRONG_SHAPE, LONG_NAME), too_long))
    for key, values in groups.items():
        ts_ms, historical, prefix = key
        sample = Sample(number, ts_ms, values, prefix, historical=historical, bad=bad[key], truths=truths[key])
        heard.samples.append(sample)
    if not groups and before == len(heard.rejections):
        if birth or payload.metrics:
            heard.understood.append(number)
        else:
            heard.rejections.append(Rejection(number, NO_VALUES))
    return unknown


def _known(metric: Any, place: _Place, node: Node, came_ms: int | None) -> Known | None:
    """The metric by its alias, or by name and type; what its message says of itself counts before its birth."""
    name = _name(metric)
    if name:
        if metric.datatype != UNKNOWN:
            return Known(place.device, name, metric.datatype)
        return node.known(place.device, name)
    known = node.aliases.get(metric.alias) if metric.HasField("alias") else None
    if known is not None and came_ms is not None and not node.held(known, came_ms):
        return None
    return known


def _name(metric: Any) -> str:
    return str(metric.name.decode("utf-8", "replace"))


def _ts_ms(metric: Any, payload: Any) -> int:
    source = metric if metric.HasField("timestamp") else payload
    if not source.HasField("timestamp"):
        return NO_TIME
    return min(int(source.timestamp), _MAX_MS)
