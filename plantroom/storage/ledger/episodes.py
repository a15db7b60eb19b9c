"""Episodes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from maintenance.episodes import Episode, EpisodeState
from maintenance.ports import EpisodeRepository
from plantroom.errors import NotFound
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, in_scope, one_of

EPISODES = Record(Episode, t.episodes)
_e = t.episodes.c
_SORTS: Mapping[str, Keys] = {"opened_at": (_e.opened_at, _e.id)}


class SqlEpisodes(EpisodeRepository):
    """``EpisodeRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def latest(self, asset: str, failure_mode: str) -> Episode | None:
        if self._work.writable:
            # The pair is locked even when it has no episode yet.
            self._work.backend.lock_text(self._connection, f"episode {asset} {failure_mode}")
        statement = EPISODES.select().where(_e.asset == asset, _e.failure_mode == failure_mode)
        newest = statement.order_by(_e.opened_at.desc(), _e.id.desc()).limit(1)
        row = self._connection.execute(self._work.locking(newest)).first()
        return None if row is None else EPISODES.item(row)

    def get(self, episode_id: str) -> Episode:
        row = self._connection.execute(EPISODES.select().where(_e.id == episode_id)).first()
        if row is None:
            raise NotFound(f"there is no episode {episode_id!r}")
        return EPISODES.item(row)

    def of_order(self, order_id: str, *, waiting: bool = True) -> Sequence[Episode]:
        statement = EPISODES.select().where(_e.work_order == order_id).order_by(_e.opened_at, _e.id)
        locked = self._work.locking(statement, waiting=waiting)
        return [EPISODES.item(row) for row in self._connection.execute(locked)]

    def closed_unacknowledged(
        self, scope: Scope, since: datetime, site: str | None = None, asset: str | None = None
    ) -> Sequence[Episode]:
        conditions = [*in_scope(_e.site, scope, site), _e.closed_at > since, _e.acknowledged_at.is_(None)]
        if asset is not None:
            conditions.append(_e.asset == asset)
        statement = EPISODES.select().where(*conditions, _e.state == EpisodeState.CLOSED.value)
        rows = self._connection.execute(statement.order_by(_e.closed_at.desc(), _e.id.desc()).limit(1000))
        return [EPISODES.item(row) for row in rows]

    def add(self, episode: Episode) -> None:
        self._connection.execute(t.episodes.insert(), EPISODES.row(episode))

    def update(self, episode: Episode) -> None:
        """Write all fields; the stored version rises by one, whatever the episode's says."""
        values: dict[str, Any] = EPISODES.row(episode)
        del values["version"]
        statement = t.episodes.update().where(_e.id == episode.id).values(version=_e.version + 1, **values)
        if self._connection.execute(statement).rowcount != 1:
            raise NotFound(f"there is no episode {episode.id!r}")

    def list(
        self,
        scope: Scope,
        page: PageRequest,
        asset: str | None = None,
        state: str | None = None,
        site: str | None = None,
        sources: Sequence[str] | None = None,
    ) -> Page[Episode]:
        conditions = in_scope(_e.site, scope, site)
        if asset is not None:
            conditions.append(_e.asset == asset)
        if state is not None:
            conditions.append(one_of(_e.state, state))
        if sources is not None:
            conditions.append(_e.source.in_([str(source) for source in sources]))
        statement = EPISODES.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-opened_at", page, EPISODES.item)
