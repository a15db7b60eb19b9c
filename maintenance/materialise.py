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
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.checklists import template_of
from maintenance.isolation import ISOLATES
from maintenance.lifecycle import ENDED, PLANNER, transition
from maintenance.nesting import Job, Planned
from maintenance.orders import pages
from maintenance.plan import Missed, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import (
    Standing,
    Subject,
    SubjectPlan,
    Systems,
    asset_subject,
    plan_subject,
    rows_for,
    site_subject,
)
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.reasons import reason
from maintenance.recurrence import IsWorkingDay, end_of_day, every_day, local_day
from maintenance.transitions import apply_transition
from maintenance.views import note_order
from maintenance.work_orders import Kind, Origin, State, Transition, WorkOrder, WorkOrderOccurrence
from plantroom.domain.assets import AssetStatus, LocalName, Site
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, NotFound
from plantroom.ports.ledger import Ledger

HORIZON_DAYS = 60
FAULTS = (ArithmeticError, ValueError, LookupError, TypeError, NotFound)
"""What data that make no sense raise; a ledger that is away is another matter."""

_UNSTARTED = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)
_MISSED_TAG = "missed"
SCRAPPED = "asset scrapped"
"""Why the orders of a scrapped asset are cancelled."""


def materialise(
    ledger: Ledger[MaintenanceTx],
    now: datetime,
    systems: Systems,
    horizon_days: int = HORIZON_DAYS,
    is_working_day: IsWorkingDay = every_day,
) -> dict[str, int]:
    """Create what falls due within the horizon, open what has begun, record what was missed.

    Idempotent. Gives counts of occurrences: ``created`` by this run, ``existing`` (there and still due), ``missed``
    (recorded as missed by this run). ``now`` is aware. Raises ``Unreachable`` when the ledger is away.
    """
    with ledger.read() as tx:
        sites = list(tx.assets.sites())
    total = {"created": 0, "existing": 0, "missed": 0}
    for site in sites:
        try:
            with ledger.begin() as tx:
                done = SiteRun(tx, site, now, systems, horizon_days, is_working_day).run()
        except (*FAULTS, BadData) as error:
            structlog.get_logger().error("site_not_planned", site=site.code, error=str(error), type=_named(error))
            continue
        total = {key: total[key] + done[key] for key in total}
    structlog.get_logger().info("plan_materialised", **total)
    return total


@dataclass(slots=True)
class _Draft:
    """What a run wants to insert."""

    occurrences: list[Occurrence] = field(default_factory=list)
    orders: list[tuple[WorkOrder, tuple[OccurrenceKey, ...]]] = field(default_factory=list)

    def size(self) -> tuple[int, int]:
        """How much there is, for ``cut``."""
        return len(self.occurrences), len(self.orders)

    def cut(self, occurrences: int, orders: int) -> None:
        """Forget what came later."""
        del self.occurrences[occurrences:], self.orders[orders:]


class SiteRun:
    """One run over one site, inside one transaction."""

    def __init__(
        self,
        tx: MaintenanceTx,
        site: Site,
        now: datetime,
        systems: Systems,
        horizon_days: int,
        is_working_day: IsWorkingDay,
    ) -> None:
        self._tx, self._site, self._now = tx, site, now
        self._systems, self._is_working_day = systems, is_working_day
        self._zone = ZoneInfo(site.time_zone)
        self._today = local_day(now, self._zone)
        self._until = self._today + timedelta(days=horizon_days)
        self._draft = _Draft()
        self._counts = {"created": 0, "existing": 0, "missed": 0}
        self._rows: Sequence[PlanRow] = tx.plan.rows(site.code, self._today)
        self._by_code: Mapping[str, PlanRow] = {row.code: row for row in self._rows}
        self._orders: dict[str, WorkOrder] = {}
        self._assets = tx.assets.plant().assets

    def run(self) -> dict[str, int]:
        """Do the whole site; gives the counts."""
        planned = OrderFilter(site=self._site.code, origin=Origin.PLAN.value, open_only=True)
        self._orders = {order.id: order for order in pages(self._tx, planned)}
        history: dict[str, list[Occurrence]] = defaultdict(list)
        for occurrence in self._tx.plan.occurrences_of(self._site.code):
            history[occurrence.key.subject].append(occurrence)
        for subject in self._subjects():
            self._apart(subject, history[subject.key])
        self._withdraw()
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
            structlog.get_logger().error(
                "subject_not_planned", subject=subject.key, site=self._site.code, error=str(error), type=_named(error)
            )
            return False
        return True

    def _is_sound(self, row: PlanRow, subject: Subject, history: Sequence[Occurrence]) -> bool:
        """Whether a row can be planned by itself; one that cannot is logged."""
        try:
            plan = self._plan(subject, [row], history)
            for job in plan.upcoming(self._until):
                self._order(subject, job, plan, passed=False, held=False)
        except FAULTS as error:
            structlog.get_logger().error(
                "plan_row_left_out", row=row.code, subject=subject.key, error=str(error), type=_named(error)
            )
            return False
        return True

    def _plan(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> SubjectPlan:
        return plan_subject(
            rows, self._by_code, subject, history, self._today, self._zone, is_working_day=self._is_working_day
        )

    def _subject(self, subject: Subject, rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> None:
        if not rows:
            return
        plan = self._plan(subject, rows, history)
        upcoming = plan.upcoming(self._until)
        begun = _begun([*(s.job for s in plan.standing), *upcoming], self._today)
        held: set[str] = set()
        for standing in plan.standing:
            self._counts["existing"] += len(standing.job.occurrences)
            self._stand(subject, standing, plan, begun, held)
        for job in upcoming:
            self._add(subject, job, plan, begun, held)

    def _withdraw(self) -> None:
        """Cancel the unstarted orders of scrapped assets."""
        for order in self._orders.values():
            if order.asset is None or order.state not in _UNSTARTED or order.asset in self._assets:
                continue
            locked = self._tx.orders.lock(order.id)
            if locked.state in _UNSTARTED and self._tx.assets.get(order.asset).asset.status is AssetStatus.SCRAPPED:
                apply_transition(self._tx, order.id, State.CANCELLED, self._now, PLANNER, SCRAPPED, changes=locked)

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
        if (gives_way or waits) and order.state in _UNSTARTED:
            self._end(order, job, "superseded by the next one" if gives_way else "the one before is still due")
            return
        if row.missed is Missed.HOLD:
            held.add(row.lineage)
        if _MISSED_TAG not in order.tags:
            self._mark(order, job)

    def _refresh(self, order: WorkOrder, subject: Subject, job: Job, plan: SubjectPlan, may_open: bool) -> None:
        due = end_of_day(job.latest, self._zone)
        opens = order.state is State.SCHEDULED and job.earliest <= self._today and may_open
        moved = order.state in _UNSTARTED and (order.due, order.earliest) != (due, job.earliest)
        if not opens and not moved:
            return
        order = self._tx.orders.lock(order.id)
        before = order.version
        if moved and order.state in _UNSTARTED:
            shown = tuple(_shown(p, subject.key) for p in job.occurrences)
            text = reason(job, plan.floors)
            order = replace(order, due=due, earliest=job.earliest, occurrences=shown, reason=text)
            self._tx.plan.update_occurrences([self._occurrence(p, subject.key, order.id) for p in job.occurrences])
        if opens and order.state is State.SCHEDULED:
            order, step = transition(order, State.OPEN, self._now, PLANNER, recorded_at=self._now)
            self._tx.orders.add_transition(step)
        note_order(self._tx, self._tx.orders.update(order, before))

    def _mark(self, order: WorkOrder, job: Job) -> None:
        order = self._tx.orders.lock(order.id)
        if order.state in ENDED or _MISSED_TAG in order.tags:
            return
        before = order.version
        if order.state is State.SCHEDULED:
            order, step = transition(order, State.OPEN, self._now, PLANNER, recorded_at=self._now)
            self._tx.orders.add_transition(step)
        text = f"missed: the last day was {job.latest.isoformat()}; it stays due"
        self._tx.orders.add_transition(Transition(order.id, order.state, self._now, self._now, PLANNER, text))
        note_order(self._tx, self._tx.orders.update(replace(order, tags=(*order.tags, _MISSED_TAG)), before))
        self._counts["missed"] += len(job.occurrences)

    def _end(self, order: WorkOrder, job: Job, why: str) -> None:
        order = self._tx.orders.lock(order.id)
        if order.state not in _UNSTARTED:
            return
        text = f"missed: the last day was {job.latest.isoformat()}; {why}"
        ended, step = transition(order, State.MISSED, self._now, PLANNER, text, recorded_at=self._now)
        self._tx.orders.add_transition(step)
        note_order(self._tx, self._tx.orders.update(ended, order.version))
        found = self._tx.plan.occurrences([o.key for o in order.occurrences]).values()
        self._tx.plan.update_occurrences([replace(o, state=OccurrenceState.MISSED) for o in found])
        self._counts["missed"] += 0 if _MISSED_TAG in order.tags else len(job.occurrences)

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
        keys = tuple(_key(p, subject.key) for p in job.occurrences)
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
            tags=((_MISSED_TAG,) if passed else ()) + ((ISOLATES,) if isolates else ()),
            occurrences=tuple(_shown(p, subject.key) for p in job.occurrences),
            template=template_of(self._tx.plan, [p.row for p in job.occurrences]),
        )

    def _occurrence(
        self, planned: Planned, subject: str, order: str | None, state: OccurrenceState = OccurrenceState.DUE
    ) -> Occurrence:
        found = planned.window
        return Occurrence(
            key=_key(planned, subject),
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
            if _MISSED_TAG in order.tags:
                self._counts["missed"] -= len(keys) - len(mine)
            if mine:
                orders.append(replace(order, occurrences=tuple(o for o in order.occurrences if o.key in mine)))
        self._tx.orders.add_many(orders)
        for order in orders:
            self._history(order)

    def _history(self, order: WorkOrder) -> None:
        text = ""
        if _MISSED_TAG in order.tags and order.due is not None:
            text = f"missed: the last day was {local_day(order.due, self._zone).isoformat()}; it stays due"
        if order.state is State.OPEN:
            self._tx.orders.add_transition(Transition(order.id, State.OPEN, self._now, self._now, PLANNER, text))
            note_order(self._tx, order)


def _named(error: Exception) -> str:
    return type(error).__name__


def _key(planned: Planned, subject: str) -> OccurrenceKey:
    return OccurrenceKey(planned.row.lineage, subject, planned.window.cycle)


def _shown(planned: Planned, subject: str) -> WorkOrderOccurrence:
    found = planned.window
    return WorkOrderOccurrence(_key(planned, subject), planned.row.code, found.nominal, found.latest)


def _begun(jobs: Sequence[Job], today: date) -> dict[str, int]:
    """Newest cycle by row lineage whose job has begun."""
    newest: dict[str, int] = {}
    for job in jobs:
        if job.earliest <= today:
            for planned in job.occurrences:
                lineage = planned.row.lineage
                newest[lineage] = max(newest.get(lineage, -1), planned.window.cycle)
    return newest
