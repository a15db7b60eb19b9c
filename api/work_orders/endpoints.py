"""Work orders and repair tickets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from api.access import Access, Technician, Viewer
from api.assets.lookup import visible_asset
from api.once import OnlyOnce
from api.paging import bad_field, page_request
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from api.work_orders.detail import detail_of
from api.work_orders.extras import with_records
from api.work_orders.moments import moment
from api.work_orders.schemas import (
    OrderCount,
    OrderCounts,
    TransitionRequest,
    WorkOrder,
    WorkOrderCreate,
    WorkOrderDetail,
    WorkOrderList,
    WorkOrderQuery,
)
from maintenance.gaps import require_why_unanswered
from maintenance.lifecycle import ENDED
from maintenance.orders import create_order
from maintenance.people.assigning import require_fit
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.sla.policy import OTHER
from maintenance.ticket_lock import lock_ticket
from maintenance.transitions import apply_transition
from maintenance.work.endings import USES, reason_text
from maintenance.work.owner_reports import CALL_BACK, COMPLAINT
from maintenance.work.records import Coding
from maintenance.work.repairing import code as code_repair
from maintenance.work_orders import ChecklistItem, Kind, Origin, State
from maintenance.work_orders import WorkOrder as Order
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)

ORIGINS = {
    "staff": Origin.STAFF,
    "owner": Origin.OWNER,
    "complaint": Origin.OWNER,
    "regulator": Origin.REGULATOR,
}
"""Where work comes from, by who asked for it."""

SUPERVISED = frozenset({State.VERIFIED, State.MISSED, State.BYPASSED, State.DEFERRED, State.CANCELLED, State.OPEN})
"""Steps that only a supervisor takes."""

BY_HAND = frozenset({State.IN_PROGRESS, State.COMPLETED})
"""Steps of whoever does the work."""


@router.get("", operation_id="listWorkOrders")
def list_orders(query: Annotated[WorkOrderQuery, Query()], caller: Viewer, services: Parts) -> WorkOrderList:
    """Work orders by due date, then number."""
    filters = OrderFilter(
        scope=caller.scope,
        kind=query.kind,
        state=query.state,
        origin=query.origin,
        asset=query.asset,
        site=query.site,
        department=query.department,
        assignee=query.assignee,
        contractor=query.contractor,
        unassigned=query.unassigned,
        contractors=caller.principal.contractors(caller.role),
        due_before=query.due_before,
        open_only=query.open,
        at_risk=services.clock.now() if query.at_risk else None,
    )
    with services.ledger.read() as tx:
        page = tx.orders.list(filters, page_request(query))
        refs = services.directory.refs(tx)
        clocks, now = tx.sla.clocks_of([o.id for o in page.items]), services.clock.now()
        items = [WorkOrder.of(o, refs(o.asset), clocks.get(o.id, ()), now) for o in page.items]
    return WorkOrderList(items=items, next_cursor=page.next_cursor)


@router.get("/counts", operation_id="countWorkOrders")
def count_orders(caller: Viewer, services: Parts) -> OrderCounts:
    """How many orders by kind and state."""
    with services.ledger.read() as tx:
        counts = tx.orders.counts(caller.scope)
    items = [OrderCount(kind=kind, state=state, count=n) for (kind, state), n in sorted(counts.items())]
    return OrderCounts(items=items)


@router.get("/{order_id}", operation_id="getWorkOrder")
def get_order(order_id: str, caller: Viewer, services: Parts, response: Response) -> WorkOrderDetail:
    """One work order with its checklist, answers and history."""
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_order_sight(order.site, order.contractor)
        detail = with_records(tx, caller, order, detail_of(tx, services, order), services.clock.now())
    response.headers["ETag"] = etag(order.version)
    return detail


@router.post("", operation_id="createWorkOrder", status_code=201)
def post_order(
    form: WorkOrderCreate, caller: Technician, services: Parts, once: OnlyOnce, response: Response
) -> WorkOrderDetail:
    """Work that a person asks for: a repair, an inspection or a replacement, by a checklist where one is named. A
    complaint is an owner's ticket; with `call_back` it is tagged until somebody has called
    (`POST .../comments` of the kind `call_back`). With a `failure_mode` a repair shows at once what worked last
    time."""
    _check(form)
    now = services.clock.now()
    with services.ledger.begin() as tx:
        site = _site(tx, caller, form)
        once.begin(tx, caller)
        order = create_order(
            tx,
            site=site,
            kind=Kind(form.kind),
            origin=ORIGINS[form.source],
            title=form.title.to_domain(),
            by=caller.principal.name,
            now=now,
            asset=form.asset,
            severity=form.severity,
            department=form.department,
            reason=LocalName(form.text, form.text),
            due=form.due,
            tags=_tags(form),
            template=_template(tx, form.template),
        )
        if form.failure_mode is not None:
            code_repair(tx, order, Coding(failure_mode=form.failure_mode), caller.principal.name, now)
        response.headers["ETag"] = etag(order.version)
        response.headers["Location"] = f"/api/v1/work-orders/{order.id}"
        detail = with_records(tx, caller, order, detail_of(tx, services, order), now)
        return once.keep(tx, detail, response.headers)


def _check(form: WorkOrderCreate) -> None:
    """A repair is due by its clocks, and only a repair has a failure mode."""
    corrective = Kind(form.kind) is Kind.CORRECTIVE
    if corrective and form.due is not None:
        raise bad_field("due", "not_used", "维修工单的期限由SLA时限决定 / a repair is due by its clocks: leave it out")
    if not corrective and form.failure_mode is not None:
        raise bad_field("failure_mode", "not_used", "只有维修工单有故障模式 / only a repair has a failure mode")


def _tags(form: WorkOrderCreate) -> list[str]:
    return [tag for tag, given in ((COMPLAINT, form.source == "complaint"), (CALL_BACK, form.call_back)) if given]


def _template(tx: MaintenanceTx, code: str | None) -> Sequence[ChecklistItem]:
    """The items of a checklist by its code; none without one."""
    items = () if code is None else tx.plan.checklist(code)
    if code is not None and not items:
        raise bad_field("template", "unknown_template", f"没有检查表“{code}” / there is no checklist {code!r}")
    return items


def _site(tx: MaintenanceTx, caller: Access, form: WorkOrderCreate) -> str:
    if form.asset is not None:
        site = visible_asset(tx, caller, form.asset).asset.site
        if form.site not in {None, site}:
            raise bad_field("site", "other_site", "is not the site of the asset; leave it out")
        caller.require_change(site, [form.department])
        return site
    if form.site is None:
        raise bad_field("site", "missing", "name an asset or a site")
    caller.require_site(form.site, [form.department])
    return tx.assets.site(form.site).code


@router.post("/{order_id}/transitions", operation_id="moveWorkOrder")
def move_order(
    order_id: str,
    form: TransitionRequest,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> WorkOrderDetail:
    """Take a step of the order's life. 409 when there is no such step from where it stands. Verifying, sending back
    and ending work that was not done need a supervisor. `deferred` is no such step: `/deferral` asks for the new
    day and the law. With `If-Match`, 412 when it has changed. `at` lies between the order's opening (of planned work:
    its making) and five minutes from now. 409 `not_missed_yet` when planned work is to be `missed`
    before its last day, which it names. 409 `not_assignable` when a technician begins or completes what they could
    not be given: a certificate or a licensed contractor is missing. What a law asks for is not completed by
    somebody who has signed in with items of its checklist unanswered and no `reason` (422 `items_unanswered`; what
    a machine's token completes so is `incomplete`), nor verified while anything is missing without one (422
    `reason_required`, names what)."""
    now = services.clock.now()
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        if form.to in SUPERVISED or order.state in ENDED:
            caller.raised(Role.SUPERVISOR).require_site(order.site, [order.department])
        expected = None if if_match is None else expected_version(if_match)
        if expected is not None and expected != order.version:
            current = detail_of(tx, services, order).model_dump(mode="json", by_alias=True)
            raise StaleVersion("the work order has changed since you read it", current, order.version, ["state"])
        if form.to is State.DEFERRED:
            raise _put_off_elsewhere(order)
        if form.to in BY_HAND and _works_themselves(caller, order.site):
            require_fit(tx, order, caller.principal.name, now)
        at = moment(order, form.at, now, ZoneInfo(tx.assets.site(order.site).time_zone))
        reason, code = _why(tx, order.site, form, now)
        if form.coding is not None and form.to is not State.COMPLETED:
            raise bad_field("coding", "not_used", "完成维修时填写 / is said when a repair is completed")
        is_person = caller.principal.kind == "person"
        if is_person:
            require_why_unanswered(tx, order, form.to, reason)
        moved = apply_transition(
            tx,
            order.id,
            form.to,
            at,
            caller.principal.name,
            reason,
            now=now,
            file_arrived=services.file_arrived,
            person=is_person,
            code=code,
        )
        if form.coding is not None:
            code_repair(tx, moved, Coding(**form.coding.model_dump()), caller.principal.name, now)
        detail = detail_of(tx, services, moved)
    response.headers["ETag"] = etag(moved.version)
    return detail


def _works_themselves(caller: Access, site: str) -> bool:
    """Whether a step is of the person's own hands: who supervises a site enters what others have done there, too."""
    return caller.principal.kind == "person" and not caller.principal.scope(Role.SUPERVISOR).allows(site)


def _put_off_elsewhere(order: Order) -> BadData:
    """Putting work off takes a new day, which the law may not allow."""
    if order.kind is Kind.CORRECTIVE:
        words = "维修工单不延期，请挂起（on_hold）并说明原因 / a repair ticket is put on hold (on_hold), with why"
        return bad_field("to", "not_for_tickets", words)
    where = f"POST /api/v1/work-orders/{order.id}/deferral (to, code, reason)"
    words = (
        f"延期须给出新日期和原因代码，并核对法定最迟日期：请用 {where}"
        f" / putting off takes a new day and a reason, and a look at the law's last day: {where}"
    )
    return bad_field("to", "use_deferral", words)


def _why(tx: MaintenanceTx, site: str, form: TransitionRequest, now: datetime) -> tuple[str, str]:
    """The reason and code of a step; a code needs no more words, but for ``other``."""
    if form.to in USES and form.code is not None:
        return reason_text(form.code, USES[form.to], form.reason), form.code
    if form.to is not State.ON_HOLD:
        if form.code is not None:
            raise bad_field("code", "not_used", "只有挂起和未完成的结束需要代码 / only holds and endings have a code")
        return form.reason, ""
    code, policy = form.code or OTHER, tx.sla.policies(site).at(now)
    pause = policy.pause(code)
    if pause is None:
        words = ", ".join(one.code for one in policy.pauses)
        raise bad_field("code", "unknown_pause", f"没有此代码，可选 {words} / should be one of {words}")
    spoken = form.reason.strip() or code == OTHER
    return (form.reason if spoken else f"{pause.name.zh} / {pause.name.en}"), code
