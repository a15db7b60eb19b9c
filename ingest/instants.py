"""Timestamps of messages: RFC 3339 or epoch milliseconds, to whole milliseconds since 1970 UTC.

A timestamp without a zone is UTC. Finer fractions are cut (docs/decisions/0003). There is no daylight saving in
UTC; a leap second (``:60``) is not readable.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

NO_TIME = -(1 << 62)
"""Stands for "the message has no ``ts``"."""

YEAR_2000_MS = 946_684_800_000
FUTURE_MS = 300_000
LATE_MS = 600_000
LEAD_MS = 1_000
"""How far an instant may run ahead of its receipt and still hold back those that come after it."""

_MAX_MS = 1 << 53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CANONICAL = re.compile(r"(?:(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)+")
_CANONICAL_LENGTH = len("2026-11-21T08:00:00.123Z")


def parse_ts(raw: object) -> int | None:
    """Milliseconds of one ``ts`` (``NO_TIME`` for ``None``), or ``None`` when it cannot be read."""
    if raw is None:
        return NO_TIME
    if isinstance(raw, str):
        return _parse_text(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return None
    return math.floor(raw) if -_MAX_MS < raw < _MAX_MS else None


def parse_all_ts(raw: Sequence[object]) -> list[int | None]:
    """As ``parse_ts`` for each; quick when all are whole numbers, or texts in the canonical form with milliseconds."""
    kinds = set(map(type, raw))
    if kinds == {int}:
        return [one if -_MAX_MS < one < _MAX_MS else None for one in raw]  # type: ignore[operator, misc]
    fast = _parse_canonical(raw) if kinds == {str} else None
    return [parse_ts(one) for one in raw] if fast is None else fast


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware instant, cut."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(ts_ms: int) -> datetime:
    """The aware instant in UTC."""
    return _EPOCH + timedelta(milliseconds=ts_ms)


def _parse_text(text: str) -> int | None:
    if len(text) < 16 or text[4] != "-" or text[10] not in "Tt ":
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return to_ms(instant)


def _parse_canonical(raw: Sequence[object]) -> list[int | None] | None:
    texts = [one for one in raw if isinstance(one, str) and len(one) == _CANONICAL_LENGTH]
    # NumPy reads more than RFC 3339 has: it is asked only about what both read alike.
    if len(texts) != len(raw) or not _CANONICAL.fullmatch("".join(texts)):
        return None
    try:
        parsed = np.array([text[:-1] for text in texts], dtype="datetime64[ms]")
    except ValueError:
        return None
    found: list[int | None] = parsed.astype(np.int64).tolist()
    return found
