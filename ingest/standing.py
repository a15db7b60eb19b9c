"""Which instants a site has readings of already, asked of the store in as few questions as may be."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import ReadingBatch, SeriesPage, SeriesRef

PAGE = 20_000
GAP_MS = 60_000
"""Instants that lie further apart are asked for apart,"""

SPANS = 10
"""but in so many spans of an asset at most: where there are more, the widest gaps are kept, and what lies in the others
is read, too. A question costs more than the few readings that an asset has between two instants of one message."""

ReadPage = Callable[[Sequence[SeriesRef], int, int, int], Sequence[SeriesPage]]
"""As ``ReadingsStore.read``."""


class Standing:
    """What stands in a store. A bad reading does not: a good one takes its place."""

    def __init__(self, read: ReadPage) -> None:
        self._read = read

    def of(self, readings: ReadingBatch, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which (n,) of the ``asked`` readings have a reading of their series at their instant. At most ``SPANS``
        questions for an asset, and one more for each ``PAGE`` instants that stand in a span."""
        found = np.zeros(len(readings), np.bool_)
        assets: dict[str, set[int]] = {}
        for number in np.unique(readings.series_id[asked]).tolist():
            assets.setdefault(readings.series[number].asset, set()).add(number)
        for numbers in assets.values():
            rows = np.flatnonzero(asked & np.isin(readings.series_id, list(numbers)))
            series = [readings.series[number] for number in sorted(numbers)]
            there = self._instants(series, readings.ts_ms[rows])
            for number, instants in zip(sorted(numbers), there, strict=True):
                own = rows[readings.series_id[rows] == number]
                found[own] = np.isin(readings.ts_ms[own], instants)
        return found

    def _instants(self, series: Sequence[SeriesRef], wanted: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Instants of each series of an asset that stand, of those around the ``wanted`` ones."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in series]
        for first, end in _spans(np.unique(wanted)):
            start = first
            while start < end:
                pages = self._read(series, start, end, PAGE)
                for page, those in zip(pages, found, strict=True):
                    good = page.ts_ms[page.reason < FIRST_BAD]
                    those.append(good[np.isin(good, wanted)])
                read = np.unique(np.concatenate([page.ts_ms for page in pages]))
                start = end if len(read) < PAGE else int(read[-1]) + 1
        return [np.concatenate([np.empty(0, np.int64), *those]) for those in found]


def _spans(instants: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First instants of spans, and those behind their last ones, of instants that rise."""
    gaps = np.diff(instants)
    widest = np.sort(np.argsort(-gaps, kind="stable")[: SPANS - 1])
    parts = np.split(instants, widest[gaps[widest] > GAP_MS] + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]
