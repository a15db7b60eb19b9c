"""Who accepted a ticket on a tablet without a network, before what a loop test waits for came, has not seen that."""

from typing import Any

import pytest

from maintenance.loop_tests import CheckResult, LoopCheck, Step
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from tests.contract.maintenance.loop_walk import TRAPPED, S, Walk
from tests.contract.maintenance.test_loop_echoes import asked, event, latest, plain, tickets, value, walk
from tests.contract.maintenance.test_loop_value_echoes import asked_for_the_value

__all__ = ["plain", "walk"]


def person(check: LoopCheck) -> str | None:
    return check.step(Step.PERSON).evidence


def value_then_event(walk: Walk) -> WorkOrder:
    """A tested value at 10 s, the event that comes with it at 20 s; it is 40 s."""
    asked_for_the_value(walk)
    walk.comes(value(walk))
    walk.after(10).comes(event(walk))
    walk.after(20)
    return walk.tickets("panel")[0]


def value_then_asked_event(walk: Walk) -> WorkOrder:
    """The same, of a tested event."""
    asked(walk)
    walk.comes(value(walk))
    walk.after(10).comes(event(walk))
    walk.after(20)
    return walk.tickets("panel")[0]


def event_of_a_fault(walk: Walk) -> WorkOrder:
    """A tested event that joins, at 20 s, the real ticket of an earlier one; it is 40 s."""
    walk.comes(event(walk))
    asked(walk)
    walk.after(70).comes(event(walk))
    walk.after(20)
    return walk.tickets("panel")[0]


@pytest.mark.parametrize("what", [value_then_event, value_then_asked_event, event_of_a_fault])
def test_who_accepted_before_the_event_came_is_not_its_person(walk: Walk, what: Any) -> None:
    ticket = what(walk)
    walk.accept(ticket, at=walk.now - 25 * S)
    (check,) = walk.look()
    assert (check.result, person(check)) == (CheckResult.ANSWERED, None)
    if what is not event_of_a_fault:
        assert latest(walk).acknowledged_by is None, "nobody has taken note of the event"
    walk.keep(lambda keeper: keeper.confirm(walk.test.id, 1, "wang"))
    (check,) = walk.checks()
    assert (check.result, person(check)) == (CheckResult.PASSED, "wang")


@pytest.mark.parametrize("what", [value_then_event, value_then_asked_event, event_of_a_fault])
def test_who_accepted_after_the_event_came_is_its_person_however_late_that_is_heard_of(walk: Walk, what: Any) -> None:
    ticket = what(walk)
    walk.accept(ticket, at=walk.now - 15 * S)
    (check,) = walk.look()
    assert (check.result, person(check)) == (CheckResult.PASSED, "li")
    assert latest(walk).acknowledged_by == "li"


def test_who_begins_the_work_later_is_the_person_whenever_the_ticket_was_accepted(walk: Walk) -> None:
    ticket = value_then_event(walk)
    walk.accept(ticket, at=walk.now - 25 * S)
    with walk.ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.IN_PROGRESS, walk.now, "li", now=walk.now, person=True)
    (check,) = walk.look()
    assert (check.result, person(check)) == (CheckResult.PASSED, "li")
    assert latest(walk).acknowledged_by == "li"


@pytest.mark.parametrize("what", [value_then_event, value_then_asked_event])
def test_an_event_that_nobody_saw_is_real_when_the_test_ends(walk: Walk, what: Any) -> None:
    walk.accept(what(walk), at=walk.now - 25 * S)
    walk.look()
    walk.after(60).keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert tickets(walk) == [(State.ACKNOWLEDGED, False)]
    assert latest(walk).acknowledged_by is None


def test_a_tablet_whose_clock_is_a_little_slow_accepts_a_ticket_that_the_test_itself_opened(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(20).comes(walk.event(TRAPPED))
    walk.after(1).accept(walk.tickets("lift-1")[0], at=walk.now - 2 * S)
    (check,) = walk.look()
    assert (check.result, person(check)) == (CheckResult.PASSED, "li")
