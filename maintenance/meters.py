"""Work by a meter: hours run or starts since the last completion, and when they will be reached. Pure.

A meter's readings are ``Sample`` sequences in rising time, good ones only. A value lower than the one before means
that the meter was replaced or set back: nothing is counted over the step. So does a rise faster than ``fastest_per_h``
allows (a meter of hours cannot run more than one an hour). Days are local to the site.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.grids import NO_DATES, ListGrid
from maintenance.intervals import Interval
from maintenance.recurrence import LAST_DAY, first_cycle, local_day, longest_days, nominal
from maintenance.schedules import MeterSchedule
from plantroom.domain.assets import LocalName

RATE_DAYS = 30.0
"""Over how many days before the last reading the rate of use is taken (D): long enough for weekends, short enough for
a change of season."""

_SHORTEST_DAYS = 1.0
_SLOWEST = 1e-9
_SLACK = 1.1
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One good reading."""

    ts: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Meter:
    """The readings of one meter. ``unit`` is the point's (``h`` for hours run), ``name`` what people call it."""

    samples: Sequence[Sample] = ()
    unit: str = ""
    name: LocalName = LocalName("", "")

    @property
    def fastest_per_h(self) -> float | None:
        """The fastest that it can rise."""
        return 1.0 if self.unit == "h" else None


@dataclass(frozen=True, slots=True)
class Use:
    """Use since an instant: ``used`` in the meter's unit up to ``last`` (the newest reading), ``rate`` per day
    (``None`` before a day of readings), ``due_at`` when ``every`` is or will be reached (``None``: nobody can say)."""

    used: float
    last: datetime
    rate: float | None
    due_at: datetime | None
    is_reached: bool


class Totals:
    """What a meter has counted since its first reading, over replacements. O(n) to make, O(log n) to ask."""

    def __init__(self, samples: Sequence[Sample], fastest_per_h: float | None = None) -> None:
        self._at: list[datetime] = []
        self._total: list[float] = []
        before: Sample | None = None
        total = 0.0
        for sample in samples:
            if before is not None:
                total += _risen(before, sample, fastest_per_h)
            self._at.append(sample.ts)
            self._total.append(total)
            before = sample

    @property
    def last(self) -> tuple[datetime, float]:
        """The newest reading's instant and total."""
        return self._at[-1], self._total[-1]

    def at(self, when: datetime) -> float:
        """The total at an instant, between readings in a straight line; 0 before the first."""
        place = bisect_right(self._at, when)
        if place == 0:
            return 0.0
        if place == len(self._at):
            return self._total[-1]
        return self._between(place, (when - self._at[place - 1]) / (self._at[place] - self._at[place - 1]))

    def reached(self, total: float) -> datetime:
        """When the total was reached, which it was."""
        place = next(n for n, known in enumerate(self._total) if known >= total)
        if place == 0:
            return self._at[0]
        step = self._total[place] - self._total[place - 1]
        return self._at[place - 1] + (self._at[place] - self._at[place - 1]) * (
            (total - self._total[place - 1]) / step if step else 1.0
        )

    def rate(self) -> float | None:
        """Per day over the last ``RATE_DAYS``; ``None`` where the readings do not span a day."""
        end, total = self.last
        begin = max(self._at[0], end - timedelta(days=RATE_DAYS))
        days = (end - begin).total_seconds() / _DAY_S
        return None if days < _SHORTEST_DAYS else (total - self.at(begin)) / days

    def _between(self, place: int, share: float) -> float:
        return self._total[place - 1] + (self._total[place] - self._total[place - 1]) * share


def _risen(before: Sample, sample: Sample, fastest_per_h: float | None) -> float:
    risen = sample.value - before.value
    if risen <= 0:
        return 0.0
    hours = (sample.ts - before.ts).total_seconds() / 3600.0
    if fastest_per_h is not None and risen > hours * fastest_per_h * _SLACK + 1.0:
        return 0.0
    return risen


def use_since(meter: Meter, every: float, since: datetime | None) -> Use | None:
    """The use of a meter since an instant (``None``, or one before the first reading: since that). ``None`` without any
    reading."""
    if not meter.samples:
        return None
    totals = Totals(meter.samples, meter.fastest_per_h)
    begin = 0.0 if since is None else totals.at(since)
    last, total = totals.last
    used, rate = total - begin, totals.rate()
    if used >= every:
        return Use(used, last, rate, totals.reached(begin + every), is_reached=True)
    end = datetime(LAST_DAY.year, 1, 1, tzinfo=UTC)
    days = (every - used) / rate if rate else math.inf
    due = last + timedelta(days=days) if days < (end - last).days else None
    return Use(used, last, rate, due, is_reached=False)


@dataclass(frozen=True, slots=True)
class MeterCase:
    """What the dates of a row by a meter on one subject go by.

    ``since`` is the last completion (or the end of the last missed one), ``None`` without any; ``anchor`` where the cap
    counts from then; ``start`` the day that work may begin on without a history; ``cap`` the calendar's interval.
    """

    schedule: MeterSchedule
    meter: Meter
    since: datetime | None
    anchor: date
    start: date
    cap: Interval | None
    zone: ZoneInfo


def meter_grid(case: MeterCase) -> ListGrid:
    """The next date by the meter or by the cap, whichever is first, and the ones after it at the same rate. Without
    readings and without a cap: no dates."""
    use = use_since(case.meter, case.schedule.every, case.since)
    cap = _cap_day(case)
    due = None if use is None or use.due_at is None else local_day(use.due_at, case.zone)
    if due is not None and case.since is None:
        due = max(due, case.start)
    if due is None and cap is None:
        return NO_DATES
    step, further = _further(case, use)
    if due is not None and (cap is None or due <= cap):
        assert use is not None
        return ListGrid((due,), (_by_meter(case, use, due), further), step)
    assert cap is not None
    return ListGrid((cap,), (_by_cap(case, use, cap), further), step)


def _further(case: MeterCase, use: Use | None) -> tuple[int | None, LocalName]:
    """How many days behind each date the next one is expected (``None``: nobody can say), and the sentence of those."""
    limit = None if case.cap is None else longest_days(case.cap)
    if use is not None and use.rate and use.due_at is not None:
        step = max(1, min(LAST_DAY.toordinal(), round(case.schedule.every / max(use.rate, _SLOWEST))))
        if limit is None or step <= limit:
            amount = _amount(case, case.schedule.every)
            return step, LocalName(f"按目前用量再满{amount.zh}", f"after another {amount.en} at the present rate")
    return limit, LocalName("前一次之后的日历上限", "the calendar's limit behind the one before")


def unknown_because(case: MeterCase) -> LocalName:
    """Why a row by a meter has no date."""
    use = use_since(case.meter, case.schedule.every, case.since)
    point = case.schedule.point
    if use is None:
        return LocalName(f"测点“{point}”还没有可用读数，到期日未知", f"no readings of {point} yet: the date is unknown")
    amount = _amount(case, case.schedule.every)
    used = f"{use.used:,.1f}"
    return LocalName(
        f"满{amount.zh}时到期，现为{used}；目前没有使用，到期日未知",
        f"due after {amount.en}, {used} so far; not in use at present: the date is unknown",
    )


def _cap_day(case: MeterCase) -> date | None:
    if case.cap is None:
        return None
    if case.since is not None:
        return nominal(local_day(case.since, case.zone), case.cap, 1)
    return nominal(case.anchor, case.cap, max(1, first_cycle(case.anchor, case.cap, case.start)))


def _by_meter(case: MeterCase, use: Use, day: date) -> LocalName:
    amount = _amount(case, case.schedule.every)
    if use.is_reached:
        return LocalName(f"{amount.zh}已于{day}达到", f"{amount.en} reached on {day}")
    rate, hours = f"{use.rate:,.1f}", case.meter.unit == "h"
    return LocalName(
        f"按每天{rate}{'小时' if hours else ''}计，预计{day}达到{amount.zh}",
        f"{amount.en} expected on {day} at {rate} {'h/day' if hours else 'per day'}",
    )


def _by_cap(case: MeterCase, use: Use | None, day: date) -> LocalName:
    amount = _amount(case, case.schedule.every)
    if use is None:
        return LocalName(
            f"测点“{case.schedule.point}”没有读数，按日历上限{day}到期",
            f"no readings of {case.schedule.point}, so by the calendar's limit on {day}",
        )
    return LocalName(f"日历上限{day}先于{amount.zh}", f"the calendar's limit on {day} comes before {amount.en}")


def _amount(case: MeterCase, value: float) -> LocalName:
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    if case.meter.unit == "h":
        return LocalName(f"运行{number}小时", f"{number} running hour{'' if number == '1' else 's'}")
    name = case.meter.name if case.meter.name.zh else LocalName(case.schedule.point, case.schedule.point)
    unit = "" if case.meter.unit in {"", "1"} else f" {case.meter.unit}"
    return LocalName(f"{name.zh}{number}{unit}", f"{number}{unit} ({name.en})")
