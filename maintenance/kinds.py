"""Where the dates of each kind of row are on one subject. Pure.

Rows whose dates nobody knows (a meter without readings, an age without a day of installation, another row that does
not apply) have none and say why.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.earlier_anchors import reaching_back
from maintenance.facts import Facts
from maintenance.grids import NO_DATES, AgeGrid, BeforeGrid, InSeasonGrid, ListGrid, SeasonGrid
from maintenance.meters import Meter, MeterCase, meter_grid, unknown_because
from maintenance.nesting import Planned, Track
from maintenance.plan import COMPLETED, Occurrence, OccurrenceState, PlanRow
from maintenance.recurrence import (
    LAST_DAY,
    Grid,
    Series,
    effective_interval,
    end_of_day,
    local_day,
    longest_between,
    longest_days,
    nominal,
    shifted,
)
from maintenance.rests import pauses_of
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.site_calendar import season_of
from plantroom.domain.assets import Asset, LocalName


@dataclass(frozen=True, slots=True)
class Case:
    """One row on one subject. ``anchor`` is where its dates count from, ``start`` the day that it begins on without a
    history, ``floor`` the longest gap in days that holds for it, ``history`` its occurrences."""

    row: PlanRow
    asset: Asset | None
    anchor: date
    start: date
    today: date
    floor: int | None
    history: Sequence[Occurrence]
    facts: Facts
    zone: ZoneInfo

    @property
    def last(self) -> datetime | None:
        """When the row was last done or credited, or the end of the last missed one: what a meter counts from."""
        done = [o.completed_at for o in self.history if o.state in COMPLETED and o.completed_at is not None]
        missed = [end_of_day(o.latest, self.zone) for o in self.history if o.state is OccurrenceState.MISSED]
        return max([*done, *missed], default=None)

    @property
    def goes_back(self) -> date | None:
        """The newest date that was given, from which a row that the law counts goes on whatever its anchor; ``None``
        without one."""
        return None if self.floor is None else max((o.nominal_date for o in self.history), default=None)


@dataclass(frozen=True, slots=True)
class Dates:
    """A row's grid (``None``: its plain interval), or why it has no dates."""

    grid: Grid | None
    unknown: LocalName | None = None


def dates_of(case: Case, tracks: Mapping[str, Track]) -> Dates:
    """The dates of a row; ``tracks`` are those of the subject's other rows by code, as far as they stand."""
    schedule = case.row.schedule
    match schedule:
        case IntervalSchedule():
            return _interval(case, schedule)
        case SeasonSchedule():
            return _season(case, schedule)
        case AgeSchedule():
            return _age(case, schedule)
        case MeterSchedule():
            return _meter(case, schedule)
        case BeforeSchedule():
            return _before(case, schedule, tracks)
        case ConditionSchedule():
            return _condition(case, schedule)


def _no_season(name: str) -> Dates:
    return Dates(NO_DATES, LocalName(f"场地没有设定季节“{name}”", f"the site has no season {name!r}"))


def _interval(case: Case, schedule: IntervalSchedule) -> Dates:
    if schedule.in_season is None:
        return Dates(None)
    season = season_of(case.facts.calendar, schedule.in_season)
    if season is None:
        return _no_season(schedule.in_season)
    every = effective_interval(case.row.interval, case.floor)
    anchor, begin = case.row.anchor, case.anchor
    if case.goes_back is not None and case.goes_back < begin:
        begin = case.goes_back
        anchor = None if anchor is None else reaching_back(anchor, every, begin) or anchor
    grid = InSeasonGrid(season, every, anchor, begin, longest_days(every))
    if grid.day(0) > LAST_DAY:
        name = grid.season_name
        zh, en = f"从{anchor}起按周期推算的日期都不在{name.zh}内", f"no date counted from {anchor} is in the {name.en}"
        return Dates(NO_DATES, LocalName(zh, en))
    return Dates(grid)


def _season(case: Case, schedule: SeasonSchedule) -> Dates:
    seasons = []
    for name in schedule.seasons:
        season = season_of(case.facts.calendar, name)
        if season is None:
            return _no_season(name)
        seasons.append(season)
    return Dates(SeasonGrid(tuple(seasons), schedule.lead_days, min(case.anchor, case.goes_back or case.anchor)))


def _age(case: Case, schedule: AgeSchedule) -> Dates:
    asset, row = case.asset, case.row
    installed = None if asset is None or schedule.since == "in_service_on" else asset.installed_on
    in_service = None if asset is None else asset.in_service_on
    since = installed or in_service or row.anchor
    if since is None:
        return Dates(NO_DATES, LocalName("设备卡上没有安装日期", "the asset's card has no day of installation"))
    return Dates(AgeGrid(since, schedule.years, schedule.then, installed is None, longest_between(row)))


def _meter(case: Case, schedule: MeterSchedule) -> Dates:
    meter = case.facts.meters.get(schedule.point, Meter())
    cap = case.row.interval if case.row.interval.every > 0 else None
    known = MeterCase(schedule, meter, case.last, case.anchor, case.start, cap, case.zone)
    grid = meter_grid(known)
    return Dates(_resumed(grid, case), unknown_because(known) if grid is NO_DATES else None)


def _resumed(grid: ListGrid, case: Case) -> ListGrid:
    """A forecast whose window was over while the machine was out of use is for the day of the return."""
    for pause in pauses_of(case.facts.rests, case.zone):
        if grid.days and pause.holds(shifted(grid.days[0], case.row.late_days)):
            grid = replace(grid, days=(pause.until,))
    return grid


def _condition(case: Case, schedule: ConditionSchedule) -> Dates:
    """One job for what was seen since the last one ended; none while one stands."""
    last = case.last
    seen = [s for s in case.facts.sightings if s.failure_mode in schedule.failure_modes]
    new = [s for s in seen if last is None or s.observed_at > last]
    stands = any(o.state is OccurrenceState.DUE for o in case.history)
    if not new:
        return Dates(ListGrid((), (_wanted(schedule),), floats=False))
    day = local_day(new[0].observed_at, case.zone)
    text = LocalName(f"{day}发现“{new[0].name.zh}”，因此安排", f"because {new[0].name.en} was noticed on {day}")
    return Dates(ListGrid(() if stands else (max(day, case.today),), (text,), floats=False))


def _wanted(schedule: ConditionSchedule) -> LocalName:
    modes = ", ".join(schedule.failure_modes)
    return LocalName(f"因状态（{modes}）安排", f"because of its condition ({modes})")


def _before(case: Case, schedule: BeforeSchedule, tracks: Mapping[str, Track]) -> Dates:
    other = tracks.get(schedule.code)
    if other is None:
        return Dates(
            NO_DATES,
            LocalName(f"计划项“{schedule.code}”不适用于此对象", f"the row {schedule.code} does not apply here"),
        )
    if not other.standing and other.ended:
        return Dates(
            NO_DATES, LocalName(f"“{other.row.name.zh}”的日期未知", f"the dates of {other.row.name.en} are unknown")
        )
    every = case.row.interval
    dates = _own(case, other) if every.every > 0 else _each(other)
    longest = longest_days(every) if every.every > 0 else longest_between(other.row)
    return Dates(BeforeGrid(dates, schedule.lead_days, other.row.name, _due(other), longest))


def _own(case: Case, other: Track) -> Callable[[int], date]:
    """The dates of an interval of the row's own, from where the other row's begin."""
    base, offset = _base(case, other)
    return lambda index: nominal(base, case.row.interval, index + offset)


def _base(case: Case, other: Track) -> tuple[date, int]:
    """Where a row before another one counts from, and the first number that it counts."""
    grid = other.series.grid
    if case.row.anchor is not None:
        return case.row.anchor, 0
    if isinstance(grid, AgeGrid):
        return grid.since, 1
    first = other.series.anchor if grid is None else grid.day(0)
    return (case.anchor if first == date.max else first), 0


def _each(other: Track) -> Callable[[int], date]:
    """The dates of another row: those that stand, and those to come. Behind a time out of use the row has the day of
    the return before it goes on with its calendar."""
    days = sorted({day for day, _ in other.standing})
    series, next_cycle = other.series, other.next_cycle - len(days)  # the track goes on while jobs are computed
    coming = _coming(other) if other.pauses else None

    def each(index: int) -> date:
        if coming is None:
            return days[index] if index < len(days) else series.nominal(next_cycle + index)
        while len(days) <= index:
            found = next(coming, None)
            days.append(date.max if found is None else found.window.nominal)
        return days[index]

    return each


def _coming(track: Track) -> Iterator[Planned]:
    """What a row has to come behind what stands."""
    counted = [track.counted(min(nominal_date, latest), latest) for nominal_date, latest in track.standing]
    last, ahead = max([*counted, *(() if track.last is None else (track.last,))], default=None), replace(track)
    if last != track.last:
        ahead.carry(last, track.rests)
    return ahead.alone()


def _due(track: Track) -> Callable[[date], date | None]:
    """The day that a row's job of a nominal date is planned for, or was when it was left undone; ``None`` where the row
    has no such date. Those to come are computed one after the other up to the date, since the law may pull each of them
    forward."""
    coming, undone = _coming(track), (one for one in track.history if one.state not in COMPLETED)
    known, reached = {one.nominal_date: min(one.nominal_date, one.latest) for one in undone}, [date.min]

    def due(day: date) -> date | None:
        while reached[0] < day:
            found = next(coming, None)
            reached[0] = date.max if found is None else found.window.nominal
            if found is not None:
                known[found.window.nominal] = found.window.planned
        return known.get(day) or (day if _has(track.series, day) else None)

    return due


def _has(series: Series, day: date) -> bool:
    if series.grid is None:
        return series.has(day)
    return series.grid.day(series.grid.first(day)) == day
