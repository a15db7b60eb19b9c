"""The bytes of photos, signatures, documents and reports beside the SHA-256 by which the ledger names them."""

import hashlib
from collections.abc import Sequence
from typing import NoReturn

from plantroom.domain.audit_verify import Broken, Examined, Place, Tampering
from plantroom.ports.audit import NamedFile
from plantroom.ports.files import FileStore

CHUNK = 1 << 20
REMEDY = "of a ledger whose files are elsewhere, say --without-files"


def as_named(named: Sequence[NamedFile], store: FileStore, seen: Examined) -> None:
    """Read every file that is named, each once, and note how many and how many bytes; ``Broken`` at the first that is
    not there or is another.."""
    seen.files = 0
    for sha256, size, where in sorted({one.sha256: one for one in reversed(named)}.values()):
        digest, count = _read(store, sha256, where)
        if digest != sha256:
            detail = f"the file {sha256} ({where}) is not what came: its bytes ({count}, then {size}) give {digest}"
            raise Broken(Place(Tampering.FILE_CHANGED, detail=detail))
        seen.files, seen.file_bytes = seen.files + 1, seen.file_bytes + count


def _read(store: FileStore, sha256: str, where: str) -> tuple[str, int]:
    path = store.path(sha256)
    if path is None:
        _gone(sha256, where)
    digest, count = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                count += len(chunk)
    except OSError as error:
        _gone(sha256, f"{where}; {error.strerror}")
    return digest.hexdigest(), count


def _gone(sha256: str, where: str) -> NoReturn:
    detail = f"the file {sha256} ({where}) is not there any more ({REMEDY})"
    raise Broken(Place(Tampering.FILE_REMOVED, detail=detail))
