"""One thread that waits for the ledger, and everybody who listens to it."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence

import structlog

from maintenance.ports import MaintenanceTx
from plantroom.errors import Unreachable
from plantroom.ports.ledger import Ledger
from plantroom.ports.live import LiveEvent

log = structlog.get_logger()

KEPT = 4096
"""Events held in memory for listeners; one that falls further behind reads from the ledger."""
BATCH = 500
WAIT_S = 1.0
PAUSE_S = 0.02
"""After a wait that brought nothing: a ledger that is being closed no longer waits at all."""


class Listener:
    """One open stream: told that there may be news, or that it is over."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Wake the stream; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            log.debug("live_listener_gone")

    async def wait(self, timeout_s: float) -> bool:
        """Wait for news, or until the time is over (``False``)."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        self._news.clear()
        return True


class LiveHub:
    """Reads the live log once for all listeners. The thread starts with the first one."""

    def __init__(self, ledger: Ledger[MaintenanceTx]) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._recent: deque[LiveEvent] = deque(maxlen=KEPT)
        self._covered_from: int | None = None
        self._position = 0
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether the streams are to end."""
        return self._closed.is_set()

    def join(self, listener: Listener) -> None:
        """Start to tell a listener of news."""
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None and not self.closed:
                self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
                self._thread.start()

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream and the thread (within a second). From any thread, any number of times."""
        self._closed.set()
        self._tell_all()

    def after(self, position: int) -> Sequence[LiveEvent]:
        """At most ``BATCH`` events behind a position. From memory when it reaches back so far, else from the
        ledger (blocks; ``Unreachable`` when it is away)."""
        with self._lock:
            if self._covered_from is not None and position >= self._covered_from:
                return [e for e in self._recent if e.position > position][:BATCH]
        with self._ledger.read() as tx:
            return list(tx.live.after(position, BATCH))

    def _run(self) -> None:
        while not self.closed:
            try:
                if self._covered_from is None:
                    self._begin()
                if self._ledger.wait_for_change(WAIT_S):
                    self._take_in()
                else:
                    self._closed.wait(PAUSE_S)
            except Unreachable as error:
                log.warning("live_ledger_unreachable", problem=str(error))
                self._closed.wait(WAIT_S)
            except Exception:  # the thread's outermost loop: streams must not die silently
                log.exception("live_hub_failed")
                self._closed.wait(WAIT_S)

    def _begin(self) -> None:
        with self._ledger.read() as tx:
            last = tx.live.last_position()
        with self._lock:
            self._position = self._covered_from = last
        self._tell_all()

    def _take_in(self) -> None:
        while not self.closed:
            with self._ledger.read() as tx:
                fresh = list(tx.live.after(self._position, BATCH))
            if not fresh:
                return
            with self._lock:
                lost = max(0, len(self._recent) + len(fresh) - KEPT)
                if lost:
                    self._covered_from = (list(self._recent) + fresh)[lost - 1].position
                self._recent.extend(fresh)
                self._position = fresh[-1].position
            self._tell_all()

    def _tell_all(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.tell()
