"""Files in a folder, each under the SHA-256 of its content: ``ab/abcdef...``, with its kind beside it."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from plantroom.errors import BadData, NothingLeft, Unreachable
from plantroom.ports.files import MAX_BYTES, FileStore, StoredFile, TooLarge

FILES = "files"
"""What errors call it."""

_HASH = re.compile(r"[0-9a-f]{64}")
_FULL = (28, 122)
"""ENOSPC, EDQUOT."""


class FolderFiles(FileStore):
    """``FileStore`` in a folder, made when the first file comes. A file is written beside its place, synced and moved
    there, so that a name is never that of half a file; what a crash leaves behind is in ``incoming``."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def put(self, chunks: Iterable[bytes], mime: str, expected: str | None = None) -> StoredFile:
        try:
            return self._put(chunks, mime, expected)
        except OSError as error:
            problem = f"{self._folder}: {error.strerror}"
            raise (NothingLeft if error.errno in _FULL else Unreachable)(FILES, problem) from error

    def has(self, sha256: str) -> bool:
        return self.path(sha256) is not None

    def path(self, sha256: str) -> Path | None:
        if not _HASH.fullmatch(sha256):
            return None
        path = self._place(sha256)
        try:
            return path if path.is_file() else None
        except OSError as error:
            raise Unreachable(FILES, f"{self._folder}: {error.strerror}") from error

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _put(self, chunks: Iterable[bytes], mime: str, expected: str | None) -> StoredFile:
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True, mode=0o750)
        temporary = incoming / secrets.token_hex(16)
        try:
            sha256, size = self._write(temporary, chunks)
            if expected is not None and expected != sha256:
                raise BadData(f"the file's SHA-256 is {sha256}, not {expected}: it was damaged on its way")
            if size == 0:
                raise BadData("the file is empty")
            place = self._place(sha256)
            if not place.exists():
                place.parent.mkdir(exist_ok=True, mode=0o750)
                temporary.replace(place)
                _sync_folder(place.parent)
                _sync_folder(self._folder)
            return StoredFile(sha256, size, mime)
        finally:
            temporary.unlink(missing_ok=True)

    def _write(self, path: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > self._max_bytes:
                    raise TooLarge(f"a file may have at most {self._max_bytes >> 20} MiB")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest(), size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
