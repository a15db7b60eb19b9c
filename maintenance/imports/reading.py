"""From a file to the rows of a kind of table."""

import io
from collections.abc import Callable, Iterator, Sequence

from maintenance.imports.columns import Headings
from maintenance.imports.files import open_book
from maintenance.imports.frequency_sentences import says_often
from maintenance.imports.grids import Book
from maintenance.imports.plan_columns import HEADINGS
from maintenance.imports.plan_reading import free_lines
from maintenance.imports.plan_states import in_force
from maintenance.imports.plan_ticks import is_ticked
from maintenance.imports.problems import Problems, Unreadable
from maintenance.imports.tables import Row, find_tables, rows_of

_LESS: Sequence[tuple[Sequence[str], Callable[[Row], bool] | None]] = (
    (("system", "task"), lambda row: says_often(row.text("task"))),
    (("code", "frequency"), None),
    (("assets", "frequency"), None),
    (("frequency",), lambda row: bool(row.text("system"))),
    (("system",), is_ticked),
    ((), lambda row: bool(row.text("system")) and is_ticked(row)),
)
"""Columns that will do where the others say it: the task how often, the code or the assets which row, a section's title
the system, ticks how often. With what a row has to have then."""


def table_rows(book: Book, headings: Headings, problems: Problems, sheet: str | None = None) -> Iterator[Row]:
    """The rows of every table in the file. Raises ``Unreadable`` when there is none; with errors in the headings no
    row is given."""
    tables = find_tables(book, headings, problems, sheet)
    if not problems.wrong:
        for table in tables:
            yield from rows_of(table, headings)


def plan_table_rows(book: Book, problems: Problems, sheet: str | None = None) -> Sequence[Row]:
    """The rows of a plan table: with columns, or lines such as 电梯：每季度进行一次全面检查. Raises ``Unreadable``."""
    try:
        return list(in_force(table_rows(book, HEADINGS, problems, sheet), problems))
    except Unreadable as error:
        if error.problem.code not in {"missing_column", "empty"}:
            raise
        rows = _with_less(book, sheet, problems) or free_lines(book, problems)
        if not rows:
            raise
        return rows


def _with_less(book: Book, sheet: str | None, problems: Problems) -> Sequence[Row]:
    for needed, says_so in _LESS:
        found = Problems()
        try:
            rows = list(table_rows(book, HEADINGS.needing(needed), found, sheet))
        except Unreadable:
            continue
        if says_so is None or any(says_so(row) for row in rows):
            for one in found.errors:
                problems.error(one)
            for one in found.warnings:
                problems.warn(one)
            return list(in_force(rows, problems))
    return ()


def read_plan_table(data: bytes, name: str) -> tuple[Sequence[Row], Problems]:
    """The rows of a plan table in a file's bytes, and what is wrong with it. Never raises."""
    problems = Problems()
    try:
        return plan_table_rows(open_book(io.BytesIO(data), name), problems), problems
    except Unreadable as error:
        problems.error(error.problem)
        return (), problems
