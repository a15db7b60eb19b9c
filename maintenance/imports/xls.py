"""Old Excel workbooks (.xls) as grids, read in a process of its own (``xls_apart``).

What a cell shows is read; a formula cannot be told from its value in this format.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from maintenance.imports.cells import Cell, CellError, looks_like_error
from maintenance.imports.grids import Book, Grid, GridRow, Range
from maintenance.imports.xls_apart import ENCRYPTED

PATIENCE_S = 120
_PROGRAM = Path(__file__).with_name("xls_apart.py")


class BrokenXls(Exception):
    """The file cannot be read."""


class EncryptedXls(Exception):
    """The file has a password."""


def read_xls(data: bytes, name: str) -> Book:
    """The sheets of a workbook. Raises ``BrokenXls``, ``EncryptedXls``."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RUST_", "PYTHON"))}
    try:
        done = subprocess.run(  # noqa: S603 - our own program, nothing of the caller's in its arguments
            [sys.executable, "-P", str(_PROGRAM)],
            input=data,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
            env=environment | {"RUST_BACKTRACE": "0"},
        )
    except subprocess.TimeoutExpired as error:
        raise BrokenXls from error
    if done.returncode == ENCRYPTED:
        raise EncryptedXls
    if done.returncode != 0:
        raise BrokenXls
    sheets: list[tuple[dict[str, Any], list[GridRow]]] = []
    for line in done.stdout.splitlines():
        one = json.loads(line)
        if isinstance(one, dict):
            sheets.append((one, []))
        else:
            sheets[-1][1].append(GridRow(one[0], [_cell(value) for value in one[1]]))
    if not sheets:
        raise BrokenXls
    return Book(name, [_grid(sheet, rows) for sheet, rows in sheets])


def _grid(sheet: dict[str, Any], rows: Sequence[GridRow]) -> Grid:
    def read() -> Iterator[GridRow]:
        yield from rows

    merges = [Range(top + 1, left, bottom + 1, right) for top, left, bottom, right in sheet["merges"]]
    return Grid(sheet["name"], read, lambda: merges, sheet["hidden"])


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        if "time" in value:
            return time.fromisoformat(value["time"]) if len(value["time"]) >= 8 else str(value["time"])
        moment = datetime.fromisoformat(value["date"])
        return moment.date() if moment.time() == time(0) else moment
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 62:
        return int(value)
    if isinstance(value, str) and looks_like_error(value.strip()):
        return CellError(value.strip())
    found: Cell = value
    return found
