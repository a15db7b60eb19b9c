"""A line of a plan table with several frequencies on a ledger: its rows, the second time, the way out, the way back."""

from maintenance.imports.ports import Mode
from tests.contract.imports.importing import Store, exported, take, undo

VISITS = "系统,日检,周检,半月,月检,季检,半年,年检\n电梯,,,√,,√,√,√\n"
TWO = "系统,内容,部门,月,年\n供水系统,止回阀,水务管理部门,√,√\n"


def actions(document: dict[str, object]) -> list[tuple[object, object, object]]:
    rows = document["rows"]
    assert isinstance(rows, list)
    return [(row["row"], row["code"], row["action"]) for row in rows]


def test_the_visits_to_elevators_in_one_line_are_the_rows_that_a_site_has(ledger: Store) -> None:
    with ledger.read() as tx:
        before = [row.code for row in tx.plan.rows("demo")]
    for mode in (Mode.DRY_RUN, Mode.COMMIT):
        found = take(ledger, "plan_table", VISITS, mode, site="demo")
        assert not found["errors"]
        assert actions(found) == [(2, code, "unchanged") for code in ("EL-HM", "EL-Q", "EL-HY", "EL-Y")]
    with ledger.read() as tx:
        assert [row.code for row in tx.plan.rows("demo")] == before


def test_another_department_in_that_line_is_the_department_of_each_row(ledger: Store) -> None:
    text = "系统,半月,季,半年,年,部门\n电梯,√,√,√,√,工程管理部门\n"
    found = take(ledger, "plan_table", text)
    assert {action for _, _, action in actions(found)} == {"updated"}
    with ledger.read() as tx:
        rows = {row.code: row for row in tx.plan.rows(None)}
    assert {rows[code].department.zh for code in ("EL-HM", "EL-Q", "EL-HY", "EL-Y")} == {"工程管理部门"}


def test_the_rows_of_a_line_come_back_unchanged_and_go_with_its_import(ledger: Store) -> None:
    with ledger.read() as tx:
        before = {row.code for row in tx.plan.rows(None)}
    first = take(ledger, "plan_table", TWO)
    assert [(row, action) for row, _, action in actions(first)] == [(2, "created"), (2, "created")]
    assert [one["code"] for one in first["warnings"] if one["code"] == "several_rows"] == ["several_rows"]
    for text in (TWO, exported(ledger, "plan_table")):
        second = take(ledger, "plan_table", text)
        assert (second["created"], second["updated"]) == (0, 0)
    assert take(ledger, "plan_table", TWO)["unchanged"] == 2
    undo(ledger, str(first["import_id"]))
    with ledger.read() as tx:
        assert {row.code for row in tx.plan.rows(None)} == before
