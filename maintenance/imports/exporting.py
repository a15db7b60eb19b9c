"""What the ledger has, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maintenance.imports.cells import Cell
from maintenance.imports.kinds import TableKind
from maintenance.imports.writing import csv_bytes, template, xlsx_bytes
from maintenance.ports import MaintenanceTx

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
"""Formats that tables are written in, with their media types."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's bytes and how many rows it has."""

    content: bytes
    rows: int


def export(
    tx: MaintenanceTx, kind: TableKind, form: str, language: str, site: str | None, *, empty: bool = False
) -> Exported:
    """The records of a kind: one site's own, or those of every site. ``empty``: headings only, in a workbook with
    notes and drop-down lists. Raises ``BadData`` for a text that a workbook's cell cannot hold."""
    columns = kind.columns_now(tx)
    if empty and form == "xlsx":
        return Exported(template(columns, language), 0)
    counted = _Counted(() if empty else kind.export(tx, site, language))
    write = xlsx_bytes if form == "xlsx" else csv_bytes
    return Exported(write(columns, counted.rows(), language), counted.count)


class _Counted:
    def __init__(self, rows: Iterator[Sequence[Cell]] | tuple[()]) -> None:
        self._rows = rows
        self.count = 0

    def rows(self) -> Iterator[Sequence[Cell]]:
        """The rows, counted."""
        for row in self._rows:
            self.count += 1
            yield row
