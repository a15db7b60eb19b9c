"""What is remembered of Sparkplug edge nodes: their births, aliases, sequence, and what they were asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson

MODULUS = 256
REMEMBERED = 128
"""Messages of each node that are known again when a broker sends them twice; fewer than ``MODULUS``, so that equal
values of a later round are none of them."""

MAX_NODES = 2_000
MAX_METRICS = 50_000
"""Metrics of one node, over all its devices."""

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
    """One edge node. ``births`` counts its NBIRTHs, ``seq`` is the last sequence number (-1: none yet),
    ``missing`` the messages skipped so far."""

    births: int = 0
    seq: int = -1
    bd_seq: int | None = None
    missing: int = 0
    asked_ms: int | None = None
    metrics: dict[tuple[str, str], Known] = field(default_factory=dict)
    aliases: dict[int, Known] = field(default_factory=dict)
    recent: dict[int, int] = field(default_factory=dict)
    """Digest of a message to the number of births before it."""
    born_ms: dict[str, int] = field(default_factory=dict)
    """When the birth came that the table is of, by device."""

    def repeats(self, digest: int) -> int | None:
        """The births before the same message, if it came lately; remembers it if not."""
        known = self.recent.get(digest)
        if known is None:
            if len(self.recent) >= REMEMBERED:
                del self.recent[next(iter(self.recent))]
            self.recent[digest] = self.births
        return known

    def follows(self, seq: int) -> bool:
        """Take the next sequence number; ``False`` when some are missing before it. Nothing is known to be missing
        before the first birth."""
        if self.seq < 0:
            return True
        skipped = (seq - self.seq - 1) % MODULUS
        self.seq, self.missing = seq % MODULUS, self.missing + skipped
        return not skipped

    def born(self, seq: int, bd_seq: int | None) -> None:
        """The node begins anew: nothing of before counts."""
        self.births += 1
        self.seq, self.bd_seq, self.asked_ms = seq % MODULUS, bd_seq, None
        self.metrics, self.aliases, self.born_ms = {}, {}, {}

    def forget_device(self, device: str) -> None:
        """A device begins anew."""
        self.metrics = {key: known for key, known in self.metrics.items() if known.device != device}
        self.aliases = {alias: known for alias, known in self.aliases.items() if known.device != device}

    def learn(self, known: Known, alias: int | None) -> bool:
        """A metric of a birth; ``False`` when the node has too many."""
        if len(self.metrics) >= MAX_METRICS:
            return False
        self.metrics[known.device, known.name] = known
        if alias is not None:
            self.aliases[alias] = known
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

    def by_device(self) -> Mapping[str, list[str]]:
        """Names of the metrics, by device."""
        found: dict[str, list[str]] = {"": []}
        for known in self.metrics.values():
            found.setdefault(known.device, []).append(known.name)
        return found


class Nodes:
    """All nodes by their place, ``namespace/group/node``."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def at(self, place: str) -> Node:
        """The node, a new one when it is new; the one heard of first makes room when there are too many."""
        node = self._nodes.get(place)
        if node is None:
            if len(self._nodes) >= MAX_NODES:
                del self._nodes[next(iter(self._nodes))]
            node = self._nodes[place] = Node()
        return node

    def get(self, place: str) -> Node | None:
        """The node, if it was heard of."""
        return self._nodes.get(place)

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps({place: _row(node) for place, node in self._nodes.items()}) if self._nodes else b""

    def hand_over(self) -> bytes:
        """What births told: what came since then is for who received it."""
        rows = {p: _row(replace(n, seq=-1, missing=0, asked_ms=None, recent={})) for p, n in self._nodes.items()}
        return orjson.dumps(rows) if rows else b""

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._nodes = {}
        try:
            rows = orjson.loads(state) if state else {}
            self._nodes = {place: _node(row) for place, row in rows.items()}
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError("not a snapshot of Sparkplug nodes") from error


def _row(node: Node) -> dict[str, object]:
    numbers = {known: alias for alias, known in node.aliases.items()}
    return {
        "head": (node.births, node.seq, node.bd_seq, node.missing, node.asked_ms),
        "metrics": [(k.device, k.name, k.datatype, numbers.get(k)) for k in node.metrics.values()],
        "recent": list(node.recent.items()),
        "born": list(node.born_ms.items()),
    }


def _node(row: Mapping[str, list[list[object]]]) -> Node:
    node = Node(*row["head"])  # type: ignore[arg-type]  # as ``_row`` wrote them
    for device, name, datatype, alias in row["metrics"]:
        node.learn(Known(device, name, datatype), alias)  # type: ignore[arg-type]
    node.recent = dict(row["recent"])  # type: ignore[arg-type]
    node.born_ms = dict(row.get("born", ()))  # type: ignore[arg-type]  # an earlier version did not know
    return node
