"""Timestamps of messages: RFC 3339 or epoch milliseconds, to whole milliseconds since 1970 UTC.

A timestamp without a zone is UTC, unless a source says what zone its devices have (``with_zone``). Finer fractions are
cut (docs/decisions/0003). There is no daylight saving in UTC; a leap second (``:60``) is not readable.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import NoneType
from zoneinfo import ZoneInfo

import numpy as np

from plantroom.ports.clock import to_ms

NO_TIME = -(1 << 62)
"""Stands for "the message has no ``ts``"."""

FUTURE_MS = 300_000
LATE_MS = 600_000
LEAD_MS = 1_000
"""How far an instant may run ahead of its receipt and still hold back those that come after it."""

_MAX_MS = 1 << 53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CANONICAL = "yyyy-mm-ddTHH:MM:SS.fffZ"
_CANONICAL_LENGTH = len(_CANONICAL)
_DIGITS = np.array([at for at, c in enumerate(_CANONICAL) if c in "ymdHMSf"])
_MARKS = np.array([at for at, c in enumerate(_CANONICAL) if c in "-T:.Z"])
_MARK = np.frombuffer(b"--T::.Z", np.uint8)
_ZERO = np.uint8(ord("0"))
_SPANS = (slice(0, 8), slice(8, 10), slice(10, 12), slice(12, 17))
"""Among the digits: date, hour, minute, milliseconds of the minute."""

_MANY = 100
"""Texts from which on reading them in columns is the quicker way."""

_LAST = 8
_WEIGHTS = 10 ** np.arange(_LAST - 1, -1, -1)


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
    """As ``parse_ts`` for each; quick when all that are there are whole numbers, or texts in the canonical form with
    milliseconds."""
    kinds = set(map(type, raw))
    if kinds == {str}:
        return _parse_texts(raw)  # type: ignore[arg-type]  # all are texts
    if kinds == {int}:
        return [one if -_MAX_MS < one < _MAX_MS else None for one in raw]  # type: ignore[operator, misc]
    if kinds == {str, NoneType}:
        found = iter(_parse_texts([one for one in raw if isinstance(one, str)]))
        return [NO_TIME if one is None else next(found) for one in raw]
    return [parse_ts(one) for one in raw]


def with_zone(raw: object, zone: str, near_ms: int) -> object:
    """A ``ts`` of a device in ``zone`` (IANA; empty: none is known): one that states no zone as milliseconds, anything
    else as it is. See ``local_ms`` for daylight saving."""
    local = _read(raw) if zone and isinstance(raw, str) else None
    if local is None or local.tzinfo is not None:
        return raw
    try:
        return local_ms(local, zone, near_ms)
    except OverflowError:
        return raw


def local_ms(local: datetime, zone: str, near_ms: int) -> int:
    """Milliseconds of a naive local time. Of an hour that daylight saving brings twice, or leaves out, the reading
    nearer to ``near_ms`` counts. Raises ``OverflowError`` at the ends of the calendar."""
    candidates = (to_ms(local.replace(tzinfo=ZoneInfo(zone), fold=fold)) for fold in (0, 1))
    return min(candidates, key=lambda at: abs(at - near_ms))


def from_ms(ts_ms: int) -> datetime:
    """The aware instant in UTC."""
    return _EPOCH + timedelta(milliseconds=ts_ms)


def _parse_text(text: str) -> int | None:
    instant = _read(text)
    if instant is None:
        return None
    return to_ms(instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC))


def _read(text: str) -> datetime | None:
    if len(text) < 16 or text[4] != "-" or text[10] not in "Tt ":
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def _parse_texts(texts: Sequence[str]) -> list[int | None]:
    fast = _parse_canonical(texts) if len(texts) >= _MANY else None
    return [_parse_text(one) for one in texts] if fast is None else fast


def _parse_canonical(texts: Sequence[str]) -> list[int | None] | None:
    """Texts that all have the canonical form, digit by digit in columns (half the time of NumPy's own parser);
    ``None``: not all are such instants."""
    joined = "".join(texts)
    if (
        len(joined) != len(texts) * _CANONICAL_LENGTH
        or not joined.isascii()
        or set(map(len, texts)) != {_CANONICAL_LENGTH}
    ):
        return None
    table = np.frombuffer(joined.encode("ascii"), np.uint8).reshape(-1, _CANONICAL_LENGTH)
    digits = table[:, _DIGITS] - _ZERO
    if (digits > 9).any() or (table[:, _MARKS] != _MARK).any():
        return None
    date, hour, minute, rest_ms = (digits[:, span] @ _WEIGHTS[_LAST - span.stop + span.start :] for span in _SPANS)
    if hour.max() > 23 or minute.max() > 59 or rest_ms.max() > 59_999:
        return None
    dates, which = np.unique(date, return_inverse=True)
    try:
        midnights = [_midnight_ms(one) for one in dates.tolist()]
    except ValueError:
        return None
    found: list[int | None] = (np.array(midnights)[which] + (60 * hour + minute) * 60_000 + rest_ms).tolist()
    return found


def _midnight_ms(date: int) -> int:
    """The instant at which a date (``yyyymmdd``) begins; raises ``ValueError`` for one that there is not."""
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return to_ms(datetime(year, month, day, tzinfo=UTC))
