"""Writing many assets at once: all of them or none, in as few statements as the database allows."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import Asset, AssetStatus, Point
from plantroom.domain.hierarchy import OTHER, check_duty, check_parent
from plantroom.domain.places import path_of
from plantroom.errors import BadData, Conflict, NotFound
from plantroom.ports.telling import Told, nobody
from plantroom.storage.ledger import tables_collect as collected
from plantroom.storage.ledger import tables_equipment as equipment
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.asset_rows import (
    asset_row,
    codes_of,
    need_locations,
    need_sites,
    path_to,
    several,
    tree_of,
)
from plantroom.storage.ledger.point_rows import add_points
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_maintenance import asset_rests
from plantroom.storage.ledger.tables_risk import risk_standings
from plantroom.storage.ledger.work import Work, chunks

_codes = t.asset_codes.c
_OWN = (
    t.points, t.sources, t.learn_windows, t.asset_codes, equipment.point_sensors,
    collected.asset_presence, collected.asset_health, collected.asset_clocks, risk_standings,
    asset_rests,
)  # fmt: skip
"""What goes with an asset that was entered by mistake."""

FEW = 100
"""Assets up to which the plant's revision is taken before they are written."""

TOGETHER = 2_000
"""Assets that are inserted with their points before the next ones are."""

_PENDING = -1


def insert_assets(work: Work, assets: Sequence[Asset], points: Sequence[Point], told: Told = nobody) -> None:
    """``AssetRepository.add_many``."""
    batch = {asset.key: asset for asset in assets}
    if len(batch) != len(assets):
        raise Conflict("one key is there twice among the assets to add")
    need_sites(work, {asset.site for asset in assets})
    need_locations(work, {(a.location, a.site) for a in assets if a.location is not None})
    taken = several(work, batch)
    if taken:
        raise Conflict(f"there is an asset with the key {min(taken)!r} already")
    foreign = next((p for p in points if p.asset not in batch), None)
    if foreign is not None:
        raise BadData(f"point {foreign.key!r} belongs to {foreign.asset!r}, which is not among the assets to add")
    _take_codes(work, assets)
    _check(work, assets, batch)
    revision = _revision(work, len(assets))
    rows = _rows(work, assets, revision)
    paired = [{"of": r["key"], "p": r["duty_partner"], "r": r["duty_role"]} for r in rows if r["duty_partner"]]
    for row in rows:
        row["duty_partner"] = row["duty_role"] = None
    _insert(work, _parents_first(rows), points, told)
    if paired:
        at = t.assets.update().where(t.assets.c.key == sa.bindparam("of"))
        statement = at.values(duty_partner=sa.bindparam("p"), duty_role=sa.bindparam("r"))
        work.connection.execute(statement, paired)
    _mirror(work, assets, {}, revision)
    _settle(work, revision)


def _insert(work: Work, rows: Sequence[dict[str, Any]], points: Sequence[Point], told: Told) -> None:
    """Assets with all that is made with them, some at a time: what the history gathers of them stays small, and never
    goes out without their points."""
    of_asset: dict[str, list[Point]] = {}
    for point in points:
        of_asset.setdefault(point.asset, []).append(point)
    done = 0
    for some in chunks(rows, TOGETHER):
        with work.together():
            work.backend.insert_many(work.connection, t.assets, some)
            codes = [{"site": row["site"], "code": row["code"], "asset": row["key"]} for row in some]
            work.backend.insert_many(work.connection, t.asset_codes, codes)
            add_points(work, [point for row in some for point in of_asset.get(row["key"], ())])
        done += len(some)
        told(done)


def write_assets(work: Work, assets: Sequence[Asset], stored: Mapping[str, Asset], told: Told = nobody) -> list[Asset]:
    """Write all fields but key, site and class of assets that are locked and were ``stored`` so; gives them with their
    new versions. A changed code leaves its alias behind; a scrapped asset has no partner any more."""
    changed = [_next(asset, stored[asset.key]) for asset in assets]
    moved = {(a.location, a.site) for a in changed if a.location not in (None, stored[a.key].location)}
    need_locations(work, {(location, site) for location, site in moved if location is not None})
    _take_codes(work, [a for a in changed if a.code != stored[a.key].code], new=False)
    _check(work, [a for a in changed if _relations(a) != _relations(stored[a.key])], {a.key: a for a in changed})
    revision = _revision(work, len(changed))
    rows = [row | {"of": row["key"]} for row in _rows(work, changed, revision)]
    names = [name for name in rows[0] if name not in {"of", "key"}] if rows else []
    if rows:
        statement = t.assets.update().where(t.assets.c.key == sa.bindparam("of"))
        statement = statement.values({name: sa.bindparam(name) for name in names})
        for start in range(0, len(rows), TOGETHER):
            work.connection.execute(statement, rows[start : start + TOGETHER])
            told(min(start + TOGETHER, len(rows)))
    _mirror(work, changed, stored, revision)
    _settle(work, revision)
    return changed


def lock_assets(work: Work, keys: Collection[str]) -> dict[str, Asset]:
    """The assets of the keys, all there, which nobody else changes until the transaction ends."""
    found = several(work, keys, lock=True)
    missing = next((key for key in keys if key not in found), None)
    if missing is not None:
        raise NotFound(f"there is no asset {missing!r}")
    return found


def remove_assets(work: Work, keys: Collection[str]) -> None:
    """``AssetRepository.remove_many``."""
    stored = lock_assets(work, keys)
    for some in chunks(sorted(stored)):
        _refuse_used(work, some, stored)
        for table in _OWN:
            work.connection.execute(table.delete().where(table.c.asset.in_(some)))
        work.connection.execute(equipment.part_fits.delete().where(equipment.part_fits.c.fits.in_(some)))
    loose = {"parent": None, "duty_partner": None}
    for some in chunks(sorted(stored)):
        work.connection.execute(t.assets.update().where(t.assets.c.key.in_(some)).values(loose))
    for some in chunks(sorted(stored)):
        work.connection.execute(t.assets.delete().where(t.assets.c.key.in_(some)))
    work.plant_was_rebuilt()


def _refuse_used(work: Work, keys: Sequence[str], stored: Mapping[str, Asset]) -> None:
    columns = [
        column
        for table in metadata.sorted_tables
        if table not in _OWN
        for column in table.c
        if any(key.column is t.assets.c.key for key in column.foreign_keys)
    ]
    for column in [*columns, collected.asset_events.c.asset]:
        statement = sa.select(column).where(column.in_(keys))
        if column.table is t.assets:
            statement = statement.where(t.assets.c.key.not_in(sorted(stored)))
        used = work.connection.execute(statement.limit(1)).scalar()
        if used is not None:
            words = f"{stored[used].code} cannot be taken away, {column.table.name} refers to it: scrap it instead"
            raise Conflict(words)


def _revision(work: Work, count: int) -> int:
    """The revision for rows that are written now. Of many it is taken at the end: its counter is held until the commit,
    and others who change the plant wait for it."""
    return work.raise_plant_revision() if count <= FEW else _PENDING


def _settle(work: Work, revision: int) -> None:
    if revision == _PENDING:
        now = work.raise_plant_revision()
        work.connection.execute(t.assets.update().where(t.assets.c.changed == _PENDING).values(changed=now))


def _next(asset: Asset, stored: Asset) -> Asset:
    changed = replace(asset, site=stored.site, equipment_class=stored.equipment_class, version=stored.version + 1)
    return replace(changed, duty_partner=None, duty_role=None) if asset.status is AssetStatus.SCRAPPED else changed


def _relations(asset: Asset) -> tuple[object, ...]:
    return asset.parent, asset.duty_partner, asset.duty_role


def _rows(work: Work, assets: Sequence[Asset], revision: int) -> list[dict[str, Any]]:
    codes = codes_of(work, [asset.key for asset in assets])
    if len(assets) == 1:
        (asset,) = assets
        return [asset_row(asset, revision, codes.get(asset.key, ()), path_to(work, asset.location))]
    placed = {asset.site for asset in assets if asset.location is not None}
    trees = {site: tree_of(work, site) for site in placed}
    paths = {
        (site, location): path_of(location, trees[site])
        for site, location in {(a.site, a.location) for a in assets}
        if location is not None
    }
    return [
        asset_row(a, revision, codes.get(a.key, ()), paths[a.site, a.location] if a.location is not None else ())
        for a in assets
    ]


def _parents_first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in an order in which each refers to earlier ones only; a circle was refused before."""
    waiting = {row["key"]: row for row in rows}
    ordered: list[dict[str, Any]] = []
    for row in rows:
        way = []
        key = row["key"]
        while key in waiting:
            way.append(waiting.pop(key))
            key = way[-1]["parent"]
        ordered += reversed(way)
    return ordered


def _take_codes(work: Work, assets: Sequence[Asset], *, new: bool = True) -> None:
    """Refuse codes that another asset has or had, also one of the same batch; note those of changed assets."""
    wanted = {(asset.site, asset.code): asset for asset in assets}
    (twice, count), *_ = Counter((a.site, a.code) for a in assets).most_common(1) or [(("", ""), 0)]
    if count > 1:
        raise Conflict(f"the code {twice[1]!r} is there twice in the site {twice[0]!r}")
    owners = code_owners(work, wanted)
    for (site, code), owner in owners.items():
        if new or owner != wanted[site, code].key:
            raise Conflict(f"the code {code!r} is taken in the site {site!r} (in use now or formerly)")
    fresh = [{"site": s, "code": c, "asset": a.key} for (s, c), a in wanted.items() if (s, c) not in owners]
    if fresh and not new:
        work.backend.insert_many(work.connection, t.asset_codes, fresh)


def code_owners(work: Work, codes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Keys of the assets that have or had a code, by (site, code)."""
    by_site: dict[str, list[str]] = {}
    for site, code in codes:
        by_site.setdefault(site, []).append(code)
    found: dict[tuple[str, str], str] = {}
    for site, of_site in by_site.items():
        for some in chunks(sorted(of_site)):
            rows = work.connection.execute(
                sa.select(_codes.code, _codes.asset).where(_codes.site == site, _codes.code.in_(some))
            )
            found |= {(site, code): asset for code, asset in rows}
    return found


def _check(work: Work, assets: Sequence[Asset], batch: Mapping[str, Asset]) -> None:
    """Parents and partners, each looked up once."""
    wanted = {key for a in assets for key in (a.parent, a.duty_partner) if key is not None and key not in batch}
    known: dict[str, Asset | None] = dict(several(work, wanted))

    def find(key: str) -> Asset | None:
        if key in batch:
            return batch[key]
        if key not in known:
            known[key] = several(work, [key]).get(key)
        return known[key]

    for asset in assets:
        check_parent(asset, find)
        check_duty(asset, find)


def _mirror(work: Work, assets: Sequence[Asset], stored: Mapping[str, Asset], revision: int) -> None:
    """Have partners name each other, and former ones nobody."""
    batch = {asset.key: asset for asset in assets}
    wanted: dict[str, tuple[str | None, str | None]] = {}
    for asset in assets:
        before = stored.get(asset.key)
        if before is not None and before.duty_partner not in (None, asset.duty_partner):
            wanted.setdefault(str(before.duty_partner), (None, None))
    for asset in assets:
        if asset.duty_partner is not None and asset.duty_role is not None:
            wanted[asset.duty_partner] = asset.key, OTHER[asset.duty_role].value
    there = batch | several(work, wanted.keys() - batch.keys())
    for key, (partner, role) in wanted.items():
        now = there.get(key)
        if now is None or (now.duty_partner, now.duty_role) == (partner, role):
            continue
        if partner is None and (key in batch or now.duty_partner not in batch):
            continue
        values = {"duty_partner": partner, "duty_role": role, "changed": revision, "version": now.version + 1}
        work.connection.execute(t.assets.update().where(t.assets.c.key == key).values(values))
