"""How many examples property tests try: a share of what they are written with in ``make test``, all of them with
``TEST_EXAMPLES=1`` (``make test-long``), ten times as many with ``TEST_EXAMPLES=10``."""

import os

SHARE = float(os.environ.get("TEST_EXAMPLES", "0.3"))


def examples(count: int) -> int:
    """That share of so many examples; a handful at least."""
    return max(5, round(count * SHARE))
