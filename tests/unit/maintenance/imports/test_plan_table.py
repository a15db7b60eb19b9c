"""The user's plan table and the seed that it meets."""

from dataclasses import replace
from datetime import date

import pytest

from maintenance.frequencies import canonical, parse_frequency
from maintenance.imports import words
from maintenance.imports.outcome import AllRights, Outcome, Rights
from maintenance.imports.plan import PlanImport, compare
from maintenance.imports.reading import read_plan_table
from maintenance.plan import EVIDENCE, AppliesTo, PlanRow
from maintenance.proof import WORDS
from maintenance.schedules import BY_INTERVAL, IntervalSchedule, MeterSchedule, SeasonSchedule
from maintenance.seed.compose import compose as composed
from maintenance.seed.loader import plan_rows
from maintenance.seed.profiles import jurisdictions, profiles

FIRST_TABLE = """设施设备类别,维护周期,维护责任部门
供水系统,每季度一次,水务管理部门
供电系统,每月一次,电气管理部门
供暖系统,每年一次,供暖管理部门
电梯系统,每月一次,电梯维修部门
消防系统,每半年一次,消防管理部门
空调系统,每季度一次,空调维修部门
电梯、扶梯,每月一次,电梯维修部门
楼梯、扶手,每季度一次,清洁维护部门
照明系统,每月一次,电气管理部门
"""


def table(text: str, encoding: str = "utf-8-sig") -> Outcome:
    rows, problems = read_plan_table(text.encode(encoding), "plan.csv")
    return compare(rows, plan_rows(), problems=problems)


def put(found: Outcome) -> list[PlanRow]:
    return [change.after for change in found.changes if isinstance(change.after, PlanRow)]


@pytest.mark.parametrize(
    ("text", "every", "unit"),
    [
        ("每月一次", 1, "month"), ("每季度一次", 3, "month"), ("每半年一次", 6, "month"), ("每年一次", 12, "month"),
        ("每周", 7, "day"), ("每週一次", 7, "day"), ("每日", 1, "day"), ("每15天", 15, "day"), ("每１５天", 15, "day"),
        ("半月", 15, "day"), ("每十五天一次", 15, "day"), ("每3個月一次", 3, "month"), ("每2小时", 2, "hour"),
        ("once a month", 1, "month"), ("Monthly", 1, "month"), ("every 3 months", 3, "month"), ("P3M", 3, "month"),
        ("P15D", 15, "day"), ("PT2H", 2, "hour"), ("half-yearly", 6, "month"), ("每月至少一次", 1, "month"),
    ],
)  # fmt: skip
def test_frequencies_in_the_words_of_plan_tables(text: str, every: int, unit: str) -> None:
    interval = parse_frequency(text)
    assert interval is not None
    assert canonical(interval) == (every, unit)


@pytest.mark.parametrize("text", ["偶尔", "", "月", "有空时", "twice a week", "每0天", "P0D", "PT3M", "每隔一天"])
def test_a_frequency_nobody_understands_is_none(text: str) -> None:
    assert parse_frequency(text) is None


class Supervisor(AllRights):
    def may_leave_law(self, site: str | None) -> bool:
        return False


def law(text: str, site: str | None = None, rights: Rights | None = None) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    return PlanImport(plan_rows(), site, rights=rights, problems=problems).run(rows)


@pytest.mark.parametrize("site", [None, "demo"])
@pytest.mark.parametrize(
    ("code", "often", "gap"), [("EL-HM", "每月", 15), ("FI-EML", "每季度", 31), ("FI-Y", "每2年", 366)]
)
def test_what_is_laxer_than_the_law_is_kept_at_its_floor_and_that_is_said(
    code: str, often: str, gap: int, site: str | None
) -> None:
    found = law(f"编号,设施设备类别,维护周期\n{code},,{often}\n", site)
    (row,) = put(found)
    assert (row.code, row.site, row.layer, row.max_gap_days) == (code, site, "law", gap)
    assert "law_is_stricter" in [one.code for one in found.problems.warnings]
    assert f"{gap}天" in next(one.message for one in found.problems.warnings if one.code == "law_is_stricter")


@pytest.mark.parametrize("site", [None, "demo"])
def test_no_table_takes_a_row_out_of_the_law(site: str | None) -> None:
    head = "编号,设施设备类别,维护周期,要求来源,法定最长间隔天数\n"
    (error,) = law(f"{head}EL-HM,,每15天,合同,\n", site).problems.errors
    assert (error.column, error.code) == ("要求来源", "law_stays")
    (row,) = put(law(f"{head}EL-HM,,每月,,（空）\n", site))
    assert row.max_gap_days == 15
    elsewhere = f"{head}EL-HM,照明系统,每15天,,\n"
    assert [one.code for one in law(elsewhere, site, Supervisor()).problems.errors] == ["law_needs_admin"]
    assert not law(elsewhere, site).problems.errors


def patrols(
    frequency: str, rights: Rights | None = None, *, code: str = "", rows: list[PlanRow] | None = None
) -> Outcome:
    head = "编号,设施设备类别,维护内容,维护周期,维护责任部门"
    read, problems = read_plan_table(
        f"{head}\n{code},{'' if code else '消防系统'},防火巡查,{frequency},\n".encode(), "plan.csv"
    )
    known = rows or composed(profiles()["commercial"], jurisdictions()["cn"]).rows
    return PlanImport(known, "demo", rights=rights, problems=problems).run(read)


@pytest.mark.parametrize("code", ["", "FI-PAT"])
@pytest.mark.parametrize("frequency", ["每日", "每12小时", "每周", "每3小时"])
def test_a_patrol_by_the_hour_that_a_table_has_less_often_stays_as_the_law_has_it(frequency: str, code: str) -> None:
    found = patrols(frequency, Supervisor(), code=code)
    assert not found.problems.errors
    assert [(one["action"], one["code"]) for one in found.rows] == [("unchanged", "FI-PAT")]
    (told,) = [one for one in found.problems.warnings if one.code == "law_is_stricter"]
    assert (told.row, told.column, told.value) == (2, "维护周期", frequency)
    assert "防火巡查" in told.message
    assert "每2小时" in told.message
    assert "every 2 hours" in told.message


def test_a_patrol_that_a_table_has_more_often_is_taken_in_the_opening_hours_of_the_law_s() -> None:
    found = patrols("每小时", Supervisor())
    assert not found.problems.errors
    assert not [one for one in found.problems.warnings if one.code.startswith("law")]
    (row,) = put(found)
    assert (row.code, row.interval.every, row.interval.unit.value) == ("FI-PAT", 1, "hour")
    assert row.schedule == IntervalSchedule(open_hours=True)
    (same,) = put(patrols("每2小时", rows=[row]))
    assert (same.interval.every, same.schedule) == (2, row.schedule)
    (lax,) = put(back := patrols("每日", rows=[row]))
    assert (lax.interval.every, lax.schedule) == (2, row.schedule)
    assert back.rows[0]["changes"] == {"frequency": ["每1小时一次", "每2小时一次"]}
    assert "law_is_stricter" in [one.code for one in back.problems.warnings]


HEAD_OF_LAW = "编号,适用设备类,维护内容,维护周期,维护责任部门\n"


@pytest.mark.parametrize("site", [None, "demo"])
@pytest.mark.parametrize(
    ("code", "often", "said"),
    [
        ("EL-INSP", "每三年一次", "安装后第1、4、7、9、11、13、15年，之后每年一次"),
        ("EL-INSP", "每两年一次", "安装后第1、4、7、9、11、13、15年，之后每年一次"),
        ("EL-GOV", "每五年一次", "安装后第2、4、6、8、10、12、14年，之后每年一次"),
        ("EL-GOV", "每两年一次", "安装后第2、4、6、8、10、12、14年，之后每年一次"),
        ("HV-TWR", "每两年一次", "制冷季前"),
        ("ES-FLOOD", "每季度一次", "雨季前"),
        ("EL-SELF", "每三年一次", "每年一次，在EL-INSP之前"),
    ],
)
def test_the_law_s_own_dates_stay_where_a_table_says_only_how_often(
    code: str, often: str, said: str, site: str | None
) -> None:
    before = next(one for one in plan_rows() if one.code == code)
    found = law(f"{HEAD_OF_LAW}{code},,,{often},电梯维修部门\n", site)
    assert not found.problems.errors
    assert all((one.schedule, one.interval) == (before.schedule, before.interval) for one in put(found))
    told = next(one for one in found.problems.warnings if one.code == "law_is_stricter")
    assert (told.row, told.column, told.value) == (2, "维护周期", often)
    assert before.name.zh in told.message
    assert said in told.message
    assert before.name.en in told.message


def test_what_comes_more_often_than_the_law_s_dates_ever_do_is_taken() -> None:
    (row,) = put(law(f"{HEAD_OF_LAW}EL-INSP,,,每年一次,\n"))
    assert (row.schedule, canonical(row.interval)) == (BY_INTERVAL, (12, "month"))
    (row,) = put(law(f"{HEAD_OF_LAW}EL-SELF,,,每半年一次,\n"))
    assert (row.schedule.type, canonical(row.interval)) == ("before", (6, "month"))


def test_an_administrator_s_other_dates_are_taken_and_that_is_said() -> None:
    head = "编号,设施设备类别,维护周期,排程规则\n"
    found = law(f'{head}EL-INSP,,每三年一次,"{{""type"": ""interval""}}"\n')
    assert [row.schedule for row in put(found)] == [BY_INTERVAL]
    (told,) = [one for one in found.problems.warnings if one.code == "law_dates"]
    assert told.column == "排程规则"
    assert "安装后第1、4、7、9、11、13、15年" in told.message
    assert "每3年一次" in told.message


@pytest.mark.parametrize(
    ("heading", "cell", "error", "warning"),
    [
        ("设施设备类别", "照明系统", "law_needs_admin", "law_applies_otherwise"),
        ("适用设备类", "自动扶梯", "law_needs_admin", "law_applies_otherwise"),
        ("起算日期", "2099-01-01", "law_dates_need_admin", "law_dates"),
        ("维护周期", "雨季前", "law_dates_need_admin", "law_dates"),
        ("证据要求", "照片", "law_proof_needs_admin", "law_proof"),
        ("实施单位", "自有人员", "law_proof_needs_admin", "law_proof"),
        ("工作类型", "预防性维护", "law_proof_needs_admin", "law_proof"),
        ("检查表", "LI-M", "law_proof_needs_admin", "law_proof"),
        ("可延后天数", "60", "law_dates_need_admin", "law_dates"),
    ],
)
def test_what_only_an_administrator_imports_says_why_at_its_own_column(
    heading: str, cell: str, error: str, warning: str
) -> None:
    text = f"编号,{heading}{',维护周期' if heading != '维护周期' else ''}\nEL-HM,{cell}\n"
    (wrong,) = law(text, rights=Supervisor()).problems.errors
    assert (wrong.column, wrong.value, wrong.code) == (heading, cell, error)
    allowed = law(text)
    assert not allowed.problems.errors
    told = next(one for one in allowed.problems.warnings if one.code == warning)
    assert (told.column, told.value) == (heading, cell)
    assert "半月维保" in told.message


@pytest.mark.parametrize("heading", ["下次日期", "計劃實施時間", "Next Due Date"])
def test_the_next_date_of_other_tables_is_where_a_row_counts_from(heading: str) -> None:
    (row,) = put(law(f"编号,设施设备类别,维护周期,{heading}\nA-1,照明系统,每季度,2026-12-15\n"))
    assert row.anchor == date(2026, 12, 15)


def test_who_has_last_dates_in_the_plan_table_is_told_where_they_go() -> None:
    found = law("编号,设施设备类别,维护周期,上次保养日期,天气\nA-1,照明系统,每季度,2026-09-15,晴\n")
    told = {one.column: one.message for one in found.problems.warnings if one.code == "ignored_column"}
    assert "last_completions" in told["上次保养日期"]
    assert "上次完成日期" in told["上次保养日期"]
    assert "last_completions" not in told["天气"]


def test_proof_is_understood_in_words_and_what_nobody_knows_is_refused() -> None:
    head = "编号,设施设备类别,维护周期,证据要求,检查表\n"
    (row,) = put(law(f"{head}A-1,照明系统,每周,照片、签字,LI-M\n"))
    assert (row.evidence, row.checklist) == (("photo", "signature"), "LI-M")
    errors = law(f"{head}A-1,照明系统,每周,照片、指纹,LI-M+LI-X\n").problems.errors
    assert [(one.column, one.value, one.code) for one in errors] == [
        ("证据要求", "照片、指纹", "unknown_choice"), ("检查表", "LI-M+LI-X", "unknown_checklist"),
    ]  # fmt: skip


def test_a_row_may_contain_one_that_comes_later_in_the_table() -> None:
    head = "编号,设施设备类别,维护周期,维护责任部门,包含项目,满足项目\n"
    found = table(f"{head}A-Y,供水系统,每年,水务管理部门,A-M,\nA-M,供水系统,每月,水务管理部门,,\n")
    assert not found.problems.errors
    assert [row.contains for row in put(found)] == [("A-M",), ()]
    (error,) = table(f"{head}A-Y,供水系统,每年,水务管理部门,A-Q,\n").problems.errors
    assert (error.row, error.column, error.code) == (2, "包含项目", "unknown_row")


def test_the_users_own_table_is_what_the_default_profile_has() -> None:
    found = table(FIRST_TABLE)
    assert not found.problems.errors
    assert [r["action"] for r in found.rows] == ["unchanged"] * 9
    assert [r["code"] for r in found.rows] == ["WA-Q", "PW-M", "HE-Y", "EL-M", "FI-HY", "HV-Q", "ES-M", "ST-Q", "LI-M"]


def test_rows_that_the_law_is_stricter_about_are_taken_with_a_warning() -> None:
    warned = {p.row for p in table(FIRST_TABLE).problems.warnings if p.code == "law_is_stricter"}
    assert {5, 6} <= warned


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_traditional_headings_and_common_encodings_are_read(encoding: str) -> None:
    found = table("設施設備類別,維護周期,維護責任部門\n樓梯、扶手,每季度一次,清潔維護部門\n", encoding)
    assert not found.problems.errors
    assert found.rows[0]["action"] == "unchanged"


def test_english_headings_and_semicolons_are_read() -> None:
    found = table("System;Frequency;Department\nLighting;monthly;Electrical\n")
    assert [r["code"] for r in found.rows] == ["LI-M"]


def test_a_new_frequency_is_a_new_row_and_both_stand_with_a_warning() -> None:
    found = table("设施设备类别,维护周期\n照明系统,每月一次\n照明系统,每季度一次\n")
    assert [r["action"] for r in found.rows] == ["unchanged", "created"]
    assert any(p.code == "second_frequency" and p.row == 3 for p in found.problems.warnings)
    assert (put(found)[0].early_days, put(found)[0].late_days) == (15, 7)


def test_another_department_is_an_update_that_says_before_and_after() -> None:
    found = table("设施设备类别,维护周期,维护责任部门\n照明系统,每月一次,清洁维护部门\n")
    assert found.rows[0]["changes"] == {"department": ["电气管理部门", "清洁维护部门"]}


def test_a_row_with_a_code_is_known_by_it() -> None:
    found = table("编号,设施设备类别,维护周期\nPW-M,供电系统,每周一次\n")
    assert found.rows[0] == {
        "sheet": "plan.csv", "row": 2, "action": "updated", "code": "PW-M",
        "changes": {"frequency": ["每月一次", "每周一次"], "tolerance": ["提前3天、延后3天", "提前1天、延后1天"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("供水系统,偶尔,水务管理部门", "维护周期", "unknown_frequency"),
        ("飞船系统,每月一次,水务管理部门", "设施设备类别", "unknown_system"),
        ("供水系统,每月一次,魔法部门", "维护责任部门", "unknown_department"),
        ("供水系统,=B2,水务管理部门", "维护周期", "formula"),
    ],
)
def test_errors_name_row_column_and_value_and_nothing_is_taken(line: str, column: str, code: str) -> None:
    found = table(f"设施设备类别,维护周期,维护责任部门\n照明系统,每季度一次,电气管理部门\n{line}\n").document("i")
    first = found["errors"][0]  # type: ignore[index]
    assert (first["row"], first["column"], first["code"]) == (3, column, code)
    assert all((first["value"], first["message"]))
    assert (found["created"], found["rows"]) == (0, [])


def test_another_frequency_brings_its_own_tolerance_but_the_law_stays_as_strict() -> None:
    found = table(
        "编号,设施设备类别,维护周期\nWA-M,供水系统,每季度一次\nFI-TANK,消防系统,每季度一次\nEL-Q,电梯系统,每年\n"
    )
    assert [(r.early_days, r.late_days) for r in put(found)] == [(15, 7), (15, 3), (60, 0)]


def test_a_season_in_brackets_is_when_a_yearly_row_is_due() -> None:
    found = table("设施设备类别,维护内容,维护周期\n配电房,防雷接地检测,每年一次（雷雨季节前）\n")
    (row,) = put(found)
    assert row.schedule == SeasonSchedule(("rain",))
    (told,) = [one for one in found.problems.warnings if one.code == "frequency_read_as"]
    assert (told.value, "周期按“雨季前”理解，" in told.message) == ("每年一次（雷雨季节前）", True)


def test_what_a_frequency_says_beside_is_named_where_it_is_left_out() -> None:
    found = table("设施设备类别,维护内容,维护周期\n配电房,清扫,每年一次（国庆前）\n")
    (told,) = [one for one in found.problems.warnings if one.code == "frequency_read_as"]
    assert "周期按“每年一次”理解，“国庆前”未采用" in told.message


def test_rows_by_the_hour_are_taken() -> None:
    found = table("设施设备类别,维护周期\n供水系统,每2小时\n")
    assert [(r.interval.every, r.interval.unit, r.missed) for r in put(found)] == [(2, "hour", "supersede")]


def test_two_lines_for_one_row_are_an_error() -> None:
    found = table("设施设备类别,维护周期\n照明系统,每月一次\n照明系统,monthly\n")
    assert found.problems.errors[0].code == "duplicate_row"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04rest", "broken_workbook"),
        (b"\x00\x01", "not_csv"),
        (b"", "empty"),
        ("名称,周期\n".encode(), "missing_column"),
    ],
)
def test_files_that_are_no_table_say_so(data: bytes, code: str) -> None:
    assert read_plan_table(data, "x")[1].errors[0].code == code


def test_proof_has_the_same_words_wherever_it_is_asked_for() -> None:
    assert set(EVIDENCE) == set(words.EVIDENCE.table()) == set(WORDS)


HEAD_OF_RULES = "编号,设施设备类别,维护周期,{}\n"


@pytest.mark.parametrize(
    ("heading", "line", "column", "code", "said"),
    [
        ("排程规则", 'X-1,水泵,,"{""type"": ""meter"", ""point"": ""miles"", ""every"": 5}"', "排程规则",
         "unknown_point", "没有测点 miles；可用：suction_pressure"),
        ("排程规则", 'X-1,水泵,,"{""type"": ""condition"", ""failure_modes"": [""x""]}"', "排程规则", "unknown_mode",
         "没有故障模式 x"),
        ("排程规则", 'X-1,水泵,每月,"{""type"": ""interval"", ""open_hours"": true}"', "排程规则", "bad_rule",
         "仅适用于按小时的周期"),
        ("排程规则", 'X-1,水泵,,"{""type"": ""before"", ""code"": ""NO"", ""lead_days"": 9}"', "排程规则",
         "unknown_row", "没有计划项目 NO"),
        ("排程规则", 'X-1,水泵,,"{""type"": ""before"", ""code"": ""X-1"", ""lead_days"": 9}"', "排程规则",
         "unknown_row", "没有计划项目 X-1"),
        ("自动完成条件", 'X-1,水泵,每月,"{""point"": ""miles"", ""is"": ""starts"", ""by"": 1}"', "自动完成条件",
         "unknown_point", "没有测点 miles"),
        ("顺延比例", "X-1,水泵,每2小时,50", "顺延比例", "bad_rule", "仅普通周期的计划项可顺延"),
        ("包含项目", "X-1,水泵,每2小时,WA-M", "包含项目", "bad_rule", "按小时的计划项不包含其他项"),
        ("全站项目", "X-1,,每运行500小时,是", "全站项目", "bad_rule", "此类计划项须适用于设备"),
        ("顺延比例", "WA-M,,每2小时,50", "顺延比例", "bad_rule", "仅普通周期的计划项可顺延"),
    ],
)  # fmt: skip
def test_what_a_row_goes_by_is_checked_as_by_hand(heading: str, line: str, column: str, code: str, said: str) -> None:
    found = table(HEAD_OF_RULES.format(heading) + line + "\n")
    assert [(one.row, one.column, one.code) for one in found.problems.errors] == [(2, column, code)]
    assert said in found.problems.errors[0].message


def test_what_a_row_went_by_already_is_no_error_of_another_change() -> None:
    odd = replace(
        plan_rows()[0], code="ODD", schedule=MeterSchedule("miles", 5), applies_to=AppliesTo(classes=("pump",))
    )
    rows, problems = read_plan_table(
        "编号,设施设备类别,维护周期,维护责任部门\nODD,,,电气管理部门\n".encode(), "plan.csv"
    )
    found = compare(rows, [odd], problems=problems)
    assert (found.problems.errors, found.counts["updated"]) == ([], 1)
