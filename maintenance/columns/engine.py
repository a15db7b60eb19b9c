"""Everything that many subjects have to do, in columns: state in, jobs out.

A subject belongs here when its rows are plain (``RowSet.in_columns``) and nothing of its history is still due; what is
due already is for ``maintenance.planner``. O(pairs + occurrences), a few hundred NumPy calls for each set of rows that
contain each other.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from maintenance.columns.days import END, NEVER, Days, Flags, WorkDays, kept
from maintenance.columns.found import Found, Jobs, Occurrences, none_beyond
from maintenance.columns.handed import HandedIn, handed_in
from maintenance.columns.history import History, stand
from maintenance.columns.nested import Nest
from maintenance.columns.sets import RowSet
from maintenance.columns.tracks import NO_GAP, Tracks, Variant
from maintenance.columns.walking import walk
from maintenance.plan import PlanRow, Roll


@dataclass(frozen=True, slots=True)
class Batch:
    """Subjects, one element each: the place of their rows in ``sets``, the day they went into service (0: unknown),
    today in their site's zone, and the day up to which jobs are wanted."""

    sets: Sequence[RowSet]
    row_set: Days
    in_service: Days
    today: Days
    until: Days


@dataclass(frozen=True, slots=True)
class Pairs:
    """(row, subject), by subject and then in the order of its rows. ``first[s]`` is the first pair of subject ``s``
    (and ``first[-1]`` their number); ``variant`` the place in ``variants``."""

    variants: Sequence[Variant]
    subject: Days
    place: Days
    variant: Days
    first: Days


@dataclass(frozen=True, slots=True)
class Planned:
    """Jobs by subject, due day and leading row, each with its occurrences, deepest row first.

    ``first_job[s]`` is the first job of subject ``s``, ``first[j]`` the first occurrence of job ``j`` (each with one
    element more). ``next_day[s]`` is the first day on which a job that is not among them has to be there (``END``:
    never)."""

    pairs: Pairs
    subject: Days
    jobs: Jobs
    first_job: Days
    occurrences: Occurrences
    first: Days
    next_day: Days


def pairs_of(batch: Batch) -> Pairs:
    """What holds for whom."""
    numbers: dict[tuple[str, int, int | None, date | None], int] = {}
    variants: list[Variant] = []
    of_set: list[Days] = []
    for one in batch.sets:
        places = []
        for variant in one.variants:
            key = (variant.row.lineage, variant.row.version, variant.floor, variant.ends)
            if key not in numbers:
                numbers[key] = len(variants)
                variants.append(variant)
            places.append(numbers[key])
        of_set.append(np.array(places, np.int64))
    sizes = np.array([places.size for places in of_set], np.int64)[batch.row_set]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    subject = np.repeat(np.arange(batch.row_set.size), sizes)
    place = np.arange(subject.size) - first[subject]
    starts = np.concatenate([[0], np.cumsum([places.size for places in of_set])]).astype(np.int64)
    flat = np.concatenate(of_set) if of_set else np.empty(0, np.int64)
    return Pairs(variants, subject, place, flat[starts[batch.row_set[subject]] + place], first)


def plan_columns(batch: Batch, pairs: Pairs, history: History, calendar: WorkDays) -> Planned:
    """All jobs of all subjects whose windows begin by their ``until``, as ``SubjectPlan.upcoming`` has them.

    ``history`` refers to ``pairs``. Raises ``TooFar`` when a holiday roll leads too far away from the other dates.
    """
    found = Found(none_beyond(pairs.subject.size))
    table = _Table(pairs.variants)
    tracks = _Fresh(batch, pairs, table, handed_in(batch.sets, batch.row_set, pairs.first, history))
    lonely, groups = _shapes(batch.sets)
    alone = np.flatnonzero(lonely[batch.row_set[pairs.subject], pairs.place])
    for kind in np.unique(table.kind[pairs.variant[alone]]):
        some = alone[table.kind[pairs.variant[alone]] == kind]
        walk(some, tracks.behind(some, history), batch.until[pairs.subject[some]], calendar, found)
    for group in groups:
        subjects = np.flatnonzero(np.isin(batch.row_set, group.sets))
        if not subjects.size:
            continue
        which = [pairs.first[subjects] + group.places[batch.row_set[subjects], i] for i in range(len(group.contains))]
        behind = [tracks.behind(some, history) for some in which]
        variants = [pairs.variants[int(pairs.variant[some[0]])] for some in which]
        ahead = np.array([one.look_ahead for one in batch.sets], np.int64)[batch.row_set[subjects]]
        Nest(variants, group.contains, which, behind, calendar, found).run(kept(batch.until[subjects] + ahead))
    return _arranged(batch, pairs, found, table)


class _Table:
    """The variants' numbers, one element each. ``kind`` counts the ways of counting and rolling."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        rows: Sequence[PlanRow] = [v.row for v in variants]
        self.rolls = list(Roll)
        self.variants = variants
        self.monthly = np.array([v.monthly for v in variants], np.bool_)
        self.kind = np.array([len(self.rolls) * v.monthly + self.rolls.index(v.row.roll) for v in variants], np.int64)
        self.step = _whole([v.step for v in variants])
        self.early, self.late = _whole([r.early_days for r in rows]), _whole([r.late_days for r in rows])
        self.gap = _whole([NO_GAP if v.floor is None else v.floor for v in variants])
        self.end = _whole([v.end for v in variants])
        self.shift = _whole([r.shift_percent for r in rows])
        self.anchor = _whole([0 if r.anchor is None else r.anchor.toordinal() for r in rows])
        self.effective = _whole([r.effective_from.toordinal() for r in rows])
        self.first_day = _whole([r.first_day.toordinal() for r in rows])
        order = sorted(range(len(rows)), key=lambda i: rows[i].code)
        codes = {code: rank for rank, code in enumerate(dict.fromkeys(rows[i].code for i in order))}
        self.code = _whole([codes[r.code] for r in rows])
        depth = sorted(range(len(rows)), key=lambda i: (-variants[i].length, rows[i].code))
        self.depth = np.empty(len(rows), np.int64)
        self.depth[depth] = np.arange(len(rows))


class _Fresh:
    """Pairs as they are before their history."""

    def __init__(self, batch: Batch, pairs: Pairs, table: _Table, handed: HandedIn) -> None:
        self._pairs, self._table, self._handed = pairs, table, handed
        variant = pairs.variant
        in_service = batch.in_service[pairs.subject]
        own = np.where(in_service > 0, in_service, table.first_day[variant])
        self._anchor = np.where(table.anchor[variant] > 0, table.anchor[variant], own)
        self._today = batch.today[pairs.subject]
        self._start = np.maximum(self._today, table.effective[variant])

    def behind(self, which: Days, history: History) -> Tracks:
        """Some pairs (ascending, of one kind) behind their history."""
        table, variant = self._table, self._pairs.variant[which]
        monthly, roll = divmod(int(table.kind[variant[0]]), len(table.rolls))
        zero = np.zeros(which.size, np.int64)
        tracks = Tracks(
            bool(monthly), table.rolls[roll], self._anchor[which], zero, zero.copy(), zero.copy(),
            np.full(which.size, NEVER, np.int64), table.step[variant], table.early[variant], table.late[variant],
            table.gap[variant], table.end[variant], self._today[which],
        )  # fmt: skip
        variants = self._pairs.variants
        handed = self._handed.of(which)
        start = np.maximum(self._start[which], handed.resumes)
        stand(tracks, lambda place: variants[variant[place]], table.shift[variant], start, history, which, handed)
        return tracks


@dataclass(slots=True)
class _Group:
    """One group of rows wherever it is the same: the sets that have it and where it stands in each."""

    contains: tuple[frozenset[int], ...]
    sets: list[int]
    places: Days


def _shapes(sets: Sequence[RowSet]) -> tuple[Flags, list[_Group]]:
    """Which places of each set are lonely, and the groups of all sets, equal ones once."""
    widest = max((len(one.rows) for one in sets), default=0)
    lonely = np.zeros((len(sets), max(widest, 1)), np.bool_)
    found: dict[object, _Group] = {}
    for number, one in enumerate(sets):
        lonely[number, list(one.lonely)] = True
        for group in one.groups:
            inner = tuple(frozenset(group.index(i) for i in one.contains[place]) for place in group)
            who = [one.variants[place] for place in group]
            key = (tuple((v.row.lineage, v.row.version, v.floor, v.ends) for v in who), inner)
            if key not in found:
                found[key] = _Group(inner, [], np.zeros((len(sets), len(group)), np.int64))
            found[key].sets.append(number)
            found[key].places[number] = group
    return lonely, list(found.values())


def _arranged(batch: Batch, pairs: Pairs, found: Found, table: _Table) -> Planned:
    occurrences, jobs = found.all_occurrences(), found.all_jobs()
    subject = pairs.subject[jobs.leader]
    code = table.code[pairs.variant[jobs.leader]]
    order = np.lexsort((code, jobs.due, subject))
    keeps, next_day = _kept_jobs(batch, pairs, found, occurrences, jobs, order)
    order = order[keeps[order]]
    rank = np.full(subject.size, -1, np.int64)
    rank[order] = np.arange(order.size)
    place = rank[occurrences.job]
    mine = np.flatnonzero(place >= 0)
    depth = table.depth[pairs.variant[occurrences.pair[mine]]]
    mine = mine[np.argsort(place[mine] * (len(pairs.variants) + 1) + depth, kind="stable")]
    chosen, kept_jobs = occurrences.of(mine, place[mine]), jobs.of(order)
    subject = subject[order]
    first_job = np.searchsorted(subject, np.arange(batch.row_set.size + 1))
    first = np.searchsorted(chosen.job, np.arange(order.size + 1))
    return Planned(pairs, subject, kept_jobs, first_job, chosen, first, next_day)


def _kept_jobs(
    batch: Batch, pairs: Pairs, found: Found, occurrences: Occurrences, jobs: Jobs, order: Days
) -> tuple[Flags, Days]:
    """Which jobs begin by ``until`` and follow no job of one of their rows that does not; and the day on which the
    first of the others has to be there."""
    subject = pairs.subject[jobs.leader]
    until = batch.until[subject]
    keeps = jobs.earliest <= until
    next_day = np.full(batch.row_set.size, END, np.int64)
    np.minimum.at(next_day, pairs.subject, np.where(found.beyond > batch.until[pairs.subject], found.beyond, END))
    late = ~keeps
    if late.any():
        np.minimum.at(next_day, subject[late], jobs.earliest[late])
        _block(keeps, occurrences, subject, order)
    return keeps, next_day


def _block(keeps: Flags, occurrences: Occurrences, subject: Days, order: Days) -> None:
    """Leave out what comes behind a job that is left out, through the rows that they share."""
    gone = np.flatnonzero(~keeps[order])
    first = np.full(subject.max() + 1, order.size, np.int64)
    np.minimum.at(first, subject[order[gone]], gone)
    behind = order[np.arange(order.size) >= first[subject[order]]]
    concerned = np.zeros(keeps.size, np.bool_)
    concerned[behind] = True
    inside = concerned[occurrences.job]
    rows: dict[int, list[int]] = defaultdict(list)
    for job, pair in zip(occurrences.job[inside].tolist(), occurrences.pair[inside].tolist(), strict=True):
        rows[job].append(pair)
    blocked: set[int] = set()
    for job in behind.tolist():
        if not keeps[job] or not blocked.isdisjoint(rows[job]):
            keeps[job] = False
            blocked.update(rows[job])


def _whole(values: Sequence[int]) -> Days:
    return np.array(values, np.int64)
