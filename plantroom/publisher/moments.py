"""When a message was measured."""

import math
import time
from datetime import datetime


def system_clock() -> int:
    """Milliseconds since 1970 by the machine."""
    return time.time_ns() // 1_000_000


def milliseconds(ts: datetime | int | None, now_ms: int) -> int:
    """Since 1970; without a time: now. Raises ``ValueError`` for a time without its zone."""
    if ts is None:
        return now_ms
    if isinstance(ts, datetime):
        if ts.tzinfo is None:
            raise ValueError("a time without its zone")
        return math.floor(ts.timestamp() * 1000)
    return ts
