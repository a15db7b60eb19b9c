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


def _number(cell: Cell) -> int | None:
    found = _NUMBER.fullmatch(fold(text_of(cell)))
    return number_of(found[1]) if found is not None else None
