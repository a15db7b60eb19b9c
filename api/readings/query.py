"""Reading pages of readings out of the store."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.readings.seamless import Aggregates
from plantroom.domain.quality import FIRST_BAD, Reason
from plantroom.ports.readings import AggregatePage, ReadingsStore, SeriesPage, SeriesRef

Rows = list[tuple[int, float, int]] | list[tuple[int, float, float, float, int]]
GROWTH = 4


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows per series in the order asked for; ``next_ms`` is where the next page starts (``None``: none)."""

    rows: Sequence[Rows]
    next_ms: int | None


def raw_page(store: ReadingsStore, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> RowsPage:
    """At most ``limit`` instants from ``start_ms`` on. O(rows); reads one instant more to know of a next page."""
    pages = store.read(series, start_ms, end_ms, limit + 1)
    instants = _instants([p.ts_ms for p in pages])
    cut_ms = int(instants[limit]) if len(instants) > limit else None
    return RowsPage([_raw_rows(p, cut_ms) for p in pages], cut_ms)


def aggregate_page(source: Aggregates, start_ms: int, end_ms: int, limit: int) -> RowsPage:
    """At most ``limit`` windows from the one that holds ``start_ms`` on; windows are always whole ones.

    Asks in spans of windows that grow while they are empty, so that neither a long full span is read for one
    page nor a long empty one in many small steps.
    """
    window_ms = source.window_ms
    here = start_ms - start_ms % window_ms
    stop = end_ms + (-end_ms) % window_ms
    step = limit * window_ms
    parts: list[Sequence[AggregatePage]] = []
    count = 0
    while here < stop and count <= limit:
        pages = source.pages(here, min(here + step, stop))
        parts.append(pages)
        count += len(_instants([p.ts_ms for p in pages]))
        here += step
        step *= GROWTH
    instants = _instants([p.ts_ms for pages in parts for p in pages])
    if len(instants) > limit:
        cut_ms: int | None = int(instants[limit])
    else:
        cut_ms = None
    rows = [[row for pages in parts for row in _aggregate_rows(pages[n], cut_ms)] for n in range(len(source.series))]
    return RowsPage(rows, cut_ms)


def _instants(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    filled = [c for c in columns if len(c)]
    return np.unique(np.concatenate(filled)) if filled else np.empty(0, np.int64)


def _raw_rows(page: SeriesPage, cut_ms: int | None) -> list[tuple[int, float, int]]:
    n = len(page.ts_ms) if cut_ms is None else int(np.searchsorted(page.ts_ms, cut_ms))
    reason = page.reason[:n]
    quality = np.where(reason == Reason.GOOD, 0, np.where(reason >= FIRST_BAD, 2, 1))
    return list(zip(page.ts_ms[:n].tolist(), page.value[:n].tolist(), quality.tolist(), strict=True))


def _aggregate_rows(page: AggregatePage, cut_ms: int | None) -> list[tuple[int, float, float, float, int]]:
    n = len(page.ts_ms) if cut_ms is None else int(np.searchsorted(page.ts_ms, cut_ms))
    columns = (page.ts_ms, page.mean, page.minimum, page.maximum, page.count)
    return list(zip(*(c[:n].tolist() for c in columns), strict=True))
