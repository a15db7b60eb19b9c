"""Append-only segment files of a spool, named by the position of their first record."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.spool.format import claims_position, parse

log = structlog.get_logger()
SUFFIX = ".seg"
SEGMENT_BYTES = 16 << 20
_NAME = re.compile(r"[0-9]{20}\.seg")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file; ``first`` is the position of its first record."""

    first: int
    path: Path


def segments_in(folder: Path) -> list[Segment]:
    """The folder's segments in order; whatever else lies there is none of ours."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _NAME.fullmatch(entry.name) and entry.is_file()]
    return [Segment(int(name.removesuffix(SUFFIX)), folder / name) for name in sorted(names)]


def segment_path(folder: Path, first: int) -> Path:
    """Where the segment that starts at ``first`` lives."""
    return folder / f"{first:020d}{SUFFIX}"


def sync_folder(folder: Path) -> None:
    """Make created and unlinked names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def repair_tail(segment: Segment) -> int:
    """Cut a torn last write off; gives the position of the last record (or the one before the segment).

    Only what lies behind the last whole record goes: a write that was cut short was never synced, hence never
    acknowledged. A last record of full length that is damaged may have been: its position counts as taken, so that a
    reader misses it.
    """
    raw = segment.path.read_bytes()
    whole, position = 0, segment.first - 1
    for found in parse(raw, segment.first):
        whole, position = found.end, found.record.position
    if whole < len(raw):
        if claims_position(raw[whole:], position + 1):
            position += 1
        log.warning("spool_tail_cut", segment=segment.path.name, bytes=len(raw) - whole)
        with segment.path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    return position


class SegmentWriter:
    """Writes records to the newest segment. Used by one thread.

    ``write`` hands bytes to the operating system, ``sync`` makes them durable; both raise ``OSError``. After
    a failed write or sync the file is cut back to what was durable, so the same records can be written again.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._handle = -1
        self._size = 0
        self._synced = 0

    def open(self, first: int) -> None:
        """Go on in the newest segment, or start one at position ``first``."""
        found = segments_in(self._folder)
        path = found[-1].path if found else segment_path(self._folder, first)
        self._use(path)

    def _use(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        sync_folder(self._folder)
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = handle
        self._size = self._synced = os.fstat(handle).st_size

    def append(self, data: bytes, position: int) -> None:
        """Write and sync ``data``, whose first record has ``position``. A segment that somebody took away is not
        written to any more: what it held is lost, what comes is not."""
        if self._size >= self._segment_bytes or not os.fstat(self._handle).st_nlink:
            self._use(segment_path(self._folder, position))
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

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
