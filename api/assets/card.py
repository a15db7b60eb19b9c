"""The card of an asset: everything that the ledger holds of it, in one answer."""

from api.assets.schemas import Asset
from api.directory import ref_of
from api.points.schemas import Point
from api.shapes import AssetRef, Instant, Name, Shape
from maintenance.ports import MaintenanceTx
from plantroom.catalogue import equipment_classes
from plantroom.ports.ledger import AssetView
from plantroom.ports.readings import Retention


class AssetPart(AssetRef):
    """An asset that is part of another one."""

    status: str


class AssetRest(Shape):
    """A time in which the asset was out of service or scrapped; `until` of `null`: it is so still."""

    since: Instant
    until: Instant | None


class AssetCard(Shape):
    """One asset with what stands around it. ``places``: from the building to where it stands, by name; ``parts``: the
    assets whose parent it is; ``rests``: when it was out of use, oldest first."""

    asset: Asset
    places: list[Name]
    parent: AssetRef | None
    duty_partner: AssetRef | None
    parts: list[AssetPart]
    points: list[Point]
    rests: list[AssetRest]


def card_of(tx: MaintenanceTx, view: AssetView, retention: Retention) -> AssetCard:
    """From the ledger; a handful of queries."""
    asset = view.asset
    others = tx.assets.several({key for key in (asset.parent, asset.duty_partner) if key is not None})
    around = {key: ref_of(one) for key, one in others.items()}
    sensors = tx.sensors.of([asset.key])
    made = equipment_classes().get(asset.equipment_class)
    known = {template.key for template in made.points} if made else set()
    return AssetCard(
        asset=Asset.of(view, retention),
        places=[Name.model_validate(place.name) for place in tx.places.path(asset.location)],
        parent=around.get(asset.parent or ""),
        duty_partner=around.get(asset.duty_partner or ""),
        parts=[AssetPart(**dict(ref_of(one)), status=one.status) for one in tx.assets.parts_of(asset.key)],
        points=[
            Point.of(point, sensors.get((asset.key, point.key)), point.key not in known)
            for point in tx.assets.points(asset.key)
        ],
        rests=[AssetRest(since=one.since, until=one.until) for one in tx.rests.of([asset.key]).get(asset.key, ())],
    )
