"""Port of the files: photos, signatures, documents, reports, by the SHA-256 of their content."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plantroom.errors import BadData

MAX_BYTES = 100 << 20
"""Size of one file at most."""


class TooLarge(BadData):
    """A file, or a body, of more bytes than are taken."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept. ``size`` in bytes; ``mime`` as it was said when it came."""

    sha256: str
    size: int
    mime: str


class FileStore(ABC):
    """Content by its hash: the same bytes are kept once, nothing is ever changed. Safe from several threads and
    processes. Raises ``Unreachable`` when the store is away, ``NothingLeft`` when it is full."""

    @abstractmethod
    def put(self, chunks: Iterable[bytes], mime: str, expected: str | None = None) -> StoredFile:
        """Keep the bytes; they are durable when this returns. ``TooLarge`` beyond ``MAX_BYTES``, ``BadData`` when
        ``expected`` (SHA-256, hex) is not their hash, or there are none. Nothing of it is left then."""

    @abstractmethod
    def has(self, sha256: str) -> bool:
        """Whether the file is there; ``False`` for what is no SHA-256."""

    @abstractmethod
    def path(self, sha256: str) -> Path | None:
        """Where its bytes can be read; ``None``: it is not there."""
