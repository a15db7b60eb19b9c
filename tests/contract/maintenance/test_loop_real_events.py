"""An asked-for event that is no test's: its check says that it is real, and never that no alarm came."""

from datetime import timedelta

import pytest

from maintenance.loop_tests import CheckResult, LoopCheck, Step
from plantroom.cli.loop_tests import _line
from plantroom.ports.device_clocks import DeviceClock
from tests.contract.maintenance.loop_walk import Walk, states, walk
from tests.contract.maintenance.test_loop_zones import FIRE, RESET, told

__all__ = ["walk"]


def comes(walk: Walk, *tags: str, observed: timedelta = timedelta()) -> str:
    """The event of zone 7, in the history and as a finding."""
    detail = {"event": FIRE, "data": {"zone": 7}, "tags": list(tags)}
    raised = walk.event(FIRE, "panel", detail=detail, observed_at=walk.now + observed)
    told(walk, FIRE, {"zone": 7}, raised.finding_id, tags=list(tags), observed=observed)
    walk.comes(raised)
    return raised.finding_id


def asked(walk: Walk) -> None:
    walk.start("panel", events=[FIRE], data={"zone": 7})
    walk.after(10)


def failed(walk: Walk) -> LoopCheck:
    (check,) = walk.after(700).look()
    assert check.result is CheckResult.FAILED
    return check


@pytest.mark.parametrize(
    ("tag", "words"), [("clock_wrong", "with a time that cannot be"), ("repeated", "it stood before and had not ended")]
)
def test_its_tag_is_said_while_the_check_waits_and_when_it_has_failed(walk: Walk, tag: str, words: str) -> None:
    asked(walk)
    comes(walk, tag)
    (check,) = walk.look()
    assert states(check) == ["seen", "seen", "waiting", "waiting", "waiting"]
    assert words in check.step(Step.READING).note.en
    assert "loop_test" not in walk.tickets("panel")[0].tags
    check = failed(walk)
    assert words in check.reason.en
    assert "real, and so is any ticket of it" in check.reason.en
    assert "真实工单" in check.reason.zh
    assert _line(check).count(words) == 1


def test_one_outside_its_window_is_said_to_be_so(walk: Walk) -> None:
    """Its clock is a minute ahead: it was before the question."""
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock("panel", 60_000, walk.now)])
    asked(walk)
    comes(walk, observed=timedelta(seconds=1))
    (check,) = walk.look()
    assert "outside the window" in _line(check)
    assert "outside the window" in failed(walk).reason.en


@pytest.mark.parametrize("off_s", [-3600, -60, 290])
def test_so_is_one_that_came_in_time_by_a_clock_that_nobody_has_measured(walk: Walk, off_s: int) -> None:
    asked(walk)
    comes(walk, observed=timedelta(seconds=off_s))
    (check,) = walk.look()
    assert states(check) == ["seen", "seen", "waiting", "waiting", "waiting"]
    assert "outside the window" in _line(check)
    assert "loop_test" not in walk.tickets("panel")[0].tags
    assert "outside the window" in failed(walk).reason.en


def test_one_that_came_before_the_question_is_not_spoken_of(walk: Walk) -> None:
    comes(walk)
    asked(walk.after(60))
    (check,) = walk.look()
    assert states(check)[:2] == ["waiting", "waiting"]


def test_one_without_an_alarm_that_happened_before_the_question_proves_nothing(walk: Walk) -> None:
    walk.start("panel", events=[RESET])
    walk.after(10)
    told(walk, RESET, {}, "old", observed=timedelta(seconds=-60))
    (check,) = walk.look()
    assert states(check) == ["seen", "waiting", "not_applicable", "not_applicable", "not_applicable"]
    assert "outside the window" in check.step(Step.SENSOR).note.en
    before = check
    assert walk.look() == [before]
    walk.after(10)
    told(walk, RESET, {}, "new")
    (check,) = walk.look()
    assert (check.result, check.step(Step.SENSOR).evidence) == (CheckResult.PASSED, "new")


def test_and_says_so_when_no_other_came(walk: Walk) -> None:
    walk.start("panel", events=[RESET])
    walk.after(10)
    told(walk, RESET, {}, observed=timedelta(seconds=-60))
    walk.look()
    assert "outside the window" in failed(walk).reason.en


def test_the_one_that_answers_later_takes_its_place(walk: Walk) -> None:
    asked(walk)
    comes(walk, "repeated")
    walk.look()
    walk.after(10)
    told(walk, RESET, {"zone": 7})
    walk.comes(walk.over(walk.event(FIRE, "panel")))
    walk.after(10)
    answer = comes(walk)
    (check,) = walk.look()
    assert {check.step(one).evidence for one in (Step.SENSOR, Step.READING, Step.ALARM)} == {answer}
    assert check.step(Step.SENSOR).at == walk.now
    assert check.step(Step.READING).note.zh == ""


def test_of_two_the_one_that_may_be_the_tests_is_shown(walk: Walk) -> None:
    asked(walk)
    told(walk, FIRE, {"zone": 7}, "sound")
    walk.after(1)
    told(walk, FIRE, {"zone": 7}, "again", tags=["repeated"])
    (check,) = walk.look()
    assert (check.step(Step.READING).evidence, check.step(Step.READING).note.zh) == ("sound", "")


def test_the_end_of_an_event_has_no_alarm_that_could_be_real(walk: Walk) -> None:
    walk.start("panel", events=[RESET])
    walk.after(10)
    told(walk, RESET, {}, tags=["clock_wrong"])
    (check,) = walk.look()
    assert (check.result, check.step(Step.READING).note.zh) == (CheckResult.PASSED, "")
