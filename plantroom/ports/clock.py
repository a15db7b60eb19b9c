"""Time as a dependency."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

YEAR_2000_MS = 946_684_800_000


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present by the machine."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands (``PLANTROOM_NOW`` and tests)."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("a fixed clock needs an aware instant")
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it stands at."""
        return self._instant


_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware instant, cut."""
    return (instant - _EPOCH) // _MILLISECOND


def before_2000(offset_ms: int, at_ms: int) -> bool:
    """Whether a clock that is off by so much at our ``at_ms`` is one that was never set, or its times are no
    milliseconds: then the offset itself says nothing."""
    return at_ms + offset_ms < YEAR_2000_MS


def now_ms(clock: Clock) -> int:
    """Its time in ms since 1970."""
    return to_ms(clock.now())
