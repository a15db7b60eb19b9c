"""The plan of an inspection pack: every row that holds for what the pack is about, how it was kept, when it was done
last, and when it is due next. Days are local to the site."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.answering import answering
from maintenance.figures.compliance import PlanCounts, plan_counts
from maintenance.gathering import facts_of
from maintenance.plan import Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.planner import Subject, Systems, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.preview import Horizon, Preview, preview_all
from maintenance.reading_port import NO_READINGS
from maintenance.recurrence import has_dates, local_day, shifted
from maintenance.reports.bare import fact_of
from maintenance.reports.ports import DueLine
from maintenance.site_calendar import working_days
from maintenance.stand_ins import stand_ins
from plantroom.domain.assets import LocalName, Site

AHEAD = timedelta(days=3 * 366)
"""How far ahead next dates are looked for."""

FORECAST = 100
"""Machines of which next dates are computed where nothing is due yet; of more those are named that are made already
(60 days ahead)."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """A plan row that holds for what the pack is about, and how it was kept. Of several machines ``last`` is the day of
    the one that was done longest ago, ``never`` how many were not done at all, ``next`` the first of their next days.
    ``stood_for``: codes of the rows that are done in its place now. ``undated``: why nobody knows a next day, where
    that is so of a machine."""

    row: PlanRow
    counts: PlanCounts
    last: date | None = None
    never: int = 0
    subjects: int = 0
    next: date | None = None
    stood_for: tuple[str, ...] = ()
    undated: LocalName | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What rows are asked about: the site's ``rows`` by lineage, those of the site itself that belong to the pack
    (``own``), the subjects that the pack is about, and what fell due of them in the period."""

    site: Site
    rows: Mapping[str, PlanRow]
    lawful: Collection[str]
    own: Collection[str]
    subjects: Sequence[Subject]
    due: Sequence[DueLine]
    systems: Systems
    now: datetime


def row_lines(tx: MaintenanceTx, asked: Asked) -> list[RowLine]:
    """Every row, what a law asks for first, then by code. Rows that have ended are there when something of them fell
    due. O(rows x classes + occurrences of the subjects)."""
    zone = ZoneInfo(asked.site.time_zone)
    today = local_day(asked.now, zone)
    by_row: defaultdict[str, list[DueLine]] = defaultdict(list)
    for one in asked.due:
        by_row[one.lineage].append(one)
    held = _held(asked, today)
    last = tx.plan.last_completions(asked.site.code)
    coming, undated = _coming(tx, asked, today, zone)
    by_code = {asked.rows[lineage].code: lineage for lineage in held}
    standing = _standing(asked, held, by_code, today)
    lines = []
    for lineage in {*held, *(key for key in by_row if key in asked.rows)}:
        subjects = held.get(lineage, ())
        # What is done of a row that stands for another one is done of that one, too.
        keys = [lineage, *(by_code[code] for code in standing.get(lineage, ()))]
        days = _days(subjects, keys, last, max)
        nexts = _days(subjects, keys, coming, min)
        lines.append(
            RowLine(
                asked.rows[lineage],
                plan_counts(map(fact_of, by_row[lineage]), asked.now, zone, asked.lawful),
                last=min(days, default=None),
                never=len(subjects) - len(days),
                subjects=len(subjects),
                next=min(nexts, default=None),
                stood_for=standing.get(lineage, ()),
                undated=undated.get(lineage),
            )
        )
    return sorted(lines, key=lambda one: (one.row.layer is not Layer.LAW, one.row.code))


def _held(asked: Asked, today: date) -> Mapping[str, Sequence[str]]:
    """The keys of the subjects that each row holds for, by lineage."""
    held: defaultdict[str, list[str]] = defaultdict(list)
    for subject, rows in _rows_of(asked):
        for row in rows:
            if row.ends is None or row.ends > today:
                held[row.lineage].append(subject.key)
    return held


def _rows_of(asked: Asked) -> Iterable[tuple[Subject, Sequence[PlanRow]]]:
    """The rows of each subject. Machines of a class share them, but for rows that name machines."""
    rows = list(asked.rows.values())
    named = {key for row in rows for key in row.applies_to.assets}
    by_class: dict[str, Sequence[PlanRow]] = {}
    for subject in asked.subjects:
        name = subject.key if subject.key in named or subject.asset is None else subject.asset.equipment_class
        if name not in by_class:
            by_class[name] = answering(rows, subject)
        yield subject, by_class[name]
    if asked.own:
        itself = site_subject(asked.site.code, asked.site.name)
        yield itself, [row for row in answering(rows, itself) if row.lineage in asked.own]


def _days(
    subjects: Sequence[str],
    lineages: Sequence[str],
    known: Mapping[tuple[str, str], date],
    choose: Callable[[list[date]], date],
) -> list[date]:
    """One day of each subject that has any."""
    found = ([known[lineage, key] for lineage in lineages if (lineage, key) in known] for key in subjects)
    return [choose(days) for days in found if days]


def _standing(
    asked: Asked, held: Mapping[str, Sequence[str]], by_code: Mapping[str, str], today: date
) -> Mapping[str, tuple[str, ...]]:
    """Who stands for whom today on every subject: codes by lineage."""
    rows = [asked.rows[lineage] for lineage in held]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in stand_ins(rows, {row.code: row for row in rows}):
        everywhere = set(held[by_code[one.law]]) <= set(held[by_code[one.row]])
        if everywhere and one.since <= today and (one.until is None or today < one.until):
            found[by_code[one.law]].append(one.row)
    return {lineage: tuple(sorted(codes)) for lineage, codes in found.items()}


def _coming(
    tx: MaintenanceTx, asked: Asked, today: date, zone: ZoneInfo
) -> tuple[Mapping[tuple[str, str], date], Mapping[str, LocalName]]:
    """The last day of what is due next, by lineage and subject: what is made already, else what the planner would make.
    And why there is none, by lineage."""
    subjects = list(asked.subjects)
    if asked.own:
        subjects.append(site_subject(asked.site.code, asked.site.name))
    history = tx.plan.occurrences_of_several([one.key for one in subjects])
    found: dict[tuple[str, str], date] = {}
    for one in (one for known in history.values() for one in known if one.state is OccurrenceState.DUE):
        _sooner(found, (one.key.lineage, one.key.subject), one.latest)
    undated: dict[str, LocalName] = {}
    if len(subjects) <= FORECAST:
        seen = _forecast(tx, asked, subjects, history, today, zone)
        for item in seen.items:
            for planned in item.job.occurrences:
                _sooner(found, (planned.row.lineage, item.asset), planned.window.latest)
        undated = {one.row.lineage: one.reason for one in seen.undated}
    return found, undated


def _forecast(
    tx: MaintenanceTx,
    asked: Asked,
    subjects: Sequence[Subject],
    history: Mapping[str, Sequence[Occurrence]],
    today: date,
    zone: ZoneInfo,
) -> Preview:
    """What the planner would make within ``AHEAD``."""
    rows = [row for row in tx.plan.rows(asked.site.code, today) if has_dates(row.interval)]
    facts = facts_of(tx, asked.site, subjects, rows, NO_READINGS, asked.now, asked.systems)
    calendar, works = asked.site.calendar, working_days(asked.site.calendar, asked.site.time_zone)
    horizon = Horizon(today, shifted(today, AHEAD.days), today, zone, works, calendar)
    return preview_all(rows, subjects, history, horizon, asked.systems, facts)


def _sooner(found: dict[tuple[str, str], date], key: tuple[str, str], day: date) -> None:
    found[key] = min(found.get(key, day), day)
