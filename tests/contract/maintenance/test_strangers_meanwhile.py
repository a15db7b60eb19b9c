"""A further safety event of a device that the ledger does not know, on a ticket that people have seen to."""

from datetime import datetime

import pytest

from maintenance.alarm_rules import AlarmState
from maintenance.late_words import OPENED_AGAIN
from maintenance.work_orders import State, WorkOrder
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import codes, op, send
from tests.contract.maintenance.test_coming_again import history
from tests.contract.maintenance.test_findings import Store, feed, raised, step, trapped
from tests.contract.maintenance.test_now_known import register, replayed
from tests.contract.maintenance.test_putting_aside import told
from tests.contract.maintenance.test_stranger_alarms import MINUTE, alarms, note
from tests.contract.maintenance.test_strangers import NAMED, open_tickets, strange

EVENT, HEARD = NOW + 10 * MINUTE, NOW + 12 * MINUTE


def first(ledger: Store, *states: State) -> WorkOrder:
    feed(ledger, strange(name=NAMED))
    (ticket,) = open_tickets(ledger)
    step(ledger, ticket, *states, at=NOW + MINUTE)
    return ticket


def another(ledger: Store) -> None:
    feed(ledger, strange(event="fire_alarm", minutes=10), now=EVENT)


def said(ledger: Store, ticket: WorkOrder, word: str, at: datetime) -> tuple[str, str | None]:
    sent = op(ticket, word, value={"reason": "parts"}, captured_at=at.isoformat())
    (result,) = codes(send(ledger, sent, device_now=HEARD, now=HEARD))
    return result


def test_it_ends_the_hold_and_asks_for_acknowledgement_again(any_ledger: Store) -> None:
    ticket = first(any_ledger, State.IN_PROGRESS, State.ON_HOLD)
    another(any_ledger)
    (ticket,) = open_tickets(any_ledger)
    assert (ticket.state, ticket.hold_reason, ticket.acknowledged_at) == (State.OPEN, None, None)
    last = history(any_ledger, ticket)[-1]
    assert (last.to, last.at, last.by) == (State.OPEN, EVENT, "system:findings")
    assert last.reason == "又发生安全事件：EL-9：fire_alarm / another safety event came: EL-9: fire alarm"
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_so_does_the_same_event_after_a_while(any_ledger: Store) -> None:
    ticket = first(any_ledger, State.IN_PROGRESS, State.ON_HOLD)
    feed(any_ledger, strange(name=NAMED, minutes=10), now=EVENT)
    said = history(any_ledger, ticket)[-1].reason
    assert said == "安全事件再次发生：EL-9：轿厢困人 / the safety event came again: EL-9: Passenger trapped"


def test_what_is_said_over_and_over_ends_no_hold(any_ledger: Store) -> None:
    first(any_ledger, State.IN_PROGRESS, State.ON_HOLD)
    feed(any_ledger, strange(), now=NOW + 2 * MINUTE)
    assert open_tickets(any_ledger)[0].state is State.ON_HOLD


@pytest.mark.parametrize(
    "states", [(), (State.ACKNOWLEDGED,), (State.IN_PROGRESS,), (State.IN_PROGRESS, State.ON_HOLD)]
)
def test_a_hold_from_before_it_that_is_heard_of_later_hides_nothing(
    any_ledger: Store, states: tuple[State, ...]
) -> None:
    ticket = first(any_ledger, *states)
    another(any_ledger)
    before = open_tickets(any_ledger)[0].state
    assert said(any_ledger, ticket, "hold", EVENT - MINUTE) == ("applied", OPENED_AGAIN)
    assert open_tickets(any_ledger)[0].state is before
    said(any_ledger, ticket, "hold", EVENT + MINUTE)
    assert open_tickets(any_ledger)[0].state is State.ON_HOLD


@pytest.mark.parametrize("word", ["acknowledge", "start"])
def test_who_accepted_the_ticket_before_it_has_not_taken_note_of_it(any_ledger: Store, word: str) -> None:
    ticket = first(any_ledger)
    another(any_ledger)
    said(any_ledger, ticket, word, EVENT - MINUTE)
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED
    note(any_ledger, alarms(any_ledger)[0], "wang", HEARD)
    assert alarms(any_ledger)[0].episode.acknowledged_by == "wang"


def test_a_line_of_the_history_takes_note_of_nothing(any_ledger: Store) -> None:
    """One event of the device has the ticket of a machine by now, another one goes on waiting."""
    first(any_ledger, State.IN_PROGRESS)
    another(any_ledger)
    register(any_ledger)
    feed(any_ledger, replayed(), now=HEARD)
    assert alarms(any_ledger)[-1].device is not None
    assert alarms(any_ledger)[-1].state is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_work_from_before_it_leaves_it_a_ticket_of_its_own(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    another(any_ledger)
    for word in ("start", "complete"):
        assert said(any_ledger, ticket, word, EVENT - MINUTE) == ("applied", None)
    (own,) = open_tickets(any_ledger)
    assert (own.state, own.safety, own.acknowledged_at) == (State.OPEN, True, None)
    assert "EL-9: fire alarm" in own.reason.en
    last = history(any_ledger, ticket)[-1]
    assert (last.to, last.reason[-len(f"#{own.number}") :]) == (State.COMPLETED, f"#{own.number}")
    (alarm,) = alarms(any_ledger)
    assert (alarm.state, alarm.episode.work_order) == (AlarmState.ACTIVE_UNACKNOWLEDGED, own.id)
    feed(any_ledger, strange(event="overspeed", minutes=20), now=NOW + 20 * MINUTE)
    assert [one.id for one in open_tickets(any_ledger)] == [own.id]
    step(any_ledger, own, State.IN_PROGRESS, State.COMPLETED, at=NOW + 30 * MINUTE)
    assert (open_tickets(any_ledger), alarms(any_ledger)) == ([], [])


def test_so_does_work_from_before_it_was_said_once_more(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    feed(any_ledger, strange(), now=EVENT)
    for word in ("start", "complete"):
        said(any_ledger, ticket, word, EVENT - MINUTE)
    (own,) = open_tickets(any_ledger)
    assert own.id != ticket.id
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_a_safety_event_that_could_not_be_applied_ends_the_hold_of_the_ticket_that_says_so(
    any_ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("at fault")

    monkeypatch.setattr("maintenance.findings.level_of", fail)
    feed(any_ledger, raised())
    (ticket,) = told(any_ledger)
    step(any_ledger, ticket, State.IN_PROGRESS, State.ON_HOLD, at=NOW + MINUTE)
    feed(any_ledger, raised(NOW + 5 * MINUTE, failure_mode="impeller"), now=NOW + 5 * MINUTE)
    assert told(any_ledger)[0].state is State.ON_HOLD
    feed(any_ledger, trapped(EVENT), now=EVENT)
    assert told(any_ledger)[0].state is State.OPEN
