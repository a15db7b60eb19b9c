"""Which days a bucket was written to lately: of the others a shard may be idle.

Every 10 s ``influxd`` frees what idle shards hold in memory (2.9.1, ``Store.monitorShards``): it looks whether a shard
has anything that is not in its files yet, and a moment later throws that memory away. What was written in that moment
is confirmed and in the log, and no query finds it until the server is started again. Idle are shards that are new, and
those whose last writes are all in their files, after 10 minutes without one.
"""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from plantroom.ports.readings import DAY_MS

QUIET_S = 300.0
"""After so long without a write a day's shard may be idle."""

MAX_DAYS = 10_000


def days_in(ts_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """The days (since 1970, rising) that these instants (n,) lie in. O(n) where it is one, else O(n log n)."""
    if not len(ts_ms):
        return np.empty(0, np.int64)
    first, last = ts_ms.min() // DAY_MS, ts_ms.max() // DAY_MS
    return np.array([first], np.int64) if first == last else np.unique(ts_ms // DAY_MS)


class WrittenDays:
    """Days of one bucket. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[int, float] = {}

    def quiet(self, ts_ms: NDArray[np.int64]) -> frozenset[int]:
        """The days among these instants' that nothing was written to lately."""
        after = time.monotonic() - QUIET_S
        with self._lock:
            return frozenset(day for day in days_in(ts_ms).tolist() if self._at.get(day, after) <= after)

    def note(self, ts_ms: NDArray[np.int64]) -> None:
        """These were written now, and are there."""
        now = time.monotonic()
        with self._lock:
            self._at |= dict.fromkeys(days_in(ts_ms).tolist(), now)
            if len(self._at) > MAX_DAYS:
                self._at = {day: at for day, at in self._at.items() if at > now - QUIET_S}
