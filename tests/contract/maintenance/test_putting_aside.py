"""A finding that cannot be applied stops no other, and is not swallowed."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from maintenance.findings import FindingApplier
from maintenance.findings_consumer import FindingsConsumer
from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Severity
from plantroom.errors import Unreachable
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Contended
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.test_findings import Store, cleared, feed, raised, step, tickets, trapped


@pytest.fixture
def damaged(any_ledger: Store) -> Store:
    """A plant where every further bearing finding of the elevator fails: its episode names a ticket that is not
    there."""
    feed(any_ledger, raised(asset="lift-1"))
    with any_ledger.begin() as tx:
        (episode,) = tx.episodes.list(EVERYTHING, PageRequest(limit=10), asset="lift-1").items
        tx.episodes.update(replace(episode, work_order="no-such-order"))
    return any_ledger


def consumer(ledger: Store, batch: int = 500) -> FindingsConsumer:
    return FindingsConsumer(ledger, FixedClock(NOW), equipment_classes(), batch, stopwatch=lambda: 0.0)


def told(ledger: Store) -> list[WorkOrder]:
    found = [one for one in orders(ledger, kind="corrective") if "finding_not_applied" in one.tags]
    return sorted(found, key=lambda one: one.number)


def test_the_findings_around_the_one_at_fault_are_applied(damaged: Store) -> None:
    wrong = raised(asset="lift-1")
    with damaged.begin() as tx:
        tx.collect.append_findings([raised(), wrong, trapped(), raised(failure_mode="impeller")])
    applying = consumer(damaged)
    with capture_logs() as logs:
        while applying.run_once():
            pass
    assert len(tickets(damaged, "pump-1")) == 2
    assert "Passenger trapped" in [one.title.en.split(": ")[1] for one in tickets(damaged, "lift-1")]
    assert applying.failures == 1
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(entry["event"], entry["id"]) for entry in errors] == [("finding_not_applied", wrong.finding_id)]


def test_the_one_at_fault_has_a_ticket_that_names_device_and_fault(damaged: Store) -> None:
    feed(damaged, raised(asset="lift-1"))
    (ticket,) = told(damaged)
    assert (ticket.asset, ticket.site, ticket.state) == (None, "demo", State.OPEN)
    assert (ticket.severity, ticket.safety) == (Severity.MAJOR, False)
    assert ticket.title.en == "A report could not be processed: E-1: bearing"
    assert "E-1：bearing" in ticket.reason.zh
    assert ticket.first_checks


def test_further_ones_are_counted_on_the_ticket_until_its_work_is_done(damaged: Store) -> None:
    feed(damaged, raised(asset="lift-1"))
    event = {"event": "passenger_trapped", "name": {"zh": "轿厢困人", "en": "Passenger trapped"}}
    urgent = raised(asset="lift-1", severity=Severity.CRITICAL, safety=True, detail=event)
    feed(damaged, raised(asset="lift-1"), urgent, cleared(NOW, asset="lift-1"))
    (ticket,) = told(damaged)
    assert "E-1: bearing (2 times, last 03-02 09:00); E-1: Passenger trapped" in ticket.reason.en
    assert (ticket.severity, ticket.safety) == (Severity.CRITICAL, True)
    step(damaged, ticket, State.IN_PROGRESS, State.COMPLETED)
    feed(damaged, raised(asset="lift-1"))
    assert [one.state for one in told(damaged)] == [State.COMPLETED, State.OPEN]


def test_after_the_one_at_fault_findings_are_applied_in_batches_again(damaged: Store) -> None:
    with damaged.begin() as tx:
        tx.collect.append_findings([raised(asset="lift-1"), *(raised() for _ in range(20))])
    applying = consumer(damaged, batch=5)
    counts = []
    while count := applying.run_once():
        counts.append(count)
    assert counts == [1] * 5 + [5, 5, 5, 1]
    assert applying.failures == 1


@pytest.mark.parametrize("error", [Unreachable("ledger", "away"), Contended("ledger: deadlock detected")])
def test_what_passes_by_waiting_puts_nothing_aside(
    ledger: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings([raised()])

    def fail(*_: object) -> None:
        raise error

    applying = consumer(ledger)
    with monkeypatch.context() as broken:
        broken.setattr(FindingApplier, "apply", fail)
        with pytest.raises(type(error)):
            applying.run_once()
    assert applying.run_once() == 1
    assert (applying.failures, told(ledger), len(tickets(ledger))) == (0, [], 1)
