"""Lines of a plan table that name assets, or a row of the law by its code: what the row applies to."""

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import AppliesTo, PlanRow
from maintenance.seed.loader import plan_rows

HERE = [
    Machine("k1", "demo", "E-1", "elevator"),
    Machine("k2", "demo", "P-1", "pump"),
    Machine("k3", "demo", "P-2", "pump"),
    Machine("k4", "far", "E-9", "elevator"),
    Machine("k5", "far", "P-2", "pump"),
    Machine("k6", "demo", "H-1", "generic"),
]
CODES = [*((one.code, one) for one in HERE), ("OLD-1", HERE[0])]
HEAD = "设施设备类别,适用设备,维护内容,维护周期,维护责任部门\n"
BY_CODE = "编号,设施设备类别,维护周期\n"


def table(text: str, site: str | None = None, rows: list[PlanRow] | None = None) -> Outcome:
    found, problems = read_plan_table(text.encode(), "plan.csv")
    known = plan_rows() if rows is None else rows
    return PlanImport(known, site, machines=Machines(lambda: CODES), problems=problems).run(found)


def made(found: Outcome) -> PlanRow:
    assert not found.problems.errors, found.problems.errors
    (change,) = found.changes
    assert isinstance(change.after, PlanRow)
    return change.after


@pytest.mark.parametrize("code", ["E-1", "Ｅ-1", "OLD-1"])
@pytest.mark.parametrize("site", [None, "demo"])
def test_an_asset_is_found_by_its_code_with_a_site_and_without(code: str, site: str | None) -> None:
    assert made(table(f"{HEAD},{code},钢丝绳检查,每月一次,\n", site)).applies_to == AppliesTo(assets=("k1",))


@pytest.mark.parametrize(
    ("code", "site", "said"),
    [
        ("E-7", None, "没有设备 E-7"),
        ("P-2", None, "编号 P-2 在多个站点都有：demo、far"),
        ("E-9", "demo", "设备 E-9 属于站点 far"),
    ],
)
def test_one_that_is_not_there_or_not_the_only_one_says_so(code: str, site: str | None, said: str) -> None:
    (error,) = table(f"{HEAD},{code},检查,每月一次,\n", site).problems.errors
    assert (error.column, error.value, error.code) == ("适用设备", code, "unknown_asset")
    assert said in error.message


@pytest.mark.parametrize("word", ["电梯系统", "电梯", "电梯、扶梯", "客梯", "elevator"])
def test_a_system_beside_an_asset_that_is_of_it_is_no_second_subject(word: str) -> None:
    assert made(table(f'{HEAD}"{word}",E-1,钢丝绳检查,每月一次,\n')).applies_to == AppliesTo(assets=("k1",))


def test_an_asset_of_another_system_is_an_error_that_names_both() -> None:
    (error,) = table(f"{HEAD}消防系统,E-1,检查,每月一次,\n").problems.errors
    assert (error.column, error.value, error.code) == ("适用设备", "E-1", "asset_elsewhere")
    assert "设备 E-1 是电梯，不属于“消防系统”" in error.message
    assert "the asset E-1 is of the class Elevator, which is not of Fire protection" in error.message
    (error,) = table(f"{HEAD}水泵,P-1；E-1,检查,每月一次,\n", "demo").problems.errors
    assert "设备 E-1 是电梯，不属于“水泵”" in error.message


def test_any_other_machine_may_be_of_any_system_or_a_thing_of_the_site() -> None:
    for word in ("消防系统", "室外消火栓"):
        assert made(table(f"{HEAD}{word},H-1,检查,每月一次,\n")).applies_to == AppliesTo(assets=("k6",))
    (error,) = table(f"{HEAD}室外消火栓,E-1,检查,每月一次,\n").problems.errors
    assert error.code == "several_subjects"


@pytest.mark.parametrize("line", ["电梯,E-1,钢丝绳检查,每月一次,", ",E-1,钢丝绳检查,每月一次,", "电梯,E-1,,每周一次,"])
def test_the_same_table_again_is_no_change(line: str) -> None:
    row = made(table(f"{HEAD}{line}\n"))
    again = table(f"{HEAD}{line}\n", rows=[*plan_rows(), row])
    assert not again.changes
    assert [one["action"] for one in again.rows] == ["unchanged"]


def test_one_machines_line_never_changes_the_row_of_all_of_its_system() -> None:
    row = made(table(f"{HEAD}电梯,E-1,半月维保,每10天,\n"))
    assert (row.code != "EL-HM", row.applies_to) == (True, AppliesTo(assets=("k1",)))


def test_a_row_without_a_task_is_called_after_its_machines() -> None:
    row = made(table(f"{HEAD},P-1,,每月一次,\n"))
    assert (row.name.zh, row.code) == ("P-1维护（每月一次）", "P-1-1MONTH")


def test_the_law_is_looked_up_for_the_machine_that_a_line_names() -> None:
    warned = [one.code for one in table(f"{HEAD},E-1,,每月一次,\n").problems.warnings]
    assert "law_is_stricter" in warned


@pytest.mark.parametrize(
    ("code", "word", "often"),
    [
        ("EL-HM", "电梯系统", "每15天"), ("EL-HM", "电梯", "半月"), ("EL-HM", "电梯、扶梯", "每15天"),
        ("ES-HM", "escalator", "P15D"), ("FI-PW", "消防系统", "每周"), ("FI-EXT", "消防系统", "每月"),
        ("FI-PAT", "消防", "每日"), ("WA-TANK", "供水系统", "每年"), ("HV-TWR", "空调系统", "每年"),
    ],
)  # fmt: skip
def test_a_row_of_the_law_that_is_named_by_its_code_keeps_what_it_is_for(code: str, word: str, often: str) -> None:
    found = table(f'{BY_CODE}{code},"{word}",{often}\n')
    assert not found.problems.errors
    assert [(one["action"], one["code"]) for one in found.rows] == [("unchanged", code)], found.rows
    assert not [one for one in found.problems.warnings if one.code == "law_applies_otherwise"]


def test_a_class_beside_its_system_narrows_it_and_one_of_another_system_is_refused() -> None:
    head = "设施设备类别,适用设备类,维护内容,维护周期\n"
    assert made(table(f"{head}消防系统,消防泵组,盘车,每周\n")).applies_to == AppliesTo(classes=("fire_pump_set",))
    (error,) = table(f"{head}消防系统,水泵,盘车,每周\n").problems.errors
    assert error.code == "several_subjects"
