"""Orders in bulk: the same as one by one, on both databases, while others write."""

import threading
from bisect import bisect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maintenance import bulk, plan_run
from maintenance.materialise import materialise
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.seed import seed_default_profile
from maintenance.work_orders import Kind, Origin
from plantroom.cli.bench_plan_estate import works
from plantroom.domain.assets import AssetStatus, LocalName
from plantroom.ports.ledger import Ledger
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.planning import NOW, SYSTEMS, check_whole, every_order, furnish, planned

Store = Ledger[MaintenanceTx]


@pytest.fixture
def empty(request: pytest.FixtureRequest, backend: str) -> Iterator[Store]:
    ledger = SqlLedger(request.getfixturevalue(f"{backend}_url"))
    ledger.open()
    yield ledger
    ledger.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_orders_in_bulk_are_those_that_are_made_one_by_one(
    empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(sqlite_template.read_bytes())
    slow = SqlLedger(f"sqlite:///{copy}")
    slow.open()
    keys = iter([f"key-{n:05d}" for n in range(200)] * 2)
    monkeypatch.setattr("plantroom.cli.bench_plan_estate.new_key", lambda: next(keys))
    monkeypatch.setattr("plantroom.cli.bench_plan_estate.OVERDUE", 0.1)
    for ledger in (empty, slow):
        keys = iter([f"key-{n:05d}" for n in range(200)])
        furnish(ledger, 60)
    counts = materialise(empty, NOW, SYSTEMS, 120, works)
    monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    assert materialise(slow, NOW, SYSTEMS, 120, works) == counts
    assert counts["created"] > 500
    assert counts["missed"] > 10
    assert planned(empty) == planned(slow)
    slow.close()


def test_the_second_run_finds_everything_in_place(empty: Store) -> None:
    furnish(empty, 40)
    first = materialise(empty, NOW, SYSTEMS, 60, works)
    before = planned(empty)
    assert materialise(empty, NOW, SYSTEMS, 60, works)["created"] == 0
    assert materialise(empty, NOW, SYSTEMS, 60, works, afresh=True)["created"] == 0
    assert planned(empty) == before
    assert first["created"] > 0
    check_whole(empty)


def test_several_schedulers_in_small_pieces_make_each_order_once(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_run, "ORDERS_AT_ONCE", 25)
    furnish(empty, 40)
    counts: list[dict[str, int]] = []
    threads = [
        threading.Thread(target=lambda: counts.append(materialise(empty, NOW, SYSTEMS, 60, works))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_whole(empty)
    shown = sum(len(order.occurrences) for order in every_order(empty))
    assert sum(c["created"] for c in counts) >= shown
    assert len(counts) == 3


def test_somebody_who_writes_meanwhile_gets_through(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long that takes is in ``plantroom bench plan`` (``other_writer_ms``): a busy machine says little."""
    monkeypatch.setattr(plan_run, "ORDERS_AT_ONCE", 1000)
    furnish(empty, 300)
    begun, done = threading.Event(), threading.Event()
    tickets: list[int] = []

    def write() -> None:
        while not done.wait(0.02):
            with empty.begin() as tx:
                made = create_order(
                    tx, site="site-00", kind=Kind.CORRECTIVE, origin=Origin.RULE, title=LocalName("困人", "Trapped"),
                    by="rule", now=NOW, safety=True,
                )  # fmt: skip
            tickets.append(made.number)
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(30)
        materialise(empty, NOW, SYSTEMS, 365, works)
    finally:
        done.set()
        writer.join()
    planned_numbers = sorted(order.number for order in every_order(empty))
    between = {bisect(planned_numbers, number) for number in tickets} - {0, len(planned_numbers)}
    assert len(between) > 5, "tickets came in between the pieces of the plan"


def test_a_scrapped_machine_a_new_one_and_one_out_of_service_act_on_the_next_run(empty: Store) -> None:
    with empty.begin() as tx:
        seed_default_profile(tx)
    furnish(empty, 20)
    materialise(empty, NOW, SYSTEMS, 60, works)
    by_asset = {order.asset for order in every_order(empty)}
    scrapped, resting = sorted(asset for asset in by_asset if asset is not None)[:2]
    with empty.begin() as tx:
        tx.assets.set_status(scrapped, AssetStatus.SCRAPPED)
        tx.assets.set_status(resting, AssetStatus.OUT_OF_SERVICE)
    later = NOW + timedelta(days=20)
    materialise(empty, later, SYSTEMS, 60, works)
    left = [order for order in every_order(empty) if order.asset == scrapped]
    assert {order.end_reason for order in left} == {"资产已报废 / asset scrapped"}
    known = [o for o in every_order(empty) if o.asset == resting]
    with empty.begin() as tx:
        tx.assets.set_status(resting, AssetStatus.IN_SERVICE)
    materialise(empty, later, SYSTEMS, 60, works)
    assert len([o for o in every_order(empty) if o.asset == resting]) > len(known)
