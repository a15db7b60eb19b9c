"""Plan tables with a column for the system and another for the equipment in it."""

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import AppliesTo, PlanRow
from maintenance.seed.loader import plan_rows

TOWER = Machine("k1", "demo", "CT-01", "cooling_tower")


def table(text: str, known: tuple[PlanRow, ...] | None = None) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    machines = Machines(lambda: [(TOWER.code, TOWER)])
    return PlanImport(known or plan_rows(), None, machines=machines, problems=problems).run(rows)


def made(found: Outcome) -> list[PlanRow]:
    assert not found.problems.errors, found.problems.errors
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


def told(found: Outcome) -> list[tuple[int, str, str, str]]:
    mine = {"equipment_in_task", "equipment_elsewhere", "system_left_out", "same_row"}
    return [(one.row, one.code, one.column, one.value) for one in found.problems.warnings if one.code in mine]


HEADS = [
    ("系统", "设备名称"),
    ("設施設備類別", "設備名稱"),
    ("类别", "设备名称"),
    ("System", "Equipment"),
    ("设备名称", "所属系统"),
    ("类别", "设施设备"),
    ("设施设备", "设备名称"),
    ("Equipment category", "Equipment name"),
]


@pytest.mark.parametrize(("wide", "narrow"), HEADS)
def test_the_system_is_narrowed_by_the_equipment_and_what_is_no_class_stands_in_the_task(
    wide: str, narrow: str
) -> None:
    lines = [
        ("给排水系统", "化粪池", "清掏", "每半年"),
        ("给排水系统", "生活水箱", "内外擦拭", "每季度"),
        ("給排水系統", "排水立管", "疏通", "每半年"),
        ("消防系统", "防火卷帘", "升降试验", "每季度"),
        ("空调系统", "冷却塔", "换填料", "每年"),
    ]
    swap = wide == "设备名称"
    body = "".join(f"{b},{a},{task},{often}\n" if swap else f"{a},{b},{task},{often}\n" for a, b, task, often in lines)
    found = table(f"{wide},{narrow},维护内容,周期\n{body}")
    assert not [one for one in found.problems.warnings if one.code == "ignored_column"]
    rows = made(found)
    assert [(row.name.zh, row.applies_to) for row in rows] == [
        ("化粪池：清掏", AppliesTo(site=True)),
        ("内外擦拭", AppliesTo(classes=("water_tank",))),
        ("排水立管：疏通", AppliesTo(system="water")),
        ("防火卷帘：升降试验", AppliesTo(site=True)),
        ("换填料", AppliesTo(classes=("cooling_tower",))),
    ]
    heading = wide if swap else narrow
    assert told(found) == [
        (2, "equipment_in_task", heading, "化粪池"),
        (4, "equipment_in_task", heading, "排水立管"),
        (5, "equipment_in_task", heading, "防火卷帘"),
    ]
    messages = [one.message for one in found.problems.warnings if one.code == "equipment_in_task"]
    assert all("适用设备编号" in one and "assets" in one for one in messages)
    assert "供水系统" in messages[1]


def test_imported_again_it_changes_nothing() -> None:
    lines = (
        "系统,设备名称,内容,周期",
        "给排水系统,化粪池,清掏,每半年",
        "给排水系统,排水立管,疏通,每半年",
        "给排水系统,反冲洗过滤器,,每季度",
    )
    text = "\n".join(lines)
    rows = made(table(text))
    assert [row.name.zh for row in rows] == ["化粪池：清掏", "排水立管：疏通", "反冲洗过滤器"]
    again = table(text, (*plan_rows(), *rows))
    assert again.counts == {"created": 0, "updated": 0, "unchanged": 3}
    assert told(again) == []


@pytest.mark.parametrize(
    ("system", "equipment", "applies", "code"),
    [
        ("给排水系统", "冷却塔", AppliesTo(classes=("cooling_tower",)), "equipment_elsewhere"),
        ("空调系统", "水泵", AppliesTo(classes=("pump",)), "equipment_elsewhere"),
        ("机电", "冷却塔", AppliesTo(classes=("cooling_tower",)), "system_left_out"),
        ("消防系统", "消防设施", AppliesTo(system="fire"), None),
        ("电梯系统", "客梯", AppliesTo(classes=("elevator",)), None),
        ("电梯系统", "自动扶梯", AppliesTo(classes=("escalator",)), None),
        ("电梯、扶梯", "电梯", AppliesTo(system="elevator"), None),
        ("空调系统", "风机盘管", AppliesTo(system="hvac"), "equipment_in_task"),
        ("水泵", "橡胶软接头", AppliesTo(classes=("pump",)), "equipment_in_task"),
        ("喷淋系统", "喷淋泵", AppliesTo(classes=("fire_pump_set",)), None),
        ("空调系统", "", AppliesTo(system="hvac"), None),
        ("", "冷却塔", AppliesTo(classes=("cooling_tower",)), None),
    ],
)
def test_what_the_two_columns_come_to(system: str, equipment: str, applies: AppliesTo, code: str | None) -> None:
    found = table(f"系统,设备名称,内容,周期\n{system},{equipment},甲乙丙,每2个月\n")
    (row,) = made(found)
    assert row.applies_to == applies
    assert [one[1] for one in told(found)] == ([code] if code else [])
    assert (equipment in row.name.zh) == (code == "equipment_in_task" or not equipment)


def test_what_nobody_knows_in_either_column_is_an_error() -> None:
    found = table("系统,设备名称,内容,周期\n太空站,太阳帆,甲,每月\n,太阳帆,甲,每月\n,,甲,每月\n")
    assert [(one.row, one.column, one.code, one.value) for one in found.problems.errors] == [
        (2, "系统", "unknown_system", "太空站"),
        (3, "设备名称", "unknown_system", "太阳帆"),
        (4, "系统", "missing_value", ""),
    ]


def test_two_words_for_one_class_with_one_task_are_two_rows() -> None:
    text = "系统,设备名称,内容,周期\n给排水系统,生活水泵,检查,每2个月\n给排水系统,潜污泵,检查,每2个月\n"
    rows = made(table(text))
    assert [(row.name.zh, row.applies_to.classes) for row in rows] == [
        ("生活水泵：检查", ("pump",)), ("潜污泵：检查", ("pump",)),
    ]  # fmt: skip
    assert told(table(text)) == []
    assert table(text, (*plan_rows(), *rows)).counts["unchanged"] == 2


def test_work_of_the_law_is_no_second_row_for_another_word_for_the_machines() -> None:
    found = table("系统,设备名称,内容,周期\n电梯系统,客梯,半月维保,每15天\n电梯系统,货梯,半月维保,每15天\n")
    assert made(found) == []
    assert [(row["code"], row["action"]) for row in found.rows] == [("EL-HM", "unchanged")] * 2
    assert [one[:2] for one in told(found)] == [(3, "same_row")]


def test_equipment_in_a_line_that_names_assets_is_theirs() -> None:
    found = table(
        "系统,设备名称,设备编号,内容,周期\n空调系统,1#塔,CT-01,换填料,每年\n给排水系统,冷却塔,CT-01,擦拭,每年\n"
    )
    assert [(row.name.zh, row.applies_to.assets) for row in made(found)] == [("换填料", ("k1",)), ("擦拭", ("k1",))]
    assert told(found) == []


def test_of_three_widths_the_middle_one_is_left_out_and_named() -> None:
    found = table("系统,设备类别,设备名称,内容,周期\n空调系统,水塔,冷却塔,换填料,每年\n")
    assert [row.applies_to.classes for row in made(found)] == [("cooling_tower",)]
    assert [one.column for one in found.problems.warnings if one.code == "ignored_column"] == ["设备类别"]


def test_an_english_table_reads_the_same() -> None:
    lines = "Fire protection,Fire shutter,Lift test,Quarterly\nHVAC,Fan coil unit,Clean the tray,Every 2 months"
    text = f"System,Equipment,Task,Frequency\n{lines}\n"
    rows = made(table(text))
    assert [(row.name.en, row.applies_to) for row in rows] == [
        ("Fire shutter: Lift test", AppliesTo(site=True)),
        ("Fan coil unit: Clean the tray", AppliesTo(system="hvac")),
    ]
    assert table(text, (*plan_rows(), *rows)).counts["unchanged"] == 2
