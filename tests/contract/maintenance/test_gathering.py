"""Safety events under maintenance gather on one ticket, on which each can be read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AssetStatus, Severity
from plantroom.domain.findings import FindingRaised
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import Store, episodes, feed, tickets, trapped

OPEN_CIRCUIT: dict[str, Any] = {"failure_mode": "safety_circuit", "subject": "safety_circuit_open"}


def circuit_open(severity: Severity = Severity.MAJOR) -> FindingRaised:
    detail = {"event": "safety_circuit_open", "name": {"zh": "安全回路断开", "en": "Safety circuit open"}}
    return trapped(**OPEN_CIRCUIT, severity=severity, detail=detail)


def somebody_trapped(minutes: int = 1) -> FindingRaised:
    detail = {"event": "passenger_trapped", "name": {"zh": "轿厢困人", "en": "Passenger trapped"}}
    return trapped(NOW + timedelta(minutes=minutes), detail=detail)


def maintain(ledger: Store) -> Store:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.UNDER_MAINTENANCE)
    return ledger


@pytest.fixture
def maintained(any_ledger: Store) -> Store:
    return maintain(any_ledger)


def test_the_ticket_names_every_event_with_its_first_checks_and_the_worst_severity(maintained: Store) -> None:
    feed(maintained, circuit_open())
    feed(maintained, somebody_trapped())
    (ticket,) = tickets(maintained, "lift-1")
    lift = equipment_classes()["elevator"]
    modes = [lift.mode("entrapment"), lift.mode("safety_circuit")]
    for mode in modes:
        assert mode is not None
        assert mode.ticket.zh in ticket.title.zh
        assert mode.ticket.en in ticket.title.en
        assert set(mode.first_checks) <= set(ticket.first_checks)
    assert "轿厢困人" in ticket.reason.zh
    assert "安全回路断开" in ticket.reason.zh
    assert "Passenger trapped" in ticket.reason.en
    assert "Safety circuit open" in ticket.reason.en
    assert ticket.severity is Severity.CRITICAL
    assert ticket.reason.zh.index("轿厢困人") < ticket.reason.zh.index("安全回路断开"), "the worst comes first"


def test_a_repeat_of_either_event_takes_no_word_away(maintained: Store) -> None:
    feed(maintained, circuit_open(), somebody_trapped())
    (before,) = tickets(maintained, "lift-1")
    feed(maintained, circuit_open(), somebody_trapped(2))
    (after,) = tickets(maintained, "lift-1")
    assert (after.title, after.reason, after.first_checks) == (before.title, before.reason, before.first_checks)
    assert after.version == before.version + 2
    feed(maintained, trapped(NOW + timedelta(minutes=3), detail={"event": "alarm_button", "name": {"zh": "警铃"}}))
    (last,) = tickets(maintained, "lift-1")
    for word in ("轿厢困人", "安全回路断开", "警铃"):
        assert word in last.reason.zh


def test_an_event_never_gathers_on_a_ticket_whose_work_is_done_while_it_looks(
    postgres: Store, done_before_the_lock: Callable[[WorkOrder], None]
) -> None:
    maintained = maintain(postgres)
    feed(maintained, circuit_open())
    (first,) = tickets(maintained, "lift-1")
    done_before_the_lock(first)
    feed(maintained, somebody_trapped())
    done, second = tickets(maintained, "lift-1")
    assert (done.state, second.state) == (State.COMPLETED, State.OPEN)
    assert episodes(maintained, "lift-1")[-1].work_order == second.id
