"""Words on a repair ticket that are no steps of its life, from the web: an interim measure, an arrival."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from api.access import Access, Technician
from api.preconditions import etag
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.work_orders.clocks import ArrivalRequest, InterimRequest
from api.work_orders.detail import detail_of
from api.work_orders.moments import moment
from api.work_orders.schemas import WorkOrderDetail
from maintenance.lifecycle import ENDED, arrived
from maintenance.orders import keep, retimed
from maintenance.sla.keeping import mark
from maintenance.sla.words import Said
from maintenance.ticket_lock import lock_ticket
from maintenance.work_orders import Kind
from plantroom.errors import Conflict

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)


@router.post("/{order_id}/interim", operation_id="tellInterimMeasure")
def tell_interim(
    order_id: str, form: InterimRequest, caller: Technician, services: Parts, response: Response
) -> WorkOrderDetail:
    """An interim measure was taken: its clock stops. 409 on what is no repair ticket, or has ended."""
    return _tell(order_id, Said.INTERIM, form.at, form.text, caller, services, response)


@router.post("/{order_id}/arrival", operation_id="tellArrival")
def tell_arrival(
    order_id: str, form: ArrivalRequest, caller: Technician, services: Parts, response: Response
) -> WorkOrderDetail:
    """Somebody is on the spot: the clock for arriving stops. 409 as for an interim measure."""
    return _tell(order_id, Said.ARRIVED, form.at, "", caller, services, response)


def _tell(
    order_id: str,
    said: Said,
    at: datetime | None,
    text: str,
    caller: Access,
    services: Services,
    response: Response,
) -> WorkOrderDetail:
    now = services.clock.now()
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_change(order.site, [order.department])
        if order.kind is not Kind.CORRECTIVE or order.state in ENDED:
            raise Conflict(f"#{order.number} is {order.kind.value} and {order.state.value}: it waits for no such word")
        when = min(moment(order, at, now, ZoneInfo(tx.assets.site(order.site).time_zone)), now)
        mark(tx, order, said, when, now, caller.principal.name, text=text)
        after = arrived(order, when) if said is Said.ARRIVED else order
        stored = retimed(tx, order_id) if after is order else keep(tx, after)
        detail = detail_of(tx, services, stored)
    response.headers["ETag"] = etag(stored.version)
    return detail
