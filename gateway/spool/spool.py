"""One spool: a writing end for the session's thread, a reading end for the ingest's."""

import errno
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import structlog

from gateway.spool.cursor import Cursor
from gateway.spool.format import claimed_bytes, encode, parse, whole_records
from gateway.spool.lock import FolderLock
from gateway.spool.recent import RecentRecords
from gateway.spool.segments import (
    SEGMENT_BYTES,
    Segment,
    SegmentWriter,
    Tail,
    cut_tail,
    make_folder,
    segment_path,
    segments_in,
    tail_of,
)
from plantroom.ports.spool import SpoolReader, SpoolRecord

log = structlog.get_logger()
BLOCK_BYTES = 1 << 20
_TOPICS_KNOWN = 10_000
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))


class Spool(SpoolReader):
    """Messages of one site and lane between broker and ingest.

    ``put`` collects, ``sync`` makes what was collected durable (one fdatasync however many). ``read`` and
    ``commit`` are the ingest's. A reader that keeps up gets the newest records from memory (``RecentRecords``, a few
    megabytes); one that is behind reads the files in blocks of a megabyte, never a whole backlog.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._lock: FolderLock | None = None
        self._cursor = Cursor(folder)
        self._writer = SegmentWriter(folder, segment_bytes)
        self._pending: list[bytes] = []
        self._pending_records: list[SpoolRecord] = []
        self._recent = RecentRecords()
        self._topics: dict[bytes, str] = {}
        self.pending_bytes = 0
        self._durable = 0
        self._grown = threading.Condition()
        self._read_position = 0
        self._given = 0
        """Position of the last record that a reader gets; behind it up to the read position all is damaged. Set first,
        so that no thread that asks for the depth takes what was just read for damage."""
        self._segment: Segment | None = None
        self._offset = 0
        self._ahead: tuple[int, Segment | None, int] = (0, None, 0)
        """Where the last look ahead ended: position, segment, offset."""
        self.damaged = 0
        self.opened_at = 0
        """Position of the last record that was there when the spool was opened."""
        self._damage_noted = 0

    def open(self) -> None:
        """Create the folder, repair a torn tail, load the cursor. Raises ``OSError``, also where the spool is open
        already."""
        make_folder(self._folder)
        self._lock = FolderLock(self._folder)
        try:
            self._open()
        except OSError:
            self.close()
            raise

    def _open(self) -> None:
        self._cursor.open()
        found = segments_in(self._folder)
        tail = tail_of(found[-1]) if found else Tail()
        self._durable = max(tail.taken, self._cursor.position)
        if found and self._durable > tail.taken:
            # The cursor outlived its segment's records (a power cut took them): never use a position twice.
            log.warning("spool_behind_cursor", tail=tail.taken, cursor=self._cursor.position)
            for segment in found:
                segment.path.unlink()
            found = []
        if found and found[-1].salt and tail.whole == self._durable:
            cut_tail(found[-1], tail)
            self._writer.open(self._durable + 1, found[-1])
        else:
            # A new segment's name keeps the positions of damaged records taken over any number of restarts, so it is
            # there before they are cut off.
            self._writer.open(self._durable + 1, None)
            if found:
                cut_tail(found[-1], tail)
        self.opened_at = self._durable
        self.rewind()

    def close(self) -> None:
        """Let go of the files; what was put and not synced is forgotten (it was never acknowledged)."""
        self._writer.close()
        if self._lock is not None:
            self._lock.close()
        with self._grown:
            self._recent.clear()

    def put(self, topic: bytes, payload: bytes, received_ms: int, retained: bool = False, again: bool = False) -> None:
        """Collect a message for the next ``sync``."""
        position = self._durable + len(self._pending) + 1
        data = encode(topic, payload, received_ms, position, self._writer.salt, retained, again)
        self._pending.append(data)
        self.pending_bytes += len(data)
        text = self._topics.get(topic)
        if text is None:
            if len(self._topics) >= _TOPICS_KNOWN:
                self._topics.clear()
            text = self._topics[topic] = topic.decode("utf-8", "replace")
        self._pending_records.append(SpoolRecord(position, received_ms, text, payload, retained, again))

    def sync(self) -> int:
        """Make everything collected durable; gives how many records. Raises ``OSError`` and keeps them. On a full disk
        what is dealt with makes room first."""
        count = len(self._pending)
        if not count:
            return 0
        data = b"".join(self._pending)
        try:
            self._writer.append(data, self._durable + 1)
        except OSError as error:
            if error.errno not in _NO_ROOM or not self._free_committed():
                raise
            self._writer.append(data, self._durable + 1)
        records, size = self._pending_records, self.pending_bytes
        self.forget_pending()
        with self._grown:
            self._recent.add(records, size)
            self._durable += count
            self._grown.notify_all()
        return count

    def _free_committed(self) -> bool:
        """Unlink every segment that is wholly committed; ``False`` when there was none. The newest, which ``commit``
        leaves, goes too: another begins behind it, with the same salt, since what was collected is encoded with that.
        It gets its name first; where not even that has room, the next write gives it. Killed at any moment in between,
        the cursor knows which positions are used."""
        found = segments_in(self._folder)
        committed, following = self._cursor.position, self._durable + 1
        gone = [segment for segment, behind in pairwise(found) if behind.first - 1 <= committed]
        if found and committed >= self._durable and found[-1].first < following:
            salt = self._writer.salt
            with suppress(OSError):
                self._writer.open(following, Segment(following, segment_path(self._folder, following, salt), salt))
            gone = found
        for segment in gone:
            segment.path.unlink(missing_ok=True)
        if gone:
            log.warning("spool_made_room", folder=str(self._folder), segments=len(gone))
        return bool(gone)

    def forget_pending(self) -> None:
        """Drop what was collected and not synced (the connection it came by is gone)."""
        self._pending.clear()
        self._pending_records = []
        self.pending_bytes = 0

    def read(self, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        """See ``SpoolReader``. A damaged record is reported, counted in ``damaged`` and passed over."""
        with self._grown:
            if not self._grown.wait_for(lambda: self._durable > self._read_position, timeout_s):
                return []
            durable = self._durable
            records = self._recent.behind(self._read_position, max_records)
        if records:
            self._given = self._read_position = records[-1].position
            self._segment = None
        while not records and self._read_position < durable:
            records = self._read_block(max_records, durable)
        return records

    def _read_block(self, max_records: int, durable: int) -> list[SpoolRecord]:
        segment, following = self._segment_of(self._read_position + 1)
        if segment is None:
            self._note_damage("missing", min(durable, durable if following is None else following.first - 1))
            return []
        if self._segment != segment:
            self._segment, self._offset = segment, self._offset_of(segment)
        records, end = whole_records(_load(segment, self._offset), max_records, durable, segment.salt)
        if records and records[0].position == self._read_position + 1:
            self._given = self._read_position = records[-1].position
            self._offset += end
            return records
        return self._read_damaged(segment, following, max_records, durable)

    def _read_damaged(
        self, segment: Segment, following: Segment | None, max_records: int, durable: int
    ) -> list[SpoolRecord]:
        """What is whole in the rest of a segment that does not go on with the next record."""
        records: list[SpoolRecord] = []
        end = 0
        for found in parse(_load_rest(segment, self._offset), segment.first, segment.salt):
            if found.record.position > durable or len(records) >= max_records:
                break
            end = found.end
            if found.record.position > self._read_position:
                self._note_damage(str(segment.first), found.record.position - 1)
                self._given = self._read_position = found.record.position
                records.append(found.record)
        self._offset += end
        if not records:
            # Nothing whole is left where durable records should be.
            self._note_damage(str(segment.first), durable if following is None else following.first - 1)
        return records

    def _segment_of(self, position: int) -> tuple[Segment | None, Segment | None]:
        """The segment that a record is in, and the one behind it (``None``: somebody took it away)."""
        found = segments_in(self._folder)
        index = sum(segment.first <= position for segment in found) - 1
        following = found[index + 1] if index + 1 < len(found) else None
        return (found[index] if index >= 0 else None), following

    def _offset_of(self, segment: Segment) -> int:
        """Byte offset behind the last record that was read, or of damage before it, by walking the segment from its
        start."""
        offset = 0
        while True:
            block = _load(segment, offset)
            _, consumed = whole_records(block, len(block), self._read_position, segment.salt)
            if not consumed:
                return offset
            offset += consumed

    def _note_damage(self, segment: str, last: int) -> None:
        """Report the records behind the read position up to ``last`` as unreadable and pass over them; those that are
        met again after a ``rewind`` are not counted again."""
        lost = last - self._read_position
        if lost > 0:
            self.damaged += max(0, last - max(self._read_position, self._damage_noted))
            self._damage_noted = max(self._damage_noted, last)
            log.error("spool_records_damaged", segment=segment, first=self._read_position + 1, count=lost)
            self._read_position = last

    def rewind(self) -> None:
        """See ``SpoolReader``."""
        found = segments_in(self._folder)
        self._read_position = self._given = self._cursor.position
        if not self._cursor.position and found:
            # No cursor, or none that can be read: everything that is there comes (again).
            self._read_position = min(found[0].first - 1, self._durable)
        self._segment = None

    def look_ahead(self, behind: int, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        """See ``SpoolReader``. Going on from where the last look ended costs no more than ``read``."""
        own = self._read_position, self._segment, self._offset
        here = self._ahead if self._ahead[0] == behind else (behind, None, 0)
        self._read_position, self._segment, self._offset = here
        try:
            return self.read(max_records, timeout_s)
        finally:
            self._ahead = self._read_position, self._segment, self._offset
            self._read_position, self._segment, self._offset = own

    def commit(self, position: int, state: bytes) -> None:
        """See ``SpoolReader``. Segments that are wholly committed are unlinked."""
        self._cursor.save(position, state)
        found = segments_in(self._folder)
        for segment, following in pairwise(found):
            if following.first - 1 <= position:
                segment.path.unlink(missing_ok=True)

    def committed(self) -> tuple[int, bytes]:
        """See ``SpoolReader``."""
        return self._cursor.position, self._cursor.state

    @property
    def taken(self) -> int:
        """How many records were ever made durable (any thread); never falls."""
        return self._durable

    def depth(self) -> int:
        """See ``SpoolReader``."""
        committed = self._cursor.position
        passed_over = self._read_position if self._given <= committed else 0
        return self._durable - max(committed, passed_over)


def _load(segment: Segment, offset: int) -> bytes:
    """A block from ``offset`` on, as long as the record that begins there says it is if that is longer."""
    with segment.path.open("rb") as file:
        block = os.pread(file.fileno(), BLOCK_BYTES, offset)
        more = min(claimed_bytes(block), os.fstat(file.fileno()).st_size - offset) - len(block)
        return block + os.pread(file.fileno(), more, offset + len(block)) if more > 0 else block


def _load_rest(segment: Segment, offset: int) -> bytes:
    """All from ``offset`` on: a few megabytes, or what one message has."""
    with segment.path.open("rb") as file:
        file.seek(offset)
        return file.read()
