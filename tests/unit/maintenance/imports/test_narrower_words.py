"""Words for a part of a system or class: what such a line is for is told, whatever column the word stands in."""

import tomllib

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.imports.vocabulary import FILE, Named, class_words, equipment_named, is_site_wide
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows
from plantroom.catalogue.systems import systems

HEAD = "设施设备类别,维护内容,维护周期\n"
LIFT = Machine("k1", "demo", "EL-01", "elevator")

OF_CLASSES = [
    (word, key) for key, words in tomllib.loads(FILE.read_text(encoding="utf-8"))["narrower"].items() for word in words
]
OF_SYSTEMS = [(word, one.key) for one in systems().values() for word in one.narrower]


def table(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    machines = Machines(lambda: [(LIFT.code, LIFT)])
    return PlanImport(plan_rows(), None, machines=machines, problems=problems).run(rows)


def told(text: str) -> list[tuple[str, str]]:
    return [(one.column, one.value) for one in table(text).problems.warnings if one.code == "system_read_as"]


@pytest.mark.parametrize(("word", "meant"), [*OF_CLASSES, *OF_SYSTEMS])
def test_a_word_for_a_part_says_what_it_was_taken_for(word: str, meant: str) -> None:
    assert told(f"{HEAD}{word},外观,每月一次\n") == [("设施设备类别", word)]
    named = equipment_named(word)
    assert meant in (named.system, named.equipment_class) or named.system is not None


@pytest.mark.parametrize(
    "word",
    [
        "电梯",
        "自动扶梯",
        "消防泵",
        "冷却塔",
        "空调系统",
        "配电柜",
        "发电机",
        "水箱",
        "Lifts",
        "AHU",
        "灭火器",
        "电梯设备",
    ],
)
def test_a_word_for_all_of_it_says_nothing(word: str) -> None:
    assert not told(f"{HEAD}{word},外观,每月一次\n")


def test_the_warning_says_that_the_row_is_for_every_machine_and_how_to_narrow_it() -> None:
    (told_,) = [one for one in table(f"{HEAD}貨梯,外观,每月一次\n").problems.warnings if one.code == "system_read_as"]
    assert "“貨梯”按“电梯”理解，适用于其全部设备" in told_.message
    assert "适用设备编号" in told_.message
    assert "every machine of it" in told_.message


def test_machines_that_are_named_need_no_warning() -> None:
    text = "设施设备类别,适用设备编号,维护内容,维护周期\n货梯,EL-01,外观,每月一次\n"
    assert not table(text).problems.errors
    assert not told(text)


def test_the_narrower_of_two_columns_is_told_once() -> None:
    head = "系统,设备名称,维护内容,维护周期\n"
    assert told(f"{head}电梯系统,货梯,外观,每月一次\n") == [("设备名称", "货梯")]
    assert told(f"{head}排水系统,水泵,外观,每月一次\n") == [("系统", "排水系统")]
    assert not told(f"{head}排水系统,化粪池,清掏,每月一次\n")
    assert not told(f"{head}空调系统,风机盘管,外观,每月一次\n")  # stands in the task, with a warning of its own


def test_a_word_for_a_part_in_the_column_of_the_classes_is_told_too() -> None:
    text = "适用设备类,维护内容,维护周期,系统\n货梯；自动扶梯,外观,每月一次,\n"
    assert told(text) == [("适用设备类", "货梯；自动扶梯")]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("冷却泵", Named(None, "pump")), ("冷冻泵", Named(None, "pump")), ("板换", Named(None, "heating")),
        ("双电源", Named(None, "distribution_board")), ("手报", Named(None, "fire_panel")),
        ("heat detectors", Named(None, "fire_panel")), ("manual call point", Named(None, "fire_panel")),
        ("heat pump", Named("hvac", None)), ("curtain wall", Named(None, "civil")),
        ("DC panel", Named(None, "distribution_board")), ("guard tour", Named("security", None)),
    ],
)  # fmt: skip
def test_what_people_call_equipment_in_short(word: str, meant: Named) -> None:
    assert equipment_named(word) == meant


@pytest.mark.parametrize("word", ["油烟净化", "太阳能热水", "solar panels", "EV chargers", "fountain", "PA system"])
def test_what_is_of_no_class_is_the_sites(word: str) -> None:
    assert is_site_wide(word)


def test_two_parts_of_a_class_with_one_task_are_two_rows_and_stay_so() -> None:
    text = f"{HEAD}高压柜,外观,每月一次\n低压柜,外观,每月一次\n变压器,外观,每月一次\n"
    found = table(text)
    assert not found.problems.errors
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert [row.name.zh for row in rows] == ["高压柜：外观", "低压柜：外观", "变压器：外观"]
    read, problems = read_plan_table(text.encode(), "plan.csv")
    assert not PlanImport([*plan_rows(), *rows], None, problems=problems).run(read).changes
    (error,) = table(text.replace("变压器", "低压柜")).problems.errors
    assert error.code == "duplicate_row"


def test_an_asset_is_of_the_class_of_which_its_word_names_a_part() -> None:
    assert class_words().find("货梯") == "elevator"
