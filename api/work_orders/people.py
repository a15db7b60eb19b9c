"""Who does a work order: candidates, assignment, accepting and declining."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician
from api.paging import cut_in_order
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import ListQuery
from api.work_orders.detail import detail_of
from api.work_orders.people_schemas import (
    AssignmentList,
    AssignmentOut,
    AssignmentRequest,
    CandidateList,
    CandidateOut,
    DeclineRequest,
)
from api.work_orders.schemas import WorkOrderDetail
from maintenance.people.assigning import accept, assign, decline, history, release
from maintenance.people.desk import Desk
from maintenance.ports import MaintenanceTx
from maintenance.ticket_lock import lock_ticket
from maintenance.work_orders import WorkOrder as DomainOrder
from plantroom.errors import Forbidden

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)


@router.get("/{order_id}/candidates", operation_id="listCandidates")
def list_candidates(
    order_id: str, query: Annotated[ListQuery, Query()], caller: Technician, services: Parts
) -> CandidateList:
    """Who could do it, the best choice first: on shift, certified, with the least work; and why others are not
    suggested (`refuses`: they cannot be given it at all)."""
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_sight(order.site)
        found = Desk(tx, order.site, services.clock.now()).candidates(order)
    page = cut_in_order(found, query, lambda c: c.person.username)
    return CandidateList(items=[CandidateOut.of(c) for c in page.items], next_cursor=page.next_cursor)


@router.get("/{order_id}/assignments", operation_id="listAssignments")
def list_assignments(
    order_id: str, query: Annotated[ListQuery, Query()], caller: Technician, services: Parts
) -> AssignmentList:
    """Who was given it, by whom and why, oldest first."""
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_order_sight(order.site, order.contractor)
        page = cut_in_order(history(tx, order_id), query, lambda a: a.id)
    return AssignmentList(items=[AssignmentOut.of(a) for a in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/assignment", operation_id="assignWorkOrder")
def assign_order(
    order_id: str,
    form: AssignmentRequest,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> WorkOrderDetail:
    """Give it to a person, to a contractor, or (both `null`) back to its department. 409 for who may not do it, with
    who, which certificate and when it expired; a change of hands needs a reason. With `If-Match`, 412 when it has
    changed."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_change(order.site, [order.department])
        _require_current(tx, services, order, if_match)
        desk, by = Desk(tx, order.site, services.clock.now()), caller.principal.name
        is_person = caller.principal.kind == "person"
        if form.assignee is None and form.contractor is None:
            why = form.reason or "退回部门 / released"
            changed = release(tx, order, desk, how="released", why=why, by=by, person=is_person)
        else:
            changed = assign(
                tx,
                order,
                desk,
                user=form.assignee,
                contractor=form.contractor,
                by=by,
                why=form.reason,
                person=is_person,
            )
        return _answer(tx, services, changed, response)


@router.post("/{order_id}/accept", operation_id="acceptWorkOrder")
def accept_order(
    order_id: str, caller: Technician, services: Parts, response: Response, if_match: IfMatch = None
) -> WorkOrderDetail:
    """Take what one was given, or what waits in the department's queue; acknowledges it. People only."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        _require_person(caller)
        _require_current(tx, services, order, if_match)
        changed = accept(tx, order, Desk(tx, order.site, services.clock.now()), caller.principal.name)
        return _answer(tx, services, changed, response)


@router.post("/{order_id}/decline", operation_id="declineWorkOrder")
def decline_order(
    order_id: str,
    form: DeclineRequest,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> WorkOrderDetail:
    """Give back what one was given and has not begun, with a reason; the next one who is on shift gets it. People
    only."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        _require_person(caller)
        _require_current(tx, services, order, if_match)
        desk = Desk(tx, order.site, services.clock.now())
        changed = decline(tx, order, desk, caller.principal.name, form.reason)
        return _answer(tx, services, changed, response)


def _require_person(caller: Access) -> None:
    if caller.principal.kind != "person":
        raise Forbidden("only a person who has signed in takes work or gives it back")


def _require_current(tx: MaintenanceTx, services: Services, order: DomainOrder, if_match: str | None) -> None:
    expected = None if if_match is None else expected_version(if_match)
    if expected is not None and expected != order.version:
        current = detail_of(tx, services, order).model_dump(mode="json", by_alias=True)
        raise StaleVersion("the work order has changed since you read it", current, order.version, ["assignee"])


def _answer(tx: MaintenanceTx, services: Services, order: DomainOrder, response: Response) -> WorkOrderDetail:
    response.headers["ETag"] = etag(order.version)
    return detail_of(tx, services, order)
