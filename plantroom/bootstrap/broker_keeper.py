"""Keeps the broker's files equal to the ledger, whoever changed it."""

import threading
from pathlib import Path

import structlog

from gateway.broker.writing import Stamp, identity_of, stamp
from maintenance.ports import MaintenanceTx
from plantroom.bootstrap.wire import broker_folder, keep
from plantroom.errors import PlantroomError
from plantroom.ports.ledger import Ledger
from plantroom.settings import Settings

log = structlog.get_logger()
LOOK_EVERY_S = 2.0


class BrokerKeeper:
    """A thread that looks every two seconds whether devices or files have changed, and only then compares them.

    Any number of processes may do so: each writes what the ledger says, and nothing where it stands there already.
    """

    def __init__(self, settings: Settings, ledger: Ledger[MaintenanceTx]) -> None:
        self._settings, self._ledger = settings, ledger
        self._seen: tuple[Path, int, Stamp] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-files", daemon=True)
        self._problem = ""

    def start(self) -> None:
        """Begin; the first look is at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is going on."""
        self._stopping.set()
        self._thread.join(LOOK_EVERY_S)

    def look(self) -> None:
        """Bring the files up to date if need be. Raises ``Unreachable``, ``Contended``."""
        folder = broker_folder(self._settings)
        if folder is None:
            return
        noted = self._settings.broker_files is not None
        with self._ledger.read() as tx:
            changes, known = tx.devices.changes(), {one.id for one in tx.devices.files()}
        unknown = noted and identity_of(folder) not in known
        if unknown or (folder, changes, stamp(folder)) != self._seen:
            files = keep(folder, self._ledger, noted=noted)
            self._seen = None if files is None else (folder, changes, files)

    def _run(self) -> None:
        while True:
            try:
                self.look()
                self._note("")
            except PlantroomError as error:
                self._note(str(error))
            except Exception as error:  # outermost loop of the thread: the next look tries again
                log.exception("broker_files_look_failed")
                self._problem = f"internal error {type(error).__name__}: {error}"
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def _note(self, problem: str) -> None:
        """Said once, however often it comes."""
        if problem and problem != self._problem:
            log.warning("broker_files_not_kept", problem=problem, retry_s=LOOK_EVERY_S)
        self._problem = problem
