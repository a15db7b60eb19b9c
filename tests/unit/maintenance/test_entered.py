"""When finished work was entered, beside when it says that it was done."""

from datetime import UTC, datetime, timedelta

from maintenance.entered import RECORDED_LATE, Entered, entered_late, is_late
from maintenance.figures.compliance import plan_counts
from maintenance.work_orders import Operation, State, Transition
from tests.unit.maintenance.test_figures import WEEKLY

DONE = datetime(2026, 3, 9, 2, tzinfo=UTC)
LATER = DONE + timedelta(days=3)


def step(to: State, recorded_at: datetime, at: datetime = DONE) -> Transition:
    return Transition("w1", to, at, recorded_at, "li")


def test_a_day_is_still_in_time_and_what_nobody_knows_is_not_late() -> None:
    assert not is_late(DONE, DONE + RECORDED_LATE)
    assert is_late(DONE, DONE + RECORDED_LATE + timedelta(seconds=1))
    assert not is_late(DONE, None)
    assert not is_late(None, LATER)


def test_work_that_waits_for_its_files_was_entered_when_it_began_to_wait() -> None:
    steps = [step(State.EVIDENCE_PENDING, DONE + timedelta(hours=1)), step(State.COMPLETED, LATER)]
    assert entered_late(DONE, steps) is None


def test_only_the_completion_that_stands_counts() -> None:
    again = DONE + timedelta(days=10)
    steps = [step(State.COMPLETED, LATER), step(State.OPEN, LATER, LATER), step(State.COMPLETED, again, again)]
    assert entered_late(again, steps) is None
    assert entered_late(None, steps) is None
    assert entered_late(DONE, steps) == Entered(DONE, LATER)


def test_a_tablet_s_own_word_is_named() -> None:
    sent = Operation("o1", "f", "tab-7", "li", "complete", "w1", None, 1, DONE, {}, DONE)
    found = entered_late(DONE, [step(State.COMPLETED, LATER)], [sent])
    assert found is not None
    assert (found.device, found.hours) == ("tab-7", 72.0)


def test_the_figures_count_what_was_entered_late_within_what_was_done() -> None:
    in_time = WEEKLY._replace(state="done", completed_at=DONE, recorded_at=DONE + timedelta(hours=3))
    counts = plan_counts([in_time, in_time._replace(recorded_at=LATER)], LATER, UTC)
    assert (counts.due, counts.in_time, counts.recorded_late) == (2, 2, 1)
