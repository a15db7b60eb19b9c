"""Nominal dates of rows that do not simply go by an interval: seasons, ages, intervals in season, before another row.
Pure.

A grid numbers its dates from 0 upwards, in rising order, each computed from the calendar and never from the date
before, so nothing drifts. Local dates of the site. Month-end and leap day: years and months after 29 February or the
31st are clamped backwards (29 Feb 2024 > 28 Feb 2025 > 29 Feb 2028). DST moves nothing, since dates carry no time of
day. Dates behind the calendar's end (``recurrence.LAST_DAY``) are ``date.max``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from maintenance.intervals import Interval, IntervalUnit
from maintenance.recurrence import LAST_DAY, Grid, nominal
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import Season
from plantroom.domain.wording import counted

LAST_YEAR = LAST_DAY.year
ALWAYS = (date.min, date.max)
_FRUITLESS_YEARS = 60
"""After so many years without a date in its season a row is taken for one that never has any."""
_DAY = timedelta(days=1)


def behind(grid: Grid, day: date) -> int:
    """The index that follows the one whose date was given as ``day``. Where the calendar has been corrected since (a
    season moved by a week, another day of installation) that is the nearest one, if it is near: within half of the
    shortest distance to its neighbours."""
    index = grid.first(day)
    found = grid.day(index)
    if found == day:
        return index + 1
    before = grid.day(index - 1) if index else None
    ahead = grid.day(index + 1) - found if found < date.max else timedelta.max
    reach = min(ahead, found - before) if before is not None else ahead
    if before is not None and day - before <= found - day:
        return index
    return index + 1 if (found - day) * 2 < reach else index


@dataclass(frozen=True, slots=True)
class SeasonGrid:
    """``lead_days`` before each of the seasons of each year, from the year of ``anchor`` on."""

    seasons: tuple[Season, ...]
    lead_days: int
    anchor: date
    floats: bool = field(default=False, init=False)

    @property
    def longest(self) -> int:
        """The longest time from one season's start to the next one's, over a leap day."""
        starts = sorted(season.start.in_year(year) for season in self.seasons for year in (2027, 2028, 2029))
        return max((b - a).days for a, b in pairwise(starts))

    def day(self, index: int) -> date:
        """As the port says."""
        start = self._start(index)
        return date.max if start is None else start - timedelta(days=self.lead_days)

    def first(self, day: date) -> int:
        """As the port says. O(number of seasons)."""
        index = max(0, (day.year - self.anchor.year - 1) * len(self.seasons))
        while self.day(index) < day:
            index += 1
        return index

    def after(self, day: date) -> int:
        """As the port says."""
        return behind(self, day)

    def span(self, day: date) -> tuple[date, date]:
        """Up to the last day before the season."""
        return date.min, self._begins(day)[1] - _DAY

    def counts_from(self, day: date) -> date:  # noqa: ARG002 (port)
        """Every completion counts."""
        return date.min

    def because(self, day: date) -> LocalName:
        """Names the season and the day that it begins on."""
        season, start = self._begins(day)
        names = SEASON_NAMES.get(season.name, LocalName(season.name, season.name))
        return LocalName(
            f"在{start.month}月{start.day}日开始的{names.zh}之前完成",
            f"before the {names.en} that starts on {start.day} {start:%b}",
        )

    def _start(self, index: int) -> date | None:
        year, place = divmod(index, len(self.seasons))
        year += self.anchor.year
        if year > LAST_YEAR:
            return None
        ordered = sorted(self.seasons, key=lambda s: s.start.in_year(year))
        return ordered[place].start.in_year(year)

    def _begins(self, day: date) -> tuple[Season, date]:
        """The season that begins next to ``day + lead_days``."""
        wanted = day + timedelta(days=self.lead_days)
        years = range(max(1, wanted.year - 1), min(LAST_YEAR, wanted.year) + 2)
        starts = [(season, season.start.in_year(year)) for year in years for season in self.seasons]
        return min(starts, key=lambda s: (abs((s[1] - wanted).days), s[1]))


SEASON_NAMES = {
    "heating": LocalName("供暖季", "heating season"),
    "cooling": LocalName("制冷季", "cooling season"),
    "rain": LocalName("雨季", "rainy season"),
    "winter": LocalName("冬季", "winter"),
}


@dataclass(frozen=True, slots=True)
class AgeGrid:
    """In the given years since a day, afterwards every ``then``."""

    since: date
    years: tuple[int, ...]
    then: Interval | None
    in_service: bool
    longest: int
    floats: bool = field(default=False, init=False)

    def day(self, index: int) -> date:
        """As the port says."""
        if index < len(self.years):
            return nominal(self.since, Interval(self.years[index], IntervalUnit.YEAR), 1)
        if self.then is None:
            return date.max
        return self._later(index - len(self.years) + 1)

    def first(self, day: date) -> int:
        """As the port says. O(log of the number of dates)."""
        low, high = 0, 1
        while self.day(high) < day:
            low, high = high, high * 2
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.day(middle) < day else (low, middle)
        return low

    def after(self, day: date) -> int:
        """As the port says."""
        return behind(self, day)

    def span(self, day: date) -> tuple[date, date]:  # noqa: ARG002 (port)
        """No bounds but the tolerance."""
        return ALWAYS

    def counts_from(self, day: date) -> date:  # noqa: ARG002 (port)
        """Every completion counts."""
        return date.min

    def because(self, day: date) -> LocalName:
        """Names the year of age."""
        months = (day.year - self.since.year) * 12 + day.month - self.since.month
        since = LocalName("投用", "went into service") if self.in_service else LocalName("安装", "was installed")
        year, rest = divmod(months, 12)
        if rest:
            zh, en = (
                f"{since.zh}（{self.since}）后第{months}个月",
                f"{counted(months, 'month')} after it {since.en} ({self.since})",
            )
        else:
            zh, en = (
                f"{since.zh}（{self.since}）满{year}年",
                f"{counted(year, 'year')} after it {since.en} ({self.since})",
            )
        return LocalName(zh, en)

    def _later(self, number: int) -> date:
        """Years and months count from the first day, so that 29 February comes back."""
        assert self.then is not None
        last = self.years[-1]
        if self.then.unit is IntervalUnit.YEAR:
            return nominal(self.since, Interval(1, IntervalUnit.YEAR), last + number * self.then.every)
        if self.then.unit is IntervalUnit.MONTH:
            return nominal(self.since, Interval(1, IntervalUnit.MONTH), last * 12 + number * self.then.every)
        return nominal(self.day(len(self.years) - 1), self.then, number)


@dataclass(slots=True)
class InSeasonGrid:
    """Every interval inside a season. With an ``anchor`` of the row's own the dates are those of anchor + n x interval
    that lie in the season; without one they count anew from each season's first day."""

    season: Season
    interval: Interval
    anchor: date | None
    begin: date
    longest: int
    floats: bool = field(default=False, init=False)
    _days: list[date] = field(default_factory=list, init=False, repr=False)
    _source: Iterator[date] | None = field(default=None, init=False, repr=False)

    def day(self, index: int) -> date:
        """As the port says. The dates up to it are kept."""
        while len(self._days) <= index:
            self._more()
        return self._days[index]

    def first(self, day: date) -> int:
        """As the port says."""
        while not self._days or self._days[-1] < day:
            self._more()
        low, high = 0, len(self._days) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._days[middle] < day else (low, middle)
        return low

    def after(self, day: date) -> int:
        """As the port says."""
        return behind(self, day)

    def span(self, day: date) -> tuple[date, date]:
        """The season."""
        return self._season_at(day)

    def counts_from(self, day: date) -> date:
        """What was done in another season does not count."""
        return self._season_at(day)[0]

    def because(self, day: date) -> LocalName:
        """Names the season; the interval is said by the caller."""
        first, last = self._season_at(day)
        names = self.season_name
        return LocalName(
            f"仅在{names.zh}（{first.month}月{first.day}日至{last.month}月{last.day}日）",
            f"only in the {names.en} ({first.day} {first:%b} to {last.day} {last:%b})",
        )

    @property
    def season_name(self) -> LocalName:
        """What people call the season."""
        return SEASON_NAMES.get(self.season.name, LocalName(self.season.name, self.season.name))

    def _season_at(self, day: date) -> tuple[date, date]:
        """The season that a day lies in, else the one nearest to it."""
        years = range(max(1, day.year - 1), min(LAST_YEAR, day.year + 1) + 1)
        spans = [self.season.span(year) for year in years]
        return min(spans, key=lambda s: max(0, (s[0] - day).days, (day - s[1]).days))

    def _more(self) -> None:
        if self._source is None:
            self._source = self._generated()
        self._days.append(next(self._source, date.max))

    def _generated(self) -> Iterator[date]:
        year = max(1, self.begin.year - 1)
        index, until = 0, year + _FRUITLESS_YEARS
        while year < min(until, LAST_YEAR):
            first, last = self.season.span(year)
            year += 1
            if self.anchor is None:
                index, anchor = 0, first
            else:
                anchor = self.anchor
            while (day := nominal(anchor, self.interval, index)) <= last:
                if day >= max(first, self.begin):
                    until = year + _FRUITLESS_YEARS
                    yield day
                index += 1


@dataclass(frozen=True, slots=True)
class BeforeGrid:
    """``lead_days`` before other dates: those of another row, or those of an interval from that row's anchor.

    ``due`` gives the day that the other row's job of a nominal date is planned for, which may lie before it (this row's
    work then has to, too); ``None``: that row has no job then.
    """

    dates: Callable[[int], date]
    lead_days: int
    other: LocalName
    due: Callable[[date], date | None]
    longest: int
    floats: bool = field(default=False, init=False)

    def day(self, index: int) -> date:
        """As the port says."""
        other = self.dates(index)
        return date.max if other == date.max else other - timedelta(days=self.lead_days)

    def first(self, day: date) -> int:
        """As the port says. O(log of the number of dates)."""
        low, high = 0, 1
        while self.day(high) < day:
            low, high = high, high * 2
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.day(middle) < day else (low, middle)
        return low

    def after(self, day: date) -> int:
        """As the port says."""
        return behind(self, day)

    def span(self, day: date) -> tuple[date, date]:
        """Up to the last day before the other row's job, and before its next one, which may come first: the law may
        have drawn it forward to before a date that has none."""
        index = self.first(day)
        following = self.day(index + 1 if self.day(index) == day else index)
        ends = [self._end(day)] if following == date.max else [self._end(day), self._end(following)]
        return date.min, min(ends)

    def _end(self, day: date) -> date:
        other = day + timedelta(days=self.lead_days)
        return min(other, self.due(other) or other) - _DAY

    def counts_from(self, day: date) -> date:  # noqa: ARG002 (port)
        """Every completion counts."""
        return date.min

    def because(self, day: date) -> LocalName:
        """Names the other row, and the day where it is due on one."""
        other = day + timedelta(days=self.lead_days)
        due = self.due(other)
        if due is None:
            return LocalName(f"当期没有“{self.other.zh}”", f"in a period without {self.other.en}")
        planned = min(other, due)
        return LocalName(f"在“{self.other.zh}”（{planned}）之前完成", f"before {self.other.en} on {planned}")


@dataclass(frozen=True, slots=True)
class ListGrid:
    """Dates that are simply given, rising, with the sentence of each: forecasts of meters, conditions, or none at all
    (a row without a date). ``step_days`` continues behind the last one (``None``: there are no more)."""

    days: Sequence[date] = ()
    texts: Sequence[LocalName] = ()
    step_days: int | None = None
    longest: int = 0
    floats: bool = True

    def day(self, index: int) -> date:
        """As the port says."""
        if index < len(self.days):
            return self.days[index]
        if self.step_days is None or not self.days:
            return date.max
        ordinal = self.days[-1].toordinal() + (index - len(self.days) + 1) * self.step_days
        return date.max if ordinal > LAST_DAY.toordinal() else date.fromordinal(ordinal)

    def first(self, day: date) -> int:  # noqa: ARG002 (what has been reached is still to be done)
        """Always the first one: what should have been done already is still to be done."""
        return 0

    def after(self, day: date) -> int:  # noqa: ARG002 (forecasts count from what was done last)
        """The first one: a forecast is made anew behind each completion."""
        return 0

    def span(self, day: date) -> tuple[date, date]:  # noqa: ARG002 (port)
        """No bounds but the tolerance."""
        return ALWAYS

    def counts_from(self, day: date) -> date:  # noqa: ARG002 (port)
        """Every completion counts."""
        return date.min

    def because(self, day: date) -> LocalName:
        """The sentence that goes with a date; behind the given ones, the last."""
        if not self.texts:
            return LocalName("", "")
        place = next((n for n, known in enumerate(self.days) if known >= day), len(self.texts) - 1)
        return self.texts[min(place, len(self.texts) - 1)]


NO_DATES = ListGrid()
"""A row whose dates nobody knows (yet)."""
