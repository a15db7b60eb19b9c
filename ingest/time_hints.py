"""What is said of a time that was refused, where its number tells what was meant: the usual mistake is another unit."""

from collections.abc import Mapping
from math import isfinite

from ingest.instants import FUTURE_MS
from plantroom.ports.clock import YEAR_2000_MS

EXPECTED = "expected RFC 3339 or a whole number of milliseconds"
_YEAR_2100_MS = 4_102_444_800_000


def hint_of(ts: int, received_ms: int, *, in_seconds: bool = False) -> str:
    """``1795942573 looks like seconds; ts is in milliseconds``; empty where no other unit makes it a time between the
    year 2000 and its receipt. ``in_seconds``: the device sent seconds."""
    if in_seconds:
        return _of_seconds(ts // 1000, received_ms + FUTURE_MS)
    in_ms = {"seconds": ts * 1000, "microseconds": ts // 1000}
    unit = _meant(in_ms, received_ms + FUTURE_MS)
    return unit and f"{ts} looks like {unit}; ts is in milliseconds"


def _of_seconds(sent: int, until_ms: int) -> str:
    unit = _meant({"milliseconds": sent, "microseconds": sent // 1000, "nanoseconds": sent // 1_000_000}, until_ms)
    return unit and f"{sent} looks like {unit}; t is in seconds"


def _meant(in_ms: Mapping[str, int], until_ms: int) -> str:
    return next((unit for unit, at in in_ms.items() if YEAR_2000_MS <= at <= until_ms), "")


def hint_of_unreadable(raw: object) -> str:
    """What is wrong with a ``ts`` that is no time at all; never empty. Of numbers only nanoseconds are so great."""
    if isinstance(raw, str) and raw.isdecimal():
        return f"a text of digits; {EXPECTED}"
    if type(raw) is int and YEAR_2000_MS <= raw // 1_000_000 <= _YEAR_2100_MS:
        return f"{raw} looks like nanoseconds; {EXPECTED}"
    return EXPECTED


def hint_of_unreadable_seconds(seconds: float) -> str:
    """The same of a time in seconds that lies beyond all years; never empty."""
    hint = _of_seconds(int(seconds), _YEAR_2100_MS) if isfinite(seconds) else ""
    return hint or "expected seconds since 1970, or from now"


def hint_of_unreadable_clock(raw: object) -> str:
    """The same of a time as devices write it that show a clock; never empty."""
    expected = "expected date and time as 2026-11-21T19:59:30"
    if type(raw) is int and YEAR_2000_MS <= raw * 1000 <= _YEAR_2100_MS:
        return f"{raw} looks like seconds; {expected}"
    return expected
