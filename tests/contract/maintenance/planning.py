"""What tests of the planning share: an estate, and everything that was planned, to compare."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.work_orders import WorkOrder
from plantroom.catalogue.systems import systems
from plantroom.cli.bench_plan_estate import make_estate
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger.engine import SqlTx

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SYSTEMS = {key: list(system.classes) for key, system in systems().items()}


def furnish(ledger: Ledger[MaintenanceTx], machines: int, sites: int = 2, seed: int = 1) -> None:
    """The estate of ``bench plan``, smaller: rows that contain each other, histories, some of it overdue."""
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        make_estate(tx, sites, machines, seed)


def every_order(ledger: Ledger[MaintenanceTx]) -> list[WorkOrder]:
    found: list[WorkOrder] = []
    cursor = None
    while True:
        with ledger.read() as tx:
            page = tx.orders.list(OrderFilter(origin="plan"), PageRequest(limit=1000, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def planned(ledger: Ledger[MaintenanceTx]) -> tuple[Any, Any]:
    """Every planned order and every occurrence but for what is given by chance: ids, numbers."""
    orders = every_order(ledger)
    keys = {order.id: tuple(sorted(o.key for o in order.occurrences)) for order in orders}
    with ledger.read() as tx:
        history = {
            order.id: [(step.to, step.at, step.by, step.reason) for step in tx.orders.transitions(order.id)]
            for order in orders
        }
        occurrences = tx.plan.occurrences_of(None)
    shown = [
        (
            order.site, order.kind, order.origin, order.state, order.title, order.severity, order.safety, order.asset,
            order.department, order.due, order.earliest, order.opened_at, order.reason, order.tags, order.occurrences,
            order.template, order.answers, order.end_reason, history[order.id],
        )
        for order in orders
    ]  # fmt: skip
    carried = [(o, keys.get(o.work_order or "")) for o in occurrences]
    return (
        sorted(shown, key=repr),
        sorted(
            ((o.key, o.nominal_date, o.earliest, o.latest, o.state, o.completed_at, by) for o, by in carried), key=repr
        ),
    )


def check_whole(ledger: Ledger[MaintenanceTx]) -> None:
    """Every occurrence that is due has exactly one order, which shows it; no order shows one that is not there."""
    orders = every_order(ledger)
    by_id = {order.id: order for order in orders}
    assert len({order.number for order in orders}) == len(orders) == len(by_id)
    shown = [o.key for order in orders for o in order.occurrences]
    assert len(shown) == len(set(shown))
    with ledger.read() as tx:
        stored = {o.key: o for o in tx.plan.occurrences_of(None)}
    due = {key: o for key, o in stored.items() if o.work_order is not None}
    assert set(shown) == set(due)
    for key, occurrence in due.items():
        assert key in {o.key for o in by_id[occurrence.work_order or ""].occurrences}


def counted(tx: SqlTx, table: str) -> int:
    return int(tx.work.connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())
