"""What is remembered of Sparkplug edge nodes: their births, aliases, sequence, and what they were asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson

MODULUS = 256
REMEMBERED = 128
"""Messages of each node that are known again when a broker sends them twice; fewer than ``MODULUS``, so that equal
values of a later round are none of them."""

REORDERED = MODULUS // 2
"""How many messages late one may come and still fill its hole: with more a step back could as well be one ahead."""

MAX_NODES = 2_000
MAX_METRICS = 50_000
"""Metrics of one node, over all its devices."""

MAX_DEVICES = 2_000
MAX_BYTES = 64 << 20
"""What all nodes together may take, by the estimate of ``Node.bytes``. The state that is saved is less than half."""

_NODE_BYTES, _ENTRY_BYTES = 20_000, 250
"""A node with the messages that are known again, and each metric, alias and device beside its name."""

ASK_EVERY_MS = 10_000
"""How long a node has for a rebirth before it is asked again."""


@dataclass(frozen=True, slots=True)
class Known:
    """A metric as its birth told of it. ``device`` is empty for the node's own."""

    device: str
    name: str
    datatype: int


@dataclass(slots=True)
class Node:
    """One edge node. ``births`` counts its NBIRTHs, ``seq`` is the highest sequence number since the last of them, not
    wrapped around (-1: none yet), ``missing`` the messages skipped since then."""

    births: int = 0
    seq: int = -1
    bd_seq: int | None = None
    missing: int = 0
    asked_ms: int | None = None
    metrics: dict[str, dict[str, Known]] = field(default_factory=dict)
    """By device and name."""
    aliases: dict[int, Known] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    """Aliases that each device has given."""
    recent: dict[int, int] = field(default_factory=dict)
    """Digest of a message to the number of births before it."""
    born_ms: dict[str, int] = field(default_factory=dict)
    """When the birth came that the table is of, by device."""
    holes: set[int] = field(default_factory=set)
    """Numbers skipped lately, as ``seq`` counts."""
    found_ms: int = 0
    """When the first of the ``missing`` was found to be; 0: nobody knows."""
    first_missing: int = 0
    last_missing: int = 0
    """Between which numbers they are, as ``seq`` counts."""
    count: int = 0
    """Metrics, over all devices."""
    characters: int = 0
    """Of the metrics' names with their devices."""

    @property
    def bytes(self) -> int:
        """About what it takes."""
        entries = self.count + len(self.aliases) + len(self.born_ms)
        return _NODE_BYTES + _ENTRY_BYTES * entries + self.characters

    def repeats(self, digest: int) -> int | None:
        """The births before the same message, if it came lately; remembers it if not."""
        known = self.recent.get(digest)
        if known is None:
            if len(self.recent) >= REMEMBERED:
                del self.recent[next(iter(self.recent))]
            self.recent[digest] = self.births
        return known

    def follows(self, seq: int, received_ms: int = 0) -> bool:
        """Take the next sequence number; ``False`` when some are missing before it. One that comes after its successors
        fills the hole that it left. Nothing is known to be missing before the first birth."""
        if self.seq < 0:
            return True
        late = self.seq - (self.seq - seq) % MODULUS
        if late in self.holes:
            self.holes.remove(late)
            self.missing = max(0, self.missing - 1)
            return True
        before, skipped = self.seq, (seq - self.seq - 1) % MODULUS
        if skipped and not self.missing:
            self.found_ms, self.first_missing = received_ms, before + 1
        self.seq, self.missing = before + skipped + 1, self.missing + skipped
        if skipped:
            self.last_missing = self.seq - 1
        self.holes |= set(range(before + 1, self.seq))
        self.holes = {hole for hole in self.holes if hole >= self.seq - REORDERED} if self.holes else self.holes
        return not skipped

    def born(self, seq: int, bd_seq: int | None) -> None:
        """The node begins anew: nothing of before counts, nor is any of it missing, since a birth tells of all."""
        self.births += 1
        self.seq, self.bd_seq, self.asked_ms = seq % MODULUS, bd_seq, None
        self.missing, self.holes = 0, set()
        self.metrics, self.aliases, self.numbers, self.born_ms = {}, {}, {}, {}
        self.count = self.characters = 0

    def begin_device(self, device: str, received_ms: int) -> bool:
        """A device begins anew, or the node by itself (empty); ``False`` when there are too many."""
        gone = self.metrics.pop(device, {})
        self.count -= len(gone)
        self.characters -= sum(map(len, gone)) + len(gone) * len(device)
        for alias in self.numbers.pop(device, ()):
            if alias in self.aliases and self.aliases[alias].device == device:
                del self.aliases[alias]
        if device not in self.born_ms and len(self.born_ms) >= MAX_DEVICES:
            return False
        self.born_ms[device] = received_ms
        return True

    def learn(self, known: Known, alias: int | None) -> bool:
        """A metric of a birth; ``False`` when the node has too many."""
        if max(self.count, len(self.aliases)) >= MAX_METRICS:
            return False
        of_device = self.metrics.setdefault(known.device, {})
        if known.name not in of_device:
            self.count += 1
            self.characters += len(known.device) + len(known.name)
        of_device[known.name] = known
        if alias is not None:
            self.aliases[alias] = known
            self.numbers.setdefault(known.device, []).append(alias)
        return True

    def was_handed_over(self) -> bool:
        """Whether its table is another process's, which may have missed a birth, and none came since."""
        return self.births > 0 and self.seq < 0

    def held(self, known: Known, at_ms: int) -> bool:
        """Whether a message that came then has meant this metric by its alias."""
        born_ms = self.born_ms.get(known.device)
        return born_ms is not None and at_ms > born_ms

    def may_ask(self, received_ms: int) -> bool:
        """Whether it is time to ask for a rebirth; notes that it was done."""
        if self.asked_ms is not None and 0 <= received_ms - self.asked_ms < ASK_EVERY_MS:
            return False
        self.asked_ms = received_ms
        return True

    def known(self, device: str, name: str) -> Known | None:
        """A metric by its name."""
        return self.metrics.get(device, {}).get(name)

    def devices(self) -> list[str]:
        """Those that have metrics, after the node itself."""
        return ["", *(device for device in self.metrics if device)]


class Nodes:
    """All nodes by their place, ``namespace/group/node``."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._bytes = 0

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        return iter(self._nodes.items())

    def forget_sequences(self, heard: Callable[[str, Node], bool]) -> None:
        """Of nodes that are not ``heard`` only their births stand, which what is on its way may still need."""
        for place, node in self._nodes.items():
            if not heard(place, node):
                self._nodes[place] = _as_born(node)

    def at(self, place: str) -> Node:
        """The node, a new one when it is new; the one that was silent longest makes room when there are too many."""
        node = self._nodes.pop(place, None)
        if node is None:
            node = Node()
            self._bytes += node.bytes
            if len(self._nodes) >= MAX_NODES:
                self._forget_one()
        self._nodes[place] = node
        return node

    def make_room(self, grown: int) -> None:
        """To be called when the node that was asked for last has grown by so many bytes: as long as all take more than
        ``MAX_BYTES``, the one that was silent longest is forgotten. It is asked for another birth when it is heard."""
        self._bytes += grown
        while self._bytes > MAX_BYTES and len(self._nodes) > 1:
            self._forget_one()

    def _forget_one(self) -> None:
        self._bytes -= self._nodes.pop(next(iter(self._nodes))).bytes

    def get(self, place: str) -> Node | None:
        """The node, if it was heard of."""
        return self._nodes.get(place)

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps({place: _row(node) for place, node in self._nodes.items()}) if self._nodes else b""

    def hand_over(self) -> bytes:
        """What births told: what came since then is for who received it."""
        rows = {place: _row(_as_born(node)) for place, node in self._nodes.items()}
        return orjson.dumps(rows) if rows else b""

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._nodes, self._bytes = {}, 0
        try:
            rows = orjson.loads(state) if state else {}
            self._nodes = {place: _node(row) for place, row in rows.items()}
            self._bytes = sum(node.bytes for node in self._nodes.values())
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError("not a snapshot of Sparkplug nodes") from error


def _as_born(node: Node) -> Node:
    return replace(node, seq=-1, missing=0, asked_ms=None, recent={}, holes=set())


def _row(node: Node) -> dict[str, object]:
    numbers = {known: alias for alias, known in node.aliases.items()}
    return {
        "head": (node.births, node.seq, node.bd_seq, node.missing, node.asked_ms),
        "metrics": [
            (k.device, k.name, k.datatype, numbers.get(k)) for of in node.metrics.values() for k in of.values()
        ],
        "recent": list(node.recent.items()),
        "born": list(node.born_ms.items()),
        "holes": sorted(node.holes),
        "found": (node.found_ms, node.first_missing, node.last_missing),
    }


def _node(row: Mapping[str, list[list[object]]]) -> Node:
    node = Node(*row["head"])  # type: ignore[arg-type]  # as ``_row`` wrote them
    for device, name, datatype, alias in row["metrics"]:
        node.learn(Known(device, name, datatype), alias)  # type: ignore[arg-type]
    node.recent = dict(row["recent"])  # type: ignore[arg-type]
    node.born_ms = dict(row.get("born", ()))  # type: ignore[arg-type]  # an earlier version did not know
    node.holes = set(row.get("holes", ()))  # type: ignore[arg-type]
    unknown = (0, node.seq - node.missing, node.seq - 1)
    node.found_ms, node.first_missing, node.last_missing = row.get("found", unknown)  # type: ignore[assignment]
    return node
