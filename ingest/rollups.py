"""Aggregates of 10 minutes and of an hour: computed when their window is over, and again for late readings.

A mark (``plantroom.ports.rollups``) says what is due. Its aggregate is computed from all that the store has, written,
and only then the mark is taken away, so that a kill anywhere means that it is computed again with the same result. A
10-minute window that is done marks its hour. Hours are computed from raw readings while these are all there, else from
the 10-minute aggregates, weighted by their counts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ingest.windows import GRACE_MS
from plantroom.domain.assets import Asset, Plant
from plantroom.errors import NotFound
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger
from plantroom.ports.readings import DAY_MS, HOUR_MS, TEN_MINUTES_MS, AggregatePage, ReadingsStore, SeriesRef
from plantroom.ports.rollups import Mark, Window

MARKS = 2_000
"""Windows in one turn."""

SERIES = 400
"""Series in one request to the store."""

RUN_MS = DAY_MS
"""Neighbouring windows are asked for together, up to this span."""

Series = list[SeriesRef]


class RollUps:
    """Computes what is due. One thread; several processes may do it at once, which only costs time."""

    def __init__(self, ledger: Ledger[Any], store: ReadingsStore, clock: Clock, marks: int = MARKS) -> None:
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._marks = marks
        self._plant: Plant | None = None
        self.rolled_up = 0
        self.expired = 0
        self.dirty = 0

    def run_once(self, sites: Sequence[str] | None = None, asset: str | None = None) -> int:
        """Work off the earliest windows that are over, of both widths; gives how many (0: nothing is due).

        Raises ``Unreachable`` and ``Contended``: call it again later.
        """
        return self._turn(TEN_MINUTES_MS, sites, asset) + self._turn(HOUR_MS, sites, asset)

    def _turn(self, width_ms: int, sites: Sequence[str] | None, asset: str | None) -> int:
        with self._ledger.read() as tx:
            marks = tx.roll_ups.due(width_ms, self._now_ms() - GRACE_MS, self._marks, sites, asset)
            series = self._series(tx, {mark.window.asset for mark in marks})
        if not marks:
            return 0
        for group, start_ms, end_ms in _work(marks, series):
            self._compute(group, start_ms, end_ms, width_ms)
        with self._ledger.begin() as tx:
            self.rolled_up += tx.roll_ups.done(marks)
            if width_ms == TEN_MINUTES_MS:
                tx.roll_ups.mark([_hour_of(mark.window) for mark in marks])
            self.dirty = tx.roll_ups.count(sites)
        return len(marks)

    def _series(self, tx: Any, assets: set[str]) -> dict[str, Series]:
        """Every series of these assets; of one that the ledger does not know there are none."""
        if not assets:
            return {}
        if self._plant is None or self._plant.revision != tx.assets.revision():
            self._plant = tx.assets.plant()
        return {key: _series_of(tx, self._plant, key) for key in assets}

    def _compute(self, series: Series, start_ms: int, end_ms: int, width_ms: int) -> None:
        """Aggregates of these series in this span, from the store into the store."""
        gone_ms = self._store.retention.raw_before_ms(self._now_ms())
        raw = self._store.aggregate(series, start_ms, end_ms, width_ms)
        if gone_ms is None or start_ms >= gone_ms:
            self._store.put_aggregates(raw, width_ms)
            return
        by_asset: defaultdict[str, list[AggregatePage]] = defaultdict(list)
        for page in raw:
            by_asset[page.series.asset].append(page)
        for pages in by_asset.values():
            self._store.put_aggregates(self._fullest(pages, start_ms, end_ms, width_ms), width_ms)

    def _fullest(
        self, raw: Sequence[AggregatePage], start_ms: int, end_ms: int, width_ms: int
    ) -> Sequence[AggregatePage]:
        """Where raw readings may be gone: of what they, the 10-minute aggregates and the stored aggregate say of a
        window, that which saw most."""
        series = [page.series for page in raw]
        sources = [raw, self._store.read_aggregates(series, start_ms, end_ms, width_ms)]
        if width_ms != TEN_MINUTES_MS:
            finer = self._store.read_aggregates(series, start_ms, end_ms, TEN_MINUTES_MS)
            sources.insert(1, [merged(page, width_ms) for page in finer])
        return [fullest(pages) for pages in zip(*sources, strict=True)]

    def recompute(self, asset: Asset, start_ms: int, end_ms: int, stopping: Callable[[], bool] = lambda: False) -> int:
        """Mark and compute every window of an asset that has anything in this span; gives how many marks were set.

        Windows that are not over stay marked.
        """
        with self._ledger.read() as tx:
            series = self._series(tx, {asset.key})[asset.key]
        total = 0
        here = start_ms - start_ms % HOUR_MS
        while here < end_ms and series and not stopping():
            there = min(here + 7 * DAY_MS, end_ms + -end_ms % HOUR_MS)
            pages = [
                *self._store.aggregate(series, here, there, TEN_MINUTES_MS),
                *self._store.read_aggregates(series, here, there, TEN_MINUTES_MS),
            ]
            starts = np.unique(np.concatenate([page.ts_ms for page in pages])).tolist()
            with self._ledger.begin() as tx:
                tx.roll_ups.mark([Window(asset.key, TEN_MINUTES_MS, start, asset.site) for start in starts])
            while self.run_once(asset=asset.key):
                pass
            total += len(starts)
            here = there
        return total

    def expire(self, stopping: Callable[[], bool]) -> int:
        """Delete what is beyond its retention, but nothing that is still to be computed."""
        with self._ledger.read() as tx:
            keep_from_ms = tx.roll_ups.oldest_ms()
        deleted = self._store.expire(keep_from_ms, stopping)
        self.expired += deleted
        return deleted

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _series_of(tx: Any, plant: Plant, key: str) -> Series:
    known = plant.assets.get(key)
    if known is not None:
        return [SeriesRef(known.site, known.equipment_class, key, point) for point in plant.points.get(key, {})]
    try:
        asset = tx.assets.get(key).asset  # scrapped
    except NotFound:
        return []
    return [SeriesRef(asset.site, asset.equipment_class, key, point.key) for point in tx.assets.points(key)]


def _hour_of(window: Window) -> Window:
    return Window(window.asset, HOUR_MS, window.start_ms - window.start_ms % HOUR_MS, window.site)


def _work(marks: Sequence[Mark], series: dict[str, Series]) -> Iterator[tuple[Series, int, int]]:
    """Requests that cover the marks: neighbouring windows of an asset together, assets with the same span together."""
    starts: defaultdict[str, list[int]] = defaultdict(list)
    for mark in marks:
        starts[mark.window.asset].append(mark.window.start_ms)
    width_ms = marks[0].window.width_ms
    spans: defaultdict[tuple[int, int], Series] = defaultdict(list)
    for asset, found in starts.items():
        for span in _spans(sorted(found), width_ms):
            spans[span] += series[asset]
    for (start_ms, end_ms), group in spans.items():
        for i in range(0, len(group), SERIES):
            yield group[i : i + SERIES], start_ms, end_ms


def _spans(starts: Sequence[int], width_ms: int) -> Iterator[tuple[int, int]]:
    first = last = starts[0]
    for start in starts[1:]:
        if start != last + width_ms or start + width_ms - first > RUN_MS:
            yield first, last + width_ms
            first = start
        last = start
    yield first, last + width_ms


def merged(page: AggregatePage, width_ms: int) -> AggregatePage:
    """Wider windows out of narrower ones of which they are multiples: means weighted by counts."""
    if not len(page.ts_ms):
        return page
    start = page.ts_ms - page.ts_ms % width_ms
    first = np.flatnonzero(np.concatenate([[True], start[1:] != start[:-1]]))
    count = np.add.reduceat(page.count, first)
    return AggregatePage(
        series=page.series,
        ts_ms=start[first],
        mean=np.add.reduceat(page.mean * page.count, first) / count,
        minimum=np.minimum.reduceat(page.minimum, first),
        maximum=np.maximum.reduceat(page.maximum, first),
        count=count,
        last=page.last[np.append(first[1:], len(start)) - 1],
    )


def fullest(pages: Sequence[AggregatePage]) -> AggregatePage:
    """Of each window the aggregate with the largest count; among equals that of the earlier page."""
    ts_ms = np.concatenate([page.ts_ms for page in pages])
    count = np.concatenate([page.count for page in pages])
    source = np.repeat(np.arange(len(pages)), [len(page.ts_ms) for page in pages])
    order = np.lexsort((source, -count, ts_ms))
    best = order[np.concatenate([[True], ts_ms[order][1:] != ts_ms[order][:-1]])] if len(order) else order
    columns = [np.concatenate([getattr(page, name) for page in pages])[best] for name in ("mean", "minimum", "maximum")]
    last = np.concatenate([page.last for page in pages])[best]
    return AggregatePage(pages[0].series, ts_ms[best], columns[0], columns[1], columns[2], count[best], last)
