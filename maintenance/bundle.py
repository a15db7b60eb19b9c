"""What a tablet takes along before going down: its work, the machines, their points and limits."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from maintenance.orders import pages
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.views import instant_json, name_json, order_json
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Point
from plantroom.ports.accounts import User
from plantroom.ports.ledger import AssetView
from plantroom.ports.paging import Scope

AHEAD = timedelta(days=14)
"""How far ahead planned work is taken along."""


def scope_of(user: User) -> Scope:
    """The sites that a user has grants for; those for a contractor's orders are not of them."""
    whole = [grant for grant in user.grants if grant.contractor is None]
    if any(grant.site is None for grant in whole):
        return Scope()
    return Scope(frozenset(grant.site for grant in whole if grant.site is not None))


def bundle(tx: MaintenanceTx, user: User, now: datetime) -> dict[str, object]:
    """Orders of the user's sites and departments by due date: those that are open, whenever they are due, and the
    scheduled ones that begin within 14 days and are due within 28; with frozen templates and answers, and their assets
    with points and limits. The API adds last readings. JSON-ready."""
    orders = list(_orders(tx, user, now))
    keys = dict.fromkeys(order.asset for order in orders if order.asset is not None)
    return {
        "server_now": instant_json(now),
        "user": {"id": user.id, "username": user.username, "name": user.name, "language": user.language},
        "work_orders": [order_json(order) for order in orders],
        "assets": [asset_json(tx.assets.get(key), tx.assets.points(key)) for key in keys],
    }


def asset_json(view: AssetView, points: Iterable[Point]) -> dict[str, object]:
    """An asset's card with its points and limits."""
    asset = view.asset
    return {
        "key": asset.key,
        "code": asset.code,
        "name": name_json(asset.name),
        "class": asset.equipment_class,
        "site": asset.site,
        "location": asset.location,
        "status": asset.status.value,
        "criticality": asset.criticality,
        "presence": view.presence.value,
        "health": view.health.value,
        "manufacturer": asset.manufacturer,
        "model": asset.model,
        "serial": asset.serial,
        "points": [_point_json(point) for point in points],
    }


def _point_json(point: Point) -> dict[str, object]:
    template, limits = point.template, point.template.limits
    ladder = ("normal_low", "normal_high", "warning_low", "warning_high", "alarm_low", "alarm_high")
    return {
        "key": point.key,
        "name": name_json(template.name),
        "unit": template.unit,
        "kind": template.kind.value,
        "limits": {name: getattr(limits, name) for name in ladder},
    }


def _orders(tx: MaintenanceTx, user: User, now: datetime) -> Iterable[WorkOrder]:
    begun = ",".join(state.value for state in State if state is not State.SCHEDULED)
    scope = scope_of(user)
    theirs = frozenset(grant.contractor for grant in user.grants if grant.contractor is not None)
    found = pages(tx, OrderFilter(scope=scope, contractors=theirs, state=begun, open_only=True))
    waiting = OrderFilter(scope=scope, contractors=theirs, state=State.SCHEDULED.value, due_before=now + 2 * AHEAD)
    found += [o for o in pages(tx, waiting) if o.earliest is None or o.earliest <= (now + AHEAD).date()]
    return (order for order in sorted(found, key=_by_due) if _mine(order, user))


def _by_due(order: WorkOrder) -> tuple[datetime, int]:
    return order.due or datetime.max.replace(tzinfo=UTC), order.number


def _mine(order: WorkOrder, user: User) -> bool:
    return any(
        (g.site is None or g.site == order.site)
        and (g.department is None or order.department is None or g.department == order.department)
        and g.contractor in {None, order.contractor}
        for g in user.grants
    )
