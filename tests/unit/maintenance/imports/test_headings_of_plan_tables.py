"""Headings that people give the columns of a plan table: each is read, or it is said that it is not."""

from datetime import date

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import AppliesTo, PlanRow
from maintenance.seed.loader import plan_rows

LIFT = Machine("k1", "demo", "EL-01", "elevator")


def table(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    machines = Machines(lambda: [(LIFT.code, LIFT)])
    return PlanImport(plan_rows(), None, machines=machines, problems=problems).run(rows)


def row_of(found: Outcome) -> PlanRow:
    assert not found.problems.errors, found.problems.errors
    (row,) = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    return row


def ignored(found: Outcome) -> list[str]:
    return [one.column for one in found.problems.warnings if one.code == "ignored_column"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [("类别", "子系统"), ("類別", "子系統"), ("子系统", "设备类别"), ("系统", "子系统"), ("类别", "设备类别")],
)
def test_a_subsystem_stands_between_the_category_and_the_equipment(wide: str, narrow: str) -> None:
    found = table(f"{wide},{narrow},保养内容,保养周期\n空调系统,冷却塔,换填料,每年\n")
    assert row_of(found).applies_to == AppliesTo(classes=("cooling_tower",))
    assert not ignored(found)


@pytest.mark.parametrize("heading", ["电梯台账编号", "電梯台賬編號", "设备台账编号", "台账编号", "电梯编号"])
def test_the_number_in_the_ledger_names_the_machine(heading: str) -> None:
    assert row_of(table(f"系统,{heading},保养内容,周期\n电梯,EL-01,擦拭轿厢,每月\n")).applies_to.assets == ("k1",)
    assert row_of(table(f"{heading},保养内容,周期\nEL-01,擦拭轿厢,每月\n")).applies_to.assets == ("k1",)


@pytest.mark.parametrize(
    "heading", ["下次保養日", "下次保养日", "下次维保时间", "開始時間", "开始时间", "计划开始时间", "Start time"]
)
def test_the_next_day_is_where_dates_count_from(heading: str) -> None:
    head = f"系统,保养内容,周期,{heading}\n照明系统,擦拭灯罩,每月,"
    assert row_of(table(f"{head}2026-12-10\n")).anchor == date(2026, 12, 10)
    found = table(f"{head}9:00\n")
    assert row_of(found).anchor is None
    assert [(one.column, one.value) for one in found.problems.warnings if one.code == "date_ignored"] == [
        (heading, "9:00")
    ]


@pytest.mark.parametrize("heading", ["最近一次保養日期", "上次保养时间", "上次检修日期", "最近维保日期"])
def test_last_days_are_said_to_belong_into_a_table_of_their_own(heading: str) -> None:
    found = table(f"系统,保养内容,周期,{heading}\n照明系统,擦拭灯罩,每月,2026-11-10\n")
    assert row_of(found).anchor is None
    (told,) = [one for one in found.problems.warnings if one.code == "ignored_column"]
    assert told.column == heading
    assert "last_completions" in told.message


@pytest.mark.parametrize(("person", "group"), [("责任人", "责任班组"), ("负责人", "班组"), ("PIC", "Team")])
def test_a_group_of_people_is_the_department_before_a_person(person: str, group: str) -> None:
    found = table(f"系统,内容,周期,{person},{group}\n照明系统,擦拭灯罩,每月,张三,空调维修部门\n")
    assert row_of(found).department.zh == "空调维修部门"
    assert ignored(found) == [person]


@pytest.mark.parametrize("heading", ["保养类别", "备注"])
def test_what_is_not_read_is_said(heading: str) -> None:
    assert ignored(table(f"系统,保养内容,周期,{heading}\n照明系统,擦拭灯罩,每月,一级保养\n")) == [heading]
