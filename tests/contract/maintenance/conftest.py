"""A real ledger in a file, with one site and two machines."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.seed import seed_default_profile
from maintenance.transitions import apply_transition
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import Asset, LocalName, Site
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.orders import SqlOrders
from tests.product import run_cli
from tests.receivers import WebReceiver, web_receiver

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SYSTEMS: Mapping[str, Sequence[str]] = {key: system.classes for key, system in systems().items()}
NAME = LocalName("项目", "Item")
TEMPLATE = (
    ChecklistItem("S1", "ok", NAME),
    ChecklistItem(
        "S2", "number", LocalName("出水压力", "Pressure"), unit="MPa", low=0.2, high=1.0, point="discharge_pressure"
    ),
    ChecklistItem("S3", "ok", NAME, evidence=("photo",)),
)
SeedCommand = Callable[..., Any]
LI = User("u-li", "li", "", (Grant(Role.TECHNICIAN, "demo"),))


def _furnished(url: str) -> Iterator[Ledger[MaintenanceTx]]:
    made = SqlLedger(url)
    made.open()
    with made.begin() as tx:
        if "demo" not in {site.code for site in tx.assets.sites()}:
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        tx.assets.add(Asset("pump-1", "demo", "P-1", "pump", LocalName("1号泵", "Pump 1")), [])
        tx.assets.add(Asset("lift-1", "demo", "E-1", "elevator", LocalName("1号梯", "Lift 1")), [])
    yield made
    made.close()


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger[MaintenanceTx]]:
    yield from _furnished(sqlite_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request: pytest.FixtureRequest) -> Iterator[Ledger[MaintenanceTx]]:
    """Both databases: for what several processes do at once."""
    yield from _furnished(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def building(any_ledger: Ledger[MaintenanceTx]) -> Ledger[MaintenanceTx]:
    """Both databases, with forty more pumps."""
    with any_ledger.begin() as tx:
        for n in range(10, 50):
            tx.assets.add(Asset(f"p{n}", "demo", f"P-{n}", "pump", LocalName(f"{n}号泵", f"Pump {n}")), [])
    return any_ledger


def orders(ledger: Ledger[MaintenanceTx], **filters: str) -> list[WorkOrder]:
    with ledger.read() as tx:
        return list(tx.orders.list(OrderFilter(**filters), PageRequest(limit=1000)).items)  # type: ignore[arg-type]


@pytest.fixture
def order(ledger: Ledger[MaintenanceTx]) -> WorkOrder:
    """An open round on the pump."""
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=LocalName("巡检", "Round"), by="wang",
            now=NOW, asset="pump-1", template=TEMPLATE,
        )  # fmt: skip


@pytest.fixture
def postgres(postgresql_url: str) -> Iterator[Ledger[MaintenanceTx]]:
    """PostgreSQL alone: where one transaction sees what another commits while it runs."""
    yield from _furnished(postgresql_url)


@pytest.fixture
def done_before_the_lock(
    postgres: Ledger[MaintenanceTx], monkeypatch: pytest.MonkeyPatch
) -> Callable[[WorkOrder], None]:
    """Has the work of a ticket done, over another connection, after the ticket was found and before it is locked."""

    def arrange(ticket: WorkOrder) -> None:
        lock, left = SqlOrders.lock, [State.IN_PROGRESS, State.COMPLETED]

        def late(self: SqlOrders, order_id: str) -> WorkOrder:
            if order_id == ticket.id and left:
                steps = left.copy()
                left.clear()
                with postgres.begin() as tx:
                    for to in steps:
                        apply_transition(tx, ticket.id, to, NOW, "li")
            return lock(self, order_id)

        monkeypatch.setattr(SqlOrders, "lock", late)

    return arrange


@pytest.fixture
def seed_command(ledger: Ledger[MaintenanceTx], tmp_path: Path) -> SeedCommand:
    """`plantroom seed` on a ledger as a first start leaves it. Gives its JSON, or what it says where it fails."""
    with ledger.begin() as tx:
        seed_default_profile(tx)

    def call(*arguments: str, code: int = 0) -> Any:
        settings = {"PLANTROOM_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
        done = run_cli("seed", *arguments, "--data-dir", str(tmp_path), "--json", settings=settings)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    return call


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as made:
        yield made
