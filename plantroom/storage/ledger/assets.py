"""Sites, locations, assets, points, sources and learn windows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa

from plantroom.domain.assets import Asset, AssetStatus, LearnWindow, Location, Plant, Point, Site, Source
from plantroom.domain.papers import in_force
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound, VersionConflict
from plantroom.ports.equipment import DueLicence
from plantroom.ports.ledger import AssetFilter, AssetRepository, AssetView
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.ports.telling import Told, nobody
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.asset_bulk import (
    code_owners,
    insert_assets,
    lock_assets,
    remove_assets,
    write_assets,
)
from plantroom.storage.ledger.asset_list import VIEWS, list_assets, view_of
from plantroom.storage.ledger.asset_rows import (
    ASSETS,
    LOCATIONS,
    mark,
    need_locations,
    need_sites,
    several,
    tree_of,
)
from plantroom.storage.ledger.plant_reader import SITES, SOURCES, read_plant
from plantroom.storage.ledger.point_rows import points_of, put_points
from plantroom.storage.ledger.tables import PLANT_REVISION, counters
from plantroom.storage.ledger.tables_equipment import point_sensors
from plantroom.storage.ledger.work import Work, chunks, in_scope
from plantroom.wire import check_site_code

_REVISION = sa.select(counters.c.value).where(counters.c.name == PLANT_REVISION)


class SqlAssets(AssetRepository):
    """``AssetRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def revision(self) -> int:
        return int(self._connection.execute(_REVISION).scalar_one())

    def plant(self) -> Plant:
        return read_plant(self._work)

    def sites(self) -> Sequence[Site]:
        return [SITES.item(row) for row in self._connection.execute(SITES.select().order_by(t.sites.c.code))]

    def site(self, code: str) -> Site:
        row = self._connection.execute(SITES.select().where(t.sites.c.code == code)).first()
        if row is None:
            raise NotFound(f"there is no site {code!r}")
        return SITES.item(row)

    def add_site(self, site: Site) -> None:
        check_site_code(site.code)
        if self._has(t.sites.c.code, site.code):
            raise Conflict(f"there is a site {site.code!r} already")
        self._connection.execute(t.sites.insert(), SITES.row(site))
        self._work.raise_plant_revision()

    def change_site(self, site: Site) -> None:
        need_sites(self._work, [site.code])
        self._connection.execute(t.sites.update().where(t.sites.c.code == site.code), SITES.row(site))
        self._work.raise_plant_revision()

    def locations(self, site: str) -> Sequence[Location]:
        return list(tree_of(self._work, site).values())

    def add_location(self, location: Location) -> None:
        need_sites(self._work, [location.site])
        if location.parent is not None:
            need_locations(self._work, [(location.parent, location.site)])
        if self._has(t.locations.c.key, location.key):
            raise Conflict(f"there is a location {location.key!r} already")
        self._connection.execute(t.locations.insert(), LOCATIONS.row(location))
        self._work.places_were_changed()

    def list(self, filters: AssetFilter, page: PageRequest) -> Page[AssetView]:
        return list_assets(self._work, filters, page)

    def get(self, key: str) -> AssetView:
        row = self._connection.execute(VIEWS.where(t.assets.c.key == key)).first()
        if row is None:
            raise NotFound(f"there is no asset {key!r}")
        return view_of(row)

    def several(self, keys: Collection[str], *, lock: bool = False) -> Mapping[str, Asset]:
        return several(self._work, keys, lock=lock)

    def lock(self, key: str) -> AssetView:
        lock_assets(self._work, [key])
        return self.get(key)

    def find(self, site: str, code: str) -> Asset | None:
        return self.find_many([(site, code)]).get((site, code))

    def find_many(self, codes: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Asset]:
        owners = code_owners(self._work, codes)
        assets = several(self._work, set(owners.values()))
        return {place: assets[key] for place, key in owners.items()}

    def add(self, asset: Asset, points: Sequence[Point]) -> None:
        insert_assets(self._work, [asset], points)

    def add_many(self, assets: Sequence[Asset], points: Sequence[Point], told: Told = nobody) -> None:
        insert_assets(self._work, assets, points, told)

    def update(self, asset: Asset, expected_version: int | None) -> Asset:
        stored = lock_assets(self._work, [asset.key])
        version = stored[asset.key].version
        if expected_version is not None and version != expected_version:
            code = stored[asset.key].code
            raise VersionConflict(f"asset {code} is at version {version} by now, not {expected_version}")
        return write_assets(self._work, [asset], stored)[0]

    def update_many(self, assets: Sequence[Asset], told: Told = nobody) -> Sequence[Asset]:
        return write_assets(self._work, assets, lock_assets(self._work, [asset.key for asset in assets]), told)

    def remove_many(self, keys: Collection[str]) -> None:
        remove_assets(self._work, keys)

    def set_status(self, key: str, status: AssetStatus) -> None:
        stored = lock_assets(self._work, [key])
        if stored[key].status is not status:
            write_assets(self._work, [replace(stored[key], status=status)], stored)

    def parts_of(self, key: str) -> Sequence[Asset]:
        found = self._connection.execute(ASSETS.select().where(t.assets.c.parent == key).order_by(t.assets.c.code))
        return [ASSETS.item(row) for row in found]

    def licences_due(self, scope: Scope, before: date, site: str | None = None) -> Sequence[DueLicence]:
        a = t.assets.c
        conditions = [a.licence_due < before, a.status != AssetStatus.SCRAPPED.value, *in_scope(a.site, scope, site)]
        due = [
            DueLicence(asset, licence)
            for asset in map(ASSETS.item, self._connection.execute(ASSETS.select().where(*conditions)))
            for licence in in_force(asset.licences)
            if licence.expires_on is not None and licence.expires_on < before
        ]
        return sorted(due, key=lambda d: (d.licence.expires_on, d.asset.site, d.asset.code, d.licence.kind))

    def points(self, asset: str) -> Sequence[Point]:
        points = points_of(self._work, [asset]).get(asset, [])
        if not points and not self._has(t.assets.c.key, asset):
            raise NotFound(f"there is no asset {asset!r}")
        return points

    def points_of(self, assets: Collection[str]) -> Mapping[str, Sequence[Point]]:
        return points_of(self._work, assets)

    def put_points(self, points: Sequence[Point]) -> None:
        by_asset: dict[str, list[Point]] = {}
        for point in points:
            by_asset.setdefault(point.asset, []).append(point)
        lock_assets(self._work, by_asset)
        for asset, own in by_asset.items():
            put_points(self._work, asset, own)
        if points:
            mark(self._work, by_asset)

    def remove_points(self, points: Collection[tuple[str, str]]) -> None:
        assets = {asset for asset, _ in points}
        lock_assets(self._work, assets)
        for some in chunks(sorted(points)):
            place = sa.tuple_(t.points.c.asset, t.points.c.key)
            self._connection.execute(t.points.delete().where(place.in_(some)))
            place = sa.tuple_(point_sensors.c.asset, point_sensors.c.point)
            self._connection.execute(point_sensors.delete().where(place.in_(some)))
        if assets:
            mark(self._work, assets)

    def put_source(self, source: Source) -> None:
        lock_assets(self._work, [source.asset])
        insert = self._work.backend.insert(t.sources)
        written = {name: insert.excluded[name] for name in ("dialect", "priority", "clock")}
        statement = insert.on_conflict_do_update(index_elements=["asset"], set_=written)
        self._connection.execute(statement, SOURCES.row(source))
        mark(self._work, [source.asset])

    def add_learn_window(self, asset: str, start: datetime, end: datetime, declared_by: str) -> LearnWindow:
        if end < start:
            problem = "the window ends before it begins"
            raise BadData(problem, [FieldProblem("end", "before_start", problem)])
        lock_assets(self._work, [asset])
        row = {"asset": asset, "start_at": start, "end_at": end, "declared_by": declared_by}
        statement = t.learn_windows.insert().returning(t.learn_windows.c.id)
        number = int(self._connection.execute(statement, row).scalar_one())
        self._work.made(t.learn_windows, number)
        mark(self._work, [asset])
        return LearnWindow(number, asset, start, end, declared_by)

    def _has(self, column: sa.ColumnElement[str], value: str) -> bool:
        return self._connection.execute(sa.select(column).where(column == value)).first() is not None
