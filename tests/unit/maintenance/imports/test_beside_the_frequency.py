"""What stands beside a frequency, or in its heading: ticks, times, units; which counted and what was left out."""

import pytest

from maintenance.frequencies import canonical
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import compare
from maintenance.imports.problems import CellProblem
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows


def table(head: str, cells: str) -> Outcome:
    text = f"系统,内容,{head}\n照明系统,擦拭灯罩,{cells}\n"
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    return compare(rows, plan_rows(), problems=problems)


def interval_of(found: Outcome) -> tuple[int, str]:
    assert not found.problems.errors, found.problems.errors
    (row,) = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    return canonical(row.interval)


def told(found: Outcome, code: str = "beside_frequency") -> list[tuple[str, str]]:
    return [(one.column, one.value) for one in found.problems.warnings if one.code == code]


@pytest.mark.parametrize(
    ("head", "cells", "left"),
    [
        ("周期,每季", "每月,√", [("每季", "√")]),
        ("周期,月,季,年", "每月,√,√,", [("季", "√")]),
        ("周期,月,季,年", "每月,,√,√", [("季", "√"), ("年", "√")]),
        ("周期,月,季,年", "每月,√,,", []),
        ("周期,月,季,年", "每月,2次,,", [("月", "2次")]),
        ("周期,次数", "每月一次,2", [("次数", "2")]),
        ("周期,次数", "每年,按需", [("次数", "按需")]),
        ("周期,次数", "每2年,3", [("次数", "3")]),
        ("周期,次数", "每月一次,12", []),
        ("周期,次数", "2次/年,2", []),
        ("周期,次数", "每月,1次", []),
        ("周期,周期单位", "每月一次,年", [("周期单位", "年")]),
        ("周期,周期单位", "每季度,月", []),
        ("Frequency,Frequency unit", "monthly,weeks", [("Frequency unit", "weeks")]),
    ],
)  # fmt: skip
def test_what_contradicts_the_frequency_is_left_out_with_a_warning(
    head: str, cells: str, left: list[tuple[str, str]]
) -> None:
    found = table(head, cells)
    assert interval_of(found) == canonical(read_frequency(cells.partition(",")[0]).interval)
    assert told(found) == left


def test_the_warning_says_which_counted() -> None:
    (one,) = [one for one in table("周期,每季", "每月,√").problems.warnings if one.code == "beside_frequency"]
    assert "“每季 √”与周期“每月一次”不一致，按周期安排，“每季 √”未采用" in one.message
    assert "every" not in one.message
    assert "does not go with the frequency (monthly), which counts" in one.message


@pytest.mark.parametrize(
    ("cells", "wanted", "warned"),
    [
        ("每季度,3次", (1, "month"), True),
        ("每年,二", (6, "month"), True),
        ("年,2次", (6, "month"), False),
        ("年,2次/年", (6, "month"), True),
        ("每季度,4", (3, "month"), True),
    ],
)
def test_times_beside_a_unit_are_times_in_it(cells: str, wanted: tuple[int, str], warned: bool) -> None:
    found = table("周期,次数", cells)
    assert interval_of(found) == wanted
    assert bool(told(found, "frequency_read_as")) is warned
    assert not told(found)


@pytest.mark.parametrize(
    ("head", "wanted", "other"),
    [
        ("频次（年）", (6, "month"), "每2年一次"),
        ("频率（年）", (6, "month"), "每2年一次"),
        ("Frequency (year)", (6, "month"), "every 2 years"),
        ("频次（月）", (2, "month"), "每15天一次"),
        ("频次（次/年）", (6, "month"), ""),
        ("频次/年", (6, "month"), ""),
        ("年频次", (6, "month"), ""),
        ("次数（年）", (6, "month"), ""),
        ("每年次数", (6, "month"), ""),
        ("次/年", (6, "month"), ""),
        ("Times per year", (6, "month"), ""),
        ("Frequency (per year)", (6, "month"), ""),
        ("周期（年）", (24, "month"), ""),
        ("间隔（年）", (24, "month"), ""),
        ("Interval (years)", (24, "month"), ""),
        ("Frequency (months)", (2, "month"), ""),
        ("Frequency (years)", (24, "month"), ""),
    ],
)
def test_a_number_is_times_or_units_by_its_heading_and_doubt_names_both(
    head: str, wanted: tuple[int, str], other: str
) -> None:
    found = table(head, "2")
    assert interval_of(found) == wanted
    messages = [one.message for one in found.problems.warnings if one.code == "frequency_read_as"]
    assert [other in one for one in messages] == ([True] if other else [])
    assert not told(table(head, "1"), "frequency_read_as")


def test_a_number_of_times_a_year_that_is_no_whole_interval_is_refused_with_both_readings() -> None:
    (error,) = table("频次（年）", "7").problems.errors
    assert error.code == "ambiguous_frequency"
    assert "每7年一次" in error.message
    assert "每年7次" in error.message


@pytest.mark.parametrize(
    ("head", "cell", "zh", "en"),
    [
        ("频次（月）", "4", "每4个月一次，也可能是每月4次", "every 4 months or 4 times a month"),
        ("频次（月）", "8", "每8个月一次，也可能是每月8次", "every 8 months or 8 times a month"),
        ("频次（月）", "30", "每30个月一次，也可能是每月30次", "every 30 months or 30 times a month"),
        ("频次（季度）", "4", "每年一次，也可能是每季4次", "yearly or 4 times a quarter"),
        ("频次（周）", "3", "每3周一次，也可能是每周3次", "every 3 weeks or 3 times a week"),
        ("Frequency (month)", "4", "每4个月一次，也可能是每月4次", "every 4 months or 4 times a month"),
        ("Frequency (M)", "4", "每4个月一次，也可能是每月4次", "every 4 months or 4 times a month"),
        ("Frequency (week)", "2", "每2周一次，也可能是每周2次", "every 2 weeks or 2 times a week"),
    ],
)
def test_a_number_whose_other_reading_is_no_whole_interval_is_refused_with_both(
    head: str, cell: str, zh: str, en: str
) -> None:
    (error,) = table(head, cell).problems.errors
    assert (error.column, error.value, error.code) == (head, cell, "ambiguous_frequency")
    assert f"可能是{zh}；表示间隔请将表头改为“周期（" in error.message
    assert f"this may be {en}: for an interval head the column Interval" in error.message


@pytest.mark.parametrize(
    ("head", "cell", "wanted"),
    [
        ("频次（月）", "6", (6, "month")),
        ("频次（月）", "12", (12, "month")),
        ("频次（月）", "36", (36, "month")),
        ("频次（天）", "7", (7, "day")),
        ("频次（日）", "30", (30, "day")),
        ("Frequency (day)", "10", (10, "day")),
        ("频次（小时）", "4", (4, "hour")),
        ("周期（月）", "4", (4, "month")),
        ("Frequency (weeks)", "2", (14, "day")),
    ],
)
def test_a_number_that_nobody_means_as_times_is_so_many_units(head: str, cell: str, wanted: tuple[int, str]) -> None:
    assert interval_of(table(head, cell)) == wanted


@pytest.mark.parametrize("cell", ["2次", "2 次", "两次", "2x", "2 times"])
@pytest.mark.parametrize(
    "head",
    ["频次（年）", "频次（次/年）", "频次（每年）", "年频次", "周期（年）", "Times per year", "Frequency (per year)"],
)
def test_a_number_with_times_is_times_in_the_heading_s_unit(head: str, cell: str) -> None:
    found = table(head, cell)
    assert interval_of(found) == (6, "month")
    assert not found.problems.errors
    assert interval_of(table("频次,周期单位", f"{cell},年")) == (6, "month")


@pytest.mark.parametrize("cell", ["2次", "两次", "twice"])
def test_times_without_a_unit_say_that_the_unit_is_missing(cell: str) -> None:
    (error,) = table("周期", cell).problems.errors
    assert error.code == "unknown_frequency"
    assert "没有说在多长时间内做几次" in error.message
    assert "within what time" in error.message


@pytest.mark.parametrize("mark", ["●●", "√√", "2", "2次"])
def test_a_mark_several_times_in_one_cell_is_not_one_mark(mark: str) -> None:
    (error,) = table("月,季,年", f"{mark},,").problems.errors
    assert (error.column, error.value, error.code) == ("月", mark, "unknown_frequency")
    (error,) = table("1月,7月", f"{mark},{mark}").problems.errors
    assert (error.value, error.code) == (mark, "unknown_frequency")
    found = table("周期,1月,7月", f"每半年,{mark},{mark}")
    assert interval_of(found) == (6, "month")
    assert told(found, "months_ignored") == [("1月", mark)]


@pytest.mark.parametrize("text", ["一年四季", "四季", "每年四季"])
def test_all_the_year_round_may_be_each_season_or_no_frequency(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "ambiguous_frequency"
    assert "每季度一次" in refused.value.said.zh
    assert "all the year round" in refused.value.said.en


@pytest.mark.parametrize("text", ["all year round", "year-round", "all year", "all the year", "全年"])
def test_all_year_says_no_frequency(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "unknown_frequency"
    assert "没有说多久一次" in refused.value.said.zh
    assert "does not say how often" in refused.value.said.en
    assert "可能是" not in refused.value.said.zh


@pytest.mark.parametrize("text", ["四个季度", "4个季度", "每年四个季度"])
def test_four_quarters_may_be_each_or_once_in_four(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "ambiguous_frequency"
    assert "每季度一次，也可能是每四个季度（每年）一次" in refused.value.said.zh
    assert "quarterly or every four quarters" in refused.value.said.en


@pytest.mark.parametrize("text", ["每四个季度", "四个季度一次"])
def test_once_in_four_quarters_is_yearly(text: str) -> None:
    assert canonical(read_frequency(text).interval) == (12, "month")


@pytest.mark.parametrize("text", ["四季各一次", "一年四季各检查一次", "春夏秋冬各一次"])
def test_once_each_season_is_quarterly_and_told(text: str) -> None:
    found = read_frequency(text)
    assert canonical(found.interval) == (3, "month")
    assert found.read_as
    assert not found.months


def test_the_fourth_quarter_is_still_one() -> None:
    assert read_frequency("四季度").months == (10,)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("2月29日", "不是每年都有", "28 February or 1 March"),
        ("每年2月29日", "请写2月28日或3月1日", "not there every year"),
        ("2月30日", "没有“2月30日”这一天", "no such day"),
    ],
)
def test_a_day_that_not_every_year_has_says_so(text: str, zh: str, en: str) -> None:
    found = table("周期,下次保养日期", f"每年,{text}")
    assert interval_of(found) == (12, "month")
    (one,) = [one for one in found.problems.warnings if one.code == "date_ignored"]
    assert zh in one.message
    assert en in one.message


def test_a_day_of_the_year_in_the_frequency_is_near_to_yearly() -> None:
    (error,) = table("周期", "每年2月29日").problems.errors
    assert error.code == "frequency_is_a_date"
    assert "最接近的是“每年一次”" in error.message
