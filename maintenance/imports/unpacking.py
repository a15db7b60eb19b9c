"""Parts of zipped documents, unpacked a little at a time and never beyond a bound."""

import io
import zipfile
import zlib

from maintenance.imports.grids import MAX_UNPACKED

_SMALL = 64 << 20
"""Bytes that a part which is read as a whole may have."""

_ROW = 8 << 20
"""Bytes of XML that one row (or text) may have."""

BOMB_FROM, BOMB_RATIO = 4 << 20, 200
"""Of more than so many bytes, what packs better than that is no table: spreadsheets pack ten to thirty times."""


class TooLarge(Exception):
    """A part that unpacks to more than is read."""


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so many are no table."""
    return unpacked > BOMB_FROM and unpacked > BOMB_RATIO * packed


class Part(io.RawIOBase):
    """One part of an archive as a stream of bytes, counted. Raises ``TooLarge``, ``ValueError`` for one that declares
    a document type: no spreadsheet program writes one."""

    def __init__(self, archive: zipfile.ZipFile, path: str, *, a_row: bool) -> None:
        super().__init__()
        self._packed = archive.getinfo(path).compress_size
        self._stream = archive.open(path)
        self._count = self._marked = 0
        self._a_row = a_row

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        try:
            block = self._stream.read(size if 0 <= size <= _SMALL else _SMALL)
        except (zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise zipfile.BadZipFile(str(error)) from error
        if self._count == 0 and (b"<!DOCTYPE" in block or b"<!ENTITY" in block):
            raise ValueError("a document type")
        self._count += len(block)
        if self._count > MAX_UNPACKED or is_bomb(self._count, self._packed):
            raise TooLarge
        if self._a_row and self._count - self._marked > _ROW:
            raise TooLarge
        return block

    def mark(self) -> None:
        """A row has ended."""
        self._marked = self._count

    def close(self) -> None:
        """Let the archive's member go."""
        self._stream.close()
        super().close()


def part_of(archive: zipfile.ZipFile, path: str, *, a_row: bool = True) -> Part:
    """A part as a stream; with ``a_row`` no row in it may be larger than a row can be. ``KeyError`` without it."""
    return Part(archive, path, a_row=a_row)


def read_part(archive: zipfile.ZipFile, path: str) -> bytes:
    """A small part as a whole. Raises as ``Part``, ``KeyError`` without it."""
    with part_of(archive, path, a_row=False) as part:
        blocks = []
        while block := part.read(1 << 20):
            blocks.append(block)
            if len(blocks) > _SMALL >> 20:
                raise TooLarge
        return b"".join(blocks)
