"""The newest durable records in memory, for a reader that keeps up with the writer."""

from collections import deque
from collections.abc import Sequence

from plantroom.ports.spool import SpoolRecord

RECENT_BYTES = 8 << 20


class RecentRecords:
    """Runs of records in rising positions without holes, at most ``limit`` bytes of them; the oldest go first. Not
    thread-safe."""

    def __init__(self, limit: int = RECENT_BYTES) -> None:
        self._limit = limit
        self._runs: deque[tuple[Sequence[SpoolRecord], int]] = deque()
        self._bytes = 0

    def add(self, records: Sequence[SpoolRecord], size: int) -> None:
        """Add a run of records that together have ``size`` bytes."""
        self._runs.append((records, size))
        self._bytes += size
        while self._bytes > self._limit:
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

    def _drop(self) -> None:
        _, size = self._runs.popleft()
        self._bytes -= size
