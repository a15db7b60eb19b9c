"""What a dry run tells of rows that would be created."""

from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.seed.loader import plan_rows
from plantroom.cli.importing import lines_of
from tests.unit.maintenance.imports.test_users_tables import THIRD, emergency

PUMPS = [Machine(f"k{n}", "demo", f"P-{n}", "pump") for n in (1, 2)]


def told(text: str, site: str | None = None) -> list[dict[str, object]]:
    rows, problems = read_plan_table(text.encode(), "t.csv")
    machines = Machines(lambda: [(one.code, one) for one in PUMPS])
    found = PlanImport(plan_rows(), site, machines=machines, problems=problems).run(rows)
    assert not found.problems.errors
    return found.rows


def test_a_new_plan_row_is_told_as_it_was_understood() -> None:
    (row,) = told(
        "系统,设备名称,内容,标准要求,周期,部门\n给排水系统,潜污泵,检查液位开关,动作正常,每2个月,水务管理部门\n", "demo"
    )
    assert row["action"] == "created"
    assert row["changes"] == {
        "task": [None, "潜污泵：检查液位开关"],
        "site": [None, "demo"],
        "applies_to": [None, "水泵"],
        "frequency": [None, "每2个月一次"],
        "department": [None, "水务管理部门"],
        "tolerance": [None, "提前7天、延后7天"],
        "standard": [None, "动作正常"],
        "kind": [None, "保养"],
        "executor": [None, "自有人员"],
    }


def test_assets_dates_and_other_columns_are_told_too() -> None:
    head = "设备编号,内容,周期,起算日期,执行方,可延后天数"
    (row,) = told(f'{head}\n"P-1,P-2",换密封,每2个月,2026-05-01,外包持证单位,2\n')
    changes = row["changes"]
    assert isinstance(changes, dict)
    assert changes["applies_to"] == [None, "P-1、P-2"]
    assert changes["anchor"] == [None, "2026-05-01"]
    assert changes["executor"][1].startswith("外包")
    assert "延后2天" in changes["tolerance"][1]


def test_rows_of_the_site_and_assumed_departments_are_told() -> None:
    rows = told("系统,内容,周期\n化粪池,清掏,每2个月\n供水系统,换阀门,每2个月\n")
    assert [row["changes"]["applies_to"] for row in rows] == [[None, "全站"], [None, "供水系统"]]  # type: ignore[index]
    assert rows[1]["changes"]["department"] == [None, "水务管理部门"]  # type: ignore[index]


def test_a_new_emergency_plan_is_told_as_it_was_understood() -> None:
    (first, *_) = emergency(THIRD).rows
    assert first["changes"] == {
        "category": [None, "自然灾害类"],
        "name": [None, "自然災害應急預案"],
        "measures": [None, "疏散居民、保護公共設施"],
        "supplies": [None, "救援物資、防護設備"],
        "people": [None, "救援隊伍、志愿者"],
        "frequency": [None, "每季度一次"],
        "drill_row": [None, "DR-NAT"],
    }


def test_the_command_line_tells_it_in_a_line() -> None:
    rows = told("系统,内容,周期\n供水系统,换阀门,每2个月\n")
    document = {
        "errors": [],
        "warnings": [],
        "rows": rows,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "import_id": "x",
    }
    line = next(one for one in lines_of(document) if one.startswith("row 2: created"))
    assert "(task: 换阀门; applies_to: 供水系统; frequency: 每2个月一次; department: 水务管理部门; tolerance: " in line
