"""The users' own three tables, as they stand, and tables of other people."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.frequencies import canonical
from maintenance.imports.codes import CODES
from maintenance.imports.emergency import HEADINGS, EmergencyImport
from maintenance.imports.files import open_book
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import compare
from maintenance.imports.problems import Problems
from maintenance.imports.reading import read_plan_table, table_rows
from maintenance.imports.resolutions import RESOLVED
from maintenance.imports.vocabulary import Named, equipment_named, is_site_wide, seed_departments
from maintenance.plan import PlanRow
from maintenance.seed.loader import departments, plan_rows
from plantroom.domain.assets import LocalName
from tests.unit.maintenance.imports.test_round_trips import ASKED

FIRST = """設施設備類別,維護周期,維護責任部門
供水系統,每季度一次,水務管理部門
供電系統,每月一次,電氣管理部門
供暖系統,每年一次,供暖管理部門
電梯系統,每月一次,電梯維修部門
消防系統,每半年一次,消防管理部門
空調系統,每季度一次,空調維修部門
電梯、扶梯,每月一次,電梯維修部門
樓梯、扶手,每季度一次,清潔維護部門
照明系統,每月一次,電氣管理部門
"""
SECOND = """電梯:每季度進行一次全面檢查,包括制動系統、安全裝置等
樓宇自動化控制系統:每月至少進行一次全面測試,確保所有傳感器和通信線路正常工作
空調系統:每半年進行全面檢測,包括濾網更換和制冷/制熱性能評估
地板與墻面材料:每年至少進行一次專業的清潔與維護,防止污漬積累和霉菌生長
"""
THIRD = """序號,類別,應急預案名稱,應急措施,應急物資,應急人員,演練周期
1,自然災害類,自然災害應急預案,疏散居民、保護公共設施,救援物資、防護設備,救援隊伍、志愿者等,每季度一次
2,設備故障類,設備故障應急預案,排查故障、緊急維修,維修工具、備件等,專業維修團隊,每半年一次
3,公共安全事件類,公共安全事件應急預案,控制現場、報警處理,安全防護設備、警示標識等,安保人員、警務人員等,每年一次
"""


def plan(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode("utf-8-sig"), "t.csv")
    return compare(rows, plan_rows(), problems=problems)


def emergency(text: str, plans: tuple[EmergencyPlan, ...] = (), rows: tuple[PlanRow, ...] | None = None) -> Outcome:
    problems = Problems()
    book = open_book(io.BytesIO(text.encode()), "t.csv")
    known = plan_rows() if rows is None else rows
    return EmergencyImport(plans, known, ASKED, seed_departments(), problems).run(table_rows(book, HEADINGS, problems))


def warned(found: Outcome) -> set[str]:
    return {one.code for one in found.problems.warnings}


def test_the_first_table_is_the_default_profile_with_each_contradiction_resolved() -> None:
    found = plan(FIRST)
    assert not found.problems.errors
    assert [row["action"] for row in found.rows] == ["unchanged"] * 9
    assert warned(found) >= {
        "elevator_layers", "elevator_twice", "hvac_depths", "law_is_stricter", "heating_season", "tank_cleaning",
        "stairs_checked",
    }  # fmt: skip


def test_the_second_table_is_lines_of_text_that_find_the_rows_they_have_become() -> None:
    found = plan(SECOND)
    assert not found.problems.errors
    assert [(row["code"], row["action"]) for row in found.rows] == [
        (code, "unchanged") for code in ("EL-Q", "BA-M", "HV-HY", "FW-Y")
    ]
    assumed = [one for one in found.problems.warnings if one.code == "department_assumed"]
    owners = ["电梯维修部门", "电气管理部门", "空调维修部门", "清洁维护部门"]
    assert all(owner in one.message for owner, one in zip(owners, assumed, strict=True))


def test_the_third_table_becomes_plans_with_the_drills_of_the_profile() -> None:
    found = emergency(THIRD)
    assert not found.problems.errors
    plans = [change.after for change in found.changes if isinstance(change.after, EmergencyPlan)]
    assert [(p.category, p.drill_row) for p in plans] == [
        (Category.NATURAL_DISASTER, "DR-NAT"),
        (Category.EQUIPMENT_FAILURE, "DR-EQ"),
        (Category.PUBLIC_SAFETY, "DR-PUB"),
    ]
    assert plans[0].measures == ("疏散居民", "保護公共設施")
    assert plans[0].people == ("救援隊伍", "志愿者")
    assert len(found.changes) == 3
    assert emergency(THIRD, tuple(plans)).counts["unchanged"] == 3


def test_a_plan_of_ones_own_gets_a_drill_row_of_kind_drill() -> None:
    found = emergency("应急预案,应急措施,演练周期\n停水应急预案,送水,每三年一次\n")
    rows = [change.after for change in found.changes if isinstance(change.after, PlanRow)]
    drills = [(row.kind, row.applies_to.site, canonical(row.interval)) for row in rows]
    assert drills == [("drill", True, (12, "month"))]
    assert warned(found) == {"drill_floor"}


def test_every_resolution_has_its_code() -> None:
    assert RESOLVED.keys() <= CODES.keys()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("生活水泵,检查轴封,每月一次,太空部", "unknown_department"),
        ("太空站,检查,每月一次,", "unknown_system"),
        ("水泵,检查,每隔一天,", "ambiguous_frequency"),
        ("水泵,检查,每周一三五,", "frequency_is_a_date"),
        (",检查,每月一次,", "missing_value"),
        ("水泵,检查,,", "missing_value"),
    ],
)
def test_doubts_in_other_peoples_tables_are_errors_with_row_and_column(line: str, code: str) -> None:
    found = plan(f"设备名称,工作内容,频次,班组\n{line}\n")
    assert [(one.row, one.code) for one in found.problems.errors] == [(2, code)]
    assert found.problems.errors[0].column in {"设备名称", "频次", "班组"}


def test_other_words_for_headings_equipment_and_frequency_are_understood() -> None:
    found = plan(
        "序号,设备名称,保养项目,保养频次（月）,负责部门\n1,生活水泵,检查轴封,3,水务管理部门\n"
        "2,配电箱,紧固端子,6,電氣管理部門\n"
        "3,灭火器,检查压力,1,消防管理部门\n"
    )
    assert not found.problems.errors
    rows = [change.after for change in found.changes if isinstance(change.after, PlanRow)]
    assert [(row.applies_to.classes, row.applies_to.site, row.interval.every) for row in rows] == [
        (("pump",), False, 3), (("distribution_board",), False, 6), ((), True, 1),
    ]  # fmt: skip
    assert [row.name.zh for row in rows] == ["生活水泵：检查轴封", "紧固端子", "灭火器：检查压力"]


def test_the_numbers_of_lines_are_no_codes() -> None:
    found = plan("No.,Equipment,Task,Frequency\n1,Elevator,Half-month service,Every 15 days\n2,Pump,Look,Weekly\n")
    assert not found.problems.errors
    assert [row["code"] for row in found.rows] == ["ELEVATOR-15DAY", "PUMP-7DAY"]
    assert [(one.column, one.code) for one in found.problems.warnings][:1] == [("No.", "ignored_column")]


def test_many_errors_are_told_at_once() -> None:
    found = plan("系统,周期,部门\n太空站,偶尔,魔法部\n供水系统,有空,水务管理部门\n")
    assert [(one.row, one.code) for one in found.problems.errors] == [
        (2, "unknown_system"), (2, "unknown_frequency"), (2, "unknown_department"), (3, "unknown_frequency"),
    ]  # fmt: skip


def named(department: str) -> LocalName:
    return next(one.name for one in departments().values() if one.name.zh == department)


class OnlyWater:
    def may_change(self, site: str | None, department: str | None) -> bool:
        return department == "水务管理部门"

    def may_leave_law(self, site: str | None) -> bool:
        return False

    def may_grant(self, grant: object) -> bool:
        return False


def emergency_codes(department: str, plans: Sequence[EmergencyPlan] = ()) -> list[str]:
    problems = Problems()
    book = open_book(io.BytesIO(f"应急预案,责任部门\n甲,{department}\n".encode()), "t.csv")
    rows = table_rows(book, HEADINGS, problems)
    EmergencyImport(plans, (), Asked("x", ASKED.now, rights=OnlyWater()), seed_departments(), problems).run(rows)
    return [one.code for one in problems.errors]


def test_a_row_for_a_department_that_is_not_the_callers_is_refused() -> None:
    assert emergency_codes("电气管理部门") == ["not_yours"]
    assert emergency_codes("水务管理部门") == []


def test_nobody_takes_a_plan_away_from_another_department() -> None:
    theirs = EmergencyPlan("k", "EP-1", Category.OTHER, LocalName("甲", "A"), department=named("电气管理部门"))
    assert emergency_codes("水务管理部门", [theirs]) == ["not_yours"]
    assert emergency_codes("水务管理部门", [replace(theirs, department=named("水务管理部门"))]) == []


def told_by_law(lines: str) -> list[str]:
    found = plan(f"设备名称,工作内容,频次\n{lines}\n")
    assert not found.problems.errors
    return [one.message for one in found.problems.warnings if one.code == "law_is_stricter"]


@pytest.mark.parametrize(
    ("line", "first", "left_out"),
    [
        ("灭火器,压力检查,每季度一次", "灭火器检查（每月一次）", "消防泵"),
        ("灭火器,,每季度一次", "灭火器检查（每月一次）", "消防泵"),
        ("消防系统,灭火器压力检查,每季度一次", "灭火器检查（每月一次）", "消防泵"),
        ("消防系统,应急照明检查,每季度一次", "应急照明测试（每月一次）", "稳压泵"),
        ("电梯,定期检验情况核对,每三年一次", "定期检验（安装后第1、4、7、9、11、13、15年，之后每年一次）", "限速器"),
    ],
)
def test_what_the_law_is_stricter_about_is_what_the_line_is_about(line: str, first: str, left_out: str) -> None:
    (message,) = told_by_law(line)
    assert message.partition("：")[2].startswith(first)
    assert left_out not in message


def test_a_line_that_no_law_is_about_has_no_warning_of_the_law() -> None:
    assert told_by_law("灭火器,压力检查,每周一次") == []
    assert told_by_law("消防系统,绿化修剪,每年一次") == []


@pytest.mark.parametrize(
    ("line", "code", "gap"),
    [
        ("电梯,半月维保,每月一次", "EL-HM", 15),
        ("电梯系统,半月维保,每月一次", "EL-HM", 15),
        ("水箱,水箱清洗消毒,每两年一次", "WA-TANK", 366),
        ("供水系统,水箱清洗消毒,每两年一次", "WA-TANK", 366),
        ("电梯,电梯定期检验,每三年一次", "EL-INSP", None),
        ("灭火器,灭火器检查,每季度一次", "FI-EXT", 31),
    ],
)
def test_a_line_that_names_a_row_of_the_law_is_that_row_at_its_floor(line: str, code: str, gap: int | None) -> None:
    found = plan(f"设备名称,工作内容,频次\n{line}\n")
    assert not found.problems.errors
    assert [row["code"] for row in found.rows] == [code]
    assert all(getattr(change.after, "max_gap_days", None) == gap for change in found.changes)
    assert "law_is_stricter" in warned(found)
    after = [change.after for change in found.changes if isinstance(change.after, PlanRow)]
    there = [next((one for one in after if one.code == row.code), row) for row in plan_rows()]
    rows, problems = read_plan_table(f"设备名称,工作内容,频次\n{line}\n".encode(), "t.csv")
    assert compare(rows, there, problems=problems).counts["unchanged"] == 1


def test_the_same_work_at_the_law_s_frequency_too_leaves_the_other_line_a_row_of_its_own() -> None:
    for lines in ("每15天一次\n电梯,半月维保,每月一次", "每月一次\n电梯,半月维保,每15天一次"):
        found = plan(f"设备名称,工作内容,频次\n电梯,半月维保,{lines}\n")
        assert not found.problems.errors
        assert {row["code"] for row in found.rows} == {"EL-HM", "ELEVATOR-1MONTH"}


def test_what_is_no_asset_keeps_its_name_and_a_code_of_its_own() -> None:
    text = "设备名称,工作内容,频次\n灭火器,压力检查,每季度一次\n消火栓,消火栓放水,每季度一次\n防火门,,每月一次\n"
    found = plan(text)
    rows = [change.after for change in found.changes if isinstance(change.after, PlanRow)]
    assert [(row.code, row.name.zh) for row in rows] == [
        ("SITE-灭火器-3MONTH", "灭火器：压力检查"), ("SITE-消火栓-3MONTH", "消火栓放水"),
        ("SITE-防火门-1MONTH", "防火门维护（每月一次）"),
    ]  # fmt: skip
    read, problems = read_plan_table(text.encode(), "t.csv")
    assert compare(read, [*plan_rows(), *rows], problems=problems).counts["unchanged"] == 3
    before = [replace(row, name=LocalName("压力检查", "压力检查"), code="SITE-3MONTH") for row in rows[:1]]
    read, problems = read_plan_table(text.encode(), "t.csv")
    again = compare(read, [*plan_rows(), *before], problems=problems)
    assert [row["action"] for row in again.rows] == ["unchanged", "created", "created"]


@pytest.mark.parametrize(
    ("word", "system", "equipment_class"),
    [
        ("中央空调", "hvac", None), ("暖通", "hvac", None), ("二次供水", "water", None), ("排水系统", "water", None),
        ("高低压配电", "power", None), ("防排烟", None, "smoke_fan"), ("疏散指示标志", None, "emergency_lighting"),
        ("配电房", None, "distribution_board"), ("高清摄像头", None, "security_device"),
        ("绿化灌溉系统", None, "civil"),
    ],
)  # fmt: skip
def test_words_of_users_lists_are_known(word: str, system: str | None, equipment_class: str | None) -> None:
    assert equipment_named(word) == Named(system, equipment_class)


def test_things_of_users_lists_that_are_no_asset_are_the_site_s() -> None:
    assert all(is_site_wide(word) for word in ("消防栓", "喷淋系统", "智能充电站"))
