"""Append-only segment files of a spool, named by the position of their first record."""

import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.spool.format import parse

log = structlog.get_logger()
SUFFIX = ".seg"
SEGMENT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """One file; ``first`` is the position of its first record."""

    first: int
    path: Path


def segments_in(folder: Path) -> list[Segment]:
    """The folder's segments in order."""
    return sorted((Segment(int(p.stem), p) for p in folder.glob("*" + SUFFIX)), key=lambda s: s.first)


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
    """Cut a torn last write off; gives the position of the last whole record (or the one before the segment).

    Only what lies behind the last whole record goes: a write that was cut short was never synced, hence never
    acknowledged.
    """
    raw = segment.path.read_bytes()
    whole, position = 0, segment.first - 1
    for found in parse(raw):
        whole, position = found.end, found.record.position
    if whole < len(raw):
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
        """Write and sync ``data``, whose first record has ``position``."""
        if self._size >= self._segment_bytes:
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
