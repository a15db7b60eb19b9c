"""Plan tables as property companies and other programs write them."""

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.reading import read_plan_table
from maintenance.plan import PlanRow
from maintenance.seed.loader import plan_rows

LIFT = Machine("k1", "demo", "EL-01", "elevator")


def table(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    machines = Machines(lambda: [(LIFT.code, LIFT)])
    return PlanImport(plan_rows(), "demo", machines=machines, problems=problems).run(rows)


def test_of_headings_that_mean_one_column_the_nearest_is_read_and_the_others_are_named() -> None:
    found = table(
        "序号,系统名称,所属系统,维保内容及要求,周期,责任部门,责任人,备注\n"
        "1,供配电系统,供配电,清扫除尘,半年/次,电气管理部门,张三,\n"
    )
    assert not found.problems.errors
    (row,) = [one.after for one in found.changes]
    assert isinstance(row, PlanRow)
    assert (row.applies_to.system, row.name.zh, row.department.zh) == ("power", "清扫除尘", "电气管理部门")
    ignored = [one.column for one in found.problems.warnings if one.code == "ignored_column"]
    assert ignored == ["序号", "所属系统", "责任人", "备注"]
    (error, *_) = table("系统,周期,周期\n供水系统,每月,每季\n").problems.errors
    assert error.code == "column_twice"


def test_an_export_of_another_program_names_assets_and_units_in_columns_of_their_own() -> None:
    found = table(
        "PM Number,Description,Asset,Location,Frequency,Frequency Units,Next Due Date\n"
        "PM1001,Rope inspection,EL-01,BLDG-A,15,DAYS,2026-12-01\nPM1002,Car cleaning,EL-01,BLDG-A,1,MONTHS,2026-12-05\n"
    )
    assert not found.problems.errors, found.problems.errors
    rows = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert [(row.applies_to.assets, row.interval.every, row.interval.unit) for row in rows] == [
        (("k1",), 15, "day"), (("k1",), 1, "month"),
    ]  # fmt: skip
