"""The basis of what the law asks for, which no table changes."""

from dataclasses import replace

import pytest

from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.problems import Problem
from maintenance.imports.reading import read_plan_table
from maintenance.plan import Layer, PlanRow
from maintenance.seed.loader import plan_rows


def table(lines: str, head: str, known: tuple[PlanRow, ...] = ()) -> Outcome:
    rows, problems = read_plan_table(f"{head}\n{lines}\n".encode(), "plan.csv")
    found = PlanImport([*plan_rows(), *known], "demo", problems=problems).run(rows)
    assert not found.problems.errors, found.problems.errors
    return found


def told(found: Outcome, code: str) -> list[Problem]:
    return [one for one in found.problems.warnings if one.code == code]


def rows_of(found: Outcome) -> list[PlanRow]:
    return [one.after for one in found.changes if isinstance(one.after, PlanRow)]


@pytest.mark.parametrize(
    ("line", "head"),
    [
        ("电梯系统,半月维保,每15天,GB 1234", "系统,维护内容,维护周期,法规依据"),
        ("EL-HM,电梯系统,半月维保,每15天,GB 1234", "编号,系统,维护内容,维护周期,依据"),
    ],
)
def test_a_row_of_the_law_keeps_its_basis_and_a_table_that_says_another_one_is_told(line: str, head: str) -> None:
    found = table(line, head)
    assert [(row["code"], row["action"]) for row in found.rows] == [("EL-HM", "unchanged")]
    (warning,) = told(found, "law_basis")
    assert (warning.column, warning.value) == (head.rsplit(",", 1)[1], "GB 1234")
    assert "依据是“TSG T5002-2017”，表中为“GB 1234”" in warning.message
    assert "is TSG T5002-2017, the table says GB 1234" in warning.message


def test_the_rest_of_such_a_line_counts() -> None:
    found = table("电梯系统,半月维保,每10天,GB 1234", "系统,维护内容,维护周期,法规依据")
    assert [(row.interval.every, row.basis) for row in rows_of(found)] == [(10, "TSG T5002-2017")]


@pytest.mark.parametrize("said", ["TSG T5002-2017", "tsg t5002－2017", "T5002-2017", ""])
def test_the_same_basis_and_none_say_nothing(said: str) -> None:
    found = table(f"电梯系统,半月维保,每15天,{said}", "系统,维护内容,维护周期,法规依据")
    assert not found.changes
    assert told(found, "law_basis") == []


def test_an_emptied_basis_stays_and_one_s_own_rows_change_theirs() -> None:
    found = table("电梯系统,半月维保,每15天,（空）", "系统,维护内容,维护周期,法规依据")
    assert not found.changes
    assert len(told(found, "law_basis")) == 1
    (row,) = rows_of(table("电梯系统,润滑导轨,每2个月,GB 1", "系统,维护内容,维护周期,依据"))
    assert row.basis == "GB 1"
    (row,) = rows_of(table("电梯系统,润滑导轨,每2个月,GB 2", "系统,维护内容,维护周期,依据", known=(row,)))
    assert row.basis == "GB 2"
    mine = replace(row, layer=Layer.LAW, basis="")
    (row,) = rows_of(table(f"{mine.code},电梯系统,每2个月,GB 3", "编号,系统,周期,依据", known=(mine,)))
    assert row.basis == "GB 3"
