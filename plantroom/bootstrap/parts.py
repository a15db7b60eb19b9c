"""The parts that both roles share: ledger, readings store, class data, clock."""

import gc
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import structlog

from maintenance.ports import MaintenanceTx
from maintenance.reading_port import PointReadings
from plantroom.catalogue import equipment_classes, systems
from plantroom.domain.assets import EquipmentClass, LocalName, Site
from plantroom.domain.authorship import acting_system
from plantroom.errors import SettingError, Unreachable
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.clock import Clock, FixedClock, SystemClock
from plantroom.ports.ledger import Ledger
from plantroom.ports.readings import ReadingsStore, Retention
from plantroom.settings import EXPECTED, PREFIX, Settings

log = structlog.get_logger()

DEMO_SITE = Site("demo", LocalName("演示园区", "Demo estate"))
RETRY_S = 2.0
SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Parts:
    """What every role and most commands need, opened."""

    settings: Settings
    ledger: Ledger[MaintenanceTx]
    readings: ReadingsStore
    classes: Mapping[str, EquipmentClass]
    clock: Clock
    planning_clock: Clock

    def plan_readings(self) -> PointReadings:
        """The readings that the plan goes by, with a memory of their own. The store has to be open."""
        from plantroom.bootstrap.plan_readings import StoredReadings

        return StoredReadings(self.readings)

    @property
    def systems(self) -> Mapping[str, Sequence[str]]:
        """Classes of each system, by the system's key."""
        return {key: list(system.classes) for key, system in systems().items()}

    def close(self) -> None:
        """Close store and ledger."""
        self.readings.close()
        self.ledger.close()


def planning_clock(settings: Settings) -> Clock:
    """The clock of planning commands: the machine's, or the one that ``PLANTROOM_NOW`` fixes."""
    return FixedClock(settings.now) if settings.now else SystemClock()


def make_data_dir(settings: Settings) -> None:
    """Create the data folder. Raises ``SettingError`` when it cannot be used."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
        if not os.access(settings.data_dir, os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission to write")
    except OSError as error:
        problem = f"{settings.data_dir}: {error.strerror}"
        raise SettingError("PLANTROOM_DATA_DIR", problem, EXPECTED["data_dir"]) from error


def make_ledger(settings: Settings) -> Ledger[MaintenanceTx]:
    """The ledger of the settings, not opened."""
    from plantroom.storage.ledger import SqlLedger

    return SqlLedger(settings.ledger)


def make_readings(settings: Settings) -> ReadingsStore:
    """The readings store of the settings, not opened."""
    from plantroom.storage.readings.factory import open_readings

    retention = Retention(settings.retention_raw_days, settings.retention_10m_days)
    return open_readings(settings.readings, settings.data_dir, retention)


def open_parts(
    settings: Settings,
    wait: threading.Event | None = None,
    seed: bool = True,
    *,
    with_readings: bool = True,
    make_folder: bool = True,
) -> Parts:
    """Make and open everything; an empty ledger is given what it needs unless ``seed`` is off.

    With ``wait`` given (a role), a server out of reach is waited for until the event is set; without (a
    command), ``Unreachable`` comes at once. A readings store out of reach never keeps a role from starting:
    the gateway spools meanwhile. ``with_readings`` off (a command that needs the ledger only): the store is made and
    its setting checked, but nothing asks whether it is there. ``make_folder`` off: a data folder that is not there is
    not made, for a command on a ledger elsewhere, which needs none.
    """
    if make_folder or os.path.lexists(settings.data_dir):
        make_data_dir(settings)
    ledger, readings = make_ledger(settings), make_readings(settings)
    require_folder("PLANTROOM_LEDGER_URL", settings.ledger, Path.cwd())
    if with_readings:
        require_folder("PLANTROOM_READINGS_URL", settings.readings, settings.data_dir)
    _open(ledger.open, wait)
    if seed:
        with acting_system("first-start"):
            first_start(ledger, settings)
    if with_readings:
        _open_readings(readings, wait)
    return Parts(settings, ledger, readings, equipment_classes(), SystemClock(), planning_clock(settings))


def _open_readings(readings: ReadingsStore, wait: threading.Event | None) -> None:
    try:
        readings.open()
    except Unreachable as error:
        if wait is None:
            raise
        log.warning("readings_store_unreachable", problem=str(error))
        threading.Thread(target=_open_late, args=(readings.open, wait), name="open-readings", daemon=True).start()


def require_folder(name: str, url: str, base: Path, *, make: bool = True) -> None:
    """Make the folder of an SQLite file, or only see whether it could be made; ``base`` is where a relative one starts.
    Other URLs are left alone.

    A server may come back by itself and is waited for, a folder that cannot be written to does not: raises
    ``SettingError`` for the setting ``name``.
    """
    if not url.startswith(SQLITE):
        return
    folder = (base / unquote(url.removeprefix(SQLITE))).parent
    expected = EXPECTED[name.removeprefix(PREFIX).lower()]
    try:
        if not make:
            folder = next(one for one in (folder, *folder.absolute().parents) if os.path.lexists(one))
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(name, f"{folder}: {error.strerror}", expected) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingError(name, f"{folder}: no permission to write", expected)


def _open_late(action: Callable[[], None], wait: threading.Event) -> None:
    """As ``_open``, in a thread: being stopped is no error."""
    with suppress(Unreachable):
        _open(action, wait)


def _open(action: Callable[[], None], wait: threading.Event | None) -> None:
    while True:
        try:
            action()
        except Unreachable as error:
            if wait is None:
                raise
            gc.enable()  # off while a role is loaded: who waits for hours collects what each try leaves
            log.warning("waiting_for_server", problem=str(error), retry_s=RETRY_S)
            if wait.wait(RETRY_S):
                raise
        else:
            return


def first_start(ledger: Ledger[MaintenanceTx], settings: Settings) -> None:
    """Make what an empty ledger needs: the site ``demo``, the user ``admin``, the default plan profile.

    ``DIR/initial-admin`` (mode 0600) then holds the user and its password, a line each.
    """
    with ledger.read() as tx:
        if tx.accounts.users():
            return
    from api.passwords import hash_password
    from maintenance.seed import seed_default_profile

    password = secrets.token_urlsafe(12)
    hashed = hash_password(password)
    with ledger.begin() as tx:
        tx.plan.hold()  # several that start at once on one empty ledger: the others find what the first has made
        if tx.accounts.users():
            return
        if not tx.assets.sites():
            tx.assets.add_site(DEMO_SITE)
        tx.accounts.put_user(
            User(secrets.token_hex(8), "admin", hashed, (Grant(Role.ADMIN),), name="管理员", language="zh")
        )
        seed_default_profile(tx)
        write_private(settings.data_dir / "initial-admin", f"admin\n{password}\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all. Raises ``OSError``."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
