"""Tables as files: Excel workbooks and CSV. What is written is read back the same; the same rows make the same bytes.

In a workbook codes are cells of text, so that no program turns 007 into 7 or 1-2 into a date; a text that looks like a
formula is text there, and has a ``'`` before it in CSV (``text_files.protected``).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from maintenance.imports.cells import Cell
from maintenance.imports.columns import Column
from maintenance.imports.grids import letters
from maintenance.imports.text_files import protected
from plantroom.errors import BadData

LONGEST = 32_767
"""Characters that a workbook's cell holds."""

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - what a workbook says of its own age: always the same
_FIRST = date(1900, 3, 1)
_LISTED = 500
"""Rows of a template that have drop-downs."""

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Title:
    """What a workbook's sheets are called."""

    sheet: str
    notes: str
    lists: str


TITLES = {
    "zh": Title("数据", "填写说明", "选项"),
    "zh-hant": Title("數據", "填寫說明", "選項"),
    "en": Title("Data", "Notes", "Lists"),
}


def csv_bytes(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], language: str) -> bytes:
    """The table as CSV: UTF-8 with its mark, commas, CRLF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.heading(language) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return (_BOM + out.getvalue()).encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return protected(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def xlsx_bytes(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], language: str, *, empty: bool = False
) -> bytes:
    """The table as a workbook. With ``empty`` a template: headings, notes on each column, drop-down lists. Raises
    ``BadData`` for a text that no cell can hold."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": False, "constant_memory": not empty, "strings_to_formulas": False})
    book.set_properties({"created": _MADE})
    title = TITLES.get(language, TITLES["en"])
    sheet = book.add_worksheet(title.sheet)
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "border": 1})
    needed = book.add_format({"bold": True, "bg_color": "#FCE4D6", "text_wrap": True, "border": 1})
    text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    for n, column in enumerate(columns):
        sheet.set_column(n, n, column.width, text if not _is_number(column) else None)
    for n, column in enumerate(columns):
        sheet.write_string(0, n, column.heading(language), needed if column.needed else head)
    for number, row in enumerate(rows, 1):
        for n, cell in enumerate(row):
            _write(sheet, number, n, cell, text, day)
    if empty:
        _notes(book, title, columns, language)
        _lists(book, sheet, title, columns, language)
    book.close()
    return out.getvalue()


def _is_number(column: Column) -> bool:
    return column.key.endswith(("_days", "_percent", "_minutes", "_cost", "_years", "_low", "_high", "_s"))


def _write(sheet: Any, row: int, column: int, cell: Cell, text: Any, day: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        if len(cell) > LONGEST:
            words = (
                f"第{row + 1}行有超过{LONGEST}字的内容，请导出为 CSV / "
                f"row {row + 1} has a text of more than {LONGEST} characters: export as CSV"
            )
            raise BadData(words)
        sheet.write_string(row, column, cell, text)
    elif isinstance(cell, date) and cell >= _FIRST:
        sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, bool) or not isinstance(cell, int | float):
        sheet.write_string(row, column, str(cell), text)
    elif float(f"{cell:.16G}") == cell:
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, repr(cell), text)


def _notes(book: Any, title: Title, columns: Sequence[Column], language: str) -> None:
    sheet = book.add_worksheet(title.notes)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 22, wrap)
    sheet.set_column(1, 1, 60, wrap)
    for row, column in enumerate(columns):
        said = column.note.en if language == "en" else column.note.zh
        must = {"zh": "必填。", "zh-hant": "必填。"}.get(language, "Needed. ") if column.needed else ""
        sheet.write_string(row, 0, column.heading(language))
        sheet.write_string(row, 1, must + said)


def _lists(book: Any, sheet: Any, title: Title, columns: Sequence[Column], language: str) -> None:
    lists = book.add_worksheet(title.lists)
    lists.hide()
    place = 0
    for n, column in enumerate(columns):
        words = list(column.choices(language)) if column.choices is not None else []
        if not words:
            continue
        for row, word in enumerate(words):
            lists.write_string(row, place, word)
        letter = letters(place)
        source = f"='{title.lists}'!${letter}$1:${letter}${len(words)}"
        sheet.data_validation(1, n, _LISTED, n, {"validate": "list", "source": source, "error_type": "warning"})
        place += 1


def template(columns: Sequence[Column], language: str) -> bytes:
    """An empty workbook to fill in."""
    return xlsx_bytes(columns, (), language, empty=True)
