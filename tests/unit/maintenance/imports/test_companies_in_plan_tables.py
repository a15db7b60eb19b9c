"""Companies that do the work, in a column of their own or beside the department."""

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.problems import Problem
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows

HEADINGS = [
    "外委单位",
    "維保單位",
    "维保单位",
    "承包商",
    "承辦商",
    "维保公司",
    "Contractor",
    "Maintenance company",
    "Service provider",
]
KNOWN = "已登记电梯有限公司"


def table(lines: str, head: str) -> Outcome:
    rows, problems = read_plan_table(f"{head}\n{lines}\n".encode(), "plan.csv")
    return PlanImport(plan_rows(), "demo", problems=problems, companies=lambda name: name == KNOWN).run(rows)


def row_of(found: Outcome) -> PlanRow:
    assert not found.problems.errors, found.problems.errors
    (change,) = found.changes
    assert isinstance(change.after, PlanRow)
    return change.after


def told(found: Outcome, code: str) -> list[Problem]:
    return [one for one in found.problems.warnings if one.code == code]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("name", ["通力电梯有限公司", "通力电梯", "KONE"])
def test_any_name_below_a_heading_of_companies_is_a_contractor(heading: str, name: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,{name}", f"系统,维护内容,周期,{heading}")
    assert row_of(found).executor == "contractor"
    assert [one.value for one in told(found, "executor_read_as")] == [name]
    assert not told(found, "ignored_column")
    (warning,) = told(found, "contractor_not_set_up")
    assert (warning.row, warning.column, warning.value) == (2, heading, name)
    assert f"“{name}”尚未登记为本站点的外包单位" in warning.message
    assert "POST /api/v1/contractors" in warning.message
    assert f"{name} is not set up as a contractor of the site yet" in warning.message


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_department_beside_the_company_counts_too(heading: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,消防管理部门,{KNOWN}", f"系统,维护内容,周期,责任部门,{heading}")
    row = row_of(found)
    assert (row.executor, row.department.zh) == ("contractor", "消防管理部门")
    assert not told(found, "contractor_not_set_up")


@pytest.mark.parametrize(
    "name",
    [
        "无", "/", "—", "N/A", "不涉及", "待定", "同上", "〃", "见合同", "详见附件", "按合同执行", "待招标", "另行招标",
        "13800138000", "020-88886666", "张班组", "机电一班", "李师傅", "弱电维修部", "保洁队", "客服中心", "物业管理处",
        "第二维修队", "See contract", "To be tendered", "Security department", "our maintenance team",
    ],
)  # fmt: skip
def test_what_is_no_company_is_left_out_with_a_warning(name: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,{name}", "系统,维护内容,周期,维保单位")
    assert row_of(found).executor == "in_house"
    (warning,) = told(found, "company_ignored")
    assert (warning.column, warning.value) == ("维保单位", name)
    assert f"“{name}”不是单位名称" in warning.message
    assert f"“{name}” names no company" in warning.message
    assert not told(found, "contractor_not_set_up")


@pytest.mark.parametrize(
    "name",
    [
        "三菱电梯服务中心", "广州市消防检测中心", "XX电梯维保一队", "蓝天保洁队", "日立电梯广州分公司维修部",
        "市特检院", "Otis Service Department", "Perkins Engines", "Seeger Lifts",
    ],
)  # fmt: skip
def test_a_proper_name_before_a_department_or_crew_is_a_company_s(name: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,{name}", "系统,维护内容,周期,维保单位")
    assert row_of(found).executor == "contractor"
    assert [one.value for one in told(found, "executor_read_as")] == [name]


@pytest.mark.parametrize("ditto", ["同上", "〃", "ditto"])
@pytest.mark.parametrize(("heading", "name"), [("维保单位", "通力电梯有限公司"), ("执行方", "外包")])
def test_the_company_above_is_meant_by_a_ditto(ditto: str, heading: str, name: str) -> None:
    lines = f"电梯系统,润滑导轨,每2个月,{name}\n电梯系统,清洁底坑,每2个月,{ditto}"
    found = table(lines, f"系统,维护内容,周期,{heading}")
    assert not found.problems.errors, found.problems.errors
    assert [one.after.executor for one in found.changes if isinstance(one.after, PlanRow)] == ["contractor"] * 2
    assert not told(found, "company_ignored")


def test_a_team_that_nobody_knows_gives_way_to_the_department_beside_it() -> None:
    head = "系统,维护内容,周期,责任班组,责任人"
    found = table("电梯系统,润滑导轨,每2个月,机电一班,消防管理部门", head)
    assert row_of(found).department.zh == "消防管理部门"
    (warning,) = told(found, "department_ignored")
    assert (warning.column, warning.value) == ("责任班组", "机电一班")
    assert "按旁边的“消防管理部门”理解" in warning.message


@pytest.mark.parametrize(("head", "beside"), [("责任班组,责任人", ",张三"), ("责任班组", "")])
def test_a_team_that_nobody_knows_is_an_error_where_nothing_beside_it_says_more(head: str, beside: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,机电一班{beside}", f"系统,维护内容,周期,{head}")
    assert [(one.column, one.value, one.code) for one in found.problems.errors] == [
        ("责任班组", "机电一班", "unknown_department")
    ]


@pytest.mark.parametrize(("word", "executor"), [("厂家", "contractor"), ("委外", "contractor"), ("自维", "in_house")])
def test_words_for_who_does_it_name_no_company(word: str, executor: str) -> None:
    found = table(f"电梯系统,润滑导轨,每2个月,{word}", "系统,维护内容,周期,维保单位")
    assert row_of(found).executor == executor
    assert not told(found, "contractor_not_set_up")


def test_a_company_among_the_people_is_told_too() -> None:
    found = table("电梯系统,润滑导轨,每2个月,通力电梯有限公司", "系统,维护内容,周期,责任单位")
    assert row_of(found).executor == "contractor"
    assert [one.column for one in told(found, "contractor_not_set_up")] == ["责任单位"]
