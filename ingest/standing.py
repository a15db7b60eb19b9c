"""Which instants a site has readings of already, asked of the store in as few questions as may be."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import ReadingBatch, SeriesPage, SeriesRef

PAGE = 20_000
GAP_MS = 60_000
"""Instants that lie further apart are asked for apart."""

QUESTIONS = 100
"""So many at most for a batch: whoever waits for them has readings of its own to store. What was not asked for counts
as not there."""

ReadPage = Callable[[Sequence[SeriesRef], int, int, int], Sequence[SeriesPage]]
"""As ``ReadingsStore.read``."""


class Standing:
    """What stands in a store. A bad reading does not: a good one takes its place."""

    def __init__(self, read: ReadPage) -> None:
        self._read = read

    def of(self, readings: ReadingBatch, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which (n,) of the ``asked`` readings have a reading of their series at their instant."""
        found, questions = np.zeros(len(readings), np.bool_), iter(range(QUESTIONS))
        assets: dict[str, set[int]] = {}
        for number in np.unique(readings.series_id[asked]).tolist():
            assets.setdefault(readings.series[number].asset, set()).add(number)
        for numbers in assets.values():
            rows = np.flatnonzero(asked & np.isin(readings.series_id, list(numbers)))
            series = [readings.series[number] for number in sorted(numbers)]
            there = self._instants(series, readings.ts_ms[rows], questions)
            for number, instants in zip(sorted(numbers), there, strict=True):
                own = rows[readings.series_id[rows] == number]
                found[own] = np.isin(readings.ts_ms[own], instants)
        return found

    def _instants(
        self, series: Sequence[SeriesRef], wanted: NDArray[np.int64], questions: Iterator[int]
    ) -> list[NDArray[np.int64]]:
        """Instants of each series of an asset that stand, of those around the ``wanted`` ones."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in series]
        instants = np.unique(wanted)
        for span in np.split(instants, np.flatnonzero(np.diff(instants) > GAP_MS) + 1):
            start, end = int(span[0]), int(span[-1]) + 1
            while start < end and next(questions, None) is not None:
                pages = self._read(series, start, end, PAGE)
                for page, those in zip(pages, found, strict=True):
                    those.append(page.ts_ms[page.reason < FIRST_BAD])
                read = np.unique(np.concatenate([page.ts_ms for page in pages]))
                start = end if len(read) < PAGE else int(read[-1]) + 1
        return [np.concatenate([np.empty(0, np.int64), *those]) for those in found]
