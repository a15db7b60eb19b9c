"""Orders that take their machine out of monitoring, on a real ledger."""

import threading
from datetime import datetime

import pytest

from maintenance.isolation import ISOLATES, end_maintenance
from maintenance.orders import apply_transition, create_order
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import AssetStatus, LocalName
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW

Store = Ledger[MaintenanceTx]


def order(ledger: Store) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=LocalName("维保", "Visit"), by="plan",
            now=NOW, asset="pump-1", tags=(ISOLATES,),
        )  # fmt: skip


def step(ledger: Store, one: WorkOrder, *states: State, at: datetime = NOW) -> AssetStatus:
    """The machine's status after the steps."""
    with ledger.begin() as tx:
        for state in states:
            apply_transition(tx, one.id, state, at, "li", "because")
    return status(ledger)


def status(ledger: Store) -> AssetStatus:
    with ledger.read() as tx:
        return tx.assets.get("pump-1").asset.status


def put(ledger: Store, wanted: AssetStatus) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", wanted)


def test_maintenance_lasts_from_the_first_orders_start_to_the_last_ones_end(ledger: Store) -> None:
    first, second, third = (order(ledger) for _ in range(3))
    assert step(ledger, first, State.IN_PROGRESS) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, third, State.ACKNOWLEDGED) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, second, State.IN_PROGRESS, State.ON_HOLD) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, first, State.COMPLETED) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, third, State.CANCELLED) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, second, State.IN_PROGRESS, State.COMPLETED) is AssetStatus.IN_SERVICE


def test_a_machine_on_standby_is_on_standby_again_whichever_order_ends_last(ledger: Store) -> None:
    put(ledger, AssetStatus.STANDBY)
    first, second = order(ledger), order(ledger)
    step(ledger, first, State.IN_PROGRESS)
    step(ledger, second, State.IN_PROGRESS)
    step(ledger, first, State.COMPLETED)
    assert step(ledger, second, State.COMPLETED) is AssetStatus.STANDBY
    put(ledger, AssetStatus.IN_SERVICE)
    assert step(ledger, second, State.IN_PROGRESS, State.COMPLETED) is AssetStatus.IN_SERVICE


def test_an_order_that_never_began_leaves_maintenance_by_hand_alone(ledger: Store) -> None:
    put(ledger, AssetStatus.UNDER_MAINTENANCE)
    assert step(ledger, order(ledger), State.ACKNOWLEDGED, State.CANCELLED) is AssetStatus.UNDER_MAINTENANCE


def test_a_machine_taken_out_of_service_meanwhile_stays_out(ledger: Store) -> None:
    one = order(ledger)
    step(ledger, one, State.IN_PROGRESS)
    put(ledger, AssetStatus.OUT_OF_SERVICE)
    assert step(ledger, one, State.COMPLETED) is AssetStatus.OUT_OF_SERVICE


def test_two_orders_that_end_at_the_same_moment_end_the_maintenance(any_ledger: Store) -> None:
    both = [order(any_ledger), order(any_ledger)]
    for one in both:
        step(any_ledger, one, State.IN_PROGRESS)
    threads = [threading.Thread(target=step, args=(any_ledger, one, State.COMPLETED)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert status(any_ledger) is AssetStatus.IN_SERVICE


def test_maintenance_ends_with_a_machine_at_work_or_on_standby(ledger: Store) -> None:
    put(ledger, AssetStatus.UNDER_MAINTENANCE)
    with ledger.begin() as tx:
        end_maintenance(tx, "pump-1", NOW, AssetStatus.STANDBY)
    assert status(ledger) is AssetStatus.STANDBY
    with pytest.raises(ValueError), ledger.begin() as tx:
        end_maintenance(tx, "pump-1", NOW, AssetStatus.SCRAPPED)
