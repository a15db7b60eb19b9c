"""The outbox: numbered messages in an SQLite file (WAL), from before they are sent until the ring lets them go.

A message and its number are one transaction, so a kill at any moment neither loses a number nor gives it to another
message. Acknowledged messages stay for replays as long as ``Limits`` allow. Without ``sync`` a power cut may take the
last transactions with it, messages that were sent already among them: after one the numbers begin again under a new
boot. A file that SQLite calls damaged is put aside and a new one begun, with a new boot.
"""

import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from plantroom.errors import Conflict, NothingLeft, Unreachable

log = logging.getLogger(__name__)

FILE = "outbox.db"
ROW_BYTES = 150
"""What a message takes beside its payload, about."""

PRUNED_AT_ONCE = 5_000
_OS_BOOT = Path("/proc/sys/kernel/random/boot_id")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (
  asset TEXT NOT NULL, channel TEXT NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (asset, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, asset TEXT NOT NULL, channel TEXT NOT NULL, boot TEXT NOT NULL,
  seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS messages_number ON messages (asset, channel, boot, seq);
CREATE INDEX IF NOT EXISTS messages_events ON messages (channel) WHERE channel = 'event';
"""

Encoder = Callable[[str, int], bytes]
"""Makes a payload of boot and seq."""


class OutboxInUse(Conflict):
    """Another process publishes from this folder."""

    code = "outbox_in_use"


@dataclass(frozen=True, slots=True)
class Limits:
    """``ring_bytes`` and ``ring_age_s``: how much that is acknowledged is kept for replays, whichever ends first.
    ``waiting_bytes``: how much may wait to be sent; beyond it nothing more is taken."""

    ring_bytes: int = 64 << 20
    ring_age_s: float = 7 * 86_400.0
    waiting_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        if self.ring_bytes < 0 or self.ring_age_s < 0 or self.waiting_bytes < 1:
            raise ValueError("limits of an outbox are 0 or more, and some bytes may wait")


class Kept(NamedTuple):
    """A message of the outbox."""

    id: int
    asset: str
    channel: str
    seq: int
    payload: bytes


class Outbox:
    """One publisher's messages. Any thread, one process. The constructor validates, ``open`` opens."""

    def __init__(self, folder: Path, limits: Limits, *, sync: bool) -> None:
        self._file = folder / FILE
        self._limits = limits
        self._sync = sync
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._acked = self._noted = 0
        self._waiting = 0
        self._waiting_bytes = 0
        self._ring_bytes = 0
        self.boot = ""

    def open(self) -> None:
        """Open the file, or make it. Raises ``OutboxInUse``, ``Unreachable`` and ``NothingLeft``."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"outbox {self._file.parent}", error.strerror or str(error)) from error
        try:
            self._begin()
        except sqlite3.OperationalError as error:
            self._abandon()
            raise self._plain(error) from error
        except sqlite3.DatabaseError as error:
            self._abandon()
            aside = self._file.with_name(f"{FILE}.damaged-{time.time_ns()}")
            log.error("outbox %s is damaged (%s): put aside as %s, numbers begin again", self._file, error, aside.name)
            self._file.replace(aside)
            for rest in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._file.with_name(FILE + rest).replace(aside.with_name(aside.name + rest))
            self._begin()

    def _begin(self) -> None:
        db = self._db = sqlite3.connect(self._file, timeout=0.5, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        facts = dict(db.execute("SELECT name, value FROM facts"))
        self.boot = facts.get("boot", "")
        machine = _os_boot()
        unsure = facts.get("sure") != "yes" and facts.get("machine") != machine
        if not self.boot or unsure:
            self.boot = secrets.token_hex(4)
            db.execute("DELETE FROM counters")
        self._set(boot=self.boot, machine=machine, sure="yes" if self._sync else "no")
        self._acked = self._noted = int(facts.get("acked", 0))
        db.execute("COMMIT")
        if not self._sync:
            db.execute("PRAGMA synchronous = NORMAL")
        size = f"COUNT(*), COALESCE(SUM(LENGTH(payload) + {ROW_BYTES}), 0)"
        self._waiting, self._waiting_bytes = self._one(f"SELECT {size} FROM messages WHERE id > ?", self._acked)  # noqa: S608
        _, self._ring_bytes = self._one(f"SELECT {size} FROM messages WHERE id <= ?", self._acked)  # noqa: S608

    def _abandon(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def close(self) -> None:
        """Close the file: what is in it is sure then, and the numbers go on after any restart."""
        with self._lock:
            if self._db is None:
                return
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("BEGIN IMMEDIATE")
                self._set(acked=str(self._acked), sure="yes")
                self._db.execute("COMMIT")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._abandon()

    def next_number(self, asset: str, channel: str) -> int:
        """The number that the next message gets."""
        with self._lock:
            where = "SELECT next FROM counters WHERE asset = ? AND channel = ?"
            row = self._open_db().execute(where, (asset, channel)).fetchone()
            return int(row[0]) if row else 0

    def append(self, asset: str, channel: str, encoders: Sequence[Encoder], at_ms: int) -> int:
        """Number messages and keep them, all or none; gives the first one's number.

        Raises ``NothingLeft`` when the disk is full or too much waits: no number is used up then. An encoder's error
        passes through, with the same effect.
        """
        with self._lock:
            db = self._open_db()
            first = self.next_number(asset, channel)
            payloads = [encode(self.boot, seq) for seq, encode in enumerate(encoders, first)]
            size = sum(map(len, payloads)) + ROW_BYTES * len(payloads)
            if self._waiting_bytes + size > self._limits.waiting_bytes:
                raise NothingLeft("outbox", f"{self._waiting} messages wait to be sent; the broker takes none")
            try:
                db.execute("BEGIN IMMEDIATE")
                db.executemany(
                    "INSERT INTO messages (asset, channel, boot, seq, at_ms, payload) VALUES (?, ?, ?, ?, ?, ?)",
                    [(asset, channel, self.boot, seq, at_ms, body) for seq, body in enumerate(payloads, first)],
                )
                db.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", (asset, channel, first + len(payloads)))
                db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._plain(error) from error
            self._waiting += len(payloads)
            self._waiting_bytes += size
            return first

    def after(self, message: int, limit: int) -> list[Kept]:
        """The next messages behind one, in the order in which they were given."""
        return self._kept("id > ? ORDER BY id LIMIT ?", message, limit)

    def events_after(self, message: int, limit: int) -> list[Kept]:
        """As ``after``, events alone."""
        return self._kept("channel = 'event' AND id > ? ORDER BY id LIMIT ?", message, limit)

    def numbered(self, asset: str, channel: str, boot: str, first: int, last: int, limit: int) -> list[Kept]:
        """Kept messages of these numbers, rising."""
        where = "asset = ? AND channel = ? AND boot = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return self._kept(where, asset, channel, boot, first, last, limit)

    def _kept(self, where: str, *values: object) -> list[Kept]:
        statement = f"SELECT id, asset, channel, seq, payload FROM messages WHERE {where}"  # noqa: S608 - ours alone
        with self._lock:
            rows = self._open_db().execute(statement, values)
            return [Kept(*row) for row in rows]

    @property
    def acked(self) -> int:
        """Up to this message the broker has acknowledged all."""
        return self._acked

    @property
    def waiting(self) -> int:
        """How many messages the broker has not acknowledged."""
        return self._waiting

    def acknowledge(self, message: int, count: int, payload_bytes: int) -> None:
        """The broker has all up to ``message``, ``count`` more than before. Written down by ``tidy``."""
        with self._lock:
            size = payload_bytes + ROW_BYTES * count
            self._acked = message
            self._waiting -= count
            self._waiting_bytes -= size
            self._ring_bytes += size

    def tidy(self, now_ms: int) -> None:
        """Write down what is acknowledged, and let go what the ring has no room or time for. Does what it can on a
        full disk: to begin again further back only means messages that come twice."""
        while self._tidy_some(now_ms):
            """In pieces, so that nobody who publishes waits for all of them."""

    def _tidy_some(self, now_ms: int) -> bool:
        with self._lock:
            db = self._open_db()
            try:
                end, gone, size = self._prunable(db, now_ms)
                if not gone and self._acked == self._noted:
                    return False
                db.execute("BEGIN IMMEDIATE")
                self._set(acked=str(self._acked))
                db.execute("DELETE FROM messages WHERE id <= ?", (end,))
                db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                log.warning("outbox %s could not be tidied: %s", self._file, error)
                return False
            self._noted = self._acked
            self._ring_bytes -= size
            return gone == PRUNED_AT_ONCE

    def _prunable(self, db: sqlite3.Connection, now_ms: int) -> tuple[int, int, int]:
        """Up to which message, how many and how many bytes the ring has no room or time for."""
        oldest_ms, excess = now_ms - self._limits.ring_age_s * 1000, self._ring_bytes
        end = gone = size = 0
        rows = db.execute(
            "SELECT id, at_ms, LENGTH(payload) FROM messages WHERE id <= ? ORDER BY id LIMIT ?",
            (self._acked, PRUNED_AT_ONCE),
        )
        for message, at_ms, length in rows:
            if excess - size <= self._limits.ring_bytes and at_ms >= oldest_ms:
                break
            end, gone, size = message, gone + 1, size + length + ROW_BYTES
        return end, gone, size

    def _set(self, **facts: str) -> None:
        self._open_db().executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def _one(self, statement: str, *values: object) -> tuple[int, int]:
        count, size = self._open_db().execute(statement, values).fetchone()
        return int(count), int(size)

    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise Unreachable("outbox", "is closed")
        return self._db

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._open_db().execute("ROLLBACK")

    def _plain(self, error: sqlite3.Error) -> Conflict | Unreachable:
        words = str(error)
        if "locked" in words:
            return OutboxInUse(f"outbox {self._file.parent}: another process publishes from it")
        if "full" in words:
            return NothingLeft(f"outbox {self._file}", "the disk is full; make room")
        return Unreachable(f"outbox {self._file}", words)


def _os_boot() -> str:
    """Tells one start of this machine from another; a different word each time where that is not known."""
    try:
        return _OS_BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(8)
