"""Shelves, changes of limits, annunciations and floods."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from maintenance.alarm_ports import AlarmRepository, Annunciation, Flood, LimitChange, Shelf, ToldCounts
from plantroom.errors import NotFound
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.storage.ledger import tables_alarms as t
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, clean, in_scope

SHELVES = Record(Shelf, t.alarm_shelves)
CHANGES = Record(LimitChange, t.limit_changes)
ANNOUNCED = Record(Annunciation, t.annunciations)
FLOODS = Record(Flood, t.alarm_floods)

_s, _a, _f = t.alarm_shelves.c, t.annunciations.c, t.alarm_floods.c
_SHELF_SORTS: Mapping[str, Keys] = {"at": (_s.at, _s.id)}
_FLOOD_SORTS: Mapping[str, Keys] = {"began_at": (_f.began_at, _f.id)}


class SqlAlarms(AlarmRepository):
    """``AlarmRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add_shelf(self, shelf: Shelf) -> None:
        self._connection.execute(t.alarm_shelves.insert(), SHELVES.row(shelf))

    def shelf(self, shelf_id: str) -> Shelf:
        row = self._connection.execute(SHELVES.select().where(_s.id == clean(shelf_id))).first()
        if row is None:
            raise NotFound(f"there is no shelved alarm {shelf_id!r}")
        return SHELVES.item(row)

    def standing_shelves(self, asset: str | None = None, failure_mode: str | None = None) -> Sequence[Shelf]:
        statement = SHELVES.select().where(_s.ended_at.is_(None)).order_by(_s.at, _s.id)
        if asset is not None:
            statement = self._work.locking(statement.where(_s.asset == asset))
        if failure_mode is not None:
            statement = statement.where(_s.failure_mode == failure_mode)
        return [SHELVES.item(row) for row in self._connection.execute(statement)]

    def shelves_over(self, now: datetime) -> Sequence[Shelf]:
        statement = SHELVES.select().where(_s.ended_at.is_(None), _s.until <= now).order_by(_s.until, _s.id)
        return [SHELVES.item(row) for row in self._connection.execute(statement)]

    def end_shelf(self, shelf_id: str, at: datetime, by: str) -> Shelf | None:
        ended = t.alarm_shelves.update().where(_s.id == clean(shelf_id), _s.ended_at.is_(None))
        changed = self._connection.execute(ended.values(ended_at=at, ended_by=by)).rowcount
        return self.shelf(shelf_id) if changed else None

    def shelves(
        self, scope: Scope, page: PageRequest, site: str | None = None, standing: bool | None = None
    ) -> Page[Shelf]:
        conditions = in_scope(_s.site, scope, site)
        if standing is not None:
            conditions.append(_s.ended_at.is_(None) if standing else _s.ended_at.is_not(None))
        statement = SHELVES.select().where(*conditions)
        return fetch_page(self._connection, statement, _SHELF_SORTS, "-at", page, SHELVES.item)

    def add_limit_change(self, change: LimitChange) -> None:
        self._connection.execute(t.limit_changes.insert(), CHANGES.row(change))

    def limit_changes(self, asset: str, point: str) -> Sequence[LimitChange]:
        c = t.limit_changes.c
        statement = CHANGES.select().where(c.asset == asset, c.point == point).order_by(c.position.desc())
        return [CHANGES.item(row) for row in self._connection.execute(statement)]

    def announce(self, one: Annunciation) -> None:
        row = ANNOUNCED.row(one)
        row["subject"] = clean(row["subject"])
        self._connection.execute(t.annunciations.insert(), row)

    def announced_since(self, site: str, since: datetime) -> tuple[int, datetime | None]:
        statement = sa.select(sa.func.count(), sa.func.min(_a.at, type_=_a.at.type))
        count, first = self._connection.execute(statement.where(_a.site == site, _a.at > since)).one()
        return int(count), first

    def told_counts(self, site: str, start: datetime, end: datetime) -> ToldCounts:
        safety = sa.func.coalesce(sa.func.sum(sa.case((_a.safety, 1), else_=0)), 0)
        statement = sa.select(sa.func.count(), safety, sa.func.count(sa.distinct(_a.asset)))
        row = self._connection.execute(statement.where(_a.site == site, _a.at >= start, _a.at < end)).one()
        return ToldCounts(*map(int, row))

    def announced(
        self, scope: Scope, start: datetime, end: datetime, limit: int, site: str | None = None
    ) -> Sequence[Annunciation]:
        conditions = in_scope(_a.site, scope, site)
        statement = ANNOUNCED.select().where(*conditions, _a.at >= start, _a.at < end)
        rows = self._connection.execute(statement.order_by(_a.at, _a.position).limit(limit))
        return [ANNOUNCED.item(row) for row in rows]

    def forget_announced(self, before: datetime) -> int:
        return self._connection.execute(t.annunciations.delete().where(_a.at < before)).rowcount

    def standing_flood(self, site: str) -> Flood | None:
        statement = self._work.locking(FLOODS.select().where(_f.site == site, _f.ended_at.is_(None)))
        row = self._connection.execute(statement).first()
        return None if row is None else FLOODS.item(row)

    def standing_floods(self) -> Sequence[Flood]:
        statement = FLOODS.select().where(_f.ended_at.is_(None)).order_by(_f.site)
        return [FLOODS.item(row) for row in self._connection.execute(statement)]

    def begin_flood(self, flood: Flood) -> Flood:
        insert = self._work.backend.insert(t.alarm_floods).on_conflict_do_nothing()
        self._connection.execute(insert, FLOODS.row(flood))
        # One that others began and ended meanwhile is over, and so is ours.
        return self.standing_flood(flood.site) or flood

    def put_flood(self, flood: Flood) -> None:
        row = FLOODS.row(flood)
        insert = self._work.backend.insert(t.alarm_floods)
        written = {name: insert.excluded[name] for name in ("first_at", "ended_at", "peak", "gathered", "work_order")}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=written), row)

    def floods(self, scope: Scope, page: PageRequest, site: str | None = None) -> Page[Flood]:
        statement = FLOODS.select().where(*in_scope(_f.site, scope, site))
        return fetch_page(self._connection, statement, _FLOOD_SORTS, "-began_at", page, FLOODS.item)
