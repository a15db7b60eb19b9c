"""Append-only segment files of a spool, named by the position of their first record and by their salt.

The salt stands in the name because no damage to what a file holds reaches it there. A name without one is of the first
format: such a segment is read, never written to.
"""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.spool.format import Parsed, last_claimed, parse

log = structlog.get_logger()
SUFFIX = ".seg"
SEGMENT_BYTES = 16 << 20
_SALT_BITS = 64
_NAME = re.compile(r"([0-9]{20})(?:-([0-9a-f]{16}))?\.seg")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file; ``first`` is the position of its first record, ``salt`` what its records are told by."""

    first: int
    path: Path
    salt: int = 0

    def records(self) -> Iterator[Parsed]:
        """Its whole records, damaged ones passed over. Raises ``OSError``."""
        return parse(self.path.read_bytes(), self.first, self.salt)


def segments_in(folder: Path) -> list[Segment]:
    """The folder's segments in order; whatever else lies there is none of ours."""
    with os.scandir(folder) as entries:
        names = [_NAME.fullmatch(entry.name) for entry in entries if entry.is_file()]
    found = [Segment(int(name[1]), folder / name[0], int(name[2] or "0", 16)) for name in names if name]
    # Where an old segment holds nothing, the one behind it begins with the same position.
    return sorted(found, key=lambda segment: (segment.first, segment.salt))


def segment_path(folder: Path, first: int, salt: int) -> Path:
    """Where the segment that starts at ``first`` lives."""
    return folder / f"{first:020d}-{salt:016x}{SUFFIX}"


def sync_folder(folder: Path) -> None:
    """Make created and unlinked names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it that are not there yet, and all their names durable. Raises ``OSError``."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    for each in reversed(missing):
        sync_folder(each.parent)


@dataclass(frozen=True, slots=True)
class Tail:
    """How the newest segment ends: the position of its last whole record (or the one before the segment), the last
    position that is taken, where the last whole record ends, and how many bytes lie behind it.

    Those are a write that was cut short, which was never synced, hence never acknowledged. But records of full length
    that are damaged may have been: their positions count as taken, so that a reader misses them.
    """

    whole: int = 0
    taken: int = 0
    end: int = 0
    torn: int = 0


def tail_of(segment: Segment) -> Tail:
    """Reads the whole segment. Raises ``OSError``."""
    raw = segment.path.read_bytes()
    end, whole = 0, segment.first - 1
    for found in parse(raw, segment.first, segment.salt):
        end, whole = found.end, found.record.position
    return Tail(whole, last_claimed(raw[end:], whole, segment.salt), end, len(raw) - end)


def cut_tail(segment: Segment, tail: Tail) -> None:
    """Cut off what lies behind the last whole record, durably. What says that positions are taken is gone with it: the
    name of the segment that begins behind them has to be durable before. Raises ``OSError``."""
    if not tail.torn:
        return
    log.warning("spool_tail_cut", segment=segment.first, bytes=tail.torn, damaged=tail.taken - tail.whole)
    handle = os.open(segment.path, os.O_WRONLY)
    try:
        os.ftruncate(handle, tail.end)
        os.fsync(handle)
    finally:
        os.close(handle)


class SegmentWriter:
    """Writes records to the newest segment. Used by one thread.

    ``append`` makes bytes durable and raises ``OSError``. After a failed write or sync the file is cut back to what was
    durable, so the same records can be written again. Records are to be encoded with ``salt``, which changes only when
    an ``append`` has filled a segment.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._handle = -1
        self._size = 0
        self._synced = 0
        self._full = False
        self.salt = 0

    def open(self, first: int, newest: Segment | None) -> None:
        """Go on in segment ``newest``, or start one at position ``first``."""
        self.salt = newest.salt if newest else secrets.randbits(_SALT_BITS)
        self._use(newest.path if newest else segment_path(self._folder, first, self.salt))
        self._turn_when_full()

    def _use(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            sync_folder(self._folder)
            size = os.fstat(handle).st_size
        except OSError:
            os.close(handle)
            raise
        self.close()
        self._handle = handle
        self._size = self._synced = size
        self._full = False

    def _turn_when_full(self) -> None:
        """The next record begins a segment, with a salt of its own."""
        if self._size >= self._segment_bytes:
            self._full, self.salt = True, secrets.randbits(_SALT_BITS)

    def append(self, data: bytes, position: int) -> None:
        """Write and sync ``data``, whose first record has ``position``. A segment that somebody took away is not
        written to any more: what it held is lost, what comes is not."""
        if self._full or not os.fstat(self._handle).st_nlink:
            self._use(segment_path(self._folder, position, self.salt))
        try:
            view = memoryview(data)
            while view:
                done = os.pwrite(self._handle, view, self._size)
                self._size += done
                view = view[done:]
            os.fdatasync(self._handle)
        except OSError:
            self._size = self._synced
            os.ftruncate(self._handle, self._synced)
            raise
        self._synced = self._size
        self._turn_when_full()

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
