"""When a message was measured."""

import math
import time
from datetime import datetime
from typing import SupportsIndex

FIRST_MS = 946_684_800_000
"""2000-01-01: no reading of a live plant is older."""

END_MS = 253_402_300_800_000
"""The year 10000: what no date can say."""

_EXPECTED = "give an aware datetime, or milliseconds since 1970"


def system_clock() -> int:
    """Milliseconds since 1970 by the machine."""
    return time.time_ns() // 1_000_000


def milliseconds(ts: datetime | float | None, now_ms: int) -> int:
    """Since 1970; without a time: now. Raises ``ValueError``, with what is wrong, for a time without its zone, for what
    is no time, and for one that no date can say (microseconds in place of milliseconds)."""
    if ts is None:
        return now_ms
    ms = _whole(ts)
    if not -END_MS < ms < END_MS:
        raise ValueError(f"ts {ts!r} is no date: {_EXPECTED}, not micro- or nanoseconds")
    return ms


def measured(ts: datetime | float | None, now_ms: int) -> int:
    """As ``milliseconds``, of values: a time before 2000, as seconds in place of milliseconds are, is a ``ValueError``,
    too, since such values can never be stored. (An event is told all the same.)"""
    ms = milliseconds(ts, now_ms)
    if ts is None or ms >= FIRST_MS:
        return ms
    perhaps = "" if isinstance(ts, datetime) else ". Seconds? Multiply by 1000"
    raise ValueError(f"ts {ts!r} lies before 2000, which is never stored: {_EXPECTED}{perhaps}")


def _whole(ts: datetime | float) -> int:
    if isinstance(ts, datetime):
        if ts.tzinfo is None:
            raise ValueError(f"ts {ts.isoformat()}: a time without its zone; {_EXPECTED}")
        return math.floor(ts.timestamp() * 1000)
    if isinstance(ts, float) and math.isfinite(ts):
        return math.floor(ts)
    if isinstance(ts, SupportsIndex) and not isinstance(ts, bool):
        return ts.__index__()
    raise ValueError(f"ts {ts!r} is no time: {_EXPECTED}")
