"""One line of a plan table, understood: which system, how often, whose, and what else the row says. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from maintenance.imports.cells import Cell, is_blank, text_of
from maintenance.imports.columns import remark
from maintenance.imports.fields import split_codes, values_of
from maintenance.imports.frequency_words import Frequency, found_in, read_frequency
from maintenance.imports.grids import Book, Grid, letters
from maintenance.imports.plan_columns import BY_KEY
from maintenance.imports.plan_subject import NOTHING, Subject, in_the_task, read_subject
from maintenance.imports.problems import CellProblem, Problem, Problems, Unreadable, in_words, shown
from maintenance.imports.tables import Row
from maintenance.imports.values import clears, normal_code, read_code, read_text
from maintenance.imports.vocabulary import Departments, Named, equipment_named, is_site_wide
from maintenance.schedule_words import often_in_words, rule_in_words
from maintenance.schedules import IntervalSchedule
from plantroom.domain.assets import LocalName

FREE = "line"
"""Column of a table that has no columns: lines such as 电梯：每季度进行一次全面检查，包括制动系统、安全装置等。"""

MAX_LINES = 5_000
"""Rows that a table without columns has at most."""

_LINE = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.、]|[•·▪◆*-])?\s*([^:：]{1,30})[:：]\s*(\S.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line, understood. ``subject`` is ``None`` where the line leaves it open (a row that is known by its code);
    ``content`` is a sentence that says what is done, as the user's second table has it."""

    row: Row
    subject: Named | None
    frequency: Frequency | None
    department: LocalName | None
    code: str | None = None
    task: str = ""
    standard: str = ""
    content: str = ""
    site_word: str = ""
    assets: Sequence[str] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    keys: Sequence[str] = ()
    """Of the assets, once they have been found."""
    of: Subject = NOTHING
    """What the line is for as its columns say it."""


def understand(row: Row, known: Departments, problems: Problems, codes: frozenset[str]) -> Wanted | None:
    """Read one line. Whatever is wrong with it becomes an error; then it gives ``None``. ``codes``: those there are."""
    before = len(problems.errors) + problems.errors_left_off
    code = _code(row, codes, problems)
    task, standard = _text(row, "task", 500, problems), _text(row, "standard", 2000, problems)
    content = row.text(FREE)
    subject = read_subject(row, problems, may_lack=code in codes)
    found = _frequency(row, task or content, problems, may_lack=code in codes)
    department = _department(row, known, problems)
    values = values_of(row, BY_KEY, problems)
    if len(problems.errors) + problems.errors_left_off > before or row.refused:
        return None
    assets = split_codes(row.text("assets")) if row.text("assets") else None
    if assets is None and code not in codes and (task or subject.device != subject.site_word):
        task = in_the_task(subject.device, task)
    return Wanted(
        row, subject.named, found, department, code, task, standard, content, subject.site_word, assets, values,
        of=subject,
    )  # fmt: skip


def _code(row: Row, codes: frozenset[str], problems: Problems) -> str | None:
    cell = row.cells.get("code")
    if cell is None:
        return None
    if isinstance(cell, str) and cell in codes:
        return cell
    try:
        text = read_code(cell)
    except CellProblem as problem:
        problems.error(row.problem("code", problem.code))
        return None
    if text in codes:
        return text
    if len(text) > 100:
        problems.error(row.problem("code", "too_long"))
    normal = normal_code(text)
    if normal != text:
        problems.warn(row.problem("code", "code_normalised", in_words("code_normalised", _became(normal))))
    return normal or None


def _became(code: str) -> LocalName:
    return LocalName(f"编号中的全角或不可见字符已换成普通字符：{code}", f"the code was read as {code}")


def _text(row: Row, key: str, most: int, problems: Problems) -> str:
    cell = row.cells.get(key)
    if cell is None or clears(cell):
        return ""
    try:
        return read_text(cell, most)
    except CellProblem as problem:
        problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
        return ""


def _frequency(row: Row, task: str, problems: Problems, *, may_lack: bool) -> Frequency | None:
    cell = row.cells.get("frequency")
    if "frequency" in row.refused:
        return None
    if is_blank(cell):
        if "schedule" in row.cells:
            # The rule says when; what the work is called does not.
            return None
        found = found_in(task) if task else None
        if found is None and not may_lack:
            key = "frequency" if FREE not in row.cells else FREE
            problems.error(row.problem(key, "unknown_frequency" if FREE in row.cells else "missing_value"))
        return found
    try:
        unit = row.text("frequency_unit") or remark(row.heading("frequency"))
        found = read_frequency(_words(cell), unit)
    except CellProblem as problem:
        problems.error(row.problem("frequency", problem.code, in_words(problem.code, problem.said)))
        return None
    if found.read_as:
        problems.warn(row.problem("frequency", "frequency_read_as", in_words("frequency_read_as", _read_as(found))))
    return found


def _words(cell: Cell) -> str:
    return text_of(cell)


def _read_as(found: Frequency) -> LocalName:
    said = often_in_words(found.interval, found.schedule)
    rule = rule_in_words(found.schedule) if isinstance(found.schedule, IntervalSchedule) else LocalName("", "")
    zh, en = (f"，{rule.zh}", f", {rule.en}") if rule.zh else ("", "")
    left = (f"，“{found.left_out}”未采用", f", without “{found.left_out}”") if found.left_out else ("", "")
    return LocalName(f"周期按“{said.zh}{zh}”理解{left[0]}", f"the frequency was read as: {said.en}{en}{left[1]}")


def _department(row: Row, known: Departments, problems: Problems) -> LocalName | None:
    text = row.text("department")
    if not text or "department" in row.refused or clears(row.cells.get("department")):
        return None
    try:
        return known.read(text)
    except CellProblem as problem:
        problems.error(row.problem("department", problem.code, in_words(problem.code, problem.said)))
        return None


def free_lines(book: Book, problems: Problems) -> list[Row]:
    """The lines of a table without columns, as rows with the columns ``system`` and ``FREE``; empty when it has none
    that names a system and how often. Other lines are left out with a warning."""
    grids = book.grids[:1] if book.readings else [grid for grid in book.grids if not grid.hidden]
    rows: list[Row] = []
    others: list[Problem] = []
    for grid in grids:
        for number, place, text in _lines(grid):
            row = _line(grid, number, place, text)
            if row is None:
                others.append(Problem(grid.name, number, letters(place), shown(text), "note_row", in_words("note_row")))
            else:
                rows.append(row)
    if not any(found_in(row.text(FREE)) for row in rows):
        return []
    for one in others:
        problems.warn(one)
    return rows


def _lines(grid: Grid) -> list[tuple[int, int, str]]:
    found = []
    try:
        for row in islice(grid.read(), MAX_LINES + 1):
            filled = [(n, text_of(cell)) for n, cell in enumerate(row.cells) if not is_blank(cell)]
            if filled:
                found.append((row.number, filled[0][0], "，".join(text for _, text in filled)))
    except Unreadable:
        return []
    return found if len(found) <= MAX_LINES else []


def _line(grid: Grid, number: int, place: int, text: str) -> Row | None:
    found = _LINE.match(text)
    if found is None:
        return None
    cells = {"system": found[1].strip(), FREE: found[2].strip()}
    try:
        equipment_named(found[1])
    except CellProblem:
        if found_in(found[2]) is None and not is_site_wide(found[1]):
            return None
    name = letters(place)
    return Row(grid.name, number, cells, {"system": name, FREE: name, "frequency": name})
