"""The marks of windows whose aggregates are due."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from plantroom.domain.keys import new_key
from plantroom.ports.rollups import Mark, RollUpRepository, Window
from plantroom.storage.ledger.tables_collect import dirty_windows
from plantroom.storage.ledger.work import Work, chunks

_C = dirty_windows.c
_KEY = (_C.asset, _C.width_ms, _C.start_ms)


class SqlRollUps(RollUpRepository):
    """``RollUpRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def mark(self, windows: Sequence[Window]) -> None:
        insert = self._work.backend.insert(dirty_windows)
        self._insert(windows, insert.on_conflict_do_update(index_elements=_KEY, set_={"token": insert.excluded.token}))

    def _insert(self, windows: Sequence[Window], statement: Any) -> None:
        token = new_key()
        # In one order, so that two writers never wait for each other.
        rows = [
            {"asset": w.asset, "width_ms": w.width_ms, "start_ms": w.start_ms, "site": w.site, "token": token}
            for w in sorted(set(windows))
        ]
        for some in chunks(rows):
            self._connection.execute(statement, list(some))

    def due(
        self,
        width_ms: int,
        ended_before_ms: int,
        limit: int,
        sites: Sequence[str] | None = None,
        asset: str | None = None,
    ) -> Sequence[Mark]:
        statement = sa.select(*_KEY, _C.site, _C.token).where(
            _C.width_ms == width_ms, _C.start_ms <= ended_before_ms - width_ms, *_at(sites)
        )
        if asset is not None:
            statement = statement.where(_C.asset == asset)
        rows = self._connection.execute(statement.order_by(_C.start_ms, _C.asset).limit(limit))
        return [Mark(Window(a, width, start, site), token) for a, width, start, site, token in rows]

    def done(self, marks: Sequence[Mark]) -> int:
        gone: set[tuple[str, int, int]] = set()
        for some in chunks(sorted(marks, key=lambda mark: mark.window)):
            keys = [(m.window.asset, m.window.width_ms, m.window.start_ms, m.token) for m in some]
            matches = self._work.backend.among((*_KEY, _C.token), keys)
            rows = self._connection.execute(dirty_windows.delete().where(matches).returning(*_KEY))
            gone.update((asset, width, start) for asset, width, start in rows)
        left = [m.window for m in marks if (m.window.asset, m.window.width_ms, m.window.start_ms) not in gone]
        if left:
            insert = self._work.backend.insert(dirty_windows)
            self._insert(left, insert.on_conflict_do_nothing(index_elements=_KEY))
        return len(gone)

    def among(self, asset: str, start_ms: int, end_ms: int) -> Sequence[Window]:
        statement = sa.select(*_KEY, _C.site).where(_C.asset == asset, _C.start_ms >= start_ms, _C.start_ms < end_ms)
        return [Window(*row) for row in self._connection.execute(statement.order_by(_C.width_ms, _C.start_ms))]

    def oldest_ms(self) -> int | None:
        oldest = self._connection.execute(sa.select(sa.func.min(_C.start_ms))).scalar()
        return None if oldest is None else int(oldest)

    def count(self, sites: Sequence[str] | None = None) -> int:
        statement = sa.select(sa.func.count()).select_from(dirty_windows).where(*_at(sites))
        return int(self._connection.execute(statement).scalar_one())


def _at(sites: Sequence[str] | None) -> list[sa.ColumnElement[bool]]:
    return [] if sites is None else [_C.site.in_(list(sites))]
