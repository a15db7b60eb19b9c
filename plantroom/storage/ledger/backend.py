"""What the two databases do differently."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from plantroom.storage.ledger.changes import ChangeSignal

Insert = sqlite.Insert | postgresql.Insert
"""An insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""

Plain = str | int | None
"""A value as both drivers take it without a look at the column's type."""

LOCK_WAIT_S = 10.0
"""How long a writer waits for another one before it says ``Unreachable``."""

IDLE_S = 60.0
"""How long a transaction may do nothing: its process has vanished then (stopped, or its machine is gone), and what it
held is free for others. More than ours compute between two statements: the plan of a large site takes seconds."""

SHORT_IDLE_S = 5.0
"""The same for one that holds what every collector needs: leases, their states, the order of findings."""

MIGRATION_WAIT_S = 120.0
"""How long a process waits for another one that is migrating."""


class Lock(IntEnum):
    """Things that one transaction at a time may do; held until it ends."""

    MIGRATION = 1
    FINDINGS = 2
    LIVE = 3
    OCCURRENCES = 4
    NUMBERS = 5
    OPERATIONS = 6
    AUDIT = 7
    SEAL = 8
    PLAN = 9
    USERS = 10


class Backend(ABC):
    """A database that the ledger can live in. The constructor validates, ``open`` prepares, ``begin`` connects."""

    changes: ChangeSignal

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is a database to connect to, as far as that is known without connecting. Makes nothing."""

    @abstractmethod
    def open(self) -> None:
        """Make what must be there before the schema (a folder, the journal mode)."""

    @abstractmethod
    def close(self) -> None:
        """Let every connection go."""

    @abstractmethod
    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write; commits at the end, rolls back on an exception."""

    @abstractmethod
    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state and cannot write."""

    @abstractmethod
    def check_writable(self, connection: Connection) -> None:
        """Raise ``Unreachable`` when the database serves but does not accept writing."""

    @abstractmethod
    def prepare_migration(self, connection: Connection) -> None:
        """Keep other processes from migrating until the transaction ends."""

    @abstractmethod
    def insert(self, table: sa.Table) -> Insert:
        """The dialect's insert."""

    @abstractmethod
    def insert_many(self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows, in no particular order, as quickly as the database takes them."""

    @abstractmethod
    def insert_plain(
        self, connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Plain]]
    ) -> None:
        """Insert many rows whose values are plain already: days as ISO 8601, instants by ``plain_instant``, flags as 0
        and 1, documents as JSON."""

    def make_fresh(self, connection: Connection) -> bool:
        """Give an empty database the newest schema at once, where that is known; ``False``: it has to be migrated."""
        del connection
        return False

    @abstractmethod
    def plain_instant(self, instant: datetime) -> Plain:
        """An aware instant for ``insert_plain``."""

    @abstractmethod
    def among(self, columns: Sequence[sa.ColumnElement[Any]], rows: Sequence[Sequence[Any]]) -> sa.ColumnElement[bool]:
        """Whether the columns' values together are one of the rows: texts and whole numbers, a few thousand."""

    @abstractmethod
    def before(self, column: sa.ColumnElement[str], mark: str) -> sa.ColumnElement[str]:
        """The column's text before the first ``mark``, or all of it."""

    @abstractmethod
    def minute(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[Any]:
        """Something that is the same for all instants of one minute."""

    @abstractmethod
    def seconds_between(
        self, first: sa.ColumnElement[datetime], last: sa.ColumnElement[datetime | None]
    ) -> sa.ColumnElement[Any]:
        """The seconds from one instant to another."""

    @abstractmethod
    def lock(self, connection: Connection, what: Lock) -> None:
        """Wait until no other transaction holds the lock, and hold it."""

    @abstractmethod
    def share(self, connection: Connection, what: Lock) -> None:
        """Hold the lock together with others that share it, until the transaction ends."""

    @abstractmethod
    def try_lock(self, connection: Connection, what: Lock) -> bool:
        """As ``lock``, unless anybody holds or shares it: ``False`` then, at once."""

    @abstractmethod
    def lock_text(self, connection: Connection, text: str) -> None:
        """As ``lock``, for whatever the text names."""

    @abstractmethod
    def hurry(self, connection: Connection, wait_s: float = LOCK_WAIT_S) -> None:
        """Until the transaction ends it waits for no lock longer than ``wait_s``, and what it holds is free after it
        has done nothing for ``SHORT_IDLE_S``, where the database knows of such limits."""

    @abstractmethod
    def take_numbers(self, connection: Connection, count: int) -> list[int]:
        """The next work order numbers, rising, never given before."""

    @abstractmethod
    def note_number(self, connection: Connection, number: int) -> None:
        """A number was used that this backend may not have given: never give it or a lower one."""

    @abstractmethod
    def now_ms(self) -> sa.ColumnElement[int]:
        """The database's own clock at the moment a statement runs, in whole milliseconds since 1970."""

    @abstractmethod
    def notify(self, connection: Connection) -> None:
        """Inside the transaction: findings or live events were added."""
