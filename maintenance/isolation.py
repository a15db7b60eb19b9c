"""Orders that take their asset out of monitoring while they are being worked on.

The asset is under maintenance from the start of the first such order to the end of the last one; an order on hold is
still being worked on, once it has been started. Then the asset gets the status back that it had (tags on the orders
keep which); one that was under maintenance or out of service already, by somebody's hand, is left so, and so is one
for which maintenance by hand goes on (``maintenance.by_hand``).
"""

from dataclasses import replace

from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import AssetStatus
from plantroom.ports.paging import PageRequest

ISOLATES = "isolates"
"""Tag of orders whose work takes the asset out of monitoring (a plan row's ``custom.isolates``)."""

FROM_STANDBY = "from_standby"
"""Tag of isolating orders whose asset was on standby before."""

FOUND_STOPPED = "found_stopped"
"""Tag of isolating orders that found their asset under maintenance by hand, or out of service: they end nothing."""

RESTING = (AssetStatus.IN_SERVICE, AssetStatus.STANDBY)
"""What a machine is when its maintenance has ended."""

_WORKING = (State.IN_PROGRESS, State.ON_HOLD)
_FOUND = (FROM_STANDBY, FOUND_STOPPED)


def isolate(tx: MaintenanceTx, order: WorkOrder) -> WorkOrder:
    """The order, maybe with another tag, after a step (in its history already) that may begin the maintenance of its
    machine. Nothing is stored of the order."""
    begins = ISOLATES in order.tags and order.state is State.IN_PROGRESS
    if begins and order.asset is not None and not _was_being_worked_on(tx, order):
        return _begin(tx, order, order.asset)
    return order


def released(tx: MaintenanceTx, order: WorkOrder) -> AssetStatus | None:
    """The status that the order's machine goes back to after a step, when that was the end of its maintenance; else
    ``None``. To be asked once the order is stored; whoever asks ends the maintenance."""
    if ISOLATES not in order.tags or order.asset is None or order.state in _WORKING:
        return None
    if FOUND_STOPPED in order.tags or not _was_being_worked_on(tx, order):
        return None
    # Of two orders that end at the same moment the second one sees the first one's end.
    if tx.assets.lock(order.asset).asset.status is not AssetStatus.UNDER_MAINTENANCE:
        return None
    if isolating_orders(tx, order.asset, order.id) or tx.spells.standing(order.asset) is not None:
        return None
    return AssetStatus.STANDBY if FROM_STANDBY in order.tags else AssetStatus.IN_SERVICE


def _begin(tx: MaintenanceTx, order: WorkOrder, asset: str) -> WorkOrder:
    """The order with the word on how it found its machine: as it is now or, where another order has isolated it, as
    that one found it."""
    status = tx.assets.lock(asset).asset.status
    found: str | None = None
    if status in RESTING:
        tx.assets.set_status(asset, AssetStatus.UNDER_MAINTENANCE)
        found = FROM_STANDBY if status is AssetStatus.STANDBY else None
    elif status is not AssetStatus.UNDER_MAINTENANCE:
        found = FOUND_STOPPED
    else:
        before = found_by_all(tx, asset, order.id)
        found = FOUND_STOPPED if before is None else FROM_STANDBY if before is AssetStatus.STANDBY else None
    tags = tuple(tag for tag in order.tags if tag not in _FOUND)
    return replace(order, tags=tags if found is None else (*tags, found))


def found_by_all(tx: MaintenanceTx, asset: str, but: str = "") -> AssetStatus | None:
    """What an asset was before it came under maintenance, by a spell (``maintenance.by_hand``) or by orders that are
    being worked on (all ``but`` one); ``None`` when none of them brought it there."""
    spell = tx.spells.standing(asset)
    if spell is not None:
        return spell.found
    isolating = [other for other in isolating_orders(tx, asset, but) if FOUND_STOPPED not in other.tags]
    if not isolating:
        return None
    standby = any(FROM_STANDBY in other.tags for other in isolating)
    return AssetStatus.STANDBY if standby else AssetStatus.IN_SERVICE


def isolating_orders(tx: MaintenanceTx, asset: str, but: str = "") -> list[WorkOrder]:
    """The asset's isolating orders that are being worked on, all but one."""
    working = OrderFilter(asset=asset, state=",".join(state.value for state in _WORKING))
    found = tx.orders.list(working, PageRequest(limit=1000)).items
    return [
        other
        for other in found
        if other.id != but
        and ISOLATES in other.tags
        and _worked_on([step.to for step in tx.orders.transitions(other.id)])
    ]


def _was_being_worked_on(tx: MaintenanceTx, order: WorkOrder) -> bool:
    """Whether an order was being worked on before its last step."""
    return _worked_on([step.to for step in tx.orders.transitions(order.id)][:-1])


def _worked_on(states: list[State]) -> bool:
    """Whether work that went through the states has been started and not ended: a hold alone starts nothing."""
    before_holds = (state for state in reversed(states) if state is not State.ON_HOLD)
    return next(before_holds, None) is State.IN_PROGRESS
