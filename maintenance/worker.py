"""The thread that works off a queue of the ledger as it fills: findings into tickets, rounds into readings."""

import threading
from typing import Protocol

import structlog

from maintenance.ports import MaintenanceTx
from plantroom.domain.authorship import acting_system
from plantroom.errors import PlantroomError
from plantroom.ports.ledger import Ledger

IDLE_S = 1.0
"""How long it waits for a change before it looks anyway."""

BREATH_S = 0.01
"""How long it waits between two batches, so that others who wait to write to the ledger get their turn."""

RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
"""How long it rests after each failure in a row; the last from then on."""


class Consumer(Protocol):
    """What works a queue off, batch by batch."""

    def run_once(self) -> int:
        """Work off the next batch; gives how many entries it had (0: nothing waits)."""
        ...


class MaintenanceWorker:
    """Runs a consumer until stopped. ``failures`` counts batches that had to be tried again; ``name`` is the
    thread's and stands in the log."""

    def __init__(
        self, ledger: Ledger[MaintenanceTx], consumer: Consumer, idle_s: float = IDLE_S, name: str = "findings"
    ) -> None:
        self._name = name
        self._ledger = ledger
        self._consumer = consumer
        self._idle_s = idle_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger()
        self.failures = 0
        self.applied = 0

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=f"maintenance-{self._name}", daemon=True)
            self._thread.start()

    def begin_stop(self) -> None:
        """Take no further batch."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the batch that is running; waits for it."""
        self.begin_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        with acting_system(self._name):
            self._work()

    def _work(self) -> None:
        in_a_row = 0
        while not self._stopping.is_set():
            try:
                count = self._consumer.run_once()
            except PlantroomError as error:
                in_a_row = self._failed(in_a_row, error)
            except Exception as error:  # noqa: BLE001 (outermost loop of the thread: logged and counted)
                in_a_row = self._failed(in_a_row, error)
            else:
                in_a_row = 0
                self.applied += count
                if count == 0:
                    self._ledger.wait_for_change(self._idle_s)
                else:
                    self._stopping.wait(BREATH_S)

    def _failed(self, in_a_row: int, error: Exception) -> int:
        self.failures += 1
        pause = RETRY_S[min(in_a_row, len(RETRY_S) - 1)]
        self._log.warning(
            "batch_not_applied", queue=self._name, error=str(error), type=type(error).__name__, retry_s=pause
        )
        self._stopping.wait(pause)
        return in_a_row + 1
