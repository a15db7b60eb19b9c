"""Importing, undoing and exporting on a ledger, for the tests."""

import io
from typing import Any

from maintenance.imports.exporting import export
from maintenance.imports.kinds import Asked
from maintenance.imports.ports import Mode
from maintenance.imports.registry import KINDS
from maintenance.imports.running import Wanted, run_import, undo_import
from maintenance.ports import MaintenanceTx
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW

Store = Ledger[MaintenanceTx]


def take(
    ledger: Store,
    kind: str,
    text: str | bytes,
    mode: Mode = Mode.COMMIT,
    import_id: str | None = None,
    site: str | None = None,
) -> dict[str, Any]:
    data = text if isinstance(text, bytes) else text.encode()
    wanted = Wanted(kind, "t.csv", mode, Asked("somebody", NOW, site), import_id)
    return run_import(ledger, wanted, io.BytesIO(data), FixedClock(NOW))


def undo(ledger: Store, import_id: str) -> dict:  # type: ignore[type-arg]
    return undo_import(ledger, import_id, Asked("somebody", NOW))


def exported(ledger: Store, kind: str, form: str = "csv") -> bytes:
    with ledger.read() as tx:
        return export(tx, KINDS[kind], form, "zh", None).content
