"""Some subjects of a site planned one by one, inside one transaction: those with work that is due, and those with rows
that are not plain. What becomes of what has passed is in ``maintenance.materialise``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import structlog

from maintenance.checklists import template_of
from maintenance.crediting import Crediting, claimed, credit_standing, credited, last_credits, waits_for_readings
from maintenance.draft_words import MISSED_TAG
from maintenance.drafts import Draft, begun_of, key_of, shown
from maintenance.facts import NO_FACTS, Facts
from maintenance.first_look import first_looked
from maintenance.gathering import facts_of
from maintenance.giving_way import giving_way
from maintenance.hour_run import HourScene, HourWork, hour_order, hour_work, settle_hours
from maintenance.isolation import ISOLATES
from maintenance.lifecycle import PLANNER, transition
from maintenance.nesting import Job, Planned
from maintenance.plan import Missed, Occurrence, OccurrenceState, PlanRow, is_withdrawn, missed
from maintenance.plan_run import FAULTS
from maintenance.planner import (
    Standing,
    Subject,
    SubjectPlan,
    asset_subject,
    hour_rows_for,
    plan_subject,
    rows_for,
    site_subject,
)
from maintenance.planner_steps import (
    UNSTARTED,
    WAITING,
    end_missed,
    gave_way,
    keep_overdue,
    overdue_text,
    withdraw_scrapped,
)
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.reasons import reason
from maintenance.recurrence import end_of_day, local_day, shifted
from maintenance.site_plan import SitePlan, is_restless
from maintenance.standings import Standing as PlanStanding
from maintenance.views import note_order
from maintenance.waking import wake_day
from maintenance.withdrawing import families_of, without_given_way, without_lapsed, without_overtaken
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import AssetStatus, LocalName
from plantroom.domain.keys import new_key


class SiteRun:
    """Some subjects of a site one by one, inside one transaction. ``readings`` are what meters and credits go by."""

    def __init__(self, tx: MaintenanceTx, plan: SitePlan, now: datetime, readings: PointReadings = NO_READINGS) -> None:
        self._tx, self._plan_of, self._now, self._readings = tx, plan, now, readings
        self._site, self._zone, self._today, self._until = plan.site, plan.zone, plan.today, plan.until
        self._systems, self._is_working_day = plan.systems, plan.is_working_day
        self._rows: Sequence[PlanRow] = plan.rows
        self._by_code: Mapping[str, PlanRow] = plan.by_code
        self._draft = Draft()
        self._counts = {"created": 0, "existing": 0, "missed": 0}
        self._orders: Mapping[str, WorkOrder] = {}
        self._due: dict[str, int] = defaultdict(int)
        self._wake: dict[str, date] = {}
        self._facts: Mapping[str, Facts] = {}
        self._crediting = Crediting(readings, plan.zone, now)

    def run(self, keys: Sequence[str]) -> dict[str, int]:
        """Plan the subjects; gives the counts. Schedulers take turns: what one withdraws and makes anew, another would
        go on behind as it was before. Where the planning stood is read before the history, so that a change that comes
        between the two is seen by the next run."""
        self._tx.plan.take_turn(self._site.code)
        known = self._tx.plan.standings_of(keys)
        history = self._tx.plan.occurrences_of_several(keys)
        assets = self._tx.assets.several(keys)
        due = [o.work_order for some in history.values() for o in some if o.state is OccurrenceState.DUE]
        self._orders = self._tx.orders.standing([order for order in due if order is not None])
        subjects = [asset_subject(assets[key]) for key in keys if key in assets]
        if self._plan_of.own in keys:
            subjects.append(site_subject(self._site.code, self._site.name))
        self._gather(subjects)
        for subject in subjects:
            found = self._left(subject, history.get(subject.key, ()))
            self._apart(subject, found)
            self._hours_apart(subject, found)
        scrapped = [key for key, asset in assets.items() if asset.status is AssetStatus.SCRAPPED]
        withdraw_scrapped(self._tx, scrapped, self._now)
        self._insert()
        self._tx.plan.put_standings([self._stands(key, known.get(key)) for key in keys if key in self._wake])
        return self._counts

    def _left(self, subject: Subject, history: Sequence[Occurrence]) -> Sequence[Occurrence]:
        """The history after what nothing asks for any more has been withdrawn."""
        rests = self._facts[subject.key].rests
        rows, hourly = (of(self._rows, subject, self._systems) for of in (rows_for, hour_rows_for))
        found = without_overtaken(self._tx, history, lambda: families_of(rows, self._by_code), self._now)
        found = without_lapsed(self._tx, subject, found, rests, self._zone, self._now)
        return without_given_way(self._tx, found, giving_way(rows, hourly, self._today, self._now, found), self._now)

    def _gather(self, subjects: Sequence[Subject]) -> None:
        """What the rows of these subjects go by beside the plan."""
        self._facts = facts_of(
            self._tx, self._site, subjects, self._rows, self._readings, self._now, self._systems,
            self._plan_of.sightings,
        )  # fmt: skip
        rows = ((s.key, self._plan_of.set_of(self._plan_of.cards[s.key]).rows) for s in subjects if s.asset)
        by_readings = [key for key, mine in rows if any(row.fulfilled_by for row in mine)]
        simulated = frozenset(self._tx.plan.simulated(by_readings))
        self._crediting = Crediting(self._readings, self._zone, self._now, simulated)

    def _stands(self, key: str, known: PlanStanding | None) -> PlanStanding:
        card = self._plan_of.cards[key]
        fingerprint = self._plan_of.fingerprint(card, self._plan_of.set_of(card))
        changes = 0 if known is None else known.changes
        return PlanStanding(key, self._site.code, fingerprint, self._today, self._wake[key], self._due[key], changes)

    def _apart(self, subject: Subject, history: Sequence[Occurrence]) -> None:
        """One subject, so that what fails on it leaves the others alone, and one of its rows the other rows."""
        rows = rows_for(self._rows, subject, self._systems)
        if self._worked(subject, rows, history):
            return
        sound = [row for row in rows if self._is_sound(row, subject, history)]
        if len(sound) < len(rows):
            self._worked(subject, sound, history)
        # Looked at again by the next run, whatever its rows are then.
        self._wake.pop(subject.key, None)

    def _worked(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> bool:
        drafted, counts = self._draft.size(), dict(self._counts)
        self._due.pop(subject.key, None)
        try:
            self._subject(subject, rows, history)
        except FAULTS as error:
            self._draft.cut(*drafted)
            self._counts = counts
            structlog.get_logger().error(
                "subject_not_planned",
                subject=subject.key,
                site=self._site.code,
                error=str(error),
                type=type(error).__name__,
            )
            return False
        return True

    def _is_sound(self, row: PlanRow, subject: Subject, history: Sequence[Occurrence]) -> bool:
        """Whether a row can be planned by itself; one that cannot is logged."""
        try:
            plan = self._plan(subject, [row], history)
            for job in plan.to_make(self._until):
                self._order(subject, job, plan, passed=False, held=False)
        except FAULTS as error:
            structlog.get_logger().error(
                "plan_row_left_out", row=row.code, subject=subject.key, error=str(error), type=type(error).__name__
            )
            return False
        return True

    def _plan(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> SubjectPlan:
        return plan_subject(
            rows, self._by_code, subject, history, self._today, self._zone, None, self._is_working_day,
            self._facts.get(subject.key, NO_FACTS),
        )  # fmt: skip

    def _subject(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> None:
        if not rows:
            lasts = (
                shifted(o.latest, 1) for o in history if o.state is OccurrenceState.DUE and o.latest >= self._today
            )
            self._wakes(subject, min(lasts, default=date.max))
            return
        plan = self._plan(subject, rows, history)
        if any(row.fulfilled_by for row in rows):
            known = credit_standing(self._tx, self._crediting, subject, plan.standing, history, self._orders)
            plan, history = self._plan(subject, rows, known), known
        upcoming = plan.to_make(self._until)
        seen = first_looked(self._tx, history, upcoming, self._today)
        if seen is not history:
            plan, history = self._plan(subject, rows, seen), seen
            upcoming = plan.to_make(self._until)
        credited_at = last_credits(history)
        jobs = [*(s.job for s in plan.standing), *upcoming]
        begun = begun_of(jobs, self._today)
        held: set[str] = set()
        for standing in plan.standing:
            self._counts["existing"] += len(standing.job.occurrences)
            self._due[subject.key] += len(standing.job.occurrences)
            if standing.work_order is None:
                self._waited(subject, standing.job, plan, begun, held)
            self._stand(subject, standing, plan, begun, held)
        for job in upcoming:
            if not self._credited(subject, job, credited_at):
                self._add(subject, job, plan, begun, held)
        self._wakes(subject, wake_day(plan.tracks, jobs, self._today, self._until))

    def _wakes(self, subject: Subject, day: date) -> None:
        """The next look at a subject is on that day, but at each run where its rows go by more than days."""
        plan = self._plan_of
        self._wake[subject.key] = self._today if is_restless(plan.set_of(plan.cards[subject.key])) else day

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
            self._tx.plan.update_occurrences(missed(occurrences, job.latest))
            return
        if row.missed is Missed.HOLD:
            held.add(row.lineage)
        order = self._order(subject, job, plan, passed=True, held=False)
        self._tx.plan.update_occurrences([replace(o, work_order=order.id) for o in occurrences])
        self._tx.orders.add_many([order])
        self._history(order)

    def _hours_apart(self, subject: Subject, history: Sequence[Occurrence]) -> None:
        """The rows by the hour of one subject, one by one: one that cannot be planned is logged and costs no other."""
        scene = HourScene(
            self._site.code, self._site.calendar, self._zone, self._now, subject.anchor, self._facts[subject.key].rests
        )  # fmt: skip
        for row in hour_rows_for(self._rows, subject, self._systems):
            drafted, counts = self._draft.size(), dict(self._counts)
            try:
                self._hours(subject, hour_work([row], subject, history, scene), scene)
            except FAULTS as error:
                self._draft.cut(*drafted)
                self._counts = counts
                structlog.get_logger().error(
                    "plan_row_left_out", row=row.code, subject=subject.key, error=str(error), type=type(error).__name__
                )

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
            self._end(order, job, gave_way(job.latest, superseded=gives_way))
            return
        if row.missed is Missed.HOLD:
            held.add(row.lineage)
        if MISSED_TAG not in order.tags and keep_overdue(self._tx, order, self._now, overdue_text(job.latest)):
            self._counts["missed"] += len(job.occurrences)

    def _refresh(self, order: WorkOrder, subject: Subject, job: Job, plan: SubjectPlan, may_open: bool) -> None:
        due = end_of_day(job.latest, self._zone)
        opens = order.state is State.SCHEDULED and job.earliest <= self._today and may_open
        moved = order.state in WAITING and (order.due, order.earliest) != (due, job.earliest)
        if not (opens or moved):
            return
        order = self._tx.orders.lock(order.id)
        version = order.version
        if moved and order.state in WAITING:
            occurrences, why = tuple(shown(p, subject.key) for p in job.occurrences), reason(job, plan.floors)
            order = replace(order, due=due, earliest=job.earliest, occurrences=occurrences, reason=why)
            self._tx.plan.update_occurrences([self._occurrence(p, subject.key, order.id) for p in job.occurrences])
        if opens and order.state is State.SCHEDULED:
            order, step = transition(order, State.OPEN, self._now, PLANNER, recorded_at=self._now)
            self._tx.orders.add_transition(step)
        note_order(self._tx, self._tx.orders.update(order, version))

    def _end(self, order: WorkOrder, job: Job, why: str) -> None:
        if not end_missed(self._tx, order, self._now, why):
            return
        known = self._tx.plan.occurrences([o.key for o in order.occurrences]).values()
        found = [one for one in known if not is_withdrawn(one, order.id)]
        self._tx.plan.update_occurrences(missed(found, job.latest))
        self._counts["missed"] += 0 if MISSED_TAG in order.tags else len(job.occurrences)
        for occurrence in found:
            self._due[occurrence.key.subject] -= 1

    def _add(self, subject: Subject, job: Job, plan: SubjectPlan, begun: Mapping[str, int], held: set[str]) -> None:
        row = job.leader.row
        passed = job.latest < self._today
        record_only = passed and (row.missed is Missed.SUPERSEDE or (row.missed is Missed.HOLD and row.lineage in held))
        if record_only and row.missed is Missed.SUPERSEDE:
            record_only = begun.get(row.lineage, -1) > job.leader.window.cycle
        if record_only:
            records = (self._occurrence(p, subject.key, None) for p in job.occurrences)
            self._draft.occurrences += missed(records, job.latest)
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
        self._due[subject.key] += len(keys)

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
            template=self._template(job, subject.equipment_class),
        )

    def _template(self, job: Job, equipment_class: str | None) -> tuple[ChecklistItem, ...]:
        rows, here = [p.row for p in job.occurrences], self._plan_of.where(equipment_class, job.latest)
        group = (here, tuple(row.lineage for row in rows))
        found = self._plan_of.templates.get(group)
        if found is None:
            found = self._plan_of.templates[group] = template_of(self._tx.plan, rows, here)
        return found

    def _occurrence(self, planned: Planned, subject: str, order: str | None) -> Occurrence:
        found = planned.window
        return Occurrence(
            key=key_of(planned, subject),
            site=self._site.code,
            plan_row=planned.row.code,
            nominal_date=found.nominal,
            earliest=found.earliest,
            latest=found.latest,
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
            text = overdue_text(local_day(order.due, self._zone))
        if order.state is State.OPEN:
            self._tx.orders.add_transition(Transition(order.id, State.OPEN, self._now, self._now, PLANNER, text))
            note_order(self._tx, order)
