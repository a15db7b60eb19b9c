"""What keeps messages from flowing, and the figures of the way in, as collectors report them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

STRAYS = "+"
"""Stands for all sites that the ledger does not have among the codes of sites: it is none itself."""

OF_A_NODE = "node["
"""Begins the names of figures of one edge node, which only its lane has: ``node[GROUP/NODE]missing``."""

LOW_DISK_BYTES = 200 << 20
"""Of a disk with less room it is said that it is nearly full."""

DISK_LOW, BROKER_FORGOT_MS = "disk_low", "broker_forgot_ms"
"""Figures of a lane that are there only when there is something to tell: its disk has less than ``LOW_DISK_BYTES``;
when the broker was found to have forgotten a session that it had (ms since 1970)."""

_LARGEST = ("lag_s", "_ms")
"""Ends of the names of figures of which the largest counts; all others are summed."""


class TroubleKind(StrEnum):
    """What is in the way. Each has its words and its way out in ``ingest.conditions``."""

    STORE_AWAY = "store_away"
    STORE_UNAUTHORISED = "store_unauthorised"
    STORE_MISSING = "store_missing"
    STORE_FULL = "store_full"
    LEDGER_AWAY = "ledger_away"
    LEDGER_FULL = "ledger_full"
    BROKER_AWAY = "broker_away"
    BROKER_REFUSES = "broker_refuses"
    BROKER_REFUSES_TOPICS = "broker_refuses_topics"
    CLIENT_ID_SHARED = "client_id_shared"
    SPOOL_FULL = "spool_full"
    SPOOL_UNUSABLE = "spool_unusable"
    STAGE_FAILING = "stage_failing"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is in the way of a site's lane now, or of everything (``site`` empty). ``words`` are those of the
    part that met it; ``since`` is when the collector first saw it, ``None`` as long as nobody has looked at a clock."""

    kind: TroubleKind
    words: str
    site: str = ""
    lane: str = ""
    since: datetime | None = None

    def __str__(self) -> str:
        if self.site == STRAYS:
            return f"unknown sites: {self.words}"
        if not self.site:
            return self.words
        lane = f"{self.lane} lane: " if self.lane else ""
        return f"site {self.site}, {lane}{self.words}"


def summed_figures(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Figures of several lanes, sites or collectors as one: sums, and of lags and delays the largest."""
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: (max if key.endswith(_LARGEST) else sum)(part.get(key, 0) for part in parts) for key in keys}


def with_lanes(lanes: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """A site's figures: those of its lanes together, and each lane's own as ``lane.figure``."""
    own = {f"{lane}.{key}": value for lane, figures in lanes.items() for key, value in figures.items()}
    shared = [{key: value for key, value in one.items() if not key.startswith(OF_A_NODE)} for one in lanes.values()]
    return summed_figures(shared) | own


def together(site: Mapping[str, float]) -> dict[str, float]:
    """Of what ``with_lanes`` made: the figures of all lanes."""
    return {key: value for key, value in site.items() if "." not in key}


def by_lane(site: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Of what ``with_lanes`` made: each lane's own figures (none from a collector that does not tell them apart)."""
    lanes: dict[str, dict[str, float]] = {}
    for key, value in site.items():
        lane, dot, figure = key.partition(".")
        if dot:
            lanes.setdefault(lane, {})[figure] = value
    return lanes
