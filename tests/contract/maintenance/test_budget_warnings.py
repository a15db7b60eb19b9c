"""Lines that near their end are told of once for each level, however many schedulers look."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from maintenance.budget.checking import budget_job, check_budgets, refresh_forecasts
from maintenance.budget.model import Budget, Level
from maintenance.intervals import Interval, IntervalUnit
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.ports import MessageFilter
from maintenance.plan import AppliesTo, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.work.bookkeeping import Books
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from tests.contract.maintenance.conftest import NOW, SYSTEMS

Store = Ledger[MaintenanceTx]
LINE = Budget("b1", "demo", 2026, "repair", "", 1000.0, "wang", NOW)


@pytest.fixture
def office(any_ledger: Store) -> Store:
    """A site with a channel and an approved amount for repairs."""
    with any_ledger.begin() as tx:
        tx.channels.add(Channel("c1", "office", ChannelKind.WEBHOOK, "sealed", "http://...", NOW, "wang", "demo"))
        tx.budgets.add(LINE)
    return any_ledger


def spend(ledger: Store, amount: float, invoice: str) -> None:
    from maintenance.orders import create_order
    from maintenance.work_orders import Kind, Origin

    with ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="li",
            now=NOW, asset="pump-1",
        )  # fmt: skip
        Books(tx, order, "wang", NOW).charge(amount, invoice)


def told(ledger: Store) -> list[str]:
    with ledger.read() as tx:
        found = tx.notifications.list(MessageFilter(site="demo"), PageRequest(100, sort="created_at")).items
        return [one.title for one in found if one.topic == "budget"]


def test_each_level_is_told_of_once(office: Store) -> None:
    spend(office, 890.0, "F-1")
    assert check_budgets(office, NOW, SYSTEMS) == 0
    spend(office, 20.0, "F-2")
    assert check_budgets(office, NOW, SYSTEMS) == 1
    assert check_budgets(office, NOW + timedelta(days=1), SYSTEMS) == 0
    spend(office, 100.0, "F-3")
    assert check_budgets(office, NOW + timedelta(days=2), SYSTEMS) == 1
    assert check_budgets(office, NOW + timedelta(days=3), SYSTEMS) == 0
    assert told(office) == ["2026年设备维修费用预算已用91 %", "2026年设备维修费用已超预算 101 %"]
    with office.read() as tx:
        warnings = tx.budgets.warnings(["b1"])
    assert [(one.level, one.actual, one.messages) for one in warnings] == [
        (Level.NEAR, 910.0, 1),
        (Level.OVER, 1010.0, 1),
    ]


def test_a_line_that_is_over_at_once_is_told_of_once(office: Store) -> None:
    spend(office, 1500.0, "F-1")
    assert check_budgets(office, NOW, SYSTEMS) == 2
    assert told(office) == ["2026年设备维修费用已超预算 150 %"]


def test_another_amount_begins_anew(office: Store) -> None:
    spend(office, 950.0, "F-1")
    check_budgets(office, NOW, SYSTEMS)
    with office.begin() as tx:
        tx.budgets.update(replace(LINE, approved=1010.0, revision=2), 1)
    assert check_budgets(office, NOW, SYSTEMS) == 1
    assert len(told(office)) == 2


def test_several_schedulers_tell_once(office: Store) -> None:
    spend(office, 950.0, "F-1")
    start, counts = threading.Barrier(4), []

    def look() -> None:
        start.wait()
        counts.append(check_budgets(office, NOW, SYSTEMS))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1
    assert len(told(office)) == 1


def test_a_forecast_is_made_anew_after_a_day_or_when_the_plan_changes(office: Store) -> None:
    classes = equipment_classes()
    assert refresh_forecasts(office, NOW, SYSTEMS, classes) == 2
    assert refresh_forecasts(office, NOW + timedelta(hours=1), SYSTEMS, classes) == 0
    row = PlanRow(
        "l1", "PU-M", LocalName("月检", "Monthly"), "preventive", AppliesTo(assets=("pump-1",)),
        Interval(1, IntervalUnit.MONTH), site="demo", material_cost=5.0,
    )  # fmt: skip
    with office.begin() as tx:
        tx.plan.put_row(row)
    assert refresh_forecasts(office, NOW + timedelta(hours=1), SYSTEMS, classes) == 2
    budget_job(office, SYSTEMS, classes).run(NOW + timedelta(hours=26))
    with office.read() as tx:
        found = tx.budgets.forecast("demo", 2027)
    assert found is not None
    assert found.computed_at == NOW + timedelta(hours=26)
    assert [(one.plan_row, one.total) for one in found.items if one.plan_row == "PU-M"] == [("PU-M", 60.0)]
