"""Reports of owners as staff see them: with who sent them, as long as that is kept."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Technician
from api.paging import cut_in_order
from api.public.schemas import StaffReport, StaffReportList
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)


@router.get("/{order_id}/reports", operation_id="listOwnerReports")
def list_reports(
    order_id: str, query: Annotated[ListQuery, Query()], caller: Technician, services: Parts
) -> StaffReportList:
    """What owners reported about the order, with name and phone for whoever works on it, until they are deleted."""
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        page = cut_in_order(tx.owner_reports.of_order(order_id), query, lambda one: one.id)
        contacts = {one.report: one for one in tx.owner_reports.contacts([one.id for one in page.items])}
    items = []
    for one in page.items:
        contact = contacts.get(one.id)
        own = {name: getattr(one, name) for name in StaffReport.model_fields if hasattr(one, name)}
        who = {"name": contact.name if contact else None, "phone": contact.phone if contact else None}
        items.append(StaffReport.model_validate(own | who))
    return StaffReportList(items=items, next_cursor=page.next_cursor)
