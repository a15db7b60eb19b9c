"""Orders of many subjects at once: columns in, drafts out. Reads nothing and writes nothing.

What is here is what most subjects need most of the time: plain rows, nothing due yet, nothing overdue. Whoever else
comes up is named in ``BulkPlan.others`` and planned one by one (``maintenance.materialise.SiteRun``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

import numpy as np

from maintenance.columns.days import END, NEVER, Days, Flags, WorkDays
from maintenance.columns.engine import Batch, Pairs, Planned, pairs_of, plan_columns
from maintenance.columns.history import History
from maintenance.columns.sets import RowSet
from maintenance.draft_words import NOT_PULLED, DraftWords
from maintenance.plan import OccurrenceState, PlanRow
from maintenance.site_plan import SitePlan
from maintenance.standings import Card, ClosedOccurrence, DraftOccurrence, DraftOrder, Standing
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus
from plantroom.domain.keys import new_key

_DONE = (OccurrenceState.DONE.value, OccurrenceState.CREDITED.value)
_OPEN, _SCHEDULED = State.OPEN.value, State.SCHEDULED.value
_DUE, _MISSED = OccurrenceState.DUE.value, OccurrenceState.MISSED.value


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
    """A subject with the orders that it needs, and where its planning stands with them."""

    wanted: Wanted
    drafts: Sequence[DraftOrder]
    standing: Standing


class BulkPlan:
    """Plans subjects in columns. ``others`` are those that it leaves to be planned one by one.

    O(occurrences). Raises what data that make no sense raise, and ``TooFar``.
    """

    def __init__(
        self, wanted: Sequence[Wanted], history: Sequence[ClosedOccurrence], calendar: WorkDays, now: datetime
    ) -> None:
        self._now = now
        known = {subject: list(some) for subject, some in groupby(history, key=lambda o: o.subject)}
        mine = [one for one in wanted if is_for_columns(one, known.get(one.card.key, ()))]
        chosen = {one.card.key for one in mine}
        self.wanted = sorted(mine, key=lambda one: one.card.key)
        batch = batch_of(self.wanted)
        pairs = pairs_of(batch)
        self.planned = plan_columns(batch, pairs, history_of(self.wanted, pairs, known), calendar)
        self._overdue = _overdue(self.planned, batch)
        self._wake = _wake_days(self.planned, batch)
        self.others = [one for one in wanted if one.card.key not in chosen]
        self.others += [one for one, late in zip(self.wanted, self._overdue, strict=True) if late]
        self._lists = _Lists(self.planned)

    def row_groups(self) -> list[tuple[PlanRow, ...]]:
        """The rows that come together in one order, deepest first, each group once."""
        variants, lists = self.planned.pairs.variants, self._lists
        groups = {tuple(lists.variant[a:b]) for a, b in zip(lists.first[:-1], lists.first[1:], strict=True)}
        return [tuple(variants[place].row for place in group) for group in sorted(groups)]

    def drafts(self, templates: Mapping[tuple[str, ...], str]) -> Iterator[Drafted]:
        """The subjects by key. ``templates`` has the key of the frozen checklist of each group of rows, by their
        lineages."""
        words = DraftWords(self.planned.pairs.variants, templates)
        for number, one in enumerate(self.wanted):
            if not self._overdue[number]:
                drafts = self._drafts_of(number, one, words)
                yield Drafted(one, drafts, self._standing(number, one, sum(len(d.occurrences) for d in drafts)))

    def _drafts_of(self, number: int, one: Wanted, words: DraftWords) -> list[DraftOrder]:
        at, card, plan = self._lists, one.card, one.plan
        asset = None if card.key == plan.own else card.key
        today, days, local = plan.today.toordinal(), at.days, plan.local
        found: list[DraftOrder] = []
        for job in range(at.first_job[number], at.first_job[number + 1]):
            a, b, latest = at.first[job], at.first[job + 1], at.job_latest[job]
            pulled = next((k - a for k in range(a, b) if at.pulled[k] and at.latest[k] == latest), NOT_PULLED)
            shape = words.shape(tuple(at.variant[a:b]), at.placed_early[job], pulled)
            last_day, opens = days[latest], at.job_earliest[job] <= today
            zh, en = shape.reasons(days.get(at.counted_from[a + max(pulled, 0)]), last_day)
            occurrences = tuple(
                DraftOccurrence(
                    lineage, card.key, at.cycle[k], code, days[at.nominal[k]], days[at.earliest[k]], days[at.latest[k]]
                )
                for k, (lineage, code) in zip(range(a, b), shape.keys, strict=True)
            )
            found.append(
                DraftOrder(
                    new_key(), plan.site.code, shape.kind, _OPEN if opens else _SCHEDULED,
                    f"{card.zh} {shape.name.zh}", f"{card.en}: {shape.name.en}", asset,
                    shape.department or card.department, local.end(last_day), days[at.job_earliest[job]],
                    self._now if opens else None, zh, en, shape.tags, shape.template, occurrences,
                )
            )  # fmt: skip
        return found

    def _standing(self, number: int, one: Wanted, due: int) -> Standing:
        wake = date.fromordinal(int(self._wake[number]))
        plan = one.plan
        return Standing(one.card.key, plan.site.code, one.fingerprint, plan.today, wake, due, one.changes)


class _Lists:
    """The columns as lists, which a loop reads faster; ``days`` are the dates of all ordinals in them."""

    def __init__(self, planned: Planned) -> None:
        o, jobs = planned.occurrences, planned.jobs
        self.first_job: list[int] = planned.first_job.tolist()
        self.first: list[int] = planned.first.tolist()
        self.job_earliest: list[int] = jobs.earliest.tolist()
        self.job_latest: list[int] = jobs.latest.tolist()
        self.placed_early: list[bool] = jobs.placed_early.tolist()
        self.variant: list[int] = planned.pairs.variant[o.pair].tolist()
        self.cycle: list[int] = o.cycle.tolist()
        self.nominal: list[int] = o.nominal.tolist()
        self.earliest: list[int] = o.earliest.tolist()
        self.latest: list[int] = o.latest.tolist()
        self.pulled: list[bool] = o.pulled.tolist()
        self.counted_from: list[int] = o.counted_from.tolist()
        columns = (o.nominal, o.earliest, o.latest, jobs.earliest, jobs.latest, o.counted_from[o.pulled])
        every = np.unique(np.concatenate(columns)).tolist()
        self.days = {day: date.fromordinal(day) for day in every}


def is_for_columns(one: Wanted, history: Sequence[ClosedOccurrence]) -> bool:
    """Whether the columns can plan a subject: its rows are plain, nothing of them is due, and there is nothing to be
    withdrawn."""
    if not one.rows.in_columns or one.card.status == AssetStatus.SCRAPPED:
        return False
    if not history:
        return True
    mine = {row.lineage for row in one.rows.rows}
    return not any(o.state == _DUE and o.lineage in mine for o in history)


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
    """Who has a job whose last day is over: what becomes of it goes by the row's policy."""
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
