"""What staff do with work orders: make them, move them along, credit what they stand for.

Every function works inside the caller's transaction and notes a live event for what it changed. Instants are aware
UTC; completion days are local to the site.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from maintenance.lifecycle import ENDED, transition
from maintenance.plan import Occurrence, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.views import note_order
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, Transition, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AssetStatus, LocalName, Severity
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, FieldProblem

RESOLVE = {
    Severity.CRITICAL: timedelta(days=7),
    Severity.MAJOR: timedelta(days=7),
    Severity.GENERAL: timedelta(hours=3),
    Severity.INFO: timedelta(days=7),
}
"""The resolve clock by severity (the user's own figures: 3 h general, 7 days major)."""

ISOLATES = "isolates"
"""Tag of orders whose work takes the asset out of monitoring (a plan row's ``custom.isolates``)."""

_DONE = (State.EVIDENCE_PENDING, State.COMPLETED)
_UNDONE = (State.MISSED, State.BYPASSED, State.DEFERRED, State.CANCELLED)


def resolve_by(severity: Severity, opened_at: datetime) -> datetime:
    """When a repair ticket opened then has to be resolved."""
    return opened_at + RESOLVE[severity]


def create_order(
    tx: MaintenanceTx,
    *,
    site: str,
    kind: Kind,
    origin: Origin,
    title: LocalName,
    by: str,
    now: datetime,
    opened_at: datetime | None = None,
    asset: str | None = None,
    severity: Severity = Severity.GENERAL,
    safety: bool = False,
    department: str | None = None,
    due: datetime | None = None,
    reason: LocalName = LocalName("", ""),
    first_checks: Sequence[LocalName] = (),
    tags: Sequence[str] = (),
    template: Sequence[ChecklistItem] = (),
    episode: str | None = None,
) -> WorkOrder:
    """Make an open order, with its number and the first entry of its history.

    Without ``due`` the resolve clock of the severity runs from ``opened_at`` (default ``now``). Without a department
    the asset's own is taken. Raises ``BadData`` without a title, ``NotFound`` for an unknown asset.
    """
    if not title.zh.strip() and not title.en.strip():
        raise BadData("a work order needs a title", [FieldProblem("title", "required", "填写标题 / give a title")])
    if asset is not None:
        card = tx.assets.get(asset).asset
        site, department = card.site, department or card.department
    opened = min(opened_at or now, now)
    order = WorkOrder(
        id=new_key(),
        number=tx.orders.next_number(),
        site=site,
        kind=kind,
        origin=origin,
        state=State.OPEN,
        title=LocalName(title.zh or title.en, title.en or title.zh),
        severity=severity,
        safety=safety,
        asset=asset,
        department=department,
        due=due or resolve_by(severity, opened),
        opened_at=opened,
        episode=episode,
        reason=reason,
        first_checks=tuple(first_checks),
        tags=tuple(tags),
        template=tuple(template),
    )
    tx.orders.add(order)
    tx.orders.add_transition(Transition(order.id, State.OPEN, opened, now, by))
    note_order(tx, order)
    return order


def apply_transition(
    tx: MaintenanceTx,
    order_id: str,
    to: State,
    at: datetime,
    by: str,
    reason: str = "",
    *,
    now: datetime | None = None,
    recurrence: bool = False,
    changes: WorkOrder | None = None,
) -> WorkOrder:
    """Take one step and what follows from it: completing credits every occurrence, an ending without work makes them
    missed. ``changes`` is the locked order with other fields already changed by the caller.

    Raises ``NotFound``, ``IllegalTransition``, ``BadData`` (reason missing).
    """
    order = changes if changes is not None else tx.orders.lock(order_id)
    before = order.version
    completed_by = _completed_by(tx.orders.transitions(order_id)) if to is State.VERIFIED else None
    moved, step = transition(
        order, to, at, by, reason, recorded_at=now or at, recurrence=recurrence, completed_by=completed_by
    )
    tx.orders.add_transition(step)
    _credit(tx, moved, step.at)
    _isolate(tx, moved, now or at)
    stored = tx.orders.update(moved, before)
    note_order(tx, stored)
    return stored


def last_completed_by(tx: MaintenanceTx, order_id: str) -> str | None:
    """Who completed an order last."""
    return _completed_by(tx.orders.transitions(order_id))


def _completed_by(history: Sequence[Transition]) -> str | None:
    return next((step.by for step in reversed(history) if step.to in _DONE), None)


def _credit(tx: MaintenanceTx, order: WorkOrder, at: datetime) -> None:
    """Occurrences follow their order: the deepest is done, those it contains are credited. The first completion
    stands: completed work that is sent back and completed again was still done the first time."""
    if not order.occurrences or order.state not in (*_DONE, *_UNDONE):
        return
    found = tx.plan.occurrences([o.key for o in order.occurrences])
    changed: list[Occurrence] = []
    for place, shown in enumerate(order.occurrences):
        occurrence = found.get(shown.key)
        if occurrence is None or occurrence.completed_at is not None:
            continue
        if order.state in _UNDONE:
            changed.append(replace(occurrence, state=OccurrenceState.MISSED))
        else:
            state = OccurrenceState.DONE if place == 0 else OccurrenceState.CREDITED
            changed.append(replace(occurrence, state=state, completed_at=at))
    tx.plan.update_occurrences(changed)


def _isolate(tx: MaintenanceTx, order: WorkOrder, now: datetime) -> None:
    """An order tagged ``isolates`` puts its asset under maintenance while it is being worked on."""
    if ISOLATES not in order.tags or order.asset is None:
        return
    status = tx.assets.get(order.asset).asset.status
    working = order.state in (State.IN_PROGRESS, State.ON_HOLD)
    if working and status in (AssetStatus.IN_SERVICE, AssetStatus.STANDBY):
        tx.assets.set_status(order.asset, AssetStatus.UNDER_MAINTENANCE)
    elif not working and status is AssetStatus.UNDER_MAINTENANCE:
        end_maintenance(tx, order.asset, now)


def end_maintenance(tx: MaintenanceTx, asset_key: str, now: datetime) -> int:
    """Put an asset back into service; what limits and models noticed meanwhile and still holds becomes tickets.

    Gives how many tickets that made.
    """
    from maintenance.findings import FindingApplier  # makes tickets by ``create_order`` above

    tx.assets.set_status(asset_key, AssetStatus.IN_SERVICE)
    return FindingApplier(tx, now, equipment_classes()).maintenance_ended(asset_key)


def is_ended(order: WorkOrder) -> bool:
    """Whether no work is left to do."""
    return order.state in ENDED
