"""Times in which assets are out of use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maintenance.rest_ports import RestRepository
from maintenance.rests import Rest
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, chunks

RESTS = Record(Rest, t.asset_rests)
_r = t.asset_rests.c


class SqlRests(RestRepository):
    """``RestRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def begin(self, rests: Sequence[Rest]) -> None:
        going_on = {asset for asset, some in self.of([r.asset for r in rests]).items() if some[-1].until is None}
        rows = [RESTS.row(rest) for rest in rests if rest.asset not in going_on]
        if rows:
            self._connection.execute(t.asset_rests.insert(), rows)

    def end(self, asset: str, at: datetime) -> None:
        ended = t.asset_rests.update().where(_r.asset == asset, _r.until.is_(None))
        later = sa.case((_r.since > at, _r.since), else_=sa.literal(at, _r.until.type))
        self._connection.execute(ended.values(until=later))

    def scrap(self, asset: str, at: datetime | None) -> None:
        going_on = t.asset_rests.update().where(_r.asset == asset, _r.until.is_(None))
        self._connection.execute(going_on.values(scrapped=at))

    def scrapped(self, assets: Sequence[str]) -> Mapping[str, datetime]:
        found: dict[str, datetime] = {}
        for some in chunks(sorted(set(assets))):
            going_on = _r.asset.in_(some), _r.until.is_(None), _r.scrapped.is_not(None)
            said = self._connection.execute(sa.select(_r.asset, _r.scrapped).where(*going_on))
            found |= {asset: at for asset, at in said if at is not None}
        return found

    def of(self, assets: Sequence[str]) -> Mapping[str, Sequence[Rest]]:
        found: dict[str, list[Rest]] = {}
        for some in chunks(sorted(set(assets))):
            self._gather(found, RESTS.select().where(_r.asset.in_(some)))
        return found

    def of_site(self, site: str) -> Mapping[str, Sequence[Rest]]:
        found: dict[str, list[Rest]] = {}
        self._gather(found, RESTS.select().where(_r.site == site))
        return found

    def _gather(self, found: dict[str, list[Rest]], statement: sa.Select[Any]) -> None:
        for rest in map(RESTS.item, self._connection.execute(statement.order_by(_r.asset, _r.since))):
            found.setdefault(rest.asset, []).append(rest)
