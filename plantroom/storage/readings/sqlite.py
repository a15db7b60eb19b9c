"""Readings in one SQLite file: one wide row per asset and instant, a table per equipment class.

``synchronous=FULL`` because a written batch must survive a power cut: in WAL mode ``NORMAL`` syncs only at a
checkpoint, and the ingest's cursor would have moved past readings that were never on the disk. A sync is paid per
batch, not per reading. One connection writes at a time; readers have their own and never wait for it (WAL).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plantroom.errors import BadData, NothingLeft, Unreachable
from plantroom.ports.readings import (
    AggregatePage,
    RawReadings,
    ReadingBatch,
    RejectedReading,
    SeriesPage,
    SeriesRef,
    StoreSeen,
    WriteResult,
)
from plantroom.storage.readings import sqlite_queries as queries
from plantroom.storage.readings import sqlite_schema
from plantroom.storage.readings.layout import by_holder, cells_of, remarked_in, single_holder, unstorable
from plantroom.storage.readings.sqlite_expiry import delete_rows, expired_parts
from plantroom.storage.readings.sqlite_rows import write_cells

LOW_MS, HIGH_MS = -(2**62), 2**62
BUSY_S = 5.0
DELETE_ROWS = 1_000
DELETE_GOAL_S = 0.02
"""Rows of the first piece that is deleted, and how long a piece should take: writers wait for one at most."""

ROOM_BYTES = 16 * 2**20
"""Below this much free space the store says that it is full instead of finding out in the middle of a batch."""

_PRAGMAS = (
    "PRAGMA page_size = 8192",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -32768",
)

_REFUSALS = frozenset(
    (
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
    )
)
"""What is said of a statement and its values; every other code is about the file, the disk or other users of it."""


class Refused(BadData):
    """SQLite will not do this, today or tomorrow."""


class SqliteReadings(RawReadings):
    """The readings store of a trial or a small site; other processes may use the file at the same time."""

    def __init__(self, path: Path) -> None:
        if not path.name:
            raise ValueError("the readings store needs the path of a file")
        self.path = path
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._write_schema: sqlite_schema.Schema | None = None
        self._read_schema: sqlite_schema.Schema | None = None

    @property
    def _what(self) -> str:
        return f"readings file {self.path}"

    def open(self) -> None:
        """Make or open the file and its catalogue."""
        with self._lock, self._translated():
            if self._writer is not None:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                connection.executescript(f"BEGIN IMMEDIATE;{sqlite_schema.DDL}COMMIT;")
            except sqlite3.Error:
                connection.close()
                raise
            self._writer = connection

    @property
    def address(self) -> str:
        """The file, by its one full path."""
        return f"sqlite:///{os.path.realpath(self.path)}"

    def look(self) -> StoreSeen:
        """Read the catalogue on a connection of its own, if the file has one."""
        with self._translated():
            if not self.path.exists() or not self.path.stat().st_size:
                return StoreSeen(missing=(f"file {self.path}",))
            with closing(self._connect(make=False)) as connection:
                connection.execute("PRAGMA query_only = 1")
                catalogue = "SELECT 1 FROM sqlite_schema WHERE name = 'reading_asset'"
                there = connection.execute(catalogue).fetchone() is not None
            self._require_room()
        return StoreSeen() if there else StoreSeen(missing=(f"file {self.path}",))

    def close(self) -> None:
        """Close every idle connection; readers at work close their own."""
        with self._lock:
            writer, self._writer = self._writer, None
            idle, self._idle = self._idle, []
            for connection in idle:
                connection.close()
            if writer is not None:
                writer.close()

    def ping(self) -> None:
        """Read the catalogue and look for free space."""
        with self._reader() as connection:
            connection.execute("SELECT 1 FROM reading_asset LIMIT 1").fetchone()
        with self._translated():
            self._require_room()

    def _require_room(self) -> None:
        room = os.statvfs(self.path.parent)
        if room.f_bavail * room.f_frsize < ROOM_BYTES:
            raise NothingLeft(self._what, f"less than {ROOM_BYTES >> 20} MiB of its disk are free; make room")

    def write(self, batch: ReadingBatch) -> WriteResult:
        """One transaction, synced before this returns; what SQLite refuses is found by halving and left out."""
        rejected = unstorable(batch, LOW_MS, HIGH_MS)
        positions = np.delete(np.arange(len(batch)), [one.position for one in rejected])
        rejected += self._write_some(batch, positions)
        return WriteResult(len(batch) - len(rejected), sorted(rejected, key=lambda one: one.position))

    def _write_some(self, batch: ReadingBatch, positions: NDArray[np.int64]) -> list[RejectedReading]:
        if not len(positions):
            return []
        try:
            self._transact(batch, positions)
        except Refused as error:
            if len(positions) == 1:
                return [RejectedReading(int(positions[0]), str(error))]
            middle = len(positions) // 2
            return self._write_some(batch, positions[:middle]) + self._write_some(batch, positions[middle:])
        return []

    def _transact(self, batch: ReadingBatch, positions: NDArray[np.int64]) -> None:
        everything = len(positions) == len(batch)
        leave_out = () if everything else np.delete(np.arange(len(batch)), positions).tolist()
        with self._changing() as connection:
            schema = self._write_schema = _current(connection, self._write_schema)
            cells = cells_of(batch, schema.coded | remarked_in(batch), leave_out)
            write_cells(connection, schema, cells)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction of the caller's."""
        with self._lock, self._translated():
            connection = self._writer
            if connection is None:
                raise Unreachable(self._what, "the store is not open")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._write_schema = None
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def delete_before(self, before_ms: int, stopping: Callable[[], bool], *, held: bool = False) -> int:  # noqa: ARG002 - no rules
        """Delete in transactions of about 20 ms, and rest as long after each; the file keeps the room for new rows."""
        with self._reader() as connection:
            schema = self._read_schema = _current(connection, self._read_schema)
            parts = expired_parts(connection, schema, before_ms)
        total, limit = 0, DELETE_ROWS
        for part in parts:
            deleted = limit
            while deleted >= limit and not stopping():
                with self._changing() as connection:
                    begun = time.monotonic()
                    deleted = delete_rows(connection, part, before_ms, limit)
                took_s = time.monotonic() - begun
                total += deleted
                if deleted >= limit:
                    limit = max(100, min(4 * limit, 20_000, round(limit * DELETE_GOAL_S / max(took_s, 1e-4))))
                    deleted = limit
                time.sleep(min(took_s, 0.1))
        return total

    def read(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        """Read at most ``limit`` instants over all the series."""
        if not series:
            return []
        single_holder(series)
        with self._reader() as connection:
            schema = self._read_schema = _current(connection, self._read_schema)
            return queries.read(connection, schema, series, (start_ms, end_ms), max(0, limit))

    def aggregate(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """Aggregate in SQL, a query for each series."""
        if window_ms <= 0:
            raise ValueError("a window is at least one millisecond")
        with self._reader() as connection:
            schema = self._read_schema = _current(connection, self._read_schema)
            return [queries.aggregate(connection, schema, one, (start_ms, end_ms), window_ms) for one in series]

    def latest(self, series: Sequence[SeriesRef]) -> Mapping[SeriesRef, tuple[int, float, int]]:
        """Look each newest reading up by key."""
        with self._reader() as connection:
            schema = self._read_schema = _current(connection, self._read_schema)
            found = ((one, queries.latest(connection, schema, one)) for one in dict.fromkeys(series))
            return {one: newest for one, newest in found if newest is not None}

    def count(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> int:
        """Count instants over all the tables of a class."""
        with self._reader() as connection:
            schema = self._read_schema = _current(connection, self._read_schema)
            groups = by_holder(series).values()
            return sum(queries.count(connection, schema, one, (start_ms, end_ms)) for one in groups)

    def _connect(self, *, make: bool = True) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """A connection of the caller's own, in one read transaction; kept for the next reader afterwards."""
        if self._writer is None:
            raise Unreachable(self._what, "the store is not open")
        with self._translated():
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
                connection.execute("PRAGMA query_only = 1")
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            with self._lock:
                if self._writer is not None:
                    self._idle.append(connection)
                    return
            connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OverflowError, UnicodeError) as error:  # a value that has no form in the file
            raise Refused(str(error)) from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _REFUSALS or isinstance(error, sqlite3.DataError | sqlite3.InterfaceError):
                raise Refused(f"{self._what}: {error}") from error
            if code == sqlite3.SQLITE_FULL:
                raise NothingLeft(self._what, "its disk is full") from error
            if code == sqlite3.SQLITE_NOTADB:
                raise Unreachable(self._what, "is not an SQLite database; move it away") from error
            raise Unreachable(self._what, str(error)) from error
        except OSError as error:
            raise Unreachable(self._what, error.strerror or str(error)) from error


def _current(connection: sqlite3.Connection, known: sqlite_schema.Schema | None) -> sqlite_schema.Schema:
    """The catalogue, read again whenever any process has changed the tables."""
    if known is None or known.version != sqlite_schema.version_of(connection):
        return sqlite_schema.load(connection)
    return known
