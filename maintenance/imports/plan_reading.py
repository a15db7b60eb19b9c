"""One line of a plan table, understood: which system, how often, whose, and what else the row says. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from maintenance.imports.cells import is_blank, text_of
from maintenance.imports.fields import split_codes, values_of
from maintenance.imports.frequency_months import in_words as months_in_words
from maintenance.imports.frequency_sentences import found_in, says_often
from maintenance.imports.frequency_words import Frequency
from maintenance.imports.grids import Book, Grid, letters
from maintenance.imports.numbering import only_numbers
from maintenance.imports.plan_columns import BY_KEY, each_class
from maintenance.imports.plan_counts import read_beside
from maintenance.imports.plan_days import without_words
from maintenance.imports.plan_hands import Companies, any_company, hands_of
from maintenance.imports.plan_sections import taken_for
from maintenance.imports.plan_subject import NOTHING, Subject, in_the_task, read_subject
from maintenance.imports.plan_ticks import column_of, frequency_of_ticks, is_ticked, with_ticks
from maintenance.imports.problems import CellProblem, Problem, Problems, Unreadable, in_words, shown
from maintenance.imports.tables import Row
from maintenance.imports.values import clears, normal_code, read_code, read_text
from maintenance.imports.vocabulary import Departments, Named, class_words, equipment_named, is_site_wide, means_a_part
from maintenance.plan import PlanRow
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
    work: str = ""
    """The task without the names of the machines in it, where it names some."""
    law: PlanRow | None = None
    """The row of the law whose work a line that finds no row names."""
    day: int = 0
    """The day of its months that it names beside them; 0: none."""


def understand(
    row: Row, known: Departments, problems: Problems, codes: frozenset[str], companies: Companies = any_company
) -> Wanted | None:
    """Read one line. Whatever is wrong with it becomes an error; then it gives ``None``. ``codes``: those there are."""
    before = len(problems.errors) + problems.errors_left_off
    code = _code(row, codes, problems)
    task, standard = _text(row, "task", 500, problems), _text(row, "standard", 2000, problems)
    content = row.text(FREE)
    subject = read_subject(row, problems, may_lack=code in codes)
    found = _frequency(row, task or content, problems, may_lack=code in codes)
    department = hands_of(row, known, problems, companies)
    found, day = without_words(row, found, problems)
    values = values_of(row, BY_KEY, problems)
    if len(problems.errors) + problems.errors_left_off > before or row.refused:
        return None
    _say_classes(row, problems)
    assets = split_codes(row.text("assets")) if row.text("assets") else None
    if assets is None and code not in codes and (task or subject.device != subject.site_word):
        task = in_the_task(subject.device, task)
    return Wanted(
        row, subject.named, found, department, code, task, standard, content, subject.site_word, assets, values,
        of=subject, day=day,
    )  # fmt: skip


def _say_classes(row: Row, problems: Problems) -> None:
    """What words for a part of a class stand for in the column of the classes."""
    for word in each_class(row.text("classes")):
        if means_a_part(word):
            said = taken_for(word, Named(None, class_words().read(word)), is_for_all=True)
            problems.warn(row.problem("classes", "system_read_as", in_words("system_read_as", said)))


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
    if "frequency" in row.refused:
        return None
    key = "frequency"
    try:
        if is_blank(row.cells.get(key)):
            key = column_of(row) if is_ticked(row) else key
            found = frequency_of_ticks(row) or _without_column(row, task, problems, may_lack=may_lack)
        else:
            found = with_ticks(row, read_beside(row, problems), problems)
    except CellProblem as problem:
        problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
        return None
    if found is not None and found.read_as:
        problems.warn(row.problem(key, "frequency_read_as", in_words("frequency_read_as", _read_as(found))))
    return found


def _without_column(row: Row, task: str, problems: Problems, *, may_lack: bool) -> Frequency | None:
    if "schedule" in row.cells:
        # The rule says when; what the work is called does not.
        return None
    try:
        found = found_in(task) if task else None
    except CellProblem as problem:
        if not may_lack:
            key = FREE if FREE in row.cells else "task"
            problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
        return None
    if found is None and not may_lack:
        key = "frequency" if FREE not in row.cells else FREE
        problems.error(row.problem(key, "unknown_frequency" if FREE in row.cells else "missing_value"))
    return found


def _read_as(found: Frequency) -> LocalName:
    said = often_in_words(found.interval, found.schedule)
    rule = rule_in_words(found.schedule) if isinstance(found.schedule, IntervalSchedule) else LocalName("", "")
    zh, en = (f"，{rule.zh}", f", {rule.en}") if rule.zh else ("", "")
    left = (f"，“{found.left_out}”未采用", f", without “{found.left_out}”") if found.left_out else ("", "")
    if found.months:
        months = months_in_words(found.months)
        zh, en = f"{zh}，自{months.zh}起算", f"{en}, counted from {months.en}"
    if found.times_of_day:
        at = ", ".join(f"{hour:02}:00" for hour in range(0, 24, found.interval.every))
        left = (f"{left[0]}，即每天{at}；{_HOURS_OF_DAY.zh}", f"{left[1]}, at {at}; {_HOURS_OF_DAY.en}")
    if found.doubt is not None:
        left = f"{left[0]}，也可能是“{found.doubt.zh}”", f"{left[1]}; it may also be {found.doubt.en}"
    return LocalName(f"周期按“{said.zh}{zh}”理解{left[0]}", f"the frequency was read as: {said.en}{en}{left[1]}")


_HOURS_OF_DAY = LocalName(
    "要从开门时刻起算，请写“营业时间内每12小时”之类；要按班次或钟点各做一次，请每次填一行“每日一次”，在维护内容中写明时刻",
    "to count from opening, write such as: every 12 hours, during opening hours; for certain hours write a daily line "
    "for each, with its hour in the task",
)


def task_not_read(row: Row, first: Row) -> Problem | None:
    """The problem of a line that looks like an earlier one because the columns in which they differ are known to
    nobody; ``None`` where they are alike."""
    differ = [heading for heading, text in row.unread.items() if text and text != first.unread.get(heading)]
    differ = [one for one in differ if not only_numbers([row.unread[one]])]
    if not differ:
        return None
    zh, en = "没有认出说明工作内容的列", "no column with the work was recognised"
    if row.text("task"):
        zh, en = "只在没有认出的列中不同", "only columns that nobody knows differ"
    said = LocalName(
        f"看起来与第{first.number}行相同：{zh}（没有认出的表头：{shown('、'.join(differ))}）",
        f"it looks like line {first.number}: {en} (headings that nobody knows: {shown(', '.join(differ))})",
    )
    return Problem(
        row.sheet, row.number, shown(differ[0]), shown(row.unread[differ[0]]), "task_not_read",
        in_words("task_not_read", said),
    )  # fmt: skip


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
    if not any(says_often(row.text(FREE)) for row in rows):
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
        if not says_often(found[2]) and not is_site_wide(found[1]):
            return None
    name = letters(place)
    return Row(grid.name, number, cells, {"system": name, FREE: name, "frequency": name})
