"""A data folder belongs to one collector at a time."""

import fcntl
from pathlib import Path
from typing import TextIO

from plantroom.errors import SettingError
from plantroom.settings import EXPECTED


def hold_folder(folder: Path) -> TextIO:
    """Hold the collector's lock on a data folder until what comes back is closed, or the process ends.

    To be called before anything in the folder is touched. Raises ``SettingError`` when another process has it.
    """
    file = (folder / "collect.lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        problem = f"{folder} is in use by another plantroom process"
        raise SettingError("PLANTROOM_DATA_DIR", problem, "a folder of its own for each collector") from error
    return file


def is_held(folder: Path) -> bool:
    """Whether a process holds the folder's lock now. Raises ``SettingError`` when the folder cannot be looked into."""
    try:
        # A shared lock needs no right to write: the folder may be read-only, or another user's.
        with (folder / "collect.lock").open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        problem = f"{folder} cannot be looked into ({error.strerror})"
        raise SettingError("PLANTROOM_DATA_DIR", problem, EXPECTED["data_dir"]) from error
    return False
