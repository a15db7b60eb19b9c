"""How many examples property tests try, and which.

``make test`` tries a share of what they are written with, and the same each time, so that the same code has the same
result everywhere. With ``TEST_EXAMPLES=1`` (``make test-long``) all are tried, with ``TEST_EXAMPLES=10`` ten times as
many, and new ones each time.
"""

import os

ASKED = os.environ.get("TEST_EXAMPLES")
SHARE = float(ASKED or "0.3")
SAME_EACH_TIME = ASKED is None


def examples(count: int) -> int:
    """That share of so many examples; a handful at least."""
    return max(5, round(count * SHARE))
