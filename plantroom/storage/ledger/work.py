"""What the repositories of one transaction share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from plantroom.ports.paging import Scope
from plantroom.storage.ledger.audit_hook import Recorder
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.shared import Shared
from plantroom.storage.ledger.tables import PLACES_CHANGED, PLANT_REBUILT, PLANT_REVISION, SOURCES_CHANGED, counters

T = TypeVar("T")
CHUNK = 1000
"""Values in one ``IN`` list."""


@dataclass(slots=True)
class Work:
    """One transaction: its connection, whether it may write, whether others have to be woken after it, what all
    transactions of the ledger in this process share, and (with their sites) the subjects of the plan whose occurrences
    or orders it has changed."""

    connection: Connection
    backend: Backend
    writable: bool
    wakes: bool = False
    shared: Shared = field(default_factory=Shared)
    changed_subjects: dict[str, str] = field(default_factory=dict)
    recorder: Recorder | None = None

    def made(self, table: sa.Table, key: object, row: Mapping[str, Any] | None = None) -> None:
        """Tell the history the key of a row whose key the database has given; with the whole ``row``, it need not be
        read again."""
        if self.recorder is not None:
            self.recorder.made(table, (key,), row)

    def together(self) -> AbstractContextManager[None]:
        """What is inserted meanwhile belongs together: the history writes it down afterwards."""
        return nullcontext() if self.recorder is None else self.recorder.together()

    def locking(self, statement: sa.Select[Any], *, waiting: bool = True) -> sa.Select[Any]:
        """The statement, keeping others from changing its rows until the transaction ends (when it may write). Without
        ``waiting`` it leaves out the rows that others keep.

        Keys are never changed, so others may go on referring to the rows: ``FOR NO KEY UPDATE`` on PostgreSQL."""
        return statement.with_for_update(key_share=True, skip_locked=not waiting) if self.writable else statement

    def raise_plant_revision(self) -> int:
        """Tell collectors that the plant is another; gives its revision. Holds the counter until the transaction
        ends."""
        return int(self.connection.execute(_RAISE_REVISION).scalar_one())

    def plant_was_rebuilt(self) -> None:
        """Assets have vanished: whoever knows the plant has to read all of it anew."""
        self._note(PLANT_REBUILT)

    def sources_were_changed(self) -> None:
        """Topic sources have to be read anew."""
        self._note(SOURCES_CHANGED)

    def places_were_changed(self) -> int:
        """Location trees have to be read anew; gives the plant's revision."""
        return self._note(PLACES_CHANGED)

    def _note(self, counter: str) -> int:
        revision = self.raise_plant_revision()
        self.connection.execute(sa.update(counters).where(counters.c.name == counter).values(value=revision))
        return revision


_RAISE_REVISION = (
    sa.update(counters)
    .where(counters.c.name == PLANT_REVISION)
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in pieces of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def in_scope(column: sa.ColumnElement[str], scope: Scope, site: str | None) -> list[sa.ColumnElement[bool]]:
    """The conditions that keep a query inside the scope and, if given, the site."""
    conditions: list[sa.ColumnElement[bool]] = []
    if scope.sites is not None:
        conditions.append(column.in_(sorted(scope.sites)))
    if site is not None:
        conditions.append(column == site)
    return conditions


def one_of(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of the values that the text lists, separated by commas."""
    return column.in_([part.strip() for part in text.split(",")])


def clean(text: str) -> str:
    """Text that both databases take: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()
