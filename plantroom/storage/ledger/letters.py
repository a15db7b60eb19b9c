"""Dead letters: in groups, and those that are too many."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
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

GROUPS = 200
PARTS_NAMED = 3
READ_AT_ONCE = 5_000

LET_GO_KEPT = timedelta(days=90)
"""How long it is known how many were let go."""

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
    parts = sa.func.count(sa.distinct(sa.func.nullif(newest.c.part, ""))).label("parts")
    grouped = sa.select(*keys, count, first_at, last_at, parts).group_by(*keys)
    grouped = grouped.order_by(count.desc(), last_at.desc(), newest.c.site, newest.c.topic, code)
    rows = work.connection.execute(grouped).all()
    named = _parts(work, newest) if any(row.parts for row in rows[:limit]) else {}
    groups = [
        LetterGroup(
            row.site,
            row.topic,
            row.code,
            row.letters,
            row.first_at,
            row.last_at,
            _example(work, row),
            named.get((row.site, row.topic, row.code), ()),
            row.parts,
        )
        for row in rows[:limit]
    ]
    looked_at = sum(row.letters for row in rows)
    return LetterSummary(groups, total or 0, looked_at, max(0, len(rows) - limit))


def _parts(work: Work, newest: sa.Subquery) -> Mapping[tuple[str, str, str], Sequence[str]]:
    """Of each site, topic and code the ``PARTS_NAMED`` parts that were named last, the newest first."""
    code = work.backend.before(newest.c.reason, ":").label("code")
    keys = (newest.c.site, newest.c.topic, code, newest.c.part)
    each = sa.select(*keys, sa.func.max(newest.c.received_at).label("at")).where(newest.c.part != "").group_by(*keys)
    one = each.subquery().c
    place = sa.func.row_number().over(partition_by=(one.site, one.topic, one.code), order_by=(one.at.desc(), one.part))
    ranked = sa.select(one.site, one.topic, one.code, one.part, place.label("place")).subquery().c
    few = sa.select(ranked.site, ranked.topic, ranked.code, ranked.part).where(ranked.place <= PARTS_NAMED)
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in work.connection.execute(few.order_by(ranked.place)):
        found.setdefault((row.site, row.topic, row.code), []).append(row.part)
    return found


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
    columns = sa.select(_C.site, _C.topic, _C.reason, _C.received_at, _C.part)
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
        too_many = row.letters - row.events - keep
        too_large = row.bytes - row.event_bytes - keep_bytes
        left = most - sum(map(len, found.values()))
        if left > 0 and (too_many > 0 or too_large > 0):
            by_weight = too_large > 0
            noisiest = _noisiest(work, row.site, too_large if by_weight else too_many, left, by_weight=by_weight)
            found.setdefault(row.site, []).extend(noisiest)
        part_of = max(0, row.event_bytes - keep_bytes) / max(1, row.event_bytes)
        wanted = max(row.events - keep, math.ceil(row.events * part_of))
        wanted = min(wanted, most - sum(map(len, found.values())))
        if wanted > 0:
            least = _least(work, row.site, wanted)
            found.setdefault(row.site, []).extend(work.connection.execute(least).scalars())
    return found


def _sums() -> sa.Select[Any]:
    """Of each site: its letters and their bytes, and among them those of events. In the order of an index: a group for
    each kind would have to be sorted."""
    size, is_event = sa.func.length(_C.payload), sa.case((_IS_EVENT, 1), else_=0)
    letters, events = sa.func.count().label("letters"), sa.func.sum(is_event).label("events")
    all_bytes, event_bytes = sa.func.sum(size).label("bytes"), sa.func.sum(is_event * size).label("event_bytes")
    sums = sa.select(_C.site, letters, events, all_bytes, event_bytes).where(sa.not_(IS_ASKED))
    return sums.group_by(_C.site).order_by(_C.site)


def _noisiest(work: Work, site: str, wanted: int, most: int, *, by_weight: bool) -> list[str]:
    """Letters of telemetry, or bytes of theirs, that a site has too many: of the topic and reason (its code) that has
    most the oldest, until it has no more than the next one, then of both. Of more than ``GROUPS`` such groups the rest
    is left for the next look, unless these have not enough: then simply the oldest go. At most ``most``."""
    code, size = work.backend.before(_C.reason, ":").label("code"), sa.func.length(_C.payload).label("size")
    mine = [_C.site == site, sa.not_(_IS_EVENT), sa.not_(IS_ASKED)]
    noise = sa.func.sum(size) if by_weight else sa.func.count()
    groups = sa.select(_C.topic, code, noise.label("noise")).where(*mine).group_by(_C.topic, code)
    rows = work.connection.execute(groups.order_by(noise.desc(), _C.topic, code).limit(GROUPS)).all()
    level = _level([int(row.noise) for row in rows], wanted)
    over = {(row.topic, row.code): int(row.noise) - level for row in rows if row.noise > level}
    found: dict[str, None] = {}
    for some in ([_C.topic.in_({topic for topic, _ in over})], []):
        oldest = sa.select(_C.id, _C.topic, code, size).where(*mine, *some).order_by(_C.received_at, _C.id)
        with work.connection.execute(oldest.execution_options(yield_per=READ_AT_ONCE)) as letters:
            for one in letters:
                if wanted <= 0 or len(found) >= most or (some and not over):
                    break
                group, weight = (one.topic, one.code), one.size if by_weight else 1
                if one.id in found or (some and group not in over):
                    continue
                found[one.id] = None
                wanted -= weight
                if some and (left := over.pop(group) - weight) > 0:
                    over[group] = left
    return list(found)


def _level(noises: Sequence[int], wanted: int) -> int:
    """To how much each has to come down, the largest first, so that ``wanted`` of it is gone; ``noises`` falling."""
    total = 0
    for count, noise in enumerate(noises, 1):
        total += noise
        following = noises[count] if count < len(noises) else 0
        if total - count * following >= wanted:
            return max(0, (total - wanted) // count)
    return 0


def note_let_go(work: Work, gone: Mapping[str, int]) -> None:
    """Count what was let go of each site within this hour, for ``LET_GO_KEPT``."""
    if not gone:
        return
    now = datetime.fromtimestamp(work.connection.execute(sa.select(work.backend.now_ms())).scalar_one() / 1000, UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    insert = work.backend.insert(t.letters_let_go)
    more = {"letters": t.letters_let_go.c.letters + insert.excluded.letters}
    rows = [{"site": site, "hour": hour, "letters": count} for site, count in sorted(gone.items())]
    work.connection.execute(insert.on_conflict_do_update(index_elements=["site", "hour"], set_=more), rows)
    work.connection.execute(t.letters_let_go.delete().where(t.letters_let_go.c.hour < now - LET_GO_KEPT))


def letters_let_go(work: Work, since: datetime) -> Mapping[str, int]:
    """See ``CollectRepository.letters_let_go``."""
    gone = t.letters_let_go.c
    sums = sa.select(gone.site, sa.func.sum(gone.letters).label("letters")).where(
        gone.hour > since - timedelta(hours=1)
    )
    return {row.site: int(row.letters) for row in work.connection.execute(sums.group_by(gone.site).order_by(gone.site))}


def _least(work: Work, site: str, count: int) -> sa.Select[Any]:
    """Those that tell least: first what came in the same minute on the same topic behind another one, then the
    oldest."""
    minute = _C.topic, work.backend.minute(_C.received_at)
    place = sa.func.row_number().over(partition_by=minute, order_by=(_C.received_at, _C.id))
    behind = sa.case((place > 1, 0), else_=1).label("behind")
    ranked = sa.select(_C.id, _C.received_at, behind).where(_C.site == site, _IS_EVENT, sa.not_(IS_ASKED)).subquery()
    return sa.select(ranked.c.id).order_by(ranked.c.behind, ranked.c.received_at, ranked.c.id).limit(count)
