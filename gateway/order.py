"""What came first, over all sessions of this process."""

from itertools import count

_ORDER = count(1)


def next_in_order() -> int:
    """A number above all that were given before (any thread)."""
    return next(_ORDER)
