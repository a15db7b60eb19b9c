"""Rows by the hour made into orders: one per patrol, for the next two days.

A moment whose time is over and that nobody took up is dealt with as its row says: ``supersede`` (the default of such
rows) ends it as missed; ``hold`` keeps the first one due and ends the following ones; ``stack`` keeps each. What an
outage left becomes missed records without orders, but the first one of ``hold`` and each of ``stack``, which get one.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.draft_words import MISSED_TAG
from maintenance.hourly import HourCase, hour_reason, job_of, to_make
from maintenance.hours import HORIZON, Moment
from maintenance.nesting import Job
from maintenance.plan import Missed, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import Subject
from maintenance.planner_steps import STAYS_DUE, SUPERSEDED, end_missed, keep_overdue, open_order
from maintenance.ports import MaintenanceTx
from maintenance.rests import Rest
from maintenance.work_orders import State, WorkOrder, WorkOrderOccurrence
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import SiteCalendar


@dataclass(frozen=True, slots=True)
class HourOrder:
    """An order to be made for a moment. ``is_over``: it was missed before anybody heard of it."""

    row: PlanRow
    job: Job
    moment: Moment
    occurrence: Occurrence
    is_over: bool


@dataclass(slots=True)
class HourWork:
    """What a run does about the rows by the hour of one subject: orders and bare records to make, orders to open, to
    end as missed and to keep due though their time is over."""

    make: list[HourOrder] = field(default_factory=list)
    records: list[Occurrence] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    end: list[tuple[str, Occurrence]] = field(default_factory=list)
    overdue: list[tuple[str, Occurrence]] = field(default_factory=list)
    existing: int = 0


@dataclass(frozen=True, slots=True)
class HourScene:
    """The site and the moment of a run, and when the machine was out of use."""

    site: str
    calendar: SiteCalendar
    zone: ZoneInfo
    now: datetime
    anchor: Callable[[PlanRow], date]
    rests: Sequence[Rest] = ()


def hour_work(rows: Sequence[PlanRow], subject: Subject, history: Sequence[Occurrence], scene: HourScene) -> HourWork:
    """What there is to do. Pure; ``history`` are the subject's occurrences."""
    by_row: Mapping[str, list[Occurrence]] = defaultdict(list)
    for one in history:
        by_row[one.key.lineage].append(one)
    work = HourWork()
    for row in rows:
        case = HourCase(row, scene.anchor(row), scene.calendar, scene.zone, by_row[row.lineage], scene.rests)
        held = _standing(row, case.history, scene, work)
        for moment in to_make(case, scene.now, scene.now + HORIZON):
            held = _new(case, subject, moment, scene, work, held=held)
    return work


def _standing(row: PlanRow, history: Sequence[Occurrence], scene: HourScene, work: HourWork) -> bool:
    """What stands: opened when its time comes, dealt with when it is over. Gives whether one is held."""
    held = False
    due = [o for o in history if o.state is OccurrenceState.DUE and o.nominal_at is not None and o.due_at is not None]
    for one in sorted(due, key=lambda o: o.key.cycle):
        assert one.nominal_at is not None
        assert one.due_at is not None
        work.existing += 1
        if one.work_order is None:
            continue
        if one.due_at > scene.now:
            if one.nominal_at <= scene.now:
                work.open.append(one.work_order)
            continue
        if row.missed is Missed.SUPERSEDE or (row.missed is Missed.HOLD and held):
            work.end.append((one.work_order, one))
        else:
            held = True
            work.overdue.append((one.work_order, one))
    return held


def _new(case: HourCase, subject: Subject, moment: Moment, scene: HourScene, work: HourWork, *, held: bool) -> bool:
    row, over = case.row, moment.until <= scene.now
    occurrence = _occurrence(row, subject, moment, scene)
    if over and (row.missed is Missed.SUPERSEDE or (row.missed is Missed.HOLD and held)):
        work.records.append(replace(occurrence, state=OccurrenceState.MISSED))
        return held
    work.make.append(HourOrder(row, job_of(row, moment, scene.zone), moment, occurrence, over))
    return held or over


def _occurrence(row: PlanRow, subject: Subject, moment: Moment, scene: HourScene) -> Occurrence:
    found = job_of(row, moment, scene.zone).leader.window
    return Occurrence(
        key=OccurrenceKey(row.lineage, subject.key, moment.cycle),
        site=scene.site,
        plan_row=row.code,
        nominal_date=found.nominal,
        earliest=found.earliest,
        latest=found.latest,
        nominal_at=moment.at,
        due_at=moment.until,
    )


def hour_order(plain: WorkOrder, made: HourOrder, scene: HourScene) -> WorkOrder:
    """The order of a moment out of the plain one that a dated row would get."""
    moment, occurrence = made.moment, made.occurrence
    opens = moment.at <= scene.now
    case = HourCase(made.row, scene.anchor(made.row), scene.calendar, scene.zone)
    shown = WorkOrderOccurrence(
        occurrence.key, occurrence.plan_row, occurrence.nominal_date, occurrence.latest, moment.at, moment.until
    )
    return replace(
        plain,
        state=State.OPEN if opens else State.SCHEDULED,
        opened_at=scene.now if opens else None,
        due=moment.until,
        reason=hour_reason(case, moment, made.is_over),
        occurrences=(shown,),
    )


def settle_hours(
    tx: MaintenanceTx, work: HourWork, orders: Mapping[str, WorkOrder], now: datetime, zone: ZoneInfo
) -> int:
    """Open, end and keep the orders that stand, as ``work`` says; ended ones leave a missed occurrence. Gives how many
    were recorded as missed by this run."""
    missed = 0
    for order_id in work.open:
        if order_id in orders and orders[order_id].state is State.SCHEDULED:
            open_order(tx, orders[order_id], now)
    ended = []
    for order_id, one in work.end:
        if order_id in orders and end_missed(tx, orders[order_id], now, _clock(one, zone, SUPERSEDED)):
            ended.append(replace(one, state=OccurrenceState.MISSED))
            missed += MISSED_TAG not in orders[order_id].tags
    tx.plan.update_occurrences(ended)
    for order_id, one in work.overdue:
        if order_id in orders and MISSED_TAG not in orders[order_id].tags:
            missed += keep_overdue(tx, orders[order_id], now, _clock(one, zone, STAYS_DUE))
    return missed


def _clock(one: Occurrence, zone: ZoneInfo, what: LocalName) -> str:
    assert one.due_at is not None
    over = f"{one.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"漏做：最后时限为{over}；{what.zh} / missed: the time was over at {over}; {what.en}"
