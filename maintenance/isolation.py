"""Orders that take their asset out of monitoring while they are being worked on.

The asset is under maintenance from the start of the first such order to the end of the last one; then it gets the
status back that it had (a tag on the orders keeps that it was on standby).
"""

from dataclasses import replace

from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import AssetStatus
from plantroom.ports.ledger import PageRequest

ISOLATES = "isolates"
"""Tag of orders whose work takes the asset out of monitoring (a plan row's ``custom.isolates``)."""

FROM_STANDBY = "from_standby"
"""Tag of isolating orders whose asset was on standby before."""

RESTING = (AssetStatus.IN_SERVICE, AssetStatus.STANDBY)
"""What a machine is when its maintenance has ended."""

_WORKING = (State.IN_PROGRESS, State.ON_HOLD)


def isolate(tx: MaintenanceTx, before: State, order: WorkOrder) -> WorkOrder:
    """The order, maybe with another tag, after a step (from ``before`` to its state) that may begin the maintenance of
    its machine. Nothing is stored of the order."""
    if ISOLATES in order.tags and order.asset is not None and before not in _WORKING and order.state in _WORKING:
        return _begin(tx, order, order.asset)
    return order


def released(tx: MaintenanceTx, before: State, order: WorkOrder) -> AssetStatus | None:
    """The status that the order's machine goes back to after a step, when that was the end of its maintenance; else
    ``None``. To be asked once the order is stored; whoever asks ends the maintenance."""
    if ISOLATES not in order.tags or order.asset is None or before not in _WORKING or order.state in _WORKING:
        return None
    if tx.assets.get(order.asset).asset.status is not AssetStatus.UNDER_MAINTENANCE:
        return None
    # Locks the asset: of two orders that end at the same moment the second one sees the first one's end.
    tx.assets.set_status(order.asset, AssetStatus.UNDER_MAINTENANCE)
    if _others(tx, order, order.asset):
        return None
    return AssetStatus.STANDBY if FROM_STANDBY in order.tags else AssetStatus.IN_SERVICE


def _begin(tx: MaintenanceTx, order: WorkOrder, asset: str) -> WorkOrder:
    status = tx.assets.get(asset).asset.status
    tags = tuple(tag for tag in order.tags if tag != FROM_STANDBY)
    rested = any(FROM_STANDBY in other.tags for other in _others(tx, order, asset))
    if status in RESTING:
        tx.assets.set_status(asset, AssetStatus.UNDER_MAINTENANCE)
        rested = status is AssetStatus.STANDBY
    return replace(order, tags=(*tags, FROM_STANDBY) if rested else tags)


def _others(tx: MaintenanceTx, order: WorkOrder, asset: str) -> list[WorkOrder]:
    """The asset's other isolating orders that are being worked on."""
    working = OrderFilter(asset=asset, state=",".join(state.value for state in _WORKING))
    found = tx.orders.list(working, PageRequest(limit=1000)).items
    return [other for other in found if other.id != order.id and ISOLATES in other.tags]
