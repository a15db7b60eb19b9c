"""What a session counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class SessionCounts:
    """What a session has seen since it was made."""

    received: int = 0
    acknowledged: int = 0
    dropped_acks: int = 0
    connects: int = 0
    asked_ms: int = 0
    """When it last asked for topics (ms since 1970): the broker then sends anew what it retained of them."""
    failures: int = 0
    """Turns that ended in an error nobody foresaw; the session starts again after each."""
