"""What the record of a drill has to hold, and what the checklist of drills tells of it."""

from dataclasses import replace

import pytest

from maintenance.incidents.drills import (
    DrillRecord,
    Grade,
    StageTime,
    is_completing,
    lacks,
    merged,
    refuse_without,
    time_problems,
    told_by_checklist,
)
from maintenance.incidents.model import Stage
from maintenance.seed.lists import seed_checklists
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

ORDER = WorkOrder(
    "w1", 7, "demo", Kind.DRILL, Origin.PLAN, State.IN_PROGRESS, LocalName("消防演练", "Fire drill"),
    answers={
        "DR-REC-01": {"outcome": "ok", "text": "B座夜间火警"},
        "DR-REC-02": {"outcome": "ok", "number": 12},
        "DR-REC-03": {"outcome": "ok", "number": 1.5},
        "DR-REC-04": {"outcome": "ok", "number": 4},
        "DR-REC-05": {"outcome": "ok"},
        "DR-REC-06": {"outcome": "not_ok", "remark": "未通知业主"},
        "DR-REC-09": {"outcome": "ok", "text": "对讲机一台没电"},
    },
)  # fmt: skip
WHOLE = told_by_checklist(ORDER)


def test_the_checklist_of_drills_tells_the_whole_record() -> None:
    assert lacks(WHOLE) == []
    assert (WHOLE.scenario, WHOLE.headcount, WHOLE.findings) == ("B座夜间火警", 12, "对讲机一台没电")
    assert WHOLE.times == (StageTime(Stage.REPORT, 1.5), StageTime(Stage.COMMAND, 4))
    assert (WHOLE.grade, WHOLE.evaluation) == (Grade.WITH_FAULTS, "未通知业主")


def test_a_drill_without_a_record_says_everything_that_is_missing() -> None:
    nothing = told_by_checklist(replace(ORDER, answers={}))
    fields = ["scenario", "participants", "findings", "grade", "times.report", "times.command"]
    assert [one.field for one in lacks(nothing)] == [f"drill.{name}" for name in fields]
    with pytest.raises(BadData, match="#7") as caught:
        refuse_without(nothing, 7)
    assert {one.code for one in caught.value.problems} == {"drill_record_missing"}
    refuse_without(WHOLE, 7)


@pytest.mark.parametrize("left_out", list(ORDER.answers))
def test_every_item_of_the_checklist_counts(left_out: str) -> None:
    told = told_by_checklist(replace(ORDER, answers={k: v for k, v in ORDER.answers.items() if k != left_out}))
    judged = left_out in ("DR-REC-05", "DR-REC-06")
    assert bool(lacks(told)) is not judged
    if left_out == "DR-REC-06":
        assert told.grade is Grade.BY_PLAN


def test_what_was_written_goes_before_what_the_checklist_tells() -> None:
    written = DrillRecord("w1", "demo", scenario="电梯困人", times=(StageTime(Stage.COMMAND, 9),), version=3)
    both = merged(written, WHOLE)
    assert (both.scenario, both.version, both.people) == ("电梯困人", 3, 12)
    assert both.times == (StageTime(Stage.REPORT, 1.5), StageTime(Stage.COMMAND, 9))
    assert merged(None, WHOLE) is WHOLE


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ([(Stage.REPORT, 5), (Stage.COMMAND, 4)], "runs_backwards"),
        ([(Stage.COMMAND, 4), (Stage.REPORT, 5)], "runs_backwards"),
        ([(Stage.REPORT, -1)], "runs_backwards"),
        ([(Stage.REPORT, 1), (Stage.REPORT, 2)], "twice"),
    ],
)
def test_times_of_a_drill_do_not_run_backwards(times: list[tuple[Stage, float]], code: str) -> None:
    record = replace(WHOLE, times=tuple(StageTime(*one) for one in times))
    assert [one.code for one in time_problems(record)] == [code]


def test_only_saying_that_it_was_held_asks_for_the_record() -> None:
    assert is_completing(ORDER, State.COMPLETED)
    assert is_completing(ORDER, State.EVIDENCE_PENDING)
    assert not is_completing(ORDER, State.ON_HOLD)
    assert not is_completing(replace(ORDER, state=State.EVIDENCE_PENDING), State.COMPLETED)


def test_the_items_are_those_of_the_seed() -> None:
    steps = {item.step: item.type for item in seed_checklists()["DR-REC"].items}
    assert [steps[f"DR-REC-0{n}"] for n in (1, 2, 3, 4, 5, 6, 9)] == [
        "text", "number", "number", "number", "ok", "ok", "text",
    ]  # fmt: skip
