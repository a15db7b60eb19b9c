"""What a change will change in the next twelve months, from what the ledger holds. Writes nothing.

The plan as it is and the plan as it will be are computed by the engine that makes the orders, for the machines that the
row is for, before or after, as far as rows depend on each other. For a change that comes into effect later, what is
due until then counts as done when it is due.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from maintenance.drafts import key_of
from maintenance.facts import Facts
from maintenance.gathering import facts_of
from maintenance.giving_way import as_it_will_stand, giving_way
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.plan_changes.effects import Effects, compared
from maintenance.plan_changes.model import Action, PlanChange
from maintenance.plan_changes.rules import Outcome
from maintenance.planner import Subject, Systems, before_of, hour_rows_for, rows_for
from maintenance.ports import MaintenanceTx
from maintenance.preview import Horizon, PreviewItem, preview_all
from maintenance.previewing import subjects_of
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.recurrence import local_day
from maintenance.site_calendar import working_days
from maintenance.waiving import by_people
from plantroom.domain.assets import Asset, Site

AHEAD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Look:
    """By what a preview is made: the machines, the systems' classes, the readings, the present."""

    assets: Sequence[Asset]
    systems: Systems
    now: datetime
    readings: PointReadings = NO_READINGS


def sites_of(tx: MaintenanceTx, change: PlanChange) -> list[Site]:
    """The sites on which the change changes anything: its own; of a row of every site those without a row of their own
    in its place."""
    if change.site is not None:
        return [tx.assets.site(change.site)]
    row = change.before or change.after
    return [site for site in tx.assets.sites() if row is None or _holds_default(tx, row.code, site.code)]


def _holds_default(tx: MaintenanceTx, code: str, site: str) -> bool:
    found = tx.plan.row(code, site)
    return found is None or found.site is None


def effects_of(tx: MaintenanceTx, change: PlanChange, outcome: Outcome, sites: Sequence[Site], look: Look) -> Effects:
    """What the outcome changes on some sites within a year from today."""
    total = Effects()
    for site in sites:
        total += _of_site(tx, site, change, outcome.row, look)
    return total


def _of_site(tx: MaintenanceTx, site: Site, change: PlanChange, row: PlanRow, look: Look) -> Effects:
    zone = ZoneInfo(site.time_zone)
    today = local_day(look.now, zone)
    every = subjects_of(site, look.assets)
    touched = [one for one in (change.before, row) if one is not None]
    known = tx.plan.rows(site.code, today)
    then = _with(known, change, row)
    codes = _tied([*known, *then], [one.code for one in touched])
    known, then = ([one for one in rows if one.code in codes] for rows in (known, then))
    subjects = [s for s in every if any(_holds(one, s, look.systems) for one in touched)]
    plans = _Plans(tx, site, subjects, today, look)
    heirs: Mapping[str, str] = {}
    if change.sets_apart and change.before is not None:
        heirs = {change.before.lineage: row.lineage}
    before = plans.jobs(known, today, plans.history)
    starts = _starts(change, row, today)
    if starts > today:
        early = [item for item in before if item.job.due < starts]
        late = plans.jobs(then, starts, _as_done(plans.history, early, zone), heirs)
        kept = {item.work_order for item in late if item.work_order is not None}
        after = [*(i for i in early if i.work_order is None or i.work_order not in kept), *late]
    else:
        after = plans.jobs(then, today, plans.history, heirs)
    lineage = None if change.before is None else change.before.lineage
    return compared(before, after, lineage, heirs, tx.budgets.rate(site.code).hourly_rate)


def _starts(change: PlanChange, row: PlanRow, today: date) -> date:
    """From when the plan is another one. A row that ends is told so at once: the engine sees the day by itself."""
    return today if change.action is Action.RETIRE else max(row.effective_from, today)


def _with(known: Sequence[PlanRow], change: PlanChange, row: PlanRow) -> list[PlanRow]:
    """The rows as they will be. A site's own row hides every site's of the same code by itself."""
    if change.before is None or change.sets_apart:
        return [*known, row]
    return [row if one.lineage == row.lineage else one for one in known]


def _tied(rows: Sequence[PlanRow], codes: Sequence[str]) -> set[str]:
    """The codes of the rows whose dates depend on those of the given ones, or theirs on them; each in its turn."""
    others: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        before = before_of(row)
        for code in (*row.contains, *row.fulfils, *(() if before is None else (before,))):
            others[row.code].add(code)
            others[code].add(row.code)
    found, left = set(codes), list(codes)
    while left:
        new = others[left.pop()] - found
        found |= new
        left += new
    return found


def _holds(row: PlanRow, subject: Subject, systems: Systems) -> bool:
    alone = [replace(row, site=None)]
    return bool(rows_for(alone, subject, systems) or hour_rows_for(alone, subject, systems))


class _Plans:
    """The engine over some subjects of a site."""

    def __init__(self, tx: MaintenanceTx, site: Site, subjects: Sequence[Subject], today: date, look: Look) -> None:
        self._tx, self._site, self._subjects, self._look = tx, site, subjects, look
        self._zone = ZoneInfo(site.time_zone)
        self._working = working_days(site.calendar, site.time_zone)
        self._end = today + AHEAD
        self.history = tx.plan.occurrences_of_several([one.key for one in subjects])

    def jobs(
        self,
        rows: Sequence[PlanRow],
        day: date,
        history: Mapping[str, Sequence[Occurrence]],
        heirs: Mapping[str, str] | None = None,
    ) -> list[PreviewItem]:
        """The jobs that the rows ask for until the end, as seen on a day."""
        known = self._after_a_look(rows, day, _inherited(history, heirs) if heirs else history)
        horizon = Horizon(day, self._end, day, self._zone, self._working, self._site.calendar, overdue=True)
        return preview_all(rows, self._subjects, known, horizon, self._look.systems, self._facts(rows)).items

    def _after_a_look(
        self, rows: Sequence[PlanRow], day: date, history: Mapping[str, Sequence[Occurrence]]
    ) -> Mapping[str, Sequence[Occurrence]]:
        """The history without what the planner withdraws on that day."""
        found: dict[str, Sequence[Occurrence]] = {}
        for subject in self._subjects:
            dated, hourly = (of(rows, subject, self._look.systems) for of in (rows_for, hour_rows_for))
            known, now = history.get(subject.key, ()), max(self._look.now, datetime.combine(day, time(), self._zone))
            gone = giving_way(dated, hourly, day, now, known)
            found[subject.key] = as_it_will_stand(known, gone, partial(by_people, self._tx))
        return found

    def _facts(self, rows: Sequence[PlanRow]) -> Mapping[str, Facts]:
        look = self._look
        return facts_of(self._tx, self._site, self._subjects, rows, look.readings, look.now, look.systems)


def _inherited(
    history: Mapping[str, Sequence[Occurrence]], heirs: Mapping[str, str]
) -> Mapping[str, Sequence[Occurrence]]:
    return {
        subject: [
            replace(one, key=OccurrenceKey(heirs[one.key.lineage], subject, one.key.cycle))
            if one.key.lineage in heirs
            else one
            for one in known
        ]
        for subject, known in history.items()
    }


def _as_done(
    history: Mapping[str, Sequence[Occurrence]], jobs: Sequence[PreviewItem], zone: ZoneInfo
) -> Mapping[str, Sequence[Occurrence]]:
    """The history when these jobs have been done on the days that they are planned for, at noon."""
    found: dict[str, dict[OccurrenceKey, Occurrence]] = defaultdict(dict)
    for subject, known in history.items():
        found[subject] = {one.key: one for one in known}
    for item in jobs:
        at = datetime.combine(item.job.due, time(12), zone)
        for planned in item.job.occurrences:
            key, window = key_of(planned, item.asset), planned.window
            found[item.asset][key] = Occurrence(
                key, item.site, planned.row.code, window.nominal, window.earliest, window.latest,
                OccurrenceState.DONE, at, item.work_order, None if item.moment is None else item.moment.at,
            )  # fmt: skip
    return {subject: list(known.values()) for subject, known in found.items()}
