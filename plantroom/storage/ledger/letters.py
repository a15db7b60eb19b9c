"""Dead letters: in groups, and those that are too many."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plantroom.ports.letters import LETTERS_LOOKED_AT, REPLAY_ASKED, DeadLetter, LetterGroup, LetterSummary
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, in_scope
from plantroom.wire import Channel

LETTERS = Record(DeadLetter, t.dead_letters)
LEAST_OF_SITE = 1_000

_C = t.dead_letters.c

ASKED = f"{REPLAY_ASKED}: "
IS_ASKED = sa.and_(_C.reason >= ASKED, _C.reason < f"{REPLAY_ASKED}:!")
"""Whether the reason begins with ``ASKED``: a range, for the index (the column's order is that of code points)."""

_IS_EVENT = _C.topic.like(f"%/{Channel.EVENT}")


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


def letters_beyond(work: Work, keep: int, keep_bytes: int, most: int) -> Mapping[str, Sequence[str]]:
    """See ``CollectRepository.letters_beyond``."""
    found: dict[str, list[str]] = {}
    for row in work.connection.execute(_sums()).all():
        of_kinds = (
            (_oldest, row.letters - row.events, row.bytes - row.event_bytes),
            (_least, row.events, row.event_bytes),
        )
        for kind, letters, size in of_kinds:
            too_large = math.ceil(letters * max(0, size - keep_bytes) / max(1, size))
            wanted = min(max(letters - keep, too_large), most - sum(map(len, found.values())))
            if wanted > 0:
                found.setdefault(row.site, []).extend(work.connection.execute(kind(work, row.site, wanted)).scalars())
    return found


def _sums() -> sa.Select[Any]:
    """Of each site: its letters and their bytes, and among them those of events. In the order of an index: a group for
    each kind would have to be sorted."""
    size, is_event = sa.func.length(_C.payload), sa.case((_IS_EVENT, 1), else_=0)
    letters, events = sa.func.count().label("letters"), sa.func.sum(is_event).label("events")
    all_bytes, event_bytes = sa.func.sum(size).label("bytes"), sa.func.sum(is_event * size).label("event_bytes")
    sums = sa.select(_C.site, letters, events, all_bytes, event_bytes).where(sa.not_(IS_ASKED))
    return sums.group_by(_C.site).order_by(_C.site)


def _oldest(_: Work, site: str, count: int) -> sa.Select[Any]:
    of_site = sa.select(_C.id).where(_C.site == site, sa.not_(_IS_EVENT), sa.not_(IS_ASKED))
    return of_site.order_by(_C.received_at, _C.id).limit(count)


def _least(work: Work, site: str, count: int) -> sa.Select[Any]:
    """Those that tell least: first what came in the same minute on the same topic behind another one, then the
    oldest."""
    minute = _C.topic, work.backend.minute(_C.received_at)
    place = sa.func.row_number().over(partition_by=minute, order_by=(_C.received_at, _C.id))
    behind = sa.case((place > 1, 0), else_=1).label("behind")
    ranked = sa.select(_C.id, _C.received_at, behind).where(_C.site == site, _IS_EVENT, sa.not_(IS_ASKED)).subquery()
    return sa.select(ranked.c.id).order_by(ranked.c.behind, ranked.c.received_at, ranked.c.id).limit(count)
