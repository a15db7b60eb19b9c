"""Dead letters in groups."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plantroom.ports.letters import LETTERS_LOOKED_AT, DeadLetter, LetterGroup, LetterSummary
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, in_scope

LETTERS = Record(DeadLetter, t.dead_letters)
LEAST_OF_SITE = 1_000

_C = t.dead_letters.c


def letter_groups(work: Work, scope: Scope, limit: int, site: str | None, since: datetime | None) -> LetterSummary:
    """See ``CollectRepository.dead_letter_groups``."""
    conditions = in_scope(_C.site, scope, site)
    if since is not None:
        conditions.append(_C.received_at >= since)
    total = work.connection.execute(sa.select(sa.func.count()).select_from(t.dead_letters).where(*conditions)).scalar()
    newest = _newest(scope, site, since)
    code = work.backend.before(newest.c.reason, ":").label("code")
    keys = (newest.c.site, newest.c.topic, code)
    count, first_at = sa.func.count().label("letters"), sa.func.min(newest.c.received_at).label("first_at")
    last_at = sa.func.max(newest.c.received_at).label("last_at")
    grouped = sa.select(*keys, count, first_at, last_at).group_by(*keys)
    grouped = grouped.order_by(count.desc(), last_at.desc(), newest.c.site, newest.c.topic, code)
    rows = work.connection.execute(grouped).all()
    groups = [
        LetterGroup(row.site, row.topic, row.code, row.letters, row.first_at, row.last_at, _example(work, row))
        for row in rows[:limit]
    ]
    looked_at = sum(row.letters for row in rows)
    return LetterSummary(groups, total or 0, looked_at, max(0, len(rows) - limit))


def _newest(scope: Scope, site: str | None, since: datetime | None) -> sa.Subquery:
    """The letters to look at. Site by site where sites are named, so that an index gives the newest of each and no
    other site's letters are read for them."""
    sites: Sequence[str | None] = [None] if scope.sites is None else sorted(scope.sites)
    if site is not None:
        sites = [site] if scope.allows(site) else []
    share = max(LEAST_OF_SITE, LETTERS_LOOKED_AT // max(1, len(sites)))
    parts = [_newest_of(one, since, share) for one in sites] or [_newest_of("", since, 0)]
    return sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()


def _newest_of(site: str | None, since: datetime | None, limit: int) -> sa.Select[Any]:
    columns = sa.select(_C.site, _C.topic, _C.reason, _C.received_at)
    if site is not None:
        columns = columns.where(_C.site == site)
    if since is not None:
        columns = columns.where(_C.received_at >= since)
    return columns.order_by(_C.received_at.desc(), _C.id.desc()).limit(limit)


def _example(work: Work, row: Any) -> DeadLetter:
    """The newest letter of a group, found by its instant."""
    code = work.backend.before(_C.reason, ":")
    same = LETTERS.select().where(_C.site == row.site, _C.received_at == row.last_at, _C.topic == row.topic)
    found = work.connection.execute(same.where(code == row.code).order_by(_C.id.desc()).limit(1)).one()
    return LETTERS.item(found)
