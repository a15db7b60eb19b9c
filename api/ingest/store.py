"""Whether the readings store answers this process, looked at for the page of the way in.

A collector meets the store's trouble when it writes. On a site where nothing is sent just now nobody would say a word,
while the pages that read from the store have nothing to show.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from ingest.patience import STORE, kind_of
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.errors import PlantroomError, Unreachable

log = structlog.get_logger()

KEPT_S = 5.0
"""Every open page asks each two seconds."""

PATIENCE_S = 1.0
"""How long a page waits for a look; a store that hangs is told by the next ones."""

HANGS_S = 3.0


class StoreSeen:
    """The store's trouble, at most ``KEPT_S`` old; one look at a time, in a thread of its own. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look: threading.Event | None = None
        self._begun_at = -KEPT_S
        self._trouble: Trouble | None = None

    def trouble(self, ping: Callable[[], None], now: Callable[[], datetime]) -> Trouble | None:
        """What ``ping`` met (``None``: it answers, or nobody knows yet). Never raises."""
        with self._lock:
            look = self._look
            if look is None and time.monotonic() - self._begun_at >= KEPT_S:
                look = self._look = threading.Event()
                self._begun_at = time.monotonic()
                threading.Thread(target=self._ping, args=(look, ping, now), name="store-look", daemon=True).start()
        if look is not None:
            look.wait(PATIENCE_S)
        with self._lock:
            hangs_s = time.monotonic() - self._begun_at
            if self._look is not None and hangs_s >= HANGS_S:
                self._note(TroubleKind.STORE_AWAY, f"{STORE}: no answer for {hangs_s:.0f} s", now)
            return self._trouble

    def _ping(self, look: threading.Event, ping: Callable[[], None], now: Callable[[], datetime]) -> None:
        kind, words = None, ""
        try:
            ping()
        except Unreachable as error:
            kind, words = kind_of(STORE, error), str(error)
        except PlantroomError as error:
            kind, words = TroubleKind.STORE_AWAY, str(error)
        finally:
            with self._lock:
                self._look = None
                if kind is None:
                    self._trouble = None
                else:
                    self._note(kind, words, now)
            look.set()

    def _note(self, kind: TroubleKind, words: str, now: Callable[[], datetime]) -> None:
        known = self._trouble
        since = known.since if known is not None and known.kind is kind else now()
        self._trouble = Trouble(kind, words, since=since)
