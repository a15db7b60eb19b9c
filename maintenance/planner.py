"""What is due when: the plan table against subjects and their history. Pure; no I/O.

A subject is an asset or, for rows of the site itself, ``site:<code>``. Dates are local calendar dates of the site;
month-end, leap day and DST are as in ``maintenance.recurrence``.

Which cycle comes first: a row's dates count from its own anchor, else from the day the asset went into service, else
from the day since when the row has been in the plan. A subject without any occurrence starts with the first cycle whose
window is still open today (and not before the row is effective), so that a new asset is never born with missed work.
With a history the next cycle is the one after the last known, however long ago that was; where interval, floor or
anchor have changed since, its date is the first one of the new calendar behind the last known.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from maintenance.facts import NO_FACTS, Facts
from maintenance.former import behind_former, counting_from, former_of, run_out
from maintenance.handing import Handed, Received
from maintenance.kinds import Case, Dates, dates_of
from maintenance.last_days import count_standing, last_before, last_day
from maintenance.nesting import Job, Planned, Track, containment, jobs, joined, look_ahead, not_before
from maintenance.pausing import asked_for, behind_reuse, paused, resumed
from maintenance.plan import COMPLETED, SITE, Occurrence, OccurrenceState, PlanRow
from maintenance.recurrence import every_day, has_dates, local_day, shifted, window_at, with_history
from maintenance.rests import AT_REST, without_lapsed
from maintenance.rolling import IsWorkingDay
from maintenance.schedules import BeforeSchedule
from maintenance.stand_ins import (
    Source,
    comes_after,
    floating_on,
    floor_of,
    handed_to,
    reaching,
    replaced_from,
    resuming,
    sources,
    stand_ins,
)
from plantroom.domain.assets import Asset, LocalName

Systems = Mapping[str, Sequence[str]]
"""System key -> equipment classes that belong to it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What occurrences belong to: an asset, or a site (``asset`` is ``None``)."""

    key: str
    site: str
    name: LocalName
    asset: Asset | None = None

    @property
    def equipment_class(self) -> str | None:
        """The class of the asset; ``None`` for a site."""
        return None if self.asset is None else self.asset.equipment_class

    def anchor(self, row: PlanRow) -> date:
        """Where the dates of a row count from on this subject."""
        in_service = None if self.asset is None else self.asset.in_service_on
        return row.anchor or in_service or row.first_day


def site_subject(site: str, name: LocalName) -> Subject:
    """The subject of rows that apply to the site itself."""
    return Subject(f"{SITE}{site}", site, name)


def is_site(key: str) -> bool:
    """Whether a subject's key is that of a site."""
    return key.startswith(SITE)


def asset_subject(asset: Asset) -> Subject:
    """The subject of an asset."""
    return Subject(asset.key, asset.site, asset.name, asset)


def rows_for(rows: Sequence[PlanRow], subject: Subject, systems: Systems) -> list[PlanRow]:
    """The dated rows that hold for a subject; rows by the hour are apart (``hour_rows_for``).

    A site's own row stands for the default profile's row of the same code. Rows that others
    fulfil are among them: they end (``replaced_from``), but what they have made due is still to be done. Assets out of
    service or scrapped have none.
    """
    return [row for row in _holding(rows, subject, systems) if has_dates(row.interval)]


def hour_rows_for(rows: Sequence[PlanRow], subject: Subject, systems: Systems) -> list[PlanRow]:
    """The rows by the hour that hold for a subject."""
    return [row for row in _holding(rows, subject, systems) if not has_dates(row.interval)]


def _holding(rows: Sequence[PlanRow], subject: Subject, systems: Systems) -> list[PlanRow]:
    if subject.asset is not None and subject.asset.status in AT_REST:
        return []
    own = {row.code for row in rows if row.site == subject.site}
    return [
        row
        for row in rows
        if (row.site == subject.site or (row.site is None and row.code not in own)) and _applies(row, subject, systems)
    ]


def _applies(row: PlanRow, subject: Subject, systems: Systems) -> bool:
    to, asset = row.applies_to, subject.asset
    if asset is None:
        return to.site
    if to.system is not None:
        return asset.equipment_class in systems.get(to.system, ())
    return asset.equipment_class in to.classes or asset.key in to.assets


@dataclass(frozen=True, slots=True)
class Standing:
    """A materialised job that is still due; ``work_order`` is what carries it."""

    work_order: str | None
    job: Job


@dataclass(frozen=True, slots=True)
class Undated:
    """A row whose next date nobody knows, and why."""

    row: PlanRow
    because: LocalName


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """One subject at one moment: what is due already, where each row goes on, the longest gaps by code, and the rows
    that have no date."""

    standing: tuple[Standing, ...]
    tracks: tuple[Track, ...]
    floors: Mapping[str, int | None]
    undated: tuple[Undated, ...] = ()

    def upcoming(self, until: date) -> list[Job]:
        """Jobs after the standing ones whose windows begin by ``until``, grouped for good. Uses up the tracks.

        A job is left out when an earlier job of one of its rows is.
        """
        blocked: set[str] = set()
        kept: list[Job] = []
        for job in jobs(self.tracks, shifted(until, look_ahead(self.tracks))):
            codes = {p.row.code for p in job.occurrences}
            if job.earliest <= until and not codes & blocked:
                kept.append(job)
            else:
                blocked |= codes
        return kept

    def to_make(self, until: date) -> list[Job]:
        """The jobs of ``upcoming`` as orders are made of them: of a row whose dates are forecasts (by a meter) one at a
        time, since the next one counts from when it is done."""
        taken = {p.row.code for s in self.standing for p in s.job.occurrences if _is_forecast(p)}
        kept: list[Job] = []
        for job in self.upcoming(until):
            own = [p for p in job.occurrences if p.row.code not in taken]
            taken |= {p.row.code for p in own if _is_forecast(p)}
            if len(own) == len(job.occurrences):
                kept.append(job)
            elif own:
                kept.append(joined(own, self.tracks[0].calendar))
        return kept


def _is_forecast(planned: Planned) -> bool:
    return planned.grid is not None and planned.grid.floats


def plan_subject(
    rows: Sequence[PlanRow],
    every_row: Mapping[str, PlanRow],
    subject: Subject,
    history: Sequence[Occurrence],
    today: date,
    zone: ZoneInfo,
    start: date | None = None,
    is_working_day: IsWorkingDay = every_day,
    facts: Facts = NO_FACTS,
) -> SubjectPlan:
    """Put rows (those of ``rows_for``), the subject's whole history and what is known of it together.

    ``start`` is where rows without a history begin (default: today). A missed occurrence counts for ``max_gap`` like
    a completion on its last day: the breach is on record and does not make everything after it late. What lapsed while
    the machine was out of use counts as waived, whether that has been written down or not (``maintenance.pausing``).
    Rows that stand for others, or did, count from what was done of either (``maintenance.stand_ins``).
    """
    history = without_lapsed(history, facts.rests, zone)
    by_row: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in history:
        by_row[occurrence.key.lineage].append(occurrence)
    floors = {row.code: floor_of(row, every_row) for row in rows}
    contains = containment(rows, floors)
    ends, given = replaced_from(rows, today), sources(stand_ins(rows, every_row), today)
    lineages = {row.code: row.lineage for row in rows}

    def last(code: str, before: date) -> date | None:
        return last_day(by_row[lineages[code]], zone, before)

    ran_out = ((row.code, run_out(former_of(by_row[row.lineage]))) for row in rows)
    late = {code: found for code, found in ran_out if found is not None}
    made: dict[str, Track] = {}
    received: dict[str, Received] = {}
    undated: list[Undated] = []
    for row in _after_others(rows, given, today):
        anchor = counting_from(subject.anchor(row), row, former_of(by_row[row.lineage]))
        case = Case(
            row, subject.asset, anchor, _start(row, start or today, today), today, floors[row.code],
            by_row[row.lineage], facts, zone,
        )  # fmt: skip
        dates = dates_of(case, made)
        received[row.code] = handed_to(row, given, last, made, today, late)
        received[row.code].own = last(row.code, date.max)
        if row.code in late:
            received[row.code].take(None, late[row.code])
        track = _track(case, dates, ends.get(row.code), received[row.code].total)
        track.contains, track.calendar, track.today = contains[row.code], is_working_day, today
        made[row.code] = track
        if dates.unknown is not None and not track.standing:
            undated.append(Undated(row, dates.unknown))
    tracks = tuple(made[row.code] for row in rows)
    standing = _standing({t.row.lineage: t for t in tracks}, history, today, zone, is_working_day, given, received)
    return SubjectPlan(tuple(standing), tracks, floors, tuple(undated))


def _after_others(rows: Sequence[PlanRow], given: Sequence[Source], today: date) -> list[PlanRow]:
    """The rows, each one before another row behind that one, and behind those that hand it what is yet to come. Where
    rows wait for each other, they come last: the first of them finds nothing to go before."""
    left = list(rows)
    done: list[PlanRow] = []
    needs = {row.code: {before_of(row), *comes_after(row, given, today)} for row in rows}
    while left:
        waiting = {row.code for row in left}
        ready = [row for row in left if needs[row.code].isdisjoint(waiting)] or left
        done += ready
        left = [row for row in left if row not in ready]
    return done


def before_of(row: PlanRow) -> str | None:
    """The code of the row that a row comes before."""
    return row.schedule.code if isinstance(row.schedule, BeforeSchedule) else None


def _start(row: PlanRow, start: date, today: date) -> date:
    return max(start, row.effective_from) if row.effective_from > today else start


def _done(history: Sequence[Occurrence], zone: ZoneInfo) -> dict[int, date]:
    return {
        o.key.cycle: local_day(o.completed_at, zone)
        for o in history
        if o.state in COMPLETED and o.completed_at is not None
    }


def _track(case: Case, dates: Dates, ends: date | None, handed: Handed) -> Track:
    row, history = case.row, case.history
    done = _done(history, case.zone)
    closed = [o for o in history if o.state is not OccurrenceState.DUE]
    # Dates that have been given stay, but those of a floating row move with what is closed before them.
    given = history
    if dates.grid is not None:
        given = closed if dates.grid.floats else history
    elif row.shift_percent:
        given = closed or history
    known = {o.key.cycle: o.nominal_date for o in given}
    series = with_history(row, case.anchor, case.floor, done, known, ends, dates.grid)
    series = behind_former(series, former_of(history), max(known, default=0))
    last = last_day(history, case.zone)
    if handed.counts is not None:
        last = max(last or handed.counts, handed.counts)
    if not history:
        series = reaching(series, handed)
        start = max(case.start, handed.resumes or case.start)
        return paused(Track(series, series.first_cycle(start), last, handed=handed), case)
    standing = tuple((o.nominal_date, o.latest) for o in history if o.state is OccurrenceState.DUE)
    newest = max(history, key=lambda o: o.key.cycle)
    series = behind_reuse(series, case, newest.key.cycle, newest.nominal_date)
    next_cycle = newest.key.cycle + 1
    if row.shift_percent and dates.grid is None:
        series = floating_on(series, {o.key.cycle: o.nominal_date for o in history}, handed)
        series = resumed(series, case, last)
    series = resuming(series, next_cycle, handed)
    track = Track(
        series, next_cycle, last, standing=standing, newest=newest.nominal_date, handed=handed, history=history
    )
    return paused(track, case)


def _standing(
    tracks: Mapping[str, Track],
    history: Sequence[Occurrence],
    today: date,
    zone: ZoneInfo,
    is_working_day: IsWorkingDay,
    given: Sequence[Source],
    received: Mapping[str, Received],
) -> list[Standing]:
    groups: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in history:
        if occurrence.state is OccurrenceState.DUE and occurrence.key.lineage in tracks:
            groups[occurrence.work_order or str(occurrence.key)].append(occurrence)
    found: list[Standing] = []
    for group in _in_turn(sorted(groups.values(), key=lambda g: (min(o.latest for o in g), g[0].key))):
        planned = [_planned(tracks[o.key.lineage], o, today, zone, is_working_day) for o in group]
        job = joined(planned, is_working_day)
        # What is overdue counts like what was missed, on its last day: it makes nothing after it later.
        counted = job.latest if job.latest < today else job.due
        for occurrence in group:
            track = tracks[occurrence.key.lineage]
            count_standing(track, counted)
            mine = received[track.row.code]
            mine.own = max(mine.own or counted, counted)
            _hand_on(tracks.values(), given, occurrence, counted, received)
        found.append(Standing(group[0].work_order, job))
    return found


def _hand_on(
    tracks: Iterable[Track],
    given: Iterable[Source],
    occurrence: Occurrence,
    counted: date,
    received: Mapping[str, Received],
) -> None:
    """What a row had due before another one answered in its place counts for both."""
    by_code = {track.row.code: track for track in tracks}
    for one in given:
        if by_code[one.of].row.lineage != occurrence.key.lineage or occurrence.nominal_date >= one.before:
            continue
        track, mine = by_code[one.row], received[one.row]
        had = mine.last
        mine.take(one.law, Handed(counted, shifted(counted, one.slack)), binds=one.binds)
        if mine.last != had:
            track.handed = mine.total
            track.carry(mine.last, track.rests)


def _in_turn(groups: list[list[Occurrence]]) -> Iterator[list[Occurrence]]:
    """The groups by their last days, but of each row the cycles in their order, whatever last days they were given."""
    waiting: dict[str, list[int]] = defaultdict(list)
    for key in sorted((o.key for group in groups for o in group), reverse=True):
        waiting[key.lineage].append(key.cycle)
    left = groups
    while left:
        ready = (n for n, group in enumerate(left) if all(waiting[o.key.lineage][-1] == o.key.cycle for o in group))
        group = left[next(ready, 0)]
        left = [other for other in left if other is not group]
        for occurrence in group:
            waiting[occurrence.key.lineage].remove(occurrence.key.cycle)
        yield group


def _planned(
    track: Track, occurrence: Occurrence, today: date, zone: ZoneInfo, is_working_day: IsWorkingDay
) -> Planned:
    """Dates that float move with what has been done since, unless their last day is over: a breach stays on record.
    Forecasts move always."""
    series, cycle = track.series, occurrence.key.cycle
    asked = asked_for(track, cycle, occurrence.nominal_date)
    if asked is not None:
        return asked
    shifts = track.row.shift_percent > 0 and occurrence.latest >= today
    floats = shifts if series.grid is None else series.grid.floats
    moved = series.nominal(cycle) if floats and cycle >= series.next_cycle else date.max
    day = occurrence.nominal_date if moved == date.max else moved
    pause = track.counting_from()
    found = not_before(pause, window_at(series, cycle, day, last_before(occurrence, track, zone), is_working_day))
    return Planned(
        track.row, found, track.counted_from, series.grid, pause, track.slack, track.length, track.has_run_out
    )
