"""Sites, locations, assets, points, sources and learn windows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import (
    Asset,
    AssetStatus,
    Health,
    LearnWindow,
    Location,
    Plant,
    Point,
    PointTemplate,
    Presence,
    Site,
    Source,
)
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound, VersionConflict
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.ledger import AssetFilter, AssetRepository, AssetView
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_collect as collected
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.codec import dump, load, load_shared
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.sources import SqlSources
from plantroom.storage.ledger.tables import PLANT_REVISION, counters
from plantroom.storage.ledger.work import Work, chunks, in_scope, one_of
from plantroom.wire import check_site_code

SITES = Record(Site, t.sites)
LOCATIONS = Record(Location, t.locations)
ASSETS = Record(Asset, t.assets)
SOURCES = Record(Source, t.sources)
WINDOWS = Record(LearnWindow, t.learn_windows, renamed={"start": "start_at", "end": "end_at"})

_presence = collected.asset_presence
_health = collected.asset_health
_clock = collected.asset_clocks
_REVISION = sa.select(counters.c.value).where(counters.c.name == PLANT_REVISION)
_VIEWS = (
    sa.select(
        *ASSETS.columns,
        _presence.c.presence,
        _presence.c.since,
        _presence.c.last_seen,
        _health.c.health,
        _health.c.reason,
        _clock.c.offset_ms,
        _clock.c.measured_at,
        _clock.c.wrong_since,
        _clock.c.stands,
    )
    .outerjoin_from(t.assets, _presence, _presence.c.asset == t.assets.c.key)
    .outerjoin(_health, _health.c.asset == t.assets.c.key)
    .outerjoin(_clock, _clock.c.asset == t.assets.c.key)
)


def _rank(column: sa.ColumnElement[str], order: Sequence[str]) -> sa.ColumnElement[int]:
    return sa.case({word: i for i, word in enumerate(order)}, value=column, else_=len(order))


_BY_CODE: Keys = (t.assets.c.site, t.assets.c.code)
SORTS: Mapping[str, Keys] = {
    "site": _BY_CODE,
    "code": (t.assets.c.code, t.assets.c.site),
    "class": (t.assets.c.equipment_class, *_BY_CODE),
    "status": (t.assets.c.status, *_BY_CODE),
    "criticality": (t.assets.c.criticality, *_BY_CODE),
    "presence": (_rank(_presence.c.presence, (Presence.OFFLINE, Presence.LATE, Presence.ONLINE)), *_BY_CODE),
    "health": (_rank(_health.c.health, (Health.ACT, Health.WATCH, Health.GOOD)), *_BY_CODE),
}
"""Orders of the asset list; presence and health: the worst first."""


class SqlAssets(AssetRepository):
    """``AssetRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def revision(self) -> int:
        return int(self._connection.execute(_REVISION).scalar_one())

    def plant(self) -> Plant:
        """As the port says; linear in assets and points (about 3 µs a point where points share templates)."""
        rows = self._connection.execute
        revision = self.revision()
        assets = {
            a.key: a
            for a in map(ASSETS.item, rows(ASSETS.select().where(t.assets.c.status != AssetStatus.SCRAPPED.value)))
        }
        codes = t.asset_codes.c
        return Plant(
            revision=revision,
            sites={s.code: s for s in self.sites()},
            assets=assets,
            codes={
                (site, code): asset
                for site, code, asset in rows(sa.select(codes.site, codes.code, codes.asset))
                if asset in assets
            },
            points=self._all_points(assets),
            sources={s.asset: s for s in map(SOURCES.item, rows(SOURCES.select())) if s.asset in assets},
            learn_windows=[
                w for w in map(WINDOWS.item, rows(WINDOWS.select().order_by(t.learn_windows.c.id))) if w.asset in assets
            ],
            topic_sources=SqlSources(self._work).list(),
        )

    def _all_points(self, assets: Mapping[str, Asset]) -> Mapping[str, Mapping[str, Point]]:
        points: dict[str, dict[str, Point]] = {key: {} for key in assets}
        # Assets of a class mostly share their templates word by word: parsed once, shared by all.
        templates: dict[str, PointTemplate] = {}
        p = t.points.c
        for asset, key, text in self._connection.execute(
            sa.select(p.asset, p.key, p.template).order_by(p.asset, p.position)
        ):
            of_asset = points.get(asset)
            if of_asset is None:
                continue
            template = templates.get(text)
            if template is None:
                template = templates[text] = load(PointTemplate, text)
            of_asset[key] = Point(asset, template)
        return points

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
        self._need_site(site.code)
        self._connection.execute(t.sites.update().where(t.sites.c.code == site.code), SITES.row(site))
        self._work.raise_plant_revision()

    def locations(self, site: str) -> Sequence[Location]:
        found = self._connection.execute(
            LOCATIONS.select().where(t.locations.c.site == site).order_by(t.locations.c.key)
        )
        return [LOCATIONS.item(row) for row in found]

    def add_location(self, location: Location) -> None:
        self._need_site(location.site)
        if location.parent is not None:
            self._need_location(location.parent, location.site)
        if self._has(t.locations.c.key, location.key):
            raise Conflict(f"there is a location {location.key!r} already")
        self._connection.execute(t.locations.insert(), LOCATIONS.row(location))
        self._work.raise_plant_revision()

    def list(self, filters: AssetFilter, page: PageRequest) -> Page[AssetView]:
        a = t.assets.c
        conditions = in_scope(a.site, filters.scope, filters.site)
        if filters.code is not None:
            conditions.append(a.code == filters.code)
        if filters.equipment_class is not None:
            conditions.append(one_of(a.equipment_class, filters.equipment_class))
        if filters.status is not None:
            conditions.append(one_of(a.status, filters.status))
        if filters.text:
            text = filters.text.lower()
            conditions.append(
                sa.or_(*[sa.func.lower(c).contains(text, autoescape=True) for c in (a.code, a.name_zh, a.name_en)])
            )
        return fetch_page(self._connection, _VIEWS.where(*conditions), SORTS, "site", page, _view)

    def get(self, key: str) -> AssetView:
        row = self._connection.execute(_VIEWS.where(t.assets.c.key == key)).first()
        if row is None:
            raise NotFound(f"there is no asset {key!r}")
        return _view(row)

    def several(self, keys: Collection[str]) -> Mapping[str, Asset]:
        found: dict[str, Asset] = {}
        for some in chunks(sorted(keys)):
            rows = self._connection.execute(ASSETS.select().where(t.assets.c.key.in_(some)))
            found |= {asset.key: asset for asset in map(ASSETS.item, rows)}
        return found

    def lock(self, key: str) -> AssetView:
        self._locked(key)
        return self.get(key)

    def find(self, site: str, code: str) -> Asset | None:
        c = t.asset_codes.c
        row = self._connection.execute(
            ASSETS.select().join(t.asset_codes, c.asset == t.assets.c.key).where(c.site == site, c.code == code)
        ).first()
        return None if row is None else ASSETS.item(row)

    def add(self, asset: Asset, points: Sequence[Point]) -> None:
        self._need_site(asset.site)
        if asset.location is not None:
            self._need_location(asset.location, asset.site)
        if self._has(t.assets.c.key, asset.key):
            raise Conflict(f"there is an asset with the key {asset.key!r} already")
        self._take_code(asset, is_new=True)
        self._connection.execute(t.assets.insert(), ASSETS.row(asset))
        self._connection.execute(t.asset_codes.insert(), {"site": asset.site, "code": asset.code, "asset": asset.key})
        foreign = next((p for p in points if p.asset != asset.key), None)
        if foreign is not None:
            raise BadData(f"point {foreign.key!r} belongs to {foreign.asset!r}, not to {asset.key!r}")
        if points:
            self._connection.execute(t.points.insert(), [_point_row(p, i) for i, p in enumerate(points)])
        self._work.raise_plant_revision()

    def update(self, asset: Asset, expected_version: int | None) -> Asset:
        stored = self._locked(asset.key)
        if expected_version is not None and stored.version != expected_version:
            raise VersionConflict(f"asset {stored.code} is at version {stored.version} by now, not {expected_version}")
        changed = replace(asset, site=stored.site, equipment_class=stored.equipment_class, version=stored.version + 1)
        if changed.location is not None and changed.location != stored.location:
            self._need_location(changed.location, changed.site)
        if changed.code != stored.code and self._take_code(changed, is_new=False):
            self._connection.execute(
                t.asset_codes.insert(), {"site": changed.site, "code": changed.code, "asset": changed.key}
            )
        self._write(changed)
        return changed

    def set_status(self, key: str, status: AssetStatus) -> None:
        stored = self._locked(key)
        if stored.status is not status:
            self._write(replace(stored, status=status, version=stored.version + 1))

    def points(self, asset: str) -> Sequence[Point]:
        p = t.points.c
        found = self._connection.execute(sa.select(p.template).where(p.asset == asset).order_by(p.position)).scalars()
        points = [Point(asset, load_shared(PointTemplate, text)) for text in found]
        if not points and not self._has(t.assets.c.key, asset):
            raise NotFound(f"there is no asset {asset!r}")
        return points

    def put_points(self, points: Sequence[Point]) -> None:
        """As the port says. A point that comes without a unit keeps the one it has."""
        for asset in dict.fromkeys(p.asset for p in points):
            self._locked(asset)
            self._put_points_of(asset, [p for p in points if p.asset == asset])
        if points:
            self._work.raise_plant_revision()

    def _put_points_of(self, asset: str, points: Sequence[Point]) -> None:
        p = t.points.c
        stored = {
            key: (position, unit)
            for key, position, unit in self._connection.execute(
                sa.select(p.key, p.position, p.unit).where(p.asset == asset)
            )
        }
        free = max((position for position, _ in stored.values()), default=-1) + 1
        rows: dict[str, dict[str, Any]] = {}
        for point in points:
            position, unit = stored.get(point.key, (free + len(rows), ""))
            if unit and point.template.unit not in {unit, ""}:
                raise Conflict(
                    f"point {point.key!r} is in {unit!r}; its unit is frozen, {point.template.unit!r} is a new point"
                )
            if unit and not point.template.unit:
                point = Point(asset, replace(point.template, unit=unit))  # noqa: PLW2901
            rows[point.key] = _point_row(point, position)
        insert = self._work.backend.insert(t.points)
        written = {name: insert.excluded[name] for name in ("unit", "kind", "template")}
        statement = insert.on_conflict_do_update(index_elements=["asset", "key"], set_=written)
        self._connection.execute(statement, list(rows.values()))

    def put_source(self, source: Source) -> None:
        self._locked(source.asset)
        insert = self._work.backend.insert(t.sources)
        written = {name: insert.excluded[name] for name in ("dialect", "priority", "clock")}
        statement = insert.on_conflict_do_update(index_elements=["asset"], set_=written)
        self._connection.execute(statement, SOURCES.row(source))
        self._work.raise_plant_revision()

    def add_learn_window(self, asset: str, start: datetime, end: datetime, declared_by: str) -> LearnWindow:
        if end < start:
            problem = "the window ends before it begins"
            raise BadData(problem, [FieldProblem("end", "before_start", problem)])
        self._locked(asset)
        row = {"asset": asset, "start_at": start, "end_at": end, "declared_by": declared_by}
        statement = t.learn_windows.insert().returning(t.learn_windows.c.id)
        number = int(self._connection.execute(statement, row).scalar_one())
        self._work.raise_plant_revision()
        return LearnWindow(number, asset, start, end, declared_by)

    def _write(self, asset: Asset) -> None:
        self._connection.execute(t.assets.update().where(t.assets.c.key == asset.key), ASSETS.row(asset))
        self._work.raise_plant_revision()

    def _locked(self, key: str) -> Asset:
        row = self._connection.execute(self._work.locking(ASSETS.select().where(t.assets.c.key == key))).first()
        if row is None:
            raise NotFound(f"there is no asset {key!r}")
        return ASSETS.item(row)

    def _take_code(self, asset: Asset, is_new: bool) -> bool:
        """Whether the code has to be noted; ``False``: it is a former code of the same asset."""
        c = t.asset_codes.c
        owner = self._connection.execute(sa.select(c.asset).where(c.site == asset.site, c.code == asset.code)).scalar()
        if owner is not None and (is_new or owner != asset.key):
            raise Conflict(f"the code {asset.code!r} is taken in the site {asset.site!r} (in use now or formerly)")
        return owner is None

    def _need_site(self, code: str) -> None:
        if not self._has(t.sites.c.code, code):
            raise NotFound(f"there is no site {code!r}")

    def _need_location(self, key: str, site: str) -> None:
        place = t.locations.c
        if not self._connection.execute(sa.select(place.key).where(place.key == key, place.site == site)).first():
            raise NotFound(f"there is no location {key!r} in the site {site!r}")

    def _has(self, column: sa.ColumnElement[str], value: str) -> bool:
        return self._connection.execute(sa.select(column).where(column == value)).first() is not None


def _view(row: Sequence[Any]) -> AssetView:
    first = len(ASSETS.columns)
    presence, since, last_seen, health, reason, offset_ms, measured_at, wrong_since, stands = row[first : first + 9]
    asset = ASSETS.item(row)
    return AssetView(
        asset=asset,
        presence=Presence(presence) if presence else Presence.UNKNOWN,
        presence_since=since,
        last_seen=last_seen,
        health=Health(health) if health else Health.UNKNOWN,
        health_reason=reason,
        clock=None if measured_at is None else DeviceClock(asset.key, offset_ms, measured_at, wrong_since, stands),
    )


def _point_row(point: Point, position: int) -> dict[str, Any]:
    template = point.template
    return {
        "asset": point.asset,
        "key": template.key,
        "position": position,
        "unit": template.unit,
        "kind": template.kind.value,
        "template": dump(template),
    }
