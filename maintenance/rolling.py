"""Moving work off holidays, inside its window. Pure; local days."""

from collections.abc import Callable
from datetime import date, timedelta

from maintenance.plan import Roll

IsWorkingDay = Callable[[date], bool]
"""Port of the holiday calendar: whether people work on that local day."""


def rolled(day: date, roll: Roll, earliest: date, latest: date, is_working_day: IsWorkingDay) -> date:
    """``day``, or the working day that the roll rule names, never outside ``earliest .. latest``.

    Without a working day on the wanted side the other side is taken, and without any the day stays.
    """
    if roll is Roll.NONE or is_working_day(day):
        return day
    back = _search(day, earliest, -1, is_working_day)
    forward = _search(day, latest, 1, is_working_day)
    if back is None or forward is None:
        return back or forward or day
    if roll is Roll.NEAREST:
        return back if day - back <= forward - day else forward
    return back if roll is Roll.BACK else forward


def _search(day: date, end: date, step: int, is_working_day: IsWorkingDay) -> date | None:
    while day != end:
        day += timedelta(days=step)
        if is_working_day(day):
            return day
    return None
