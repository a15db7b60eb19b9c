"""Comments, files, signatures, labour, parts and cost of work orders; what tickets were found on."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from maintenance.work.ports import FoundOn, WorkRecordRepository
from maintenance.work.records import Attachment, Comment, CostBooking, ExternalCost, Labour, PartUse, Signature
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_work as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_accounts import users
from plantroom.storage.ledger.work import Work, chunks, in_scope

COMMENTS = Record(Comment, t.work_comments)
ATTACHMENTS = Record(Attachment, t.work_attachments)
SIGNATURES = Record(Signature, t.work_signatures)
LABOUR = Record(Labour, t.work_labour)
PART_USES = Record(PartUse, t.work_parts)
COSTS = Record(ExternalCost, t.work_costs)
BOOKINGS = Record(CostBooking, t.cost_bookings)
FOUND = Record(FoundOn, t.work_found_on)

_BOOKED: Sequence[tuple[Any, ...]] = [
    *((table.c, table.c.removed_at.is_(None)) for table in (t.work_labour, t.work_parts, t.work_costs)),
    *((table.c,) for table in (t.work_attachments, t.work_signatures)),
]
"""Columns of what is booked on an order, and when it counts."""

R = TypeVar("R")


class SqlWorkRecords(WorkRecordRepository):
    """``WorkRecordRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add_comment(self, comment: Comment) -> None:
        self._add(COMMENTS, comment)

    def comments(self, work_order: str) -> Sequence[Comment]:
        return self._of(COMMENTS, work_order)

    def add_attachment(self, attachment: Attachment) -> None:
        c = t.work_attachments.c
        step = c.step.is_(None) if attachment.step is None else c.step == attachment.step
        same = sa.select(c.id).where(c.work_order == attachment.work_order, c.sha256 == attachment.sha256, step)
        if self._connection.execute(same).first() is None:
            self._add(ATTACHMENTS, attachment)

    def attachments(self, work_order: str) -> Sequence[Attachment]:
        return self._of(ATTACHMENTS, work_order)

    def booked(self, work_orders: Collection[str]) -> AbstractSet[str]:
        found: set[str] = set()
        for some in chunks(sorted(set(work_orders))):
            each = [sa.select(c.work_order).where(c.work_order.in_(some), *stands) for c, *stands in _BOOKED]
            found.update(self._connection.execute(sa.union(*each)).scalars())
        return found

    def add_signature(self, signature: Signature) -> None:
        self._add(SIGNATURES, signature)

    def signatures(self, work_order: str) -> Sequence[Signature]:
        return self._of(SIGNATURES, work_order)

    def put_labour(self, labour: Labour) -> None:
        self._put(LABOUR, labour, labour.id)

    def labour(self, work_order: str) -> Sequence[Labour]:
        return self._of(LABOUR, work_order)

    def labour_of(self, person: str, start: datetime, end: datetime) -> Sequence[Labour]:
        if self._work.writable:
            mine = sa.select(users.c.id).where(users.c.username == person)
            self._connection.execute(self._work.locking(mine)).first()
        c = t.work_labour.c
        shared = (c.person == person, c.ends_at > start, c.starts_at < end, c.removed_at.is_(None))
        return [LABOUR.item(row) for row in self._connection.execute(LABOUR.select().where(*shared).order_by(c.id))]

    def put_part_use(self, use: PartUse) -> None:
        self._put(PART_USES, use, use.id)

    def part_uses(self, work_order: str) -> Sequence[PartUse]:
        return self._of(PART_USES, work_order)

    def put_cost(self, cost: ExternalCost) -> None:
        self._put(COSTS, cost, cost.id)

    def costs(self, work_order: str) -> Sequence[ExternalCost]:
        return self._of(COSTS, work_order)

    def book(self, booking: CostBooking) -> None:
        self._add(BOOKINGS, booking)

    def reverse(self, source: str, reversal: CostBooking) -> None:
        c = t.cost_bookings.c
        standing = BOOKINGS.select().where(c.source == source, c.reversed_by.is_(None), c.amount >= 0)
        row = self._connection.execute(self._work.locking(standing)).first()
        if row is None:
            return
        booked = BOOKINGS.item(row)
        taken_back = replace(reversal, line=booked.line, amount=-booked.amount)
        self._add(BOOKINGS, taken_back)
        self._connection.execute(t.cost_bookings.update().where(c.id == booked.id).values(reversed_by=taken_back.id))

    def bookings(
        self, scope: Scope, start: datetime, end: datetime, site: str | None = None, work_order: str | None = None
    ) -> Sequence[CostBooking]:
        c = t.cost_bookings.c
        conditions = [*in_scope(c.site, scope, site), c.booked_at >= start, c.booked_at < end]
        if work_order is not None:
            conditions.append(c.work_order == work_order)
        statement = BOOKINGS.select().where(*conditions).order_by(c.booked_at, c.id)
        return [BOOKINGS.item(row) for row in self._connection.execute(statement)]

    def put_found(self, found: FoundOn) -> None:
        self._add(FOUND, found)

    def found_on(self, ticket: str) -> FoundOn | None:
        row = self._connection.execute(FOUND.select().where(t.work_found_on.c.ticket == ticket)).first()
        return None if row is None else FOUND.item(row)

    def found_by(self, work_order: str) -> Sequence[FoundOn]:
        c = t.work_found_on.c
        statement = FOUND.select().where(c.work_order == work_order).order_by(c.at, c.ticket)
        return [FOUND.item(row) for row in self._connection.execute(statement)]

    def _add(self, record: Record[R], item: R) -> None:
        self._connection.execute(record.table.insert(), record.row(item))

    def _put(self, record: Record[R], item: R, key: str) -> None:
        changed = record.table.update().where(record.table.c.id == key)
        if not self._connection.execute(changed, record.row(item)).rowcount:
            self._add(record, item)

    def _of(self, record: Record[R], work_order: str) -> list[R]:
        c = record.table.c
        statement = record.select().where(c.work_order == work_order).order_by(c.recorded_at, c.id)
        return [record.item(row) for row in self._connection.execute(statement)]
