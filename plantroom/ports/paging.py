"""Pages of lists, and which sites a caller may see: part of every list of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``cursor`` is opaque text from an earlier ``Page``; ``sort`` a field name, ``-`` before it: falling.

    A sort or cursor that the list does not know raises ``BadData``.
    """

    limit: int = 100
    cursor: str | None = None
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_cursor`` is ``None`` on the last."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which sites a caller may see: ``None`` means all. Part of every list query."""

    sites: frozenset[str] | None = None

    def allows(self, site: str) -> bool:
        """Whether the site is inside the scope."""
        return self.sites is None or site in self.sites


EVERYTHING = Scope()
