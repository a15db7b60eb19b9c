"""The ledger's publisher credentials and the files that the broker reads them from."""

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from gateway.broker.files import PASSWORDS, RULES
from gateway.broker.writing import (
    Stamp,
    credentials_in,
    differing,
    held,
    identity_of,
    reload_broker,
    stamp,
    write_devices,
)
from maintenance.ports import MaintenanceTx
from plantroom.errors import PlantroomError, Unreachable
from plantroom.ports.devices import BrokerFiles, Device
from plantroom.ports.ledger import Ledger
from plantroom.settings import Settings

log = structlog.get_logger()

NOWHERE = (
    "no broker that reads credentials is known here: on a site `plantroom broker config` writes its files (then set"
    " PLANTROOM_BROKER_FILES), in a trial PLANTROOM_MQTT_HOST opens it to other machines"
)
WAIT_S = 10.0
"""How long a change waits for others to bring it to the broker; they look every two seconds."""

POLL_S = 0.2


class ForeignFiles(Unreachable):
    """Files with credentials none of which the ledger ever had: it is hardly theirs."""


class NotBrought(Unreachable):
    """Nothing that runs has written a change into files that the ledger knows of."""

    def __init__(self, files: BrokerFiles, waited_s: float) -> None:
        super().__init__(
            f"broker files in {place(files)}",
            f"the ledger has the change, the broker does not: PLANTROOM_BROKER_FILES is not set here, and no process"
            f" that has it wrote the change within {waited_s:.0f} s. What to do: {remedy(files)}",
        )


def broker_folder(settings: Settings) -> Path | None:
    """Where credentials have to be written: the folder that is set, else the trial broker's when it has them."""
    if settings.broker_files is not None:
        return settings.broker_files
    trial = settings.data_dir / "broker"
    return trial if (trial / RULES).exists() else None


def devices_of(ledger: Ledger[MaintenanceTx]) -> Sequence[Device]:
    """Every credential, those that have ended included."""
    with ledger.read() as tx:
        return tx.devices.list()


def bring(folder: Path, ledger: Ledger[MaintenanceTx], *, noted: bool) -> str:
    """Write the credentials as they are now and have the broker read them; says in one sentence what came of it.

    The ledger is read while the folder is held: of several changes at once the last to be written knows all of them.
    ``noted``: the ledger shall know of these files. Raises ``Unreachable`` when they cannot be written,
    ``ForeignFiles`` when they are another ledger's.
    """
    with held(folder) as identity:
        with ledger.read() as tx:
            devices, changes = tx.devices.list(), tx.devices.changes()
            known = any(one.id == identity for one in tx.devices.files())
        require_own(folder, devices, known=known)
        write_devices(folder, devices)
        told = reload_broker(folder)
        if noted:
            try:
                _note(ledger, identity, folder, changes, told)
            except PlantroomError as error:  # the broker has the change: whoever keeps the files notes it
                log.warning("broker_files_not_noted", folder=str(folder), problem=str(error))
    return told


def keep(folder: Path, ledger: Ledger[MaintenanceTx], *, noted: bool) -> Stamp | None:
    """As ``bring``, where the files differ from the ledger or the broker may not have read them; gives which files
    were found equal (``None``: none were, and others are written; somebody may change these at once).

    Raises ``Unreachable`` when they cannot be written, ``ForeignFiles`` when they are another ledger's.
    """
    with held(folder) as identity:
        with ledger.read() as tx:
            devices, changes = tx.devices.list(), tx.devices.changes()
            known = [one for one in tx.devices.files() if one.id == identity]
        seen, stale = stamp(folder), differing(folder, devices)
        if stale:
            require_own(folder, devices, known=bool(known))
            write_devices(folder, devices)
        if stale or (noted and _behind(known, folder, changes)):
            told = reload_broker(folder)
            if noted:
                _note(ledger, identity, folder, changes, told)
            by_others = PASSWORDS in stale and any(one.changes == changes for one in known)
            say = log.warning if by_others else log.info
            event = "broker_files_changed_by_others" if by_others else "broker_files_brought"
            say(event, folder=str(folder), written=list(stale), told=told)
        return None if stale else seen


def require_own(folder: Path, devices: Sequence[Device], *, known: bool) -> None:
    """Raises ``ForeignFiles`` for files with credentials that the ledger neither knows, by the folder's identity, nor
    ever had one of. A name does not do: two sites may use the same, never the same salt."""
    there = frozenset() if known else credentials_in(folder)
    if not there or there & {f"{d.username}:{d.password_hash}" for d in devices}:
        return
    problem = (
        f"have {len(there)} credentials, this ledger never had one of them: it is hardly that broker's ledger, and the"
        " files stay as they are. Use that broker's ledger (--data-dir, PLANTROOM_DATA_DIR, PLANTROOM_LEDGER_URL) or"
        " another folder; or run `plantroom broker config` with the options of before and `--take-over`, which cuts"
        " those publishers off"
    )
    raise ForeignFiles(f"broker files in {folder}", problem)


def guard(ledger: Ledger[MaintenanceTx], devices: Sequence[Device]) -> Callable[[Path], None]:
    """``require_own`` by what the ledger knows now."""
    with ledger.read() as tx:
        known = frozenset(one.id for one in tx.devices.files())
    return lambda folder: require_own(folder, devices, known=identity_of(folder) in known)


def _behind(known: Sequence[BrokerFiles], folder: Path, changes: int) -> bool:
    return [(one.folder, one.changes) for one in known] != [(str(folder), changes)]


def _note(ledger: Ledger[MaintenanceTx], identity: str, folder: Path, changes: int, told: str) -> None:
    with ledger.begin() as tx:
        written = BrokerFiles(identity, str(folder), socket.gethostname(), changes, told, tx.collect.now())
        tx.devices.put_files(written)


def tell_broker(settings: Settings, ledger: Ledger[MaintenanceTx], wait_s: float = WAIT_S) -> str:
    """Have the broker know the credentials as they are now; says in one sentence what came of it.

    Where no folder is set and the ledger knows of files, a process that keeps them brings the change, and is waited
    for. Raises ``Unreachable`` when the files cannot be written or nobody did: ledger and broker then differ.
    """
    folder, said = broker_folder(settings), []
    if folder is not None:
        said.append(bring(folder, ledger, noted=settings.broker_files is not None))
    if settings.broker_files is None:
        said += _wait_for_others(ledger, wait_s)
    return "; ".join(said) or NOWHERE


def _wait_for_others(ledger: Ledger[MaintenanceTx], wait_s: float) -> list[str]:
    """Until the files that the ledger knows of have every change of now; a sentence on each."""
    with ledger.read() as tx:
        wanted, files = tx.devices.changes(), tx.devices.files()
    until = time.monotonic() + wait_s
    while behind := [one for one in files if one.changes < wanted]:
        if time.monotonic() > until:
            raise NotBrought(behind[0], wait_s)
        time.sleep(POLL_S)
        with ledger.read() as tx:
            files = tx.devices.files()
    return [f"{place(one)} was written by another process: {one.told}" for one in files]


def place(files: BrokerFiles) -> str:
    """The folder in words."""
    return f"{files.folder} on {files.host}"


def remedy(files: BrokerFiles) -> str:
    """What to do about files that nobody brings up to date."""
    return (
        f"start `plantroom serve` or `plantroom collect` with PLANTROOM_BROKER_FILES={files.folder} there, or run"
        " `plantroom broker config` there as before; if no broker reads them any more, `plantroom broker forget --out"
        f" {files.folder}`"
    )
