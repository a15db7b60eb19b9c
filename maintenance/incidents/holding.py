"""Drills as work: the record of a drill in the ledger, and that no drill is completed without it. Inside the caller's
transaction."""

from dataclasses import replace
from datetime import datetime

from maintenance.emergency.plans import EmergencyPlan
from maintenance.incidents.drills import (
    DrillRecord,
    is_completing,
    merged,
    refuse_without,
    time_problems,
    told_by_checklist,
)
from maintenance.incidents.links import link_problems
from maintenance.ports import MaintenanceTx
from maintenance.records.model import frozen_error
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.errors import BadData, Conflict, FieldProblem, VersionConflict

_HELD = (State.EVIDENCE_PENDING, State.COMPLETED)
"""A drill that was held keeps a whole record, whoever changes it."""


def drill_of(tx: MaintenanceTx, order: WorkOrder) -> DrillRecord:
    """What is known of a drill so far: what was written, and what its checklist tells. Its version is 0 while nothing
    was written."""
    written = tx.incidents.drill(order.id)
    return merged(written, told_by_checklist(order)) if written else replace(told_by_checklist(order), version=0)


def plan_of(tx: MaintenanceTx, order: WorkOrder) -> EmergencyPlan | None:
    """The emergency plan that an order drills: the one whose drill row it comes from, the site's own before every
    site's."""
    codes = {shown.plan_row for shown in order.occurrences}
    plans = sorted(tx.emergency.list(order.site), key=lambda plan: plan.site is None)
    return next((plan for plan in plans if plan.drill_row in codes), None)


def put_drill(
    tx: MaintenanceTx, order: WorkOrder, record: DrillRecord, by: str, now: datetime, expected_version: int | None
) -> DrillRecord:
    """Write a locked order's record, which need not be whole before the drill was held. Raises ``BadData`` for what
    cannot be, ``Conflict`` for work that is no drill, ``VersionConflict``, ``RecordFrozen`` once the order is
    frozen."""
    if order.kind is not Kind.DRILL:
        raise Conflict(f"工单#{order.number}不是演练 / work order #{order.number} is no drill")
    if order.state is State.VERIFIED or tx.records.of_order(order.id) is not None:
        raise frozen_error(order.number)
    known = tx.incidents.drill(order.id)
    version = 0 if known is None else known.version
    if expected_version is not None and expected_version != version:
        raise VersionConflict(f"the record is at version {version} by now, not {expected_version}")
    problems = time_problems(record) + link_problems(tx, order.site, record.follow_ups, "follow_ups")
    if record.emergency_plan is not None and record.emergency_plan not in {
        p.key for p in tx.emergency.list(order.site)
    }:
        words = "该站点没有此预案 / there is no such emergency plan on the site"
        problems.append(FieldProblem("emergency_plan", "unknown_plan", words))
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)
    if order.state in _HELD:
        refuse_without(merged(record, told_by_checklist(order)), order.number)
    plan = plan_of(tx, order) if record.emergency_plan is None else None
    stored = replace(
        record,
        work_order=order.id,
        site=order.site,
        emergency_plan=record.emergency_plan or (None if plan is None else plan.key),
        by=by,
        recorded_at=now,
        version=version + 1,
    )
    tx.incidents.put_drill(stored)
    tx.live.note("drill", order.site, {"work_order": order.id, "version": stored.version})
    return stored


def require_record(tx: MaintenanceTx, order: WorkOrder, to: State, by: str, now: datetime) -> None:
    """Before a locked order's step: a drill that is said to be done has its whole record, which is kept from here on
    where the checklist has told of it. Raises ``BadData`` naming what is missing."""
    if order.kind is not Kind.DRILL or not is_completing(order, to):
        return
    record = drill_of(tx, order)
    refuse_without(record, order.number)
    if record.version == 0:
        put_drill(tx, order, record, by, now, None)
