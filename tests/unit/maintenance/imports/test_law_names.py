"""What people call the work that the law asks for."""

from collections import defaultdict

import pytest

from maintenance.imports.law_names import Line, may_be, named
from maintenance.imports.outcome import AllRights, Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.reading import read_plan_table
from maintenance.imports.vocabulary import Named
from maintenance.plan import Layer
from maintenance.seed.customary import customary_names
from maintenance.seed.loader import plan_rows
from maintenance.seed.rows import seed_rows


class Supervisor(AllRights):
    def may_leave_law(self, site: str | None) -> bool:
        return False


def table(lines: str, head: str = "系统,内容,周期") -> Outcome:
    rows, problems = read_plan_table(f"{head}\n{lines}\n".encode(), "t.csv")
    found = PlanImport(plan_rows(), None, rights=Supervisor(), problems=problems).run(rows)
    assert not found.problems.errors, found.problems.errors
    return found


def warned(found: Outcome) -> list[str]:
    return [one.code for one in found.problems.warnings]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("电梯系统,半月保,每15天", "EL-HM"),
        ("电梯系统,半月保养,半月一次", "EL-HM"),
        ("电梯,日常维护保养,每15天", "EL-HM"),
        ("电梯,维保,每15天", "EL-HM"),
        ("電梯系統,日常維護保養,每15天", "EL-HM"),
        ("客梯,电梯半月维护保养,每15日", "EL-HM"),
        ("电梯系统,季度保,每季度", "EL-Q"),
        ("电梯系统,季度保养,每季度", "EL-Q"),
        ("電梯系統,季度保養,每季度", "EL-Q"),
        ("电梯系统,半年保,每半年", "EL-HY"),
        ("电梯系统,年度保,每年", "EL-Y"),
        ("电梯系统,年检,每年一次", "EL-INSP"),
        ("電梯系統,年度檢驗,每年一次", "EL-INSP"),
        ("电梯系统,困人演练,每半年", "EL-DRILL"),
        ("电梯系统,困人救援演练,每半年", "EL-DRILL"),
        ("应急演练,电梯困人演练,每半年", "EL-DRILL"),
        ("自动扶梯,半月保,每15天", "ES-HM"),
        ("扶梯,保养,每季度", "ES-Q"),
        ("供水系统,二次供水水箱清洗,每年", "WA-TANK"),
        ("供水系統,生活水箱清洗消毒,每年", "WA-TANK"),
        ("消防系统,消防设施年度检测,每年", "FI-Y"),
        ("消防系统,年度全面检测,每年", "FI-Y"),
        ("消防系统,年检,每年", "FI-Y"),
        ("火灾自动报警系统,季检,每季度", "FI-ALQ"),
        ("消防系统,末端试水,每季度", "FI-SPR"),
        ("灭火器,月检,每月", "FI-EXT"),
        ("应急照明,测试,每月", "FI-EML"),
        ("冷却塔,清洗,每年", "HV-TWR"),
        ("消防系统,巡查,每日", "FI-PAT"),
        ("Elevators,Routine maintenance every 15 days,Every 15 days", "EL-HM"),
        ("Elevators,Half-monthly maintenance,Every 15 days", "EL-HM"),
        ("Elevators,Annual inspection,Yearly", "EL-INSP"),
        ("Lifts,Annual inspection of lifts,Yearly", "EL-INSP"),
        ("Fire protection,Annual inspection,Yearly", "FI-Y"),
        ("Water tank,Cleaning and disinfection,Yearly", "WA-TANK"),
    ],
)
def test_customary_words_are_the_row_of_the_law(line: str, code: str) -> None:
    found = table(line)
    assert [(row["code"], row["action"]) for row in found.rows] == [(code, "unchanged")]
    assert "beside_law" not in warned(found)


@pytest.mark.parametrize(
    "line",
    [
        "空调系统,年度全面检测,每年",
        "空调系统,年检,每年",
        "消防泵,年检,每年",
        "消防系统,季检,每季度",
        "消防系统,测试,每月",
        "消防系统,消防水箱清洗,每年",
        "供水系统,保养,每15天",
        "电梯系统,保养,每月",
        "电梯系统,润滑导轨,每15天",
        "绿化,年检,每年",
        "绿化,巡查,每日",
        "空调系统,清洗,每年",
        "Pumps,Annual inspection,Yearly",
    ],
)
def test_other_work_is_not_swallowed(line: str) -> None:
    assert [row["action"] for row in table(line).rows] == ["created"]


def test_a_laxer_interval_of_a_customary_name_stays_at_the_law_s() -> None:
    found = table("电梯系统,半月保养,每月一次")
    assert [(row["code"], row["action"]) for row in found.rows] == [("EL-HM", "updated")]
    (change,) = found.changes
    assert getattr(change.after, "max_gap_days", None) == 15
    assert "law_is_stricter" in warned(found)


def test_the_years_that_the_law_gives_stay_where_people_say_yearly() -> None:
    found = table("电梯系统,年检,每年一次")
    told = next(one for one in found.problems.warnings if one.code == "law_is_stricter")
    assert "安装后第1、4、7、9、11、13、15年" in told.message


def test_equipment_and_task_in_two_columns_are_one_name() -> None:
    head = "系统,设备名称,内容,周期"
    lines = "给排水系统,生活水箱,清洗消毒,每年\n空调系统,风管,清洗,每两年\n消防系统,灭火器,检查,每月"
    assert [row["code"] for row in table(lines, head).rows] == ["WA-TANK", "HV-DUCT", "FI-EXT"]


def test_the_same_work_on_a_part_of_the_system_is_another_job() -> None:
    head = "系统,设备名称,内容,周期"
    lines = "消防系统,气体灭火,年检,每年\n消防系统,消火栓,年检,每年\n消防系统,高位水箱间,巡查,每日"
    assert [row["action"] for row in table(lines, head).rows] == ["created"] * 3


def test_a_thing_of_the_site_may_stand_for_machines_of_its_system() -> None:
    (row,) = table("消防系统,喷淋系统,末端试水,每季度", "系统,设备名称,内容,周期").rows
    assert (row["code"], row["action"]) == ("FI-SPR", "unchanged")


def test_two_words_for_one_job_of_two_kinds_of_lifts_are_that_job() -> None:
    found = table("客梯,半月保,每15天\n货梯,半月保,每15天")
    assert [(row["code"], row["action"]) for row in found.rows] == [("EL-HM", "unchanged")] * 2
    assert "same_row" in warned(found)


@pytest.mark.parametrize(
    ("line", "law"),
    [
        ("电梯系统,润滑导轨,每15天", "EL-HM 半月维保"),
        ("排烟风机,除尘,每季度", "FI-SMQ 防排烟风机季检"),
        ("灭火器,检查压力,每月", "FI-EXT 灭火器检查"),
    ],
)
def test_a_new_row_beside_the_law_s_for_the_same_machines_is_told(line: str, law: str) -> None:
    (told,) = [one for one in table(line).problems.warnings if one.code == "beside_law"]
    assert (told.row, told.column, told.value) == (2, "内容", line.split(",")[1])
    assert law in told.message


def test_work_that_has_nothing_of_the_law_s_has_no_such_warning() -> None:
    lines = "消防系统,检查微型站,每月\n水泵,检查轴封,每月\n绿化,浇水,每日\n电梯系统,清洁轿厢,每日"
    assert "beside_law" not in warned(table(lines))


def test_no_name_means_two_rows_of_the_same_machines() -> None:
    rows = [one.row for one in seed_rows() if one.row.layer is Layer.LAW]
    of: dict[tuple[tuple[str, ...], bool, str], set[str]] = defaultdict(set)
    for row in rows:
        found = customary_names().get(row.code)
        for name in (*found.names, *found.of_machine) if found is not None else ():
            of[row.applies_to.classes, row.applies_to.site, name].add(row.code)
    assert not {key: codes for key, codes in of.items() if len(codes) > 1}


def test_the_names_are_those_of_rows_that_the_law_asks_for() -> None:
    law = {one.row.code for one in seed_rows() if one.row.layer is Layer.LAW}
    assert customary_names().keys() <= law
    for one in seed_rows():
        for name in customary_names()[one.row.code].names if one.row.code in customary_names() else ():
            assert one.row in may_be(name, [one.row]), (one.row.code, name)


def test_a_name_is_found_without_an_interval_by_a_class() -> None:
    law = [row for row in plan_rows() if row.layer is Layer.LAW]
    found = named(Line("半月保", (), Named(None, "elevator")), law)
    assert found is not None
    assert found.code == "EL-HM"


@pytest.mark.parametrize(
    "line",
    [
        "冷却塔,清洗消毒,每月", "扶梯,防灌水检查,每月", "扶梯,梯级加热检查,每周", "电梯系统,定检,每月",
        "电梯系统,自行检查,每月",
        "消防系统,消防检测,每周", "消防系统,年检,每月", "供水系统,中水水池清洗,每年",
    ],
)  # fmt: skip
def test_what_is_done_more_often_or_on_another_thing_is_other_work(line: str) -> None:
    """Monthly work on a cooling tower had become the row before the cooling season, and so did not exist; the
    inspection of the years 1, 4, 7 became monthly; the tank of reclaimed water was that of drinking water."""
    (row,) = table(line).rows
    assert row["action"] == "created"
    assert row["code"] not in {one.row.code for one in seed_rows()}


def test_a_tank_that_is_cleaned_twice_as_often_is_the_one_of_the_law() -> None:
    assert [row["code"] for row in table("供水系统,水箱清洗,每半年").rows] == ["WA-TANK"]


def test_a_word_for_any_yearly_test_is_none_of_the_sites_rows_without_their_system() -> None:
    law = [row for row in plan_rows() if row.layer is Layer.LAW and row.applies_to.site]
    assert may_be("年检", law) == []
    assert [row.code for row in may_be("消防年检", law)] == ["FI-Y"]
