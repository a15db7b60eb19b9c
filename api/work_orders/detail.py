"""One work order with everything that is known of it."""

from api.services import Services
from api.work_orders.schemas import WorkOrderDetail
from maintenance.early import early_work
from maintenance.entered import entered_late
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import WorkOrder


def detail_of(tx: MaintenanceTx, services: Services, order: WorkOrder) -> WorkOrderDetail:
    """As ``GET /work-orders/{id}`` answers."""
    history = list(tx.orders.transitions(order.id))
    late = entered_late(order.completed_at, history)
    if late is not None:
        late = entered_late(order.completed_at, history, [one for one, _ in tx.orders.operations(order.id)])
    return WorkOrderDetail.detail_of(
        order,
        services.directory.refs(tx)(order.asset),
        history,
        clocks=tx.sla.clocks_of([order.id]).get(order.id, ()),
        marks=tx.sla.marks(order.id),
        steps=tx.sla.steps(order.id),
        now=services.clock.now(),
        late=late,
        early=early_work(tx, order),
    )
