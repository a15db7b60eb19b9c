"""Port of the marks that say which aggregates are due: windows that got readings since they were last computed.

A mark is set after its readings are durable and taken away after the aggregate is. Every marking gives it a new token,
and it is taken away by token only: a window that got readings while it was being computed stays marked.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plantroom.ports.readings import TEN_MINUTES_MS, ReadingBatch


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A window of one asset (all its points): ``start_ms <= observed < start_ms + width_ms``."""

    asset: str
    width_ms: int
    start_ms: int
    site: str

    @property
    def end_ms(self) -> int:
        """The first instant behind it."""
        return self.start_ms + self.width_ms


@dataclass(frozen=True, slots=True)
class Mark:
    """A window that is to be computed, as it was marked last."""

    window: Window
    token: str


class RollUpRepository(ABC):
    """The marks, in the ledger."""

    @abstractmethod
    def mark(self, windows: Sequence[Window]) -> None:
        """Say that these have to be computed (again)."""

    @abstractmethod
    def due(
        self,
        width_ms: int,
        ended_before_ms: int,
        limit: int,
        sites: Sequence[str] | None = None,
        asset: str | None = None,
    ) -> Sequence[Mark]:
        """Marks of one width whose windows ended at or before that instant, earliest first."""

    @abstractmethod
    def done(self, marks: Sequence[Mark]) -> int:
        """Take away those that were not set again meanwhile; gives how many.

        One that is gone altogether was computed by someone else at the same time, and whose result stands is not
        known: it is set again.
        """

    @abstractmethod
    def among(self, asset: str, start_ms: int, end_ms: int) -> Sequence[Window]:
        """Marked windows of an asset, of any width, that begin in this span."""

    @abstractmethod
    def oldest_ms(self) -> int | None:
        """Where the earliest marked window begins."""

    @abstractmethod
    def count(self, sites: Sequence[str] | None = None) -> int:
        """Number of marks."""


def windows_of(batch: ReadingBatch) -> list[Window]:
    """The 10-minute windows that a batch has readings in. O(n), and O(k log k) for ``k`` messages."""
    if not len(batch):
        return []
    pair = np.stack([batch.series_id.astype(np.int64), batch.ts_ms // TEN_MINUTES_MS], axis=1)
    found = {
        Window(batch.series[number].asset, TEN_MINUTES_MS, start * TEN_MINUTES_MS, batch.series[number].site)
        for number, start in np.unique(pair, axis=0).tolist()
    }
    return sorted(found)
