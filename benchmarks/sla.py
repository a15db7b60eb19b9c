"""What the clocks cost: figures, lists and looks over a ledger with 20,000 open tickets.

    python benchmarks/sla.py [LEDGER_URL] [TICKETS]

A thousand tickets are made, half of them begun and a quarter put on hold, as people do it; the others are copies of
them in SQL. Prints the best of five of each, in milliseconds.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from maintenance.orders import create_order
from maintenance.ports import OrderFilter
from maintenance.sla.escalation import check_clocks
from maintenance.sla.figures import compliance
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import Asset, LocalName, Severity, Site
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.tables_maintenance import work_order_transitions, work_orders
from plantroom.storage.ledger.tables_sla import sla_clocks, work_order_marks

MADE = 1000
BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=31)


def fill(ledger: SqlLedger, count: int) -> None:
    chance, name = random.Random(1), LocalName("漏水", "Leak")
    with ledger.begin() as tx:
        tx.assets.add_site(Site("bench", name))
        tx.assets.add(Asset("p1", "bench", "P-1", "pump", name), [])
    with ledger.begin() as tx:
        for _ in range(MADE):
            at = BEGINS + timedelta(minutes=chance.randrange(43_000))
            order = create_order(
                tx, site="bench", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=name, by="li", now=at, asset="p1",
                severity=chance.choice(list(Severity)),
            )  # fmt: skip
            if chance.random() < 0.5:
                begun = at + timedelta(minutes=chance.randrange(5, 60))
                apply_transition(tx, order.id, State.IN_PROGRESS, begun, "li")
                if chance.random() < 0.5:
                    apply_transition(tx, order.id, State.ON_HOLD, begun + timedelta(hours=1), "li", "x", code="access")
    for copy in range(1, count // MADE):
        with ledger.begin() as tx:
            for table, key in (
                (work_orders, "id"), (work_order_transitions, "work_order"), (work_order_marks, "work_order"),
                (sla_clocks, "work_order"),
            ):  # fmt: skip
                copied(tx.work.connection, table, key, copy)


def copied(connection: sa.Connection, table: sa.Table, key: str, copy: int) -> None:
    columns = [c for c in table.columns if c.name != "position"]
    chosen = [
        (c + f"-{copy}").label(c.name)
        if c.name == key
        else (c + copy * 1_000_000).label("n")
        if c.name == "number"
        else c
        for c in columns
    ]
    original = sa.select(*chosen).where(table.c[key].not_like("%-%"))
    connection.execute(table.insert().from_select([c.name for c in columns], original))


def best(name: str, action: Callable[[], object]) -> None:
    took, busy, found = [], [], None
    for _ in range(5):
        begun, worked = time.perf_counter(), time.process_time()
        found = action()
        took.append(time.perf_counter() - begun)
        busy.append(time.process_time() - worked)
    print(f"{name:<40} {min(took) * 1000:8.1f} ms, {min(busy) * 1000:8.1f} ms of a processor   ({found})")


def main(url: str, count: int) -> None:
    ledger = SqlLedger(url)
    ledger.open()
    fill(ledger, count)

    def figures() -> int:
        with ledger.read() as tx:
            return sum(one.judged for one in compliance(tx, BEGINS, ENDS, ENDS, "bench"))

    def listed(**filters: object) -> int:
        with ledger.read() as tx:
            page = tx.orders.list(OrderFilter(open_only=True, **filters), PageRequest(100, sort="next_limit"))
            return len(tx.sla.clocks_of([order.id for order in page.items]))

    best("compliance of a month", figures)
    best("100 open tickets by next limit, clocks", listed)
    best("100 at risk, of one site, clocks", lambda: listed(at_risk=ENDS, site="bench"))
    best("a look when nothing is due", lambda: check_clocks(ledger, BEGINS - timedelta(days=1)).looked)
    best("a look at 200 tickets, each step taken", lambda: check_clocks(ledger, ENDS).looked)
    ledger.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        given = sys.argv[1:] or [f"sqlite:///{folder}/ledger.db"]
        main(given[0], int(given[1]) if len(given) > 1 else 20_000)
