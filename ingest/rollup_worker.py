"""The thread that rolls up and expires, beside the ingest of a collector."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from ingest.rollups import RollUps
from plantroom.errors import PlantroomError

log = structlog.get_logger()

POLL_S = 5.0
"""How often it looks for windows that are over."""

EXPIRE_EVERY_S = 3600.0
_RETRY_S = (1.0, 5.0, 15.0, 60.0)


class RollUpWorker:
    """Runs ``RollUps`` for the sites that ``sites()`` names, until stopped. ``failures`` counts turns that failed."""

    def __init__(self, roll_ups: RollUps, sites: Callable[[], Sequence[str]], poll_s: float = POLL_S) -> None:
        self._roll_ups = roll_ups
        self._sites = sites
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._expired_at = time.monotonic() - EXPIRE_EVERY_S + 60.0
        self.failures = 0

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="roll-ups", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the turn at hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def figures(self) -> Mapping[str, float]:
        """For the collector's report: windows computed since the start, windows that are marked now, rows deleted as
        far as the store counts them, turns that failed."""
        return {
            "windows_rolled_up": self._roll_ups.rolled_up,
            "windows_dirty": self._roll_ups.dirty,
            "readings_expired": self._roll_ups.expired,
            "roll_up_failures": self.failures,
        }

    def _run(self) -> None:
        in_a_row = 0
        while not self._stopping.is_set():
            try:
                worked = self._turn()
            except PlantroomError as error:
                in_a_row = self._failed(in_a_row, error)
            except Exception as error:  # noqa: BLE001 (outermost loop of the thread: logged and counted)
                in_a_row = self._failed(in_a_row, error)
            else:
                in_a_row = 0
                if not worked:
                    self._stopping.wait(self._poll_s)

    def _turn(self) -> int:
        worked = self._roll_ups.run_once(self._sites())
        if time.monotonic() - self._expired_at >= EXPIRE_EVERY_S:
            self._roll_ups.expire(self._stopping.is_set)
            self._expired_at = time.monotonic()
        return worked

    def _failed(self, in_a_row: int, error: Exception) -> int:
        self.failures += 1
        pause_s = _RETRY_S[min(in_a_row, len(_RETRY_S) - 1)]
        log.warning("roll_up_failed", error=str(error), type=type(error).__name__, retry_s=pause_s)
        self._stopping.wait(pause_s)
        return in_a_row + 1
