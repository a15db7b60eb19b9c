"""Intervals of plan rows: every so many hours, days, weeks, months or years."""

from dataclasses import dataclass
from enum import StrEnum


class IntervalUnit(StrEnum):
    """Unit of an interval row."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Interval:
    """Every ``every`` units (positive; 0 only in ``NO_INTERVAL``)."""

    every: int
    unit: IntervalUnit


NO_INTERVAL = Interval(0, IntervalUnit.DAY)
"""The interval of rows that have none: by a condition, by a meter without a cap, before each job of another row."""
