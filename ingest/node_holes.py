"""Holes in what edge nodes number (Sparkplug): told as figures of their lane, and given up in the end.

A node has no memory of what it sent, so it is not asked for numbers but for a birth, which tells of all it has and ends
the hole. Until then the collector's report names it; what nobody hopes for any more is a given-up gap of the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.dialects.dialect import Hole
from ingest.instants import from_ms
from plantroom.domain.flow import OF_A_NODE, by_lane
from plantroom.ports.gaps import NODES, GapNews, Given, GiveUp
from plantroom.wire import MAX_BOOT

MAX_TOLD = 100
"""Nodes of a lane that are named, those that miss most."""

MAX_NAME = 200
"""Characters of a node's name that are told."""

_MISSING, _FOUND, _ASKED = "]missing", "]found_ms", "]asked_ms"


@dataclass(frozen=True, slots=True)
class NodeGap:
    """A node (``group/name``) of which messages are missing since ``found_at``, and when it was asked for a rebirth."""

    site: str
    node: str
    missing: int
    found_at: datetime | None
    asked_at: datetime | None


def node_figures(holes: Sequence[Hole]) -> dict[str, float]:
    """The holes as figures of their lane."""
    found: dict[str, float] = {}
    for hole in sorted(holes, key=lambda one: (-one.missing, one.sender))[:MAX_TOLD]:
        name = f"{OF_A_NODE}{hole.sender[:MAX_NAME]}"
        found |= {name + _MISSING: hole.missing, name + _FOUND: hole.found_ms, name + _ASKED: hole.asked_ms or 0}
    return found


def nodes_missing(sites: Mapping[str, Mapping[str, float]]) -> list[NodeGap]:
    """What figures by site (``plantroom.domain.flow.with_lanes``) say of nodes: those that miss most first."""
    found: dict[tuple[str, str], NodeGap] = {}
    for site, figures in sites.items():
        for own in by_lane(figures).values():
            for gap in _of_lane(site, own):
                before = found.get((site, gap.node))
                found[site, gap.node] = gap if before is None else _both(before, gap)
    return sorted(found.values(), key=lambda gap: (-gap.missing, gap.site, gap.node))


def _of_lane(site: str, figures: Mapping[str, float]) -> Iterable[NodeGap]:
    for key, missing in figures.items():
        if key.startswith(OF_A_NODE) and key.endswith(_MISSING):
            name = key.removesuffix(_MISSING)
            times = [_at(figures.get(name + end, 0)) for end in (_FOUND, _ASKED)]
            yield NodeGap(site, name.removeprefix(OF_A_NODE), round(missing), *times)


def _both(one: NodeGap, other: NodeGap) -> NodeGap:
    """Of a node whose topics come on both lanes."""
    found = min((at for at in (one.found_at, other.found_at) if at is not None), default=None)
    asked = max((at for at in (one.asked_at, other.asked_at) if at is not None), default=None)
    return NodeGap(one.site, one.node, one.missing + other.missing, found, asked)


def _at(ms: float) -> datetime | None:
    return from_ms(round(ms)) if ms else None


def given_up(hole: Hole, asset: str, at_ms: int) -> GapNews:
    """A hole that no birth has ended, for the list of gaps: under ``asset`` (empty: of none)."""
    given = Given(hole.first, hole.last, hole.missing, GiveUp.NO_REBIRTH)
    at = from_ms(at_ms)
    return GapNews(
        asset=asset,
        code=hole.sender[:MAX_NAME],
        channel=NODES,
        boot=hole.sender[:MAX_BOOT],
        numbering=hole.found_ms,
        at=at,
        ask_at=at,
        given=[given],
    )
