"""Words for equipment: what a row is wider than stands in its name, and other words find the rows of the law."""

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows

HEAD = "系统,维护内容,周期\n"
BOTH = "System,Equipment,Task,Frequency\n"
LIFT = Machine("k1", "demo", "EL-01", "elevator")
IN_SECTIONS = """序号,项目,内容,周期
一、电梯系统,,,
1,曳引机,检查油位、异响,每季度一次
2,轿厢,照明、风扇、对讲,每周一次
二、消防系统,,,
1,灭火器,压力检查,每半月一次
"""


def table(text: str, *more: PlanRow) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    machines = Machines(lambda: [(LIFT.code, LIFT)])
    return PlanImport([*plan_rows(), *more], "demo", machines=machines, problems=problems).run(rows)


def made(outcome: Outcome) -> list[PlanRow]:
    assert not outcome.problems.errors
    return [one.after for one in outcome.changes if isinstance(one.after, PlanRow)]


def warned(outcome: Outcome, code: str) -> list[int]:
    return [one.row for one in outcome.problems.warnings if one.code == code]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("气体灭火,钢瓶压力检查", "气体灭火：钢瓶压力检查"),
        ("精密空调,滤网清洗", "精密空调：滤网清洗"),
        ("UPS,蓄电池放电", "UPS：蓄电池放电"),
        ("货梯,轿厢检查", "货梯：轿厢检查"),
        ("电梯机房,清洁、通风", "电梯机房：清洁、通风"),
        ("3号楼电梯,按钮检查", "3号楼电梯：按钮检查"),
        ("楼道照明,灯具更换", "楼道照明：灯具更换"),
        ("风机盘管,风机盘管滤网清洗", "风机盘管滤网清洗"),
        ("客梯,轿厢检查", "轿厢检查"),
        ("电梯设备,轿厢检查", "轿厢检查"),
        ("生活水箱,液位检查", "液位检查"),
        ("食水缸,液位检查", "液位检查"),
    ],
)
def test_a_word_that_the_row_is_wider_than_stands_in_its_name(line: str, name: str) -> None:
    (row,) = made(table(f"{HEAD}{line},每2个月一次\n"))
    assert row.name.zh == name


def test_rows_of_one_system_that_are_alike_but_for_the_word_stay_apart_and_come_back_unchanged() -> None:
    text = f"{HEAD}空调系统,滤网清洗,每月一次\n精密空调,滤网清洗,每月一次\n风机盘管,滤网清洗,每月一次\n"
    rows = made(table(text))
    assert [row.name.zh for row in rows] == ["滤网清洗", "精密空调：滤网清洗", "风机盘管：滤网清洗"]
    assert not table(text, *rows).changes


def test_a_row_that_was_made_without_the_word_is_found() -> None:
    (row,) = made(table(f"{HEAD}空调系统,滤网清洗,每月一次\n"))
    assert not table(f"{HEAD}精密空调,滤网清洗,每月一次\n", row).changes


@pytest.mark.parametrize("line", ["精密空调,滤网清洗", "消防系统,钢瓶组", "空调系统,滤网清洗"])
def test_a_row_with_a_code_comes_back_unchanged(line: str) -> None:
    word, task = line.split(",")
    text = f"编号,系统,设备,维护内容,周期\nX-1,{word},{'钢瓶组' if task == '钢瓶组' else ''},{task}检查,每月一次\n"
    (row,) = made(table(text))
    assert not table(text, row).changes


@pytest.mark.parametrize(
    ("line", "law"),
    [
        ("消防系统,消防裝置年檢,每年一次", "FI-Y"),
        ("消防系统,消防装置年检,每年一次", "FI-Y"),
        ("冷卻水塔,清洗消毒,每年一次", "HV-TWR"),
        ("Cooling tower,Clean and disinfect,每年一次", "HV-TWR"),
        ("滅火筒,檢查,每月一次", "FI-EXT"),
        ("食水缸,清洗消毒,每年一次", "WA-TANK"),
        ("货梯,半月维保,每半月一次", "EL-HM"),
    ],
)
def test_other_words_find_the_row_of_the_law(line: str, law: str) -> None:
    outcome = table(f"{HEAD}{line}\n")
    assert [one["code"] for one in outcome.rows] == [law]


@pytest.mark.parametrize("word", ["食水箱", "食水缸", "生活水箱"])
def test_cleaning_the_tanks_by_another_word_more_often_is_told_beside_the_law(word: str) -> None:
    outcome = table(f"{HEAD}{word},清洗,每三個月一次\n")
    (told,) = [one for one in outcome.problems.warnings if one.code == "beside_law"]
    assert "WA-TANK" in told.message


@pytest.mark.parametrize("word", ["Emergency lighting", "Emergency lights"])
def test_english_equipment_of_another_system_counts_before_the_system(word: str) -> None:
    outcome = table(f"{BOTH}Lighting,{word},Lamp change,Every 2 months\n")
    (row,) = made(outcome)
    assert row.applies_to.classes == ("emergency_lighting",)
    assert warned(outcome, "equipment_elsewhere") == [2]


def test_an_unknown_word_below_a_sections_title_is_equipment_of_its_system() -> None:
    outcome = table(IN_SECTIONS)
    rows = made(outcome)
    assert [(row.name.zh, row.applies_to.system) for row in rows] == [
        ("曳引机：检查油位、异响", "elevator"), ("轿厢：照明、风扇、对讲", "elevator"), ("灭火器：压力检查", None),
    ]  # fmt: skip
    assert warned(outcome, "equipment_in_task") == [3, 4]
    assert not table(IN_SECTIONS, *rows).changes


def test_an_unknown_word_below_no_title_is_refused() -> None:
    outcome = table(f"{HEAD}曳引机,检查油位,每季度一次\n")
    assert [one.code for one in outcome.problems.errors] == ["unknown_system"]
