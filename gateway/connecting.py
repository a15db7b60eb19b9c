"""When a session may try to connect, and how long it waits before it tries again."""

import random
import time
from collections.abc import Callable

RETRY_MIN_S = 0.2
RETRY_MAX_S = 30.0
SAFETY_RETRY_MAX_S = 5.0
"""Of a safety lane: when the broker is back its events wait for nothing else."""

KEEPALIVE_S = 15
"""A broker that hangs shows after twice as long; it ends the connection when a sync takes 1.5 times as long."""

STEADY_S = 10.0
"""A connection that has stood for so long begins the pauses anew when it ends."""

LASTING_S = 60.0
"""Twice the longest pause: of two that take one session from each other neither keeps it for so long."""

BRIEF_MAX = 3
"""So many in a row that did not last are told."""


def full_jitter(attempt: int, rng: random.Random, longest_s: float = RETRY_MAX_S) -> float:
    """Seconds to wait before retry number ``attempt`` (0, 1, ...): uniform under a doubling cap."""
    return rng.uniform(0, min(longest_s, RETRY_MIN_S * 2 ** min(attempt, 16))) + 0.05


ConnectGate = Callable[[int], str | None]


def always_open(connects: int) -> str | None:
    """Nothing keeps the session from connecting."""
    del connects
    return None


class Connections:
    """How long a session's connections last. The session's thread drives it; any thread may ask."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: float | None = None
        self.attempt = 0
        """How many pauses there were since a connection was steady."""
        self.brief = 0
        """How many did not last, in a row and without an attempt that failed in between."""
        self.by_us = False
        """To be set when this one may end because of us: while nothing can be written nothing is read, no answer to a
        PING either."""

    def stands(self) -> None:
        """A connection begins."""
        self._since = self._monotonic()

    def ended(self) -> bool:
        """It is over, or the attempt has failed; gives whether it was steady."""
        since, self._since = self._since, None
        stood_s = -1.0 if since is None else self._monotonic() - since
        self.brief = self.brief + 1 if 0 <= stood_s < LASTING_S and not self.by_us else 0
        self.by_us = False
        if stood_s >= STEADY_S:
            self.attempt = 0
        return stood_s >= STEADY_S

    def taken(self) -> bool:
        """Whether it looks as if somebody else took the session again and again."""
        since = self._since
        return self.brief >= BRIEF_MAX and (since is None or self._monotonic() - since < LASTING_S)
