"""Rows on subjects in columns: where each stands, its windows, its walk by itself.

A *variant* is a plan row as it holds for some subjects (its floor, its end); a *pair* is a variant on a subject. Arrays
have one element for each pair.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import NamedTuple, Self

import numpy as np

from maintenance.columns.days import END, LAST, NEVER, Days, Flags, WorkDays, day_in_month, day_of, kept, months_of
from maintenance.fulfilling import depth_days
from maintenance.plan import IntervalUnit, Layer, PlanRow, Roll
from maintenance.recurrence import effective_interval

NO_GAP = 1 << 40
_MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
_FOUR_YEARS = 48
_DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}


@dataclass(frozen=True, slots=True)
class Variant:
    """A plan row with the longest gap in days that holds for it (``floor``) and the day from which others stand for it
    (``ends``)."""

    row: PlanRow
    floor: int | None
    ends: date | None

    @property
    def monthly(self) -> bool:
        """Whether the dates count in months."""
        return effective_interval(self.row.interval, self.floor).unit in _MONTHS

    @property
    def step(self) -> int:
        """Days, or months, between two dates."""
        interval = effective_interval(self.row.interval, self.floor)
        return interval.every * (_MONTHS.get(interval.unit) or _DAYS[interval.unit])

    @property
    def length(self) -> int:
        """As ``Track.length``."""
        return depth_days(self.row, self.floor)

    @property
    def early_is_legal(self) -> bool:
        """As ``Track.early_is_legal``."""
        return self.floor is not None or self.row.layer is Layer.LAW

    @property
    def end(self) -> int:
        """The first day without dates."""
        return END if self.ends is None else self.ends.toordinal()


class Windows(NamedTuple):
    """As ``recurrence.Window``, element by element; ``NEVER``/``END`` as in the package."""

    nominal: Days
    earliest: Days
    latest: Days
    planned: Days
    pulled: Flags

    def of(self, which: Flags) -> "Windows":
        """Some of them."""
        nominal, earliest, latest, planned, pulled = self
        return Windows(nominal[which], earliest[which], latest[which], planned[which], pulled[which])


@dataclass(slots=True)
class Tracks:
    """Pairs of one way of counting (days or months) and one roll rule."""

    monthly: bool
    roll: Roll
    anchor: Days
    offset: Days
    renumbered: Days
    next_cycle: Days
    last: Days
    step: Days
    early: Days
    late: Days
    gap: Days
    end: Days
    today: Days

    def take(self, which: Days | Flags) -> Self:
        """Some of the pairs."""
        arrays = {f.name: getattr(self, f.name)[which] for f in fields(self)[2:]}
        return type(self)(self.monthly, self.roll, **arrays)

    def dates(self, index: Days) -> Days:
        """``recurrence.nominal`` of the calendar without offset: ``anchor + index x interval``."""
        if not self.monthly:
            days = self.anchor + index * self.step
            return np.where(days > LAST, END, days)
        months = months_of(self.anchor)
        return day_of(months + index * self.step, day_in_month(self.anchor, months))

    def first_index(self, day: Days) -> Days:
        """``recurrence.first_cycle``: the smallest index, 0 or more, whose date is ``day`` or later."""
        if not self.monthly:
            ahead: Days = -((self.anchor - day) // self.step)
            return np.maximum(0, ahead)
        months = months_of(kept(day)) - months_of(self.anchor)
        index = np.where(day <= self.anchor, 0, np.maximum(0, months // self.step - 1))
        while (before := (self.dates(index) < day) & (day > self.anchor)).any():
            index = index + before
        return index

    def reaching_back(self, day: Days) -> Days:
        """``earlier_anchors.reaching_back``; 0 where it gives none."""
        if not self.monthly:
            days: Days = self.anchor + (day - self.anchor) // self.step * self.step
            return np.maximum(days, 0)
        step = self.step * (_FOUR_YEARS // np.gcd(self.step, _FOUR_YEARS))
        months = months_of(self.anchor)
        earlier = months + (months_of(day) - months) // step * step
        return np.where(earlier < 12, 0, day_of(earlier, day_in_month(self.anchor, months)))

    def windows(self, cycle: Days, last: Days, calendar: WorkDays) -> Windows:
        """``recurrence.window`` of a cycle each. Raises ``TooFar``."""
        raw = self.dates(cycle - self.renumbered)
        nominal = np.where(raw > LAST, END, kept(raw + self.offset))
        nominal = np.where(nominal >= self.end, END, nominal)
        over = nominal == END
        latest = kept(nominal + self.late)
        lawful = np.where(last == NEVER, END, np.clip(last + self.gap, 1, LAST))
        lawful = np.where(self.gap == NO_GAP, END, lawful)
        pulled = (lawful < latest) & ~over
        latest = np.minimum(latest, lawful)
        earliest = np.minimum(kept(nominal - self.early), latest)
        earliest, latest = np.where(over, END, earliest), np.where(over, END, latest)
        planned = calendar.rolled(np.minimum(nominal, latest), self.roll, earliest, latest)
        return Windows(nominal, earliest, latest, planned, pulled)

    def counted(self, due: Days, latest: Days) -> Days:
        """As ``Track.counted``."""
        return np.where(latest < self.today, latest, due)

    def peek(self, calendar: WorkDays) -> Windows:
        """The windows of the next cycles."""
        return self.windows(self.next_cycle, self.last, calendar)
