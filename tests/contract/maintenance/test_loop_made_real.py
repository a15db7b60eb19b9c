"""What a loop test leaves standing is a real alarm for people, whatever was done about its ticket before that: it rings
anew, nobody has taken note of it, and there is work to do."""

from dataclasses import replace
from typing import Any

import pytest

from maintenance.alarm_list import alarm_list
from maintenance.episode_rules import LOOP_TEST, work_is_done
from maintenance.episodes import Episode, EpisodeState
from maintenance.loop_tests import CheckResult
from maintenance.shelving import acknowledge
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Severity
from plantroom.ports.paging import EVERYTHING, Scope
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.loop_walk import S, Walk
from tests.contract.maintenance.loop_walk import walk as plain
from tests.contract.maintenance.tablet import op, send
from tests.contract.maintenance.test_coming_again import history
from tests.contract.maintenance.test_loop_echoes import FIRE, Told, asked, event, latest, value, walk
from tests.contract.maintenance.test_loop_value_echoes import asked_for_the_value
from tests.contract.maintenance.test_over_with_work import HOUR, look
from tests.contract.maintenance.test_told_meanwhile import MINUTE

__all__ = ["plain", "walk"]

CALL = Told("panel", "manual_call_point", "active_alarms:alarm_high", "fire")
"""No other event ends it, unlike ``FIRE``."""

DONE = (State.IN_PROGRESS, State.COMPLETED)
ASKED = [asked, asked_for_the_value]


def words(walk: Walk, ticket: WorkOrder, at: Any, *steps: State) -> None:
    """Somebody's steps at that time, of which we hear now."""
    with walk.ledger.begin() as tx:
        for to in steps:
            apply_transition(tx, ticket.id, to, at, "li", "parts", now=walk.now, person=True)


def tells(walk: Walk, ticket: WorkOrder, at: Any, *said: str) -> None:
    """A tablet's words from that time, of which we hear now."""
    value = {"verdict": {"verdict": "false_alarm"}, "hold": {"reason": "parts"}}
    sent = [op(ticket, one, value=value.get(one, {}), captured_at=at.isoformat()) for one in said]
    answers = send(walk.ledger, *sent, device_now=walk.now, now=walk.now)
    assert {one.status for one in answers} == {"applied"}


def finish(walk: Walk) -> None:
    walk.after(60).keep(lambda keeper: keeper.finish(walk.test.id, "wang"))


def told(walk: Walk) -> int:
    """How many alarms people were told of."""
    with walk.ledger.read() as tx:
        return len(tx.alarms.announced(Scope(frozenset({"demo"})), NOW, walk.now + S, 100))


def unseen(walk: Walk, what: Told, ask: Any, *steps: State) -> WorkOrder:
    """A value at 10 s, its event at 20 s; of steps from 15 s we hear at 40 s, and of the value's end at 50 s."""
    ask(walk, what)
    raised = value(walk, what)
    walk.comes(raised)
    walk.after(10).comes(event(walk, what))
    walk.after(20)
    (ticket,) = walk.tickets(what.asset)
    words(walk, ticket, walk.now - 25 * S, *steps)
    walk.look()
    walk.after(10).comes(walk.over(raised))
    walk.look()
    return ticket


def of_a_real_alarm(walk: Walk, done: WorkOrder) -> None:
    """The alarm stands, real, unacknowledged, on an open ticket of its own that the history of the other one names."""
    own, alarm = walk.tickets("panel")[-1], latest(walk)
    assert own.number > done.number
    assert (own.state, own.safety, LOOP_TEST in own.tags, "回路测试" in own.title.zh) == (
        State.OPEN,
        True,
        False,
        False,
    )
    assert (alarm.state, alarm.work_order, LOOP_TEST in alarm.tags) == (EpisodeState.OPEN, own.id, False)
    assert alarm.acknowledged_by is None
    assert any(one.reason.endswith(f"#{own.number}") for one in history(walk.ledger, done))


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("what", [FIRE, CALL], ids=["fire_alarm", "manual_call_point"])
def test_work_from_before_the_event_leaves_it_a_ticket_of_its_own(walk: Walk, what: Told, ask: Any) -> None:
    ticket = unseen(walk, what, ask, *DONE)
    before = told(walk)
    finish(walk)
    assert walk.checks()[0].result is CheckResult.FAILED
    of_a_real_alarm(walk, ticket)
    assert told(walk) == before + 1
    look(walk.ledger, walk.now + 2 * HOUR)
    of_a_real_alarm(walk, ticket)


@pytest.mark.parametrize("what", [FIRE, CALL], ids=["fire_alarm", "manual_call_point"])
def test_so_does_a_ticket_that_was_rejected_before_the_event(walk: Walk, what: Told) -> None:
    ticket = unseen(walk, what, asked, State.REJECTED)
    finish(walk)
    of_a_real_alarm(walk, ticket)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_what_still_stands_after_the_work_of_the_test_has_a_ticket_at_once(walk: Walk, *, late: bool) -> None:
    """Work on the ticket of a test is no work on the fault."""
    asked(walk)
    walk.comes(event(walk))
    (ticket,) = walk.tickets("panel")
    walk.after(10)
    done = walk.now
    if not late:
        words(walk, ticket, done, *DONE)
        walk.look()
    finish(walk)
    if late:
        words(walk.after(60), ticket, done, *DONE)
    of_a_real_alarm(walk, ticket)


@pytest.mark.parametrize("what", [FIRE, CALL], ids=["fire_alarm", "manual_call_point"])
@pytest.mark.parametrize("steps", [(State.ACKNOWLEDGED,), (State.IN_PROGRESS,), DONE])
def test_who_took_it_for_the_test_has_taken_note_of_no_real_alarm_whenever_we_hear_of_it(
    walk: Walk, what: Told, steps: tuple[State, ...]
) -> None:
    asked(walk, what)
    walk.comes(event(walk, what))
    (ticket,) = walk.tickets("panel")
    accepted = walk.after(10).now
    finish(walk)
    words(walk.after(60), ticket, accepted, *steps)
    alarm = latest(walk)
    assert (alarm.state, alarm.acknowledged_by) == (EpisodeState.OPEN, None)
    assert walk.tickets("panel")[-1].state is (State.OPEN if steps == DONE else steps[-1])
    look(walk.ledger, walk.now + MINUTE)
    assert latest(walk).state is EpisodeState.OPEN
    with walk.ledger.begin() as tx:
        acknowledge(tx, alarm.id, "li", walk.now)
    assert latest(walk).acknowledged_by == "li"


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_a_hold_of_the_tests_ticket_ends_with_the_test(walk: Walk, *, late: bool) -> None:
    asked(walk)
    walk.comes(event(walk))
    (ticket,) = walk.tickets("panel")
    held = walk.after(10).now
    if not late:
        words(walk, ticket, held, State.IN_PROGRESS, State.ON_HOLD)
    finish(walk)
    if late:
        tells(walk.after(60), ticket, held, "start", "hold")
    assert walk.tickets("panel")[0].state is (State.IN_PROGRESS if late else State.OPEN)
    assert (latest(walk).acknowledged_by, LOOP_TEST in latest(walk).tags) == (None, False)


def test_a_sensor_that_is_left_out_makes_it_real_at_once(walk: Walk) -> None:
    ticket = unseen(walk, CALL, asked, *DONE)
    walk.keep(lambda keeper: keeper.skip(walk.test.id, 1, "wang", "no time"))
    of_a_real_alarm(walk, ticket)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_what_nobody_saw_goes_over_to_a_real_alarm_that_follows_it(walk: Walk, *, late: bool) -> None:
    """Both are of one failure mode."""
    asked_for_the_value(walk, CALL)
    walk.comes(value(walk, CALL))
    (ticket,) = walk.tickets("panel")
    done = walk.after(5).now
    if not late:
        words(walk, ticket, done, *DONE)
    walk.after(5).comes(event(walk, CALL))
    if late:
        words(walk.after(5), ticket, done, *DONE)
    walk.after(5).comes(event(walk))
    finish(walk)
    look(walk.ledger, walk.now + MINUTE)
    assert {"rule:manual_call_point", "rule:fire_alarm"} <= set(latest(walk).open_subjects)
    assert (latest(walk).acknowledged_by, walk.tickets("panel")[-1].state) == (None, State.OPEN)


def vibrates(walk: Walk) -> WorkOrder:
    """No safety alarm."""
    walk.start("pump-1", points=["vibration"])
    walk.after(10).comes(walk.limit(severity=Severity.MAJOR))
    (ticket,) = walk.tickets("pump-1")
    return ticket


LATE = pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])


@LATE
@pytest.mark.parametrize(
    "steps",
    [DONE, (State.REJECTED,), (State.CANCELLED,), ("start", "verdict", "complete")],
    ids=["done", "rejected", "cancelled", "false_alarm"],
)
def test_what_is_no_safety_alarm_is_made_real_in_the_same_way(
    walk: Walk, steps: tuple[Any, ...], *, late: bool
) -> None:
    ticket, at = vibrates(walk), walk.after(10).now
    say: Any = words if isinstance(steps[0], State) else tells
    if not late:
        say(walk, ticket, at, *steps)
    finish(walk)
    if late:
        say(walk.after(60), ticket, at, *steps)
    done, own = walk.tickets("pump-1")
    assert (work_is_done(done), own.state, LOOP_TEST in own.tags) == (True, State.OPEN, False)
    (alarm,) = standing(walk)
    assert (alarm.work_order, alarm.acknowledged_by) == (own.id, None)
    assert any(one.reason.endswith(f"#{own.number}") for one in history(walk.ledger, done))
    words(walk, own, walk.after(60).now, *DONE)
    assert len(walk.tickets("pump-1")) == 2, "this work was for the fault"


@LATE
def test_a_hold_of_it_ends_too_and_a_verdict_does_not_count(walk: Walk, *, late: bool) -> None:
    ticket, at = vibrates(walk), walk.after(10).now
    if not late:
        tells(walk, ticket, at, "start", "verdict", "hold")
    finish(walk)
    if late:
        tells(walk.after(60), ticket, at, "start", "verdict", "hold")
    (same,) = walk.tickets("pump-1")
    assert (same.state, same.verdict) == (State.IN_PROGRESS if late else State.OPEN, None)
    assert any("verdict: false alarm" in one.reason for one in history(walk.ledger, ticket)) or not late
    assert standing(walk)[0].acknowledged_by is None


@LATE
def test_a_verdict_on_the_test_is_none_on_the_fault(walk: Walk, *, late: bool) -> None:
    ticket, at = vibrates(walk), walk.after(10).now
    if not late:
        tells(walk, ticket, at, "start", "verdict")
    finish(walk)
    if late:
        tells(walk.after(60), ticket, at, "start", "verdict")
    words(walk, ticket, walk.after(60).now, State.COMPLETED)
    look(walk.ledger, walk.now + HOUR)
    (same,) = walk.tickets("pump-1")
    assert (same.state, same.verdict) == (State.OPEN, None)
    assert any("false alarm, " in one.reason for one in history(walk.ledger, ticket))


def test_an_event_of_it_that_no_other_one_ends_is_not_over_with_work_that_was_for_the_test(walk: Walk) -> None:
    what = replace(event(walk, CALL), safety=False, severity=Severity.MAJOR)
    asked(walk, CALL)
    walk.comes(what)
    (ticket,) = walk.tickets("panel")
    at = walk.after(10).now
    finish(walk)
    words(walk.after(60), ticket, at, *DONE)
    assert [one.state for one in walk.tickets("panel")] == [State.COMPLETED, State.OPEN]
    assert standing(walk)[0].work_order == walk.tickets("panel")[1].id
    look(walk.ledger, walk.now + MINUTE)
    assert len(standing(walk)) == 1


def standing(walk: Walk) -> list[Episode]:
    with walk.ledger.read() as tx:
        return [one.episode for one in alarm_list(tx, EVERYTHING, tx.assets.plant(), walk.now)]


def test_what_somebody_saw_in_time_is_over_with_the_test(walk: Walk) -> None:
    asked(walk, CALL)
    walk.comes(event(walk, CALL))
    (ticket,) = walk.tickets("panel")
    words(walk, ticket, walk.after(10).now, *DONE)
    walk.look()
    finish(walk)
    assert walk.checks()[0].result is CheckResult.PASSED
    assert ([one.state for one in walk.tickets("panel")], standing(walk)) == ([State.COMPLETED], [])


@LATE
@pytest.mark.parametrize(
    ("said", "state"),
    [
        (("start", "verdict"), State.IN_PROGRESS),
        (("start", "hold"), State.ON_HOLD),
        (("start", "verdict", "complete"), State.REJECTED),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_what_is_said_of_a_real_ticket_that_took_the_tests_alarm_over_counts(
    walk: Walk, said: tuple[str, ...], state: State, *, late: bool
) -> None:
    vibrates(walk)
    walk.after(5).comes(walk.limit(severity=Severity.MAJOR, subject="temp:alarm_high", finding_id="temp"))
    real = walk.tickets("pump-1")[-1]
    at = walk.after(10).now
    if not late:
        tells(walk, real, at, *said)
    finish(walk)
    if late:
        tells(walk.after(60), real, at, *said)
    now = next(one for one in walk.tickets("pump-1") if one.id == real.id)
    assert (now.state, now.verdict is not None) == (state, "verdict" in said)
    assert not any("for the loop test that it was" in one.reason for one in history(walk.ledger, real))
