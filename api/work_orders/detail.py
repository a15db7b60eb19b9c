"""One work order with everything that is known of it."""

from api.services import Services
from api.work_orders.schemas import WorkOrderDetail
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import WorkOrder


def detail_of(tx: MaintenanceTx, services: Services, order: WorkOrder) -> WorkOrderDetail:
    """As ``GET /work-orders/{id}`` answers."""
    return WorkOrderDetail.detail_of(
        order,
        services.directory.refs(tx)(order.asset),
        list(tx.orders.transitions(order.id)),
        clocks=tx.sla.clocks_of([order.id]).get(order.id, ()),
        marks=tx.sla.marks(order.id),
        steps=tx.sla.steps(order.id),
        now=services.clock.now(),
    )
