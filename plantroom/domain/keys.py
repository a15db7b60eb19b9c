"""Keys of records: unique without asking anyone, rising with time."""

import secrets
import time


def new_key() -> str:
    """A UUID of version 7 (RFC 9562) as 32 hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    value = (milliseconds << 80) | (0x7 << 76) | ((random >> 62) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return f"{value:032x}"
