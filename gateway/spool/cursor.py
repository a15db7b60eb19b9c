"""The spool's cursor with the state that belongs to it, in two slots written in turn.

A slot is ``crc32 | generation | position | state length | state``. The slot that is not the newest is
overwritten in place and synced, so one whole slot exists at any moment. Its file is at least twice as large as the
state, while there is room: a full disk does not keep the cursor from moving, however the state grows until something
is drained. Files keep their largest size.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import structlog

from gateway.spool.segments import sync_folder

log = structlog.get_logger()
_HEAD = struct.Struct("<IQQI")
_CRC_BYTES = 4
CURSOR = "cursor."
"""Begins the names of the two slots' files."""

RESERVE_BYTES = 1 << 20
"""Each slot's file is made this large at once, for the day the disk is full, and larger in steps of it."""


class Cursor:
    """Position and state of one spool's reader. Used by one thread."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / f"{CURSOR}0", folder / f"{CURSOR}1")
        self._generation = 0
        self._room = 0
        self.position = 0
        self.state = b""

    def open(self) -> None:
        """Load the newest whole slot; make the files, or make them as large as they should be. Raises ``OSError``, for
        want of room only when there is no slot yet: what an old spool drains makes room."""
        self.peek()
        self._room = 0
        try:
            self._reserve(_HEAD.size + len(self.state))
        except OSError as error:
            if not self._generation:
                raise
            log.warning("spool_cursor_has_little_room", problem=str(error))
        sync_folder(self._paths[0].parent)

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
        with suppress(OSError):
            self._reserve(_HEAD.size + len(state))
        _write(self._paths[generation % 2], crc32(rest).to_bytes(_CRC_BYTES, "little") + rest)
        self._generation, self.position, self.state = generation, position, state

    def _reserve(self, slot_bytes: int) -> None:
        """Room for twice as large a slot in both files, in whole ``RESERVE_BYTES``; in both or in neither."""
        wanted = -(-2 * slot_bytes // RESERVE_BYTES) * RESERVE_BYTES
        if wanted <= self._room:
            return
        sizes = {path: path.stat().st_size if path.exists() else 0 for path in self._paths}
        try:
            for path, size in sizes.items():
                _write(path, b"\0" * (wanted - size), size)
        except OSError:
            for path, size in sizes.items():
                with suppress(OSError):
                    os.truncate(path, size)
            raise
        self._room = wanted


def _write(path: Path, data: bytes, at: int = 0) -> None:
    """Write ``data`` and sync it; a short write goes on until the system says why."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
    try:
        view, done = memoryview(data), 0
        while done < len(view):
            done += os.pwrite(handle, view[done:], at + done)
        os.fsync(handle)
    finally:
        os.close(handle)
