"""The newest durable records in memory, for a reader that keeps up with the writer."""

import threading
from collections import deque
from collections.abc import Sequence

from plantroom.ports.spool import SpoolRecord

RECENT_BYTES = 8 << 20
"""Of one spool at most."""

ALL_BYTES = 32 << 20
"""Of all spools of the process together: their number grows with the sites, and a store that is away fills them all."""


class Budget:
    """Bytes that several spools share. Any thread."""

    def __init__(self, limit: int = ALL_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self.used = 0

    def change(self, size: int) -> bool:
        """So many bytes more (or less); gives whether they are too many now."""
        with self._lock:
            self.used += size
            return self.used > self._limit


_SHARED = Budget()


class RecentRecords:
    """Runs of records in rising positions without holes, at most ``limit`` bytes of them, and no more than the
    ``budget`` of all leaves; the oldest go first. Not thread-safe."""

    def __init__(self, limit: int = RECENT_BYTES, budget: Budget = _SHARED) -> None:
        self._limit = limit
        self._budget = budget
        self._runs: deque[tuple[Sequence[SpoolRecord], int]] = deque()
        self._bytes = 0

    def add(self, records: Sequence[SpoolRecord], size: int) -> None:
        """Add a run of records that together have ``size`` bytes."""
        self._runs.append((records, size))
        self._bytes += size
        over = self._budget.change(size)
        while self._runs and (over or self._bytes > self._limit):
            over = self._drop()

    def clear(self) -> None:
        """Forget all of them."""
        while self._runs:
            self._drop()

    def behind(self, position: int, limit: int) -> list[SpoolRecord]:
        """At most ``limit`` records from ``position + 1`` on, and forget those before; empty when that record is not
        here (any more)."""
        found: list[SpoolRecord] = []
        while self._runs and self._runs[0][0][-1].position <= position:
            self._drop()
        while self._runs and len(found) < limit:
            records, _ = self._runs[0]
            skip = position + 1 - records[0].position
            if skip < 0:
                break
            found += records[skip : skip + limit - len(found)] if skip or len(records) > limit - len(found) else records
            position = found[-1].position
            if position >= records[-1].position:
                self._drop()
        return found

    def _drop(self) -> bool:
        """The oldest run; gives whether there is still too much in all."""
        _, size = self._runs.popleft()
        self._bytes -= size
        return self._budget.change(-size)
