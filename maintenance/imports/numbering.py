"""Columns that only number the rows (1, 2, 3 under 项目). Pure."""

import re
from collections.abc import Iterable

from maintenance.frequencies import number_of
from maintenance.imports.cells import Cell, fold, text_of

_NUMBER = re.compile(r"[(\[]?([0-9]{1,4}|[一二三四五六七八九十]{1,3})[)\].、,]?")


def only_numbers(cells: Iterable[Cell]) -> bool:
    """Whether the cells are running numbers: from 1 on, each as the one before or the next one, beginning anew."""
    before, several = 0, False
    for cell in cells:
        number = _number(cell)
        if number is None or number not in (1, before, before + 1):
            return False
        before, several = number, True
    return several


def rising(cells: Iterable[Cell]) -> bool:
    """Whether the cells are whole numbers without leading zeros, each larger than the one before: lines that somebody
    counted and then took some out of."""
    before = 0
    for cell in cells:
        text = text_of(cell).strip()
        if not (text.isascii() and text.isdecimal()) or text.startswith("0") or not before < int(text) <= _MOST:
            return False
        before = int(text)
    return before > 0


_MOST = 9999


def _number(cell: Cell) -> int | None:
    found = _NUMBER.fullmatch(fold(text_of(cell)))
    return number_of(found[1]) if found is not None else None
