"""What is due when: the plan table against subjects and their history. Pure; no I/O.

A subject is an asset or, for rows of the site itself, ``site:<code>``. Dates are local calendar dates of the site;
month-end, leap day and DST are as in ``maintenance.recurrence``.

Which cycle comes first: a row's dates count from its own anchor, else from the day the asset went into service, else
from the row's effective date. A subject without any occurrence starts with the first cycle whose window is still open
today (and not before the row is effective), so that a new asset is never born with missed work. With a history the
next cycle is the one after the last known, however long ago that was; where interval, floor or anchor have changed
since, its date is the first one of the new calendar behind the last known.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from maintenance.nesting import Job, Planned, Track, containment, jobs, joined, look_ahead
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.reasons import reason
from maintenance.recurrence import (
    IsWorkingDay,
    every_day,
    has_dates,
    local_day,
    longest_days,
    shifted,
    window_at,
    with_history,
)
from plantroom.domain.assets import Asset, AssetStatus, LocalName

Systems = Mapping[str, Sequence[str]]
"""System key -> equipment classes that belong to it."""

_CREDIT = (OccurrenceState.DONE, OccurrenceState.CREDITED)
_UNPLANNED = (AssetStatus.SCRAPPED, AssetStatus.OUT_OF_SERVICE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What occurrences belong to: an asset, or a site (``asset`` is ``None``)."""

    key: str
    site: str
    name: LocalName
    asset: Asset | None = None

    def anchor(self, row: PlanRow) -> date:
        """Where the dates of a row count from on this subject."""
        in_service = None if self.asset is None else self.asset.in_service_on
        return row.anchor or in_service or row.effective_from


def site_subject(site: str, name: LocalName) -> Subject:
    """The subject of rows that apply to the site itself."""
    return Subject(f"site:{site}", site, name)


def asset_subject(asset: Asset) -> Subject:
    """The subject of an asset."""
    return Subject(asset.key, asset.site, asset.name, asset)


def rows_for(rows: Sequence[PlanRow], subject: Subject, systems: Systems) -> list[PlanRow]:
    """The dated rows that hold for a subject.

    A site's own row stands for the default profile's row of the same code. Rows that others
    fulfil are among them: they end (``replaced_from``), but what they have made due is still to be done. Assets out of
    service or scrapped have none; hour rows have no dates yet.
    """
    if subject.asset is not None and subject.asset.status in _UNPLANNED:
        return []
    own = {row.code for row in rows if row.site == subject.site}
    return [
        row
        for row in rows
        if (row.site == subject.site or (row.site is None and row.code not in own))
        and has_dates(row.interval)
        and _applies(row, subject, systems)
    ]


def replaced_from(rows: Sequence[PlanRow]) -> dict[str, date]:
    """From when other rows of a subject stand for a row, by its code. Rows that fulfil each other all stay."""
    by_code = {row.code: row for row in rows}
    found: dict[str, date] = {}
    for row in rows:
        for code in _fulfilled(row, by_code):
            if code in by_code and row.code not in _fulfilled(by_code[code], by_code):
                found[code] = min(found.get(code, date.max), row.effective_from)
    return found


def _fulfilled(row: PlanRow, by_code: Mapping[str, PlanRow]) -> set[str]:
    """Codes of the rows that a row fulfils, also by way of others; never its own."""
    found: set[str] = set()
    left = list(row.fulfils)
    while left:
        code = left.pop()
        if code not in found:
            found.add(code)
            left += by_code[code].fulfils if code in by_code else ()
    return found - {row.code}


def floor_of(row: PlanRow, by_code: Mapping[str, PlanRow]) -> int | None:
    """The longest gap in days that holds for a row: its own and those of the rows that it fulfils (where such a row
    has none, its interval), so that a laxer row never loosens what it stands for."""
    others = [by_code[code] for code in _fulfilled(row, by_code) if code in by_code]
    gaps = [longest_days(o.interval) if o.max_gap_days is None else o.max_gap_days for o in others]
    if row.max_gap_days is not None:
        gaps.append(row.max_gap_days)
    return min(gaps, default=None)


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
class SubjectPlan:
    """One subject at one moment: what is due already, where each row goes on, the longest gaps by code."""

    standing: tuple[Standing, ...]
    tracks: tuple[Track, ...]
    floors: Mapping[str, int | None]

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


def plan_subject(
    rows: Sequence[PlanRow],
    every_row: Mapping[str, PlanRow],
    subject: Subject,
    history: Sequence[Occurrence],
    today: date,
    zone: ZoneInfo,
    start: date | None = None,
    is_working_day: IsWorkingDay = every_day,
) -> SubjectPlan:
    """Put rows (those of ``rows_for``) and the subject's whole history together.

    ``start`` is where rows without a history begin (default: today). A missed occurrence counts for ``max_gap`` like
    a completion on its last day: the breach is on record and does not make everything after it late.
    """
    contains = containment(rows)
    by_row: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in history:
        by_row[occurrence.key.lineage].append(occurrence)
    floors = {row.code: floor_of(row, every_row) for row in rows}
    ends = replaced_from(rows)
    tracks = [
        _track(
            row, subject, by_row[row.lineage], floors[row.code], _start(row, start or today, today), zone,
            ends.get(row.code),
        )
        for row in rows
    ]  # fmt: skip
    for track in tracks:
        track.contains, track.calendar = contains[track.row.code], is_working_day
    standing = _standing({t.row.lineage: t for t in tracks}, history, today, is_working_day)
    return SubjectPlan(tuple(standing), tuple(tracks), floors)


def _start(row: PlanRow, start: date, today: date) -> date:
    return max(start, row.effective_from) if row.effective_from > today else start


def _track(
    row: PlanRow,
    subject: Subject,
    history: Sequence[Occurrence],
    floor: int | None,
    start: date,
    zone: ZoneInfo,
    ends: date | None,
) -> Track:
    done = {
        o.key.cycle: local_day(o.completed_at, zone)
        for o in history
        if o.state in _CREDIT and o.completed_at is not None
    }
    closed = [o for o in history if o.state is not OccurrenceState.DUE]
    # Dates that have been given stay, but those of a floating row move with what is closed before them.
    given = (closed or history) if row.shift_percent else history
    known = {o.key.cycle: o.nominal_date for o in given}
    series = with_history(row, subject.anchor(row), floor, done, known, ends)
    breaches = [o.latest for o in history if o.state is OccurrenceState.MISSED]
    last = max([*done.values(), *breaches], default=None)
    if not history:
        return Track(series, series.first_cycle(start), None)
    return Track(series, max(o.key.cycle for o in history) + 1, last)


def _standing(
    tracks: Mapping[str, Track], history: Sequence[Occurrence], today: date, is_working_day: IsWorkingDay
) -> list[Standing]:
    groups: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in history:
        if occurrence.state is OccurrenceState.DUE and occurrence.key.lineage in tracks:
            groups[occurrence.work_order or str(occurrence.key)].append(occurrence)
    found: list[Standing] = []
    for group in sorted(groups.values(), key=lambda g: (min(o.latest for o in g), g[0].key)):
        planned = [_planned(tracks[o.key.lineage], o, is_working_day) for o in group]
        job = joined(planned, is_working_day)
        for occurrence in group:
            tracks[occurrence.key.lineage].last = max(job.due, today) if job.latest < today else job.due
        found.append(Standing(group[0].work_order, job))
    return found


def _planned(track: Track, occurrence: Occurrence, is_working_day: IsWorkingDay) -> Planned:
    series, cycle = track.series, occurrence.key.cycle
    floats = track.row.shift_percent > 0 and cycle >= series.next_cycle
    day = series.nominal(cycle) if floats else occurrence.nominal_date
    return Planned(track.row, window_at(series, cycle, day, track.last, is_working_day), track.last)


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One job of the preview. ``asset`` is the asset's key, or ``site:<code>``; ``job`` has the occurrences."""

    asset: str
    site: str
    job: Job
    reason: LocalName
    work_order: str | None = None

    def as_json(self) -> dict[str, object]:
        """The item as ``GET /plan/preview`` shows it."""
        job = self.job
        return {
            "asset": self.asset,
            "site": self.site,
            "occurrences": [
                {
                    "plan_row": p.row.code,
                    "name": {"zh": p.row.name.zh, "en": p.row.name.en},
                    "cycle": p.window.cycle,
                    "nominal_date": p.window.nominal.isoformat(),
                    "earliest": p.window.earliest.isoformat(),
                    "latest": p.window.latest.isoformat(),
                }
                for p in job.occurrences
            ],
            "due": job.due.isoformat(),
            "earliest": job.earliest.isoformat(),
            "latest": job.latest.isoformat(),
            "layer": job.leader.row.layer.value,
            "work_order": self.work_order,
            "reason": {"zh": self.reason.zh, "en": self.reason.en},
        }


def preview(
    rows: Sequence[PlanRow],
    subjects: Sequence[Subject],
    history: Mapping[str, Sequence[Occurrence]],
    start: date,
    end: date,
    today: date,
    systems: Systems,
    zone: ZoneInfo,
    is_working_day: IsWorkingDay = every_day,
) -> list[PreviewItem]:
    """Jobs not yet done that have a nominal date in ``start .. end`` (both inclusive), by due day.

    ``history`` maps a subject's key to all its occurrences. Dates before today are shown for rows without a history
    as their calendar has them; what a history has closed is not shown again.
    """
    every_row = {row.code: row for row in rows}
    items: list[PreviewItem] = []
    for subject in subjects:
        mine = rows_for(rows, subject, systems)
        known = history.get(subject.key, ())
        plan = plan_subject(mine, every_row, subject, known, today, zone, min(start, today), is_working_day)
        pairs = [(s.job, s.work_order) for s in plan.standing]
        reach = max((row.early_days + row.late_days for row in mine), default=0)
        pairs += [(job, None) for job in plan.upcoming(shifted(end, reach))]
        for job, order in pairs:
            if not any(start <= p.window.nominal <= end for p in job.occurrences):
                continue
            overdue = order is not None and job.latest < today
            items.append(PreviewItem(subject.key, subject.site, job, reason(job, plan.floors, overdue), order))
    return sorted(items, key=lambda i: (i.job.due, i.asset, i.job.leader.row.code))
