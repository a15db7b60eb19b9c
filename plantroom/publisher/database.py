"""The outbox's SQLite file (WAL): how it tidies up on a full disk, and what becomes of one that is damaged.

A file that filled its disk cannot even delete: a deletion is written to the log (WAL) first, and the log is emptied
into a file that has no room to grow. The reserve beside it is for that moment.
"""

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from plantroom.errors import Conflict, NothingLeft, Unreachable
from plantroom.publisher import forks
from plantroom.publisher.reserve import Reserve

log = logging.getLogger(__name__)

FILE = "outbox.db"
FULL = "the disk is full; make room"
LOG_PAGES = 500
"""Pages (4 KiB) after which SQLite empties its log."""

LARGE_BYTES = 1 << 20
"""What is written at once at most without looking for room beforehand."""

MAX_PAGES = 1_073_741_823
"""SQLite's own limit."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], None]


class OutboxInUse(Conflict):
    """Another process publishes from this folder."""

    code = "outbox_in_use"


class Damaged(sqlite3.DatabaseError):
    """SQLite's check found something."""


class Database:
    """``prepare`` is done with each file that is opened, within a transaction; ``renewed`` is called when a new file
    has taken the place of a damaged one while it was used. Any thread, one process."""

    def __init__(self, folder: Path, prepare: Work, renewed: Callable[[], None], *, sync: bool) -> None:
        self.file = folder / FILE
        self.lock = threading.RLock()
        self._prepare, self._renewed = prepare, renewed
        self._sync = sync
        self._reserve = Reserve(folder)
        self._pid = 0
        self._db: sqlite3.Connection | None = None
        self._to_renew = False
        """Whether the file was found damaged while it was used, and no new one could be begun yet."""

    def open(self) -> None:
        """Open the file, or make it. Raises ``OutboxInUse``, ``Unreachable`` and ``NothingLeft``."""
        self._pid = os.getpid()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"outbox {self.file.parent}", error.strerror or str(error)) from error
        try:
            self._begin()
        except sqlite3.Error as error:
            raise self._plain(error) from error
        forks.note(self)
        if not self._reserve.make():
            log.warning("outbox %s: the disk has no room for its reserve; it takes no messages", self.file)

    def _begin(self) -> None:
        """Open the file, or make it; a damaged one is put aside. When that fails, nothing is open."""
        try:
            try:
                self._open_file()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._put_aside(error)
                self._open_file()
        except (sqlite3.Error, NothingLeft):
            self._abandon()
            raise

    def _open_file(self) -> None:
        db = self._db = sqlite3.connect(self.file, timeout=0.5, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        db.execute("PRAGMA synchronous = FULL")
        (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Damaged(found.replace("\n", " "))
        self._write(db, self._prepare, _nothing_more)
        if not self._sync:
            db.execute("PRAGMA synchronous = NORMAL")

    def _put_aside(self, error: sqlite3.DatabaseError) -> None:
        self._abandon()
        aside = self.file.with_name(f"{FILE}.damaged-{time.time_ns()}")
        log.error("outbox %s is damaged (%s): put aside as %s, numbers begin again", self.file, error, aside.name)
        try:
            for rest in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.file.with_name(FILE + rest).replace(aside.with_name(aside.name + rest))
        except OSError as failed:
            raise Unreachable(f"outbox {self.file}", f"{error}; {failed.strerror or failed}") from failed

    def _renew(self) -> None:
        self._begin()
        self._to_renew = False
        self._renewed()

    def _abandon(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def leave_to_parent(self) -> None:
        """In a fork of the process (see ``forks``)."""
        self.lock = threading.RLock()
        if self._db is not None:
            forks.keep_open(self._db)
            self._db = None

    @property
    def inherited(self) -> bool:
        """Whether another process opened it, of which this one is a fork."""
        return self._pid not in (0, os.getpid())

    def check_own(self) -> None:
        """Raise ``OutboxInUse`` in a fork of the process that opened it."""
        if self.inherited:
            words = f"process {self._pid} opened it, and this is a fork of that one; start a publisher after the fork"
            raise OutboxInUse(f"outbox {self.file.parent}: {words}, with a folder of its own")

    def close(self, last: Work) -> None:
        """Close the file; what ``last`` writes is sure then. In a fork of the process that opened it: nothing."""
        if self.inherited:
            return
        with self.lock:
            self._to_renew = False
            if self._db is None:
                return
            with suppress(sqlite3.Error, NothingLeft):
                self._db.execute("PRAGMA synchronous = FULL")
                self._write(self._db, last, _nothing_more)
                _empty_log(self._db)
            self._abandon()

    def use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the file. One that turns out to be damaged is put aside as at ``open``, and it is done with
        the new one; should none be had now (a full disk), the next use tries again. Raises ``NothingLeft``,
        ``Unreachable`` and, in a fork, ``OutboxInUse``."""
        self.check_own()
        with self.lock:
            try:
                if self._to_renew:
                    self._renew()
                try:
                    return work(self._open_db())
                except sqlite3.DatabaseError as error:
                    if not is_damage(error):
                        raise
                    self._to_renew = True
                    self._put_aside(error)
                    self._renew()
                    return work(self._open_db())
            except sqlite3.Error as error:
                raise self._plain(error) from error

    def write(self, work: Work, more_room: Callable[[], Work | None] | None = None) -> None:
        """Within ``use``: a transaction. On a full disk it gets the reserve's room for the log, and must do with what
        the file has of its own; ``more_room`` gives something else that would make some there, or ``None``."""
        self._write(self._open_db(), work, more_room or _nothing_more)

    def _write(self, db: sqlite3.Connection, work: Work, more_room: Callable[[], Work | None]) -> None:
        if _fits(db, work):
            return
        if not self._reserve.held:
            raise NothingLeft(f"outbox {self.file}", FULL)
        self._reserve.let_go()
        try:
            _empty_log(db)
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {pages}")
            while not _fits(db, work):
                more = more_room()
                if more is None or not _fits(db, more):
                    raise NothingLeft(f"outbox {self.file}", FULL)
                _empty_log(db)
        finally:
            with suppress(sqlite3.Error):  # the log keeps its room then, until the next time
                _empty_log(db)
            db.execute(f"PRAGMA max_page_count = {MAX_PAGES}")
            self._reserve.make()

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may be added: not without the reserve, and what is large must find its room first."""
        if size > LARGE_BYTES and shutil.disk_usage(self.file.parent).free < 4 * size:
            return False
        return self._reserve.make()

    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise Unreachable(
                f"outbox {self.file.parent}", "is not open: use the publisher inside `with`, or after start()"
            )
        return self._db

    def _plain(self, error: sqlite3.Error) -> Conflict | Unreachable | NothingLeft:
        code = _code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return OutboxInUse(f"outbox {self.file.parent}: another process publishes from it")
        if code == sqlite3.SQLITE_FULL:
            return NothingLeft(f"outbox {self.file}", FULL)
        return Unreachable(f"outbox {self.file}", str(error))


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is not what SQLite wrote."""
    return isinstance(error, Damaged | sqlite3.IntegrityError) or _code(error) in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _fits(db: sqlite3.Connection, work: Work) -> bool:
    """A transaction, all or nothing; ``False``: the disk is full."""
    try:
        db.execute("BEGIN IMMEDIATE")
        work(db)
        db.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        if _code(error) == sqlite3.SQLITE_FULL:
            return False
        raise
    return True


def _empty_log(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _nothing_more() -> None:
    return None
