"""Whether an installation has begun where the settings point to. Looking for it makes nothing: a list of nothing out of
an empty ledger would calm whoever mistyped a folder."""

import stat
from contextlib import closing
from pathlib import Path

from plantroom.errors import SettingError
from plantroom.settings import Settings

HOW_TO_BEGIN = "`plantroom run`, `collect`, `serve` or `broker config` begins a new one"
FOLDER_OF_ONE = f"the data folder of an installation (--data-dir); {HOW_TO_BEGIN}"
LEDGER_OF_ONE = f"the ledger of an installation; {HOW_TO_BEGIN}"


def require_data_folder(settings: Settings) -> None:
    """Raises ``SettingError`` when there is no such folder, or it cannot be looked at."""
    folder = settings.data_dir
    try:
        if stat.S_ISDIR(folder.stat().st_mode):
            return
        problem = f"{folder} is no folder"
    except (FileNotFoundError, NotADirectoryError):
        problem = f"there is no folder {folder}"
    except OSError as error:
        problem = f"{folder}: {error.strerror}"
    raise SettingError("PLANTROOM_DATA_DIR", problem, FOLDER_OF_ONE)


def require_begun(settings: Settings) -> None:
    """Raises ``SettingError`` when there is no ledger, or one without tables, that names where; ``Unreachable`` when
    its server does not say."""
    if settings.ledger_url is None:
        require_data_folder(settings)
    if not is_begun(settings):
        name = "PLANTROOM_DATA_DIR" if settings.ledger_url is None else "PLANTROOM_LEDGER_URL"
        expected = FOLDER_OF_ONE if settings.ledger_url is None else LEDGER_OF_ONE
        raise SettingError(name, f"there is no ledger in {ledger_place(settings)}", expected)


def is_begun(settings: Settings) -> bool:
    """Whether there is a ledger with tables. Raises ``Unreachable``, ``SettingError``."""
    from plantroom.bootstrap.parts import make_ledger

    with closing(make_ledger(settings)) as ledger:
        return ledger.begun()


def ledger_place(settings: Settings) -> str:
    """Where the ledger is, or would be: the data folder, a file, a server's database; never a password."""
    if settings.ledger_url is None:
        return str(settings.data_dir)
    from sqlalchemy.engine import make_url

    url = make_url(settings.ledger)
    if url.drivername.startswith("sqlite"):
        return str(Path(url.database or ""))
    return f"the database {url.database!r} at {url.host or 'localhost'}:{url.port or 5432}"
