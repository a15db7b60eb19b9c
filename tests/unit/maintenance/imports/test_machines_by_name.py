"""Lines of a plan table that name single machines as people call them, beside the system or in the task."""

import pytest

from maintenance.imports.machine_numbers import as_several, is_numbered, numbered_in
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import AppliesTo, PlanRow
from maintenance.seed.loader import plan_rows

HERE = (
    Machine("k1", "demo", "DT-01", "elevator", ("1号客梯", "Passenger lift 1")),
    Machine("k2", "demo", "DT-02", "elevator", ("2号客梯", "Passenger lift 2")),
    Machine("k3", "demo", "DT-05", "elevator", ("货梯", "货梯")),
    Machine("k4", "demo", "P-03", "pump", ("备用泵", "Spare pump")),
    Machine("k5", "demo", "P-04", "pump", ("备用泵", "Spare pump")),
    Machine("k6", "demo", "CT-1", "cooling_tower", ("1#冷却塔", "Tower 1")),
    Machine("k7", "demo", "P-05", "pump", ("1号泵", "Pump 1")),
    Machine("k8", "demo", "X-01", "fire_pump_set", ("1号泵", "Pump 1")),
    Machine("k9", "demo", "S-01", "water_tank", ("水箱", "Tank")),
    Machine("f1", "far", "DT-01", "elevator", ("1号客梯", "Passenger lift 1")),
    Machine("f9", "far", "DT-09", "elevator", ("9号客梯", "Passenger lift 9")),
)
HEAD = "系统,设备,维护内容,周期"


def table(
    lines: str,
    head: str = HEAD,
    site: str | None = "demo",
    known: tuple[PlanRow, ...] = (),
    machines: tuple[Machine, ...] = HERE,
) -> Outcome:
    rows, problems = read_plan_table(f"{head}\n{lines}\n".encode(), "plan.csv")
    there = Machines(lambda: [(one.code, one) for one in machines])
    return PlanImport([*plan_rows(), *known], site, machines=there, problems=problems).run(rows)


def made(found: Outcome) -> list[PlanRow]:
    assert not found.problems.errors, found.problems.errors
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


def told(found: Outcome) -> set[str]:
    return {one.code for one in found.problems.warnings}


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("电梯系统,1号客梯,钢丝绳检查,每月", ("k1",)),
        (",1号客梯,钢丝绳检查,每月", ("k1",)),
        ("电梯系统,１号 客梯,钢丝绳检查,每月", ("k1",)),
        ("Elevators,PASSENGER  lift 1,Rope check,Monthly", ("k1",)),
        ("电梯系统,DT-02,钢丝绳检查,每月", ("k2",)),
        ("电梯系统,1号客梯、2号客梯,钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,1号客梯和DT-05,钢丝绳检查,每月", ("k1", "k3")),
        ("电梯系统,1、2号客梯,钢丝绳检查,每月", ("k1", "k2")),
        ("空调系统,1＃冷却塔,换填料,每月", ("k6",)),
        ("供水系统,1号泵,轴承检查,每月", ("k7",)),
        ("消防系统,1号泵,盘车,每月", ("k8",)),
        ("机电,1号客梯,钢丝绳检查,每月", ("k1",)),
        ("电梯系统,,1号客梯钢丝绳检查,每月", ("k1",)),
        ("电梯系统,,1号客梯、2号客梯钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,,1、2号客梯钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,,钢丝绳检查（2号客梯）,每月", ("k2",)),
        ("Elevators,,Passenger lift 2 rope check,Monthly", ("k2",)),
        ("Elevators,,Passenger lift 2 monthly check,Monthly", ("k2",)),
        ("Elevators,,Passenger lift 2 - rope check,Monthly", ("k2",)),
        ("Elevators,,Passenger lift 1 and Passenger lift 2 rope check,Monthly", ("k1", "k2")),
        ("电梯系统,,1号客梯以及2号客梯钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,1号客梯|2号客梯,钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,,1号客梯|2号客梯钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,,DT-01月检,每月", ("k1",)),
        ("电梯系统,,DT-01 月检,每月", ("k1",)),
        ("电梯系统,,DT-01年检,每2年", ("k1",)),
        ("电梯系统,,1号梯钢丝绳检查,每月", ("k1",)),
        ("电梯系统,2#梯,钢丝绳检查,每月", ("k2",)),
        ("电梯系统,,1、2号梯钢丝绳检查,每月", ("k1", "k2")),
        ("电梯系统,,检查1号客梯钢丝绳,每月", ("k1",)),
        ("电梯系统,,对1号客梯进行检查,每月", ("k1",)),
        ("电梯系统,,1号客梯井道及厅门检查,每月", ("k1",)),
        ("电梯系统,,1号客梯、轿厢清洁,每月", ("k1",)),
        ("电梯系统,,1号客梯-125%载荷试验,每5年", ("k1",)),
        ("空调系统,,1#冷却塔室外管道与5处支架检查,每月", ("k6",)),
    ],
)
def test_a_machine_is_found_by_its_name_as_by_its_code(line: str, keys: tuple[str, ...]) -> None:
    (row,) = made(table(line))
    assert row.applies_to == AppliesTo(assets=keys)
    assert "system_read_as" not in told(table(line))


@pytest.mark.parametrize("head", ["适用设备,维护内容,周期", "适用设备编号,维护内容,周期"])
@pytest.mark.parametrize(("word", "keys"), [("1号客梯", ("k1",)), ("Passenger lift 2", ("k2",))])
def test_a_name_may_stand_in_the_column_of_codes(head: str, word: str, keys: tuple[str, ...]) -> None:
    (row,) = made(table(f"{word},钢丝绳检查,每月", head))
    assert row.applies_to == AppliesTo(assets=keys)
    (error,) = table("9号客梯,钢丝绳检查,每月", head).problems.errors
    assert (error.code, error.value) == ("unknown_asset", "9号客梯")


def test_two_machines_of_one_table_have_a_row_each_and_come_back_unchanged() -> None:
    lines = "电梯系统,1号客梯,钢丝绳检查,每月\n电梯系统,2号客梯,钢丝绳检查,每月\n电梯系统,1号客梯,,每2个月"
    rows = made(table(lines))
    assert [row.applies_to.assets for row in rows] == [("k1",), ("k2",), ("k1",)]
    again = table(lines, known=tuple(rows))
    assert again.counts == {"created": 0, "updated": 0, "unchanged": 3}


def test_a_line_for_a_machine_alone_has_the_department_of_its_kind() -> None:
    found = table("1号客梯,钢丝绳检查,每月", "设备,维护内容,周期")
    (row,) = made(found)
    assert (row.code, row.department.zh) == ("DT-01-1MONTH", "电梯维修部门")
    assert "department_assumed" in told(found)


@pytest.mark.parametrize("line", ["供水系统,备用泵,盘车,每月", ",备用泵,盘车,每月", "供水系统,P-05、备用泵,盘车,每月"])
def test_a_name_of_several_machines_is_an_error_that_names_their_codes_and_the_column(line: str) -> None:
    (error,) = table(line).problems.errors
    assert (error.code, error.column, error.value) == ("same_name", "设备", line.split(",")[1])
    assert "P-03、P-04，请在“适用设备编号”列填设备编号" in error.message
    assert "P-03, P-04: give the codes" in error.message


@pytest.mark.parametrize(
    ("line", "column", "name"),
    [
        ("电梯系统,3号客梯,钢丝绳检查,每月", "设备", "3号客梯"),
        ("电梯系统,1号客梯、3号客梯,钢丝绳检查,每月", "设备", "3号客梯"),
        ("电梯系统,1-2号客梯,钢丝绳检查,每月", "设备", "1-2号客梯"),
        ("Elevators,Lift 3,Rope check,Monthly", "设备", "Lift 3"),
        ("电梯系统,客梯3#,钢丝绳检查,每月", "设备", "客梯3#"),
        ("电梯系统,1号客梯及机房,钢丝绳检查,每月", "设备", "机房"),
        ("电梯系统,,3号客梯钢丝绳检查,每月", "维护内容", "3号客梯"),
        ("电梯系统,,客梯3号钢丝绳检查,每月", "维护内容", "客梯3号"),
        ("电梯系统,,钢丝绳检查（3号客梯）,每月", "维护内容", "3号客梯"),
        ("空调系统,,2#冷却塔清洗,每月", "维护内容", "2#冷却塔"),
        ("电梯系统,,3号观光客梯钢丝绳检查,每月", "维护内容", "3号观光客梯"),
        ("电梯系统,,1号客梯、3号客梯检查,每月", "维护内容", "3号客梯"),
        ("电梯系统,,1号客梯和3号客梯检查,每月", "维护内容", "3号客梯"),
        ("电梯系统,,1号客梯、DT-07检查,每月", "维护内容", "DT-07"),
        ("电梯系统,,1号客梯至3号客梯检查,每月", "维护内容", "3号客梯"),
        ("电梯系统,,1号客梯到2号客梯检查,每月", "维护内容", "1号客梯到2号客梯"),
        ("电梯系统,,DT-01~DT-02检查,每月", "维护内容", "DT-01~DT-02"),
        ("电梯系统,,DT-01、02检查,每月", "维护内容", "DT-01、02"),
        ("电梯系统,,1号客梯、2号检查,每月", "维护内容", "1号客梯、2号"),
        ("电梯系统,,1号客梯、2号楼客梯检查,每月", "维护内容", "1号客梯、2号"),
        ("电梯系统,,1号客梯轿厢、3号客梯轿厢检查,每月", "维护内容", "3号客梯"),
        ("电梯系统,,1号客梯检查后对2号客梯保养,每月", "维护内容", "1号客梯检查后对2号客梯"),
        ("Elevators,,Passenger lift 1 and 2 rope check,Monthly", "维护内容", "Passenger lift 1 and 2"),
        ("Elevators,,Passenger lift 1 to 3 rope check,Monthly", "维护内容", "Passenger lift 1 to 3"),
        ("Elevators,,Lifts 1 and 2 rope check,Monthly", "维护内容", "Lifts 1"),
        ("Elevators,,Lift 3 monthly check,Monthly", "维护内容", "Lift 3"),
        ("电梯系统,,3号梯半月维保,每半月", "维护内容", "3号梯"),
        ("电梯系统,3号梯,保养,每月", "设备", "3号梯"),
        ("电梯系统,,DT-09月检,每月", "维护内容", "DT-09"),
        ("电梯系统,,对3号客梯进行检查,每月", "维护内容", "3号客梯"),
    ],
)
def test_a_number_that_no_machine_has_never_becomes_all_of_the_class(line: str, column: str, name: str) -> None:
    (error,) = table(line).problems.errors
    assert (error.code, error.column) == ("machine_not_there", column)
    assert error.value == line.split(",")[HEAD.split(",").index(column)]
    assert f"台账中没有名为“{name}”的设备" in error.message
    assert "适用设备编号" in error.message
    assert f"no machine of the ledger is called {name}" in error.message


@pytest.mark.parametrize("line", ["电梯系统,3号客梯,钢丝绳检查,每月", "电梯系统,,3号客梯钢丝绳检查,每月"])
def test_without_any_machine_yet_it_is_for_all_of_the_class_with_a_warning(line: str) -> None:
    found = table(line, machines=())
    (row,) = made(found)
    assert not row.applies_to.assets
    assert "machines_to_come" in told(found)
    assert "machines_to_come" in told(table(line, site="empty"))


def test_machines_of_other_sites_are_not_meant() -> None:
    (row,) = made(table("电梯系统,1号客梯,钢丝绳检查,每月", site="far"))
    assert row.applies_to.assets == ("f1",)
    (error,) = table("电梯系统,9号客梯,钢丝绳检查,每月").problems.errors
    assert error.code == "machine_not_there"
    (row,) = made(table("电梯系统,9号客梯,钢丝绳检查,每月", site=None))
    assert row.applies_to.assets == ("f9",)
    (error,) = table("电梯系统,1号客梯,钢丝绳检查,每月", site=None).problems.errors
    assert "DT-01 (demo)、DT-01 (far)；请指定站点（--site）" in error.message


def test_a_machine_of_another_system_is_an_error_as_by_its_code() -> None:
    (error,) = table("供水系统,1号客梯,检查,每月").problems.errors
    assert (error.code, error.column, error.value) == ("asset_elsewhere", "设备", "1号客梯")


def test_a_word_for_a_kind_is_one_machine_only_where_others_would_come_in() -> None:
    found = table("电梯系统,货梯,钢丝绳检查,每月")
    assert [row.applies_to for row in made(found)] == [AppliesTo(assets=("k3",))]
    (warning,) = [one for one in found.problems.warnings if one.code == "system_read_as"]
    assert "DT-05" in warning.message
    assert [row.applies_to for row in made(table("供水系统,水箱,检查浮球,每月"))] == [
        AppliesTo(classes=("water_tank",))
    ]
    named_so = (*HERE, Machine("k0", "demo", "DT-00", "elevator", ("电梯", "Elevator")))
    (row,) = made(table(",电梯,钢丝绳检查,每月", machines=named_so))
    assert row.applies_to.assets == ()


@pytest.mark.parametrize(
    "line",
    [
        "电梯系统,1号楼电梯,钢丝绳检查,每月", ",1号泵房水泵,轴承检查,每月", "电梯系统,,15天保养,每15天",
        "电梯系统,,125%制动试验,每5年", "空调系统,,1号空调机房清洁,每月", "应急演练,1号客梯,困人演练,每2年",
        "Elevators,,Elevator 15-day maintenance,Every 15 days", "供电系统,10kV配电柜,除尘,每月",
        "Elevators,,Elevators 6 monthly service,Every 6 months", "供水系统,,水泵2台检查,每月",
        "电梯系统,,每月5号检查,每月",
    ],
)  # fmt: skip
def test_numbers_of_places_and_quantities_are_no_machines(line: str) -> None:
    found = table(line)
    assert not [row for row in made(found) if row.applies_to.assets]


@pytest.mark.parametrize(
    ("line", "number", "of"),
    [
        ("供水系统,,1号泵房水箱清洗消毒,每年", "1号泵", "供水系统"),
        ("电梯系统,,1号客梯厅照明检查,每月", "1号客梯", "电梯系统"),
        ("电梯系统,,3号客梯机房清洁,每月", "3号", "电梯系统"),
        ("供水系统,,P-03泵房清扫,每周", "P-03", "供水系统"),
        ("Elevators,,Passenger lift 1 lobby lighting,Weekly", "Passenger lift 1", "电梯系统"),
        ("消防系统,,2号水泵接合器检查,每月", "2号", "消防系统"),
        ("电梯系统,,1号楼1号梯半月维保,每月", "1号", "电梯系统"),
        ("电梯系统,,第3台电梯检查,每月", "第3台", "电梯系统"),
        ("供水系统,,1号客梯检查,每月", "1号客梯", "供水系统"),
        ("Elevators,,Check lift 9 ropes,Monthly", "lift9", "电梯系统"),
    ],
)
def test_a_number_that_is_not_understood_is_told_with_whom_the_row_is_for(line: str, number: str, of: str) -> None:
    found = table(line)
    assert not [row for row in made(found) if row.applies_to.assets]
    (warning,) = [one for one in found.problems.warnings if one.code == "system_read_as" and one.column == "维护内容"]
    assert f"“{number}”未按单台设备理解，本项适用于“{of}”的全部设备" in warning.message
    assert f"{number} was not taken for a machine" in warning.message


@pytest.mark.parametrize("line", ["2号水泵接合器检查", "2号水泵房清扫", "A区空调机房清扫", "A区空调室清扫"])
def test_a_name_that_a_longer_word_begins_with_is_not_that_machine(line: str) -> None:
    machines = (
        Machine("p2", "demo", "P-02", "pump", ("2号水泵", "Pump 2")),
        Machine("a1", "demo", "AHU-01", "ahu", ("A区空调", "AHU A")),
    )
    system = "空调系统" if "空调" in line else "供水系统"
    (row,) = made(table(f"{system},,{line},每月", machines=machines))
    assert row.applies_to.assets == ()
    (row,) = made(table(f"{system},,{line[:4]}维护,每月", machines=machines))
    assert len(row.applies_to.assets) == 1


def test_two_lifts_of_one_number_are_told_apart_by_their_codes() -> None:
    more = (*HERE, Machine("k0", "demo", "HT-01", "elevator", ("1号货梯", "Goods lift 1")))
    (error,) = table("电梯系统,,1号梯保养,每月", machines=more).problems.errors
    assert error.code == "same_name"
    assert "DT-01、HT-01" in error.message


@pytest.mark.parametrize(
    "lines",
    [
        "电梯系统,,钢丝绳检查，清洁,每月\n冷却塔,,清洗,每季度",
        "电梯系统,,125%制动试验,每5年\n电梯,,15天保养,每15天",
        "Elevators,,Rope check,Monthly",
        "电梯,电梯,钢丝绳检查,每季度",
    ],
)
def test_a_table_that_can_name_no_machine_does_not_look_for_any(lines: str) -> None:
    def load() -> list[tuple[str, Machine]]:
        raise AssertionError("the ledger was read")

    rows, problems = read_plan_table(f"{HEAD}\n{lines}\n".encode(), "plan.csv")
    PlanImport(plan_rows(), "demo", machines=Machines(load), problems=problems).run(rows)


def test_words_with_numbers() -> None:
    assert list(as_several("1#、2#冷却塔")) == [["1#冷却塔", "2#冷却塔"], ["1#冷却塔", "2#冷却塔"]]
    assert list(as_several("1号客梯")) == []
    assert is_numbered("3#塔", frozenset({"塔"}))
    assert not is_numbered("3#塔", frozenset())
    assert not is_numbered("气体灭火IG541", frozenset())
    assert numbered_in("3号客梯检查", frozenset({"pump"}), frozenset()) == ""
