"""The ledger's publisher credentials and the files that the broker reads them from."""

from collections.abc import Sequence
from pathlib import Path

from gateway.broker.files import RULES
from gateway.broker.writing import update
from maintenance.ports import MaintenanceTx
from plantroom.ports.devices import Device
from plantroom.ports.ledger import Ledger
from plantroom.settings import Settings

NOWHERE = (
    "no broker reads credentials yet: on a site `plantroom broker config` writes its files (then set"
    " PLANTROOM_BROKER_FILES), in a trial PLANTROOM_MQTT_HOST opens it to other machines"
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


def tell_broker(settings: Settings, ledger: Ledger[MaintenanceTx]) -> str:
    """Have the broker know the credentials as they are now; says in one sentence what came of it.

    Raises ``Unreachable`` when the files cannot be written: the ledger and the broker then differ.
    """
    folder = broker_folder(settings)
    return NOWHERE if folder is None else update(folder, lambda: devices_of(ledger))
