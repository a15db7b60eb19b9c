"""The thread that seals the history and keeps its published ends as files."""

import threading
from pathlib import Path

import structlog

from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import freeze_missing
from maintenance.records.heads import HeadFolder
from maintenance.records.sealing import OnHead, seal
from plantroom.domain.authorship import acting_system
from plantroom.errors import PlantroomError
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

EVERY_S = 60.0
"""How long an entry waits for its seal at most, when nobody writes history at that moment."""


class Sealer:
    """Seals every minute, publishes once a day (UTC), keeps what was published in a folder of this host.

    ``on_head`` is called with every head that this process has published. ``failures`` counts rounds that did not
    succeed; the next one does all that is left.
    """

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        clock: Clock,
        folder: Path,
        on_head: OnHead | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self._ledger, self._clock, self._on_head, self._every_s = ledger, clock, on_head, every_s
        self._folder = HeadFolder(folder)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger()
        self.failures = 0

    def start(self) -> None:
        """Begin; the first round at once. A second call changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="audit-sealer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run_once(self) -> None:
        """One round, which also freezes what was verified before there were records. A head that the folder has
        otherwise than the ledger is an error in the log."""
        with acting_system("sealer"):
            self._freeze()
            seal(self._ledger, self._clock.now(), self._on_head)
        with self._ledger.read() as tx:
            heads = tx.audit.heads()
        for head in self._folder.keep(heads):
            remedy = "the ledger's history or this folder was changed: run plantroom audit verify"
            self._log.error("audit_head_differs", date=str(head.date), folder=str(self._folder.folder), remedy=remedy)

    def _freeze(self) -> None:
        with self._ledger.read() as tx:
            if not tx.records.unfrozen(1):
                return
        with self._ledger.begin() as tx:
            freeze_missing(tx, self._clock.now())

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.run_once()
            except (PlantroomError, OSError) as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001 (outermost loop of the thread: logged and counted)
                self._failed(error)
            self._stopping.wait(self._every_s)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self._log.warning("audit_not_sealed", error=str(error), type=type(error).__name__)
