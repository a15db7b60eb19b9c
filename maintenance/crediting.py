"""Occurrences that the readings fulfil, while orders are made of the plan.

A row that readings fulfil gets no order while its window is open: nobody has to do anything as long as the data show
the run. Its occurrence is due without an order; when the window is over without a run, the row's policy says what
becomes of it, as of any missed work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.fulfilment import Credit, credit_of, days_of
from maintenance.nesting import Job, Planned
from maintenance.plan import COMPLETED, Occurrence, OccurrenceState
from maintenance.planner import Standing, Subject
from maintenance.planner_steps import complete_by_readings
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import PointReadings
from maintenance.work_orders import WorkOrder


@dataclass(frozen=True, slots=True)
class Crediting:
    """The readings, at ``now``, of machines that are themselves (``simulated`` assets have none)."""

    readings: PointReadings
    zone: ZoneInfo
    now: datetime
    simulated: frozenset[str] = frozenset()

    def find(self, subject: Subject, planned: Planned, behind: datetime | None) -> Credit | None:
        """What credits an occurrence inside its window so far, after ``behind``."""
        wanted, asset = planned.row.fulfilled_by, subject.asset
        if wanted is None or asset is None or asset.key in self.simulated:
            return None
        start, end = days_of(planned.window.earliest, planned.window.latest, self.zone)
        end = min(end, self.now)
        if end <= start:
            return None
        samples = self.readings.changes(asset, wanted.point, start, end)
        return credit_of(wanted, samples, start, end, behind)

    def find_all(
        self, subject: Subject, job: Job, behind: Mapping[str, datetime]
    ) -> list[tuple[Planned, Credit]] | None:
        """What credits each occurrence of a job; ``None`` while one of them is without. ``behind`` is by lineage."""
        found: list[tuple[Planned, Credit]] = []
        for planned in job.occurrences:
            credit = self.find(subject, planned, behind.get(planned.row.lineage))
            if credit is None:
                return None
            found.append((planned, credit))
        return found


def waits_for_readings(job: Job) -> bool:
    """Whether all that a job is made of may be credited by readings."""
    return all(p.row.fulfilled_by is not None for p in job.occurrences)


def last_credits(history: Sequence[Occurrence]) -> dict[str, datetime]:
    """When each row was last done or credited, by lineage."""
    found: dict[str, datetime] = {}
    for one in history:
        if one.state in COMPLETED and one.completed_at is not None:
            found[one.key.lineage] = max(found.get(one.key.lineage, one.completed_at), one.completed_at)
    return found


def credit_standing(
    tx: MaintenanceTx,
    crediting: Crediting,
    subject: Subject,
    standing: Sequence[Standing],
    history: Sequence[Occurrence],
    orders: Mapping[str, WorkOrder],
) -> list[Occurrence]:
    """Credit what stands and was seen in the readings; an order all of whose occurrences are credited is completed.
    Gives the history as it is then (the same list when nothing changed)."""
    behind = last_credits(history)
    known = {o.key: o for o in history}
    changed: dict[object, Occurrence] = {}
    for one in standing:
        order = orders.get(one.work_order or "")
        if (order is None and one.work_order is not None) or not waits_for_readings(one.job):
            continue
        seen = crediting.find_all(subject, one.job, behind)
        if seen is None:
            continue
        newest = max((credit for _, credit in seen), key=lambda credit: credit.at)
        if order is not None and not complete_by_readings(tx, order, newest, crediting.now):
            continue
        for p, credit in seen:
            key = next(k for k in known if k.lineage == p.row.lineage and k.cycle == p.window.cycle)
            changed[key] = credited(known[key], credit)
            behind[p.row.lineage] = credit.at
    if not changed:
        return list(history)
    tx.plan.update_occurrences(list(changed.values()))
    return [changed.get(o.key, o) for o in history]


def claimed(tx: MaintenanceTx, occurrences: Sequence[Occurrence]) -> bool:
    """Whether occurrences that waited for readings are still due without an order; nobody else changes that until the
    transaction ends (schedulers go one by one from adding occurrences to their commit)."""
    tx.plan.add_occurrences(occurrences)
    found = tx.plan.occurrences([o.key for o in occurrences]).values()
    return all(o.state is OccurrenceState.DUE and o.work_order is None for o in found)


def credited(occurrence: Occurrence, credit: Credit) -> Occurrence:
    """The occurrence with the reading's time and evidence."""
    return replace(occurrence, state=OccurrenceState.CREDITED, completed_at=credit.at, evidence=dict(credit.evidence))
