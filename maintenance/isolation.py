"""Orders that take their asset out of monitoring while they are being worked on.

The asset is under maintenance from the start of the first such order to the end of the last one; then it gets the
status back that it had (a tag on the orders keeps that it was on standby).
"""

from dataclasses import replace
from datetime import datetime

from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AssetStatus
from plantroom.ports.ledger import PageRequest

ISOLATES = "isolates"
"""Tag of orders whose work takes the asset out of monitoring (a plan row's ``custom.isolates``)."""

FROM_STANDBY = "from_standby"
"""Tag of isolating orders whose asset was on standby before."""

_WORKING = (State.IN_PROGRESS, State.ON_HOLD)
_RESTING = (AssetStatus.IN_SERVICE, AssetStatus.STANDBY)


def isolate(tx: MaintenanceTx, before: State, order: WorkOrder, now: datetime) -> WorkOrder:
    """What a step (from ``before`` to the order's state) means for the asset; gives the order, maybe with another tag.
    Does nothing for orders that do not isolate. Nothing is stored of the order."""
    if ISOLATES not in order.tags or order.asset is None:
        return order
    if before not in _WORKING and order.state in _WORKING:
        return _begin(tx, order, order.asset)
    if before in _WORKING and order.state not in _WORKING:
        _end(tx, order, order.asset, now)
    return order


def end_maintenance(
    tx: MaintenanceTx, asset_key: str, now: datetime, status: AssetStatus = AssetStatus.IN_SERVICE
) -> int:
    """Give an asset under maintenance its status back; what limits and models noticed meanwhile and still holds becomes
    tickets, and opens completed ones again.

    ``status`` is in service or standby (``ValueError`` otherwise: what is taken out of service needs no tickets).
    Gives how many tickets were made or opened.
    """
    from maintenance.findings import FindingApplier  # makes tickets by ``maintenance.orders``, which isolates

    if status not in _RESTING:
        raise ValueError(f"maintenance does not end with the status {status.value}")
    tx.assets.set_status(asset_key, status)
    return FindingApplier(tx, now, equipment_classes()).maintenance_ended(asset_key)


def _begin(tx: MaintenanceTx, order: WorkOrder, asset: str) -> WorkOrder:
    status = tx.assets.get(asset).asset.status
    tags = tuple(tag for tag in order.tags if tag != FROM_STANDBY)
    rested = any(FROM_STANDBY in other.tags for other in _others(tx, order, asset))
    if status in _RESTING:
        tx.assets.set_status(asset, AssetStatus.UNDER_MAINTENANCE)
        rested = status is AssetStatus.STANDBY
    return replace(order, tags=(*tags, FROM_STANDBY) if rested else tags)


def _end(tx: MaintenanceTx, order: WorkOrder, asset: str, now: datetime) -> None:
    if tx.assets.get(asset).asset.status is not AssetStatus.UNDER_MAINTENANCE:
        return
    # Locks the asset: of two orders that end at the same moment the second one sees the first one's end.
    tx.assets.set_status(asset, AssetStatus.UNDER_MAINTENANCE)
    if not _others(tx, order, asset):
        rested = FROM_STANDBY in order.tags
        end_maintenance(tx, asset, now, AssetStatus.STANDBY if rested else AssetStatus.IN_SERVICE)


def _others(tx: MaintenanceTx, order: WorkOrder, asset: str) -> list[WorkOrder]:
    """The asset's other isolating orders that are being worked on."""
    working = OrderFilter(asset=asset, state=",".join(state.value for state in _WORKING))
    found = tx.orders.list(working, PageRequest(limit=1000)).items
    return [other for other in found if other.id != order.id and ISOLATES in other.tags]
