"""One line of a plan table that says several frequencies, as a row for each: ticks under 半月, 季 and 年, 每月检查，
每年预防性试验 in a cell or sentence, 季 and 年 in the months' columns. Pure.

The rows have the line's number and all of its other cells. A line with a code, which can be one row's only, is left
as it is, and so is one that may mean something else (``frequency_several``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from maintenance.frequencies import canonical
from maintenance.imports.cells import Cell, fold, is_blank
from maintenance.imports.frequency_months import evenly
from maintenance.imports.frequency_plain import is_any_work
from maintenance.imports.frequency_sentences import found_in
from maintenance.imports.frequency_several import Said, several_in
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan_counts import read_beside
from maintenance.imports.plan_matching import find_row
from maintenance.imports.plan_reading import FREE, Wanted
from maintenance.imports.plan_subject import in_the_task
from maintenance.imports.plan_ticks import MONTHS, PERIODS, is_ticked, ticked_periods, worded_months
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.intervals import Interval
from maintenance.plan import PlanRow
from maintenance.recurrence import longest_days
from maintenance.schedule_words import how_often, often_in_words
from plantroom.domain.assets import LocalName

_SEVERAL = 2
_LONGEST_TASK = 100
"""Characters of a sentence that may be the name of a row."""

_ONCE = frozenset({"", "1", "1次", "一次", "once"})


@dataclass(slots=True)
class Lines:
    """The rows of a table, one frequency each; ``several``: the lines that have become more than one, with the column
    that says so."""

    rows: list[Row] = field(default_factory=list)
    several: list[tuple[Row, str]] = field(default_factory=list)

    def tell(self, outcome: Outcome, known: Sequence[PlanRow]) -> None:
        """A warning for each line that names the rows which it has become; what is the same with each of them is told
        once. ``known``: the rows as they will be."""
        if not self.several:
            return
        by_code = {row.code: row for row in known}
        made: dict[tuple[object, object], list[PlanRow]] = {}
        for note in outcome.rows:
            row = by_code.get(str(note["code"]))
            if row is not None:
                made.setdefault((note["sheet"], note["row"]), []).append(row)
        problems = outcome.problems
        for line, key in self.several:
            rows = made.get((line.sheet, line.number), [])
            if rows:
                problems.warn(line.problem(key, "several_rows", in_words("several_rows", _named(rows))))
        problems.errors[:] = dict.fromkeys(problems.errors)
        problems.warnings[:] = dict.fromkeys(problems.warnings)


def one_frequency_each(rows: Sequence[Row]) -> Lines:
    """The rows of a table with those that say several frequencies taken apart."""
    found = Lines()
    for row in rows:
        key, parts = _parts(row)
        found.rows += parts or [row]
        if parts:
            found.several.append((row, key))
    return found


def called_apart(wanted: Wanted, *known: Sequence[PlanRow]) -> Wanted:
    """The line called by how often, too, where other rows of its line have its task: 检查（每月一次）. A known row that
    is called by the task alone is the line's, unless there is one called by both; and one that is called by both is
    that of a line which says one frequency, where none is called by the task alone."""
    found, task = wanted.frequency, wanted.task
    if found is None or not task or wanted.code is not None:
        return wanted
    often = wanted.row.often or often_in_words(found.interval, found.schedule)
    if often.zh in task or often.en in task:
        return wanted
    both = replace(wanted, task=f"{task} ({often.en})" if task.isascii() else f"{task}（{often.zh}）")
    first, other = (wanted, both) if wanted.row.often is None else (both, wanted)
    is_other = not any(find_row(first, rows) for rows in known) and any(find_row(other, rows) for rows in known)
    return other if is_other else first


def _parts(row: Row) -> tuple[str, Sequence[Row]]:
    """The column that says several frequencies, and a row for each; none where the line is one row or is not sure."""
    if row.text("code") or row.refused:
        return "", ()
    if not is_blank(row.cells.get("frequency")):
        return "frequency", _of_cell(row)
    if is_ticked(row):
        return _of_ticks(row)
    if "schedule" in row.cells:
        return "", ()
    key = FREE if FREE in row.cells and not row.text("task") else "task"
    return key, _of_sentence(row, key)


def _of_cell(row: Row) -> Sequence[Row]:
    said = several_in(row.text("frequency"), alone=True)
    if not said or fold(row.text("frequency_times")) not in _ONCE or row.text("frequency_unit"):
        return ()
    try:
        read_beside(row, Problems())
    except CellProblem as problem:
        if problem.code != "unknown_frequency":
            return ()
    else:
        return ()
    said_by_ticks = {_of(one.found.interval) for one in said}
    periods = [key for key, says in PERIODS.items() if _of(read_frequency(says).interval) in said_by_ticks]
    alike = len({fold(one.work) for one in said}) == 1
    made = []
    for one in said:
        cells = {**_without(row, periods), "frequency": one.often}
        task = _task(row.text("task"), one, alike=alike)
        copy = _copy(row, {**cells, "task": task} if task else cells, "frequency")
        if "task" not in row.headings:
            copy.headings = {**row.headings, "task": row.heading("frequency")}
        copy.written["task"] = row.cells.get("task", row.cells.get("frequency"))
        made.append(copy)
    return _apart(made, said)


def _of_sentence(row: Row, key: str) -> Sequence[Row]:
    said = several_in(row.text(key), alone=False)
    if not said:
        return ()
    try:
        found_in(row.text(key))
    except CellProblem:
        return _apart([_of_part(row, key, one) for one in said], said)
    return ()


def _of_part(row: Row, key: str, one: Said) -> Row:
    """The row of one part of a sentence. Of a table without columns, whose lines are rows without a task, work that is
    more than 检查 is the task: it may be work of the law (预防性试验)."""
    cells = {**row.cells, key: one.text, "frequency": one.often}
    if one.work and (key != FREE or (len(one.work) <= _LONGEST_TASK and not is_any_work(one.work))):
        cells["task"] = one.work
    made = _copy(row, cells, "frequency", row.cells.get(key))
    made.headings = {**row.headings, "frequency": row.heading(key), "task": row.heading(key)}
    made.written |= {key: row.cells.get(key), "task": row.cells.get(key)}
    return made


def _of_ticks(row: Row) -> tuple[str, Sequence[Row]]:
    ticked = ticked_periods(row)
    if len(ticked) >= _SEVERAL:
        made = []
        for key, says in ticked.items():
            one = _copy(row, {**_without(row, ticked), "frequency": says}, "frequency", row.cells.get(key))
            one.headings = {**row.headings, "frequency": row.heading(key)}
            made.append(one)
        return next(iter(ticked)), _apart(made, [_said(says) for says in ticked.values()])
    worded = worded_months(row) if not ticked and not row.text("months") else {}
    months = _jobs(worded) if worded else {}
    if len(months) < _SEVERAL:
        return "", ()
    first = MONTHS[min(worded)]
    made = []
    for says, when in months.items():
        cells = {**_without(row, MONTHS.values()), "frequency": says, **{MONTHS[one]: "√" for one in when}}
        one = _copy(row, cells, "frequency", row.cells.get(MONTHS[when[0]]))
        one.headings = {**row.headings, "frequency": row.heading(MONTHS[when[0]])}
        made.append(one)
    return first, _apart(made, [_said(says) for says in months])


def _jobs(worded: Mapping[int, str]) -> Mapping[str, Sequence[int]]:
    """The months of each job whose words stand in the months' columns. The months with a job's own word, or these with
    those of the rarer jobs that have it in them, are as far apart as it says: 季, 半年, 季, 年 in March, June,
    September and December are quarterly, half-yearly and yearly work. None where one of them fits neither way."""
    found: dict[str, Sequence[int]] = {}
    for says in sorted(set(worded.values()), key=lambda one: longest_days(read_frequency(one).interval)):
        days = longest_days(read_frequency(says).interval)
        own = [month for month, one in sorted(worded.items()) if one == says]
        nested = [m for m, one in sorted(worded.items()) if longest_days(read_frequency(one).interval) >= days]
        fits = next((months for months in (own, nested) if _are_as_often(months, says)), None)
        if fits is None:
            return {}
        found[says] = fits
    return found


def _are_as_often(months: Sequence[int], says: str) -> bool:
    """Whether months come as often as a word says; what comes oftener than monthly falls in each of them."""
    every = evenly(months)
    interval = read_frequency(says).interval
    if longest_days(interval) < longest_days(_MONTHLY):
        return every is not None and _of(every) == _of(_MONTHLY)
    return every is not None and _of(every) == _of(interval)


_MONTHLY = read_frequency("每月一次").interval


def _said(says: str) -> Said:
    return Said(says, read_frequency(says), "", says)


def _task(task: str, one: Said, *, alike: bool) -> str:
    """The task of one of the rows: the line's, with what this frequency is for; words that say no more than that work
    is done (维护保养) give way to it."""
    if not one.work or (alike and task):
        return task
    return one.work if is_any_work(task) else in_the_task(task, one.work)


def _apart(rows: Sequence[Row], said: Sequence[Said]) -> Sequence[Row]:
    """The rows, with how often where several have one task."""
    tasks = [fold(row.text("task")) for row in rows]
    for row, one, task in zip(rows, said, tasks, strict=True):
        if tasks.count(task) > 1:
            row.often = often_in_words(one.found.interval, one.found.schedule)
    return rows


def _copy(row: Row, cells: Mapping[str, Cell], key: str, written: Cell = None) -> Row:
    shown = row.cells.get(key) if written is None else written
    return replace(row, cells=cells, refused=set(row.refused), written={**row.written, key: shown})


def _without(row: Row, keys: Collection[str]) -> Mapping[str, Cell]:
    return {key: cell for key, cell in row.cells.items() if key not in keys}


def _of(interval: Interval) -> tuple[int, str]:
    return canonical(interval)


def _named(rows: Sequence[PlanRow]) -> LocalName:
    """What is told of the rows that a line has become: code, name, how often."""
    zh, en = [], []
    for row in rows:
        often = how_often(row)
        says_so = often.zh in row.name.zh or often.en in row.name.en
        zh.append(f"{row.code} {row.name.zh}" + ("" if says_so else f"（{often.zh}）"))
        en.append(f"{row.code} {row.name.en}" + ("" if says_so else f" ({often.en})"))
    return LocalName(
        f"本行写了几个周期，成为{len(rows)}项：{'、'.join(zh)}",
        f"the line says several frequencies and has become {len(rows)} rows: {', '.join(en)}",
    )
