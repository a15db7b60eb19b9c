"""Local days of many instants."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.recurrence import end_of_day, local_day

_DAY = timedelta(days=1)


class LocalDays:
    """One zone's days. On a UTC day without a clock change the offset is asked for once; on the others each instant is
    looked at by itself, so that DST moves nothing to a wrong day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._offsets: dict[date, timedelta | None] = {}
        self._ends: dict[int, datetime] = {}

    def ordinal(self, instant: datetime) -> int:
        """The local day of an aware UTC instant."""
        day = instant.date()
        if day not in self._offsets:
            self._offsets[day] = self._offset(day)
        offset = self._offsets[day]
        return (local_day(instant, self.zone) if offset is None else instant + offset).toordinal()

    def end(self, ordinal: int) -> datetime:
        """As ``recurrence.end_of_day``."""
        found = self._ends.get(ordinal)
        if found is None:
            found = self._ends[ordinal] = end_of_day(date.fromordinal(ordinal), self.zone)
        return found

    def _offset(self, day: date) -> timedelta | None:
        start = datetime.combine(day, time(), UTC)
        first, last = (at.astimezone(self.zone).utcoffset() for at in (start, start + _DAY))
        return first if first == last else None
