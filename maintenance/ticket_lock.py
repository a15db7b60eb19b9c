"""Locking a ticket and the episodes behind it."""

from maintenance.floods import FLOOD
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, WorkOrder


def lock_ticket(tx: MaintenanceTx, order_id: str) -> WorkOrder:
    """The order, locked after the episodes behind it: in the order in which findings take both, so that accepting a
    ticket and a finding that joins it do not stop each other. ``NotFound``."""
    known = tx.orders.get(order_id)
    if known.kind is Kind.CORRECTIVE and FLOOD not in known.tags:
        tx.episodes.of_order(order_id)
    return tx.orders.lock(order_id)
