"""Words that the tests of this folder share."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from ingest.rollups import RollUps
from ingest.windows import TouchedWindows
from plantroom.ports.clock import FixedClock
from plantroom.ports.readings import (
    DAY_MS,
    HOUR_MS,
    TEN_MINUTES_MS,
    AggregatePage,
    ReadingBatch,
    ReadingsStore,
    SeriesRef,
)
from plantroom.storage.ledger import SqlLedger

NOW_MS = int(time.time()) // 3600 * HOUR_MS
"""The last full hour: InfluxDB's rules go by the server's clock."""

CLOCK = FixedClock(datetime.fromtimestamp(NOW_MS / 1000, UTC))
BASE = NOW_MS - 3 * DAY_MS
"""Three days ago, a full hour."""

WIDTHS = (TEN_MINUTES_MS, HOUR_MS)

Reading = tuple[SeriesRef, int, float, int]
"""Series, instant, value, reason."""


def batch_of(readings: Sequence[Reading]) -> ReadingBatch:
    series = list(dict.fromkeys(one[0] for one in readings))
    columns = list(zip(*readings, strict=True))
    return ReadingBatch(
        series,
        np.array([series.index(one) for one in columns[0]], np.int32),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.uint8),
    )


Row = tuple[int, float, float, float, int, float]


def rows(page: AggregatePage) -> list[Row]:
    names = ("ts_ms", "mean", "minimum", "maximum", "count", "last")
    return list(zip(*(getattr(page, name).tolist() for name in names), strict=True))


def stored(store: ReadingsStore, series: SeriesRef, width_ms: int) -> list[Row]:
    (page,) = store.read_aggregates([series], NOW_MS - 400 * DAY_MS, NOW_MS, width_ms)
    return rows(page)


def at_once(readings: Sequence[Reading], series: SeriesRef, width_ms: int) -> list[Row]:
    """What the aggregates of all these readings are: good and uncertain ones, the later one at the same instant."""
    value = {ts: v for one, ts, v, reason in readings if one == series and reason < 100}
    windows: dict[int, list[float]] = {}
    for ts in sorted(value):
        windows.setdefault(ts - ts % width_ms, []).append(value[ts])
    return [(w, float(np.mean(v)), min(v), max(v), len(v), v[-1]) for w, v in sorted(windows.items())]


def see_the_same(found: Sequence[Row], wanted: Sequence[Row]) -> None:
    assert [(row[0], *row[2:]) for row in found] == [(row[0], *row[2:]) for row in wanted]
    assert np.allclose([row[1] for row in found], [row[1] for row in wanted], rtol=1e-12, atol=1e-12)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Way:
    """A lane as the ingest runs it, message by message, with kills between any two of its steps."""

    ledger: SqlLedger
    store: ReadingsStore
    spool: Sequence[Reading]
    site: str = "demo"
    saved: tuple[int, bytes] = (0, b"")
    at: int = 0
    windows: TouchedWindows = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new process on what is saved."""
        self.at = self.saved[0]
        self.windows = TouchedWindows(self.site)
        self.windows.restore(self.saved[1])

    def take(self, number: int, killed_after_writing: bool = False) -> None:
        """Store the next messages and note their windows."""
        readings = batch_of(some) if (some := self.spool[self.at : self.at + number]) else None
        if readings is None:
            return
        assert not self.store.write(readings).rejected
        if killed_after_writing:
            self.begin()
            return
        # Each batch has a series table of its own here, as after a restart.
        self.windows.restore(b"")
        self.windows.touch(readings)
        self.at += number

    def tell(self, killed_after_telling: bool = False) -> None:
        """Mark in the ledger what is over."""
        windows = self.windows.complete(NOW_MS)
        with self.ledger.begin() as tx:
            tx.roll_ups.mark(windows)
        if killed_after_telling:
            self.begin()
        else:
            self.windows.told(windows)

    def commit(self) -> None:
        """Save cursor and state."""
        self.saved = (self.at, self.windows.snapshot())

    def finish(self) -> None:
        """All that is left."""
        while self.at < len(self.spool):
            self.take(100)
        self.tell()
        self.commit()


def settle(job: RollUps, asset: str) -> None:
    """Roll up until nothing is due."""
    for _ in range(1000):
        if not job.run_once(asset=asset):
            return
    raise AssertionError("it never ends")
