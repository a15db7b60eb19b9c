"""The log behind the live view."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from plantroom.ports.live import LiveEvent, LiveRepository
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work

EVENTS = Record(LiveEvent, t.live_log)

KEPT = 100_000
"""Positions a browser can be behind and still catch up; older ones are dropped."""

SWEEP = 1_000
"""Positions between two sweeps of the old ones."""


class SqlLive(LiveRepository):
    """``LiveRepository`` on SQL.

    Notes are written at the end of their transaction: positions have to rise in the order of commits, so
    writers go one by one from there to the commit, and nobody waits for a long transaction's first note.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection
        self._noted: list[dict[str, Any]] = []

    def note(self, topic: str, site: str | None, data: Mapping[str, object]) -> None:
        self._noted.append({"topic": topic, "site": site, "data": data})

    def after(self, position: int, limit: int) -> Sequence[LiveEvent]:
        self.flush()
        c = t.live_log.c.position
        statement = EVENTS.select().where(c > position).order_by(c).limit(limit)
        return [EVENTS.item(row) for row in self._connection.execute(statement)]

    def last_position(self) -> int:
        self.flush()
        return int(self._connection.execute(sa.select(sa.func.max(t.live_log.c.position))).scalar() or 0)

    def flush(self) -> None:
        """Write what was noted."""
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        self._work.backend.lock(self._connection, Lock.LIVE)
        if len(noted) > 1:
            self._connection.execute(t.live_log.insert(), noted[:-1])
        newest = t.live_log.insert().returning(t.live_log.c.position)
        last = int(self._connection.execute(newest, noted[-1]).scalar_one())
        self._work.wakes = True
        if last // SWEEP != (last - len(noted)) // SWEEP:
            self._connection.execute(t.live_log.delete().where(t.live_log.c.position <= last - KEPT))
