"""Plan table into work orders: what is due within the horizon, once, however many schedulers run.

One transaction per site. An occurrence's key decides: of several schedulers at work, the one whose insert of a key
succeeded makes the order that carries it, in the same transaction; a job of which another scheduler holds a part gets
an order for the rest only. Keys are inserted in one sorted batch, so that two schedulers wait for each other instead
of blocking each other.

A passed occurrence (its last local day is over) is dealt with by the policy of the job's deepest row:

- ``hold``: its order stays due (after an outage the first one gets an order); the following ones wait, and those that
  pass meanwhile become missed records.
- ``stack``: each stays due beside the next.
- ``supersede``: it stays due until the next one begins, then ends as missed; after an outage the passed ones become
  missed records without orders.

Each leaves a record: the occurrence's state ``missed``, or the tag ``missed`` and an entry in the history of the order
that stays due.

One row, date or site that cannot be planned costs no other: it is logged and left out of the run. Unstarted orders of
scrapped assets are cancelled.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.checklists import template_of
from maintenance.crediting import Crediting, claimed, credit_standing, credited, last_credits, waits_for_readings
from maintenance.drafts import Draft, begun_of, key_of, left_out, shown
from maintenance.facts import NO_FACTS, Facts
from maintenance.gathering import facts_of, is_simulated
from maintenance.hour_run import HourScene, HourWork, hour_order, hour_work, settle_hours
from maintenance.isolation import ISOLATES
from maintenance.lifecycle import PLANNER, transition
from maintenance.nesting import Job, Planned
from maintenance.orders import pages
from maintenance.plan import Missed, Occurrence, OccurrenceState, PlanRow
from maintenance.planner import (
    Standing,
    Subject,
    SubjectPlan,
    Systems,
    asset_subject,
    hour_rows_for,
    plan_subject,
    rows_for,
    site_subject,
)
from maintenance.planner_steps import MISSED_TAG, UNSTARTED, end_missed, keep_overdue, withdraw_scrapped
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.reasons import reason
from maintenance.recurrence import IsWorkingDay, end_of_day, local_day
from maintenance.site_calendar import working_days
from maintenance.views import note_order
from maintenance.work_orders import Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, NotFound
from plantroom.ports.ledger import Ledger

HORIZON_DAYS = 60
FAULTS = (ArithmeticError, ValueError, LookupError, TypeError, NotFound)
"""What data that make no sense raise; a ledger that is away is another matter."""


def materialise(
    ledger: Ledger[MaintenanceTx],
    now: datetime,
    systems: Systems,
    horizon_days: int = HORIZON_DAYS,
    is_working_day: IsWorkingDay | None = None,
    readings: PointReadings = NO_READINGS,
) -> dict[str, int]:
    """Create what falls due within the horizon, open what has begun, record what was missed. The working days are those
    of each site's calendar unless ``is_working_day`` is given; ``readings`` are what meters and credits go by.

    Idempotent. Gives counts of occurrences: ``created`` by this run, ``existing`` (there and still due), ``missed``
    (recorded as missed by this run). ``now`` is aware. Raises ``Unreachable`` when the ledger is away.
    """
    with ledger.read() as tx:
        sites = list(tx.assets.sites())
    total = {"created": 0, "existing": 0, "missed": 0}
    for site in sites:
        try:
            with ledger.begin() as tx:
                done = SiteRun(tx, site, now, systems, horizon_days, is_working_day, readings).run()
        except (*FAULTS, BadData) as error:
            left_out("site_not_planned", error, site=site.code)
            continue
        total = {key: total[key] + done[key] for key in total}
    structlog.get_logger().info("plan_materialised", **total)
    return total


class SiteRun:
    """One run over one site, inside one transaction."""

    def __init__(
        self,
        tx: MaintenanceTx,
        site: Site,
        now: datetime,
        systems: Systems,
        horizon_days: int,
        is_working_day: IsWorkingDay | None = None,
        readings: PointReadings = NO_READINGS,
    ) -> None:
        self._tx, self._site, self._now, self._readings = tx, site, now, readings
        self._systems = systems
        self._is_working_day = is_working_day or working_days(site.calendar, site.time_zone)
        self._zone = ZoneInfo(site.time_zone)
        self._today = local_day(now, self._zone)
        self._until = self._today + timedelta(days=horizon_days)
        self._draft = Draft()
        self._counts = {"created": 0, "existing": 0, "missed": 0}
        self._rows: Sequence[PlanRow] = tx.plan.rows(site.code, self._today)
        self._by_code: Mapping[str, PlanRow] = {row.code: row for row in self._rows}
        self._orders: dict[str, WorkOrder] = {}
        plant = tx.assets.plant()
        self._assets = plant.assets
        simulated = frozenset(key for key in plant.sources if is_simulated(plant, key))
        self._crediting = Crediting(readings, self._zone, now, simulated)
        self._facts: Mapping[str, Facts] = {}

    def run(self) -> dict[str, int]:
        """Do the whole site; gives the counts."""
        planned = OrderFilter(site=self._site.code, origin=Origin.PLAN.value, open_only=True)
        self._orders = {order.id: order for order in pages(self._tx, planned)}
        history: dict[str, list[Occurrence]] = defaultdict(list)
        for occurrence in self._tx.plan.occurrences_of(self._site.code):
            history[occurrence.key.subject].append(occurrence)
        subjects = self._subjects()
        self._facts = facts_of(self._tx, self._site, subjects, self._rows, self._readings, self._now, self._systems)
        for subject in subjects:
            self._apart(subject, history[subject.key])
            self._hours_apart(subject, history[subject.key])
        withdraw_scrapped(self._tx, self._orders, self._assets, self._now)
        self._insert()
        return self._counts

    def _subjects(self) -> list[Subject]:
        mine = sorted((a for a in self._assets.values() if a.site == self._site.code), key=lambda a: a.code)
        return [site_subject(self._site.code, self._site.name), *(asset_subject(a) for a in mine)]

    def _apart(self, subject: Subject, history: Sequence[Occurrence]) -> None:
        """One subject, so that what fails on it leaves the others alone, and one of its rows the other rows."""
        rows = rows_for(self._rows, subject, self._systems)
        if self._worked(subject, rows, history):
            return
        sound = [row for row in rows if self._is_sound(row, subject, history)]
        if len(sound) < len(rows):
            self._worked(subject, sound, history)

    def _worked(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> bool:
        drafted, counts = self._draft.size(), dict(self._counts)
        try:
            self._subject(subject, rows, history)
        except FAULTS as error:
            self._draft.cut(*drafted)
            self._counts = counts
            left_out("subject_not_planned", error, subject=subject.key, site=self._site.code)
            return False
        return True

    def _is_sound(self, row: PlanRow, subject: Subject, history: Sequence[Occurrence]) -> bool:
        """Whether a row can be planned by itself; one that cannot is logged."""
        try:
            plan = self._plan(subject, [row], history)
            for job in plan.to_make(self._until):
                self._order(subject, job, plan, passed=False, held=False)
        except FAULTS as error:
            left_out("plan_row_left_out", error, row=row.code, subject=subject.key)
            return False
        return True

    def _plan(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> SubjectPlan:
        return plan_subject(
            rows, self._by_code, subject, history, self._today, self._zone, None, self._is_working_day,
            self._facts.get(subject.key, NO_FACTS),
        )  # fmt: skip

    def _subject(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> None:
        if not rows:
            return
        plan = self._plan(subject, rows, history)
        if any(row.fulfilled_by for row in rows):
            known = credit_standing(self._tx, self._crediting, subject, plan.standing, history, self._orders)
            plan, history = self._plan(subject, rows, known), known
        upcoming = plan.to_make(self._until)
        credited_at = last_credits(history)
        begun = begun_of([*(s.job for s in plan.standing), *upcoming], self._today)
        held: set[str] = set()
        for standing in plan.standing:
            self._counts["existing"] += len(standing.job.occurrences)
            if standing.work_order is None:
                self._waited(subject, standing.job, plan, begun, held)
            self._stand(subject, standing, plan, begun, held)
        for job in upcoming:
            if not self._credited(subject, job, credited_at):
                self._add(subject, job, plan, begun, held)

    def _credited(self, subject: Subject, job: Job, credited_at: dict[str, datetime]) -> bool:
        """Whether no order is to be made of a job, since readings have fulfilled it or still may."""
        if not waits_for_readings(job):
            return False
        found = self._crediting.find_all(subject, job, credited_at)
        if found is None:
            if job.earliest <= self._today <= job.latest:
                self._draft.occurrences += [self._occurrence(p, subject.key, None) for p in job.occurrences]
            return job.latest >= self._today
        for planned, credit in found:
            credited_at[planned.row.lineage] = credit.at
            self._draft.occurrences.append(credited(self._occurrence(planned, subject.key, None), credit))
        return True

    def _waited(self, subject: Subject, job: Job, plan: SubjectPlan, begun: Mapping[str, int], held: set[str]) -> None:
        """What waited for readings until its window was over: missed, or now to be done by hand."""
        row, occurrences = job.leader.row, [self._occurrence(p, subject.key, None) for p in job.occurrences]
        if job.latest >= self._today or not waits_for_readings(job) or not claimed(self._tx, occurrences):
            return
        self._counts["missed"] += len(occurrences)
        newer = begun.get(row.lineage, -1) > job.leader.window.cycle
        if (row.missed is Missed.SUPERSEDE and newer) or (row.missed is Missed.HOLD and row.lineage in held):
            self._tx.plan.update_occurrences([replace(o, state=OccurrenceState.MISSED) for o in occurrences])
            return
        if row.missed is Missed.HOLD:
            held.add(row.lineage)
        order = self._order(subject, job, plan, passed=True, held=False)
        self._tx.plan.update_occurrences([replace(o, work_order=order.id) for o in occurrences])
        self._tx.orders.add_many([order])
        self._history(order)

    def _hours_apart(self, subject: Subject, history: Sequence[Occurrence]) -> None:
        """The rows by the hour of one subject, one by one: one that cannot be planned is logged and costs no other."""
        scene = HourScene(self._site.code, self._site.calendar, self._zone, self._now, subject.anchor)
        for row in hour_rows_for(self._rows, subject, self._systems):
            drafted, counts = self._draft.size(), dict(self._counts)
            try:
                self._hours(subject, hour_work([row], subject, history, scene), scene)
            except FAULTS as error:
                self._draft.cut(*drafted)
                self._counts = counts
                left_out("plan_row_left_out", error, row=row.code, subject=subject.key)

    def _hours(self, subject: Subject, work: HourWork, scene: HourScene) -> None:
        made = []
        for one in work.make:
            plain = self._order(subject, one.job, SubjectPlan((), (), {}), passed=one.is_over, held=False)
            made.append((one, hour_order(plain, one, scene)))
        missed = settle_hours(self._tx, work, self._orders, self._now, self._zone)
        self._counts["existing"] += work.existing
        self._counts["missed"] += missed + len(work.records) + sum(one.is_over for one, _ in made)
        self._draft.occurrences += [*work.records, *(replace(o.occurrence, work_order=order.id) for o, order in made)]
        self._draft.orders += [(order, (one.occurrence.key,)) for one, order in made]

    def _stand(
        self, subject: Subject, standing: Standing, plan: SubjectPlan, begun: Mapping[str, int], held: set[str]
    ) -> None:
        order = self._orders.get(standing.work_order or "")
        job, row = standing.job, standing.job.leader.row
        if order is None:
            return
        if job.latest >= self._today:
            self._refresh(order, subject, job, plan, may_open=row.lineage not in held)
            return
        gives_way = row.missed is Missed.SUPERSEDE and begun.get(row.lineage, -1) > job.leader.window.cycle
        waits = row.missed is Missed.HOLD and row.lineage in held
        if (gives_way or waits) and order.state in UNSTARTED:
            self._end(order, job, "superseded by the next one" if gives_way else "the one before is still due")
            return
        if row.missed is Missed.HOLD:
            held.add(row.lineage)
        if MISSED_TAG not in order.tags:
            self._mark(order, job)

    def _refresh(self, order: WorkOrder, subject: Subject, job: Job, plan: SubjectPlan, may_open: bool) -> None:
        due = end_of_day(job.latest, self._zone)
        opens = order.state is State.SCHEDULED and job.earliest <= self._today and may_open
        moved = order.state in UNSTARTED and (order.due, order.earliest) != (due, job.earliest)
        if not opens and not moved:
            return
        order = self._tx.orders.lock(order.id)
        before = order.version
        if moved and order.state in UNSTARTED:
            occurrences = tuple(shown(p, subject.key) for p in job.occurrences)
            text = reason(job, plan.floors)
            order = replace(order, due=due, earliest=job.earliest, occurrences=occurrences, reason=text)
            self._tx.plan.update_occurrences([self._occurrence(p, subject.key, order.id) for p in job.occurrences])
        if opens and order.state is State.SCHEDULED:
            order, step = transition(order, State.OPEN, self._now, PLANNER, recorded_at=self._now)
            self._tx.orders.add_transition(step)
        note_order(self._tx, self._tx.orders.update(order, before))

    def _mark(self, order: WorkOrder, job: Job) -> None:
        text = f"missed: the last day was {job.latest.isoformat()}; it stays due"
        if keep_overdue(self._tx, order, self._now, text):
            self._counts["missed"] += len(job.occurrences)

    def _end(self, order: WorkOrder, job: Job, why: str) -> None:
        text = f"missed: the last day was {job.latest.isoformat()}; {why}"
        if not end_missed(self._tx, order, self._now, text):
            return
        found = self._tx.plan.occurrences([o.key for o in order.occurrences]).values()
        self._tx.plan.update_occurrences([replace(o, state=OccurrenceState.MISSED) for o in found])
        self._counts["missed"] += 0 if MISSED_TAG in order.tags else len(job.occurrences)

    def _add(self, subject: Subject, job: Job, plan: SubjectPlan, begun: Mapping[str, int], held: set[str]) -> None:
        row = job.leader.row
        passed = job.latest < self._today
        record_only = passed and (row.missed is Missed.SUPERSEDE or (row.missed is Missed.HOLD and row.lineage in held))
        if record_only and row.missed is Missed.SUPERSEDE:
            record_only = begun.get(row.lineage, -1) > job.leader.window.cycle
        if record_only:
            self._draft.occurrences += [
                self._occurrence(p, subject.key, None, OccurrenceState.MISSED) for p in job.occurrences
            ]
            self._counts["missed"] += len(job.occurrences)
            return
        order = self._order(subject, job, plan, passed, row.lineage in held)
        if passed:
            self._counts["missed"] += len(job.occurrences)
            if row.missed is Missed.HOLD:
                held.add(row.lineage)
        keys = tuple(key_of(p, subject.key) for p in job.occurrences)
        self._draft.occurrences += [self._occurrence(p, subject.key, order.id) for p in job.occurrences]
        self._draft.orders.append((order, keys))

    def _order(self, subject: Subject, job: Job, plan: SubjectPlan, passed: bool, held: bool) -> WorkOrder:
        row = job.leader.row
        opens = job.earliest <= self._today and not held
        isolates = any(p.row.custom.get("isolates") for p in job.occurrences)
        return WorkOrder(
            id=new_key(),
            number=0,
            site=self._site.code,
            kind=Kind(row.kind),
            origin=Origin.PLAN,
            state=State.OPEN if opens else State.SCHEDULED,
            title=LocalName(f"{subject.name.zh} {row.name.zh}", f"{subject.name.en}: {row.name.en}"),
            asset=None if subject.asset is None else subject.asset.key,
            department=row.department.zh or (subject.asset.department if subject.asset else None),
            due=end_of_day(job.latest, self._zone),
            earliest=job.earliest,
            opened_at=self._now if opens else None,
            reason=reason(job, plan.floors, passed),
            tags=((MISSED_TAG,) if passed else ()) + ((ISOLATES,) if isolates else ()),
            occurrences=tuple(shown(p, subject.key) for p in job.occurrences),
            template=template_of(self._tx.plan, [p.row for p in job.occurrences]),
        )

    def _occurrence(
        self, planned: Planned, subject: str, order: str | None, state: OccurrenceState = OccurrenceState.DUE
    ) -> Occurrence:
        found = planned.window
        return Occurrence(
            key=key_of(planned, subject),
            site=self._site.code,
            plan_row=planned.row.code,
            nominal_date=found.nominal,
            earliest=found.earliest,
            latest=found.latest,
            state=state,
            work_order=order,
        )

    def _insert(self) -> None:
        wanted = sorted(self._draft.occurrences, key=lambda o: o.key)
        new = set(self._tx.plan.add_occurrences(wanted)) if wanted else set()
        self._counts["created"] = len(new)
        lost = sum(o.state is OccurrenceState.MISSED and o.key not in new for o in wanted)
        self._counts["missed"] -= lost
        orders: list[WorkOrder] = []
        for order, keys in self._draft.orders:
            mine = {key for key in keys if key in new}
            if MISSED_TAG in order.tags:
                self._counts["missed"] -= len(keys) - len(mine)
            if mine:
                orders.append(replace(order, occurrences=tuple(o for o in order.occurrences if o.key in mine)))
        self._tx.orders.add_many(orders)
        for order in orders:
            self._history(order)

    def _history(self, order: WorkOrder) -> None:
        text = ""
        if MISSED_TAG in order.tags and order.due is not None:
            text = f"missed: the last day was {local_day(order.due, self._zone).isoformat()}; it stays due"
        if order.state is State.OPEN:
            self._tx.orders.add_transition(Transition(order.id, State.OPEN, self._now, self._now, PLANNER, text))
            note_order(self._tx, order)
