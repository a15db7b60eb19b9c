"""Events of assets that are too many."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from plantroom.ports.events import AssetEvent
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import episodes
from plantroom.storage.ledger.work import Work

EVENTS = Record(AssetEvent, t.asset_events)

_E = t.asset_events.c
_OF_OPEN_EPISODE = (
    sa.exists()
    .where(episodes.c.state == "open", episodes.c.asset == _E.asset, episodes.c.opened_observed_at <= _E.observed_at)
    .correlate(t.asset_events)
)


def events_beyond(work: Work, keep: int, most: int) -> Sequence[str]:
    """See ``CollectRepository.events_beyond``."""
    found: list[str] = []
    sums = sa.select(_E.site, sa.func.count().label("events")).group_by(_E.site).order_by(_E.site)
    for site, count in work.connection.execute(sums).all():
        over = _first(work, site, min(count - keep, most - len(found)), sa.not_(_OF_OPEN_EPISODE))
        found += over
        # What nobody closes must not fill the disk.
        found += _first(work, site, min(count - len(over) - 2 * keep, most - len(found)), _OF_OPEN_EPISODE)
    return found


def _first(work: Work, site: str, count: int, condition: sa.ColumnElement[bool]) -> Sequence[Any]:
    if count <= 0:
        return []
    of_site = sa.select(_E.id).where(_E.site == site, condition).order_by(_E.received_at, _E.id)
    return work.connection.execute(of_site.limit(count)).scalars().all()
