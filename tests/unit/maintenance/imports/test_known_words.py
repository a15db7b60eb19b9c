"""Words of plan tables for work of the site, systems and seasons; of unknown ones the nearest known are named."""

from pathlib import Path

import pytest

from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import compare
from maintenance.imports.problems import CellProblem
from maintenance.imports.reading import read_plan_table
from maintenance.imports.vocabulary import (
    Named,
    class_words,
    equipment_named,
    is_site_wide,
    kind_named,
    seed_departments,
)
from maintenance.imports.words import KINDS
from maintenance.plan import PlanRow
from maintenance.schedules import SeasonSchedule
from maintenance.seed.loader import plan_rows

HEAD = "设施设备类别,维护周期,维护责任部门\n"


def table(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    return compare(rows, plan_rows(), problems=problems)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("演练", "drill"), ("应急演练", "drill"), ("應急演練", "drill"), ("Emergency drill", "drill"),
        ("质量检查", "inspection"), ("服务质量检查", "inspection"), ("灭火器", "preventive"),
    ],
)  # fmt: skip
def test_work_of_the_site_makes_a_row_of_its_kind(word: str, kind: str) -> None:
    found = table(f"{HEAD}{word},每半年一次,质量监督小组\n")
    assert not found.problems.errors
    (change,) = found.changes
    assert isinstance(change.after, PlanRow)
    assert (change.after.kind, change.after.applies_to.site) == (kind, True)
    assert change.after.name.zh.startswith(word)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("演练", "drill"), ("应急演练", "drill"), ("質量檢查", "inspection"), ("Quality check", "inspection")],
)
def test_they_are_kinds_of_work_too(word: str, kind: str) -> None:
    assert KINDS.read(word) == kind


@pytest.mark.parametrize("word", ["弱电系统", "弱電系統", "弱电", "ELV system"])
def test_extra_low_voltage_is_the_security_system(word: str) -> None:
    assert equipment_named(word) == Named("security", None)


@pytest.mark.parametrize(
    ("word", "system"),
    [("给排水", "water"), ("给水", "water"), ("強電", "power"), ("强电系统", "power"), ("风管", "hvac")],
)
def test_trades_are_the_systems_that_they_look_after(word: str, system: str) -> None:
    assert equipment_named(word) == Named(system, None)
    assert equipment_named("消防报警系统") == Named(None, "fire_panel")


@pytest.mark.parametrize("word", ["Fire extinguishers", "避雷", "灭火器"])
def test_what_is_no_asset_of_a_class_is_work_of_the_site(word: str) -> None:
    assert is_site_wide(word)


WAYS = Path(__file__).parent / "words" / "systems.txt"


def ways() -> list[tuple[str, str]]:
    lines = WAYS.read_text(encoding="utf-8").splitlines()
    parts = [line.partition(": ") for line in lines if line[:1] not in ("", "#")]
    return [(word.strip(), wanted) for wanted, _, rest in parts for word in rest.split(" | ")]


@pytest.mark.parametrize(("word", "wanted"), ways())
def test_the_words_of_plan_tables_for_systems_trades_and_jobs(word: str, wanted: str) -> None:
    assert meant(word) == wanted


def meant(word: str) -> str:
    try:
        found = equipment_named(word)
    except CellProblem:
        return kind_named(word).replace("preventive", "site") if is_site_wide(word) else "?"
    return found.system or found.equipment_class or ""


def test_a_word_that_is_in_no_list_says_what_it_was_taken_for() -> None:
    (told,) = [one for one in table(f"{HEAD}会议室空调,每年一次,\n").problems.warnings if one.code == "system_read_as"]
    assert (told.column, told.value) == ("设施设备类别", "会议室空调")
    assert "“会议室空调”按“空调系统”理解" in told.message


def test_a_word_that_names_two_systems_is_an_error_with_the_nearest_known_ones() -> None:
    (error,) = table(f"{HEAD}电梯监控系统,每月一次,\n").problems.errors
    assert (error.code, error.value) == ("unknown_system", "电梯监控系统")
    assert "最接近的是" in error.message
    assert "电梯系统" in error.message.partition("最接近的是")[2]


@pytest.mark.parametrize("word", ["电气火灾监控系统", "电梯五方对讲"])
def test_a_part_of_a_system_is_a_row_of_its_own_and_not_the_systems(word: str) -> None:
    found = table(f"{HEAD}{word},每月一次,\n{word},每季度一次,\n")
    assert not found.problems.errors
    rows = [change.after for change in found.changes]
    assert [row.name.zh for row in rows if isinstance(row, PlanRow)] == [
        f"{word}维护（每月一次）",
        f"{word}维护（每季度一次）",
    ]
    assert {change.before for change in found.changes} == {None}


def test_two_words_for_one_system_are_two_rows_and_one_word_twice_is_an_error() -> None:
    text = f"{HEAD}配电房,每周一次,电气管理部门\n强电井,每周一次,电气管理部门\n"
    rows = [change.after for change in table(text).changes]
    assert [row.name.zh for row in rows if isinstance(row, PlanRow)] == ["配电房维护（每周一次）", "强电井"]
    read, problems = read_plan_table(text.encode(), "plan.csv")
    known = [*plan_rows(), *(row for row in rows if isinstance(row, PlanRow))]
    assert not compare(read, known, problems=problems).changes
    (error,) = table(text.replace("强电井", "配电房")).problems.errors
    assert error.code == "duplicate_row"


@pytest.mark.parametrize("word", ["供暖", "採暖", "供热设备"])
def test_heating_is_the_system_and_its_class(word: str) -> None:
    assert equipment_named(word).system == "heating" or equipment_named(word).equipment_class == "heating"
    assert class_words().find(word.removesuffix("设备")) == "heating"


@pytest.mark.parametrize(
    "text", ["每年春秋两季各一次", "春秋兩季", "每年春、秋季各检查一次", "春季和秋季各一次", "every spring and autumn"]
)
def test_spring_and_autumn_are_the_change_of_season(text: str) -> None:
    found = read_frequency(text)
    assert found.schedule == SeasonSchedule(("cooling", "heating"))
    assert found.read_as


@pytest.mark.parametrize("text", ["每个季度末", "每個月底", "每季末", "每年底"])
def test_the_end_of_a_quarter_is_a_date(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "frequency_is_a_date"


@pytest.mark.parametrize(
    ("read", "text", "zh", "en"),
    [
        (equipment_named, "照名系统", "照明系统", "Lighting"),
        (equipment_named, "应急演炼", "应急演练", "应急演练"),
        (equipment_named, "Elevater", "电梯系统", "Elevators"),
        (seed_departments().read, "水务部门", "水务管理部门", "Water"),
        (class_words().read, "水磅", "水泵", "Pump"),
        (KINDS.read, "保羊", "保养", "Preventive"),
        (read_frequency, "每季一吃", "每季度一次", "quarterly"),
        (read_frequency, "quaterly", "每季度一次", "quarterly"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest_known_one(read: object, text: str, zh: str, en: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read(text)  # type: ignore[operator]
    near_zh, near_en = (
        refused.value.said.zh.partition("最接近的是")[2],
        refused.value.said.en.partition("nearest is")[2],
    )
    assert zh in near_zh
    assert en in near_en


@pytest.mark.parametrize("text", ["飞船系统", "魔法", "x" * 400])
def test_what_is_near_to_nothing_gets_no_guess(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        equipment_named(text)
    assert "最接近" not in refused.value.said.zh


@pytest.mark.parametrize("text", ["春季", "秋季一次", "每年冬天", "运行季", "運行月", "summer", "when running"])
def test_seasons_and_running_get_no_guess_of_an_interval(text: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "unknown_frequency"
    assert "最接近" not in refused.value.said.zh
