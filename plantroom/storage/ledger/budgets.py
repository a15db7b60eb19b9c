"""Budgets, rates, forecasts, warnings; sums of what work orders cost."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maintenance.budget.forecast import Forecast
from maintenance.budget.model import Budget, BudgetWarning, Ordered, Rate, Spent, Worked
from maintenance.budget.ports import BudgetRepository
from plantroom.errors import Conflict, NotFound
from plantroom.storage.ledger import tables_plan_changes as t
from plantroom.storage.ledger.asset_rows import need_sites
from plantroom.storage.ledger.codec import reader
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_plant import assets
from plantroom.storage.ledger.tables_work import cost_bookings, work_labour
from plantroom.storage.ledger.versions import put_versioned
from plantroom.storage.ledger.work import Work

BUDGETS = Record(Budget, t.budgets)
WARNINGS = Record(BudgetWarning, t.budget_warnings)
RATES = Record(Rate, t.budget_rates)
_b, _w, _f = t.budgets.c, t.budget_warnings.c, t.budget_forecasts.c
_o, _k, _l = work_orders.c, cost_bookings.c, work_labour.c
_ROW = sa.type_coerce(_o.occurrences, sa.JSON)[(0, "plan_row")].as_string()
"""The deepest row that an order stands for."""


class SqlBudgets(BudgetRepository):
    """``BudgetRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, budget: Budget) -> None:
        need_sites(self._work, {budget.site})
        same = (_b.site == budget.site, _b.year == budget.year, _b.line == budget.line, _b.system == budget.system)
        if self._connection.execute(sa.select(_b.id).where(*same)).first() is not None:
            raise Conflict(f"{budget.year}年该科目已有预算 / there is a budget of this line for {budget.year} already")
        self._connection.execute(t.budgets.insert(), BUDGETS.row(budget))

    def get(self, budget_id: str) -> Budget:
        row = self._connection.execute(BUDGETS.select().where(_b.id == budget_id)).first()
        if row is None:
            raise NotFound(f"there is no budget {budget_id!r}")
        return BUDGETS.item(row)

    def update(self, budget: Budget, expected_version: int | None) -> Budget:
        return put_versioned(self._work, BUDGETS, budget, {"id": budget.id}, expected_version, "the budget")

    def of(self, site: str, year: int) -> Sequence[Budget]:
        statement = BUDGETS.select().where(_b.site == site, _b.year == year).order_by(_b.line, _b.system)
        return [BUDGETS.item(row) for row in self._connection.execute(statement)]

    def rate(self, site: str) -> Rate:
        row = self._connection.execute(RATES.select().where(t.budget_rates.c.site == site)).first()
        return Rate(site) if row is None else RATES.item(row)

    def put_rate(self, rate: Rate, expected_version: int | None) -> Rate:
        need_sites(self._work, {rate.site})
        expected = None if expected_version == 0 and self.rate(rate.site).version == 0 else expected_version
        return put_versioned(self._work, RATES, rate, {"site": rate.site}, expected, "the rate")

    def forecast(self, site: str, year: int) -> Forecast | None:
        statement = sa.select(_f.document).where(_f.site == site, _f.year == year)
        document = self._connection.execute(statement).scalar()
        found: Forecast | None = None if document is None else reader(Forecast)(document)
        return found

    def put_forecast(self, forecast: Forecast) -> None:
        insert = self._work.backend.insert(t.budget_forecasts)
        values = {
            "site": forecast.site,
            "year": forecast.year,
            "computed_at": forecast.computed_at,
            "basis": forecast.basis,
            "document": forecast,
        }
        known = {name: insert.excluded[name] for name in ("computed_at", "basis", "document")}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["site", "year"], set_=known), values)

    def warn(self, warning: BudgetWarning) -> bool:
        insert = self._work.backend.insert(t.budget_warnings)
        statement = insert.on_conflict_do_nothing(index_elements=["budget", "revision", "level"])
        return self._connection.execute(statement.returning(_w.level), WARNINGS.row(warning)).first() is not None

    def told(self, warning: BudgetWarning) -> None:
        key = (_w.budget == warning.budget, _w.revision == warning.revision, _w.level == warning.level.value)
        self._connection.execute(t.budget_warnings.update().where(*key).values(messages=warning.messages))

    def warnings(self, budgets: Collection[str]) -> Sequence[BudgetWarning]:
        statement = WARNINGS.select().where(_w.budget.in_(sorted(budgets))).order_by(_w.at, _w.level)
        return [WARNINGS.item(row) for row in self._connection.execute(statement)]

    def spent(self, site: str, start: datetime, end: datetime) -> Sequence[Spent]:
        keys = (_k.line, assets.c.equipment_class, _k.kind, _ROW.label("plan_row"))
        joined = cost_bookings.join(work_orders, _o.id == _k.work_order).outerjoin(assets, assets.c.key == _k.asset)
        statement = (
            sa.select(*keys, sa.func.sum(_k.amount))
            .select_from(joined)
            .where(_k.site == site, _k.booked_at >= start, _k.booked_at < end)
            .group_by(*keys)
            .order_by(*keys)
        )
        return [Spent(*row) for row in self._connection.execute(statement)]

    def worked(self, site: str, start: datetime, end: datetime) -> Sequence[Worked]:
        joined = work_labour.join(work_orders, _o.id == _l.work_order)
        mine = (_l.site == site, _l.at >= start, _l.at < end, _l.removed_at.is_(None))
        return [Worked(*row) for row in self._connection.execute(_grouped(joined, mine, sa.func.sum(_l.minutes)))]

    def ordered(self, site: str, start: datetime | None, end: datetime) -> Sequence[Ordered]:
        due = (_o.due < end) if start is None else sa.and_(_o.due >= start, _o.due < end)
        mine = (_o.site == site, _o.ended.is_(False), sa.or_(due, _o.due.is_(None)) if start is None else due)
        booked = sa.select(_k.work_order, sa.func.sum(_k.amount).label("amount")).group_by(_k.work_order).subquery()
        hours = sa.select(_l.work_order, sa.func.sum(_l.minutes).label("minutes")).where(_l.removed_at.is_(None))
        worked = hours.group_by(_l.work_order).subquery()
        touched = sa.or_(_o.id.in_(sa.select(booked.c.work_order)), _o.id.in_(sa.select(worked.c.work_order)))
        free = self._connection.execute(_grouped(work_orders, (*mine, sa.not_(touched)), sa.func.count()))
        found = [Ordered(*row) for row in free]
        so_far = [sa.func.coalesce(one, 0) for one in (booked.c.amount, worked.c.minutes)]
        begun = (
            sa.select(_o.kind, _ROW, assets.c.equipment_class, sa.literal(1), *so_far)
            .select_from(
                work_orders.outerjoin(booked, booked.c.work_order == _o.id)
                .outerjoin(worked, worked.c.work_order == _o.id)
                .outerjoin(assets, assets.c.key == _o.asset)
            )
            .where(*mine, touched)
            .order_by(_o.number)
        )
        return found + [Ordered(*row) for row in self._connection.execute(begun)]


def _grouped(
    tables: sa.Table | sa.Join, mine: Sequence[sa.ColumnElement[bool]], figure: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """A figure by the order's kind, its row and its machine's class."""
    row = _ROW.label("plan_row")
    return (
        sa.select(_o.kind, row, assets.c.equipment_class, figure)
        .select_from(tables.outerjoin(assets, assets.c.key == _o.asset))
        .where(*mine)
        .group_by(_o.kind, row, assets.c.equipment_class)
        .order_by(_o.kind, row, assets.c.equipment_class)
    )
