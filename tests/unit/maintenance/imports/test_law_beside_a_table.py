"""What a table says of work that the law asks for: for single machines, or at another interval."""

from dataclasses import replace

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.problems import Problem
from maintenance.imports.reading import read_plan_table
from maintenance.plan import AppliesTo, PlanRow
from maintenance.seed.loader import plan_rows

LIFT = Machine("k1", "demo", "DT-01", "elevator", ("1号客梯", "Passenger lift 1"))
TOWER = Machine("k2", "demo", "CT-01", "cooling_tower", ("1#冷却塔", "Tower 1"))
BY_CODE = "系统,适用设备编号,维护内容,维护周期"
BY_NAME = "系统,设备,维护内容,维护周期"


def table(lines: str, head: str, known: tuple[PlanRow, ...] = ()) -> Outcome:
    rows, problems = read_plan_table(f"{head}\n{lines}\n".encode(), "plan.csv")
    machines = Machines(lambda: [(one.code, one) for one in (LIFT, TOWER)])
    found = PlanImport([*plan_rows(), *known], "demo", machines=machines, problems=problems).run(rows)
    assert not found.problems.errors, found.problems.errors
    return found


def told(found: Outcome, code: str) -> list[Problem]:
    return [one for one in found.problems.warnings if one.code == code]


def rows_of(found: Outcome) -> list[PlanRow]:
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


@pytest.mark.parametrize(("head", "word"), [(BY_CODE, "DT-01"), (BY_NAME, "1号客梯")])
@pytest.mark.parametrize("often", ["每10天", "每7天", "每5天"])
@pytest.mark.parametrize("task", ["半月维保", "半月保养", "15天维保"])
def test_work_of_the_law_for_one_machine_at_another_interval_is_told(
    head: str, word: str, often: str, task: str
) -> None:
    found = table(f"电梯系统,{word},{task},{often}", head)
    assert [row.applies_to for row in rows_of(found)] == [AppliesTo(assets=("k1",))]
    (warning,) = told(found, "beside_law")
    assert (warning.row, warning.column, warning.value) == (2, "维护内容", task)
    for part in (
        "EL-HM 半月维保（每15天一次）照常安排", "两项都会安排", "“满足项目”列填 EL-HM", "“编号”（计划编号）",
        "EL-HM Half-month maintenance (every 15 days)", "both are planned", "give EL-HM in the column Fulfils",
    ):  # fmt: skip
        assert part in warning.message


def test_a_row_of_its_own_code_is_told_too_and_one_that_stands_for_the_law_is_not() -> None:
    found = table("PM-7,电梯系统,DT-01,半月维保,每10天", f"编号,{BY_CODE}")
    assert [row.code for row in rows_of(found)] == ["PM-7"]
    assert len(told(found, "beside_law")) == 1
    found = table("电梯系统,DT-01,半月维保,每10天,EL-HM", f"{BY_CODE},满足项目")
    assert told(found, "beside_law") == []
    assert [row.fulfils for row in rows_of(found)] == [("EL-HM",)]


def test_work_of_the_law_done_more_often_on_all_machines_is_told_where_it_stays_apart() -> None:
    found = table("电梯系统,半月保养,每5天", "系统,维护内容,维护周期")
    assert [row.code for row in rows_of(found)] == ["ELEVATOR-5DAY"]
    (warning,) = told(found, "beside_law")
    assert "EL-HM 半月维保（每15天一次）照常安排，本行（每5天一次）" in warning.message
    assert "满足项目" not in warning.message


@pytest.mark.parametrize("task", ["半月维保", "半月保养"])
def test_a_stricter_line_for_all_machines_tightens_the_row_of_the_law(task: str) -> None:
    (row,) = rows_of(table(f"电梯系统,{task},每10天", "系统,维护内容,维护周期"))
    assert (row.code, row.interval.every, row.applies_to.classes) == ("EL-HM", 10, ("elevator",))
    (row,) = rows_of(table("EL-HM,电梯系统,半月保养,每5天", "编号,系统,维护内容,维护周期"))
    assert (row.code, row.interval.every) == ("EL-HM", 5)


@pytest.mark.parametrize(("head", "word"), [(BY_CODE, "DT-01"), (BY_NAME, "1号客梯")])
@pytest.mark.parametrize(
    ("task", "often", "code"),
    [
        ("半月维保", "每15天", "EL-HM"), ("半月保养", "半月一次", "EL-HM"), ("维保", "每15天", "EL-HM"),
        ("季度保养", "每季度", "EL-Q"), ("年检", "每年", "EL-INSP"), ("年度自检", "每年", "EL-SELF"),
    ],
)  # fmt: skip
def test_what_the_law_s_row_has_already_is_no_second_row(
    head: str, word: str, task: str, often: str, code: str
) -> None:
    found = table(f"电梯系统,{word},{task},{often}", head)
    assert [(row["code"], row["action"]) for row in found.rows] == [(code, "unchanged")]
    (warning,) = told(found, "law_has_it")
    assert (warning.column, warning.value) == ("维护内容", task)
    assert f"法规项目 {code}" in warning.message
    assert not found.changes


def test_the_machine_before_the_task_is_no_part_of_the_work() -> None:
    found = table("电梯系统,1号客梯半月维保,每15天\n电梯系统,1号客梯半月保养,每7天", "系统,维护内容,维护周期")
    assert [(row["code"], row["action"]) for row in found.rows] == [
        ("EL-HM", "unchanged"),
        ("ELEVATOR-7DAY", "created"),
    ]
    assert [[one.row for one in told(found, code)] for code in ("law_has_it", "beside_law")] == [[2], [3]]


def test_a_machine_that_the_law_s_row_is_not_for_keeps_its_line() -> None:
    other = replace(next(row for row in plan_rows() if row.code == "EL-HM"), site="demo", lineage="own")
    own = replace(other, applies_to=AppliesTo(assets=("k9",)))
    found = table("电梯系统,DT-01,半月维保,每15天", BY_CODE, known=(own,))
    assert [row["action"] for row in found.rows] == ["created"]


def test_lines_for_each_machine_do_not_double_the_law_s_visit_and_say_what_was_left_out() -> None:
    head = "系统,设备,维护内容,周期,下次保养日,执行方,责任部门,工时"
    line = "电梯系统,{},半月维保,{},2026-05-01,物业,电气管理部门,45"
    found = table(f"{line.format('1号客梯', '每半月')}\n{line.format('DT-01', '每月')}", head)
    assert [(row["code"], row["action"]) for row in found.rows] == [("EL-HM", "unchanged")] * 2
    for warning in told(found, "law_has_it"):
        for column in ("下次保养日", "执行方", "责任部门", "工时"):
            assert column in warning.message
        assert warning.message.count("last_completions") == 2
        assert ("、周期；" in warning.message) == (warning.row == 3)
    (plain,) = told(table("电梯系统,1号客梯,半月维保,每半月", "系统,设备,维护内容,周期"), "law_has_it")
    assert "未采用" not in plain.message


@pytest.mark.parametrize(("often", "kind"), [("每10天", "保养"), ("每半月", "巡查")])
def test_oftener_or_of_another_kind_is_a_row_beside_the_law(often: str, kind: str) -> None:
    found = table(f"电梯系统,1号客梯,半月维保,{often},{kind}", "系统,设备,维护内容,周期,类型")
    assert [row["action"] for row in found.rows] == ["created"]
