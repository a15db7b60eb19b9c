"""Frozen records on SQL."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from maintenance.records.model import RECORD_KINDS, Addendum, changed_fields, frozen_error
from maintenance.records.model import Record as FrozenRecord
from maintenance.records.ports import RecordFilter, RecordRepository
from maintenance.records.timeline import Line
from maintenance.work_orders import State, WorkOrder
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_records import record_addenda, statutory_records
from plantroom.storage.ledger.timeline import timeline
from plantroom.storage.ledger.work import Work, in_scope, one_of

RECORDS = Record(FrozenRecord, statutory_records)
ADDENDA = Record(Addendum, record_addenda)
AT_ONCE = 500

_r, _a = statutory_records.c, record_addenda.c
_SORTS: Mapping[str, Keys] = {"completed_on": (_r.completed_on, _r.id)}


class SqlRecords(RecordRepository):
    """``RecordRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, filters: RecordFilter, page: PageRequest) -> Page[FrozenRecord]:
        conditions = in_scope(_r.site, filters.scope, filters.site)
        if filters.asset is not None:
            conditions.append(_r.asset == filters.asset)
        if filters.work_order is not None:
            conditions.append(_r.work_order == filters.work_order)
        if filters.incident is not None:
            conditions.append(_r.incident == filters.incident)
        if filters.kind is not None:
            conditions.append(one_of(_r.kind, filters.kind))
        if filters.start is not None:
            conditions.append(_r.completed_on >= filters.start)
        if filters.end is not None:
            conditions.append(_r.completed_on <= filters.end)
        statement = RECORDS.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-completed_on", page, RECORDS.item)

    def get(self, record_id: str) -> FrozenRecord:
        row = self._connection.execute(RECORDS.select().where(_r.id == record_id)).first()
        if row is None:
            raise NotFound(f"there is no record {record_id!r}")
        return RECORDS.item(row)

    def of_order(self, order_id: str) -> FrozenRecord | None:
        row = self._connection.execute(RECORDS.select().where(_r.work_order == order_id)).first()
        return None if row is None else RECORDS.item(row)

    def add(self, record: FrozenRecord) -> None:
        if record.work_order is not None and self.of_order(record.work_order) is not None:
            raise Conflict(f"work order #{record.number} has a record already")
        self._connection.execute(statutory_records.insert(), RECORDS.row(record))

    def addenda(self, record_id: str) -> Sequence[Addendum]:
        if self._work.writable:
            self._work.backend.lock_text(self._connection, f"record {record_id}")
        statement = ADDENDA.select().where(_a.record == record_id).order_by(_a.number)
        return [ADDENDA.item(row) for row in self._connection.execute(statement)]

    def add_addendum(self, addendum: Addendum) -> None:
        self._connection.execute(record_addenda.insert(), ADDENDA.row(addendum))

    def timeline(self, asset: str, page: PageRequest) -> Page[Line]:
        return timeline(self._work, asset, page)

    def unfrozen(self, most: int) -> Sequence[str]:
        w = work_orders.c
        there = sa.exists().where(_r.work_order == w.id)
        kinds = sorted(kind.value for kind in RECORD_KINDS)
        verified = sa.select(w.id).where(w.state == State.VERIFIED.value, w.kind.in_(kinds), ~there)
        return list(self._connection.execute(verified.order_by(w.number).limit(most)).scalars())

    def all_records(self) -> Iterator[FrozenRecord]:
        return map(RECORDS.item, self._streamed(RECORDS.select()))

    def all_addenda(self) -> Iterator[Addendum]:
        return map(ADDENDA.item, self._streamed(ADDENDA.select()))

    def _streamed(self, statement: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        with self._connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as result:
            for some in result.partitions():
                yield from some


def refuse_frozen(work: Work, before: WorkOrder, after: WorkOrder) -> None:
    """Raises ``RecordFrozen`` for a change to an order whose record is frozen, whoever makes it."""
    if before.kind not in RECORD_KINDS or before.state not in (State.COMPLETED, State.VERIFIED):
        return
    if not changed_fields(before, after):
        return
    if work.connection.execute(sa.select(_r.id).where(_r.work_order == before.id)).first() is not None:
        raise frozen_error(before.number)
