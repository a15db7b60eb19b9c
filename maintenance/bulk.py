"""Orders of many subjects at once: columns in, drafts out. Reads nothing and writes nothing.

What is here is what most subjects need most of the time: plain rows, and nothing due from an earlier run. Whoever else
comes up is named in ``BulkPlan.others`` and planned one by one (``maintenance.site_run.SiteRun``, where the policies
for what is overdue are described).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby, pairwise, repeat

import numpy as np

from maintenance.columns.days import END, NEVER, Days, Flags, WorkDays
from maintenance.columns.engine import Batch, Pairs, Planned, pairs_of, plan_columns
from maintenance.columns.history import History
from maintenance.columns.sets import RowSet
from maintenance.draft_words import NOT_PULLED, DraftWords, RowGroup, Shape, Templates
from maintenance.item_conditions import Circumstances
from maintenance.plan import Missed, OccurrenceState
from maintenance.site_plan import SitePlan
from maintenance.standings import Card, ClosedOccurrence, DraftOccurrence, DraftOrder, Standing
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus
from plantroom.domain.keys import new_keys

_DONE = (OccurrenceState.DONE.value, OccurrenceState.CREDITED.value)
_FORMER = OccurrenceState.FORMER.value
_OPEN, _SCHEDULED = State.OPEN.value, State.SCHEDULED.value
_DUE, _MISSED = OccurrenceState.DUE.value, OccurrenceState.MISSED.value
_WAIVED = OccurrenceState.WAIVED.value


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subject to plan: its site, its card, its rows, and how many changes its history contains."""

    plan: SitePlan
    card: Card
    rows: RowSet
    changes: int

    @property
    def fingerprint(self) -> str:
        """What its standing is kept under."""
        return self.plan.fingerprint(self.card, self.rows)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A subject with the orders that it needs, the occurrences that become missed records without one, and where its
    planning stands with them."""

    wanted: Wanted
    drafts: Sequence[DraftOrder]
    records: Sequence[DraftOccurrence]
    standing: Standing


class BulkPlan:
    """Plans subjects in columns. ``others`` are those that it leaves to be planned one by one; ``columns_s`` is how
    long the columns took.

    O(occurrences). Raises what data that make no sense raise, and ``TooFar``.
    """

    def __init__(
        self, wanted: Sequence[Wanted], history: Sequence[ClosedOccurrence], calendar: WorkDays, now: datetime
    ) -> None:
        self._now = now
        known = {subject: list(some) for subject, some in groupby(history, key=lambda o: o.subject)}
        mine = [one for one in wanted if is_for_columns(one, known.get(one.card.key, ()))]
        chosen = {one.card.key for one in mine}
        self.wanted = sorted(mine, key=lambda one: (one.plan.site.code, one.card.key))
        batch = batch_of(self.wanted)
        pairs = pairs_of(batch)
        columns = history_of(self.wanted, pairs, known)
        began = time.perf_counter()
        self.planned = plan_columns(batch, pairs, columns, calendar)
        self.columns_s = time.perf_counter() - began
        self._late = _overdue(self.planned, batch)
        self._wake = _wake_days(self.planned, batch)
        self.others = [one for one in wanted if one.card.key not in chosen]
        self._lists: _Lists | None = None
        self._wheres = _Wheres()

    def _listed(self) -> "_Lists":
        if self._lists is None:
            self._lists = _Lists(self.planned)
        return self._lists

    def row_groups(self) -> list[RowGroup]:
        """The rows that come together in one order, deepest first, with where and when it is due; each group once."""
        variants, at, heres = self.planned.pairs.variants, self._listed(), self._wheres
        groups: set[tuple[int, tuple[int, ...]]] = set()
        for number, one in enumerate(self.wanted):
            a, b = at.first_job[number], at.first_job[number + 1]
            where = heres.of(one)
            days, ends = at.job_latest[a:b], pairwise(at.first[a : b + 1])
            groups |= {(where[day], tuple(at.variant[c:d])) for day, (c, d) in zip(days, ends, strict=True)}
        return [(heres.known[here], tuple(variants[place].row for place in group)) for here, group in sorted(groups)]

    def drafts(self, templates: Templates) -> Iterator[Drafted]:
        """The subjects by site and key. ``templates`` has the key of the frozen checklist of each group of rows."""
        words = DraftWords(self.planned.pairs.variants, self._wheres.known, templates)
        for number, one in enumerate(self.wanted):
            records: list[DraftOccurrence] = []
            drafts = self._drafts_of(number, one, words, records)
            due = sum([len(draft.occurrences) for draft in drafts])
            yield Drafted(one, drafts, records, self._standing(number, one, due))

    def _drafts_of(
        self, number: int, one: Wanted, words: DraftWords, records: list[DraftOccurrence]
    ) -> list[DraftOrder]:
        at, card, plan = self._listed(), one.card, one.plan
        key, site, local, now = card.key, plan.site.code, plan.local, self._now
        asset, today = None if key == plan.own else key, plan.today.toordinal()
        jobs = range(at.first_job[number], at.first_job[number + 1])
        policy = _Policy(self._begun(jobs, today) if self._late[number] else {})
        where = self._wheres.of(one)
        found: list[DraftOrder] = []
        for job, name in zip(jobs, new_keys(len(jobs)), strict=True):
            a, b, pulled, passed = at.first[job], at.first[job + 1], at.pulled[job], at.job_latest[job] < today
            here = where[at.job_latest[job]]
            shape = words.shape(here, tuple(at.variant[a:b]), at.placed_early[job], pulled, passed)
            columns = (at.cycle[a:b], shape.codes, at.nominal[a:b], at.earliest[a:b], at.latest[a:b])
            occurrences = tuple(map(DraftOccurrence, shape.lineages, repeat(key), *columns))
            if passed and policy.only_records(shape, at.cycle[a]):
                records += (missed_together(one, at.last_day[job]) for one in occurrences)
                continue
            opens = at.job_earliest[job] <= today and shape.lineages[0] not in policy.held
            zh, en = shape.reasons(at.counted_from[a + max(pulled, 0)], at.last_day[job])
            found.append(
                DraftOrder(
                    name, site, shape.kind, _OPEN if opens else _SCHEDULED, f"{card.zh} {shape.name.zh}",
                    f"{card.en}: {shape.name.en}", asset, shape.department or card.department,
                    local.end(at.job_latest[job]), at.first_day[job], now if opens else None, zh, en, shape.tags,
                    shape.template, occurrences,
                )
            )  # fmt: skip
            if passed and shape.missed is Missed.HOLD:
                policy.held.add(shape.lineages[0])
        return found

    def _begun(self, jobs: range, today: int) -> dict[str, int]:
        """Newest cycle by row whose job has begun."""
        at, variants = self._listed(), self.planned.pairs.variants
        newest: dict[str, int] = {}
        for job in jobs:
            if at.job_earliest[job] <= today:
                for place in range(at.first[job], at.first[job + 1]):
                    lineage = variants[at.variant[place]].row.lineage
                    newest[lineage] = max(newest.get(lineage, -1), at.cycle[place])
        return newest

    def _standing(self, number: int, one: Wanted, due: int) -> Standing:
        wake = date.fromordinal(int(self._wake[number]))
        plan = one.plan
        return Standing(one.card.key, plan.site.code, one.fingerprint, plan.today, wake, due, one.changes)


class _Wheres:
    """Where and when jobs are due, each combination once; ``known`` has them by their places."""

    def __init__(self) -> None:
        self.known: list[Circumstances] = []
        self._places: dict[Circumstances, int] = {}
        self._of: dict[tuple[str, str], _Days] = {}

    def of(self, one: Wanted) -> "_Days":
        """The places by day for a subject."""
        key = (one.plan.site.code, one.card.equipment_class)
        if key not in self._of:
            self._of[key] = _Days(partial(self._place, one.plan, one.card.equipment_class))
        return self._of[key]

    def _place(self, plan: SitePlan, equipment_class: str, day: int) -> int:
        here = plan.where(equipment_class, date.fromordinal(day))
        place = self._places.setdefault(here, len(self.known))
        if place == len(self.known):
            self.known.append(here)
        return place


class _Days(dict[int, int]):
    """Something by day, each computed once."""

    def __init__(self, find: Callable[[int], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, day: int) -> int:
        found = self[day] = self._find(day)
        return found


class _Policy:
    """What becomes of the jobs of one subject whose last day is over; ``held`` are the rows of which one is due."""

    def __init__(self, begun: Mapping[str, int]) -> None:
        self._begun = begun
        self.held: set[str] = set()

    def only_records(self, shape: Shape, cycle: int) -> bool:
        """Whether a job that has passed leaves no order."""
        lineage = shape.lineages[0]
        if shape.missed is Missed.SUPERSEDE:
            return self._begun.get(lineage, -1) > cycle
        return shape.missed is Missed.HOLD and lineage in self.held


class _Lists:
    """The columns as lists, which a loop reads faster; days also as ISO 8601 texts. ``pulled`` is the place in each job
    of its first occurrence whose latest day is the law's and the job's."""

    def __init__(self, planned: Planned) -> None:
        o, jobs = planned.occurrences, planned.jobs
        self.first_job: list[int] = planned.first_job.tolist()
        self.first: list[int] = planned.first.tolist()
        self.job_earliest: list[int] = jobs.earliest.tolist()
        self.job_latest: list[int] = jobs.latest.tolist()
        self.placed_early: list[bool] = jobs.placed_early.tolist()
        self.variant: list[int] = planned.pairs.variant[o.pair].tolist()
        self.cycle: list[int] = o.cycle.tolist()
        self.first_day, self.last_day = _texts(jobs.earliest), _texts(jobs.latest)
        self.nominal, self.earliest, self.latest = _texts(o.nominal), _texts(o.earliest), _texts(o.latest)
        pulled = o.pulled & (o.latest == jobs.latest[o.job])
        # Only behind a pulled one stands the day of the job before.
        self.counted_from = _texts(np.where(pulled, o.counted_from, 1))
        which = np.flatnonzero(pulled)[::-1]
        first = np.full(jobs.leader.size, NOT_PULLED, np.int64)
        first[o.job[which]] = which - planned.first[o.job[which]]
        self.pulled: list[int] = first.tolist()


def missed_together(one: DraftOccurrence, last: str) -> DraftOccurrence:
    """As ``maintenance.plan.missed``."""
    return one._replace(earliest=min(one.earliest, last), latest=min(one.latest, last))


def _texts(days: Days) -> list[str]:
    """Ordinals as ISO 8601 texts."""
    every, place = np.unique(days, return_inverse=True)
    texts = np.array([date.fromordinal(day).isoformat() for day in every.tolist()], np.object_)
    found: list[str] = texts[place].tolist()
    return found


def is_for_columns(one: Wanted, history: Sequence[ClosedOccurrence]) -> bool:
    """Whether the columns can plan a subject: all its rows are plain, nothing of them is due or was withdrawn and is to
    be made again, nothing was brought along from before Plantroom, it was never out of use, and there is nothing to be
    withdrawn."""
    if not one.rows.in_columns or one.card.status == AssetStatus.SCRAPPED:
        return False
    if one.card.status == AssetStatus.OUT_OF_SERVICE:
        return all(o.state != _DUE for o in history)
    if one.card.key in one.plan.rests:
        return False
    if not history:
        return True
    mine = {row.lineage for row in one.rows.rows}
    return not any(o.lineage in mine and (o.state in (_DUE, _FORMER) or _comes_back(one, o)) for o in history)


def _comes_back(one: Wanted, o: ClosedOccurrence) -> bool:
    """As ``withdrawing.without_given_way``, whatever has come behind it."""
    if o.state != _WAIVED or o.latest < one.plan.today:
        return False
    return one.rows.gone.why_not(o.lineage, o.nominal, o.latest) is None


def batch_of(wanted: Sequence[Wanted]) -> Batch:
    """The subjects as columns. Sets that are equal on several sites are one."""
    sets: dict[str, int] = {}
    found: list[RowSet] = []
    places: list[int] = []
    for one in wanted:
        place = sets.setdefault(one.rows.fingerprint, len(found))
        if place == len(found):
            found.append(one.rows)
        places.append(place)
    in_service = [0 if one.card.in_service_on is None else one.card.in_service_on.toordinal() for one in wanted]
    today = [one.plan.today.toordinal() for one in wanted]
    until = [one.plan.until.toordinal() for one in wanted]
    return Batch(found, *(np.array(column, np.int64) for column in (places, in_service, today, until)))


def history_of(wanted: Sequence[Wanted], pairs: Pairs, known: Mapping[str, Sequence[ClosedOccurrence]]) -> History:
    """The closed occurrences of the subjects' rows as columns."""
    rows: list[tuple[int, int, int, int, int]] = []
    places: dict[int, dict[str, int]] = {}
    for number, one in enumerate(wanted):
        mine = known.get(one.card.key)
        if not mine:
            continue
        place = places.get(id(one.rows))
        if place is None:
            place = places[id(one.rows)] = {row.lineage: i for i, row in enumerate(one.rows.rows)}
        first, local = int(pairs.first[number]), one.plan.local
        for o in mine:
            if o.lineage in place:
                done = local.ordinal(o.completed_at) if o.completed_at is not None and o.state in _DONE else NEVER
                missed = o.latest.toordinal() if o.state == _MISSED else NEVER
                rows.append((first + place[o.lineage], o.cycle, o.nominal.toordinal(), done, missed))
    return History(*np.array(rows, np.int64).reshape(-1, 5).T) if rows else History.none()


def _overdue(planned: Planned, batch: Batch) -> Flags:
    """Who has a job whose last day is over."""
    late = np.zeros(batch.row_set.size, np.bool_)
    late[planned.subject[planned.jobs.latest < batch.today[planned.subject]]] = True
    return late


def _wake_days(planned: Planned, batch: Batch) -> Days:
    """The day on which each subject has to be looked at again: an order opens, one is missed, another one comes within
    the horizon."""
    wake = np.where(planned.next_day == END, END, planned.next_day - (batch.until - batch.today))
    today = batch.today[planned.subject]
    np.minimum.at(wake, planned.subject, np.where(planned.jobs.earliest > today, planned.jobs.earliest, END))
    np.minimum.at(wake, planned.subject, planned.jobs.latest + 1)
    return np.maximum(wake, batch.today + 1)
