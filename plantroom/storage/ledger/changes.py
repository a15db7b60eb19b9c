"""Waking those who wait for findings or live events."""

import threading
import time
from abc import ABC, abstractmethod

import structlog

log = structlog.get_logger()


class ChangeSignal(ABC):
    """Counts the changes seen; each waiting thread remembers the count it has seen.

    Nothing is lost between a thread's reading and its waiting: a change after ``open`` (or after the thread's
    last ``wait``) ends the next ``wait`` at once. The thread that watches the database starts with the first
    ``wait``, so that short commands pay nothing.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._seen = threading.local()
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change; ``False`` when the time was over first."""
        deadline = time.monotonic() + timeout_s
        with self._condition:
            self._start()
            seen: int = getattr(self._seen, "count", 0)
            while self._count == seen and not self._stopping.is_set():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._condition.wait(left)
            changed = self._count != seen
            self._seen.count = self._count
            return changed

    def raise_(self) -> None:
        """Say that something changed."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def remember(self) -> None:  # noqa: B027 (nothing to remember where the database says every change)
        """Changes count from here (called once, at the end of opening)."""

    def poke(self) -> None:  # noqa: B027 (a hint: doing nothing is right where the database says it itself)
        """This process has just committed findings or live events."""

    def stop(self) -> None:
        """End the watching; waiting threads come back."""
        self._stopping.set()
        self.poke()
        with self._condition:
            self._condition.notify_all()
        if self._watcher is not None:
            self._watcher.join(timeout=5.0)

    def _start(self) -> None:
        if self._watcher is None and not self._stopping.is_set():
            self._watcher = threading.Thread(target=self._run, name="ledger-changes", daemon=True)
            self._watcher.start()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception:
            log.exception("ledger_watch_ended")

    @abstractmethod
    def _watch(self) -> None:
        """Until ``_stopping``: call ``raise_`` for every change, wait out a database that is away."""
