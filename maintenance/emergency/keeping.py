"""Making and changing emergency plans, each with the drill row that goes with it."""

from dataclasses import replace
from datetime import datetime

from maintenance.emergency.plans import (
    EmergencyPlan,
    asks_the_same,
    check_plan,
    drill_interval,
    moved_to,
    new_drill_row,
)
from maintenance.frequencies import canonical
from maintenance.intervals import Interval
from maintenance.plan import PlanRow
from maintenance.plan_changes.keeping import take_over
from maintenance.plan_changes.waiting import require_none_waits, today_of
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key


def add_plan(tx: MaintenanceTx, plan: EmergencyPlan, now: datetime) -> EmergencyPlan:
    """Write a new plan and the row of its drill. Raises ``BadData``, ``Conflict``, ``NotFound``."""
    check_plan(plan)
    plan = with_drill(tx, plan, now)
    tx.emergency.add(plan)
    tx.live.note("emergency_plan", plan.site, {"key": plan.key, "code": plan.code, "change": "created"})
    return plan


def change_plan(tx: MaintenanceTx, plan: EmergencyPlan, expected_version: int | None, now: datetime) -> EmergencyPlan:
    """Write a plan that is there and bring its drill row to its interval. Raises ``BadData``, ``Conflict``,
    ``VersionConflict``."""
    check_plan(plan)
    before = tx.emergency.get(plan.key)
    written = tx.emergency.update(with_drill(tx, plan, now, before), expected_version)
    tx.live.note("emergency_plan", plan.site, {"key": plan.key, "code": plan.code, "change": "changed"})
    return written


def with_drill(
    tx: MaintenanceTx, plan: EmergencyPlan, now: datetime, before: EmergencyPlan | None = None
) -> EmergencyPlan:
    """The plan with the code of its drill row, which is made, or moved to the plan's interval where that is another
    than ``before``: a row that people have changed since is theirs. A plan that is no more drilled, or switched off,
    leaves its row in the plan table to whoever keeps that. Of every site's row a site gets one of its own in its place,
    where it asks for another interval. ``Conflict`` when a change of the row was approved that is
    not in effect yet."""
    interval = drill_interval(plan)
    if interval is None or not plan.active:
        return plan
    row = tx.plan.row(plan.drill_row, plan.site) if plan.drill_row is not None else None
    if row is None:
        base, number = f"DR-{plan.code.removeprefix('EP-')}", 1
        code = base
        while tx.plan.row(code, plan.site) is not None:
            number += 1
            code = f"{base}-{number}"
        row = tx.plan.put_row(new_drill_row(plan, new_key(), code))
    elif canonical(row.interval) != canonical(interval) and not asks_the_same(before, plan):
        require_none_waits(tx, row, now)
        row = _moved(tx, row, interval, plan.site, now)
    return replace(plan, drill_row=row.code)


def _moved(tx: MaintenanceTx, row: PlanRow, interval: Interval, site: str | None, now: datetime) -> PlanRow:
    moved = moved_to(row, interval)
    if site is None or row.site == site:
        return tx.plan.put_row(moved)
    own = tx.plan.put_row(replace(moved, lineage=new_key(), site=site, version=1))
    take_over(tx, row, own, site, today_of(tx, site, now))
    return own
