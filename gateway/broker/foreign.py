"""What a topic filter of a foreign dialect lets its publisher write and read.

A filter is mostly what it says. Sparkplug B is not: commands to nodes are under the same group as what nodes publish
(``spBv1.0/<group>/<type>/<node>[/<device>]``, Sparkplug 3.0, section 4), so a filter with a wildcard for the type
would let one publisher command the others, and without a right to read a node never hears a request for a new birth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plantroom.errors import BadData
from plantroom.wire import ROOT

SPARKPLUG = "spBv1.0"
PUBLISHED = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA")
MAX_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Reach:
    """Topic filters that a publisher may write and that it may read."""

    write: Sequence[str]
    read: Sequence[str] = ()


def check_foreign_filter(text: str) -> str:
    """``text`` when it is a topic filter outside of our own topics and the broker's. Raises ``BadData``, for one of
    Sparkplug's command topics, too."""
    levels = text.split("/")
    whole = all(level in {"+", "#"} or not set(level) & {"+", "#"} for level in levels) and "#" not in levels[:-1]
    if not text.isprintable() or text != text.strip() or not whole or not levels[0] or len(text.encode()) > MAX_BYTES:
        raise BadData(f"topic {text!r} is no MQTT topic filter")
    if levels[0] in {"+", "#", ROOT} or levels[0].startswith("$"):
        raise BadData(f"topic {text!r}: begin with the foreign dialect's own first level, such as zigbee2mqtt/#")
    if not reach_of(text).write:
        raise BadData(
            f"topic {text!r}: no node publishes there (commands are not a publisher's to give); use "
            f"{SPARKPLUG}/<group>/+/<node>/#, which lets it read the commands to itself, too"
        )
    return text


def reach_of(topic: str) -> Reach:
    """What the filter grants: of Sparkplug's topics the message types that a node publishes, and to read the commands
    to the same nodes and devices; of all others the filter itself, to write."""
    levels = topic.split("/")
    if levels[0] != SPARKPLUG:
        return Reach((topic,))
    if levels[-1] == "#":
        levels[-1:] = ["+"] * max(0, 4 - len(levels)) + ["#"]
    group, kind, node = levels[1:2], levels[2:3], levels[3:]
    kinds = PUBLISHED if kind == ["+"] else tuple(name for name in PUBLISHED if kind == [name])
    if not node or not kinds:
        return Reach(())
    return Reach(
        [_joined(group, name, node) for name in kinds], [_joined(group, name, node) for name in ("NCMD", "DCMD")]
    )


def _joined(group: Sequence[str], kind: str, node: Sequence[str]) -> str:
    return "/".join([SPARKPLUG, *group, kind, *node])
