"""The thread that keeps the history of the way in."""

import threading

import structlog

from api.ingest.reports import reports
from api.services import Services
from plantroom.errors import PlantroomError

log = structlog.get_logger()
EVERY_S = 5.0


class HistorySampler:
    """Notes the collectors' reports in ``services.history`` every ``EVERY_S`` until stopped."""

    def __init__(self, services: Services, every_s: float = EVERY_S) -> None:
        self._services = services
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flow-history", daemon=True)
        self.failures = 0

    def start(self) -> None:
        """Begin, in an own thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self._services.history.note(reports(self._services).told, self._services.clock.now())
            except PlantroomError:
                self.failures += 1  # the ledger is away, which others tell: the chart has a gap
            except Exception:  # outermost loop of the thread: logged and counted
                self.failures += 1
                log.exception("flow_history_failed")
