"""A device that was registered: its events have tickets of their own, and the one for strangers is closed."""

from typing import Any

import pytest

from maintenance.ports import MaintenanceTx
from maintenance.strangers import MAX_TICKETS
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Severity, Site
from plantroom.domain.findings import FindingRaised
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import orders
from tests.contract.maintenance.test_findings import feed, step, tickets, trapped
from tests.contract.maintenance.test_strangers import open_tickets, strange

Store = Ledger[MaintenanceTx]


def register(ledger: Store, code: str = "EL-9", site: str = "demo") -> None:
    with ledger.begin() as tx:
        tx.assets.add(Asset(f"key-{code}", site, code, "elevator", LocalName("9号梯", "Lift 9")), [])


def replayed(event: str = "passenger_trapped", code: str = "EL-9", **given: Any) -> FindingRaised:
    """The event as it comes once its device is known."""
    return trapped(asset=f"key-{code}", subject=event, detail={"event": event}, **given)


def stored(ledger: Store, order: WorkOrder) -> WorkOrder:
    with ledger.read() as tx:
        return tx.orders.get(order.id)


def last_step(ledger: Store, order: WorkOrder) -> tuple[State, str, str]:
    with ledger.read() as tx:
        last = tx.orders.transitions(order.id)[-1]
    return last.to, last.by, last.reason


def test_the_strangers_ticket_is_cancelled_and_names_the_new_one(any_ledger: Store) -> None:
    feed(any_ledger, strange(), strange(minutes=1))
    (stranger,) = open_tickets(any_ledger)
    register(any_ledger)
    feed(any_ledger, replayed())
    (ticket,) = tickets(any_ledger, "key-EL-9")
    said = f"已登记为EL-9，事件见工单#{ticket.number} / registered as EL-9; its event is on ticket #{ticket.number}"
    assert last_step(any_ledger, stranger) == (State.CANCELLED, "system:findings", said)
    closed = stored(any_ledger, stranger)
    assert (closed.state, closed.end_reason) == (State.CANCELLED, said)
    assert f"EL-9 (registered, see #{ticket.number}): passenger trapped" in closed.reason.en
    assert f"EL-9（已登记，见工单#{ticket.number}）：passenger_trapped" in closed.reason.zh
    assert ticket.state is State.OPEN


def test_an_event_that_has_not_come_yet_keeps_it_open(any_ledger: Store) -> None:
    feed(any_ledger, strange(), strange(event="overspeed"))
    (stranger,) = open_tickets(any_ledger)
    register(any_ledger)
    feed(any_ledger, replayed())
    state, _, reason = last_step(any_ledger, stranger)
    assert (state, stored(any_ledger, stranger).state) == (State.OPEN, State.OPEN)
    assert "registered as EL-9" in reason
    feed(any_ledger, replayed("overspeed"))
    assert stored(any_ledger, stranger).state is State.CANCELLED


def test_another_device_on_it_keeps_it_open(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS)], strange("EL-9"))
    register(ledger)
    feed(ledger, replayed())
    shared = open_tickets(ledger)[-1]
    assert len(open_tickets(ledger)) == MAX_TICKETS
    assert "registered as EL-9" in last_step(ledger, shared)[2]
    register(ledger, f"X-{MAX_TICKETS - 1:03}")
    feed(ledger, replayed(code=f"X-{MAX_TICKETS - 1:03}"))
    assert stored(ledger, shared).state is State.CANCELLED


def test_somebody_at_work_on_it_is_told_and_not_stopped(ledger: Store) -> None:
    feed(ledger, strange())
    (stranger,) = open_tickets(ledger)
    step(ledger, stranger, State.IN_PROGRESS)
    register(ledger)
    feed(ledger, replayed())
    state, by, reason = last_step(ledger, stranger)
    assert (state, by) == (State.IN_PROGRESS, "system:findings")
    assert "registered as EL-9" in reason


def test_it_says_so_once(ledger: Store) -> None:
    feed(ledger, strange(), strange(event="overspeed"))
    (stranger,) = open_tickets(ledger)
    register(ledger)
    feed(ledger, replayed())
    version = stored(ledger, stranger).version
    feed(ledger, replayed(), replayed())
    assert stored(ledger, stranger).version == version


def test_a_scrapped_device_back_in_service_is_known_again(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.SCRAPPED)
    feed(ledger, strange("E-1"))
    (stranger,) = open_tickets(ledger)
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.IN_SERVICE)
    feed(ledger, trapped())
    assert stored(ledger, stranger).state is State.CANCELLED


def test_a_site_that_is_known_now_counts_too(ledger: Store) -> None:
    feed(ledger, strange(site="tower"))
    (stranger,) = open_tickets(ledger)
    with ledger.begin() as tx:
        tx.assets.add_site(Site("tower", LocalName("塔楼", "Tower")))
    register(ledger, site="tower")
    feed(ledger, replayed())
    assert stored(ledger, stranger).state is State.CANCELLED


@pytest.mark.parametrize("code", ["EL-90", "L-9"])
def test_a_device_of_another_code_changes_nothing(ledger: Store, code: str) -> None:
    feed(ledger, strange())
    register(ledger, code)
    feed(ledger, replayed(code=code))
    (stranger,) = [one for one in orders(ledger, kind="corrective") if one.asset is None]
    assert (stranger.state, stranger.version, stranger.severity) == (State.OPEN, 1, Severity.CRITICAL)
