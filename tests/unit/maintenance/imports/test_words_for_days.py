"""What people write below 计划实施时间 and 下次日期: days, months, and words that are no day."""

from dataclasses import replace
from datetime import date

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows
from tests.unit.maintenance.imports.workbooks import workbook

TODAY = date(2026, 12, 1)


def table(data: str | bytes, known: list[PlanRow] | None = None) -> Outcome:
    made = data.encode() if isinstance(data, str) else data
    rows, problems = read_plan_table(made, "plan.xlsx" if made[:2] == b"PK" else "plan.csv")
    return PlanImport([*plan_rows(), *(known or [])], "demo", problems=problems, today=TODAY).run(rows)


def rows_of(found: Outcome) -> list[PlanRow]:
    assert not found.problems.errors, found.problems.errors
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


def told(found: Outcome) -> list[tuple[str, str, str]]:
    mine = {"date_read_as", "date_ignored", "months_ignored"}
    return [(one.code, one.column, one.value) for one in found.problems.warnings if one.code in mine]


@pytest.mark.parametrize("heading", ["计划实施时间", "計劃實施日期", "下次日期", "Next due"])
@pytest.mark.parametrize(
    ("often", "cell", "anchor"),
    [
        ("每月", "2026年3月", date(2026, 3, 1)), ("每月", "2027-03", date(2027, 3, 1)),
        ("每年", "2026/3", date(2026, 3, 1)),
        ("每月", "每月1日", date(2026, 1, 1)), ("每月", "每月15号", date(2026, 1, 15)),
        ("每月", "每个月31日", date(2026, 1, 31)),
        ("每年", "3月", date(2026, 3, 1)), ("每年", "三月份", date(2026, 3, 1)), ("每年", "6月30日", date(2026, 6, 30)),
        ("每季度", "每季度首月", date(2026, 1, 1)), ("每半年", "3月、9月", date(2026, 3, 1)),
        ("每季度", "每季度首月10日", date(2026, 1, 10)), ("每年", "March", date(2026, 3, 1)),
    ],
)  # fmt: skip
def test_words_that_say_when_are_taken_with_a_warning(heading: str, often: str, cell: str, anchor: date) -> None:
    text = f"系统,内容,周期,{heading}\n水泵,检查甲,{often},{cell}\n"
    found = table(text)
    (row,) = rows_of(found)
    assert row.anchor == anchor
    assert told(found) == [("date_read_as", heading, cell)]
    assert not table(text, [row]).changes


@pytest.mark.parametrize(
    ("often", "cell"),
    [
        ("每月", "长期"), ("每月", "待定"), ("每季度", "每月1日"), ("每季度", "3月"), ("每月", "每月15日前"),
        ("每年", "2026年13月"),
        ("每年", "2月30日"), ("每月", "每月"), ("每月", "3"), ("每年", "2026年"), ("每年", "x" * 300),
    ],
)  # fmt: skip
def test_other_words_are_left_out_with_a_warning_that_names_the_cell(often: str, cell: str) -> None:
    found = table(f"系统,内容,周期,计划实施时间\n水泵,检查甲,{often},{cell}\n")
    (row,) = rows_of(found)
    assert row.anchor is None
    ((code, column, value),) = told(found)
    assert (code, column, value[:20]) == ("date_ignored", "计划实施时间", cell[:20])


@pytest.mark.parametrize("heading", ["起算日期", "开始日期", "Start date"])
@pytest.mark.parametrize("cell", ["每月1日", "3月", "2026-03", "长期"])
def test_our_own_headings_take_days_alone(heading: str, cell: str) -> None:
    (error,) = table(f"系统,内容,周期,{heading}\n水泵,检查甲,每月,{cell}\n").problems.errors
    assert (error.code, error.column) == ("bad_date", heading)


@pytest.mark.parametrize(
    ("cell", "code"), [("2026-02-30", "bad_date"), ("03/04/2026", "ambiguous_date"), ("28/11/2019", "bad_date")]
)
def test_what_is_written_as_a_day_has_to_be_one(cell: str, code: str) -> None:
    (error,) = table(f"系统,内容,周期,下次日期\n水泵,检查甲,每月,{cell}\n").problems.errors
    assert error.code == code


def test_days_stay_days_and_a_formula_is_left_out() -> None:
    lines = [["水泵", "检查甲", "每月", date(2026, 3, 5)], ["水泵", "检查乙", "每月", "=EDATE(D2,1)"]]
    found = table(workbook([["系统", "内容", "周期", "下次日期"], *lines]))
    assert [row.anchor for row in rows_of(found)] == [date(2026, 3, 5), None]
    assert [one[:2] for one in told(found)] == [("date_ignored", "下次日期")]


def test_a_row_of_the_law_keeps_its_dates() -> None:
    found = table("系统,内容,周期,计划实施时间\n水箱,水箱清洗消毒,每半年,3月、9月\n")
    assert not [row for row in rows_of(found) if row.anchor is not None]
    assert ("months_ignored", "计划实施时间", "3月、9月") in told(found)


def test_another_day_in_the_month_moves_the_row() -> None:
    (row,) = rows_of(table("系统,内容,周期,下次日期\n水泵,检查甲,每月,每月1日\n"))
    (moved,) = rows_of(table("系统,内容,周期,下次日期\n水泵,检查甲,每月,每月5日\n", [row]))
    assert moved == replace(row, anchor=date(2026, 1, 5), version=moved.version)
