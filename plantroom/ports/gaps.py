"""Port of the gaps: numbers of publishers that have not come, kept where people can see them.

A gap is a span of missing numbers of one numbering: of an asset's channel, under one boot. It is ``open`` until its
numbers come (``healed``) or nobody hopes for them any more (``given_up``, with the reason). Spans of one numbering do
not overlap; when a part of one heals, it is split. Everything here may be told again and changes nothing then.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plantroom.domain.spans import Span
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope

KEPT_CLOSED = 500
"""Closed gaps of an asset's channel that are kept, the newest."""


NODES = "sparkplug"
"""Channel of what edge nodes numbered: nobody can be asked for it by number."""


class GapState(StrEnum):
    """Where a gap stands."""

    OPEN = "open"
    HEALED = "healed"
    GIVEN_UP = "given_up"


class GiveUp(StrEnum):
    """Why nobody hopes for the numbers any more."""

    GONE = "gone"
    """The publisher says that it no longer has them."""
    UNANSWERED = "unanswered"
    """Asked for often enough."""
    AWAY = "away"
    """The publisher has been offline for too long."""
    SCRAPPED = "scrapped"
    """The asset is no longer in use."""
    BY_HAND = "by_hand"
    MEMORY = "memory"
    """More gaps than are watched at a time."""
    RENUMBERED = "renumbered"
    """The publisher began its numbers again under the same boot."""
    NO_REBIRTH = "no_rebirth"
    """The edge node was asked to tell all anew, and has not."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers ``first`` to ``last`` of a numbering; ``missing`` of them are (all, but where many gaps were given up
    together). ``code`` is the asset's code as the publisher uses it (``NODES``: the node's group and name), ``channel``
    ``telemetry``, ``event`` or ``NODES``;
    ``numbering`` tells apart those of one boot (0: the first). ``ask_at``: when it is asked for next (open ones)."""

    id: str
    site: str
    asset: str
    code: str
    channel: str
    boot: str
    numbering: int
    first: int
    last: int
    missing: int
    state: GapState
    reason: str
    found_at: datetime
    ended_at: datetime | None = None
    asks: int = 0
    asked_at: datetime | None = None
    ask_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A span that is given up: ``missing`` numbers from ``first`` to ``last``."""

    first: int
    last: int
    missing: int
    reason: GiveUp


@dataclass(frozen=True, slots=True)
class GapNews:
    """What a collector knows of one numbering at ``at``: ``holes`` are missing now, ``came`` has come late, ``given``
    is no longer watched. ``ask_at`` is when new gaps are asked for. ``inferred``: ``came`` is known from what is not
    missing, which says nothing of gaps that were given up for want of memory."""

    asset: str
    code: str
    channel: str
    boot: str
    numbering: int
    at: datetime
    ask_at: datetime
    holes: Sequence[Span] = ()
    came: Sequence[Span] = ()
    given: Sequence[Given] = ()
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class GapsGone:
    """A publisher's word that it no longer has these numbers of a boot."""

    asset: str
    channel: str
    boot: str
    spans: Sequence[Span]
    at: datetime


@dataclass(frozen=True, slots=True)
class GapFilter:
    """Filters that are given must all hold."""

    scope: Scope = EVERYTHING
    site: str | None = None
    asset: str | None = None
    state: str | None = None


class GapRepository(ABC):
    """The gaps of all sites."""

    @abstractmethod
    def note(self, site: str, told: Sequence[GapNews | GapsGone]) -> None:
        """Take in what a batch of messages said. In this order: what came heals (given-up numbers, too), what is given
        up ends, holes that are not known become open gaps, and open ones that are gone are given up. Of closed gaps
        the newest ``KEPT_CLOSED`` of each asset's channel are kept."""

    @abstractmethod
    def list(self, filters: GapFilter, page: PageRequest) -> Page[Gap]:
        """Gaps, those found last first unless sorted otherwise (``found_at``)."""

    @abstractmethod
    def get(self, gap_id: str) -> Gap:
        """``NotFound`` for an unknown id."""

    @abstractmethod
    def due(self, sites: Collection[str], now: datetime, limit: int) -> Sequence[Gap]:
        """Open gaps of these sites that are to be asked for by ``now``, longest due first."""

    @abstractmethod
    def asked(self, gaps: Sequence[Gap], at: datetime, again_at: datetime) -> None:
        """These were asked for; those that are still open come again at ``again_at``."""

    @abstractmethod
    def ask_later(self, ids: Sequence[str], at: datetime) -> None:
        """Open ones come again at ``at``; nobody was asked."""

    @abstractmethod
    def ask_again(self, ids: Sequence[str], now: datetime) -> int:
        """Open gaps are due now, given-up ones are open again with no asks counted. Those of ``NODES`` stay.
        Gives how many."""

    @abstractmethod
    def hold(self, ids: Collection[str]) -> None:
        """Nobody else changes gaps of these gaps' assets until the transaction ends. For who changes gaps in several
        calls: assets are taken in one order by everybody."""

    @abstractmethod
    def give_up(self, ids: Sequence[str], reason: GiveUp, at: datetime) -> int:
        """End open gaps; gives how many were."""

    @abstractmethod
    def assets(self, site: str) -> Collection[str]:
        """Keys of the site's assets that have open or given-up gaps."""

    @abstractmethod
    def missing(self, state: GapState = GapState.OPEN, since: datetime | None = None) -> Mapping[str, int]:
        """How many numbers the gaps of a state are, by site; ``since``: of those that ended then or later."""
