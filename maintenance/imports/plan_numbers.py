"""Codes of a plan table that only number its lines: 编号 with 1, 2, 3. Pure."""

from collections.abc import Collection, Sequence

from maintenance.imports.cells import fold
from maintenance.imports.numbering import only_numbers, rising
from maintenance.imports.problems import Problem, Problems, in_words
from maintenance.imports.tables import Row
from plantroom.domain.assets import LocalName

_VAGUE = frozenset({"编号", "编码", "代码", "id", "code"})
"""Headings that may stand above codes as well as numbers."""


def without_numbers(rows: Sequence[Row], codes: Collection[str], problems: Problems) -> Sequence[Row]:
    """The rows without codes that are the lines' numbers, where a system and a task say which row each is, with a
    warning for each sheet: the next table's line 1 would be taken for this one's. ``codes``: those there are."""
    for sheet in dict.fromkeys(row.sheet for row in rows):
        mine = [row for row in rows if row.sheet == sheet and row.text("code")]
        if len(mine) > 1 and _are_numbers(mine, codes):
            first = mine[0]
            heading = first.heading("code")
            problem = Problem(sheet, first.number, heading, first.text("code"), "ignored_column", _MESSAGE)
            problems.warn(problem)
            for row in mine:
                row.cells = {key: cell for key, cell in row.cells.items() if key != "code"}
    return rows


def _are_numbers(rows: Sequence[Row], codes: Collection[str]) -> bool:
    if fold(rows[0].heading("code")) not in _VAGUE or not all(row.text("system") and row.text("task") for row in rows):
        return False
    cells = [row.cells.get("code") for row in rows]
    return (only_numbers(cells) or rising(cells)) and not any(row.text("code") in codes for row in rows)


_MESSAGE = in_words(
    "ignored_column",
    LocalName(
        "该列只是行号，未作为编号导入（否则另一张表的第1行会覆盖本表的第1行）",
        "the column only numbers the lines: not imported as codes (line 1 of another table would overwrite this one)",
    ),
)
