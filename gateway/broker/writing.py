"""Putting the broker's files on the disk, whole or not at all, and having a running broker read them."""

import fcntl
import os
import pwd
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.broker.files import CERTIFICATE_RULES, PASSWORDS, PID, RULES, certificate_rules, password_file, rules
from plantroom.errors import Unreachable
from plantroom.ports.devices import Device

PUBLIC, SHARED, PRIVATE = 0o644, 0o640, 0o600
"""Modes: certificates and configuration; what the broker's group reads; what only the owner reads."""

Owner = tuple[int, int]


def owner_of(user: str) -> Owner | None:
    """User and group number for files that ``user`` reads, when this process may give files away."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        entry = pwd.getpwnam(user)
        return entry.pw_uid, entry.pw_gid
    return None


def write_file(path: Path, text: str | bytes, mode: int, owner: Owner | None = None) -> None:
    """Replace a file in one step. Raises ``OSError``."""
    raw = text.encode() if isinstance(text, str) else text
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """One writer at a time, whichever process it is in. Raises ``Unreachable`` for a folder that cannot be used."""
    try:
        handle = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise Unreachable(f"broker files in {folder}", error.strerror or str(error)) from error
    with os.fdopen(handle, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_devices(folder: Path, devices: Sequence[Device], owner: Owner | None = None) -> None:
    """Replace password file and access rules; to be called while the folder is held. Raises ``Unreachable``.

    Files that are replaced keep their owner. Both files of rules are written, since the broker has its old
    configuration until it is started again. The rules go first: a name that is new is refused until both are there.
    """
    try:
        texts = {
            RULES: rules(devices),
            CERTIFICATE_RULES: certificate_rules(devices),
            PASSWORDS: password_file(devices),
        }
        for name, text in texts.items():
            write_file(folder / name, text, SHARED, owner or _owner_now(folder / name))
    except OSError as error:
        raise Unreachable(f"broker files in {folder}", error.strerror or str(error)) from error


def _owner_now(path: Path) -> Owner | None:
    if os.geteuid() != 0 or not path.exists():
        return None
    found = path.stat()
    return found.st_uid, found.st_gid


def update(folder: Path, load: Callable[[], Sequence[Device]]) -> str:
    """Write what ``load`` gives into the folder and have the broker read it; says in one sentence what came of it.

    ``load`` runs while the folder is held: of several changes at once the last to be written knows all of them.
    Raises ``Unreachable``.
    """
    with held(folder):
        write_devices(folder, load())
    return reload_broker(folder)


def reload_broker(folder: Path) -> str:
    """Send SIGHUP to the broker whose number is in the folder's pid file; says in one sentence what came of it."""
    path = folder / PID
    by_hand = (
        f"{folder} is written. No broker that runs on this machine uses it, so none was told: one that is started later"
        " reads it then, one on another machine or in a container needs a SIGHUP (the compose file's looks by itself)"
    )
    try:
        pid = int(path.read_text(encoding="utf-8"))
        if "mosquitto" not in Path(f"/proc/{pid}/comm").read_text(encoding="utf-8"):
            return by_hand
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError):
        return by_hand
    return "the running broker has been told to read its files again"
