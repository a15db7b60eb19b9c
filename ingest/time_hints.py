"""What is said of a time that was refused, where its number tells what was meant: the usual mistake is another unit."""

from ingest.instants import FUTURE_MS
from plantroom.ports.clock import YEAR_2000_MS

EXPECTED = "expected RFC 3339 or a whole number of milliseconds"
_YEAR_2100_MS = 4_102_444_800_000


def hint_of(ts: int, received_ms: int) -> str:
    """``1795942573 looks like seconds; ts is in milliseconds``; empty where no other unit makes it a time between the
    year 2000 and its receipt."""
    in_ms = {"seconds": ts * 1000, "microseconds": ts // 1000}
    unit = next((unit for unit, at in in_ms.items() if YEAR_2000_MS <= at <= received_ms + FUTURE_MS), "")
    return unit and f"{ts} looks like {unit}; ts is in milliseconds"


def hint_of_unreadable(raw: object) -> str:
    """What is wrong with a ``ts`` that is no time at all; never empty. Of numbers only nanoseconds are so great."""
    if isinstance(raw, str) and raw.isdecimal():
        return f"a text of digits; {EXPECTED}"
    if type(raw) is int and YEAR_2000_MS <= raw // 1_000_000 <= _YEAR_2100_MS:
        return f"{raw} looks like nanoseconds; {EXPECTED}"
    return EXPECTED
