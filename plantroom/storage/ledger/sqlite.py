"""The ledger in an SQLite file: write-ahead log, one writer at a time, several processes."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.pool import QueuePool

from plantroom.errors import NothingLeft, SettingError, Unreachable
from plantroom.migrations import fresh
from plantroom.ports.ledger import LEDGER
from plantroom.storage.ledger.audit_hook import note_copied, watch_changes
from plantroom.storage.ledger.backend import LOCK_WAIT_S, MIGRATION_WAIT_S, Backend, Insert, Lock, Plain
from plantroom.storage.ledger.changes import ChangeSignal
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.columns import to_microseconds
from plantroom.storage.ledger.errors import translate_errors, translated
from plantroom.storage.ledger.tables import WORK_ORDER_NUMBER, counters

POLL_S = 0.025
"""How often the file is asked for changes of other processes (one pragma, about 10 µs)."""

PLAIN_FROM = 50
"""Rows from which an insert goes past the query language, which takes longer for each than the database does."""

ROOM_BYTES = 4 << 20
"""Below this much free space the ledger says that it is full; a small change may still find room."""

_POSITIONS = "SELECT name, seq FROM sqlite_sequence WHERE name IN ('findings', 'live_log')"


class SqliteBackend(Backend):
    """One file. Writers of this process queue on a lock, those of other processes on the file's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._writers = self._engine(self._connect_writer, "BEGIN IMMEDIATE")
        self._readers = self._engine(self._connect_reader, "BEGIN")
        self.changes = SqliteChanges(self._connect_reader)

    def is_there(self) -> bool:
        try:
            self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise Unreachable(LEDGER, f"{self._path}: {error.strerror}") from error
        return True

    def open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _use_wal(self._path)
        except OSError as error:
            raise Unreachable(LEDGER, f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            known = translated(error)
            raise (
                known if isinstance(known, SettingError) else Unreachable(LEDGER, f"{self._path}: {error}")
            ) from error
        self.changes = SqliteChanges(self._connect_reader)

    def close(self) -> None:
        self.changes.stop()
        self._readers.dispose()
        self._writers.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if not self._writing.acquire(timeout=LOCK_WAIT_S):
            raise Unreachable(LEDGER, "another writer of this process has held the file for too long")
        try:
            with self._writers.begin() as connection:
                yield connection
        finally:
            self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._readers.connect() as connection:  # begins with the first statement, rolls back at the end
            yield connection

    def check_writable(self, connection: Connection) -> None:
        del connection  # BEGIN IMMEDIATE has proved the rest
        try:
            room = os.statvfs(self._path.parent)
        except OSError as error:
            raise Unreachable(LEDGER, f"{self._path.parent}: {error.strerror}") from error
        if room.f_bavail * room.f_frsize < ROOM_BYTES:
            raise NothingLeft(LEDGER, f"less than {ROOM_BYTES >> 20} MiB of its disk are free; make room")

    def prepare_migration(self, connection: Connection) -> None:
        pass  # BEGIN IMMEDIATE keeps others out

    def make_fresh(self, connection: Connection) -> bool:
        for statement in fresh.statements(datetime.now(UTC)):
            connection.exec_driver_sql(statement)
        return True

    def insert(self, table: sa.Table) -> Insert:
        return sqlite.insert(table)

    def insert_many(self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) < PLAIN_FROM or any(c.default is not None and c.name not in rows[0] for c in table.c):
            connection.execute(table.insert(), rows)
            return
        columns = list(rows[0])
        bound = [_values(table.c[column], connection.dialect, rows) for column in columns]
        self.insert_plain(connection, table.name, columns, list(zip(*bound, strict=True)))
        note_copied(connection, table, rows)

    def insert_plain(
        self, connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Plain]]
    ) -> None:
        if not rows:
            return
        named, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        statement = f'INSERT INTO "{table}" ({named}) VALUES ({places})'  # noqa: S608 - our own names
        connection.exec_driver_sql(statement, [row if isinstance(row, tuple) else tuple(row) for row in rows])

    def plain_instant(self, instant: datetime) -> Plain:
        return to_microseconds(instant)

    def among(self, columns: Sequence[sa.ColumnElement[Any]], rows: Sequence[Sequence[Any]]) -> sa.ColumnElement[bool]:
        # The casts give the values the columns' affinity, without which SQLite reads the whole table.
        value = sa.func.json_each(sa.literal(dump(rows))).table_valued("value").c.value
        parts = [sa.cast(sa.func.json_extract(value, f"$[{i}]"), c.type) for i, c in enumerate(columns)]
        return sa.tuple_(*columns).in_(sa.select(*parts))

    def before(self, column: sa.ColumnElement[str], mark: str) -> sa.ColumnElement[str]:
        whole = column + mark
        return sa.func.substr(column, 1, sa.func.instr(whole, mark) - 1)

    def minute(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[Any]:
        return sa.type_coerce(column, sa.BigInteger) // 60_000_000

    def seconds_between(
        self, first: sa.ColumnElement[datetime], last: sa.ColumnElement[datetime | None]
    ) -> sa.ColumnElement[Any]:
        return (sa.type_coerce(last, sa.BigInteger) - sa.type_coerce(first, sa.BigInteger)) / 1e6

    def lock(self, connection: Connection, what: Lock) -> None:
        pass  # there is one writer

    def share(self, connection: Connection, what: Lock) -> None:
        pass  # there is one writer

    def try_lock(self, connection: Connection, what: Lock) -> bool:
        del connection, what
        return True  # there is one writer

    def lock_text(self, connection: Connection, text: str) -> None:
        pass  # there is one writer

    def hurry(self, connection: Connection, wait_s: float = LOCK_WAIT_S) -> None:
        pass  # there is one writer, and it waited before it began

    def take_numbers(self, connection: Connection, count: int) -> list[int]:
        raised = sa.update(counters).where(counters.c.name == WORK_ORDER_NUMBER)
        statement = raised.values(value=counters.c.value + count).returning(counters.c.value)
        last = int(connection.execute(statement).scalar_one())
        return list(range(last - count + 1, last + 1))

    def note_number(self, connection: Connection, number: int) -> None:
        raised = sa.update(counters).where(counters.c.name == WORK_ORDER_NUMBER, counters.c.value < number)
        connection.execute(raised.values(value=number))

    def now_ms(self) -> sa.ColumnElement[int]:
        return sa.literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", sa.BigInteger)

    def notify(self, connection: Connection) -> None:
        pass  # the file's change counter says it

    def _engine(self, connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
        engine = sa.create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=-1,
            json_serializer=dump,
            json_deserializer=orjson.loads,
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
            connection.exec_driver_sql(begin)

        translate_errors(engine)
        watch_changes(engine)
        return engine

    def _connect_writer(self) -> sqlite3.Connection:
        connection = _connect(self._path)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = _connect(self._path)
        connection.execute("PRAGMA query_only = ON")
        return connection


class SqliteChanges(ChangeSignal):
    """Asks the file's change counter every ``POLL_S``, and at once after a commit of this process."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__()
        self._connect = connect
        self._poked = threading.Event()
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._positions: list[tuple[str, int]] = []

    def remember(self) -> None:
        """Take the present state as known: changes count from here."""
        try:
            self._look()
        except sqlite3.Error:
            self._drop()  # the first look that succeeds counts as a change

    def poke(self) -> None:
        self._poked.set()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._poked.wait(POLL_S)
            self._poked.clear()
            try:
                if self._look():
                    self.raise_()
            except sqlite3.Error:
                self._drop()
                self._stopping.wait(1.0)
        self._drop()

    def _look(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return False
        positions = sorted(self._connection.execute(_POSITIONS).fetchall())
        changed = positions != self._positions
        self._version, self._positions = version, positions
        return changed

    def stop(self) -> None:
        super().stop()
        self._drop()

    def _drop(self) -> None:
        connection, self._connection, self._version = self._connection, None, None
        if connection is not None:
            connection.close()


def _values(column: sa.Column[Any], dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The column's values as the driver takes them."""
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    name = column.name
    return [row[name] for row in rows] if bind is None else [bind(row[name]) for row in rows]


def _connect(path: Path) -> sqlite3.Connection:
    # isolation_level None: the driver starts no transaction of its own, "begin" above does.
    # mode=rw: a file that has vanished is an error and not an empty ledger.
    uri = f"{path.as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)


def _use_wal(path: Path) -> None:
    deadline = time.monotonic() + MIGRATION_WAIT_S
    connection = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None)
    try:
        while True:
            try:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            except sqlite3.OperationalError as error:
                # The switch does not wait for other processes by itself.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
                continue
            if mode != "wal":
                raise sqlite3.OperationalError("the file system does not carry a write-ahead log")
            return
    finally:
        connection.close()
