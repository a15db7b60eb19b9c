"""Putting the broker's files on the disk, whole or not at all, and having a running broker read them."""

import fcntl
import os
import pwd
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.broker.files import CERTIFICATE_RULES, PASSWORDS, PID, RULES, certificate_rules, password_file, rules
from plantroom.errors import Unreachable
from plantroom.ports.devices import Device

LOCK = ".lock"
PUBLIC, SHARED, PRIVATE = 0o644, 0o640, 0o600
"""Modes: certificates and configuration; what the broker's group reads; what only the owner reads."""

Owner = tuple[int, int]
Stamp = tuple[tuple[int, int, int] | None, ...]
"""Which files a folder has: a file that is replaced has another one."""


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
def held(folder: Path) -> Iterator[str]:
    """One writer at a time, whichever process it is in. Gives the folder's identity, which it keeps however it is
    called on each machine that sees it. Raises ``Unreachable`` for a folder that cannot be used."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield _identity(folder, handle)
    finally:
        os.close(handle)


def _identity(folder: Path, handle: int) -> str:
    found = os.pread(handle, 64, 0).decode(errors="replace").strip()
    if found:
        return found
    made = secrets.token_hex(8)
    try:
        os.pwrite(handle, f"{made}\n".encode(), 0)
    except OSError as error:
        raise _unusable(folder, error) from error
    return made


def identity_of(folder: Path) -> str | None:
    """The folder's identity, where it has one that may be read."""
    try:
        return (folder / LOCK).read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def renew_identity(folder: Path) -> None:
    """Give the held folder another identity: whoever knew it by the former one does no longer. Raises ``OSError``."""
    (folder / LOCK).write_text(f"{secrets.token_hex(8)}\n", encoding="utf-8")


def _unusable(folder: Path, error: OSError) -> Unreachable:
    return Unreachable(f"broker files in {folder}", error.strerror or str(error))


def write_devices(folder: Path, devices: Sequence[Device], owner: Owner | None = None) -> None:
    """Replace password file and access rules; to be called while the folder is held. Raises ``Unreachable``.

    Files that are replaced keep their owner. Both files of rules are written, since the broker has its old
    configuration until it is started again. The rules go first: a name that is new is refused until both are there.
    """
    try:
        for name, text in _texts(devices).items():
            write_file(folder / name, text, SHARED, owner or _owner_now(folder / name))
    except OSError as error:
        raise _unusable(folder, error) from error


def _texts(devices: Sequence[Device]) -> Mapping[str, str]:
    return {
        RULES: rules(devices),
        CERTIFICATE_RULES: certificate_rules(devices),
        PASSWORDS: password_file(devices),
    }


def differing(folder: Path, devices: Sequence[Device]) -> Sequence[str]:
    """Names of the files that are not what ``write_devices`` would write. Raises ``Unreachable`` for those that cannot
    be read."""
    return [name for name, text in _texts(devices).items() if _read(folder / name) != text.encode()]


def names_in(folder: Path) -> frozenset[str]:
    """User names that the password file lets in. Raises ``Unreachable`` when it cannot be read."""
    return frozenset(line.partition(":")[0] for line in credentials_in(folder))


def credentials_in(folder: Path) -> frozenset[str]:
    """The password file's lines, ``name:hash``; a hash has a salt of its own. Raises ``Unreachable`` when it cannot be
    read."""
    lines = (_read(folder / PASSWORDS) or b"").decode(errors="replace").splitlines()
    return frozenset(line.strip() for line in lines if ":" in line)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path.parent, error) from error


def stamp(folder: Path) -> Stamp:
    """Of each of the devices' files which one it is; costs three look-ups."""
    found: list[tuple[int, int, int] | None] = []
    for name in (RULES, CERTIFICATE_RULES, PASSWORDS):
        try:
            seen = (folder / name).stat()
        except OSError:
            found.append(None)
        else:
            found.append((seen.st_ino, seen.st_mtime_ns, seen.st_size))
    return tuple(found)


def _owner_now(path: Path) -> Owner | None:
    if os.geteuid() != 0 or not path.exists():
        return None
    found = path.stat()
    return found.st_uid, found.st_gid


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
    except PermissionError:
        return (
            f"{folder} is written, but this user may not tell the running broker: until it gets a SIGHUP (`kill -HUP"
            f" {pid}` as its user or root) it goes by what it has read before"
        )
    except (OSError, ValueError):
        return by_hand
    return "the running broker has been told to read its files again"
