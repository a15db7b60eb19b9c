"""Rows that stand for others (``fulfils``): from when, until when, what the two hand to each other. Pure; local days.

While one row stands for another, the other has no dates. When it begins, it counts from the other's last completion as
from its own; when it ends, the other goes on behind that day and counts from what was done meanwhile. So the law's
longest gap holds over both changes. Rows that fulfil each other all stay and hand each other nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise, takewhile
from types import MappingProxyType

from maintenance.earlier_anchors import reaching_back
from maintenance.fulfilling import fulfilled, stood_for
from maintenance.handing import Handed, Received
from maintenance.intervals import Interval, IntervalUnit
from maintenance.nesting import Track
from maintenance.plan import FulfilsSince, PlanRow
from maintenance.recurrence import Series, longest_between, longest_days, shifted
from maintenance.schedules import AgeSchedule, SeasonSchedule


@dataclass(frozen=True, slots=True)
class StandIn:
    """That a row stands for another one (codes) from a day on, until another day (``None``: for good). ``slack``: by
    how many days the other's longest gap is longer than that of the row itself; ``binds``: whether it has one."""

    row: str
    law: str
    since: date
    until: date | None
    slack: int = 0
    binds: bool = True


def stand_ins(rows: Sequence[PlanRow], every_row: Mapping[str, PlanRow]) -> list[StandIn]:
    """Who stands for whom among the rows of a subject; also by way of others."""
    by_code = {row.code: row for row in rows}
    found = []
    for row in rows:
        if not row.fulfils:
            continue
        floor = floor_of(row, every_row)
        standing = stood_for(row, by_code)
        for code, since in sorted(_since(row, by_code).items()):
            if code in by_code and code in standing:
                gap = _gap_for(by_code[code], row)
                slack = 0 if floor is None or gap <= 0 else max(0, gap - floor)
                found.append(StandIn(row.code, code, since, row.ends, slack, gap > 0))
    return found


def replaced_from(rows: Sequence[PlanRow], today: date) -> dict[str, date]:
    """From when other rows of a subject stand for a row, or a row has ended by itself, by its code. One whose stand-in
    ends has its dates back."""
    found: dict[str, date] = {row.code: row.ends for row in rows if row.ends is not None}
    for one in stand_ins(rows, {}):
        if one.until is None or one.since > today:
            found[one.law] = min(found.get(one.law, date.max), one.since)
    return found


def _since(row: PlanRow, by_code: Mapping[str, PlanRow]) -> dict[str, date]:
    """From when a row stands for those of ``fulfilled``."""
    found: dict[str, date] = {}
    left = list(_own_since(row, row.first_day).items())
    while left:
        code, day = left.pop()
        if code == row.code or found.get(code, date.max) <= day:
            continue
        found[code] = day
        if code in by_code:
            left += ((other, max(day, since)) for other, since in _own_since(by_code[code], date.min).items())
    return found


def _own_since(row: PlanRow, day: date) -> dict[str, date]:
    return dict.fromkeys(row.fulfils, day) | {one.code: one.day for one in row.fulfils_since}


def standing_since(before: PlanRow, after: PlanRow, day: date) -> PlanRow:
    """The next version of a row, in effect from a day on, with the days from which it stands for others: for those that
    it has named only now not since it came into the plan."""
    known = {one.code: one for one in before.fulfils_since}
    named = [code for code in after.fulfils if code in known or code not in before.fulfils]
    found = [known.get(code, FulfilsSince(code, day)) for code in named]
    return replace(after, fulfils_since=tuple(one for one in found if one.day > after.first_day))


def floor_of(row: PlanRow, by_code: Mapping[str, PlanRow]) -> int | None:
    """The longest gap in days that holds for a row: its own and those of the rows that it fulfils (where such a row
    has none, its interval; where it goes by age and this one does not, the shortest of its steps), so that a laxer row
    never loosens what it stands for."""
    gaps = [_gap_for(by_code[code], row) for code in fulfilled(row, by_code) if code in by_code]
    gaps = [gap for gap in gaps if gap > 0]
    if row.max_gap_days is not None:
        gaps.append(row.max_gap_days)
    return min(gaps, default=None)


def _gap(row: PlanRow) -> int:
    return longest_between(row) if row.max_gap_days is None else row.max_gap_days


def _gap_for(law: PlanRow, row: PlanRow) -> int:
    """The longest gap that a row has on account of one that it stands for; 0: none, for the seasons that it has from
    that one are as far apart as they are."""
    if law.max_gap_days is None and _has_its_seasons(row, law):
        return 0
    if isinstance(law.schedule, AgeSchedule) and not isinstance(row.schedule, AgeSchedule):
        return shortest_between(law.schedule)
    return _gap(law)


def _has_its_seasons(row: PlanRow, law: PlanRow) -> bool:
    has, asked = row.schedule, law.schedule
    if not isinstance(has, SeasonSchedule) or not isinstance(asked, SeasonSchedule):
        return False
    return set(asked.seasons) <= set(has.seasons)


def shortest_between(schedule: AgeSchedule) -> int:
    """The fewest days that the dates of a row by age are apart, the first one from its beginning on: what an interval
    in its place may not be longer than, whatever the machine's age."""
    gaps = [longest_days(Interval(b - a, IntervalUnit.YEAR)) for a, b in pairwise((0, *schedule.years))]
    return min([*gaps, *([] if schedule.then is None else [longest_days(schedule.then)])])


@dataclass(frozen=True, slots=True)
class Source:
    """That a row (code) counts from what was done of another one, ``slack`` days later than it was done, and from what
    was missed of it with a date before a day: for the rest the row answers itself. ``law``: the row on account of which
    that is so, whose longest gap it keeps where it ``binds``; ``None``: the row itself, for ``of`` has stood for it and
    from that day on its dates are its own again."""

    row: str
    of: str
    before: date
    slack: int = 0
    law: str | None = None
    binds: bool = True

    @property
    def resumes(self) -> bool:
        """Whether the row's dates are its own again from the day on."""
        return self.law is None


def sources(links: Sequence[StandIn], today: date) -> list[Source]:
    """What rows count from: a row that stands for the law's from that one and from all others that stand or stood for
    it (or are to, before this one does), the law's from each that stands or stood for it and ends. What stood for a row
    itself counts for that one's longest gap, whatever else it stood for. O(links squared)."""
    found: list[Source] = []
    back: dict[tuple[str, str], Source] = {}
    for one in links:
        law, slack, binds = one.law, one.slack, one.binds
        found.append(Source(one.row, law, one.since, slack, law, binds))
        found += (
            Source(one.row, other.row, min(one.since, other.until or date.max), slack, law, binds)
            for other in links
            if other.law == law and other.row != one.row and (other.since <= today or other.since < one.since)
        )
        if one.until is not None and one.since <= today:
            back[law, one.row] = Source(law, one.row, one.until)
    for place, source in enumerate(found):
        mine = back.get((source.row, source.of))
        if mine is not None:
            found[place] = replace(source, before=mine.before, slack=0)
    return [*found, *back.values()]


def comes_after(row: PlanRow, given: Iterable[Source], today: date) -> set[str]:
    """The codes of the rows whose coming dates decide on those of a row: of one that it is yet to stand for or to
    follow, and of one that is yet to end which stands for it."""
    return {one.of for one in given if one.row == row.code and one.before > today}


def handed_to(
    row: PlanRow,
    given: Iterable[Source],
    last: Callable[[str, date], date | None],
    tracks: Mapping[str, Track],
    today: date,
    run_out: Mapping[str, Handed] = MappingProxyType({}),
) -> Received:
    """What others hand to a row. ``last`` gives the day that a row was done last, by its code; what was missed counts
    only with a date before that day, for the other one answers for the rest. ``tracks`` are those that stand so far: of
    what is yet to come, each counts as done when it is planned. ``run_out`` has what was done of a row before Plantroom
    where its longest gap had run out when that was entered (``maintenance.former``)."""
    found = Received()
    for one in given:
        if one.row == row.code:
            coming = tracks.get(one.of) if one.before > today else None
            day = _planned_last(coming, last(one.of, one.before), one.before)
            found.take(one.law, _work(one, day, run_out.get(one.of)), binds=one.binds)
    return found


def _work(source: Source, day: date | None, run_out: Handed | None) -> Handed:
    """Work of a day, as it counts."""
    counts = None if day is None else shifted(day, source.slack)
    if run_out is not None and day == run_out.counts:
        return replace(run_out, counts=counts, resumes=source.before if source.resumes else None)
    return Handed(day, counts, source.before if source.resumes else None)


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _planned_last(track: Track | None, last: date | None, before: date) -> date | None:
    """The day that a row is planned for last of its dates before a day; where it is planned no more, the one that it
    counts from."""
    if track is None:
        return last
    counted = [track.counted(min(day, latest), latest) for day, latest in track.standing if day < before]
    copy = replace(track, last=_latest(last, track.handed.counts, *counted))
    windows = takewhile(lambda one: one.nominal < before, (planned.window for planned in copy.alone()))
    return _latest(copy.last, *(copy.counted(one.planned, one.latest) for one in windows))


def reaching(series: Series, handed: Handed) -> Series:
    """The series of a row without a history, whose calendar reaches back before an anchor that lies behind the last day
    that the law allows: it begins with its first date not before that day, which is pulled forward to it."""
    gap, counts = series.max_gap_days, handed.counts
    if gap is None or counts is None or series.grid is not None or series.anchor <= shifted(counts, gap):
        return series
    earlier = reaching_back(series.anchor, series.interval, counts)
    if earlier is None:
        return series
    return replace(series, anchor=earlier).strictly_behind(-1, shifted(counts, gap - 1))


def resuming(series: Series, cycle: int, handed: Handed) -> Series:
    """The series of a row with a history that goes on with ``cycle`` not before the day of its return."""
    if handed.resumes is None or series.nominal(cycle) >= handed.resumes:
        return series
    return series.strictly_behind(cycle - 1, shifted(handed.resumes, -1))


def floating_on(series: Series, given: Mapping[int, date], handed: Handed) -> Series:
    """As ``resuming``, of a row whose dates move with what is closed, behind which the series begins. ``given`` are the
    dates of all cycles: what was made for the time before others stood for the row keeps its date, and what was made
    since the return is found again."""
    if handed.resumes is None:
        return series
    before = [cycle for cycle, day in given.items() if day < handed.resumes]
    return resuming(series, max([series.next_cycle, *(cycle + 1 for cycle in before)]), handed)
