"""The instants that a site's lanes have given, in an SQLite file (WAL) beside their spools.

The file is opened when it is first needed, and made when there is something to keep: a site without safety telemetry
has none. Each transaction is on the disk when it has ended. A file that SQLite calls damaged is put aside.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from plantroom.errors import Unreachable
from plantroom.ports.instants import GivenInstant, InstantLog, InstantTx

log = structlog.get_logger()
T = TypeVar("T")

NAME = "instants.db"
KEPT = 500_000
"""Instants that are remembered: what the other lane brings later than so many others is given a new one."""

BUSY_S = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS assets (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS given (
  id INTEGER PRIMARY KEY AUTOINCREMENT, asset INTEGER NOT NULL, said INTEGER NOT NULL, ts INTEGER NOT NULL,
  lane TEXT NOT NULL, record INTEGER NOT NULL, other INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS given_said ON given (asset, said);
CREATE UNIQUE INDEX IF NOT EXISTS given_ts ON given (asset, ts)
"""


class SqliteInstants(InstantLog):
    """See the module. Several may have the same file open, in one process or in several."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        if kept < 1:
            raise ValueError("at least one instant is remembered")
        self._file = folder / NAME
        self._kept = kept
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._ids: dict[str, int] = {}

    @contextmanager
    def begin(self) -> Iterator[InstantTx]:
        """See ``InstantLog``."""
        with self._lock:
            db = self._open()
            try:
                self.guarded(lambda: db.execute("BEGIN IMMEDIATE"))
                yield _Tx(self, db)
                self.guarded(lambda: self._end(db))
            except BaseException:
                # An asset that this transaction was to add has no number.
                self._ids.clear()
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def _end(self, db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM given WHERE id <= (SELECT MAX(id) FROM given) - ?", (self._kept,))
        db.execute("COMMIT")

    def assets(self) -> Sequence[str]:
        """See ``InstantLog``."""
        with self._lock:
            try:
                if not self._file.exists():
                    return ()
            except OSError as error:
                raise Unreachable(f"instants {self._file}", str(error)) from error
            db = self._open()
            return self.guarded(lambda: [key for (key,) in db.execute("SELECT key FROM assets ORDER BY id")])

    def add_assets(self, assets: Collection[str]) -> None:
        """See ``InstantLog``."""
        with self.begin():
            for asset in assets:
                self.guarded(partial(self.id_of, asset, new=True))

    def close(self) -> None:
        """See ``InstantLog``."""
        with self._lock:
            db, self._db = self._db, None
            self._ids.clear()
            if db is not None:
                db.close()

    def id_of(self, asset: str, *, new: bool = False) -> int:
        """An asset's number in the file, inside a transaction; -1 when it has none, or a ``new`` one then."""
        known = self._ids.get(asset)
        if known is None:
            db = self._open()
            if new:
                db.execute("INSERT INTO assets (key) VALUES (?) ON CONFLICT DO NOTHING", (asset,))
            row = db.execute("SELECT id FROM assets WHERE key = ?", (asset,)).fetchone()
            if row is None:
                return -1
            known = self._ids[asset] = int(row[0])
        return known

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            except OSError as error:
                raise Unreachable(f"instants of {self._file.parent}", str(error)) from error
            self._db = self.guarded(self._connect)
        return self._db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def guarded(self, action: Callable[[], T]) -> T:
        """Raises ``Unreachable`` for what goes wrong; with a damaged file the next call begins a new one."""
        try:
            return action()
        except sqlite3.Error as error:
            # Its subclasses say that something cannot be done now, or was asked wrongly.
            if type(error) is sqlite3.DatabaseError:
                self._put_aside(error)
            raise Unreachable(f"instants {self._file}", str(error)) from error

    def _put_aside(self, error: sqlite3.Error) -> None:
        self.close()
        aside = self._file.with_name(f"{NAME}.damaged-{time.time_ns()}")
        log.error("instants_damaged", file=str(self._file), problem=str(error), aside=aside.name)
        for rest in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._file.with_name(NAME + rest).replace(aside.with_name(aside.name + rest))


class _Tx(InstantTx):
    def __init__(self, instants: SqliteInstants, db: sqlite3.Connection) -> None:
        self._instants = instants
        self._db = db

    def find(self, asset: str, said: int) -> GivenInstant | None:
        """See ``InstantTx``."""
        wanted = "SELECT ts, lane, record, other FROM given WHERE asset = ? AND said = ?"
        row = self._instants.guarded(lambda: self._row(wanted, self._instants.id_of(asset), said))
        return None if row is None else GivenInstant(*row)

    def is_taken(self, asset: str, ts_ms: int) -> bool:
        """See ``InstantTx``."""
        wanted = "SELECT 1 FROM given WHERE asset = ? AND ts = ?"
        return self._instants.guarded(lambda: self._row(wanted, self._instants.id_of(asset), ts_ms)) is not None

    def put(self, asset: str, said: int, given: GivenInstant) -> None:
        """See ``InstantTx``."""
        keep = (
            "INSERT INTO given (asset, said, ts, lane, record, other) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (asset, said) DO UPDATE SET other = excluded.other ON CONFLICT (asset, ts) DO NOTHING"
        )
        self._instants.guarded(lambda: self._row(keep, self._instants.id_of(asset, new=True), said, *given))

    def _row(self, statement: str, *values: object) -> tuple[int, str, int, int | None] | None:
        row: tuple[int, str, int, int | None] | None = self._db.execute(statement, values).fetchone()
        return row
