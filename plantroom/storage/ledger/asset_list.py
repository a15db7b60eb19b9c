"""Lists of assets: by the database, or by the index of a large ledger."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from plantroom.domain.assets import Health, Presence
from plantroom.domain.searching import words_of
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.ledger import AssetFilter, AssetView
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_collect as collected
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.asset_rows import ASSETS, inside
from plantroom.storage.ledger.paging import Keys, fetch_page, make_cursor, read_cursor
from plantroom.storage.ledger.work import Work, chunks, in_scope, one_of

if TYPE_CHECKING:
    from plantroom.storage.ledger.asset_index import IndexKeeper

_presence = collected.asset_presence
_health = collected.asset_health
_clock = collected.asset_clocks
VIEWS = (
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

INDEXED = frozenset({"site", "code", "class", "status", "criticality"})
"""Those that the index knows."""


def list_assets(work: Work, filters: AssetFilter, page: PageRequest) -> Page[AssetView]:
    """One page: by the index where the ledger is large and the index knows the order, else by the database."""
    sort = page.sort or "site"
    keeper = work.shared.index
    if keeper is None or work.writable or page.limit < 1 or sort.removeprefix("-") not in INDEXED:
        return list_by_database(work, filters, page)
    return _list_by_index(work, keeper, filters, page, sort) or list_by_database(work, filters, page)


def _list_by_index(
    work: Work, keeper: "IndexKeeper", filters: AssetFilter, page: PageRequest, sort: str
) -> Page[AssetView] | None:
    from plantroom.storage.ledger.asset_index import wanted

    snapshot = keeper.at(work.connection)
    if snapshot is None:
        return None
    place = filters.location
    places = [] if place is None else [str(key) for key in work.connection.execute(inside(place)).scalars()]
    want = wanted(filters, places)
    if want is None:
        return None
    behind = None if page.cursor is None else read_cursor(page.cursor, sort, SORTS[sort.removeprefix("-")])
    found = snapshot.page(want, sort.removeprefix("-"), sort.startswith("-"), behind, page.limit + 1)
    more, shown = len(found) > page.limit, found[: page.limit]
    views: dict[str, AssetView] = {}
    for some in chunks([key for _, key in shown]):
        rows = work.connection.execute(VIEWS.where(t.assets.c.key.in_(some))).all()
        views |= {view.asset.key: view for view in map(view_of, rows)}
    items = [views[key] for _, key in shown if key in views]
    return Page(items, make_cursor(sort, shown[-1][0]) if more else None)


def list_by_database(work: Work, filters: AssetFilter, page: PageRequest) -> Page[AssetView]:
    """One page; linear in the assets where no index fits the filters."""
    statement = VIEWS.where(*conditions(filters))
    return fetch_page(work.connection, statement, SORTS, "site", page, view_of)


def conditions(filters: AssetFilter) -> list[sa.ColumnElement[bool]]:
    """What the filters ask for."""
    a = t.assets.c
    found = in_scope(a.site, filters.scope, filters.site)
    if filters.code is not None:
        found.append(a.code == filters.code)
    if filters.equipment_class is not None:
        found.append(one_of(a.equipment_class, filters.equipment_class))
    if filters.status is not None:
        found.append(one_of(a.status, filters.status))
    if filters.criticality is not None:
        found.append(one_of(a.criticality, filters.criticality))
    if filters.department is not None:
        found.append(a.department == filters.department)
    if filters.parent is not None:
        found.append(a.parent == filters.parent)
    if filters.location is not None:
        found.append(a.location.in_(inside(filters.location)))
    if filters.keys is not None:
        found.append(a.key.in_(sorted(filters.keys)))
    found += [a.search.contains(word, autoescape=True) for word in words_of(filters.text or "")]
    return found


def view_of(row: Sequence[Any]) -> AssetView:
    """The view of a row of ``VIEWS``."""
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
