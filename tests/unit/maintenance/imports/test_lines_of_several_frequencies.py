"""One line of a plan table that says several frequencies is a row for each, as if it had had a line for each."""

from collections.abc import Sequence
from datetime import date

import pytest

from maintenance.frequencies import canonical
from maintenance.imports.frequency_several import several_in
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows

TODAY = date(2026, 12, 1)
ELEVATOR = ["EL-HM", "EL-Q", "EL-HY", "EL-Y"]
MONTHS = ",".join(f"{month}月" for month in range(1, 13))


def table(text: str, known: Sequence[PlanRow] = ()) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    return PlanImport(known or plan_rows(), None, problems=problems, today=TODAY).run(rows)


def again(text: str, found: Outcome) -> Outcome:
    """The same table where its rows are there already."""
    made = {row.code: row for one in found.changes if isinstance(row := one.after, PlanRow)}
    return table(text, [*(row for row in plan_rows() if row.code not in made), *made.values()])


def made(found: Outcome) -> list[tuple[str, int, str]]:
    assert not found.problems.errors, found.problems.errors
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    return [(row.name.zh, *canonical(row.interval)) for row in rows]


def told(found: Outcome, code: str = "several_rows") -> list[str]:
    return [one.message for one in found.problems.warnings if one.code == code]


def codes(found: Outcome) -> list[tuple[object, object]]:
    return [(row["code"], row["action"]) for row in found.rows]


@pytest.mark.parametrize(
    "text",
    [
        "系统,日检,周检,半月,月检,季检,半年,年检\n电梯,,,√,,√,√,√\n",
        "系统,内容,半月,季,半年,年\n电梯,维保,√,√,√,√\n",
        "系统,周期\n电梯,半月/季度/半年/年\n",
        "系统,周期\n电梯,每半月一次、每季度一次、每半年一次、每年一次\n",
        '系统,周期\n电梯,"HM,Q,HY,Y"\n',
        "系统,周期\n电梯,半月保养/季度保养/半年保养/年度保养\n",
    ],
)
def test_the_four_visits_to_elevators_in_one_line_are_the_law_s_rows(text: str) -> None:
    found = table(text)
    assert codes(found) == [(code, "unchanged") for code in ELEVATOR]
    assert not found.changes
    assert {row["row"] for row in found.rows} == {2}
    (message,) = told(found)
    assert "成为4项：EL-HM 半月维保（每15天一次）、EL-Q 季度维保（每季度一次）" in message
    assert "has become 4 rows: EL-HM Half-month maintenance (every 15 days)" in message


def test_ticks_beside_one_task_are_rows_that_are_called_apart() -> None:
    text = "系统,设备名称,内容,月,年\n供水系统,止回阀,清扫,√,√\n"
    found = table(text)
    assert made(found) == [("止回阀：清扫（每月一次）", 1, "month"), ("止回阀：清扫（每年一次）", 12, "month")]
    assert [(one.row, one.column, one.value) for one in found.problems.warnings if one.code == "several_rows"] == [
        (2, "月", "√")
    ]
    assert again(text, found).counts == {"created": 0, "updated": 0, "unchanged": 2}


def test_the_rows_of_an_english_line_are_called_apart_and_told_in_english() -> None:
    found = table("System,Task,M,Y\nWater supply,valve,√,√\n")
    assert [name for name, *_ in made(found)] == ["valve (monthly)", "valve (yearly)"]
    (message,) = told(found)
    assert "2 rows: WATER-1MONTH valve (monthly), WATER-12MONTH valve (yearly): " in message
    assert "WATER-1MONTH valve (monthly)、" in message


def test_a_row_that_a_line_of_its_own_has_made_is_found_by_the_task_alone() -> None:
    found = table("系统,内容,周期\n供电系统,清扫,每月\n")
    second = again("系统,内容,月,年\n供电系统,清扫,√,√\n", found)
    assert [action for _, action in codes(second)] == ["unchanged", "created"]
    assert made(second) == [("清扫（每年一次）", 12, "month")]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("供水系统,每月检查，每年更换阀门", [("检查", 1, "month"), ("更换阀门", 12, "month")]),
        ("供水系统,每日巡查/每月保养", [("巡查", 1, "day"), ("保养", 1, "month")]),
        ("water supply,\"monthly check, yearly overhaul\"", [("check", 1, "month"), ("overhaul", 12, "month")]),
        ("供水系统,清洗滤网，每月一次；更换滤芯，每年一次", [("清洗滤网", 1, "month"), ("更换滤芯", 12, "month")]),
        ("供水系统,水泵：每月检查，每年大修", [("水泵：检查", 1, "month"), ("水泵：大修", 12, "month")]),
        (
            "供水系统,每月检查阀门、管道，每2年大修，包括轴承",
            [("检查阀门、管道", 1, "month"), ("大修，包括轴承", 24, "month")],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["周期", "维护内容"])
def test_each_frequency_has_its_own_work(line: str, wanted: list[tuple[str, int, str]], heading: str) -> None:
    text = f"系统,{heading}\n{line}\n照明系统,每月检查\n"
    found = table(text)
    assert [one for one in made(found) if one[0] != "每月检查"] == wanted
    assert len(told(found)) == 1
    assert again(text, found).counts == {"created": 0, "updated": 0, "unchanged": 3}


def test_what_a_frequency_is_for_stands_behind_the_line_s_own_task() -> None:
    found = table("系统,内容,周期\n供水系统,止回阀维护,每月检查，每年解体\n供水系统,维护保养,每月检查，每年解体\n")
    assert [name for name, *_ in made(found)] == ["止回阀维护：检查", "止回阀维护：解体", "检查", "解体"]


def test_frequencies_without_work_have_the_line_s_task() -> None:
    text = "系统,内容,周期\n供水系统,清洗滤网,每月一次，每季度一次\n供水系统,止回阀,每月一次，每年大修一次\n"
    found = table(text)
    assert [name for name, *_ in made(found)] == [
        "清洗滤网（每月一次）",
        "清洗滤网（每季度一次）",
        "止回阀",
        "止回阀：大修",
    ]


def test_work_of_the_law_is_the_law_s_row() -> None:
    for text in (
        "系统,周期\n供电系统,每月巡检，每年预防性试验\n",
        "系统,维护内容\n供电系统,每月巡检，每年预防性试验\n",
        "供电系统：每月巡检，每年预防性试验\n",
    ):
        assert ("PW-Y", "unchanged") in codes(table(text))


def test_a_line_without_columns_is_a_row_for_each() -> None:
    text = "供水系统：每月检查，每年更换全部阀门\n照明系统：每月检查一次\n"
    found = table(text)
    assert [one.code for one in found.problems.errors] == []
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    row = next(one for one in rows if canonical(one.interval) == (12, "month"))
    assert (row.name.zh, row.standard.zh) == ("更换全部阀门", "每年更换全部阀门")
    (one,) = [one for one in found.problems.warnings if one.code == "several_rows"]
    assert (one.row, one.column, one.value) == (1, "A", "每月检查，每年更换全部阀门")
    assert again(text, found).counts == {"created": 0, "updated": 0, "unchanged": 3}


@pytest.mark.parametrize(
    ("said", "task", "wanted"),
    [
        ("年度预防性试验", "预防性试验", (12, "month")),
        ("季度清洗滤网", "清洗滤网", (3, "month")),
        ("滤网季度清洗", "滤网清洗", (3, "month")),
        ("滤网半年清洗", "滤网清洗", (6, "month")),
        ("滤网半年清洗一次", "滤网清洗", (6, "month")),
        ("滤网一年清洗两次", "滤网清洗", (6, "month")),
        ("滤网3个月清洗一次", "滤网清洗", (3, "month")),
        ("clean the filter 4 times a year", "clean the filter", (3, "month")),
        ("clean the filter twice yearly", "clean the filter", (6, "month")),
        ("6-monthly filter cleaning", "filter cleaning", (6, "month")),
        ("clean the filter every 3rd month", "clean the filter", (3, "month")),
        ("biennial oil change", "oil change", (24, "month")),
    ],
)
def test_a_second_frequency_without_each_is_a_row_too(said: str, task: str, wanted: tuple[int, str]) -> None:
    found = table(f"照明系统：每周检查，{said}\n")
    assert (task, *wanted) in made(found)
    assert len(found.rows) == 2
    assert len(told(found)) == 1


def test_as_often_said_twice_is_one_row() -> None:
    found = table("供电系统：Monthly check; clean the filter 12 times a year\n")
    assert codes(found) == [("PW-M", "unchanged")]


@pytest.mark.parametrize(
    ("said", "named", "named_en"),
    [
        ("设备每隔3个月润滑一次", "每隔3个月", "每隔3个月"),
        ("滤网每隔一个月清洗", "每隔一个月", "每隔一个月"),
        ("滤网两年一换", "每2年一次", "every 2 years"),
        ("故障每2小时内上报", "每2小时一次", "every 2 hours"),
        ("biannual test", "biannual", "biannual"),
    ],
)
def test_a_second_frequency_that_is_not_sure_is_refused_with_both(said: str, named: str, named_en: str) -> None:
    found = table(f"照明系统：每月检查，{said}\n")
    (error,) = found.problems.errors
    assert error.code == "unknown_frequency"
    assert f"有几个周期：每月一次、{named}，" in error.message
    assert f"(monthly, {named_en})" in error.message
    assert not found.rows


@pytest.mark.parametrize(
    "said", ["年度计划内容见附件", "质保一年", "记录保存2年", "更换使用半年以上的滤网", "落实2026年度检修计划",
             "一年内故障2次以上的更换", "记录温度、湿度", "两周内整改"],
)  # fmt: skip
def test_a_time_that_is_no_frequency_leaves_the_line_one_row(said: str) -> None:
    found = table(f"照明系统：每周检查，{said}\n")
    assert [row[1:] for row in made(found)] == [(7, "day")]
    assert not told(found)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (",,季,,,半年,,,季,,,年", {3: date(2026, 3, 1), 6: date(2026, 6, 1), 12: date(2026, 12, 1)}),
        ("Q,,,Q,,,Q,,,Q,,Y", {3: date(2026, 1, 1), 12: date(2026, 12, 1)}),
        (
            "月,月,季,月,月,半年,月,月,季,月,月,年",
            {1: None, 3: date(2026, 3, 1), 6: date(2026, 6, 1), 12: date(2026, 12, 1)},
        ),
        ("半月,半月,季,半月,半月,H,半月,半月,季,半月,半月,季", None),
    ],
)  # fmt: skip
def test_words_in_the_months_columns_are_a_row_for_each_kind_of_work(
    cells: str, wanted: dict[int, date | None] | None
) -> None:
    text = f"系统,内容,{MONTHS}\n供水系统,阀门,{cells}\n"
    found = table(text)
    if wanted is None:
        assert [one.code for one in found.problems.errors] == ["unknown_frequency"]
        return
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert {canonical(row.interval)[0]: row.anchor for row in rows} == wanted
    assert all("阀门（每" in row.name.zh for row in rows)
    assert again(text, found).counts == {"created": 0, "updated": 0, "unchanged": len(wanted)}


def test_half_a_month_and_rarer_work_in_the_months_columns() -> None:
    found = table(f"系统,{MONTHS}\n电梯,{'半月,半月,季,半月,半月,半年,半月,半月,季,半月,半月,年'}\n")
    assert codes(found) == [(code, "unchanged") for code in ELEVATOR]


@pytest.mark.parametrize("cells", ["月,月,季,,,,,,,,,", "季,,,半年,,,季,,年,,,", "√,,季,,,√,,,季,,,√"])
def test_words_in_the_months_columns_that_do_not_fit_are_refused(cells: str) -> None:
    (error,) = table(f"系统,内容,{MONTHS}\n供水系统,阀门,{cells}\n").problems.errors
    assert error.code == "unknown_frequency"
    assert "含义不明" in error.message


def test_months_beside_several_ticks_hold_for_those_that_they_go_with() -> None:
    found = table("系统,内容,月,季,实施月份\n供水系统,阀门,√,√,3月、6月、9月、12月\n")
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert [row.anchor for row in rows] == [None, date(2026, 3, 1)]
    (message,) = told(found, "months_ignored")
    assert "与周期“每月一次”不一致，未采用" in message


def test_a_first_day_and_a_department_are_those_of_each_row() -> None:
    found = table("系统,内容,月,年,起算日期,部门\n供水系统,阀门,√,√,2026-05-04,工程管理部门\n")
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert {(row.anchor, row.department.zh) for row in rows} == {(date(2026, 5, 4), "工程管理部门")}


def test_ticks_beside_a_cell_with_several_frequencies_are_told_where_it_does_not_say_them() -> None:
    found = table("系统,内容,周期,月,季,年\n供水系统,阀门,月、年,√,√,√\n")
    assert [interval for _, interval, _ in made(found)] == [1, 12]
    assert {(one.column, one.value) for one in found.problems.warnings if one.code == "beside_frequency"} == {
        ("季", "√")
    }


def test_what_is_wrong_with_a_line_is_told_once() -> None:
    found = table("系统,内容,月,季,年,部门\n供水系统,阀门,√,√,√,没有的部门\n")
    assert [(one.column, one.code) for one in found.problems.errors] == [("部门", "unknown_department")]
    assert not told(found)


@pytest.mark.parametrize(
    "cell",
    [
        "每月或每季度", "每月，或每季度", "每月至每季度", "1-2个月", "每月1-2次，每年一次", "每月一次，冬季每周一次",
        "每月一次（每年大修一次）", "每1500小时或每年", "一年四季", "每月15日，每年一次", "每周二检查，每月保养",
        "每班检查，每月保养", "每月检查，其中每年大修一次", "每月检查，必要时每周检查", "每月底检查，每年大修",
        "每年3月检查，每月巡查", "日常巡查，每月保养，每年大修", "monthly or quarterly", "monthly, weekly in winter",
        "monthly, weekly during the season",
    ],
)  # fmt: skip
def test_what_may_mean_something_else_is_no_row_for_each(cell: str) -> None:
    assert not several_in(cell, alone=True)
    assert not several_in(cell, alone=False)
    found = table(f'系统,内容,周期\n供水系统,阀门,"{cell}"\n')
    assert len(found.problems.errors) == 1
    assert not found.rows


def test_a_line_with_a_code_is_one_row() -> None:
    (error,) = table("编号,系统,内容,周期\nW-7,供水系统,阀门,每月、每年\n").problems.errors
    assert (error.column, error.code) == ("周期", "unknown_frequency")


def test_one_running_hours_cell_with_a_cap_is_one_row_as_it_was() -> None:
    found = table("系统,内容,周期\n供水系统,水泵换油,每运行500小时或每3个月，先到为准\n")
    assert len(found.rows) == 1
    assert not told(found)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["供水系统,阀门,每月", "供水系统,阀门,每月、每年"], "阀门"),
        (["供水系统,阀门,每月、每年", "供水系统,阀门,每月"], "阀门（每月一次）"),
    ],
)
def test_a_frequency_that_another_line_has_with_the_same_task_is_the_same_row_twice(
    lines: list[str], name: str
) -> None:
    (error,) = table("\n".join(["系统,内容,周期", *lines, ""])).problems.errors
    assert (error.row, error.code) == (3, "duplicate_row")
    assert f"与第2行相同（{name}）" in error.message
    assert f"the same row as line 2 ({name})" in error.message


def test_a_line_with_one_frequency_is_the_row_that_one_of_several_has_made() -> None:
    found = table("系统,内容,周期\n供水系统,阀门,每月、每年\n")
    second = again("系统,内容,周期\n供水系统,阀门,每月\n", found)
    assert codes(second) == [("WATER-1MONTH", "unchanged")]
