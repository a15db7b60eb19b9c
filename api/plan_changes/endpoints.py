"""Plan changes: ask, look at what will change, decide."""

import json
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician, Viewer, sees_money_of_row
from api.assets.lookup import visible_asset
from api.once import OnlyOnce
from api.paging import bad_field, page_request
from api.plan_changes.previews import has_moved, preview_of
from api.plan_changes.proposals import (
    PlanAsItIs,
    cautions_of,
    may_approve,
    require_approver,
    require_asking,
    wanted_of,
)
from api.plan_changes.schemas import (
    Deciding,
    PlanChange,
    PlanChangeCreate,
    PlanChangeList,
    PlanChangePreview,
    PlanChangeQuery,
    PlanChangeRevise,
    PreviewPage,
    Warned,
)
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts, Services
from maintenance.plan_changes.keeping import Decision, RowHasMoved, approve, ask, outcome, reject, revise, withdraw
from maintenance.plan_changes.model import ChangeState
from maintenance.plan_changes.model import PlanChange as DomainChange
from maintenance.plan_changes.ports import ChangeFilter
from maintenance.plan_changes.rules import Outcome
from maintenance.plan_changes.waiting import today_of
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict
from plantroom.ports.accounts import Role
from plantroom.ports.answers import KeptAnswer

router = APIRouter(prefix="/api/v1/plan-changes", tags=["plan"], route_class=BeginAgain)


@router.get("", operation_id="listPlanChanges")
def list_changes(query: Annotated[PlanChangeQuery, Query()], caller: Viewer, services: Parts) -> PlanChangeList:
    """Changes of the plan table that were asked for, newest first."""
    if query.site is not None:
        caller.require_sight(query.site)
    wanted = ChangeFilter(caller.scope, query.site, query.state, query.origin, query.plan_row)
    with services.ledger.read() as tx:
        page = tx.plan_changes.list(wanted, page_request(query))
        plan = PlanAsItIs(tx, services.planning_now())
        items = [_shown(tx, services, caller, change, plan) for change in page.items]
    return PlanChangeList(items=items, next_cursor=page.next_cursor)


@router.post("", operation_id="requestPlanChange", status_code=201)
def request_change(
    form: PlanChangeCreate, caller: Technician, services: Parts, once: OnlyOnce, response: Response
) -> PlanChange:
    """Ask for a change. What an approver asks for takes effect at once (`state` is `approved`), unless
    `only_request`."""
    with services.ledger.begin() as tx:
        # First of all: what took effect at once cannot be asked for again.
        once.begin(tx, caller, lambda first: require_asking(tx, caller, _answered(tx, first)))
        change = _asked(tx, services, caller, form)
        ask(tx, change)
        if change.action is not None:
            found = _checked(tx, services, change)
            if not form.only_request and may_approve(tx, services, caller, change, found.leaves_law):
                change = approve(tx, change.id, _decision(tx, services, caller, change, form.reason))
        shown = _shown(tx, services, caller, change)
        response.headers["ETag"] = etag(change.version)
        response.headers["Location"] = f"/api/v1/plan-changes/{change.id}"
        return once.keep(tx, shown, response.headers)


@router.post("/preview", operation_id="previewNewPlanChange")
def preview_new_change(
    form: PlanChangeCreate, query: Annotated[PreviewPage, Query()], caller: Technician, services: Parts
) -> PlanChangePreview:
    """What a change will change in the next twelve months, before anybody asks for it. Nothing is written."""
    with services.ledger.read() as tx:
        return preview_of(tx, services, caller, _asked(tx, services, caller, form), query)


@router.get("/{change_id}", operation_id="getPlanChange")
def get_change(change_id: str, caller: Viewer, services: Parts, response: Response) -> PlanChange:
    """One change; its `ETag` is what a decision has to send as `If-Match`."""
    with services.ledger.read() as tx:
        change = _seen(tx, caller, change_id)
        shown = _shown(tx, services, caller, change)
    response.headers["ETag"] = etag(change.version)
    return shown


@router.get("/{change_id}/preview", operation_id="previewPlanChange")
def preview_change(
    change_id: str, query: Annotated[PreviewPage, Query()], caller: Viewer, services: Parts
) -> PlanChangePreview:
    """What it will change in the next twelve months, as the ledger is now. 409 once it is decided, and with the
    difference when somebody has changed the row meanwhile."""
    with services.ledger.read() as tx:
        change = _seen(tx, caller, change_id)
        if change.state is not ChangeState.REQUESTED:
            raise Conflict(f"该变更已有结论（{change.state.value}） / the change is {change.state.value} already")
        return preview_of(tx, services, caller, change, query)


@router.patch("/{change_id}", operation_id="revisePlanChange")
def revise_change(
    change_id: str,
    form: PlanChangeRevise,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PlanChange:
    """Change what is asked for, or make a change of an owner's suggestion. For whoever asked, and supervisors."""
    with services.ledger.begin() as tx:
        change = _mine(tx, caller, change_id)
        expected = expected_version(if_match)
        require_version(
            expected, _shown(tx, services, caller, change), change.version, sorted(form.model_fields_set), "plan change"
        )
        changed = change
        if form.action is not None:
            wanted = wanted_of(tx, services, caller, form, change.site)
            if wanted.site != change.site:
                raise bad_field("plan_row", "another_site", "属于其他项目 / belongs to another site")
            changed = replace(change, action=wanted.action, code=wanted.code, before=wanted.before, after=wanted.after)
        if "effective_from" in form.model_fields_set:
            changed = replace(changed, effective_from=form.effective_from)
        if form.reason is not None:
            changed = replace(changed, reason=form.reason)
        if changed.action is not None:
            _checked(tx, services, changed)
        written = revise(tx, changed, expected)
        shown = _shown(tx, services, caller, written)
    response.headers["ETag"] = etag(written.version)
    return shown


@router.post("/{change_id}/approve", operation_id="approvePlanChange")
def approve_change(
    change_id: str,
    form: Deciding,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PlanChange:
    """Make the row's next version. 409 with the difference when somebody has changed the row meanwhile."""
    with services.ledger.begin() as tx:
        change = _seen(tx, caller, change_id)
        _require_decider(caller, change)
        expected = expected_version(if_match)
        found = _checked(tx, services, change)
        require_approver(tx, services, caller, change, found.leaves_law)
        done = approve(tx, change_id, _decision(tx, services, caller, change, form.reason), expected)
        shown = _shown(tx, services, caller, done)
    response.headers["ETag"] = etag(done.version)
    return shown


@router.post("/{change_id}/reject", operation_id="rejectPlanChange")
def reject_change(
    change_id: str,
    form: Deciding,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PlanChange:
    """It is not to be; `reason` says why."""
    with services.ledger.begin() as tx:
        change = _seen(tx, caller, change_id)
        _require_decider(caller, change)
        expected = expected_version(if_match)
        if not form.reason:
            raise bad_field("reason", "reason_required", "请说明原因 / say why")
        require_approver(tx, services, caller, change, leaves_law=False)
        done = reject(tx, change_id, _decision(tx, services, caller, change, form.reason), expected)
        shown = _shown(tx, services, caller, done)
    response.headers["ETag"] = etag(done.version)
    return shown


@router.post("/{change_id}/withdraw", operation_id="withdrawPlanChange")
def withdraw_change(
    change_id: str,
    form: Deciding,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PlanChange:
    """It is asked for no more. For whoever asked, and supervisors."""
    with services.ledger.begin() as tx:
        change = _mine(tx, caller, change_id)
        expected = expected_version(if_match)
        done = withdraw(tx, change_id, _decision(tx, services, caller, change, form.reason), expected)
        shown = _shown(tx, services, caller, done)
    response.headers["ETag"] = etag(done.version)
    return shown


def _asked(tx: MaintenanceTx, services: Services, caller: Access, form: PlanChangeCreate) -> DomainChange:
    """The change that a form asks for, not written yet; whoever asks may do so there."""
    if form.site is not None:
        caller.require_site(form.site)
    asset = None if form.asset is None else visible_asset(tx, caller, form.asset).asset
    if asset is not None and asset.site != form.site:
        raise bad_field("asset", "another_site", "不属于该项目 / is not of this site")
    wanted = wanted_of(tx, services, caller, form, form.site)
    change = DomainChange(
        id=new_key(),
        site=wanted.site,
        origin=form.origin,
        reason=form.reason,
        requested_by=caller.principal.name,
        requested_at=services.clock.now(),
        action=wanted.action,
        code=wanted.code,
        before=wanted.before,
        after=wanted.after,
        effective_from=wanted.effective_from,
        suggestion=form.suggestion.strip(),
        asset=form.asset,
    )
    require_asking(tx, caller, change)
    return change


def _answered(tx: MaintenanceTx, answer: KeptAnswer) -> DomainChange:
    return tx.plan_changes.get(json.loads(answer.body)["id"])


def _shown(
    tx: MaintenanceTx, services: Services, caller: Access, change: DomainChange, plan: PlanAsItIs | None = None
) -> PlanChange:
    found = None
    if change.state is ChangeState.REQUESTED:
        found = cautions_of(plan or PlanAsItIs(tx, services.planning_now()), change)
    warnings = [] if found is None else [Warned.model_validate(one) for one in found.cautions]
    costs = sees_money_of_row(caller, change.site)
    return PlanChange.of(change, services.directory.refs(tx)(change.asset), warnings, costs=costs)


def _checked(tx: MaintenanceTx, services: Services, change: DomainChange) -> Outcome:
    """What an approval now would make; ``Differs`` with the difference when the row is another one by now."""
    try:
        return outcome(tx, change, today_of(tx, change.site, services.planning_now()))
    except RowHasMoved as error:
        raise has_moved(error) from error


def _seen(tx: MaintenanceTx, caller: Access, change_id: str) -> DomainChange:
    change = tx.plan_changes.get(change_id)
    if change.site is not None:
        caller.require_sight(change.site)
    return change


def _mine(tx: MaintenanceTx, caller: Access, change_id: str) -> DomainChange:
    """A change that the caller asked for, or may decide on."""
    change = _seen(tx, caller, change_id)
    if change.requested_by == caller.principal.name:
        require_asking(tx, caller, change)
    else:
        _require_decider(caller.raised(Role.SUPERVISOR), change)
    return change


def _require_decider(caller: Access, change: DomainChange) -> None:
    if change.site is None:
        caller.require_everywhere()
    else:
        caller.require_change(change.site)


def _decision(tx: MaintenanceTx, services: Services, caller: Access, change: DomainChange, reason: str) -> Decision:
    today = today_of(tx, change.site, services.planning_now())
    return Decision(caller.principal.name, services.clock.now(), today, reason)
