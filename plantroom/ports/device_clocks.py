"""What is known of the clock of an asset's publisher."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plantroom.ports.clock import before_2000, to_ms

FAR_AHEAD_MS = 100 * 31_557_600_000
"""No clock is set to a time that is more than these 100 years ahead: it is a number of another unit."""


class DeviceTimes(StrEnum):
    """What times a device sends, compared with ours. Of ``BEFORE_2000`` and ``FAR_AHEAD`` the offset itself says
    nothing."""

    BEHIND = "behind"
    AHEAD = "ahead"
    STANDING = "standing"
    """Behind, and they do not go on: the clock stopped, or the last change is sent again and again. The offset says
    since when, and grows."""
    BEFORE_2000 = "before_2000"
    """The clock was never set, or sends another unit (seconds read as milliseconds are in 1970)."""
    FAR_AHEAD = "far_ahead"
    """Another unit (microseconds read as milliseconds are tens of thousands of years from now)."""


def times_of(offset_ms: int, at_ms: int, *, stands: bool = False) -> DeviceTimes:
    """What times a clock says that is ahead of ours by ``offset_ms`` (behind: negative) at our ``at_ms``. ``stands``:
    they do not go on."""
    if before_2000(offset_ms, at_ms):
        return DeviceTimes.BEFORE_2000
    if offset_ms > FAR_AHEAD_MS:
        return DeviceTimes.FAR_AHEAD
    if offset_ms > 0:
        return DeviceTimes.AHEAD
    return DeviceTimes.STANDING if stands else DeviceTimes.BEHIND


def says_nothing(offset_ms: int, at_ms: int) -> bool:
    """Whether an offset is no measure of how far a clock is off, see ``DeviceTimes``."""
    return times_of(offset_ms, at_ms) in {DeviceTimes.BEFORE_2000, DeviceTimes.FAR_AHEAD}


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """How far the clock of an asset's publisher was ahead of ours (negative: behind), by at most the least delay of its
    messages less than so. ``wrong_since``: since when that is more than a clock may be off (``None``: it is not);
    ``stands``: its times do not go on."""

    asset: str
    offset_ms: int
    measured_at: datetime
    wrong_since: datetime | None = None
    stands: bool = False

    @property
    def times(self) -> DeviceTimes:
        """What times it says."""
        return times_of(self.offset_ms, to_ms(self.measured_at), stands=self.stands)

    @property
    def says_nothing(self) -> bool:
        """Whether ``offset_ms`` is no measure of how far it is off."""
        return says_nothing(self.offset_ms, to_ms(self.measured_at))
