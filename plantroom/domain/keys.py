"""Keys of records: unique without asking anyone, rising in the order in which a process makes them."""

import secrets
import threading
import time

_RANDOM_BITS = 74
_lock = threading.Lock()
_last = 0


def new_key() -> str:
    """A UUID of version 7 (RFC 9562) as 32 hexadecimal digits, greater than every earlier one of this process.

    Within one millisecond the random part counts up (RFC 9562, section 6.2, method 2).
    """
    return new_keys(1)[0]


def new_keys(count: int) -> list[str]:
    """So many of them, rising, at once: only the first is drawn, the others count up from it."""
    global _last  # noqa: PLW0603 - the last key given out
    milliseconds = time.time_ns() // 1_000_000
    with _lock:
        first = max((milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS - 1), _last + 1)
        _last = first + max(count, 1) - 1
    return [_text(value) for value in range(first, first + count)]


def _text(value: int) -> str:
    low = value & ((1 << 62) - 1)
    middle = (value >> 62) & 0xFFF
    return f"{(value >> _RANDOM_BITS) << 80 | 0x7 << 76 | middle << 64 | 0b10 << 62 | low:032x}"
