"""Values of cells as a table has them: text, numbers, dates, formulas, errors. Pure.

A grid's cell is ``None`` (blank), ``str``, ``int``, ``float``, ``bool``, ``date``, ``datetime``, ``time``, a
``Formula`` or a ``CellError``.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import TypeAlias

from maintenance.imports.traditional import simplified

INVISIBLE = dict.fromkeys(
    [0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
"""Characters that nobody sees: soft hyphen, zero-width blanks and joiners, directions, byte order marks."""

_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
_FORMULA = re.compile(r"=.|[@+-][A-Za-z_.]+\(", re.DOTALL)
_ERRORS = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|FIELD!)", re.IGNORECASE)
_EXACT = 10**15
"""Whole numbers from here on have lost digits in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula; ``shown`` is the value that the program which wrote the file has left for it, if any."""

    text: str
    shown: str = ""

    def __str__(self) -> str:
        return f"={self.text}" if self.text else self.shown


@dataclass(frozen=True, slots=True)
class CellError:
    """An error value such as ``#N/A``."""

    text: str

    def __str__(self) -> str:
        return self.text


Cell: TypeAlias = str | int | float | bool | date | time | Formula | CellError | None


def is_blank(cell: Cell) -> bool:
    """Whether nothing can be seen in the cell."""
    if cell is None:
        return True
    if not isinstance(cell, str):
        return False
    bare = cell.strip()
    return not bare or (ord(bare[0]) in INVISIBLE and not bare.translate(INVISIBLE).strip())


def text_of(cell: Cell) -> str:
    """The cell as text: whole numbers without a point, dates as ISO 8601; a text as it is, line ends as ``\\n``."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return plain_text(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime):
        at_midnight = cell.time() == time(0)
        return cell.date().isoformat() if at_midnight else cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)


def plain_text(text: str) -> str:
    """A text as it is kept: line ends as ``\\n``, without control characters, without blanks around it."""
    if text.isprintable():
        return text.strip()
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip()


def lost_digits(cell: Cell) -> bool:
    """Whether it is a number of so many digits that a spreadsheet has rounded it."""
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= _EXACT


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text cell of a CSV for a formula."""
    return _FORMULA.match(text) is not None


def looks_like_error(text: str) -> bool:
    """Whether it is a spreadsheet's error value, written as text."""
    return _ERRORS.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A text as words are compared: width, case, blanks, invisible characters and the script do not matter."""
    if text.isascii():
        return "".join(text.casefold().split())
    visible = text if text.isprintable() else text.translate(INVISIBLE)
    plain = unicodedata.normalize("NFKC", visible).casefold()
    return simplified("".join(plain.split()))


def seen(text: str) -> str:
    """A code as people see it: without invisible characters, with half-width letters and digits, blanks joined."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(INVISIBLE)).split())
