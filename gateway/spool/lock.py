"""One spool object to a folder: whoever opens it a second time, in this process or another, is told so."""

import errno
import fcntl
import os
import weakref
from pathlib import Path


class FolderLock:
    """A lock on the folder itself, held until ``close`` or until nobody has this object any more. Raises ``OSError``
    when another one holds it."""

    def __init__(self, folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise OSError(
                errno.EBUSY, "in use: another collector or worker has this spool open", str(folder)
            ) from error
        except OSError:
            os.close(handle)
            raise
        self._let_go = weakref.finalize(self, _let_go, handle)

    def close(self) -> None:
        """Let others have it. Closing twice is allowed."""
        self._let_go()


def _let_go(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)
