"""One step for many work orders, and putting planned work off."""

from datetime import date

from fastapi import APIRouter, Response

from api.access import Access, Supervisor
from api.paging import bad_field
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion, status_of
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.work_orders.detail import detail_of
from api.work_orders.records_schemas import BatchAnswer, BatchItem, BatchRequest, BatchResult, Deferral
from api.work_orders.schemas import WorkOrderDetail
from maintenance.people.assigning import assign, release
from maintenance.people.desk import Desk
from maintenance.ports import MaintenanceTx
from maintenance.ticket_lock import lock_ticket
from maintenance.work.deferring import defer
from maintenance.work_orders import WorkOrder
from plantroom.errors import PlantroomError, VersionConflict
from plantroom.ports.ledger import Contended

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)


@router.post("/{order_id}/deferral", operation_id="deferWorkOrder", status_code=201)
def defer_order(
    order_id: str,
    form: Deferral,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> WorkOrderDetail:
    """Put planned work off to a later day. The order ends as `deferred`; the answer is the one that carries the work on
    (`Location`). 409 `beyond_the_law` with the last day that the law allows. With `If-Match`, 412 when it has
    changed."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_change(order.site, [order.department])
        expected = None if if_match is None else expected_version(if_match)
        if expected is not None and expected != order.version:
            current = detail_of(tx, services, order).model_dump(mode="json", by_alias=True)
            raise StaleVersion("the work order has changed since you read it", current, order.version, ["state"])
        follows = _put_off(tx, services, caller, order, form.to, form.code, form.reason)
        detail = detail_of(tx, services, follows)
    response.headers["ETag"] = etag(follows.version)
    response.headers["Location"] = f"/api/v1/work-orders/{follows.id}"
    return detail


@router.post("/batch", operation_id="changeWorkOrders")
def change_orders(form: BatchRequest, caller: Supervisor, services: Parts) -> BatchAnswer:
    """Assign or defer many orders. Each is changed by itself: one that is refused costs no other, and the answer says
    why."""
    if form.action == "defer" and (form.to is None or form.code is None):
        missing = "to" if form.to is None else "code"
        raise bad_field(missing, "required", "延期需要新日期和原因代码 / needed to put work off")
    return BatchAnswer(results=[_one(services, caller, form, item) for item in form.items])


def _one(services: Services, caller: Access, form: BatchRequest, item: BatchItem) -> BatchResult:
    try:
        return _changed(services, caller, form, item)
    except Contended:
        pass
    except PlantroomError as error:
        return _refused(item, error)
    try:
        return _changed(services, caller, form, item)
    except PlantroomError as error:
        return _refused(item, error)


def _refused(item: BatchItem, error: PlantroomError) -> BatchResult:
    status = status_of(error)
    detail = "there is nothing by that name, or it is not for you to see" if status == 404 else str(error)
    return BatchResult(id=item.id, ok=False, status=status, code=error.code, detail=detail, version=None, follows=None)


def _changed(services: Services, caller: Access, form: BatchRequest, item: BatchItem) -> BatchResult:
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, item.id)
        caller.require_change(order.site, [order.department])
        if item.version is not None and item.version != order.version:
            raise VersionConflict(f"#{order.number} is at version {order.version} by now, not {item.version}")
        if form.action == "defer" and form.to is not None and form.code is not None:
            follows = _put_off(tx, services, caller, order, form.to, form.code, form.reason)
            return _done(item, tx.orders.get(order.id), follows.id)
        return _done(item, _given(tx, services, caller, order, form), None)


def _done(item: BatchItem, order: WorkOrder, follows: str | None) -> BatchResult:
    return BatchResult(id=item.id, ok=True, status=200, code=None, detail="", version=order.version, follows=follows)


def _given(tx: MaintenanceTx, services: Services, caller: Access, order: WorkOrder, form: BatchRequest) -> WorkOrder:
    desk, by = Desk(tx, order.site, services.clock.now()), caller.principal.name
    person = caller.principal.kind == "person"
    if form.assignee is None and form.contractor is None:
        why = form.reason or "退回部门 / released"
        return release(tx, order, desk, how="released", why=why, by=by, person=person)
    return assign(
        tx, order, desk, user=form.assignee, contractor=form.contractor, by=by, why=form.reason, person=person
    )


def _put_off(
    tx: MaintenanceTx, services: Services, caller: Access, order: WorkOrder, to: date, code: str, text: str
) -> WorkOrder:
    person = caller.principal.kind == "person"
    return defer(tx, order, to, code, text, caller.principal.name, services.clock.now(), person=person).follows
