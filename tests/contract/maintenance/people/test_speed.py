"""Giving work out stays quick on a large site: 500 people, 20,000 open orders."""

import time
from collections.abc import Callable
from datetime import time as local
from datetime import timedelta

from maintenance.people.assigning import assign
from maintenance.people.upkeep import Dispatch
from maintenance.ports import OrderFilter
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.clock import FixedClock
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.people.conftest import NOW, WATER, Books, add_shift, desk

PEOPLE, ORDERS = 500, 20_000


def fill(ledger: Books) -> None:
    names = [f"p{n:03d}" for n in range(PEOPLE)]
    with ledger.begin() as tx:
        for n, name in enumerate(names):
            department = WATER if n % 10 == 0 else f"部门{n % 10}"
            grant = Grant(Role.TECHNICIAN, "demo", department)
            tx.accounts.put_user(User(f"u-{name}", name, "", (grant,), name))
        orders = [
            WorkOrder(
                f"o{n:05d}", 0, "demo", Kind.CORRECTIVE, Origin.STAFF, State.OPEN, LocalName("甲", "A"),
                asset="pump-1", department=WATER, severity=Severity.GENERAL, due=NOW + timedelta(hours=n),
                assignee=names[n % 50 * 10] if n % 2 else None,
            )
            for n in range(ORDERS)
        ]  # fmt: skip
        tx.orders.add_many(orders)
    add_shift(ledger, "day", *names, starts=local(8), ends=local(20))


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def test_lists_candidates_and_giving_out_stay_quick(ledger: Books) -> None:
    fill(ledger)
    with ledger.read() as tx:
        people = seconds(lambda: tx.people.people("demo"))
        mine = OrderFilter(assignee="p010", open_only=True)
        listed = seconds(lambda: tx.orders.list(mine, PageRequest(limit=100)))
        asked = seconds(lambda: desk(tx).candidates(tx.orders.get("o00000")))
        figures = seconds(lambda: tx.people.on_time(EVERYTHING, NOW, NOW + timedelta(days=900), "person"))
    with ledger.begin() as tx:
        given = seconds(lambda: assign(tx, tx.orders.lock("o00000"), desk(tx), user="p000", by="boss"))
    run = seconds(lambda: Dispatch(ledger, FixedClock(NOW)).run_once())
    measured = {"people": people, "list": listed, "candidates": asked, "on_time": figures, "assign": given, "run": run}
    assert people < 0.5, measured
    assert listed < 0.5, measured
    assert asked < 2, measured
    assert figures < 2, measured
    assert run < 60, measured
    with ledger.read() as tx:
        assert tx.orders.get("o00002").assignee is not None
