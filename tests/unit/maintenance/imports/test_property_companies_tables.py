"""Plan tables of property companies: numbered rows, headings of all kinds, months, ticks, titles between the rows, and
exports of other programs."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows
from tests.unit.maintenance.imports.workbooks import workbook

LIFT, PUMP = Machine("k1", "demo", "EL-01", "elevator"), Machine("k2", "demo", "P-01", "pump")
TODAY = date(2026, 12, 1)


def table(data: str | bytes, known: list[PlanRow] | None = None) -> Outcome:
    made = data.encode() if isinstance(data, str) else data
    rows, problems = read_plan_table(made, "plan.xlsx" if made[:2] == b"PK" else "plan.csv")
    machines = Machines(lambda: [(one.code, one) for one in (LIFT, PUMP)])
    there = [*plan_rows(), *(known or [])]
    return PlanImport(there, "demo", machines=machines, problems=problems, today=TODAY).run(rows)


def rows_of(found: Outcome) -> list[PlanRow]:
    assert not found.problems.errors, found.problems.errors
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


def told(found: Outcome, code: str) -> list[str]:
    return [one.message for one in found.problems.warnings if one.code == code]


def tasks(found: Outcome) -> list[str]:
    return [row.name.zh for row in rows_of(found)]


@pytest.mark.parametrize("heading", ["项目", "項目", "内容"])
def test_a_column_of_running_numbers_is_no_task(heading: str) -> None:
    found = table(f"系统,{heading},工作內容,周期\n供水系统,1,检查水泵,每月\n供水系统,2,检查水箱,每月\n")
    assert tasks(found) == ["检查水泵", "检查水箱"]
    assert [one.column for one in found.problems.warnings if one.code == "ignored_column"] == [heading]


def test_numbers_of_lines_are_no_codes_unless_rows_have_them() -> None:
    text = "编号,系统,内容,周期\n1,水泵,检查,每月\n2,水泵,清洗,每季\n"
    found = table(text)
    assert [row.code for row in rows_of(found)] == ["PUMP-1MONTH", "PUMP-3MONTH"]
    assert "该列只是行号" in told(found, "ignored_column")[0]
    numbered = [replace(row, code=str(n)) for n, row in enumerate(rows_of(found), 1)]
    (row,) = rows_of(table(text.replace("每季", "每半年"), numbered))
    assert row.code == "2"
    coded = table(text.replace("\n1,", "\nA1,").replace("\n2,", "\nA2,"))
    assert [row.code for row in rows_of(coded)] == ["A1", "A2"]


def test_numbers_alone_are_no_task_either() -> None:
    assert tasks(table("系统,项目,周期\n水泵,1,每月\n水泵,2,每季\n")) == [
        "水泵维护（每月一次）",
        "水泵维护（每季度一次）",
    ]


def test_a_task_that_is_a_number_beside_words_stays_one() -> None:
    assert tasks(table("系统,项目,周期\n水泵,1,每月\n水泵,检查阀门,每月\n")) == ["1", "检查阀门"]


TASKS = (
    "保养内容及标准|保养项目及内容|保养工作内容|作业项目|主要内容|保養工作|維修內容|"
    "维护保养内容及其标准|PM Activity|Scope of work|"
    "Job Description|Work Description|Procedure"
)
SYSTEMS = "设备设施名称|系统类别|系统分类|专业|维保对象|保养设备|设备分类|Equipment Name|Asset Category|Plant/Equipment"
FREQUENCIES = "执行频率|工作频率|作业频次|检修频次|频度|次数|次數|保养计划周期|Freq|Freq.|Schedule"
DEPARTMENTS = (
    "负责班组|承办部门|维保单位|负责单位|承辦商|执行人|实施人|责任部门及责任人|Contractor|PIC|Crew|Workgroup|Assignee|"
    "执行单位|執行單位"
)


@pytest.mark.parametrize("heading", TASKS.split("|"))
def test_headings_of_what_is_done(heading: str) -> None:
    assert tasks(table(f"系统,{heading},周期\n水泵,检查水泵,每月\n")) == ["检查水泵"]


@pytest.mark.parametrize("heading", SYSTEMS.split("|"))
def test_headings_of_the_system(heading: str) -> None:
    (row,) = rows_of(table(f"{heading},工作内容,周期\n水泵,检查水泵,每月\n"))
    assert row.applies_to.classes == ("pump",)


@pytest.mark.parametrize("heading", FREQUENCIES.split("|"))
def test_headings_of_how_often(heading: str) -> None:
    (row,) = rows_of(table(f"系统,工作内容,{heading}\n水泵,检查水泵,每季\n"))
    assert (row.interval.every, row.interval.unit) == (3, "month")


@pytest.mark.parametrize("heading", DEPARTMENTS.split("|"))
def test_headings_of_whose_work_it_is(heading: str) -> None:
    (row,) = rows_of(table(f"系统,工作内容,周期,{heading}\n水泵,检查水泵,每季,消防管理部门\n"))
    assert row.department.zh == "消防管理部门"


def test_project_names_are_the_system_only_where_no_other_column_is() -> None:
    (row,) = rows_of(table("项目名称,工作内容,周期\n水泵,检查,每月\n"))
    assert row.applies_to.classes == ("pump",)
    (row,) = rows_of(table("系统,项目名称,周期\n水泵,检查,每月\n"))
    assert row.applies_to.classes == ("pump",)


def test_lines_that_differ_in_unknown_columns_are_not_called_the_same() -> None:
    found = table("系统,怎么做,周期\n水泵,检查水泵,每月\n水泵,检查阀门,每月\n")
    (error,) = found.problems.errors
    assert (error.code, error.row, error.column, error.value) == ("task_not_read", 3, "怎么做", "检查阀门")
    assert "没有认出的表头：怎么做" in error.message
    assert "不要删除" in error.message
    assert "do not delete" in error.message
    (error,) = table("系统,怎么做,周期\n水泵,检查,每月\n水泵,检查,每月\n").problems.errors
    assert error.code == "duplicate_row"


def test_lines_that_differ_in_unknown_columns_beside_a_task_are_not_called_the_same() -> None:
    found = table("系统,维护内容,周期,保养类别\n水泵,检查,每月,一级保养\n水泵,检查,每月,二级保养\n")
    (error,) = found.problems.errors
    assert (error.code, error.row, error.column, error.value) == ("task_not_read", 3, "保养类别", "二级保养")
    assert "与第2行相同：只在没有认出的列中不同（没有认出的表头：保养类别）" in error.message
    assert "请把不同之处写进“维护内容”；不要删除行" in error.message
    assert "only columns that nobody knows differ" in error.message
    assert "do not delete the line" in error.message


def test_levels_of_upkeep_are_the_task_where_no_other_column_says_it() -> None:
    rows = rows_of(table("系统,周期,保养类别\n水泵,每月,一级保养\n水泵,每月,二级保养\n"))
    assert [row.name.zh for row in rows] == ["一级保养", "二级保养"]


def test_the_title_of_the_table_or_the_sheet_names_the_system() -> None:
    for title in (
        "空调系统维护保养计划",
        "2027年度空调系统保养计划表",
        "某某广场空调系统维保计划",
        "HVAC maintenance schedule",
    ):
        found = table(f"{title},,\n序号,内容,周期\n1,清洗滤网,每月\n")
        assert [row.applies_to.system for row in rows_of(found)] == ["hvac"]
        assert len(told(found, "system_of_section")) == 1
    found = table(workbook([["内容", "周期"], ["清洗滤网", "每月"]], sheet="空调系统"))
    assert [row.applies_to.system for row in rows_of(found)] == ["hvac"]
    (error,) = table("设施设备维护保养计划,,\n序号,内容,周期\n1,清洗滤网,每月\n").problems.errors
    assert error.code == "missing_column"


def test_merged_headings_of_two_rows() -> None:
    def merge(sheet: Any) -> None:
        for area in ("A1:A2", "B1:B2", "C1:D1", "E1:E2"):
            sheet.merge_cells(area)

    rows = [
        ["设备", "内容", "周期", None, "责任部门"],
        [None, None, "频次", "单位", None],
        ["水泵", "检查", 1, "年", None],
    ]
    (row,) = rows_of(table(workbook(rows, merge)))
    assert (row.interval.every, row.interval.unit) == (1, "year")


def test_the_system_of_titles_between_the_rows() -> None:
    lines = ["序号,内容,周期", "一、消防系统,,", "1,检查报警,每月", "2,检查喷淋,每月"]
    text = "\n".join([*lines, "（二）给排水系统（共1项）,,", "1,检查泵房,每月"])
    found = table(text)
    assert [row.applies_to.system for row in rows_of(found)] == ["fire", "fire", "water"]
    assert ["“消防系统”" in one for one in told(found, "system_of_section")] == [True, False]
    found = table(text.replace("一、消防系统", "消防系统").replace("（二）给排水系统（共1项）", "供水系统"))
    assert [row.applies_to.system for row in rows_of(found)] == ["fire", "fire", "water"]


def test_merged_titles_name_the_system_too() -> None:
    def merge(sheet: Any) -> None:
        sheet.merge_cells("A2:D2")

    rows = [["序号", "內容", "週期", "責任部門"], ["一、冷氣系統", None, None, None], [1, "清洗濾網", "每季", None]]
    (row,) = rows_of(table(workbook(rows, merge)))
    assert row.applies_to.system == "hvac"


def test_a_title_that_nobody_knows_is_named_in_the_error() -> None:
    (error,) = table("序号,内容,周期\n一、办公桌,,\n1,擦拭,每月\n").problems.errors
    assert (error.code, error.column, error.value) == ("unknown_system", "标题", "办公桌")


def test_where_the_system_has_a_column_titles_are_left_out() -> None:
    found = table("系统,内容,周期\n一、日常保养,,\n水泵,检查,每月\n")
    assert tasks(found) == ["检查"]
    assert len(told(found, "section_row")) == 1


@pytest.mark.parametrize(
    ("heading", "word", "executor", "department", "warned"),
    [
        ("执行单位", "消防管理部门", "in_house", "消防管理部门", True),
        ("執行單位", "消防管理部門", "in_house", "消防管理部门", True),
        ("执行方", "自维", "in_house", "水务管理部门", False), ("执行方", "厂家", "contractor", "水务管理部门", True),
        ("执行单位", "通力电梯有限公司", "contractor", "水务管理部门", True),
        ("维保单位", "通力电梯有限公司", "contractor", "水务管理部门", True),
        ("Contractor", "KONE Ltd", "contractor", "水务管理部门", True),
    ],
)  # fmt: skip
def test_who_does_it_and_whose_work_it_is_may_stand_in_either_column(
    heading: str, word: str, executor: str, department: str, warned: bool
) -> None:
    found = table(f"系统,内容,周期,{heading}\n水泵,检查,每月,{word}\n")
    (row,) = rows_of(found)
    assert (row.executor, row.department.zh) == (executor, department)
    assert bool(told(found, "executor_read_as")) is warned


def test_people_are_left_out_and_unknown_departments_are_an_error() -> None:
    found = table("系统,内容,周期,责任人\n水泵,检查,每月,张三\n水泵,清洗,每月,消防管理部门/李四\n")
    assert [row.department.zh for row in rows_of(found)] == ["水务管理部门", "消防管理部门"]
    assert ["张三" in told(found, "department_ignored")[0], "李四" in told(found, "department_ignored")[1]] == [
        True,
        True,
    ]
    (error,) = table("系统,内容,周期,责任部门\n水泵,检查,每月,客服中心\n").problems.errors
    assert error.code == "unknown_department"


MAXIMO = (
    "PMNUM,ASSETNUM,DESCRIPTION,FREQUENCY,FREQUNIT,STATUS,SITEID,NEXTDATE\n"
    "1001,EL-01,Rope inspection,3,MONTHS,ACTIVE,BEDFORD,2027-01-15 00:00:00\n"
    "1002,EL-01,Car cleaning,1,WEEKS,INACTIVE,BEDFORD,2026-12-05\n"
    "1003,P-01,Bearings,30,DAYS,DRAFT,BEDFORD,2026-12-05\n"
    "1004,P-01,Overhaul,2,YEARS,ACTIVE,BEDFORD,\n"
)


def test_maximos_export_of_preventive_maintenance() -> None:
    found = table(MAXIMO)
    assert [
        (row.code, row.name.zh, row.applies_to.assets, row.interval.every, row.interval.unit, row.anchor, row.status)
        for row in rows_of(found)
    ] == [
        ("1001", "Rope inspection", ("k1",), 3, "month", date(2027, 1, 15), "default"),
        ("1004", "Overhaul", ("k2",), 2, "year", None, "default"),
    ]  # fmt: skip
    left = [(one.row, one.value) for one in found.problems.warnings if one.code == "inactive_row"]
    assert left == [(3, "INACTIVE"), (4, "DRAFT")]


def test_lines_that_are_switched_off_are_left_out_with_a_warning() -> None:
    found = table("系统,内容,周期,状态\n水泵,检查,每月,启用\n水泵,清洗,每月,停用\n水泵,加油,每月,正常\n")
    assert tasks(found) == ["检查", "加油"]
    assert len(told(found, "inactive_row")) == 1


@pytest.mark.parametrize("cell", ["115/03/01", "民國115年3月1日", "中華民國115年3月1日", "115.3.1", "115年3月1日"])
def test_years_of_the_republic_of_china_are_converted_and_told(cell: str) -> None:
    found = table(f"設備,保養內容,週期,下次保養日期\n水泵,清洗,每月,{cell}\n")
    assert [row.anchor for row in rows_of(found)] == [date(2026, 3, 1)]
    assert len(told(found, "roc_date")) == 1


@pytest.mark.parametrize("cell", ["98/03/01", "115/13/01", "民國115年2月30日"])
def test_what_is_no_such_day_is_refused(cell: str) -> None:
    (error,) = table(f"設備,保養內容,週期,下次保養日期\n水泵,清洗,每月,{cell}\n").problems.errors
    assert error.code == "bad_date"


@pytest.mark.parametrize("word", ["消防水箱", "消防水池", "防火阀"])
def test_what_is_taken_for_a_class_that_comes_near_is_told(word: str) -> None:
    found = table(f"系统,内容,周期\n{word},检查,每月\n")
    assert rows_of(found)[0].applies_to.classes in {("fire_pump_set",), ("smoke_fan",)}
    assert len(told(found, "system_read_as")) == 1


def test_a_machine_below_a_title_is_of_its_system_or_a_warning_names_the_title() -> None:
    found = table("一、消防系统,,\n设备名称,内容,周期\n水泵,盘车,每周\n二、空调系统,,\n配电柜,检查,每月\n")
    assert [row.applies_to.classes for row in rows_of(found)] == [("fire_pump_set",), ("distribution_board",)]
    assert ["标题“消防系统”下" in one for one in told(found, "system_read_as")] == [True, False]
    assert "标题“空调系统”下" in told(found, "system_read_as")[1]


def test_a_machine_that_nobody_knows_is_of_the_system_beside_it_and_stands_in_the_task() -> None:
    found = table("系统类别,设备名称,内容,周期\n消防设备,某某装置,检查,每年\n")
    (row,) = rows_of(found)
    assert (row.applies_to.system, row.name.zh) == ("fire", "某某装置：检查")
    assert "“某某装置”不是设备类" in told(found, "equipment_in_task")[0]


def test_lines_of_one_system_for_other_machines_are_rows_of_their_own() -> None:
    text = "系统名称,设备名称,内容,周期\n给排水系统,水泵,检查,每月\n给排水系统,水箱,检查,每月\n"
    found = table(text)
    assert [(row.name.zh, row.applies_to.classes) for row in rows_of(found)] == [
        ("检查", ("pump",)), ("检查", ("water_tank",)),
    ]  # fmt: skip
    assert not table(text, rows_of(found)).changes
    (error,) = table(f"{text}给排水系统,水箱,检查,每月\n").problems.errors
    assert error.code == "duplicate_row"


def test_the_equipment_beside_a_discipline_is_what_the_line_is_for() -> None:
    found = table("专业,设备名称,内容,周期\n暖通,冷却塔,检查,每年\n消防,水泵,检查,每年\n暖通,风机盘管,检查,每年\n")
    assert [(row.name.zh, row.applies_to.classes or row.applies_to.system) for row in rows_of(found)] == [
        ("检查", ("cooling_tower",)), ("检查", ("fire_pump_set",)), ("风机盘管：检查", "hvac"),
    ]  # fmt: skip
    assert len(told(found, "system_read_as")) == 1


def test_a_system_that_nobody_knows_is_of_the_discipline_beside_it() -> None:
    text = "专业,系统名称,内容,周期\n给排水,中水回用,检查,每年\n给排水,纯水制备,检查,每年\n"
    found = table(text)
    assert [(row.name.zh, row.applies_to.system) for row in rows_of(found)] == [
        ("中水回用：检查", "water"), ("纯水制备：检查", "water"),
    ]  # fmt: skip
    assert [one.column for one in found.problems.warnings if one.code == "equipment_in_task"] == ["系统名称"] * 2
    assert not table(text, rows_of(found)).changes


def test_lines_that_differ_in_a_second_column_of_equipment_alone_are_rows_of_their_own() -> None:
    text = "设备名称,维护对象名称,内容,周期\n水泵,甲组,检查,每月\n水泵,乙组,检查,每月\n"
    found = table(text)
    assert tasks(found) == ["检查", "乙组：检查"]
    assert not table(text, rows_of(found)).changes


def test_a_title_above_lines_with_a_system_and_its_equipment_leaves_these_as_they_are() -> None:
    found = table("系统,设备名称,内容,周期\n一、日常保养,,,\n空调系统,冷却塔,检查,每年\n")
    assert [row.applies_to.classes for row in rows_of(found)] == [("cooling_tower",)]


def test_an_english_septic_tank_is_a_thing_of_the_site() -> None:
    found = table("System,Equipment,Task,Frequency\nDrainage,Septic tank,Desludging,Half-yearly\n")
    (row,) = rows_of(found)
    assert (row.name.en, row.applies_to.site) == ("Septic tank: Desludging", True)
    assert rows_of(table("System,Task,Frequency\nSeptic tank,Desludging,Half-yearly\n"))[0].applies_to.site
    assert not told(found, "system_read_as")


def test_cleaning_a_septic_tank_is_not_the_laws_cleaning_of_the_domestic_tank() -> None:
    (row,) = rows_of(table("System,Equipment,Task,Frequency\nDrainage,Septic tank,Tank cleaning,Half-yearly\n"))
    assert (row.name.en, row.applies_to.site) == ("Septic tank: Tank cleaning", True)
    for line in ("Water supply,Water tank,Tank cleaning", "Water supply,,Tank cleaning and disinfection"):
        found = table(f"System,Equipment,Task,Frequency\n{line},Half-yearly\n")
        assert [row["code"] for row in found.rows] == ["WA-TANK"]


def test_numbers_of_lines_are_no_codes_where_a_line_was_taken_out() -> None:
    found = table("编号,系统,内容,周期\n1,水泵,检查,每月\n2,水泵,清洗,每季\n4,水泵,润滑,每年\n")
    assert not {row.code for row in rows_of(found)} & {"1", "2", "4"}
    assert "ignored_column" in {one.code for one in found.problems.warnings}


def test_a_draft_of_a_figure_is_no_draft_of_the_line() -> None:
    found = table("系统,内容,周期,依据核实情况\n水泵,检查,每月,草稿\n")
    assert "inactive_row" not in {one.code for one in found.problems.warnings}


def test_who_made_and_approved_the_table_is_no_line_of_it() -> None:
    found = table("系统,内容,周期\n水泵,检查,每月\n编制：张三,审核：李四,批准：王五\n")
    assert tasks(found) == ["检查"]
