"""The spool's cursor with the state that belongs to it, in two slots written in turn.

A slot is ``crc32 | generation | position | state length | state``. The slot that is not the newest is
overwritten in place and synced, so one whole slot exists at any moment, and a full disk does not keep the
cursor from moving as long as the state does not outgrow its file (files keep their largest size).
"""

import os
import struct
from pathlib import Path
from zlib import crc32

from gateway.spool.segments import sync_folder

_HEAD = struct.Struct("<IQQI")
_CRC_BYTES = 4
RESERVE_BYTES = 1 << 20
"""Each slot's file is made this large at once, for the day the disk is full."""


class Cursor:
    """Position and state of one spool's reader. Used by one thread."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / "cursor.0", folder / "cursor.1")
        self._generation = 0
        self.position = 0
        self.state = b""

    def open(self) -> None:
        """Load the newest whole slot; make the files when there are none."""
        for path in self._paths:
            if not path.exists():
                _write_whole(path, b"\0" * RESERVE_BYTES, create=True)
        sync_folder(self._paths[0].parent)
        self.peek()

    def peek(self) -> None:
        """Load the newest whole slot, changing nothing on disk."""
        for path in self._paths:
            if path.exists():
                self._load(path.read_bytes())

    def _load(self, raw: bytes) -> None:
        if len(raw) < _HEAD.size:
            return
        crc, generation, position, length = _HEAD.unpack_from(raw)
        end = _HEAD.size + length
        if generation <= self._generation or end > len(raw) or crc32(raw[_CRC_BYTES:end]) != crc:
            return
        self._generation, self.position, self.state = generation, position, raw[_HEAD.size : end]

    def save(self, position: int, state: bytes) -> None:
        """Make position and state durable together. Raises ``OSError``; the earlier ones stand then."""
        generation = self._generation + 1
        rest = _HEAD.pack(0, generation, position, len(state))[_CRC_BYTES:] + state
        _write_whole(self._paths[generation % 2], crc32(rest).to_bytes(_CRC_BYTES, "little") + rest)
        self._generation, self.position, self.state = generation, position, state


def _write_whole(path: Path, data: bytes, create: bool = False) -> None:
    """Write ``data`` at the file's start and sync it; a short write goes on until the system says why."""
    handle = os.open(path, os.O_WRONLY | (os.O_CREAT if create else 0), 0o640)
    try:
        view, done = memoryview(data), 0
        while done < len(view):
            done += os.pwrite(handle, view[done:], done)
        os.fsync(handle)
    finally:
        os.close(handle)
