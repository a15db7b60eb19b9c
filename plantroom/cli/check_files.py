"""What ``check`` says of the broker's password and access files: whether they are what the ledger says."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from plantroom.cli.check_flow import Look
from plantroom.errors import PlantroomError
from plantroom.settings import Settings

if TYPE_CHECKING:
    from maintenance.ports import MaintenanceTx
    from plantroom.ports.devices import BrokerFiles, Device
    from plantroom.ports.ledger import Ledger

SETTLE_S = 6.0
"""How long files may differ: whoever keeps them looks every two seconds."""

POLL_S = 0.25
SHOWN = 5
Line = tuple[Look, str, str]


def credential_files(settings: Settings) -> list[Line]:
    """By a ledger that can be read: a line for the files of the settings and one for each others that lack a change;
    nothing where there are none."""
    from plantroom.bootstrap.parts import make_ledger

    until = time.monotonic() + SETTLE_S
    try:
        with closing(make_ledger(settings)) as ledger:
            ledger.open()
            while True:
                found = _lines(settings, ledger)
                if time.monotonic() > until or not any(line[0] is Look.FAIL for line in found):
                    return found
                time.sleep(POLL_S)
    except PlantroomError:
        return []


def _lines(settings: Settings, ledger: "Ledger[MaintenanceTx]") -> list[Line]:
    from gateway.broker.writing import identity_of
    from plantroom.bootstrap.wire import broker_folder

    folder = broker_folder(settings)
    with ledger.read() as tx:
        devices, changes, files = tx.devices.list(), tx.devices.changes(), tx.devices.files()
    identity = None if folder is None else identity_of(folder)
    own = [] if folder is None else [_own(folder, devices, known=any(one.id == identity for one in files))]
    others = [one for one in files if one.id != identity and one.folder != str(folder)]
    return own + [_other(one, changes) for one in others]


def _own(folder: Path, devices: "Sequence[Device]", *, known: bool) -> Line:
    from gateway.broker.writing import differing, names_in
    from plantroom.bootstrap.wire import require_own

    if _closed(folder):
        advice = "run `plantroom check` as a user that reads them"
        return Look.WARN, f"{folder}: not known, this user may not read them", advice
    try:
        stale = differing(folder, devices)
        if not stale:
            return Look.OK, f"{folder} has what the ledger has", ""
        require_own(folder, devices, known=known)
        there, wanted = names_in(folder), {d.username for d in devices if d.revoked_at is None}
    except PlantroomError as error:
        return Look.FAIL, str(error), "name the broker's folder in PLANTROOM_BROKER_FILES, and use that broker's ledger"
    words = [f"{folder} differs from the ledger ({', '.join(stale)})"]
    words += _named("still let in though the ledger has them revoked or not at all", there - wanted)
    words += _named("not let in yet", wanted - there)
    advice = (
        "`plantroom serve` and `plantroom collect` with PLANTROOM_BROKER_FILES write the files: start one, or see in"
        " its log why it cannot; or run `plantroom broker config` as before"
    )
    return Look.FAIL, "; ".join(words), advice


def _closed(folder: Path) -> bool:
    """Whether this user may not read the files, or not even enter the folder."""
    from gateway.broker.files import PASSWORDS

    try:
        (folder / PASSWORDS).open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _named(what: str, names: "set[str] | frozenset[str]") -> list[str]:
    shown = sorted(names)[:SHOWN]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{what}: {', '.join(shown)}{more}"] if names else []


def _other(files: "BrokerFiles", changes: int) -> Line:
    from plantroom.bootstrap.wire import place, remedy

    lacking = changes - files.changes
    if lacking <= 0:
        return Look.OK, f"{place(files)} has what the ledger has; {files.told}", ""
    return (
        Look.FAIL,
        f"{place(files)} lacks the last {lacking} changes of devices (written {files.written_at:%Y-%m-%d %H:%M} UTC)",
        remedy(files),
    )
