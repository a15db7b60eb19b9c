"""Sheets as rows of cells, whatever the file's format. Rows are read one after the other, never all at once."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from maintenance.imports.cells import Cell, is_blank

MAX_BYTES = 25 * 1024 * 1024
MAX_ROWS = 100_000
"""Rows with something in them that one import may have."""

MAX_COLUMNS = 512
"""Columns that are looked at; what is further to the right is not read."""

MAX_UNPACKED = 1 << 30
"""Bytes that one part of a workbook may unpack to."""

_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")


class GridRow(NamedTuple):
    """A row that has something in it, with the number that a spreadsheet program shows."""

    number: int
    cells: Sequence[Cell]
    hidden: bool = False


class Range(NamedTuple):
    """Merged cells; rows as shown (from 1), columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{letters(self.left)}{self.top}:{letters(self.right)}{self.bottom}"


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet. ``read`` begins from the top each time it is called, ``merges`` gives the merged ranges. In a
    ``plain`` one (CSV) every cell is text, and what looks like a formula is one."""

    name: str
    read: Callable[[], Iterator[GridRow]]
    merges: Callable[[], Sequence[Range]] = tuple
    hidden: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets of a file. ``readings``: they are several ways to read the same text, of which the best counts."""

    name: str
    grids: Sequence[Grid]
    readings: bool = False


def letters(column: int) -> str:
    """The name of a column (from 0) as spreadsheet programs show it: A, B, ... AA."""
    text, left = "", column + 1
    while left:
        left, one = divmod(left - 1, 26)
        text = chr(65 + one) + text
    return text


def column_number(name: str) -> int:
    """The column (from 0) that letters mean."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1


def parse_range(text: str) -> Range | None:
    """The range that ``A3:B5`` means; ``None`` for anything else."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    left, top, right, bottom = column_number(found[1]), int(found[2]), column_number(found[3]), int(found[4])
    return Range(top, left, bottom, right) if top <= bottom and left <= right else None


def has_something(cells: Sequence[Cell]) -> bool:
    """Whether any cell can be seen."""
    return any(not is_blank(cell) for cell in cells)
