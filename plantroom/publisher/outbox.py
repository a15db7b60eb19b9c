"""The outbox: numbered messages in an SQLite file (WAL), from before they are sent until the ring lets them go.

A message and its number are one transaction, so a kill at any moment neither loses a number nor gives it to another
message. Acknowledged messages stay for replays as long as ``Limits`` allow. Without ``sync`` a power cut may take the
last transactions with it, messages that were sent already among them: after one the numbers begin again under a new
boot. A file that SQLite calls damaged is put aside and a new one begun, with a new boot.
"""

import logging
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from plantroom.errors import NothingLeft, Unreachable
from plantroom.publisher.database import FULL, LARGE_BYTES, Database, OutboxInUse, Work

log = logging.getLogger(__name__)

__all__ = ["Encoder", "Kept", "Limits", "Outbox", "OutboxInUse"]

ROW_BYTES = 150
"""What a message takes beside its payload, about."""

PRUNED_AT_ONCE = 5_000

KEPT_BOOTS = 100
"""Boots of its own that an outbox remembers, the newest. A new one comes with a damaged file or, without ``sync``, with
a power cut."""

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
CREATE TABLE IF NOT EXISTS aside (id INTEGER PRIMARY KEY);
"""
_SENDABLE = "id NOT IN (SELECT id FROM aside)"
_MESSAGE = "id, asset, channel, seq, payload, id IN (SELECT id FROM aside)"
_SIZE = f"SELECT COUNT(*), COALESCE(SUM(LENGTH(payload) + {ROW_BYTES}), 0) FROM messages WHERE {_SENDABLE}"  # noqa: S608

Encoder = Callable[[str, int], bytes]
"""Makes a payload of boot and seq."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``ring_bytes`` and ``ring_age_s``: how much that is acknowledged is kept for replays, whichever ends first.
    ``waiting_bytes``: how much may wait to be sent; beyond it nothing more is taken. ``packet_bytes``: the largest MQTT
    packet that the broker takes."""

    ring_bytes: int = 64 << 20
    ring_age_s: float = 7 * 86_400.0
    waiting_bytes: int = 1 << 30
    packet_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        if self.ring_bytes < 0 or self.ring_age_s < 0 or self.waiting_bytes < 1:
            raise ValueError("limits of an outbox are 0 or more, and some bytes may wait")
        if not 1 << 10 <= self.packet_bytes <= 256 << 20:
            raise ValueError("packet_bytes must be from 1 KiB to 256 MiB")


class Kept(NamedTuple):
    """A message of the outbox; ``aside``: kept, and not to be sent now."""

    id: int
    asset: str
    channel: str
    seq: int
    payload: bytes
    aside: bool = False


class Piece(NamedTuple):
    """What the ring lets go at once: up to which message, how many, how many bytes, and whether there is more."""

    end: int
    messages: int
    size: int
    cut_short: bool


class Outbox:
    """One publisher's messages. Any thread, one process. The constructor validates, ``open`` opens."""

    def __init__(self, folder: Path, limits: Limits, *, sync: bool) -> None:
        self._database = Database(folder, self._prepare, self._renew, sync=sync)
        self._limits = limits
        self._sync = sync
        self._acked = self._noted = 0
        self._waiting = self._waiting_bytes = self._ring_bytes = 0
        self._aside: dict[int, bool] = {}
        """What is kept back by message, and whether for sure."""
        self._boots: list[str] = []
        self.boot = ""
        self.generation = 0
        """Rises when what is to be sent is not what it was: go on behind ``acked`` then."""

    def open(self) -> None:
        """Open the file, or make it; what was kept back is to be sent again. Raises ``OutboxInUse``, ``Unreachable``
        and ``NothingLeft``."""
        self._database.open()
        self._database.use(self._count)
        try:
            for message in self.kept_back:
                self.put_back(message)
        except NothingLeft:
            log.warning("outbox %s: no room to have what was put aside sent again", self._database.file)

    def _prepare(self, db: sqlite3.Connection) -> None:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        facts = dict(db.execute("SELECT name, value FROM facts"))
        self.boot = facts.get("boot", "")
        machine = _os_boot()
        unsure = facts.get("sure") != "yes" and facts.get("machine") != machine
        if not self.boot or unsure:
            self.boot = secrets.token_hex(4)
            db.execute("DELETE FROM counters")
        noted = facts["boots"].split() if "boots" in facts else _boots_of_messages(db)
        self._boots = [*dict.fromkeys([*noted, *self._boots, self.boot])][-KEPT_BOOTS:]
        sure = "yes" if self._sync else "no"
        _set(db, boot=self.boot, machine=machine, sure=sure, boots=" ".join(self._boots))
        self._acked = self._noted = int(facts.get("acked", 0))
        _given(db, self._acked)

    def _renew(self) -> None:
        self._database.use(self._count)
        self.generation += 1

    def _count(self, db: sqlite3.Connection) -> None:
        self._waiting, self._waiting_bytes = db.execute(f"{_SIZE} AND id > ?", (self._acked,)).fetchone()
        _, self._ring_bytes = db.execute(f"{_SIZE} AND id <= ?", (self._acked,)).fetchone()
        self._aside = {message: True for (message,) in db.execute("SELECT id FROM aside ORDER BY id")}

    def had(self, boot: str) -> bool:
        """Whether the numbers of this boot are or were its own."""
        return boot in self._boots

    def close(self) -> None:
        """Close the file: what is in it is sure then, and the numbers go on after any restart. In a fork of the
        process that opened it nothing is done."""
        self._database.close(lambda db: _set(db, acked=str(self._acked), sure="yes"))

    @property
    def inherited(self) -> bool:
        """Whether another process opened it, of which this one is a fork."""
        return self._database.inherited

    def check_own(self) -> None:
        """Raise ``OutboxInUse`` in a fork of the process that opened it."""
        self._database.check_own()

    def next_number(self, asset: str, channel: str) -> int:
        """The number that the next message gets."""
        return self._database.use(lambda db: _next_number(db, asset, channel))

    def append(self, asset: str, channel: str, encoders: Sequence[Encoder], at_ms: int) -> int:
        """Number messages and keep them, all or none; gives the first one's number.

        Raises ``NothingLeft`` when the disk is full or too much waits: no number is used up then. An encoder's error
        passes through, with the same effect.
        """
        return self._database.use(lambda db: self._append(db, asset, channel, encoders, at_ms))

    def _append(self, db: sqlite3.Connection, asset: str, channel: str, encoders: Sequence[Encoder], at_ms: int) -> int:
        first = _next_number(db, asset, channel)
        payloads = [encode(self.boot, seq) for seq, encode in enumerate(encoders, first)]
        size = sum(map(len, payloads)) + ROW_BYTES * len(payloads)
        if self._waiting_bytes + size > self._limits.waiting_bytes:
            raise NothingLeft("outbox", f"{self._waiting} messages wait to be sent; the broker takes none")
        if not self._database.has_room(size):
            raise NothingLeft(f"outbox {self._database.file}", FULL)

        def insert(db: sqlite3.Connection) -> None:
            db.executemany(
                "INSERT INTO messages (asset, channel, boot, seq, at_ms, payload) VALUES (?, ?, ?, ?, ?, ?)",
                [(asset, channel, self.boot, seq, at_ms, body) for seq, body in enumerate(payloads, first)],
            )
            db.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", (asset, channel, first + len(payloads)))

        self._database.write(insert, lambda: self._oldest(db))
        self._waiting += len(payloads)
        self._waiting_bytes += size
        return first

    def after(self, message: int, limit: int) -> list[Kept]:
        """The next messages behind one, in the order in which they were given."""
        return self._kept("id > ? ORDER BY id LIMIT ?", message, limit)

    def events_after(self, message: int, limit: int) -> list[Kept]:
        """As ``after``, events alone."""
        return self._kept("channel = 'event' AND id > ? ORDER BY id LIMIT ?", message, limit)

    def get(self, message: int) -> Kept | None:
        """This one, or ``None``."""
        return next(iter(self._kept("id = ?", message)), None)

    def numbered(self, asset: str, channel: str, boot: str, first: int, last: int, limit: int) -> list[Kept]:
        """Kept messages of these numbers, rising; what is put aside is among them."""
        where = "asset = ? AND channel = ? AND boot = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return self._select(where, asset, channel, boot, first, last, limit)

    def _kept(self, where: str, *values: object) -> list[Kept]:
        return self._select(f"{_SENDABLE} AND {where}", *values)

    def _select(self, where: str, *values: object) -> list[Kept]:
        statement = f"SELECT {_MESSAGE} FROM messages WHERE {where}"  # noqa: S608
        return self._database.use(lambda db: [Kept(*row) for row in db.execute(statement, values)])

    @property
    def acked(self) -> int:
        """Up to this message the broker has acknowledged all."""
        return self._acked

    @property
    def waiting(self) -> int:
        """How many messages the broker has not acknowledged, without those that were put aside."""
        with self._database.lock:
            return self._waiting + len(self._aside) - self.aside

    @property
    def queued(self) -> int:
        """As ``waiting``, without those that are kept back for a while."""
        return self._waiting

    @property
    def aside(self) -> int:
        """How many messages are put aside."""
        return sum(self._aside.values())

    @property
    def kept_back(self) -> Sequence[int]:
        """Which messages are given to nobody now: put aside, or kept back for a while."""
        return list(self._aside)

    def put_aside(self, message: int, *, sure: bool = True) -> Kept | None:
        """Keep a message and give it to nobody until ``put_back`` or the next ``open``; not ``sure``: for a while, and
        it waits. Which one it is, if it is there. Raises as ``append`` on a full disk."""

        def note(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO aside VALUES (?)", (message,))

        def put(_db: sqlite3.Connection) -> Kept | None:
            found = self.get(message)
            if found is not None:
                self._database.write(note)
                self._weigh(found.id, len(found.payload), -1)
                self._aside = self._aside | {message: sure}
                self.generation += 1
            return found

        return self._database.use(put)

    def put_back(self, message: int) -> Kept | None:
        """Have what was kept back sent, behind everything that waits; as it is there. ``None``: it was not kept back.
        Raises as ``append`` on a full disk."""

        def move(db: sqlite3.Connection) -> None:
            """Under an id that none ever had: what the ring has let go counts, too."""
            (highest,) = db.execute("SELECT MAX(id) FROM messages").fetchone()
            new = 1 + _given(db, max(self._acked, highest))
            db.execute("UPDATE messages SET id = ? WHERE id = ?", (new, message))
            _given(db, new)
            db.execute("DELETE FROM aside WHERE id = ?", (message,))

        def put(db: sqlite3.Connection) -> Kept | None:
            if message not in self._aside:
                return None
            self._database.write(move)
            (last,) = db.execute("SELECT MAX(id) FROM messages").fetchone()
            moved = self.get(last)
            assert moved is not None
            self._weigh(moved.id, len(moved.payload), 1)
            self._aside = {one: sure for one, sure in self._aside.items() if one != message}
            return moved

        return self._database.use(put)

    def _weigh(self, message: int, size: int, count: int) -> None:
        """So many more (or fewer) wait, or are in the ring."""
        if message > self._acked:
            self._waiting += count
            self._waiting_bytes += count * (size + ROW_BYTES)
        else:
            self._ring_bytes += count * (size + ROW_BYTES)

    def acknowledge(self, message: int, count: int, payload_bytes: int, generation: int | None = None) -> None:
        """The broker has all up to ``message``, ``count`` more than before; nothing is noted of a ``generation`` that
        is over. Written down by ``tidy``."""
        with self._database.lock:
            if generation not in (None, self.generation):
                return
            size = payload_bytes + ROW_BYTES * count
            self._acked = message
            self._waiting -= count
            self._waiting_bytes -= size
            self._ring_bytes += size

    def tidy(self, now_ms: int) -> None:
        """Write down what is acknowledged, and let go what the ring has no room or time for. Should even the reserve
        not do on a full disk, the next time will: to begin again further back only means messages that come twice."""
        try:
            while self._database.use(lambda db: self._tidy_some(db, now_ms)):
                """In pieces, so that nobody who publishes waits for all of them."""
        except (NothingLeft, Unreachable) as error:
            log.warning("outbox %s could not be tidied: %s", self._database.file, error)

    def _tidy_some(self, db: sqlite3.Connection, now_ms: int) -> bool:
        piece = self._prunable(db, self._limits.ring_bytes, now_ms - self._limits.ring_age_s * 1000)
        if not piece.messages and self._acked == self._noted:
            return False
        self._database.write(lambda db: self._prune(db, piece))
        self._noted = self._acked
        self._ring_bytes -= piece.size
        return piece.cut_short

    def _prunable(self, db: sqlite3.Connection, ring_bytes: float, oldest_ms: float) -> Piece:
        """What a ring of this size, with nothing older, has no room or time for: as much as is let go at once."""
        end = gone = size = 0
        rows = db.execute(
            f"SELECT id, at_ms, LENGTH(payload) FROM messages WHERE {_SENDABLE} AND id <= ? ORDER BY id LIMIT ?",  # noqa: S608
            (self._acked, PRUNED_AT_ONCE),
        )
        for message, at_ms, length in rows:
            if self._ring_bytes - size <= ring_bytes and at_ms >= oldest_ms:
                return Piece(end, gone, size, cut_short=False)
            if size >= LARGE_BYTES:
                return Piece(end, gone, size, cut_short=True)
            end, gone, size = message, gone + 1, size + length + ROW_BYTES
        return Piece(end, gone, size, cut_short=gone == PRUNED_AT_ONCE)

    def _prune(self, db: sqlite3.Connection, piece: Piece) -> None:
        _set(db, acked=str(self._acked))
        db.execute(f"DELETE FROM messages WHERE {_SENDABLE} AND id <= ?", (piece.end,))  # noqa: S608

    def _oldest(self, db: sqlite3.Connection) -> Work | None:
        """On a full disk what is acknowledged makes way for what is new, whatever the ring has room and time for."""
        piece = self._prunable(db, -1, float("inf"))
        if not piece.messages:
            return None
        self._ring_bytes -= piece.size
        log.warning("outbox %s: the disk is full; %d of the ring are let go", self._database.file, piece.messages)
        return lambda db: self._prune(db, piece)


def _next_number(db: sqlite3.Connection, asset: str, channel: str) -> int:
    row = db.execute("SELECT next FROM counters WHERE asset = ? AND channel = ?", (asset, channel)).fetchone()
    return int(row[0]) if row else 0


def _given(db: sqlite3.Connection, message: int) -> int:
    """No message gets an id up to this one any more; gives the highest of which that is so. SQLite itself notes what it
    inserts, and nothing of what is acknowledged or moved."""
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
    if found is None:
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)", (message,))
    elif found[0] < message:
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'messages'", (message,))
    return message if found is None else max(message, int(found[0]))


def _boots_of_messages(db: sqlite3.Connection) -> list[str]:
    """As far as a file from before they were noted tells."""
    return [boot for (boot,) in db.execute("SELECT boot FROM messages GROUP BY boot ORDER BY MAX(id)")]


def _set(db: sqlite3.Connection, **facts: str) -> None:
    db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())


def _os_boot() -> str:
    """Tells one start of this machine from another; a different word each time where that is not known."""
    try:
        return _OS_BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(8)
