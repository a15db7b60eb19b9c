"""Emergency plans: list, one, make, change."""

from dataclasses import fields, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Viewer
from api.emergency_plans.schemas import (
    EmergencyPlan,
    EmergencyPlanChange,
    EmergencyPlanCreate,
    EmergencyPlanList,
    EmergencyPlanQuery,
)
from api.paging import bad_field, cut
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts, Services
from maintenance.emergency.keeping import add_plan, change_plan
from maintenance.emergency.plans import EmergencyPlan as DomainPlan
from maintenance.intervals import Interval
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound, VersionConflict

router = APIRouter(prefix="/api/v1/emergency-plans", tags=["emergency plans"], route_class=BeginAgain)


@router.get("", operation_id="listEmergencyPlans")
def list_plans(query: Annotated[EmergencyPlanQuery, Query()], caller: Viewer, services: Parts) -> EmergencyPlanList:
    """Emergency plans, by code."""
    if query.site is not None:
        caller.require_sight(query.site)
    with services.ledger.read() as tx:
        plans = [plan for plan in tx.emergency.list(query.site) if _wanted(plan, query, caller)]
    page = cut(plans, query, lambda plan: f"{plan.code}\n{plan.site or ''}", ["code"])
    return EmergencyPlanList(items=[EmergencyPlan.of(plan) for plan in page.items], next_cursor=page.next_cursor)


def _wanted(plan: DomainPlan, query: EmergencyPlanQuery, caller: Access) -> bool:
    return (
        (plan.site is None or caller.scope.allows(plan.site))
        and (query.category is None or plan.category is query.category)
        and (query.code is None or plan.code == query.code)
        and (query.active is None or plan.active is query.active)
    )


@router.post("", operation_id="createEmergencyPlan", status_code=201)
def create_plan(form: EmergencyPlanCreate, caller: Supervisor, services: Parts, response: Response) -> EmergencyPlan:
    """A new plan. Its drill is scheduled from the next time that work orders are made, once a year at least."""
    department = form.department.to_domain().zh or None
    if form.site is None:
        caller.require_everywhere()
    else:
        caller.require_site(form.site, [department])
    _check_classes(services, form.classes)
    with services.ledger.begin() as tx:
        if form.site is not None:
            _need_site(tx, form.site)
        given = _given(form, set(type(form).model_fields))
        plan = add_plan(tx, DomainPlan(key=new_key(), **given), services.planning_now())
    response.headers["ETag"] = etag(plan.version)
    response.headers["Location"] = f"/api/v1/emergency-plans/{plan.key}"
    return EmergencyPlan.of(plan)


@router.get("/{plan_key}", operation_id="getEmergencyPlan")
def get_plan(plan_key: str, caller: Viewer, services: Parts, response: Response) -> EmergencyPlan:
    """One plan; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        plan = _visible(tx.emergency.get(plan_key), caller)
    response.headers["ETag"] = etag(plan.version)
    return EmergencyPlan.of(plan)


@router.patch("/{plan_key}", operation_id="changeEmergencyPlan")
def patch_plan(
    plan_key: str,
    form: EmergencyPlanChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> EmergencyPlan:
    """Change fields of a plan. 412 with the plan as it stands now when somebody else was faster."""
    _check_classes(services, form.classes)
    with services.ledger.begin() as tx:
        before = _visible(tx.emergency.lock(plan_key), caller)
        given = _given(form, form.model_fields_set)
        changed = replace(before, **given)
        if before.site is None:
            caller.require_everywhere()
        else:
            departments = [one or None for one in (before.department.zh, changed.department.zh)]
            caller.require_change(before.site, departments)
        try:
            plan = change_plan(tx, changed, expected_version(if_match), services.planning_now())
        except VersionConflict as error:
            current = EmergencyPlan.of(before).model_dump(mode="json")
            names = [f.name for f in fields(before) if f.name in given and getattr(before, f.name) != given[f.name]]
            raise StaleVersion(str(error), current, before.version, names) from error
    response.headers["ETag"] = etag(plan.version)
    return EmergencyPlan.of(plan)


def _given(form: EmergencyPlanCreate | EmergencyPlanChange, names: set[str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: getattr(form, name) for name in names}
    for name in ("name", "department"):
        if name in given:
            given[name] = getattr(form, name).to_domain()
    if given.get("drill") is not None:
        assert form.drill is not None
        given["drill"] = Interval(form.drill.every, form.drill.unit)
    for name in ("measures", "supplies", "people"):
        if name in given:
            given[name] = tuple(" ".join(one.split()) for one in getattr(form, name))
    return given


def _visible(plan: DomainPlan, caller: Access) -> DomainPlan:
    if plan.site is not None:
        caller.require_sight(plan.site)
    return plan


def _check_classes(services: Services, classes: tuple[str, ...]) -> None:
    unknown = [one for one in classes if one not in services.classes]
    if unknown:
        raise bad_field("classes", "unknown_class", f"there is no class {unknown[0]!r}")


def _need_site(tx: MaintenanceTx, site: str) -> None:
    try:
        tx.assets.site(site)
    except NotFound:
        raise bad_field("site", "unknown_site", f"there is no site {site!r}") from None
