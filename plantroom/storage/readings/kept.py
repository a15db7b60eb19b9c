"""Raw readings, 10-minute and hourly aggregates as three shelves of one kind, each with its own retention.

A shelf is a bucket of InfluxDB (``B``, ``B_10m``, ``B_1h``) or an SQLite file of its own (``readings.db``,
``readings_10m.db``, ``readings_1h.db``). An aggregate is written as readings at the start of its window, of the points
``<point>__mean``, ``__min``, ``__max``, ``__count`` and ``__last``: one wide row per asset and window.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain

import numpy as np
import structlog

from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.readings import (
    HOUR_MS,
    TEN_MINUTES_MS,
    AggregatePage,
    RawReadings,
    ReadingBatch,
    ReadingsStore,
    Retention,
    SeriesPage,
    SeriesRef,
    StoreSeen,
    WriteResult,
)

log = structlog.get_logger()

PARTS = ("mean", "min", "max", "count", "last")
PAGE = 10_000


class KeptReadings(ReadingsStore):
    """The readings store that everything but the shelves themselves uses."""

    def __init__(
        self, raw: RawReadings, ten_minutes: RawReadings, hours: RawReadings, retention: Retention, clock: Clock
    ) -> None:
        self.raw = raw
        self._shelves: Mapping[int, RawReadings] = {TEN_MINUTES_MS: ten_minutes, HOUR_MS: hours}
        self._retention = retention
        self._clock = clock
        self._opened: set[int] = set()
        self._lock = threading.Lock()

    @property
    def retention(self) -> Retention:
        """For how long what is kept."""
        return self._retention

    @property
    def address(self) -> str:
        """That of the raw shelf."""
        return self.raw.address

    def look(self) -> StoreSeen:
        """All three; readings do not wait for aggregates."""
        seen, out_of_reach = [self.raw.look()], []
        for shelf in self._shelves.values():
            try:
                seen.append(shelf.look())
            except Unreachable as error:
                out_of_reach.append(str(error))
        parts = [[getattr(one, field.name) for one in seen] for field in fields(StoreSeen)]
        together = StoreSeen(*(tuple(chain.from_iterable(part)) for part in parts))
        return replace(together, out_of_reach=tuple(out_of_reach))

    def open(self) -> None:
        """Open the raw shelf. The others are tried, else opened when they are needed: readings do not wait for them."""
        self.raw.open()
        for window_ms in self._shelves:
            try:
                self._shelf(window_ms)
            except Unreachable as error:
                log.warning("aggregates_unreachable", window_ms=window_ms, problem=str(error))

    def _shelf(self, window_ms: int) -> RawReadings:
        shelf = self._shelves.get(window_ms)
        if shelf is None:
            raise ValueError(f"there are no stored aggregates over {window_ms} ms")
        with self._lock:
            if window_ms not in self._opened:
                shelf.open()
                self._opened.add(window_ms)
        return shelf

    def close(self) -> None:
        """Close all three."""
        with self._lock:
            self._opened.clear()
        for shelf in (*self._shelves.values(), self.raw):
            shelf.close()

    def ping(self) -> None:
        """Ask the raw shelf: without it nothing can be taken in."""
        self.raw.ping()

    def write(self, batch: ReadingBatch) -> WriteResult:
        """Write what is not older than raw readings are kept; the rest is refused."""
        rejected = self._retention.refused(batch, self._now_ms())
        if not rejected:
            return self.raw.write(batch)
        kept = np.delete(np.arange(len(batch)), [one.position for one in rejected])
        some = ReadingBatch(
            batch.series, batch.series_id[kept], batch.ts_ms[kept], batch.value[kept], batch.reason[kept]
        )
        result = self.raw.write(some)
        rejected += [replace(one, position=int(kept[one.position])) for one in result.rejected]
        return WriteResult(result.written, sorted(rejected, key=lambda one: one.position))

    def read(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        """As the raw shelf does."""
        return self.raw.read(series, start_ms, end_ms, limit)

    def aggregate(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """Worked out from raw readings."""
        return self.raw.aggregate(series, start_ms, end_ms, window_ms)

    def latest(self, series: Sequence[SeriesRef]) -> Mapping[SeriesRef, tuple[int, float, int]]:
        """As the raw shelf does."""
        return self.raw.latest(series)

    def count(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> int:
        """As the raw shelf does."""
        return self.raw.count(series, start_ms, end_ms)

    def delete_before(self, before_ms: int, stopping: Callable[[], bool], *, held: bool = False) -> int:
        """As the raw shelf does; aggregates stay."""
        return self.raw.delete_before(before_ms, stopping, held=held)

    def put_aggregates(self, pages: Sequence[AggregatePage], window_ms: int) -> None:
        """One batch; what the shelf refuses as beyond its own retention is not kept."""
        shelf = self._shelf(window_ms)
        filled = [page for page in pages if len(page.ts_ms)]
        if not filled:
            return
        rejected = shelf.write(_batch(filled)).rejected
        if rejected:
            log.warning("aggregates_refused", window_ms=window_ms, count=len(rejected), first=rejected[0].message)

    def read_aggregates(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """Read the shelf page by page."""
        shelf = self._shelf(window_ms)
        distinct = list(dict.fromkeys(series))
        parts = [_part(one, name) for one in distinct for name in PARTS]
        read: list[Sequence[SeriesPage]] = []
        while parts and start_ms < end_ms:
            pages = shelf.read(parts, start_ms, end_ms, PAGE)
            read.append(pages)
            instants = np.unique(np.concatenate([page.ts_ms for page in pages]))
            if len(instants) < PAGE:
                break
            start_ms = int(instants[-1]) + 1
        found = {one: _page(one, [some[i * len(PARTS) : (i + 1) * len(PARTS)] for some in read])
                 for i, one in enumerate(distinct)}  # fmt: skip
        return [found[one] for one in series]

    def expire(self, keep_from_ms: int | None, stopping: Callable[[], bool]) -> int:
        """Delete from the raw shelf and from that of 10 minutes."""
        now_ms = self._now_ms()
        deleted = 0
        raw_ms, ten_ms = self._retention.raw_before_ms(now_ms), self._retention.ten_minutes_before_ms(now_ms)
        if raw_ms is not None:
            deleted += _delete(self.raw, raw_ms, keep_from_ms, stopping)
        if ten_ms is not None:
            deleted += _delete(self._shelf(TEN_MINUTES_MS), ten_ms, keep_from_ms, stopping)
        return deleted

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _delete(shelf: RawReadings, before_ms: int, keep_from_ms: int | None, stopping: Callable[[], bool]) -> int:
    if keep_from_ms is None or keep_from_ms >= before_ms:
        return shelf.delete_before(before_ms, stopping)
    return shelf.delete_before(keep_from_ms, stopping, held=True)


def _part(series: SeriesRef, name: str) -> SeriesRef:
    return replace(series, point=f"{series.point}__{name}")


def _batch(pages: Sequence[AggregatePage]) -> ReadingBatch:
    width = np.array([len(page.ts_ms) for page in pages])
    first = np.arange(len(pages)) * len(PARTS)
    columns = [
        np.stack([page.mean, page.minimum, page.maximum, page.count.astype(np.float64), page.last], axis=1)
        for page in pages
    ]
    value = np.concatenate(columns).ravel()
    return ReadingBatch(
        series=[_part(page.series, name) for page in pages for name in PARTS],
        series_id=(np.repeat(first, width)[:, None] + np.arange(len(PARTS))).ravel().astype(np.int32),
        ts_ms=np.repeat(np.concatenate([page.ts_ms for page in pages]), len(PARTS)),
        value=value,
        reason=np.zeros(len(value), np.uint8),
    )


def _page(series: SeriesRef, read: Sequence[Sequence[SeriesPage]]) -> AggregatePage:
    """The five parts of a series side by side; they are always written together."""
    ts_ms = [pages[0].ts_ms for pages in read]
    parts = [[pages[i].value for pages in read] for i in range(len(PARTS))]
    mean, low, high, number, last = (np.concatenate(part) if part else np.empty(0) for part in parts)
    instants = np.concatenate(ts_ms) if ts_ms else np.empty(0, np.int64)
    return AggregatePage(series, instants, mean, low, high, number.astype(np.int64), last)
