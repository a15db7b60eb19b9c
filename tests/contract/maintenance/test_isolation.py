"""Orders that take their machine out of monitoring, on a real ledger."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.isolation import ISOLATES
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.transitions import apply_transition, end_maintenance
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import AssetStatus, LocalName
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from tests.contract.maintenance.conftest import NOW, TEMPLATE, orders
from tests.contract.maintenance.tablet import answer, op, send, stored
from tests.contract.maintenance.test_findings import feed, raised

Store = Ledger[MaintenanceTx]


def order(ledger: Store, **given: Any) -> WorkOrder:
    fields: dict[str, Any] = {"kind": Kind.PREVENTIVE, "origin": Origin.PLAN, "template": TEMPLATE} | given
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", title=LocalName("维保", "Visit"), by="plan", now=NOW, asset="pump-1", tags=(ISOLATES,),
            **fields,
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


def test_a_visit_gives_a_machine_under_maintenance_by_hand_back_as_it_found_it(ledger: Store) -> None:
    put(ledger, AssetStatus.UNDER_MAINTENANCE)
    first, second = order(ledger), order(ledger)
    step(ledger, first, State.IN_PROGRESS)
    assert step(ledger, second, State.IN_PROGRESS, State.COMPLETED) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, first, State.COMPLETED) is AssetStatus.UNDER_MAINTENANCE
    put(ledger, AssetStatus.IN_SERVICE)
    assert step(ledger, first, State.IN_PROGRESS) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, first, State.COMPLETED) is AssetStatus.IN_SERVICE


def test_maintenance_by_hand_of_a_machine_that_was_out_of_service_does_not_end_with_a_visit(ledger: Store) -> None:
    put(ledger, AssetStatus.OUT_OF_SERVICE)
    one = order(ledger)
    step(ledger, one, State.IN_PROGRESS)
    put(ledger, AssetStatus.UNDER_MAINTENANCE)
    assert step(ledger, one, State.COMPLETED) is AssetStatus.UNDER_MAINTENANCE


@pytest.mark.parametrize("before", [(), (State.ACKNOWLEDGED,)])
def test_holding_an_order_that_nobody_started_silences_nothing(ledger: Store, before: tuple[State, ...]) -> None:
    one = order(ledger)
    assert step(ledger, one, *before, State.ON_HOLD) is AssetStatus.IN_SERVICE
    feed(ledger, raised(NOW + timedelta(minutes=5)))
    assert len(tickets(ledger)) == 1
    assert step(ledger, one, State.IN_PROGRESS) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, one, State.ON_HOLD) is AssetStatus.UNDER_MAINTENANCE
    assert step(ledger, one, State.CANCELLED) is AssetStatus.IN_SERVICE


def test_an_order_held_before_its_start_keeps_no_machine_under_maintenance(ledger: Store) -> None:
    held, worked_on = order(ledger), order(ledger)
    step(ledger, held, State.ON_HOLD)
    step(ledger, worked_on, State.IN_PROGRESS)
    assert step(ledger, worked_on, State.COMPLETED) is AssetStatus.IN_SERVICE
    put(ledger, AssetStatus.UNDER_MAINTENANCE)
    assert step(ledger, held, State.CANCELLED) is AssetStatus.UNDER_MAINTENANCE


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


def test_a_tablets_start_and_completion_isolate_too(ledger: Store) -> None:
    one = order(ledger)
    send(ledger, op(one, "start"))
    assert status(ledger) is AssetStatus.UNDER_MAINTENANCE
    send(ledger, op(one, "complete"))
    assert status(ledger) is AssetStatus.IN_SERVICE


def test_answering_without_a_start_isolates_too(ledger: Store) -> None:
    one = order(ledger)
    send(ledger, answer(one, "S1"))
    assert stored(ledger, one).state is State.IN_PROGRESS
    assert status(ledger) is AssetStatus.UNDER_MAINTENANCE


class PowerCut(Exception):
    """What ends a transaction half-way."""


def tickets(ledger: Store) -> list[WorkOrder]:
    return orders(ledger, kind="corrective")


@pytest.mark.parametrize("end", ["completed by staff", "completed on a tablet", "cancelled"])
def test_what_was_held_back_becomes_a_ticket_when_the_order_ends(any_ledger: Store, end: str) -> None:
    one = order(any_ledger)
    step(any_ledger, one, State.IN_PROGRESS)
    feed(any_ledger, raised())
    assert tickets(any_ledger) == []
    if end == "completed on a tablet":
        send(any_ledger, op(one, "complete"))
    else:
        step(any_ledger, one, State.CANCELLED if end == "cancelled" else State.COMPLETED)
    assert [ticket.state for ticket in tickets(any_ledger)] == [State.OPEN]


def test_the_end_of_the_work_and_its_tickets_are_stored_together_or_not_at_all(any_ledger: Store) -> None:
    one = order(any_ledger)
    step(any_ledger, one, State.IN_PROGRESS)
    feed(any_ledger, raised())
    with suppress(PowerCut), any_ledger.begin() as tx:
        apply_transition(tx, one.id, State.COMPLETED, NOW, "li")
        assert len(tx.orders.list(OrderFilter(kind="corrective"), PageRequest(limit=9)).items) == 1
        raise PowerCut
    assert (stored(any_ledger, one).state, tickets(any_ledger)) == (State.IN_PROGRESS, [])
    assert status(any_ledger) is AssetStatus.UNDER_MAINTENANCE


def test_the_order_that_isolates_may_be_the_ticket_that_opens_again(ledger: Store) -> None:
    feed(ledger, raised())
    (ticket,) = tickets(ledger)
    with ledger.begin() as tx:
        locked = tx.orders.lock(ticket.id)
        tx.orders.update(replace(locked, tags=(*locked.tags, ISOLATES)), locked.version)
    step(ledger, ticket, State.IN_PROGRESS)
    back, heard = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    feed(ledger, raised(back), now=back)
    with ledger.begin() as tx:
        after = apply_transition(tx, ticket.id, State.COMPLETED, NOW, "li", now=heard)
    (ticket,) = tickets(ledger)
    assert (ticket.state, ticket.reopened, ticket.version) == (State.OPEN, 1, after.version)
