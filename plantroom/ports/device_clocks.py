"""What is known of the clock of an asset's publisher."""

from dataclasses import dataclass
from datetime import datetime

from plantroom.ports.clock import before_2000, to_ms


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """How far the clock of an asset's publisher was ahead of ours (negative: behind), by at most the least delay of its
    messages less than so. ``wrong_since``: since when that is more than a clock may be off (``None``: it is not)."""

    asset: str
    offset_ms: int
    measured_at: datetime
    wrong_since: datetime | None = None

    @property
    def never_set(self) -> bool:
        """Whether it says times before the year 2000, see ``before_2000``."""
        return before_2000(self.offset_ms, to_ms(self.measured_at))
