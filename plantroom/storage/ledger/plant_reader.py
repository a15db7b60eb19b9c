"""The plant for collectors, read once as a whole and from then on by what has changed.

Every change of an asset, its points, codes, source or learn windows writes the plant's new revision into the asset's
row (``changed``), in the same transaction. As the revision's counter is held until the commit, whoever sees a revision
sees every change up to it.
"""

import gc
from collections.abc import Collection, Iterable, Mapping, Sequence
from sys import intern
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import ABRIDGED, Asset, AssetStatus, LearnWindow, Plant, Point, PointTemplate, Site, Source
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.point_rows import points_of, templates
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.sources import SqlSources
from plantroom.storage.ledger.tables import PLANT_REBUILT, PLANT_REVISION, SOURCES_CHANGED, counters
from plantroom.storage.ledger.work import Work, chunks

SITES = Record(Site, t.sites)
SOURCES = Record(Source, t.sources)
WINDOWS = Record(LearnWindow, t.learn_windows, renamed={"start": "start_at", "end": "end_at"})
ABRIDGED_ASSETS = Record(
    Asset, t.assets, fixed={"abridged": True, "custom": {}, **{name: () for name in ABRIDGED if name != "custom"}}
)

MOST_CHANGES = 0.2
"""Share of the assets that may have changed for reading only those to be worth it."""

MANY = 10_000
"""Assets from which the garbage collector is kept away from them."""

_SCRAPPED = AssetStatus.SCRAPPED.value
_REPEATED = [
    position
    for position, column in enumerate(ABRIDGED_ASSETS.columns)
    if column.name in {"site", "equipment_class", "department", "manufacturer", "model", "location"}
]


def read_plant(work: Work) -> Plant:
    """The plant as the transaction sees it, or a later one. Several threads of one process get one and the same object,
    which one of them reads for all. Linear in what changed since the last call (and in the assets for copying: 5 ms for
    100,000), the first call in assets and points."""
    marks = _marks(work.connection)
    known = work.shared.plant
    if known is not None and known.revision == marks[PLANT_REVISION]:
        return known
    if known is not None and known.revision > marks[PLANT_REVISION] and _is_newest(work, known):
        return known
    if work.writable:
        # What this transaction itself has changed nobody else must see before its commit.
        return _next(work, known, marks)
    with work.shared.lock:
        plant = work.shared.plant = _next(work, work.shared.plant, marks)
    return plant


def _is_newest(work: Work, known: Plant) -> bool:
    """Whether the transaction only began before what another thread has read since. Else the ledger is another one,
    restored from a backup."""
    with work.backend.read() as connection:
        return known.revision <= _marks(connection)[PLANT_REVISION]


def _marks(connection: sa.Connection) -> Mapping[str, int]:
    names = (PLANT_REVISION, PLANT_REBUILT, SOURCES_CHANGED)
    rows = connection.execute(sa.select(counters.c.name, counters.c.value).where(counters.c.name.in_(names)))
    return {name: int(value) for name, value in rows}


def _next(work: Work, known: Plant | None, marks: Mapping[str, int]) -> Plant:
    revision = marks[PLANT_REVISION]
    # A revision that went back is that of a ledger restored from a backup.
    if known is None or not marks[PLANT_REBUILT] <= known.revision <= revision:
        return _whole(work, revision)
    if known.revision == revision:
        return known
    changed = {
        str(key): status != _SCRAPPED
        for key, status in work.connection.execute(
            sa.select(t.assets.c.key, t.assets.c.status).where(t.assets.c.changed > known.revision)
        )
    }
    if len(changed) > MOST_CHANGES * max(len(known.assets), 1000):
        return _whole(work, revision)
    return _patched(work, known, revision, changed, marks[SOURCES_CHANGED] > known.revision)


def _whole(work: Work, revision: int) -> Plant:
    plant = _read(work, revision)
    if len(plant.assets) >= MANY:
        # A million records that live on: the garbage collector would look at all of them again and again, a third of a
        # second each time in which nobody else is served. They hold no circles.
        gc.freeze()
    return plant


def _read(work: Work, revision: int) -> Plant:
    rows = work.connection.execute
    assets = {asset.key: asset for asset in map(_item, rows(_alive()))}
    codes = t.asset_codes.c
    sites = _sites(work)
    return Plant(
        revision=revision,
        sites=sites,
        site_revisions=dict.fromkeys(sites, revision),
        assets=assets,
        codes={
            (intern(site), code): asset
            for site, code, asset in rows(sa.select(codes.site, codes.code, codes.asset))
            if asset in assets
        },
        points=_all_points(work, assets),
        sources={s.asset: s for s in map(SOURCES.item, rows(SOURCES.select())) if s.asset in assets},
        learn_windows=[
            w for w in map(WINDOWS.item, rows(WINDOWS.select().order_by(t.learn_windows.c.id))) if w.asset in assets
        ],
        topic_sources=SqlSources(work).list(),
    )


def _patched(work: Work, known: Plant, revision: int, changed: Mapping[str, bool], sources: bool) -> Plant:
    keys = [key for key, alive in changed.items() if alive]
    assets, points, codes = dict(known.assets), dict(known.points), dict(known.codes)
    own_sources = {key: source for key, source in known.sources.items() if key not in changed}
    gone = [key for key, alive in changed.items() if not alive]
    for key in gone:
        assets.pop(key, None)
        points.pop(key, None)
    if any(key in known.assets for key in gone):
        lost = frozenset(gone)
        codes = {place: asset for place, asset in codes.items() if asset not in lost}
    fresh_points = points_of(work, keys)
    windows = [window for window in known.learn_windows if window.asset not in changed]
    code = t.asset_codes.c
    for some in chunks(sorted(keys)):
        rows = work.connection.execute
        for asset in map(_item, rows(_alive().where(t.assets.c.key.in_(some)))):
            assets[asset.key] = asset
            points[asset.key] = {point.key: point for point in fresh_points.get(asset.key, ())}
        for site, text, asset in rows(sa.select(code.site, code.code, code.asset).where(code.asset.in_(some))):
            codes[intern(site), text] = asset
        for source in map(SOURCES.item, rows(SOURCES.select().where(t.sources.c.asset.in_(some)))):
            own_sources[source.asset] = source
        windows += map(WINDOWS.item, rows(WINDOWS.select().where(t.learn_windows.c.asset.in_(some))))
    sites = _sites(work)
    touched = {site for site, one in sites.items() if sources or known.sites.get(site) != one}
    touched |= {of[key].site for key in changed for of in (known.assets, assets) if key in of}
    return Plant(
        revision=revision,
        sites=sites,
        site_revisions={**known.site_revisions, **dict.fromkeys(touched, revision)},
        assets=assets,
        codes=codes,
        points=points,
        sources=own_sources,
        learn_windows=sorted(windows, key=lambda window: window.id),
        topic_sources=SqlSources(work).list() if sources else known.topic_sources,
    )


def _alive() -> sa.Select[Any]:
    return ABRIDGED_ASSETS.select().where(t.assets.c.status != _SCRAPPED)


def _sites(work: Work) -> Mapping[str, Site]:
    rows = work.connection.execute(SITES.select().order_by(t.sites.c.code))
    return {site.code: site for site in map(SITES.item, rows)}


def _all_points(work: Work, assets: Collection[str]) -> Mapping[str, Mapping[str, Point]]:
    known = templates(work)
    placed: dict[str, list[tuple[int, str]]] = {key: [] for key in assets}
    p = t.points.c
    for asset, position, digest in work.connection.execute(sa.select(p.asset, p.position, p.digest)):
        of_asset = placed.get(asset)
        if of_asset is not None:
            of_asset.append((position, digest))
    return {asset: _in_order(asset, rows, known) for asset, rows in placed.items()}


def _in_order(asset: str, rows: Iterable[tuple[int, str]], known: Mapping[str, PointTemplate]) -> Mapping[str, Point]:
    found = (known[digest] for _, digest in sorted(rows))
    return {template.key: Point(asset, template) for template in found}


def _item(row: Sequence[Any]) -> Asset:
    """The asset of a row, with one object in the memory for the words that thousands of assets have."""
    values = list(row)
    for position in _REPEATED:
        word = values[position]
        if word is not None:
            values[position] = intern(word)
    return ABRIDGED_ASSETS.item(values)
