"""Days in columns: intervals counted from an anchor, the site's working days."""

from datetime import date

import numpy as np
import numpy.typing as npt

from maintenance.plan import Roll
from maintenance.recurrence import LAST_DAY, every_day
from maintenance.rolling import IsWorkingDay

Days = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

END = date.max.toordinal()
LAST = LAST_DAY.toordinal()
NEVER = -(1 << 40)
"""Before every day."""

EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_MONTH = 1970 * 12
_LAST_MONTH = LAST_DAY.year * 12 + 11
FARTHEST = 200 * 366
"""Days that a calendar of working days is asked about at most; what rolls in a longer stretch is not for columns."""


class TooFar(Exception):
    """A date is too far from the others for the columns: the scalar path plans it."""


def _month_starts() -> Days:
    months = np.arange(12, _LAST_MONTH + 2) - _EPOCH_MONTH
    days: Days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + EPOCH
    return days


_STARTS = _month_starts()
"""First day of each month from January of the year 1, and of one month more."""

_LENGTHS = np.diff(_STARTS)


def months_of(days: Days) -> Days:
    """Months since the year 0 of days between 1 and ``LAST``."""
    months: Days = (days - EPOCH).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months + _EPOCH_MONTH


def day_in_month(days: Days, months: Days) -> Days:
    """Day of the month (1 to 31) of days whose months are known."""
    return days - _STARTS[months - 12] + 1


def day_of(months: Days, day: Days) -> Days:
    """A day of the month, clamped backwards at the month's end; ``END`` behind the calendar's last month."""
    inside = np.clip(months, 12, _LAST_MONTH) - 12
    found = _STARTS[inside] + np.minimum(day, _LENGTHS[inside]) - 1
    return np.where(months > _LAST_MONTH, END, found)


def kept(days: Days) -> Days:
    """Days kept between the calendar's first and last one, as ``recurrence.shifted`` does."""
    return np.clip(days, 1, LAST)


class WorkDays:
    """A calendar of working days that answers for columns. Asks the calendar once for each day it needs."""

    def __init__(self, is_working_day: IsWorkingDay) -> None:
        self.is_working_day = is_working_day
        self.always = is_working_day is every_day
        self._low, self._high = 1, 0
        self._before: Days = np.empty(0, np.int64)
        self._after: Days = np.empty(0, np.int64)

    def rolled(self, day: Days, roll: Roll, earliest: Days, latest: Days) -> Days:
        """As ``recurrence.rolled``, element by element; ``END`` stays. Raises ``TooFar``."""
        if roll is Roll.NONE or self.always:
            return day
        real = day < END
        if not real.any():
            return day
        self._reach(int(earliest[real].min()), int(latest[real].max()))
        place = np.where(real, day, self._low) - self._low
        back, forward = self._before[place], self._after[place]
        has_back, has_forward = back >= earliest, forward <= latest
        nearer = day - back <= forward - day
        takes_back = has_back & ((nearer if roll is Roll.NEAREST else roll is Roll.BACK) | ~has_forward)
        found = np.where(takes_back, back, np.where(has_forward, forward, day))
        return np.where(real, found, day)

    def _reach(self, low: int, high: int) -> None:
        if self._low <= low and high <= self._high:
            return
        if self._low <= self._high:
            low, high = min(low, self._low), max(high, self._high)
        if high - low > FARTHEST:
            raise TooFar
        low, high = max(1, low - 31), min(LAST, high + 31)
        days = np.arange(low, high + 1, dtype=np.int64)
        works = np.fromiter((self.is_working_day(date.fromordinal(d)) for d in range(low, high + 1)), np.bool_)
        self._before = np.maximum.accumulate(np.where(works, days, NEVER))
        self._after = np.minimum.accumulate(np.where(works, days, END)[::-1])[::-1]
        self._low, self._high = low, high
