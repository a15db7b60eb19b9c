"""Anchors of a calendar before its own one. Pure; local dates."""

from calendar import monthrange
from datetime import date
from math import gcd

from maintenance.intervals import Interval, IntervalUnit

_MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
_DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}
_FOUR_YEARS = 48


def reaching_back(anchor: date, interval: Interval, day: date) -> date | None:
    """An earlier anchor of the same calendar, in the month of ``day`` or before: as many intervals back as make whole
    years of four (so that the 29th to the 31st stay what they are), of days just as many as are needed. ``None`` where
    that would be before the year 1."""
    if interval.unit in _DAYS:
        step = interval.every * _DAYS[interval.unit]
        ordinal = anchor.toordinal() + (day - anchor).days // step * step
        return date.fromordinal(ordinal) if ordinal > 0 else None
    step = interval.every * _MONTHS[interval.unit]
    step *= _FOUR_YEARS // gcd(step, _FOUR_YEARS)
    behind = (day.year - anchor.year) * 12 + day.month - anchor.month
    months = anchor.year * 12 + anchor.month - 1 + behind // step * step
    year, month = divmod(months, 12)
    return None if year < 1 else date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))
