"""Room on the disk that is kept for the moment when there is none: a file that is let go then, and made again."""

import os
from contextlib import suppress
from pathlib import Path

FILE = "outbox.reserve"
RESERVE_BYTES = 4 << 20
"""More than an outbox needs to write down what is acknowledged, to let it go and to empty its log (WAL): that log is
emptied at 2 MiB, and what is done at once adds at most about as much."""


class Reserve:
    """A file of ``RESERVE_BYTES`` beside the outbox."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    @property
    def held(self) -> bool:
        """Whether it is there in full."""
        try:
            return self._file.stat().st_size == RESERVE_BYTES
        except OSError:
            return False

    def make(self) -> bool:
        """Make it unless it is there; ``False``: the disk has no room for it, and nothing is taken."""
        if self.held:
            return True
        try:
            with self._file.open("wb", buffering=0) as file:
                _fill(file.fileno())
        except OSError:
            self.let_go()
        return self.held

    def let_go(self) -> None:
        """Give its room to whatever is written next."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def _fill(handle: int) -> None:
    if hasattr(os, "posix_fallocate"):
        with suppress(OSError):  # not every file system can
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
            return
    piece = bytes(1 << 20)
    while (at := os.lseek(handle, 0, os.SEEK_CUR)) < RESERVE_BYTES:
        os.write(handle, piece[: RESERVE_BYTES - at])
