"""Points that equipment classes have got in a newer version of the product, for the assets that are there.

An asset gets those that its class has got since the seed looked last, if it was made from its class: it has every other
point of it. One that was entered with a few points only (a recording that is replayed) stays as it is, and what
somebody has taken away does not come back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from maintenance.ports import MaintenanceTx
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset, EquipmentClass, Point, PointTemplate
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class GrownClass:
    """A class with points that some of its assets lack. ``points`` of these assets are to be added."""

    key: str
    keys: tuple[str, ...]
    sites: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def assets(self) -> int:
        """How many assets get points."""
        return len({point.asset for point in self.points})


@dataclass(frozen=True, slots=True)
class PointsPlan:
    """What is to be added, by class, and what is to be known afterwards beside what is known."""

    grown: tuple[GrownClass, ...] = ()
    to_note: Mapping[str, frozenset[str]] | None = None


def plan_points(tx: MaintenanceTx, classes: Mapping[str, EquipmentClass] | None = None) -> PointsPlan:
    """What is to be done. Reads the points of the assets of classes that have grown, and once those of all."""
    known, grown, to_note = tx.seeding.known_points(), [], {}
    for key, made in (classes or equipment_classes()).items():
        has = frozenset(point.key for point in made.points)
        before = known.get(key)
        if before is None:
            before = _seen(tx, made)
        new = [template for template in made.points if template.key not in before]
        if new:
            grown.append(_grown(tx, made, before & has, new))
        if has - known.get(key, frozenset()):
            to_note[key] = has
    return PointsPlan(tuple(one for one in grown if one.points), to_note)


def apply_points(tx: MaintenanceTx, plan: PointsPlan) -> None:
    """Do it."""
    tx.seeding.note_points(plan.to_note or {})
    for one in plan.grown:
        tx.assets.put_points(sorted(one.points, key=lambda point: point.asset))
        for site in one.sites:
            tx.live.note("asset", site, {"change": "points"})


def know_classes(tx: MaintenanceTx) -> None:
    """A new ledger knows the classes as they are."""
    tx.seeding.note_points({key: [p.key for p in made.points] for key, made in equipment_classes().items()})


def _seen(tx: MaintenanceTx, made: EquipmentClass) -> frozenset[str]:
    """What a class had before the seed began to look: what its assets have. Where these have less than half of it they
    were not made from it, and nobody can tell what is new."""
    has = frozenset(point.key for point in made.points)
    there = {key for _, keys in _assets(tx, made.key) for key in keys} & has
    return frozenset(there) if len(there) * 2 >= len(has) else has


def _grown(tx: MaintenanceTx, made: EquipmentClass, before: frozenset[str], new: Sequence[PointTemplate]) -> GrownClass:
    points: list[Point] = []
    sites: set[str] = set()
    for asset, keys in _assets(tx, made.key):
        lacks = [Point(asset.key, template) for template in new if template.key not in keys]
        if lacks and before <= keys:
            points += lacks
            sites.add(asset.site)
    return GrownClass(made.key, tuple(template.key for template in new), tuple(sorted(sites)), tuple(points))


def _assets(tx: MaintenanceTx, equipment_class: str) -> Iterator[tuple[Asset, frozenset[str]]]:
    """The assets of a class with the keys of their points."""
    cursor: str | None = None
    while True:
        page = tx.assets.list(AssetFilter(equipment_class=equipment_class), PageRequest(PAGE, cursor))
        assets = [view.asset for view in page.items]
        points = tx.assets.points_of([asset.key for asset in assets])
        for asset in assets:
            yield asset, frozenset(point.key for point in points.get(asset.key, ()))
        cursor = page.next_cursor
        if cursor is None:
            return
