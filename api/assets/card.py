"""The card of an asset: everything that the ledger holds of it, in one answer."""

from api.assets.schemas import Asset
from api.directory import ref_of
from api.points.schemas import Point
from api.shapes import AssetRef, Name, Shape
from plantroom.catalogue import equipment_classes
from plantroom.ports.ledger import AssetView, LedgerTx
from plantroom.ports.readings import Retention


class AssetPart(AssetRef):
    """An asset that is part of another one."""

    status: str


class AssetCard(Shape):
    """One asset with what stands around it. ``places``: from the building to where it stands, by name; ``parts``: the
    assets whose parent it is."""

    asset: Asset
    places: list[Name]
    parent: AssetRef | None
    duty_partner: AssetRef | None
    parts: list[AssetPart]
    points: list[Point]


def card_of(tx: LedgerTx, view: AssetView, retention: Retention) -> AssetCard:
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
    )
