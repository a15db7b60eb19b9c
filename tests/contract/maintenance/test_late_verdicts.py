"""A verdict speaks of what had happened when it was given."""

from typing import Any

import pytest

from maintenance.late_words import OPENED_AGAIN
from maintenance.operations import LATE_EVIDENCE
from maintenance.work_orders import State, WorkOrder
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import codes, op, send
from tests.contract.maintenance.test_coming_again import history
from tests.contract.maintenance.test_findings import Store, step, tickets
from tests.contract.maintenance.test_told_meanwhile import (
    EVENT,
    HEARD,
    MINUTE,
    alarm,
    comes,
    first,
    held_then_called,
    says,
)


def said(ledger: Store, ticket: WorkOrder, at: Any, *words: str, verdict: str = "confirmed") -> list[Any]:
    """A tablet with a network tells of it at once."""
    value: dict[str, Any] = {"verdict": {"verdict": verdict, "cause": "door lock"}}
    sent = [op(ticket, one, value=value.get(one, {}), captured_at=at.isoformat()) for one in words]
    return codes(send(ledger, *sent, device_now=at, now=at))


def only(ledger: Store) -> WorkOrder:
    (ticket,) = tickets(ledger, "lift-1")
    return ticket


def given(ticket: WorkOrder) -> object:
    return (ticket.verdict or {}).get("verdict")


def test_one_from_before_the_ticket_was_opened_again_does_not_judge_what_opened_it(any_ledger: Store) -> None:
    ticket = held_then_called(any_ledger)
    says(any_ledger, ticket, "acknowledge", "start", "verdict", "complete")
    said(any_ledger, ticket, HEARD + MINUTE, "start", "complete")
    after = only(any_ledger)
    assert (after.state, after.verdict) == (State.COMPLETED, None)


def test_the_history_has_it(ledger: Store) -> None:
    ticket = held_then_called(ledger)
    assert says(ledger, ticket, "verdict") == [("applied", OPENED_AGAIN)]
    last = history(ledger, ticket)[-1]
    assert (last.to, last.by, last.at, last.recorded_at) == (State.OPEN, "li", NOW + 1.5 * MINUTE, HEARD)
    assert last.reason == (
        "结论：误报（在工单再次打开之前，事后上传） / "
        "verdict: false alarm, before the ticket was opened again, heard of later"
    )


def test_nor_does_it_when_the_ticket_has_ended_again_meanwhile(any_ledger: Store) -> None:
    ticket = held_then_called(any_ledger)
    said(any_ledger, ticket, EVENT + MINUTE, "start", "complete")
    assert says(any_ledger, ticket, "verdict") == [("applied", LATE_EVIDENCE)]
    assert only(any_ledger).verdict is None
    assert "verdict: false alarm" in history(any_ledger, ticket)[-1].reason


def test_nor_one_that_was_told_in_time(any_ledger: Store) -> None:
    """As late as in time: whoever looks at the ticket now has to judge anew."""
    ticket = first(any_ledger)
    step(any_ledger, ticket, State.IN_PROGRESS, at=NOW + MINUTE)
    said(any_ledger, ticket, NOW + 2 * MINUTE, "verdict", verdict="false_alarm")
    step(any_ledger, ticket, State.ON_HOLD, at=NOW + 3 * MINUTE)
    comes(any_ledger, 2, EVENT)
    after = only(any_ledger)
    assert (after.state, after.verdict) == (State.OPEN, None)
    line = next(one for one in history(any_ledger, ticket) if "verdict" in one.reason)
    assert (line.by, line.at, line.reason) == (
        "li",
        NOW + 2 * MINUTE,
        "结论：误报（再次打开之前） / verdict: false alarm, before it was opened again: door lock",
    )


def test_an_older_one_that_is_told_later_replaces_no_newer_one(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    said(any_ledger, ticket, EVENT, "start", "verdict")
    says(any_ledger, ticket, "verdict")
    assert given(only(any_ledger)) == "confirmed"
    said(any_ledger, ticket, HEARD, "complete")
    says(any_ledger, ticket, "verdict", heard=HEARD + MINUTE)
    assert (only(any_ledger).state, given(only(any_ledger))) == (State.COMPLETED, "confirmed")
    with any_ledger.read() as tx:
        kept = [one for one, _ in tx.orders.operations(ticket.id) if one.type == "verdict"]
    assert len(kept) == 3


@pytest.mark.parametrize("ended", [False, True])
def test_a_newer_one_replaces_an_older_one(ledger: Store, *, ended: bool) -> None:
    ticket = first(ledger)
    says(ledger, ticket, "start", "verdict", heard=NOW + 2 * MINUTE)
    said(ledger, ticket, EVENT, "verdict", *(["complete"] if ended else []))
    said(ledger, ticket, HEARD, "verdict", verdict="sensor")
    assert given(only(ledger)) == "sensor"


def test_one_that_is_unknown_is_refused_late_as_in_time(ledger: Store) -> None:
    ticket = held_then_called(ledger)
    sent = op(ticket, "verdict", value={"verdict": "maybe"}, captured_at=NOW.isoformat())
    assert codes(send(ledger, sent, device_now=HEARD, now=HEARD)) == [("rejected", "unknown_verdict")]
    hold = op(ticket, "hold", captured_at=NOW.isoformat())
    assert codes(send(ledger, hold, device_now=HEARD, now=HEARD)) == [("rejected", "reason_required")]


def test_a_hold_is_not_overtaken_by_what_has_a_ticket_of_its_own(any_ledger: Store) -> None:
    """The first ticket is opened again, and held before the second one was made."""
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    says(any_ledger, ticket, "start", "complete")
    done, own = tickets(any_ledger, "lift-1")
    assert (done.state, own.state, alarm(any_ledger).work_order) == (State.COMPLETED, State.OPEN, own.id)
    step(any_ledger, done, State.IN_PROGRESS, at=EVENT - 2 * MINUTE)
    hold = op(done, "hold", value={"reason": "parts"}, captured_at=(EVENT - MINUTE).isoformat())
    assert codes(send(any_ledger, hold, device_now=HEARD + MINUTE, now=HEARD + MINUTE)) == [("applied", None)]
    assert tickets(any_ledger, "lift-1")[0].state is State.ON_HOLD
