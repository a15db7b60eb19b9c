"""What follow-ups link to must be there. Inside the caller's transaction."""

from collections.abc import Sequence

from maintenance.incidents.model import FollowUp, FollowUpKind
from maintenance.ports import MaintenanceTx
from plantroom.errors import FieldProblem, NotFound


def link_problems(tx: MaintenanceTx, site: str, follow_ups: Sequence[FollowUp], field: str) -> list[FieldProblem]:
    """Follow-ups that say nothing, or link to what the site does not have. ``field`` is where they stand."""
    found: list[FieldProblem] = []
    plans = {plan.key for plan in tx.emergency.list(site)}
    for number, one in enumerate(follow_ups):
        here = f"{field}.{number}"
        if not one.text.strip():
            found.append(FieldProblem(f"{here}.text", "required", "说明后续工作 / say what is to be done"))
        if one.kind is FollowUpKind.OTHER:
            continue
        if not one.ref:
            found.append(FieldProblem(f"{here}.ref", "required", "填写对应的编号 / name what it links to"))
        elif one.kind is FollowUpKind.WORK_ORDER and not _is_order(tx, site, one.ref):
            words = "该站点没有此工单 / there is no such work order on the site"
            found.append(FieldProblem(f"{here}.ref", "unknown_work_order", words))
        elif one.kind is FollowUpKind.PLAN_CHANGE and not _is_change(tx, site, one.ref):
            words = "该站点没有此计划变更 / there is no such plan change on the site"
            found.append(FieldProblem(f"{here}.ref", "unknown_plan_change", words))
        elif one.kind is FollowUpKind.EMERGENCY_PLAN and one.ref not in plans:
            words = "该站点没有此预案 / there is no such emergency plan on the site"
            found.append(FieldProblem(f"{here}.ref", "unknown_plan", words))
    return found


def _is_order(tx: MaintenanceTx, site: str, key: str) -> bool:
    try:
        return tx.orders.get(key).site == site
    except NotFound:
        return False


def _is_change(tx: MaintenanceTx, site: str, key: str) -> bool:
    try:
        return tx.plan_changes.get(key).site in {None, site}
    except NotFound:
        return False
