"""Safety events of devices that the ledger does not know become tickets all the same."""

from typing import Any

from maintenance.lifecycle import ENDED
from maintenance.strangers import MAX_TICKETS
from maintenance.work_orders import Origin, State, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.test_findings import Store, feed, raised, step

NAMED = {"zh": "轿厢困人", "en": "Passenger trapped"}


def strange(code: str = "EL-9", event: str = "passenger_trapped", **detail: Any) -> FindingRaised:
    return raised(
        NOW, asset="", failure_mode=UNCLASSIFIED, source=FindingSource.RULE, severity=Severity.CRITICAL, safety=True,
        subject=event, evidence=(), detail={"event": event, "code": code, **detail},
    )  # fmt: skip


def open_tickets(ledger: Store) -> list[WorkOrder]:
    found = [one for one in orders(ledger, kind="corrective") if one.asset is None and one.state not in ENDED]
    return sorted(found, key=lambda one: one.number)


def test_it_is_a_critical_safety_ticket_that_names_the_device_and_the_event(any_ledger: Store) -> None:
    feed(any_ledger, strange(name=NAMED))
    (ticket,) = open_tickets(any_ledger)
    assert (ticket.site, ticket.origin) == ("demo", Origin.RULE)
    assert (ticket.severity, ticket.safety) == (Severity.CRITICAL, True)
    assert (ticket.title.zh, ticket.title.en) == (
        "未登记设备 EL-9：轿厢困人",
        "Unregistered device EL-9: Passenger trapped",
    )
    assert "unknown_asset" in ticket.tags
    assert ticket.first_checks


def test_further_events_of_the_device_are_named_on_its_open_ticket(ledger: Store) -> None:
    feed(ledger, strange(), strange(), strange(event="overspeed"))
    (ticket,) = open_tickets(ledger)
    assert ticket.reason.en.endswith(": EL-9: passenger trapped; EL-9: overspeed.")


def test_another_device_has_its_own_ticket(ledger: Store) -> None:
    feed(ledger, strange(), strange("FP-7"))
    assert len(open_tickets(ledger)) == 2


def test_it_never_joins_a_ticket_where_the_work_is_done(ledger: Store) -> None:
    feed(ledger, strange())
    (first,) = open_tickets(ledger)
    step(ledger, first, State.IN_PROGRESS, State.COMPLETED)
    feed(ledger, strange())
    assert len([one for one in open_tickets(ledger) if one.state is State.OPEN]) == 1
    assert len(orders(ledger, kind="corrective")) == 2


def test_a_publisher_gone_wild_cannot_open_tickets_without_end(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS + 30)])
    found = open_tickets(ledger)
    assert len(found) == MAX_TICKETS
    assert f"X-{MAX_TICKETS:03}" in found[-1].reason.zh
    assert len(found[-1].reason.zh) < 2000


def test_the_others_go_on(ledger: Store) -> None:
    feed(ledger, strange(), raised())
    assert len(orders(ledger, kind="corrective", asset="pump-1")) == 1
