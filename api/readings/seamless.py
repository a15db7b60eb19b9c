"""Aggregates over any span: stored ones where there are any that are up to date, else worked out from raw readings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.rollups import fullest
from plantroom.ports.readings import HOUR_MS, AggregatePage, ReadingsStore, SeriesRef

SETTLED_MS = 120_000
"""A window that ended more recently is worked out from raw readings: readings of it may still be on their way."""

GAPS = 16
"""So many gaps between stored windows are asked for one by one; more are asked for together."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Windows of one width of one asset. ``marked`` are where marked windows begin, of this width or a narrower
    one: their readings have changed since they were computed, or they never were."""

    store: ReadingsStore
    series: Sequence[SeriesRef]
    window_ms: int
    marked: Collection[int]
    now_ms: int

    def pages(self, start_ms: int, end_ms: int) -> Sequence[AggregatePage]:
        """A page per series of the windows in ``start_ms <= ts < end_ms`` (both at full multiples of the width).

        A window of which no series is stored may have no readings or may not have been computed: the raw readings say
        which, as far as they are kept. O(windows), and as much as the raw readings of the gaps cost.
        """
        settled = self.now_ms - SETTLED_MS
        border = min(max(settled - settled % self.window_ms, start_ms), end_ms)
        stored = self.store.read_aggregates(self.series, start_ms, border, self.window_ms)
        there = np.unique(np.concatenate([page.ts_ms for page in stored]))
        marked = np.array([start - start % self.window_ms for start in self.marked], np.int64)
        there = there[~np.isin(there, marked)]
        gaps = _gaps(there, start_ms, end_ms, self.window_ms)
        if len(gaps) > GAPS:
            gaps = [(gaps[0][0], gaps[-1][1])]
        raw = [self.store.aggregate(self.series, *gap, self.window_ms) for gap in gaps]
        # Raw readings may be gone where a window is marked: what is stored stands then.
        return [fullest([*(some[i] for some in raw), stored[i]]) for i in range(len(self.series))]


def marked_span(start_ms: int, end_ms: int) -> Span:
    """Where marks may begin that concern windows in this span, of whichever width."""
    return start_ms - start_ms % HOUR_MS, end_ms + -end_ms % HOUR_MS


def _gaps(there: NDArray[np.int64], start_ms: int, end_ms: int, window_ms: int) -> list[Span]:
    """Spans in which no window is there."""
    begins = np.concatenate([[start_ms], there + window_ms])
    ends = np.concatenate([there, [end_ms]])
    some = begins < ends
    return list(zip(begins[some].tolist(), ends[some].tolist(), strict=True))
