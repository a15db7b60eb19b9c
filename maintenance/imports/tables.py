"""The table in a file: its heading row, its columns, its rows as cells by column. Says what is in the way.

Title rows above the heading row, rows of remarks below the data and section titles between are left out. A cell that is
merged over several rows of one column stands in each of them; every other merged range in the data is an error.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from maintenance.imports.cells import Cell, CellError, Formula, fold, is_blank, looks_like_formula, text_of
from maintenance.imports.columns import Headings
from maintenance.imports.elsewhere import ignored_because
from maintenance.imports.grids import MAX_ROWS, Book, Grid, GridRow, Range, letters
from maintenance.imports.heads import Head, cell_at, columns_in, head_of, missing, safely
from maintenance.imports.places import Place
from maintenance.imports.problems import Problem, Problems, Unreadable, in_words, shown
from maintenance.imports.sections import has_mark, is_numbered, table_title, title_of
from maintenance.imports.text_files import unprotected
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

_NOTE = re.compile(
    r"^(?:注|备注|说明|附注|合计|总计|小计|制表|编制|审核|审批|批准|填表|日期|签字|签名|"
    r"notes?|remarks?|total|preparedby|approvedby|checkedby)(?:人|员)?(?:\d*[:.、]|$)"
)
_DITTO = frozenset({"同上", "〃", "″", "''", '"', "ditto", "idem", "↑"})
_LONGEST_DITTO = 10
_NAMED = 10
"""Columns that are not read and are named one by one."""

_TITLE = "标题"
"""What stands for the heading of a column that the titles between the rows have."""

_PASSWORDS = frozenset({"密码", "口令", "初始密码", "password", "initialpassword"})


@dataclass(slots=True)
class Row:
    """One row: its number as shown, and its cells by column. Blank cells are not there; ``refused`` are the columns of
    which an error has been told already."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]
    headings: Mapping[str, str]
    refused: set[str] = field(default_factory=set)
    written: dict[str, Cell] = field(default_factory=dict)
    """What stands in the cells that mean another one (同上)."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Of a table that says what is done: the texts under headings that nobody knows."""
    beside: Sequence[str] = ()
    """The texts under other headings for the column which titles stand for, as wide as that (专业 beside 系统名称)."""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The texts under further headings that mean a column (责任人 beside 责任班组)."""
    section: str = ""
    """The title above the row, where the column that titles stand for is there."""
    often: LocalName | None = None
    """Of one of the rows that a line with several frequencies stands for: how often, where others have its task."""

    def heading(self, key: str) -> str:
        """The heading of a column as it was written; of one that is not there its key."""
        return self.headings.get(key, key)

    def text(self, key: str) -> str:
        """The cell's text; empty when blank."""
        return text_of(self.cells.get(key))

    def problem(self, key: str, code: str, message: str | None = None) -> Problem:
        """A problem with one cell of the row. The entry's value is what stands in the cell."""
        cell = self.written.get(key, self.cells.get(key))
        if cell is None and key in self.headings:
            # Of a line of text several columns stand in one cell.
            beside = [one for one, head in self.headings.items() if head == self.headings[key] and one in self.cells]
            cell = self.cells[beside[-1]] if beside else None
        told = cell if isinstance(cell, str) else text_of(cell)
        return Problem(self.sheet, self.number, self.heading(key), shown(told), code, message or in_words(code))


@dataclass(slots=True)
class Table:
    """A table that was found: ``columns`` those that are known, by key; ``last`` its last heading's column."""

    grid: Grid
    heading_row: int
    places: Sequence[Place]
    problems: Problems
    merged: Sequence[Range] = ()
    columns: Mapping[str, Place] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {place.key: place for place in self.places if place.key is not None}
        self.headings = {key: place.heading for key, place in self.columns.items()}


def find_tables(book: Book, headings: Headings, problems: Problems, sheet: str | None = None) -> list[Table]:
    """The tables of a file that have the needed headings: of readings of one text the best, of sheets all that are
    shown (or the one that is named). Raises ``Unreadable`` when there is none."""
    grids = _chosen(book, sheet)
    heads = [(head_of(grid, headings), grid) for grid in grids]
    if book.readings:
        heads = [max(heads, key=lambda one: len(one[0].known))]
    full = [(head, grid) for head, grid in heads if head.fits(headings)]
    if not full:
        best, grid = max(heads, key=lambda one: len(one[0].known))
        raise Unreadable(missing(best, grid, headings))
    if sheet is None:
        shown_ones = [one for one in full if not one[1].hidden] or full
        for _, grid in full:
            if grid.hidden and shown_ones is not full:
                problems.warn(Problem(grid.name, 1, "", "", "hidden_sheet", in_words("hidden_sheet")))
        full = shown_ones
    if len(full) > 1:
        names = "、".join(grid.name for _, grid in full)
        said = LocalName(f"多个工作表都有所需表头，已全部读取：{names}", f"several sheets are read: {names}")
        problems.warn(
            Problem(full[1][1].name, full[1][0].row, "", "", "several_sheets", in_words("several_sheets", said))
        )
    return [_table(head, grid, problems, headings) for head, grid in full]


def count_known(book: Book, headings: Headings, sheet: str | None = None) -> int:
    """How many columns of a table of that kind a file has; 0 where it is none. Raises ``Unreadable``."""
    heads = [head_of(grid, headings) for grid in _chosen(book, sheet) if not grid.hidden]
    return max((len(head.known) for head in heads if head.fits(headings)), default=0)


def _chosen(book: Book, sheet: str | None) -> Sequence[Grid]:
    if sheet is None or book.readings:
        return book.grids
    found = [grid for grid in book.grids if grid.name == sheet]
    if not found:
        names = "、".join(grid.name for grid in book.grids)
        said = LocalName(f"没有这个工作表；有：{names}", f"there is no such sheet; there are: {names}")
        raise Unreadable(Problem(sheet, 1, "", sheet, "unknown_sheet", in_words("unknown_sheet", said)))
    return found


def _table(head: Head, grid: Grid, problems: Problems, headings: Headings) -> Table:
    seen: set[str] = set()
    places = columns_in(head, grid, headings)
    ignored = [place.heading for place in places if place.key is None and fold(place.heading) not in _PASSWORDS]
    for place in places:
        if place.key is None and fold(place.heading) in _PASSWORDS:
            code = "password_ignored"
            problems.warn(Problem(grid.name, head.row, shown(place.heading), "", code, in_words(code)))
        elif place.key is None:
            continue
        elif place.key in seen:
            said = Problem(grid.name, head.row, place.heading, "", "column_twice", in_words("column_twice"))
            problems.error(said)
        seen.add(place.key or "")
    _say_ignored(ignored, headings.columns.keys(), head.row, grid, problems)
    return Table(grid, head.row, places, problems, grid.merges())


def _say_ignored(headings: Sequence[str], known: Collection[str], row: int, grid: Grid, problems: Problems) -> None:
    """A warning for each column that is not read; where there are many, one for all."""
    if len(headings) > _NAMED:
        said = LocalName(
            f"{len(headings)}列未导入：{shown('、'.join(headings))}",
            f"{len(headings)} columns are not imported: {shown(', '.join(headings))}",
        )
        message = in_words("ignored_column", said)
        problems.warn(Problem(grid.name, row, shown(headings[0]), "", "ignored_column", message))
        return
    for heading in headings:
        message = in_words("ignored_column", ignored_because(heading, known))
        problems.warn(Problem(grid.name, row, shown(heading), "", "ignored_column", message))


def rows_of(table: Table, headings: Headings) -> Iterator[Row]:
    """The rows below the headings. Errors of the table's own making (formulas, error values, merged cells) go to its
    problems; such a row is given without the cells in question. Raises ``Unreadable`` beyond ``MAX_ROWS``."""
    reader = _Rows(table, headings)
    count, hidden = 0, 0
    for row in safely(table.grid):
        if row.number <= table.heading_row:
            reader.above(row)
            continue
        if not count:
            reader.begin()
        count += 1
        if count > MAX_ROWS:
            raise Unreadable(Problem(table.grid.name, row.number, "", "", "too_large", in_words("too_large")))
        hidden += row.hidden
        read = reader.read(row)
        if read is not None:
            yield read
    if not count:
        table.problems.warn(Problem(table.grid.name, table.heading_row, "", "", "no_rows", in_words("no_rows")))
    if hidden:
        said = LocalName(
            f"{hidden}行被隐藏或筛选掉，也已导入", f"{counted(hidden, 'hidden or filtered row')} imported, too"
        )
        table.problems.warn(
            Problem(table.grid.name, table.heading_row, "", "", "hidden_rows", in_words("hidden_rows", said))
        )


def _of_title(title: str) -> LocalName:
    return LocalName(f"其下各行的系统取自标题“{title}”", f"the system of the lines below is “{title}”")


class _Rows:
    """Makes rows of a grid's rows: fills in what is merged downwards, says what cannot be read."""

    def __init__(self, table: Table, headings: Headings) -> None:
        self._table, self._headings = table, headings
        below = [one for one in table.merged if one.bottom > table.heading_row]
        self._to_come = sorted(below, key=lambda one: one.top, reverse=True)
        self._covering: list[Range] = []
        self._values: dict[Range, Cell] = {}
        self._above: dict[str, Cell] = {}
        self._repeated = {column.key for column in headings.columns.values() if column.ditto}
        self._told: set[Range] = set()
        self._last = max((place.column for place in table.places), default=0)
        self._needed = headings.needed
        titled = next((one.key for one in headings.columns.values() if one.titled), None)
        self._titled = None if titled in table.columns else titled
        self._beside = [
            one for one in table.places if one.key is None and titled and headings.find(one.heading) == titled
        ]
        further = [(headings.find(one.heading), one.column) for one in table.places if one.key is None]
        self._others = [(key, column) for key, column in further if key in table.columns]
        self._section = ""
        self._unread = [one for one in table.places if one.key is None and headings.find(one.heading) is None]
        self._has_words = any(one.worded for one in headings.columns.values())
        self._columns = [(key, place, place.column) for key, place in table.columns.items()]

    def read(self, row: GridRow) -> Row | None:
        """The row, or ``None`` for one that is no data."""
        table = self._table
        covering = self._over(row.number)
        if self._begins_section(row, covering):
            return None
        made = Row(table.grid.name, row.number, {}, table.headings)
        cells: dict[str, Cell] = {}
        width = len(row.cells)
        for key, place, column in self._columns:
            if not covering and (column >= width or row.cells[column] is None):
                continue
            cell = self._cell(row, place, covering, made)
            if cell is not None:
                cells[key] = cell
        made.cells = cells
        if self._titled is not None and self._section and cells:
            cells[self._titled] = self._section
            made.headings = {**made.headings, self._titled: _TITLE}
        made.section = "" if self._titled is not None else self._section
        made.beside = [text_of(cell_at(row.cells, one.column)) for one in self._beside]
        made.others = self._under_others(row)
        if self._has_words:
            made.unread = {one.heading: text_of(cell_at(row.cells, one.column)) for one in self._unread}
        if self._is_note(row, made):
            self._warn(row, "note_row")
            return None
        return made if made.cells or made.refused else None

    def _under_others(self, row: GridRow) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for key, column in self._others:
            found.setdefault(key or "", []).append(text_of(cell_at(row.cells, column)))
        return found

    def above(self, row: GridRow) -> None:
        """Hear of a row above the headings: a title there stands for what comes below it."""
        title = title_of(row.cells)
        if title is None:
            return
        about = table_title(title)
        if is_numbered(next(text_of(cell) for cell in row.cells if not is_blank(cell))):
            self._section = title
        elif self._titled is not None and self._headings.is_title(about):
            self._section = about
            self._warn(row, "system_of_section", _of_title(about))

    def begin(self) -> None:
        """The first row of data comes: without a title above it the sheet's own name counts as one."""
        about, grid = table_title(self._table.grid.name), self._table.grid
        if self._titled is None or self._section or grid.plain or not self._headings.is_title(about):
            return
        self._section = about
        message = in_words("system_of_section", _of_title(about))
        grid_row = self._table.heading_row
        self._table.problems.warn(Problem(grid.name, grid_row, "", shown(grid.name), "system_of_section", message))

    def _over(self, number: int) -> Sequence[Range]:
        """The merged ranges over a row; rows come in their order."""
        while self._to_come and self._to_come[-1].top <= number:
            self._covering.append(self._to_come.pop())
        self._covering = [one for one in self._covering if one.bottom >= number]
        return self._covering

    def _cell(self, row: GridRow, place: Place, covering: Sequence[Range], made: Row) -> Cell:
        assert place.key is not None
        cell = cell_at(row.cells, place.column)
        over = next((one for one in covering if one.left <= place.column <= one.right), None) if covering else None
        if over is not None:
            cell = self._spread(row, place, over, cell)
        if cell is None:
            return None
        code = self._unreadable(cell)
        if code is not None:
            self._refuse(made, place, code, cell)
            return None
        if isinstance(cell, str):
            if self._table.grid.plain:
                cell = unprotected(cell)
            if place.key in self._repeated and len(cell) <= _LONGEST_DITTO and fold(cell) in _DITTO:
                made.written[place.key] = cell
                cell = self._above.get(place.key, cell)
        if is_blank(cell):
            return None
        self._above[place.key] = cell
        return cell

    def _unreadable(self, cell: Cell) -> str | None:
        """What is wrong with a cell whose value nobody can tell."""
        written = isinstance(cell, str) and self._table.grid.plain and looks_like_formula(cell.strip())
        if written or isinstance(cell, Formula):
            return "formula"
        return "error_value" if isinstance(cell, CellError) else None

    def _spread(self, row: GridRow, place: Place, over: Range, cell: Cell) -> Cell:
        assert place.key is not None
        if over.left == over.right and self._headings.columns[place.key].spreads:
            if row.number == over.top:
                self._values[over] = cell
                said = LocalName(
                    f"合并单元格 {over} 的内容用于其中每一行", f"the merged cells {over} count for each of their rows"
                )
                self._table.problems.warn(self._of_merged(row, place, cell, "merged_counts", said))
            return self._values.get(over, cell)
        if over not in self._told:
            self._told.add(over)
            said = LocalName(f"合并单元格 {over} 含义不明", f"the merged cells {over} leave open what is meant")
            self._table.problems.error(self._of_merged(row, place, cell, "merged", said))
        return cell

    def _of_merged(self, row: GridRow, place: Place, cell: Cell, code: str, said: LocalName) -> Problem:
        return Problem(self._table.grid.name, row.number, place.heading, shown(cell), code, in_words(code, said))

    def _refuse(self, made: Row, place: Place, code: str, cell: Cell) -> None:
        """Tell what is wrong with a cell: an error, but a warning that it is left out where its column takes words."""
        assert place.key is not None
        key, said = place.key, None
        if isinstance(cell, Formula) and cell.shown:
            said = LocalName(f"单元格是公式（显示为 {shown(cell.shown)}）", f"a formula (it shows {shown(cell.shown)})")
        made.written[key] = cell
        if self._headings.is_free(key, place.heading):
            self._table.problems.warn(made.problem(key, "date_ignored", in_words("date_ignored", said)))
            return
        made.refused.add(key)
        self._table.problems.error(made.problem(key, code, in_words(code, said)))

    def _begins_section(self, row: GridRow, covering: Sequence[Range]) -> bool:
        """Whether a row is a section's title. Where no column has what it names, it stands for it in the rows below."""
        is_wide = self._is_section(row, covering)
        title = title_of(row.cells)
        if not is_wide and (title is None or not self._may_begin(row, title)):
            return False
        self._section = title or ""
        if self._titled is None or title is None:
            self._warn(row, "section_row")
            return True
        self._warn(row, "system_of_section", _of_title(title))
        return True

    def _may_begin(self, row: GridRow, title: str) -> bool:
        """Whether a single text stands where a title does, and is one by its mark or its meaning."""
        first, text = next((n, text_of(cell)) for n, cell in enumerate(row.cells) if not is_blank(cell))
        if first > 1 or self._last < 2 or _NOTE.match(fold(title)) is not None:
            return False
        return is_numbered(text) or (self._titled is not None and (has_mark(text) or self._headings.is_title(title)))

    def _is_section(self, row: GridRow, covering: Sequence[Range]) -> bool:
        """A title across the whole table, with nothing beside it."""
        wide = [one for one in covering if one.top == one.bottom and one.left <= 1 and one.right >= self._last - 1]
        if not wide or self._last < 2:
            return False
        return all(is_blank(cell) or wide[0].left <= n <= wide[0].right for n, cell in enumerate(row.cells))

    def _is_note(self, row: GridRow, made: Row) -> bool:
        """A remark below the data: only its first cells say something, and what a remark begins with; or each of its
        cells does (编制：…, 审核：…, 批准：…)."""
        begins = [_NOTE.match(fold(text_of(cell))) is not None for cell in row.cells if not is_blank(cell)]
        if len(begins) > 1 and all(begins):
            return True
        return bool(begins) and begins[0] and len(begins) <= 2 and not all(one in made.cells for one in self._needed)

    def _warn(self, row: GridRow, code: str, said: LocalName | None = None) -> None:
        first = next((cell for cell in row.cells if not is_blank(cell)), None)
        place = next((n for n, cell in enumerate(row.cells) if not is_blank(cell)), 0)
        problem = Problem(
            self._table.grid.name, row.number, letters(place), shown(text_of(first)), code, in_words(code, said)
        )
        self._table.problems.warn(problem)
