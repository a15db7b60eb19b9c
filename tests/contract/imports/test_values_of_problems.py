"""An entry of any kind of table names the value that stands in its cell."""

import csv
import io
from typing import Any

import pytest

from maintenance.imports.codes import CODES
from maintenance.imports.ports import Mode
from tests.contract.imports.importing import Store, take

TABLES = {
    "assets": """站点,设备编号,原编号,设备名称,设备类别,状态,安装位置,使用部门,上级设备,互备设备,\
主备角色,投用日期,购置费用,证照,其他字段
demo,A-1,,泵,水泵,在用,火星,魔法部,Q-9,Q-8,主,2020-01-01,1,,
demo,A-2,,泵,水泵,在用,,,A-2,,,2020-01-01,1,,
demo,A-3,,泵,飞船,半死,,,,,谁知道,28/11/2019,很多,一,{
demo,X-1,,泵,电梯,,,,,,,,,,
demo,A-4,Z-1,泵,水泵,,,,,,,,,,
demo,A-5,,泵,,,,,,,,,,,
demo,A/6,,泵,水泵,,,,,,,,,,
demo,A-7,,泵,水泵,,,,,,,,,,
demo,A-7,,泵,水泵,,,,,,,,,,
mars,A-8,,泵,水泵,,,,,,,,,,
demo,Ａ-9,,泵,水泵,,,,A-7,A-7,主,,,,
demo,A-11,,泵,水泵,,,,,A-11,主,,,,
""",
    "points": """站点,设备编号,测点键,单位,测点类型,报警上限,预警上限,故障模式,量程下限,校准日期,参与模型
demo,X-1,BAD KEY,MPa,模拟,1,2,,,,
demo,X-1,own_a,furlong,模拟,高,2,,,明天,也许
demo,X-1,BAD KEY,MPa,,,,,,,
demo,X-1,own_f,furlong,,,,,,,
demo,X-1,own_b,MPa,谁,1,2,没有,,,
demo,Q-1,own_c,MPa,,1,2,,,,
demo,X-1,own_d,MPa,,1,2,,,,
demo,X-1,own_d,MPa,,1,2,,,,
mars,X-1,own_e,MPa,,1,2,,,,
""",
    "plan_table": """编号,系统,设备名称,内容,周期,部门,设备编号,执行方,检查表,证据要求,\
可延后天数,起算日期,包含项目,排程规则,适用设备类
P-1,太空站,,甲,偶尔,魔法部,Q-9,谁,NO-1,猜,多,昨天,NO-2,随便,飞船
P-2,供水系统,,甲,每月,水务管理部门,Q-9,,,,,,,,
P-3,供水系统,,甲,每月,水务管理部门,,,NO-1,,,,,,
P-4,供水系统,,甲,每月,水务管理部门,,,,,,,NO-2,,
P-5,供水系统,冷却塔,甲,每月,水务管理部门,,,,,,,,,
P-6,供水系统,立管,甲,每月,,,,,,,,,,
P-7,机电,冷却塔,甲,每月,,,,,,,,,,
P-8,照明系统,,甲,每月,,X-1,,,,,,,,
,电梯系统,,润滑,每15天,,,,,,,,,,
EL-HM,,,,每月,,,,,,,,,,
EL-INSP,,,,每三年一次,,,,,,,,,,
P-9,供水系统,,甲,每月一次（由厂家实施）,,,,,,,,,,
P-10,供水系统,,乙,每周两次,,,,,,,,,,
P-11,会议室空调,,乙,每月,,,,,,,,,,
P-12,供水系统,,乙,每月,,,,,,,,,"出现以下故障时：nothing",
P-12,供水系统,,乙,每月,,,,,,,,,,
""",
    "last_completions": """站点,设备编号,计划项,上次完成日期
demo,X-1,NO-1,2026-02-20
demo,X-1,EL-HM,2026-02-20
demo,Q-1,WA-M,2026-02-20
demo,X-1,WA-M,2099-01-01
demo,X-1,WA-M,昨天
demo,X-1,FI-PAT,2026-02-20
demo,X-1,WA-Q,2020-01-01
demo,X-1,WA-Q,2020-01-01
demo,X-1,WA-M,2020-01-01
demo,X-1,WA-M,2021-01-01
mars,X-1,WA-M,2026-02-20
""",
    "emergency_plans": """编号,应急预案名称,类别,演练周期,责任部门,适用设备类,启用
E-1,甲,海难,偶尔,魔法部,飞船,也许
E-2,乙,,每两年,,,
E-3,乙,,每2小时,,,
E-4,丙,,每年,,,
E-4,丙,,每年,,,
Ｅ-5,丁,,每年,,,
""",
    "users": """用户名,姓名,角色,站点,部门,外包单位,语言,启用
li,李,船长,demo,,,火星语,也许
wang,王,技术员,demo,魔法部,,,
zhao,赵,技术员,mars,,,,
sun,孙,技术员,demo,,没有公司,,
ｚhou,周,技术员,demo,,,,
admin,管理员,技术员,demo,,,,
""",
}

REACHED = {
    "unknown_location", "unknown_department", "unknown_parent", "unknown_class", "unknown_choice", "unknown_asset",
    "cycle", "class_fixed", "bad_date", "bad_number", "bad_custom", "bad_code", "duplicate_row", "site_not_yours",
    "bad_pair", "bad_key", "unknown_unit", "unknown_system", "unknown_frequency", "unknown_checklist", "unknown_row",
    "equipment_elsewhere", "equipment_in_task", "system_left_out", "asset_elsewhere", "beside_law", "law_is_stricter",
    "frequency_read_as", "system_read_as", "not_for_asset", "still_to_come", "unknown_category", "unknown_role",
    "unknown_contractor", "bad_yes_no", "drill_floor", "code_normalised", "last_admin",
}  # fmt: skip


def entries(store: Store, kind: str, text: str) -> list[dict[str, Any]]:
    document = take(store, kind, text, Mode.DRY_RUN)
    return [*document["errors"], *document["warnings"]]


def alone(text: str) -> list[str]:
    """The table, and each of its lines as a table of its own: what one line hides another does not."""
    head, *lines = text.splitlines()
    return [text, *(f"{head}\n{line}\n" for line in lines)]


@pytest.fixture
def said(ledger: Store) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (kind, text, one)
        for kind, whole in TABLES.items()
        for text in alone(whole)
        for one in entries(ledger, kind, text)
    ]


def test_every_entry_names_the_value_of_its_cell(said: list[tuple[str, str, dict[str, Any]]]) -> None:
    for kind, text, one in said:
        head, *lines = list(csv.reader(io.StringIO(text)))
        if one["row"] == 1 or one["column"] not in head:
            continue
        cell = lines[one["row"] - 2][head.index(one["column"])]
        assert one["value"] == cell, (kind, one)
    missing = REACHED - {one["code"] for _, _, one in said}
    assert not missing
    assert CODES.keys() >= REACHED


def test_an_entry_of_a_column_that_is_not_there_is_of_one_that_the_table_could_have(
    said: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for kind, text, one in said:
        head = next(csv.reader(io.StringIO(text)))
        assert one["column"] in head or one["code"] in {"missing_value", "merged"}, (kind, one)


def test_an_unknown_place_says_how_to_make_one(ledger: Store) -> None:
    (error,) = entries(ledger, "assets", "设备编号,设备类别,安装位置\nA-1,水泵,火星\n")
    assert (error["column"], error["value"], error["code"]) == ("安装位置", "火星", "unknown_location")
    assert "plantroom location add" in error["message"]
    assert "POST /api/v1/locations" in error["remedy"]["en"]


def test_a_line_of_text_is_the_value_of_what_is_said_of_it(ledger: Store) -> None:
    text = "电梯:每季度進行一次全面檢查,包括制動系統、安全裝置等\n空调系统：每半年检测滤网与性能\n"
    found = entries(ledger, "plan_table", text)
    assert found
    assert all(one["value"] for one in found)
