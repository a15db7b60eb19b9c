"""The location trees."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from plantroom.domain.assets import AssetStatus, Location
from plantroom.domain.places import check_place, subtree
from plantroom.domain.wording import counted
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.equipment import PlaceRepository
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.asset_rows import ASSETS, LOCATIONS, inside, need_sites, path_to, tree_of, write_searches
from plantroom.storage.ledger.work import Work, chunks

_c = t.locations.c
_a = t.assets.c


class SqlPlaces(PlaceRepository):
    """``PlaceRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def tree(self, site: str | None = None) -> Mapping[str, Location]:
        return tree_of(self._work, site)

    def get(self, key: str) -> Location:
        row = self._connection.execute(LOCATIONS.select().where(_c.key == key)).first()
        if row is None:
            raise NotFound(f"there is no location {key!r}")
        return LOCATIONS.item(row)

    def path(self, key: str | None) -> Sequence[Location]:
        return path_to(self._work, key)

    def add(self, location: Location) -> None:
        self.add_many([location])

    def add_many(self, locations: Sequence[Location]) -> None:
        if not locations:
            return
        # The revision is held until the commit: no tree changes under the check.
        self._work.places_were_changed()
        need_sites(self._work, {one.site for one in locations})
        known = self._around(locations)
        for location in locations:
            if location.key in known:
                raise Conflict(f"there is a location {location.key!r} already")
            check_place(location, _near(location, known))
            known[location.key] = location
        self._work.backend.insert_many(self._connection, t.locations, LOCATIONS.rows(locations))

    def hold(self) -> None:
        self._work.places_were_changed()

    def update(self, location: Location, expected_version: int | None) -> Location:
        revision = self._work.places_were_changed()
        stored = self.get(location.key)
        if expected_version is not None and stored.version != expected_version:
            words = f"location {stored.name.zh} is at version {stored.version} by now, not {expected_version}"
            raise VersionConflict(words)
        changed = replace(location, site=stored.site, version=stored.version + 1)
        check_place(changed, self._around([changed]).values())
        self._connection.execute(t.locations.update().where(_c.key == changed.key), LOCATIONS.row(changed))
        if (changed.name, changed.parent) != (stored.name, stored.parent):
            self._names_changed(changed, revision)
        return changed

    def remove(self, key: str) -> None:
        self._work.places_were_changed()
        stored = self.get(key)
        inner = self._connection.execute(sa.select(sa.func.count()).where(_c.parent == key)).scalar_one()
        held = self._connection.execute(sa.select(sa.func.count()).where(_a.location == key)).scalar_one()
        if inner or held:
            en = f"{counted(inner, 'place')} and {counted(held, 'asset')}, scrapped ones included"
            words = f"{inner} 个位置, {held} 台设备 / {en}"
            raise Conflict(f"{stored.name.zh} 不是空的 / {stored.name.en} is not empty: {words}")
        self._connection.execute(t.locations.delete().where(_c.key == key))

    def assets_in(self, site: str) -> Mapping[str | None, int]:
        keeper = self._work.shared.index
        snapshot = None if keeper is None or self._work.writable else keeper.at(self._connection)
        if snapshot is not None:
            return snapshot.counts(site)
        statement = sa.select(_a.location, sa.func.count()).where(_a.site == site)
        statement = statement.where(_a.status != AssetStatus.SCRAPPED.value).group_by(_a.location)
        return {location: int(count) for location, count in self._connection.execute(statement)}

    def _around(self, locations: Sequence[Location]) -> dict[str, Location]:
        """The trees of the locations' sites, and the parents that they name elsewhere."""
        known: dict[str, Location] = {}
        for site in sorted({one.site for one in locations}):
            known.update(tree_of(self._work, site))
        wanted = {one.parent for one in locations if one.parent is not None and one.parent not in known}
        for some in chunks(sorted(wanted)):
            rows = self._connection.execute(LOCATIONS.select().where(_c.key.in_(some)))
            known |= {location.key: location for location in map(LOCATIONS.item, rows)}
        return known

    def _names_changed(self, location: Location, revision: int) -> None:
        """Assets inside are found by the names of their places."""
        tree = tree_of(self._work, location.site)
        places = subtree(location.key, tree.values())
        for some in chunks(places):
            rows = self._connection.execute(ASSETS.select().where(_a.location.in_(some)))
            write_searches(self._work, [ASSETS.item(row) for row in rows], {location.site: tree})
        touched = t.assets.update().where(_a.location.in_(inside(location.key)))
        self._connection.execute(touched.values(changed=revision))


def _near(location: Location, known: Mapping[str, Location]) -> list[Location]:
    """Those on the way up from a new location: it has no children yet, so no others matter."""
    found: list[Location] = []
    above = known.get(location.parent or "")
    while above is not None and above not in found:
        found.append(above)
        above = known.get(above.parent or "")
    return found
