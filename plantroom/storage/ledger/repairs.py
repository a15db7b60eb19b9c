"""What came of repairs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maintenance.work.ports import RepairRepository
from maintenance.work.repairs import PastRepair, Repair, UsedPart
from maintenance.work_orders import State
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_work as t
from plantroom.storage.ledger.columns import Instant
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.work import Work, chunks, in_scope

REPAIRS = Record(Repair, t.repairs)
_r = t.repairs.c
_NO_FAULT = (State.REJECTED.value, State.CANCELLED.value)

_another = t.repairs.alias("another")
_ANOTHER_AT = (
    sa.select(sa.func.min(_another.c.opened_at))
    .where(
        _another.c.asset == _r.asset,
        _another.c.failure_mode == _r.failure_mode,
        _another.c.opened_at > _r.completed_at,
        _another.c.work_order != _r.work_order,
        _another.c.state.not_in(_NO_FAULT),
    )
    .correlate(t.repairs)
    .scalar_subquery()
)
_PAST = sa.select(
    _r.work_order,
    work_orders.c.number,
    _r.site,
    _r.asset,
    _r.model,
    _r.department,
    _r.cause,
    _r.action,
    _r.note,
    _r.opened_at,
    _r.completed_at,
    _r.completed_by,
    _r.again_at,
    sa.type_coerce(_ANOTHER_AT, Instant),
).join_from(t.repairs, work_orders, work_orders.c.id == _r.work_order)


class SqlRepairs(RepairRepository):
    """``RepairRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._connection = work.connection

    def latest(self, work_order: str) -> Repair | None:
        statement = REPAIRS.select().where(_r.work_order == work_order).order_by(_r.attempt.desc()).limit(1)
        row = self._connection.execute(statement).first()
        return None if row is None else REPAIRS.item(row)

    def put(self, repair: Repair) -> None:
        mine = (_r.work_order == repair.work_order, _r.attempt == repair.attempt)
        if not self._connection.execute(t.repairs.update().where(*mine), REPAIRS.row(repair)).rowcount:
            self._connection.execute(t.repairs.insert(), REPAIRS.row(repair))

    def past(
        self,
        scope: Scope,
        equipment_class: str,
        failure_mode: str,
        newest: int,
        *,
        asset: str | None = None,
        model: str | None = None,
        but: str = "",
    ) -> Sequence[PastRepair]:
        conditions = [
            _r.confirmed.is_(True),
            _r.failure_mode == failure_mode,
            _r.equipment_class == equipment_class,
            _r.completed_at.is_not(None),
            _r.asset.is_not(None),
            _r.work_order != but,
            *in_scope(_r.site, scope, None),
        ]
        if asset is not None:
            conditions.append(_r.asset == asset)
        if model is not None:
            conditions.append(_r.model == model)
        # The newest are found first, so that what is looked up for each of them is looked up for no others.
        chosen = (
            sa.select(_r.work_order, _r.attempt)
            .where(*conditions)
            .order_by(_r.completed_at.desc(), _r.work_order.desc(), _r.attempt.desc())
            .limit(newest)
            .subquery()
        )
        statement = _PAST.join(
            chosen, sa.and_(chosen.c.work_order == _r.work_order, chosen.c.attempt == _r.attempt)
        ).order_by(_r.completed_at.desc(), _r.work_order.desc())
        return [_past(row) for row in self._connection.execute(statement)]

    def completed(self, scope: Scope, start: datetime, end: datetime, site: str | None = None) -> Sequence[PastRepair]:
        statement = _PAST.where(
            _r.completed_at >= start,
            _r.completed_at < end,
            _r.failure_mode.is_not(None),
            _r.asset.is_not(None),
            _r.state.not_in(_NO_FAULT),
            sa.or_(_r.verdict.is_(None), _r.verdict != "false_alarm"),
            *in_scope(_r.site, scope, site),
        ).order_by(_r.completed_at, _r.work_order)
        return [_past(row) for row in self._connection.execute(statement)]

    def parts_used(self, work_orders: Collection[str], most: int) -> Sequence[UsedPart]:
        p = t.work_parts.c
        found: dict[tuple[str, str, str, str], list[float]] = {}
        for some in chunks(sorted(set(work_orders))):
            statement = (
                sa.select(
                    p.number, p.name_zh, p.name_en, p.unit,
                    sa.func.count(sa.distinct(p.work_order)), sa.func.sum(p.quantity),
                )
                .where(p.work_order.in_(some), p.removed_at.is_(None))
                .group_by(p.number, p.name_zh, p.name_en, p.unit)
            )  # fmt: skip
            for number, zh, en, unit, tickets, quantity in self._connection.execute(statement):
                sums = found.setdefault((number, zh, en, unit), [0, 0.0])
                sums[0] += int(tickets)
                sums[1] += float(quantity)
        ordered = sorted(found.items(), key=lambda one: (-one[1][0], one[0]))[:most]
        return [UsedPart(*key, tickets=int(sums[0]), quantity=sums[1]) for key, sums in ordered]


def _past(row: Sequence[Any]) -> PastRepair:
    comings = [at for at in row[-2:] if at is not None]
    values = [*row[:-2], min(comings, default=None)]
    return PastRepair(*values)
