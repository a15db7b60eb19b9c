"""Rows of assets: what is written beside their fields, and checks against the database that many writers share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import Asset, Location
from plantroom.domain.papers import first_expiry
from plantroom.domain.searching import search_text
from plantroom.errors import NotFound
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables import PLACES_CHANGED, counters
from plantroom.storage.ledger.work import Work, chunks

ASSETS = Record(Asset, t.assets, fixed={"abridged": False})
LOCATIONS = Record(Location, t.locations)

_PLACES_CHANGED = sa.select(counters.c.value).where(counters.c.name == PLACES_CHANGED)
_codes = t.asset_codes.c
_place = t.locations.c


def asset_row(asset: Asset, changed: int, codes: Iterable[str], places: Sequence[Location]) -> dict[str, Any]:
    """The columns of an asset at a revision of the plant. ``places``: from the outermost to where it stands. Raises
    ``ValueError`` for one of a ``Plant``, which would lose what that leaves out."""
    if asset.abridged:
        raise ValueError(f"asset {asset.code} was read without all of its fields: get it before it is written")
    return ASSETS.row(asset) | {
        "changed": changed,
        "licence_due": first_expiry(asset.licences),
        "search": search_text(asset, codes, places),
    }


def codes_of(work: Work, keys: Collection[str]) -> dict[str, list[str]]:
    """Present and former codes by asset."""
    found: dict[str, list[str]] = {}
    for some in chunks(sorted(keys)):
        rows = work.connection.execute(
            sa.select(_codes.asset, _codes.code).where(_codes.asset.in_(some)).order_by(_codes.code)
        )
        for asset, code in rows:
            found.setdefault(asset, []).append(code)
    return found


def path_to(work: Work, location: str | None) -> list[Location]:
    """The places from the outermost to the location, in one query; empty for ``None``."""
    if location is None:
        return []
    return [LOCATIONS.item(row) for row in work.connection.execute(_PATH, {"location": location})]


def _path() -> sa.Select[Any]:
    start = _place.key == sa.bindparam("location", type_=_place.key.type)
    way = sa.select(_place.key, _place.parent, sa.literal(0).label("depth")).where(start).cte("way", recursive=True)
    above = sa.select(_place.key, _place.parent, way.c.depth + 1).where(_place.key == way.c.parent, way.c.depth < 20)
    way = way.union_all(above)
    return LOCATIONS.select().join(way, way.c.key == _place.key).order_by(way.c.depth.desc())


_PATH = _path()


def inside(location: str) -> sa.Select[tuple[str]]:
    """Selects the keys of a location and of all that stands in it."""
    down = sa.select(_place.key).where(_place.key == location).cte("inside", recursive=True)
    down = down.union(sa.select(_place.key).where(_place.parent == down.c.key))
    return sa.select(down.c.key)


def tree_of(work: Work, site: str | None) -> Mapping[str, Location]:
    """The locations of a site (``None``: of all) by key. Reading transactions share it until a location changes."""
    if site is None or work.writable:
        return _tree(work, site)
    mark = int(work.connection.execute(_PLACES_CHANGED).scalar_one())
    known = work.shared.trees.get(site)
    if known is None or known[0] != mark:
        known = work.shared.trees[site] = mark, _tree(work, site)
    return known[1]


def _tree(work: Work, site: str | None) -> dict[str, Location]:
    statement = LOCATIONS.select().order_by(_place.key)
    if site is not None:
        statement = statement.where(_place.site == site)
    return {location.key: location for location in map(LOCATIONS.item, work.connection.execute(statement))}


def several(work: Work, keys: Collection[str], *, lock: bool = False) -> dict[str, Asset]:
    """Assets by key, those that there are; with ``lock`` nobody else changes them until the transaction ends."""
    found: dict[str, Asset] = {}
    for some in chunks(sorted(keys)):
        statement = ASSETS.select().where(t.assets.c.key.in_(some))
        rows = work.connection.execute(work.locking(statement.order_by(t.assets.c.key)) if lock else statement)
        found |= {asset.key: asset for asset in map(ASSETS.item, rows)}
    return found


def need_sites(work: Work, sites: Collection[str]) -> None:
    """``NotFound`` for a site that there is not."""
    known = set(work.connection.execute(sa.select(t.sites.c.code).where(t.sites.c.code.in_(sorted(sites)))).scalars())
    for site in sorted(sites):
        if site not in known:
            raise NotFound(f"there is no site {site!r}")


def need_locations(work: Work, wanted: Collection[tuple[str, str]]) -> None:
    """``NotFound`` for a (location, site) that there is not."""
    sites: dict[str, str] = {}
    for some in chunks(sorted({key for key, _ in wanted})):
        rows = work.connection.execute(sa.select(_place.key, _place.site).where(_place.key.in_(some)))
        sites |= {str(key): str(site) for key, site in rows}
    for key, site in sorted(wanted):
        if sites.get(key) != site:
            raise NotFound(f"there is no location {key!r} in the site {site!r}")


def mark(work: Work, keys: Collection[str]) -> None:
    """Something of these assets has changed that a plant shows."""
    revision = work.raise_plant_revision()
    for some in chunks(sorted(keys)):
        work.connection.execute(t.assets.update().where(t.assets.c.key.in_(some)).values(changed=revision))


def write_searches(work: Work, assets: Sequence[Asset], trees: Mapping[str, Mapping[str, Location]]) -> None:
    """Write anew what assets are found by, after something outside of them has changed; ``trees`` by site."""
    from plantroom.domain.places import path_of

    codes = codes_of(work, [asset.key for asset in assets])
    rows = [
        {"of": a.key, "found": search_text(a, codes.get(a.key, ()), path_of(a.location or "", trees.get(a.site, {})))}
        for a in assets
    ]
    if rows:
        statement = t.assets.update().where(t.assets.c.key == sa.bindparam("of"))
        work.connection.execute(statement.values(search=sa.bindparam("found")), rows)
