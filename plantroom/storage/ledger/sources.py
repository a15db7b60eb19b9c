"""Topic sources."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from plantroom.domain.sources import TopicSource, overlap
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.sources import SourceRepository
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_plant import sites, topic_sources
from plantroom.storage.ledger.work import Work

SOURCES = Record(TopicSource, topic_sources)
_C = topic_sources.c


class SqlSources(SourceRepository):
    """``SourceRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, site: str | None = None) -> Sequence[TopicSource]:
        statement = SOURCES.select().order_by(_C.site, _C.name, _C.key)
        if site is not None:
            statement = statement.where(_C.site == site)
        return [SOURCES.item(row) for row in self._connection.execute(statement)]

    def get(self, key: str) -> TopicSource:
        row = self._connection.execute(SOURCES.select().where(_C.key == key)).first()
        if row is None:
            raise NotFound(f"there is no source {key!r}")
        return SOURCES.item(row)

    def add(self, source: TopicSource) -> None:
        # The revision is held until the commit: nobody else adds a filter that collides meanwhile.
        self._work.sources_were_changed()
        if not self._connection.execute(sa.select(sites.c.code).where(sites.c.code == source.site)).first():
            raise NotFound(f"there is no site {source.site!r}")
        if self._connection.execute(sa.select(_C.key).where(_C.key == source.key)).first():
            raise Conflict(f"there is a source {source.key!r} already")
        self._refuse_collision(source)
        self._connection.execute(topic_sources.insert(), SOURCES.row(source))

    def update(self, source: TopicSource, expected_version: int | None) -> TopicSource:
        self._work.sources_were_changed()
        stored = self.get(source.key)
        if expected_version is not None and stored.version != expected_version:
            raise VersionConflict(f"source {stored.name} is at version {stored.version} by now, not {expected_version}")
        changed = replace(source, site=stored.site, version=stored.version + 1)
        self._refuse_collision(changed)
        self._connection.execute(topic_sources.update().where(_C.key == source.key), SOURCES.row(changed))
        return changed

    def remove(self, key: str) -> None:
        self._work.sources_were_changed()
        if not self._connection.execute(topic_sources.delete().where(_C.key == key)).rowcount:
            raise NotFound(f"there is no source {key!r}")

    def _refuse_collision(self, source: TopicSource) -> None:
        others = self._connection.execute(sa.select(_C.site, _C.topic_filter, _C.name).where(_C.key != source.key))
        for site, topic_filter, name in others:
            if site == source.site and topic_filter == source.topic_filter:
                raise Conflict(f"the source {name!r} has the filter {topic_filter!r} already")
            if site != source.site and overlap(topic_filter, source.topic_filter):
                raise Conflict(f"some topics of {source.topic_filter!r} belong to another site's source already")
