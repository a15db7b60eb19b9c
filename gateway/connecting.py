"""When a session may try to connect, and how long it waits before it tries again."""

import random
from collections.abc import Callable

RETRY_MIN_S = 0.2
RETRY_MAX_S = 30.0


def full_jitter(attempt: int, rng: random.Random) -> float:
    """Seconds to wait before retry number ``attempt`` (0, 1, ...): uniform under a doubling cap."""
    return rng.uniform(0, min(RETRY_MAX_S, RETRY_MIN_S * 2 ** min(attempt, 16))) + 0.05


ConnectGate = Callable[[int], str | None]


def always_open(connects: int) -> str | None:
    """Nothing keeps the session from connecting."""
    del connects
    return None
