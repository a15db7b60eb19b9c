"""What a tablet takes along, in the shapes that the rest of the API uses."""

from collections.abc import Sequence

from api.access import RANK, Access
from api.assets.latest import latest_of
from api.assets.schemas import Asset
from api.assets.schemas_seen import LatestValue
from api.points.schemas import Point
from api.services import Services
from api.session.schemas import User
from api.sla.schemas import PauseCode
from api.sync.schemas import Bundle, BundleAsset
from api.work_orders.extras import with_records
from api.work_orders.schemas import WorkOrderDetail
from maintenance.bundle import bundle
from plantroom.domain.assets import Asset as DomainAsset
from plantroom.domain.assets import Plant
from plantroom.domain.assets import Point as DomainPoint
from plantroom.errors import Unreachable
from plantroom.ports.accounts import User as DomainUser


def make_bundle(services: Services, caller: Access) -> Bundle:
    """The caller's orders with frozen templates and history, their assets with points, limits and newest
    readings. Some queries per order; a shift has tens of them."""
    now = services.clock.now()
    principal = caller.principal
    grants = [g for g in principal.grants if RANK[g.role] >= RANK[caller.role]]
    user = DomainUser(principal.id, principal.name, "", grants, principal.display_name, principal.language)
    with services.ledger.read() as tx:
        position = tx.live.last_position()
        chosen = bundle(tx, user, now)
        ids = [str(o["id"]) for o in _objects(chosen["work_orders"])]
        views = [tx.assets.get(str(a["key"])) for a in _objects(chosen["assets"])]
        points = {v.asset.key: list(tx.assets.points(v.asset.key)) for v in views}
        plant = services.directory.plant(tx)
        refs, orders = services.directory.refs(tx), []
        clocks = tx.sla.clocks_of(ids)
        for order in map(tx.orders.get, ids):
            history = list(tx.orders.transitions(order.id))
            shown = WorkOrderDetail.detail_of(
                order, refs(order.asset), history, clocks=clocks.get(order.id, ()), now=now
            )
            orders.append(with_records(tx, caller, order, shown, now))
        sites = sorted({order.site for order in orders})
        pauses = {one.code: one for site in sites for one in tx.sla.policies(site).at(now).pauses}
    latest, away = _latest(services, [(v.asset, points[v.asset.key]) for v in views], plant)
    cards = [
        BundleAsset(
            asset=Asset.of(v, services.readings.retention),
            points=[Point.of(p) for p in points[v.asset.key]],
            latest=latest.get(v.asset.key, []),
        )
        for v in views
    ]
    return Bundle(
        generated_at=now,
        live_position=position,
        user=User.of(principal),
        work_orders=orders,
        assets=cards,
        pauses=[PauseCode.of(one) for one in pauses.values()],
        readings_away=away,
    )


def _latest(
    services: Services, assets: Sequence[tuple[DomainAsset, Sequence[DomainPoint]]], plant: Plant
) -> tuple[dict[str, list[LatestValue]], bool]:
    """The newest readings, and whether they are not to be had: nobody is kept from their work by that."""
    try:
        return latest_of(services, assets, plant), False
    except Unreachable:
        return {}, True


def _objects(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []
