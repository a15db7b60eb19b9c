"""The heading row of a sheet: where it is, and which column each heading means. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from maintenance.imports.cells import Cell, is_blank, text_of
from maintenance.imports.columns import Headings
from maintenance.imports.grids import Grid, GridRow
from maintenance.imports.numbering import only_numbers
from maintenance.imports.places import Place, best_places
from maintenance.imports.problems import Problem, Unreadable, in_words, shown
from maintenance.imports.text_files import BrokenText
from plantroom.domain.assets import LocalName

LOOKED_AT = 40
"""Rows with something in them among which the heading row is looked for."""


DATA_LOOKED_AT = 500
"""Rows of data that are looked at to tell what a column is."""


@dataclass(frozen=True, slots=True)
class Head:
    """The likeliest heading row of a sheet: the known columns in it, each once, and those that are there twice."""

    row: int
    cells: Sequence[Cell]
    places: Sequence[Place]
    known: frozenset[str]
    any_rows: bool

    def fits(self, headings: Headings) -> bool:
        """Whether the needed columns are there."""
        return self.known >= set(headings.needed)


def head_of(grid: Grid, headings: Headings) -> Head:
    """The likeliest heading row: the one with most known headings, together with the row below it where that one has
    headings of its own under the wider ones (频次 and 单位 under 周期)."""
    best = Head(1, (), (), frozenset(), any_rows=False)
    above: GridRow | None = None
    for row in _top(grid):
        for cells in (row.cells, _below(above, row, headings)):
            if cells is None:
                continue
            places = _places(cells, headings)
            known = frozenset(place.key for place in places if place.key is not None)
            wider = not known and not best.known and len(places) > len(best.places)  # a title is no heading row
            under = cells is not row.cells and above is not None and best.row == above.number
            more = len(known) > len(best.known) or (under and len(known) == len(best.known))
            if not best.any_rows or more or wider:
                best = Head(row.number, cells, places, known, any_rows=True)
        above = row
    second = _with_second(best, grid, headings)
    return replace(best, places=second, known=frozenset(one.key for one in second if one.key is not None))


def _places(cells: Sequence[Cell], headings: Headings) -> list[Place]:
    texts = [text_of(cell) for cell in cells]
    for start in range(len(texts) - len(_MONTHS) + 1):
        if texts[start : start + len(_MONTHS)] == _MONTHS:
            texts[start : start + len(_MONTHS)] = [f"{month}月" for month in _MONTHS]
    return [Place(n, text, headings.find(text)) for n, text in enumerate(texts) if not is_blank(text)]


def _below(above: GridRow | None, row: GridRow, headings: Headings) -> Sequence[Cell] | None:
    """The headings of two rows as one: what stands in the lower one under a wider heading, else the upper one; ``None``
    where the lower row is none of headings."""
    if above is None or row.number != above.number + 1:
        return None
    group: Cell = None
    made: list[Cell] = []
    own: set[int] = set()
    width = max(len(above.cells), len(row.cells))
    for n in range(width):
        upper, lower = cell_at(above.cells, n), cell_at(row.cells, n)
        group = group if is_blank(upper) else upper
        if is_blank(lower) or lower == upper:
            made.append(upper)
            continue
        is_under = is_blank(upper) or (n + 1 < width and is_blank(cell_at(above.cells, n + 1)))
        if not is_under or is_blank(group):
            return None
        own.add(n)
        both = f"{text_of(group)}{text_of(lower)}"
        made.append(both if headings.find(text_of(lower)) is None and headings.find(both) is not None else lower)
    known = any(place.key is not None for place in _places(made, headings) if place.column in own)
    return made if len(own) > 1 and known else None


def _with_second(head: Head, grid: Grid, headings: Headings) -> Sequence[Place]:
    """The places with the headings that mean another column where that has none and theirs another one."""
    several = Counter(place.key for place in head.places)
    found = []
    for place in head.places:
        key = headings.second(place.heading)
        free = place.key is None or several[place.key] > 1 or key in _SECOND
        may = free and key is not None and key not in head.known
        if may and key is not None and not only_numbers(column_cells(grid, head.row, place.column)):
            several[place.key] -= 1
            found.append(replace(place, key=key))
        else:
            found.append(place)
    return found


_MONTHS = [str(month) for month in range(1, 13)]
_SECOND = frozenset({"frequency"})
"""Columns that take a heading of a column which needs none."""


def column_cells(grid: Grid, below: int, column: int) -> Sequence[Cell]:
    """The cells of a column below a row that have something in them, of the first rows."""
    rows = islice((row for row in safely(grid) if row.number > below), DATA_LOOKED_AT)
    cells = (cell_at(row.cells, column) for row in rows)
    return [cell for cell in cells if not is_blank(cell)]


def _top(grid: Grid) -> Iterator[GridRow]:
    """The first rows, with cells that are merged downwards filled in, so that a heading of two rows reads as one."""
    rows = list(islice(safely(grid), LOOKED_AT))
    down = [one for one in grid.merges() if one.left == one.right and one.top <= (rows[-1].number if rows else 0)]
    by_number = {row.number: row for row in rows}
    for row in rows:
        cells = list(row.cells)
        for one in down:
            if one.top < row.number <= one.bottom and one.top in by_number:
                value = cell_at(by_number[one.top].cells, one.left)
                cells += [None] * (one.left + 1 - len(cells))
                cells[one.left] = value
        yield row._replace(cells=cells)


def safely(grid: Grid) -> Iterator[GridRow]:
    """The rows of a sheet. Raises ``Unreadable`` where a text breaks off."""
    try:
        yield from grid.read()
    except BrokenText as error:
        raise Unreadable(Problem(grid.name, error.row, "", "", "cell_too_long", in_words("cell_too_long"))) from error


def missing(head: Head, grid: Grid, headings: Headings) -> Problem:
    """What is wrong with a sheet that lacks needed columns."""
    if not head.any_rows:
        return Problem(grid.name, 1, "", "", "empty", in_words("empty"))
    lacking = [headings.columns[key] for key in headings.needed if key not in head.known]
    seen = [place.heading for place in head.places][:20]
    zh = f"缺少列：{'、'.join(one.zh for one in lacking)}；找到的表头：{'、'.join(seen)}"
    en = f"missing columns: {', '.join(one.en for one in lacking)}; found: {', '.join(seen)}"
    message = in_words("missing_column", LocalName(shown(zh), shown(en)))
    return Problem(grid.name, head.row, lacking[0].zh, "", "missing_column", message)


def columns_in(head: Head, grid: Grid, headings: Headings) -> list[Place]:
    """Which heading stands for which column (``best_places``). A column that only numbers the rows gives way to the
    others, and is no column of words."""
    return best_places(_without_numbering(head, grid, headings), headings)


def _without_numbering(head: Head, grid: Grid, headings: Headings) -> Sequence[Place]:
    several = Counter(place.key for place in head.places)
    asked = [
        place
        for place in head.places
        if place.key is not None and (several[place.key] > 1 or headings.columns[place.key].worded)
    ]
    numbering = [one for one in asked if only_numbers(column_cells(grid, head.row, one.column))]
    left = several - Counter(one.key for one in numbering)
    dropped = [one for one in numbering if left[one.key] or headings.columns[one.key or ""].worded]
    return [replace(place, key=None) if place in dropped else place for place in head.places]


def cell_at(cells: Sequence[Cell], place: int) -> Cell:
    """The cell of a row at a place; blank behind its end."""
    return cells[place] if place < len(cells) else None
