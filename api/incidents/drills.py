"""Records of drills: list, one, write."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Technician, Viewer
from api.incidents.drill_schemas import Drill, DrillDetail, DrillList, DrillPut, DrillQuery
from api.paging import page_request
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.incidents.drills import DrillRecord
from maintenance.incidents.holding import drill_of, plan_of, put_drill
from maintenance.incidents.ports import DrillFilter
from maintenance.ports import MaintenanceTx
from maintenance.ticket_lock import lock_ticket
from maintenance.work_orders import Kind, WorkOrder
from plantroom.errors import NotFound

router = APIRouter(prefix="/api/v1", tags=["drills"], route_class=BeginAgain)


@router.get("/drills", operation_id="listDrills")
def list_drills(query: Annotated[DrillQuery, Query()], caller: Viewer, services: Parts) -> DrillList:
    """Records of drills, the last written first. Drills that are due are work orders of kind `drill`."""
    filters = DrillFilter(caller.scope, query.site, query.emergency_plan, query.begins, query.ends)
    with services.ledger.read() as tx:
        page = tx.incidents.drills(filters, page_request(query))
    return DrillList(items=[Drill.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/work-orders/{order_id}/drill", operation_id="getDrill")
def get_drill(order_id: str, caller: Viewer, services: Parts, response: Response) -> DrillDetail:
    """The record of a drill so far, what it lacks, and the emergency plan that is drilled."""
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_order_sight(order.site, order.contractor)
        if order.kind is not Kind.DRILL:
            raise NotFound(f"work order #{order.number} is no drill")
        record = drill_of(tx, order)
        shown = _shown(tx, order, record)
    response.headers["ETag"] = etag(record.version)
    return shown


@router.put("/work-orders/{order_id}/drill", operation_id="putDrill")
def put_record(
    order_id: str,
    form: DrillPut,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> DrillDetail:
    """Write the record of a drill; it need not be whole before the drill is completed. 412 when somebody else was
    faster, 409 once the order is verified and frozen."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        expected = expected_version(if_match)
        if order.kind is Kind.DRILL:
            before = drill_of(tx, order)
            changed = sorted(form.model_fields_set)
            require_version(expected, _shown(tx, order, before), before.version, changed, "drill's record")
        by, now = caller.principal.name, services.clock.now()
        put_drill(tx, order, form.to_domain(order.id, order.site), by, now, expected)
        record = drill_of(tx, order)
        shown = _shown(tx, order, record)
    response.headers["ETag"] = etag(record.version)
    return shown


def _shown(tx: MaintenanceTx, order: WorkOrder, record: DrillRecord) -> DrillDetail:
    plan = plan_of(tx, order)
    if record.emergency_plan is not None and (plan is None or plan.key != record.emergency_plan):
        plan = next((one for one in tx.emergency.list(order.site) if one.key == record.emergency_plan), None)
    return DrillDetail.whole(record, plan)
