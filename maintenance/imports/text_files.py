"""Text files (CSV) as grids: encodings and separators are tried, the reading with the best headings counts."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from maintenance.imports.cells import Cell, CellError, is_blank, looks_like_error
from maintenance.imports.grids import MAX_COLUMNS, Book, Grid, GridRow

SEPARATORS = (",", ";", "\t")
LONGEST_CELL = 131_072
"""Characters: the csv module's own bound."""

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = ("utf-8", "gb18030", "big5hkscs")
_CONTROL = re.compile("[\x00-\x06\x0e-\x1a]")
"""Characters that no text file has: bytes that only happen to fit an encoding."""

_SEPARATES = re.compile(r"[,;\t\n]")
_BEGIN_FORMULAS, _BLANKS = frozenset("=+-@"), frozenset("\t\r")


class BrokenText(Exception):
    """A line that the csv module cannot take apart."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def read_text(data: bytes, name: str) -> Book | None:
    """The ways in which bytes can be read as a table, the likeliest first; ``None``: not as any."""
    texts = _texts(data)
    if not texts:
        return None
    return Book(name, [_grid(text, separator, name) for text in texts for separator in _order(text)], readings=True)


def protected(text: str) -> str:
    """A text so that no spreadsheet program takes it for a formula when it opens the CSV: with ``'`` before it."""
    return f"'{text}" if _is_dangerous(text.lstrip("'")) else text


def unprotected(text: str) -> str:
    """The text that ``protected`` has written."""
    return text[1:] if text.startswith("'") and _is_dangerous(text.lstrip("'")) else text


def _is_dangerous(bare: str) -> bool:
    seen = bare.strip()
    return bare[:1] in _BLANKS or seen[:1] in _BEGIN_FORMULAS or (seen[:1] == "#" and looks_like_error(seen))


def _texts(data: bytes) -> list[str]:
    for mark, encoding in _MARKED:
        if data.startswith(mark):
            # What only begins like UTF-16 has nothing in it that separates anything.
            found = _decoded(data, [encoding])
            return found if encoding == "utf-8-sig" else [text for text in found if _SEPARATES.search(text)]
    if 0 in data[:8192]:
        # UTF-16 without its mark: the wrong way round nothing separates anything.
        return [text for text in _decoded(data, ["utf-16-le", "utf-16-be"]) if _SEPARATES.search(text)]
    return _decoded(data, ["utf-8"]) or _decoded(data, _GUESSED[1:])


def _decoded(data: bytes, encodings: list[str] | tuple[str, ...]) -> list[str]:
    found = []
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding.startswith("utf-8") or _CONTROL.search(text) is None:
            found.append(text)
    return found


def _order(text: str) -> list[str]:
    """The separators, first the one that the first line with text has most of."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return [first.strip()[4]]
    return sorted(SEPARATORS, key=first.count, reverse=True)


def _grid(text: str, separator: str, name: str) -> Grid:
    def rows() -> Iterator[GridRow]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BrokenText(number) from error
            found: list[Cell] = [_cell(cell) for cell in cells[:MAX_COLUMNS]]
            if any(not is_blank(cell) for cell in found) and not _names_separator(number, cells):
                yield GridRow(number, found)

    return Grid(name, rows, plain=True)


def _names_separator(number: int, cells: list[str]) -> bool:
    return number == 1 and cells[0].lower().startswith("sep=") and len(cells) <= 2


def _cell(text: str) -> Cell:
    if text.startswith("#") and looks_like_error(text.strip()):
        return CellError(text.strip())
    return text
