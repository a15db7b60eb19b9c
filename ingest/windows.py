"""Which windows of 10 minutes got readings, until the ledger has heard of it.

Noted after the store has confirmed the readings, saved with the spool's cursor, and told once the window is over (late
readings: at once), or when the worker ends: the next readings may come to another holder of the site. So a window costs
the ledger one row however many batches it is spread over, a ledger that is away holds nothing up, and a kill at any
moment ends with the mark set: either the note is in the checkpoint or the messages behind it come again.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from plantroom.errors import Unreachable
from plantroom.ports.ledger import Contended, Ledger
from plantroom.ports.readings import TEN_MINUTES_MS, ReadingBatch, SeriesRef
from plantroom.ports.rollups import Window

GRACE_MS = 15_000
"""So long after its end a window is taken as complete; what comes later marks it again."""

TELL_EVERY_S = 1.0
"""How often the ledger hears of them at most."""

MAX_TOLD = 10_000
"""Windows in one transaction."""

_END_MS = 1 << 62

_EVERY = 1 << 20
"""More assets than a site's lane has."""


log = structlog.get_logger()


class TouchedWindows:
    """Windows of one site's lane that the ledger has not heard of. One thread. The series of the batches only grow in
    number, but for ``restore``."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._starts: dict[str, set[int]] = {}
        self._told_at = 0.0
        self._assets: dict[str, int] = {}
        self._asset_of = np.empty(0, np.int64)
        self._names: list[str] = []

    def __len__(self) -> int:
        return sum(map(len, self._starts.values()))

    def touch(self, readings: ReadingBatch) -> None:
        """Note the windows of a batch.

        A few array operations over the readings, and Python only for each asset and window: neighbours mostly share
        both, so that little is left to sort.
        """
        if not len(readings):
            return
        key = (readings.ts_ms // TEN_MINUTES_MS) * _EVERY + self._numbers(readings.series)[readings.series_id]
        another = np.ones(len(key), np.bool_)
        np.not_equal(key[1:], key[:-1], out=another[1:])
        for one in np.unique(key[another]).tolist():
            start, number = divmod(one, _EVERY)
            self._starts.setdefault(self._names[number], set()).add(start * TEN_MINUTES_MS)

    def _numbers(self, series: Sequence[SeriesRef]) -> NDArray[np.int64]:
        """Number of the asset of each series."""
        if len(self._asset_of) < len(series):
            numbers = [self._assets.setdefault(one.asset, len(self._assets)) for one in series]
            self._asset_of = np.array(numbers, np.int64)
            self._names = list(self._assets)
        return self._asset_of

    def tell(self, ledger: Ledger[Any], now_ms: int) -> None:
        """Mark what is over in the ledger, about once a second. Nothing waits for a ledger that is away: the notes are
        kept, and tried again."""
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = time.monotonic()
            self._mark(ledger, self.complete(now_ms))

    def tell_all(self, ledger: Ledger[Any]) -> bool:
        """Mark all that is noted, over or not; whether anything was. A ledger that is away is not waited for."""
        marked = False
        while (noted := self.complete(_END_MS)) and self._mark(ledger, noted):
            marked = True
        return marked

    def _mark(self, ledger: Ledger[Any], windows: Sequence[Window]) -> bool:
        if not windows:
            return False
        try:
            with ledger.begin() as tx:
                tx.roll_ups.mark(windows)
        except (Unreachable, Contended) as error:
            log.warning("windows_not_marked", site=self._site, count=len(windows), problem=str(error))
            return False
        self.told(windows)
        return True

    def complete(self, now_ms: int) -> list[Window]:
        """Those that are over, with the time of grace; at most ``MAX_TOLD``."""
        before = now_ms - GRACE_MS - TEN_MINUTES_MS
        found = [
            Window(asset, TEN_MINUTES_MS, start, self._site)
            for asset, starts in self._starts.items()
            for start in starts
            if start <= before
        ]
        return found[:MAX_TOLD]

    def told(self, windows: Collection[Window]) -> None:
        """The ledger knows these."""
        for window in windows:
            starts = self._starts.get(window.asset, set())
            starts.discard(window.start_ms)
            if not starts:
                self._starts.pop(window.asset, None)

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps({asset: sorted(starts) for asset, starts in self._starts.items()})

    def restore(self, state: bytes) -> None:
        """Add what a snapshot holds; what is noted already stays: a mark too many costs a look, one too few an
        aggregate. Raises ``ValueError`` on what is not a snapshot."""
        self._assets, self._asset_of, self._names = {}, np.empty(0, np.int64), []
        saved = orjson.loads(state) if state else {}
        try:
            items = saved.items()
        except AttributeError as error:
            raise ValueError("not a snapshot of windows") from error
        for asset, starts in items:
            self._starts.setdefault(asset, set()).update(int(start) for start in starts)
