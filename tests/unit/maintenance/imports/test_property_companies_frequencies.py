"""How often by the tables of property companies: signs and times, months, ticks, units in columns of their own."""

from datetime import date
from typing import Any

import pytest

from maintenance.imports.outcome import Outcome
from tests.unit.maintenance.imports.test_property_companies_tables import rows_of, table, told
from tests.unit.maintenance.imports.workbooks import workbook


@pytest.mark.parametrize(("cell", "unit"), [("-3", ""), ("-3", "天"), ("0", "天"), ("＋3", "天"), ("-3天", "")])
def test_a_number_with_a_sign_is_no_frequency(cell: str, unit: str) -> None:
    for head, line in (("周期(天)", cell), ("周期,周期单位", f"{cell},{unit or '天'}")):
        (error,) = table(f"系统,内容,{head}\n水泵,检查,{line}\n").problems.errors
        assert error.code == "unknown_frequency"
        assert "大于0" in error.message
    (error,) = table(workbook([["系统", "内容", "周期(天)"], ["水泵", "检查", -3]])).problems.errors
    assert (error.code, error.value) == ("unknown_frequency", "-3")


def test_so_many_times_a_day_says_at_which_hours_and_what_to_write() -> None:
    (message,) = told(table("系统,内容,周期\n水泵,检查,每日2次\n"), "frequency_read_as")
    assert "00:00, 12:00" in message
    assert "营业时间内每12小时" in message
    assert "during opening hours" in message


def test_months_are_the_first_day_of_the_row_and_stay_it() -> None:
    text = "系统,内容,周期\n水泵,清洗,每年3月\n水泵,检查,每年4月、10月\n"
    found = table(text)
    assert [row.anchor for row in rows_of(found)] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert "自4月、10月起算" in told(found, "frequency_read_as")[1]
    assert not table(text, rows_of(found)).changes
    moved = rows_of(table(text.replace("每年3月", "每年5月"), rows_of(found)))
    assert [(row.name.zh, row.anchor) for row in moved] == [("清洗", date(2026, 5, 1))]


def test_a_row_of_the_law_keeps_its_dates_where_a_table_names_months() -> None:
    found = table("系统,内容,周期\n水箱,水箱清洗消毒,每年3月、9月\n")
    assert not found.problems.errors
    (message,) = told(found, "months_ignored")
    assert "保留原有日期" in message


def test_a_start_date_of_its_own_counts_before_the_months() -> None:
    (row,) = rows_of(table("系统,内容,周期,起算日期\n水泵,清洗,每年3月,2027-03-20\n"))
    assert row.anchor == date(2027, 3, 20)


GRID = ["设备", "内容", *(f"{month}月" for month in range(1, 13))]


def ticks(*months: int) -> list[str]:
    return ["√" if month in months else "" for month in range(1, 13)]


def grid(*lines: list[Any]) -> Outcome:
    return table(workbook([GRID, *lines]))


def test_a_grid_of_months_is_an_interval_from_its_first_month() -> None:
    found = grid(
        ["水泵", "月检", *ticks(*range(1, 13))],
        ["水泵", "季检", *ticks(3, 6, 9, 12)],
        ["水泵", "半年检", *ticks(5, 11)],
        ["水泵", "年检", *ticks(8)],
    )
    assert [(row.interval.every, row.interval.unit, row.anchor) for row in rows_of(found)] == [
        (1, "month", None), (3, "month", date(2026, 3, 1)), (6, "month", date(2026, 5, 1)),
        (1, "year", date(2026, 8, 1)),
    ]  # fmt: skip


def test_months_that_are_not_equally_far_apart_are_an_error_that_says_what_to_write() -> None:
    (error,) = grid(["水泵", "检查", *ticks(1, 2, 7)]).problems.errors
    assert (error.code, error.column) == ("frequency_is_a_date", "1月")
    assert "每个月份各填一行" in error.message


def test_months_marked_for_different_work_are_an_error() -> None:
    (error,) = grid(["水泵", "检查", "月", "月", "季", *[""] * 9]).problems.errors
    assert "含义不明" in error.message


def test_months_beside_a_frequency_give_its_first_month_or_are_told_to_be_left_out() -> None:
    lines = [["水泵", "清洗", "每半年", *ticks(3, 9)], ["水泵", "检查", "每月", *ticks(3)]]
    found = table("\n".join(",".join(line) for line in (["设备", "内容", "周期", *GRID[2:]], *lines)))
    assert [row.anchor for row in rows_of(found)] == [date(2026, 3, 1), None]
    (message,) = told(found, "months_ignored")
    assert "标记的月份（3月）与周期“每月一次”不一致" in message


def test_months_as_numbers_below_a_heading_for_all_of_them() -> None:
    head = [["設備", "內容", "月份", *[None] * 11], [None, None, *range(1, 13)]]
    (row,) = rows_of(table(workbook([*head, ["水泵", "清洗", *ticks(2, 8)]])))
    assert (row.interval.every, row.anchor) == (6, date(2026, 2, 1))


def test_months_in_a_column_of_their_own() -> None:
    found = table("系统,内容,实施月份\n水泵,清洗,3月、9月\n水泵,检查,6\n")
    assert [(row.interval.every, row.anchor) for row in rows_of(found)] == [
        (6, date(2026, 3, 1)), (1, date(2026, 6, 1)),
    ]  # fmt: skip


def test_months_that_nobody_can_tell_are_told_to_be_left_out() -> None:
    found = table("系统,内容,周期,实施月份\n水泵,清洗,每月,每月\n水泵,检查,每年,待定\n")
    assert [row.anchor for row in rows_of(found)] == [None, None]
    assert [one.row for one in found.problems.warnings if one.code == "months_ignored"] == [3]


@pytest.mark.parametrize(
    "head", ["系统,内容,日,周,月,季,半年,年", "系統,內容,日檢,週檢,月檢,季檢,半年檢,年檢", "System,Task,D,W,M,Q,HY,Y"]
)
@pytest.mark.parametrize("mark", ["√", "●", "x", "1"])
def test_ticks_under_how_often(head: str, mark: str) -> None:
    found = table(
        f"{head}\n水泵,a,{mark},,,,,\n水泵,b,,{mark},,,,\n水泵,c,,,{mark},,,\n水泵,d,,,,{mark},,\n水泵,e,,,,,,{mark}\n"
    )
    assert [(row.interval.every, row.interval.unit) for row in rows_of(found)] == [
        (1, "day"), (1, "week"), (1, "month"), (3, "month"), (1, "year"),
    ]  # fmt: skip


def test_several_ticks_of_a_line_with_a_code_are_an_error_that_names_them() -> None:
    (error,) = table("编号,系统,内容,日,周,月\nP-1,水泵,检查,√,,√\n").problems.errors
    assert (error.code, error.column) == ("unknown_frequency", "日")
    assert "每日一次、每月一次，请分行填写" in error.message


def test_how_often_in_two_rows_of_headings() -> None:
    for text in ("设备,内容,周期,,责任部门\n,,频次,单位,\n", "設備,內容,週期,,責任部門\n,,間隔,單位,\n"):
        (row,) = rows_of(table(f"{text}水泵,检查,1,季,消防管理部门\n"))
        assert (row.interval.every, row.interval.unit, row.department.zh) == (3, "month", "消防管理部门")


@pytest.mark.parametrize(
    ("head", "line", "wanted"),
    [
        ("周期,次数", "年,2", (6, "month")), ("周期,次數", "每年,4", (3, "month")), ("周期,次数", "月,1", (1, "month")),
        ("次数,周期单位", "2,年", (6, "month")), ("次数", "每月一次", (1, "month")),
        ("周期,周期单位", "3,月", (3, "month")), ("Frequency,Frequency unit", "3,MONTHS", (3, "month")),
    ],
)  # fmt: skip
def test_so_many_times_in_a_unit_that_stands_beside(head: str, line: str, wanted: tuple[int, str]) -> None:
    (row,) = rows_of(table(f"系统,内容,{head}\n水泵,检查,{line}\n"))
    assert (row.interval.every, row.interval.unit) == wanted


def test_a_number_of_times_or_of_units_is_asked_for() -> None:
    (error,) = table("系统,内容,频次,周期单位\n水泵,检查,3,月\n").problems.errors
    assert error.code == "ambiguous_frequency"
    assert "每3个月一次" in error.message
    assert "每月3次" in error.message


def test_months_that_are_marked_differently_beside_a_frequency_are_left_out() -> None:
    months = ",".join(f"{n}月" for n in range(1, 13))
    found = table(f"系统,内容,周期,{months}\n水泵,检查,每月,{','.join(f'{n}日' for n in range(1, 13))}\n")
    assert [row.interval.every for row in rows_of(found)] == [1]
    assert len(told(found, "months_ignored")) == 1
