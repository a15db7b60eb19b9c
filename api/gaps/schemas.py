"""Shapes of gaps."""

from typing import Self

from api.shapes import Instant, ListQuery, Shape
from plantroom.ports.gaps import Gap as DomainGap
from plantroom.ports.gaps import GapState


class Gap(Shape):
    """Numbers `first` to `last` of one numbering (a channel of an asset under one boot); `missing` of them have not
    come: all of them, but where many gaps were given up together. `code` is the asset's code as its publisher uses it.
    `numbering` tells apart those of one boot. `reason` says why a gap was given up: `gone` (the publisher no longer
    has them), `unanswered`, `away` (it has been offline for a month), `scrapped` (the asset), `by_hand`, `memory` (too
    many gaps to watch), `renumbered`, `no_rebirth` (a Sparkplug edge node has not told all anew; `channel` is
    `sparkplug`, `code` its group and name, `asset` may be empty). `ask_at`: when an open one is asked for next."""

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
    found_at: Instant
    ended_at: Instant | None
    asks: int
    asked_at: Instant | None
    ask_at: Instant | None

    @classmethod
    def of(cls, gap: DomainGap) -> Self:
        """From the ledger's record."""
        return cls.model_validate(gap)


class GapList(Shape):
    """A page of gaps, those found last first."""

    items: list[Gap]
    next_cursor: str | None


class GapQuery(ListQuery):
    """Filters of gaps; `asset` is its key."""

    site: str | None = None
    asset: str | None = None
    state: GapState | None = None
