"""The floor of rows by the hour: hours, where all others have days. Pure.

Such a row has no longest gap in days that would hold it, so that a laxer version keeps the law's own interval. What
is stricter than the law may become as lax as the law again: the law's hours stay in the row's ``custom`` meanwhile.
"""

from dataclasses import replace

from maintenance.hours import by_the_hour
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import Layer, PlanRow
from maintenance.recurrence import longest_days
from maintenance.schedules import IntervalSchedule

LAW_HOURS = "law_hours"
"""The entry of ``PlanRow.custom``: the hours that the law allows between two, of a row that comes more often."""

_A_DAY = 24


def hours_of(interval: Interval) -> int:
    """The most hours between two of an interval."""
    return interval.every if by_the_hour(interval) else longest_days(interval) * _A_DAY


def law_hours(row: PlanRow) -> int | None:
    """The most hours between two that the law allows; ``None`` for a row whose floor is in days alone."""
    if row.layer is not Layer.LAW:
        return None
    marked = row.custom.get(LAW_HOURS)
    if isinstance(marked, int):
        return marked
    return row.interval.every if by_the_hour(row.interval) else None


def kept_by_the_hour(before: PlanRow, after: PlanRow, floor_days: int | None) -> tuple[PlanRow, bool]:
    """A law's row as it is to be, with the law's hours where it would come less often, and whether it would.
    ``floor_days``: the longest gap of ``before`` in days."""
    floor = law_hours(before)
    if floor is None:
        marks = by_the_hour(after.interval) and floor_days is not None
        return (_marked(after, None if floor_days is None else floor_days * _A_DAY) if marks else after), False
    in_days = LAW_HOURS in before.custom and floor % _A_DAY == 0 and not by_the_hour(after.interval)
    laxer = after.interval.every == 0 or hours_of(after.interval) > floor
    if laxer and not in_days and isinstance(after.schedule, IntervalSchedule):
        asked = before.schedule if isinstance(before.schedule, IntervalSchedule) else after.schedule
        schedule = (
            after.schedule if by_the_hour(after.interval) else replace(after.schedule, open_hours=asked.open_hours)
        )
        kept = replace(
            after,
            interval=Interval(floor, IntervalUnit.HOUR),
            schedule=schedule,
            early_days=before.early_days,
            late_days=before.late_days,
            missed=before.missed,
        )
        return _marked(kept, floor), True
    return _marked(after, floor), False


def _marked(row: PlanRow, floor: int | None) -> PlanRow:
    """The row with the law's hours, where its own say less than these."""
    custom = {key: value for key, value in row.custom.items() if key != LAW_HOURS}
    if floor is not None and by_the_hour(row.interval) and row.interval.every < floor:
        custom[LAW_HOURS] = floor
    return replace(row, custom=custom) if custom != row.custom else row
