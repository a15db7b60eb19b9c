"""A row by its age or before a season in an export: words in both of its columns, and a difference that says them."""

from dataclasses import replace

import pytest

from maintenance.imports.cells import Cell
from maintenance.imports.outcome import AllRights, Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_columns import COLUMN_ORDER, plan_cells
from maintenance.imports.reading import read_plan_table
from maintenance.imports.rule_words import frequency_text, rule_text
from maintenance.imports.traditional import simplified, traditional
from maintenance.imports.writing import csv_bytes
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import BeforeReuse, Layer, PlanRow
from maintenance.schedules import (
    BY_INTERVAL,
    AgeSchedule,
    BeforeSchedule,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed.loader import plan_rows
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems

KEYS = [column.key for column in COLUMN_ORDER]
ROWS = {row.code: row for row in plan_rows()}
YEARS = "安装后第1、4、7、9、11、13、15年，之后每年一次"


def exported(row: PlanRow, language: str = "zh", **other: Cell) -> list[Cell]:
    cells = dict(zip(KEYS, plan_cells(row, {}, language), strict=True))
    return list((cells | other).values())


def imported(*lines: list[Cell], rows: list[PlanRow], language: str = "zh") -> Outcome:
    found, problems = read_plan_table(csv_bytes(COLUMN_ORDER, lines, language), "plan.csv")
    return PlanImport(rows, None, problems=problems).run(found)


@pytest.mark.parametrize("language", ["zh", "zh-hant", "en"])
def test_the_seed_s_rows_come_back_without_a_change_or_a_word_about_it(language: str) -> None:
    rows = plan_rows()
    found = imported(*(exported(row, language) for row in rows), rows=rows, language=language)
    assert not found.problems.errors
    assert not found.problems.warnings
    assert found.counts == {"created": 0, "updated": 0, "unchanged": len(rows)}


def test_no_row_of_the_seed_has_a_rule_that_only_a_machine_reads() -> None:
    rules = {row.code: exported(row)[KEYS.index("schedule")] for row in plan_rows()}
    assert not [code for code, text in rules.items() if str(text).startswith("{")]
    assert rules["EL-INSP"] == YEARS
    assert exported(ROWS["EL-INSP"])[KEYS.index("frequency")] == YEARS


def test_the_difference_says_age_and_season_in_words() -> None:
    row = replace(ROWS["EL-INSP"], layer=Layer.CONTRACT, max_gap_days=None)
    (line,) = imported(exported(row, frequency="雨季前", schedule=None), rows=[row]).rows
    assert line["changes"]["frequency"] == [YEARS, "雨季前"]  # type: ignore[index]
    (line,) = imported(exported(row, schedule="制冷季前、供暖季前，提前7天"), rows=[row]).rows
    assert line["changes"] == {"schedule": [YEARS, "制冷季前、供暖季前，提前7天"]}


YEAR = Interval(1, IntervalUnit.YEAR)
PLAIN = replace(ROWS["WA-M"], code="P-1", layer=Layer.CONTRACT, max_gap_days=None)


@pytest.mark.parametrize(
    ("row", "frequency", "schedule"),
    [
        (replace(PLAIN, interval=YEAR, schedule=SeasonSchedule(("heating",), 30)), "每月一次", BY_INTERVAL),
        (replace(PLAIN, interval=YEAR, schedule=SeasonSchedule(("heating",), 30)), "雨季前", SeasonSchedule(("rain",))),
        (replace(PLAIN, interval=YEAR, schedule=AgeSchedule((1, 4), then=YEAR)), "每半年一次", BY_INTERVAL),
        (
            replace(PLAIN, interval=YEAR, schedule=MeterSchedule("run_hours", 1500)),
            "每半年一次",
            MeterSchedule("run_hours", 1500),
        ),
        (replace(PLAIN, schedule=IntervalSchedule(in_season="rain")), "每周一次", IntervalSchedule(in_season="rain")),
    ],
)
def test_of_the_two_cells_of_an_export_the_one_that_was_changed_counts(
    row: PlanRow, frequency: str, schedule: object
) -> None:
    found = imported(exported(row, frequency=frequency), rows=[row])
    assert not found.problems.errors
    (change,) = found.changes
    assert isinstance(change.after, PlanRow)
    assert change.after.schedule == schedule


@pytest.mark.parametrize("every", [Interval(2, IntervalUnit.YEAR), Interval(5, IntervalUnit.DAY)])
def test_an_interval_of_its_own_beside_the_years_comes_back(every: Interval) -> None:
    row = replace(PLAIN, interval=every, schedule=AgeSchedule((1, 4), then=YEAR))
    assert imported(exported(row), rows=[row]).counts["unchanged"] == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_another_meter_stands_in_the_rule_s_column_and_comes_back(language: str) -> None:
    miles = MeterSchedule("miles", 5)
    row = replace(PLAIN, interval=NO_INTERVAL, schedule=miles)
    line = exported(row, language)
    assert [line[KEYS.index(key)] is None for key in ("frequency", "schedule")] == [True, False]
    assert imported(line, rows=[row], language=language).counts["unchanged"] == 1
    found = imported(exported(row, language, frequency="每月一次"), rows=[row], language=language)
    assert [change.after.schedule for change in found.changes] == [BY_INTERVAL]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "365天；TSG T7001-2023；待核实"),
        ("zh-hant", "365天；TSG T7001-2023；待核實"),
        ("en", "365 days; TSG T7001-2023; From memory"),
    ],
)
def test_what_is_asked_before_a_machine_is_used_again_has_a_column(language: str, text: str) -> None:
    row = replace(PLAIN, before_reuse=BeforeReuse(365, "TSG T7001-2023", "from_memory"))
    assert exported(row, language)[KEYS.index("before_reuse")] == text
    assert imported(exported(row, language), rows=[row], language=language).counts["unchanged"] == 1
    found = imported(exported(row, language), rows=[PLAIN], language=language)
    assert [change.after.before_reuse for change in found.changes] == [row.before_reuse]  # type: ignore[attr-defined]
    assert list(found.rows[0]["changes"]) == ["before_reuse"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("365", BeforeReuse(365)),
        ("超过180天", BeforeReuse(180)),
        ("more than 30 days", BeforeReuse(30)),
        ("365天;；；甲", BeforeReuse(365, ";;甲")),
        ('{"after_days": 5, "basis": "已核实", "status": "default"}', BeforeReuse(5, "已核实")),
        ("（空）", None),
    ],
)
def test_days_alone_are_enough_and_a_word_empties_it(text: str, wanted: BeforeReuse | None) -> None:
    row = replace(PLAIN, before_reuse=BeforeReuse(9, "x"))
    (change,) = imported(exported(row, before_reuse=text), rows=[row]).changes
    assert change.after.before_reuse == wanted  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["一年", "0天", "365天半", '{"after_days": 1.5}', "{", "[1]", '{"x": 1}'])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    (error,) = imported(exported(PLAIN, before_reuse=text), rows=[PLAIN]).problems.errors
    assert error.column == "停用后再用前"


def test_only_an_administrator_takes_it_out_of_the_law() -> None:
    lift = ROWS["EL-INSP"]
    rows, problems = read_plan_table(csv_bytes(COLUMN_ORDER, [exported(lift, before_reuse="（空）")], "zh"), "plan.csv")
    (error,) = PlanImport([lift], None, rights=Supervisor(), problems=problems).run(rows).problems.errors
    assert (error.column, error.code) == ("停用后再用前", "law_dates_need_admin")


class Supervisor(AllRights):
    def may_leave_law(self, site: str | None) -> bool:
        return False


@pytest.mark.parametrize(("every", "gap"), [(3, 366), (1, None)])
def test_an_interval_in_the_place_of_the_law_s_years_is_no_longer_than_they_are_apart(
    every: int, gap: int | None
) -> None:
    lift = ROWS["EL-INSP"]
    found = imported(
        exported(lift, frequency=f"P{every}Y", schedule='{"type": "interval"}'), rows=[lift, ROWS["EL-SELF"]]
    )
    (change,) = found.changes
    assert isinstance(change.after, PlanRow)
    assert (change.after.schedule, change.after.max_gap_days) == (BY_INTERVAL, gap)
    told = [one.code for one in found.problems.warnings]
    assert ("law_is_stricter" in told) is (gap is not None)


def test_a_table_with_traditional_headings_has_traditional_words_and_comes_back() -> None:
    words = [one.name.zh for one in systems().values()] + [one.name.zh for one in equipment_classes().values()]
    assert all(simplified(traditional(word)) == word for word in words)
    assert traditional("楼宇自动化控制系统、供暖系统、防排烟风机") == "樓宇自動化控制系統、供暖系統、防排煙風機"
    said = [frequency_text(Interval(2, unit), BY_INTERVAL, "zh-hant") for unit in IntervalUnit]
    assert said == ["每2小時一次", "每2天一次", "每2週一次", "每2個月一次", "每2年一次"]
    assert rule_text(SeasonSchedule(("cooling", "heating")), "zh-hant") == "製冷季前、供暖季前，提前14天"
    assert rule_text(IntervalSchedule("winter", open_hours=True), "zh-hant") == "僅在冬季，僅在營業時間內"
    assert rule_text(BeforeSchedule("水泵门-1", 3), "zh-hant") == "在水泵门-1之前，提前3天", "a code stays as it is"
    cells = [plan_cells(row, {}, "zh-hant") for row in plan_rows()]
    assert {"供水系統", "空調系統"} <= {str(one[1]) for one in cells}
