"""Reads an old Excel workbook (.xls) and writes its rows as JSON lines. A program of its own: ``xls.py`` runs it.

The library ends the process, or asks for all the memory there is, when the file is damaged. Standard input: the file.
Standard output: per sheet a line ``{"name", "hidden", "merges"}``, then a line ``[number, [cells]]`` per row that has
something in it; dates are ``{"date": ...}``, times ``{"time": ...}``. Exit code 3: it has a password.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

MEMORY = 1 << 30
SECONDS = 60
ENCRYPTED, BROKEN = 3, 4
MAX_ROWS, MAX_COLUMNS = 70_000, 256


def main() -> int:
    """Read, write, give the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for sheet in book.sheets_metadata:
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                _write_sheet(book.get_sheet_by_name(sheet.name), sheet.visible != calamine.SheetVisibleEnum.Visible)
    except calamine.PasswordError:
        return ENCRYPTED
    except (calamine.CalamineError, OSError, ValueError, MemoryError, IndexError):
        return BROKEN
    return 0


def _write_sheet(sheet: Any, is_hidden: bool) -> None:
    merges = [[top, left, bottom, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    _write({"name": sheet.name, "hidden": is_hidden, "merges": merges})
    for line in _rows(sheet):
        _write(line)


def _rows(sheet: Any) -> Iterator[list[Any]]:
    if sheet.start is None:
        return
    top, left = sheet.start
    for number, row in enumerate(sheet.iter_rows(), top + 1 if sheet.total_height != sheet.height else 1):
        if number > MAX_ROWS:
            return
        cells = [_cell(value) for value in row[:MAX_COLUMNS]]
        if any(value is not None for value in cells):
            yield [number, [None] * (left if sheet.total_width != sheet.width else 0) + cells]


def _cell(value: Any) -> Any:
    if isinstance(value, time):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, timedelta):
        return {"time": str(value)}
    return None if value == "" else value


def _write(line: Any) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
