"""The state machine of work orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maintenance.lifecycle import ENDED, INCOMPLETE, NEXT, transition
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import BadData, IllegalTransition

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ORDER = WorkOrder("o", 1, "demo", Kind.CORRECTIVE, Origin.MODEL, State.OPEN, LocalName("泵", "Pump"))

TABLE = """
scheduled         > open acknowledged in_progress missed bypassed deferred cancelled rejected
open              > acknowledged in_progress on_hold missed bypassed deferred cancelled rejected
acknowledged      > in_progress on_hold missed bypassed deferred cancelled rejected
in_progress       > on_hold evidence_pending completed missed bypassed deferred cancelled rejected
on_hold           > open in_progress missed bypassed deferred cancelled rejected
evidence_pending  > completed in_progress
completed         > verified in_progress open
verified          > open
missed            > in_progress
bypassed          >
deferred          >
cancelled         > in_progress
rejected          >
"""
LEGAL = {
    (State(line.split(">")[0].strip()), State(to))
    for line in TABLE.strip().splitlines()
    for to in line.split(">")[1].split()
}


@pytest.mark.parametrize("start", State)
@pytest.mark.parametrize("to", State)
def test_every_pair_of_states(start: State, to: State) -> None:
    kind = Kind.PREVENTIVE if to is State.MISSED else Kind.CORRECTIVE
    order = replace(ORDER, state=start, kind=kind)
    if (start, to) in LEGAL:
        moved, step = transition(order, to, NOW, "li", "reason", recurrence=True, in_time=True)
        assert (moved.state, step.to, step.by, step.at) == (to, to, "li", NOW)
        assert moved.version == order.version
    else:
        with pytest.raises(IllegalTransition):
            transition(order, to, NOW, "li", "reason", recurrence=True, in_time=True)


def test_the_table_has_every_state() -> None:
    assert set(NEXT) == set(State)
    assert {State(s) for s in ENDED} >= {State.COMPLETED, State.MISSED, State.REJECTED}


@pytest.mark.parametrize("to", [State.ON_HOLD, State.BYPASSED, State.DEFERRED, State.CANCELLED, State.REJECTED])
def test_honest_endings_and_holds_say_why(to: State) -> None:
    with pytest.raises(BadData) as raised:
        transition(replace(ORDER, state=State.IN_PROGRESS), to, NOW, "li", "  ")
    assert raised.value.problems[0].code == "reason_required"


def test_a_completed_order_opens_again_only_when_the_fault_returns() -> None:
    done = replace(ORDER, state=State.COMPLETED, completed_at=NOW, acknowledged_at=NOW)
    with pytest.raises(IllegalTransition):
        transition(done, State.OPEN, NOW, "li", "want it back")
    again, _ = transition(done, State.OPEN, NOW, "system", "came back", recurrence=True)
    assert (again.reopened, again.completed_at, again.acknowledged_at, again.opened_at) == (1, None, None, NOW)


def test_a_hold_ends_with_the_events_return_and_asks_for_acknowledgement_again() -> None:
    before = NOW - timedelta(days=2)
    held = replace(ORDER, state=State.ON_HOLD, hold_reason="parts", opened_at=before, acknowledged_at=before)
    with pytest.raises(IllegalTransition):
        transition(held, State.OPEN, NOW, "li", "want it back")
    with pytest.raises(BadData):
        transition(held, State.OPEN, NOW, "system", recurrence=True)
    again, step = transition(held, State.OPEN, NOW, "system", "came again", recurrence=True)
    assert (again.state, again.hold_reason, again.acknowledged_at, again.arrived_at) == (State.OPEN, None, None, None)
    assert (again.opened_at, again.reopened, step.reason) == (NOW, 0, "came again")


def test_critical_work_is_verified_by_somebody_else() -> None:
    done = replace(ORDER, state=State.COMPLETED, severity=Severity.CRITICAL)
    with pytest.raises(IllegalTransition):
        transition(done, State.VERIFIED, NOW, "li", completed_by="li")
    assert transition(done, State.VERIFIED, NOW, "wang", completed_by="li")[0].verified_at == NOW


def test_general_work_may_be_verified_by_the_same_person() -> None:
    done = replace(ORDER, state=State.COMPLETED)
    assert transition(done, State.VERIFIED, NOW, "li", completed_by="li")[0].state is State.VERIFIED


def test_evidence_that_is_pending_cannot_be_verified() -> None:
    with pytest.raises(IllegalTransition):
        transition(replace(ORDER, state=State.EVIDENCE_PENDING), State.VERIFIED, NOW, "wang")


def test_planned_work_is_not_rejected_and_tickets_are_not_missed() -> None:
    with pytest.raises(IllegalTransition):
        transition(ORDER, State.MISSED, NOW, "li", "why")
    with pytest.raises(IllegalTransition):
        transition(replace(ORDER, kind=Kind.PREVENTIVE), State.REJECTED, NOW, "li", "why")


def test_starting_sets_the_clocks_that_were_not_set() -> None:
    moved, _ = transition(ORDER, State.IN_PROGRESS, NOW, "li")
    assert (moved.acknowledged_at, moved.arrived_at, moved.opened_at) == (NOW, NOW, NOW)


def test_a_time_ahead_of_the_record_counts_as_the_record() -> None:
    moved, step = transition(ORDER, State.ACKNOWLEDGED, NOW + timedelta(hours=5), "li", recorded_at=NOW)
    assert moved.acknowledged_at == step.at == NOW


@pytest.mark.parametrize("ended", [State.MISSED, State.CANCELLED])
def test_what_has_ended_goes_on_only_when_it_was_done_before(ended: State) -> None:
    order = replace(ORDER, kind=Kind.PREVENTIVE, state=ended, end_reason="too late")
    with pytest.raises(IllegalTransition):
        transition(order, State.IN_PROGRESS, NOW, "li", "want it back")
    going, _ = transition(order, State.IN_PROGRESS, NOW, "li", "heard of later", in_time=True)
    assert (going.state, going.end_reason) == (State.IN_PROGRESS, None)


def test_a_time_before_2000_is_refused() -> None:
    with pytest.raises(BadData) as raised:
        transition(ORDER, State.IN_PROGRESS, datetime(1970, 1, 1, tzinfo=UTC), "li", recorded_at=NOW)
    assert raised.value.problems[0].field == "at"


def test_verifying_what_is_incomplete_needs_a_reason() -> None:
    done = replace(ORDER, state=State.COMPLETED, tags=(INCOMPLETE,))
    with pytest.raises(BadData):
        transition(done, State.VERIFIED, NOW, "wang")
    assert transition(done, State.VERIFIED, NOW, "wang", "paper form seen")[0].state is State.VERIFIED
