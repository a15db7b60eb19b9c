"""What every kind of table has: its columns, how it is compared with the ledger, written, exported and undone."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from maintenance.imports.cells import Cell
from maintenance.imports.columns import Column, Headings
from maintenance.imports.grids import Book
from maintenance.imports.outcome import AllRights, Change, Outcome, Rights
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.reading import table_rows
from maintenance.imports.tables import Row
from maintenance.imports.undoing import Restored
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from plantroom.ports.telling import Told, nobody

Compared = Callable[[int, int], None]
"""Hears how many rows have been compared with the ledger, and of how many."""


def _nobody_else(_rows: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Asked:
    """Who imports what for which site. ``site``: of ``None`` the rows name it, or it is for every one; ``sheet``: the
    only one to read. ``now`` is aware UTC. ``told`` hears of rows that are read, ``written`` of changes that are
    written."""

    by: str
    now: datetime
    site: str | None = None
    sheet: str | None = None
    rights: Rights = field(default_factory=AllRights)
    told: Told = nobody
    written: Told = nobody
    compared: Compared = _nobody_else
    author: str = ""

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, told on the way."""
        for number, row in enumerate(rows, 1):
            if number % 500 == 0:
                self.told(number)
            yield row


class TableKind(ABC):
    """One kind of table."""

    key: str
    name: LocalName
    role: Role
    columns: Sequence[Column]
    headings: Headings

    def columns_now(self, tx: MaintenanceTx) -> Sequence[Column]:  # noqa: ARG002 - for kinds that have more of them
        """The columns of an export: those that every table of the kind has, and others that the ledger defines."""
        return self.columns

    @abstractmethod
    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        """What the file would do. Raises ``Unreadable`` when it has no such table."""

    @abstractmethod
    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        """Write what ``compare`` has found, in the same or a later transaction (``still`` says whether it holds)."""

    @abstractmethod
    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        """The records of some changes as they are now, by key; those that are gone are left out. In a transaction that
        writes nobody else changes them until it ends."""

    @abstractmethod
    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        """Write the records as they are to be again, the last first; what is in the way is given as problems, and then
        the caller lets the transaction go."""

    @abstractmethod
    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        """The rows of what there is, in the order of ``columns_now``; importing them changes nothing."""

    def rows(self, book: Book, asked: Asked, problems: Problems) -> Iterator[Row]:
        """The rows of the file."""
        return asked.counted(table_rows(book, self.headings, problems, asked.sheet))

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        """Whether the ledger is still as it was when these changes were found."""
        now = self.current(tx, outcome.changes)
        return all(now.get(one.key) == one.before for one in outcome.changes)
