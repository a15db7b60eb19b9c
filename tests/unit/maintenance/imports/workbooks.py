"""Workbooks and texts for the tests of imports."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

HEAD = ("设施设备类别", "维护周期", "维护责任部门")


def workbook(
    rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], None] | None = None, sheet: str = "计划"
) -> bytes:
    """A workbook of one sheet; ``change`` does the rest."""
    book = openpyxl.Workbook()
    made = book.active
    assert isinstance(made, Worksheet)
    made.title = sheet
    for row in rows:
        made.append(list(row))
    if change is not None:
        change(made)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The archive with one part replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    return zipped(parts | {name: content})
