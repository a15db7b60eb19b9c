"""A fault that outlives the work on it opens its ticket again."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.episode_rules import RECHECK
from maintenance.findings_consumer import LOOK_EVERY, FindingsConsumer
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AssetStatus, Health, Presence, Severity
from plantroom.domain.findings import FindingSource
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import HealthChange, PresenceChange
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.tablet import op, send
from tests.contract.maintenance.test_findings import Store, cleared, episodes, feed, finish, raised, tickets, trapped

SOON = NOW + RECHECK - timedelta(minutes=1)
LATER = NOW + RECHECK
STALLED: dict[str, Any] = {"source": FindingSource.LIMIT, "severity": Severity.GENERAL}


def look(ledger: Store, now: datetime = LATER) -> list[WorkOrder]:
    """The tickets after an idle turn at that time."""
    FindingsConsumer(ledger, FixedClock(now), equipment_classes()).run_once()
    return sorted(orders(ledger, kind="corrective"), key=lambda one: one.number)


def test_the_ticket_opens_again_half_an_hour_after_the_work(any_ledger: Store) -> None:
    feed(any_ledger, raised())
    finish(any_ledger, tickets(any_ledger)[0])
    assert look(any_ledger, SOON)[0].state is State.COMPLETED
    (ticket,) = look(any_ledger)
    assert (ticket.state, ticket.reopened, ticket.opened_at) == (State.OPEN, 1, LATER)
    assert ticket.due == LATER + timedelta(days=7)
    with any_ledger.read() as tx:
        last = tx.orders.transitions(ticket.id)[-1]
    assert (last.to, last.at, last.by) == (State.OPEN, LATER, "system:findings")
    assert last.reason == "the fault is still there after the work / 处理后故障仍在"
    assert (len(episodes(any_ledger)), look(any_ledger)[0].version) == (1, ticket.version), "once is enough"


def test_verified_work_is_no_better(ledger: Store) -> None:
    feed(ledger, raised())
    finish(ledger, tickets(ledger)[0])
    with ledger.begin() as tx:
        apply_transition(tx, tickets(ledger)[0].id, State.VERIFIED, NOW, "wang")
    assert look(ledger)[0].state is State.OPEN


def test_it_comes_back_after_each_work_in_vain(ledger: Store) -> None:
    feed(ledger, raised())
    for count in (1, 2):
        done_at = NOW + count * timedelta(hours=1)
        finish(ledger, tickets(ledger)[0], done_at)
        assert look(ledger, done_at + RECHECK)[0].reopened == count


def test_what_has_cleared_stays_done(any_ledger: Store) -> None:
    feed(any_ledger, raised())
    finish(any_ledger, tickets(any_ledger)[0])
    feed(any_ledger, cleared(SOON), now=SOON)
    assert look(any_ledger)[0].state is State.COMPLETED


@pytest.mark.parametrize(
    ("verdict", "severity", "state"),
    [
        ("false_alarm", Severity.MAJOR, State.COMPLETED),
        ("sensor", Severity.MAJOR, State.COMPLETED),
        ("nothing_found", Severity.MAJOR, State.OPEN),
        ("confirmed", Severity.MAJOR, State.OPEN),
        ("sensor", Severity.CRITICAL, State.OPEN),
    ],
)
def test_the_verdict_decides(any_ledger: Store, verdict: str, severity: Severity, state: State) -> None:
    feed(any_ledger, raised(severity=severity, failure_mode="own_mode"))
    (ticket,) = tickets(any_ledger)
    send(any_ledger, op(ticket, "verdict", value={"verdict": verdict}))
    finish(any_ledger, ticket)
    assert look(any_ledger)[0].state is state


def test_a_rejected_ticket_stays_rejected(ledger: Store) -> None:
    feed(ledger, raised())
    (ticket,) = tickets(ledger)
    send(ledger, op(ticket, "verdict", value={"verdict": "false_alarm"}), op(ticket, "complete"))
    assert [one.state for one in look(ledger)] == [State.REJECTED]


def test_a_warning_that_stays_on_is_no_fault(ledger: Store) -> None:
    """The alarm is over, the warning below it goes on: people watch that without a ticket."""
    feed(
        ledger,
        raised(**STALLED | {"severity": Severity.INFO}, subject="v:warning_high", detail={"level": "warning_high"}),
        raised(**STALLED, subject="v:alarm_high", detail={"level": "alarm_high"}),
    )
    finish(ledger, tickets(ledger)[0])
    feed(ledger, cleared(NOW, source=FindingSource.LIMIT, subject="v:alarm_high"))
    assert look(ledger)[0].state is State.COMPLETED
    feed(ledger, raised(SOON, **STALLED, subject="v:alarm_high", detail={"level": "alarm_high"}), now=SOON)
    finish(ledger, tickets(ledger)[0], SOON)
    assert look(ledger, SOON + RECHECK)[0].reopened == 2


def test_an_event_comes_back_only_where_another_would_have_ended_it(any_ledger: Store) -> None:
    """``passenger_released`` ends ``passenger_trapped``; nothing ends an overspeed."""
    feed(any_ledger, trapped(), trapped(failure_mode="overspeed", subject="overspeed", detail={"event": "overspeed"}))
    for ticket in tickets(any_ledger, "lift-1"):
        finish(any_ledger, ticket)
    assert [one.state for one in look(any_ledger)] == [State.OPEN, State.COMPLETED]


@pytest.mark.parametrize("status", [AssetStatus.UNDER_MAINTENANCE, AssetStatus.OUT_OF_SERVICE, AssetStatus.SCRAPPED])
def test_nothing_is_expected_of_a_machine_that_is_not_in_service(ledger: Store, status: AssetStatus) -> None:
    feed(ledger, raised())
    finish(ledger, tickets(ledger)[0])
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", status)
    assert look(ledger)[0].state is State.COMPLETED


def test_what_a_silent_machine_said_last_proves_nothing(any_ledger: Store) -> None:
    feed(any_ledger, raised())
    finish(any_ledger, tickets(any_ledger)[0])
    with any_ledger.begin() as tx:
        tx.collect.put_presence([PresenceChange("pump-1", Presence.OFFLINE, NOW, NOW)])
    assert look(any_ledger)[0].state is State.COMPLETED
    with any_ledger.begin() as tx:
        tx.collect.put_presence([PresenceChange("pump-1", Presence.ONLINE, LATER, LATER)])
    assert look(any_ledger)[0].state is State.OPEN


def test_a_model_that_finds_the_machine_good_is_believed(any_ledger: Store) -> None:
    feed(any_ledger, raised())
    finish(any_ledger, tickets(any_ledger)[0])
    with any_ledger.begin() as tx:
        tx.collect.put_health([HealthChange("pump-1", Health.GOOD, {})])
    assert look(any_ledger)[0].state is State.COMPLETED
    with any_ledger.begin() as tx:
        tx.collect.put_health([HealthChange("pump-1", Health.ACT, {})])
    assert look(any_ledger)[0].state is State.OPEN


def test_a_machine_that_stays_offline_comes_back(ledger: Store) -> None:
    silent: dict[str, Any] = {"failure_mode": "offline", "source": FindingSource.PRESENCE, "evidence": ()}
    feed(ledger, raised(**silent, severity=Severity.GENERAL))
    finish(ledger, tickets(ledger)[0])
    with ledger.begin() as tx:
        tx.collect.put_presence([PresenceChange("pump-1", Presence.OFFLINE, NOW, NOW)])
    assert look(ledger)[0].state is State.OPEN


class Ticking:
    """A clock that somebody else moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def test_an_idle_consumer_looks_once_a_minute(ledger: Store) -> None:
    clock = Ticking(LATER)
    consumer = FindingsConsumer(ledger, clock, equipment_classes())
    consumer.run_once()
    feed(ledger, raised())
    finish(ledger, tickets(ledger)[0])
    clock.at = LATER + LOOK_EVERY - timedelta(seconds=1)
    consumer.run_once()
    assert tickets(ledger)[0].state is State.COMPLETED
    clock.at = LATER + LOOK_EVERY
    consumer.run_once()
    assert tickets(ledger)[0].state is State.OPEN
