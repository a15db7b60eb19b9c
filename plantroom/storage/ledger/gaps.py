"""The gaps in publishers' numbers, on SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plantroom.domain.spans import merged
from plantroom.errors import NotFound
from plantroom.ports.gaps import (
    KEPT_CLOSED,
    NODES,
    Gap,
    GapFilter,
    GapNews,
    GapRepository,
    GapsGone,
    GapState,
    GiveUp,
)
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger.gap_rows import Numbering
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_gaps import gaps
from plantroom.storage.ledger.work import Work, chunks, clean, in_scope

GAPS = Record(Gap, gaps)
_C = gaps.c
_SORTS: Mapping[str, Keys] = {"found_at": (_C.found_at, _C.id)}


class SqlGaps(GapRepository):
    """``GapRepository`` on SQL. Who changes gaps of an asset holds its lock, and takes assets in one order."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def note(self, site: str, told: Sequence[GapNews | GapsGone]) -> None:
        by_asset: dict[str, list[GapNews | GapsGone]] = {}
        for one in told:
            by_asset.setdefault(one.asset, []).append(one)
        for asset in sorted(by_asset):
            self._work.backend.lock_text(self._connection, f"gaps {asset}")
            for one in by_asset[asset]:
                if isinstance(one, GapNews):
                    self._note(site, one)
            for word in _together([one for one in by_asset[asset] if isinstance(one, GapsGone)]):
                self._note_gone(site, word)
            for channel in {one.channel for one in by_asset[asset]}:
                self._prune(site, asset, channel)

    def _note(self, site: str, news: GapNews) -> None:
        boot = clean(news.boot)
        of_run = _of(site, news.asset, news.channel, boot, _C.numbering == news.numbering)
        numbering = Numbering(site, news, boot, self._gaps(GAPS.select().where(*of_run).order_by(_C.first)))
        numbering.heal(merged(news.came))
        for given in news.given:
            numbering.give_up(given)
        numbering.open(merged(news.holes))
        self._save(numbering)

    def _note_gone(self, site: str, word: GapsGone) -> None:
        boot = word.boot
        is_open = _of(site, word.asset, word.channel, boot, _C.state == GapState.OPEN.value)
        by_numbering: dict[int, list[Gap]] = {}
        for gap in self._gaps(GAPS.select().where(*is_open).order_by(_C.numbering, _C.first)):
            by_numbering.setdefault(gap.numbering, []).append(gap)
        for number, rows in by_numbering.items():
            news = GapNews(word.asset, "", word.channel, boot, number, word.at, word.at)
            numbering = Numbering(site, news, boot, rows)
            numbering.end_open(merged(word.spans), GiveUp.GONE)
            self._save(numbering)

    def _save(self, numbering: Numbering) -> None:
        if numbering.removed:
            self._connection.execute(gaps.delete().where(_C.id.in_(sorted(numbering.removed))))
        if numbering.made:
            # Those that give way are gone already, so no two stand for one number at any moment.
            self._connection.execute(gaps.insert(), [GAPS.row(gap) for gap in numbering.made.values()])

    def _prune(self, site: str, asset: str, channel: str) -> None:
        closed = (*_of(site, asset, channel), _C.state != GapState.OPEN.value)
        newest = sa.select(_C.id).where(*closed).order_by(_C.found_at.desc(), _C.id.desc()).limit(KEPT_CLOSED)
        count = self._connection.execute(sa.select(sa.func.count()).where(*closed)).scalar_one()
        if count > KEPT_CLOSED:
            self._connection.execute(gaps.delete().where(*closed, _C.id.not_in(newest)))

    def list(self, filters: GapFilter, page: PageRequest) -> Page[Gap]:
        conditions = in_scope(_C.site, filters.scope, filters.site)
        if filters.asset is not None:
            conditions.append(_C.asset == clean(filters.asset))
        if filters.state is not None:
            conditions.append(_C.state == clean(filters.state))
        return fetch_page(self._connection, GAPS.select().where(*conditions), _SORTS, "-found_at", page, GAPS.item)

    def get(self, gap_id: str) -> Gap:
        found = self._gaps(GAPS.select().where(_C.id == clean(gap_id)))
        if not found:
            raise NotFound(f"there is no gap {gap_id!r}")
        return found[0]

    def due(self, sites: Collection[str], now: datetime, limit: int) -> Sequence[Gap]:
        statement = GAPS.select().where(_C.state == GapState.OPEN.value, _C.ask_at <= now, _C.site.in_(sorted(sites)))
        return self._gaps(statement.order_by(_C.ask_at, _C.id).limit(limit))

    def asked(self, gaps_asked: Sequence[Gap], at: datetime, again_at: datetime) -> None:
        self._update(
            [gap.id for gap in gaps_asked],
            [_C.state == GapState.OPEN.value],
            {"asks": _C.asks + 1, "asked_at": at, "ask_at": again_at},
        )

    def ask_later(self, ids: Sequence[str], at: datetime) -> None:
        self._update(ids, [_C.state == GapState.OPEN.value], {"ask_at": at})

    def ask_again(self, ids: Sequence[str], now: datetime) -> int:
        reopened = {"state": GapState.OPEN.value, "reason": "", "ended_at": None, "asks": 0, "ask_at": now}
        given_up = self._update(ids, [_C.state == GapState.GIVEN_UP.value, _C.channel != NODES], reopened)
        return given_up + self._update(ids, [_C.state == GapState.OPEN.value, _C.ask_at != now], {"ask_at": now})

    def give_up(self, ids: Sequence[str], reason: GiveUp, at: datetime) -> int:
        ended = {"state": GapState.GIVEN_UP.value, "reason": reason.value, "ended_at": at, "ask_at": None}
        return self._update(ids, [_C.state == GapState.OPEN.value], ended)

    def _update(self, ids: Sequence[str], where: Sequence[sa.ColumnElement[bool]], values: Mapping[str, Any]) -> int:
        changed = 0
        self.hold(ids)
        for some in chunks(sorted(set(ids))):
            named = [clean(one) for one in some]
            changed += self._connection.execute(gaps.update().where(_C.id.in_(named), *where).values(**values)).rowcount
        return changed

    def hold(self, ids: Collection[str]) -> None:
        assets: set[str] = set()
        for some in chunks(sorted(set(ids))):
            named = [clean(one) for one in some]
            assets.update(self._connection.execute(sa.select(_C.asset).where(_C.id.in_(named)).distinct()).scalars())
        for asset in sorted(assets):
            self._work.backend.lock_text(self._connection, f"gaps {asset}")

    def assets(self, site: str) -> Collection[str]:
        not_healed = sa.select(_C.asset).where(_C.site == site, _C.state != GapState.HEALED.value).distinct()
        return set(self._connection.execute(not_healed).scalars())

    def missing(self, state: GapState = GapState.OPEN, since: datetime | None = None) -> Mapping[str, int]:
        counted = sa.select(_C.site, sa.func.sum(_C.missing)).where(_C.state == state.value).group_by(_C.site)
        if since is not None:
            counted = counted.where(_C.ended_at >= since)
        return {site: int(count) for site, count in self._connection.execute(counted)}

    def _gaps(self, statement: sa.Select[Any]) -> Sequence[Gap]:
        return [GAPS.item(row) for row in self._connection.execute(statement)]


def _together(words: Sequence[GapsGone]) -> Sequence[GapsGone]:
    """One word for each numbering, however often it was said."""
    found: dict[tuple[str, str], GapsGone] = {}
    for word in words:
        key = word.channel, clean(word.boot)
        before = found.get(key)
        found[key] = replace(word, boot=key[1], spans=[*(before.spans if before else ()), *word.spans])
    return list(found.values())


def _of(
    site: str, asset: str, channel: str, boot: str | None = None, *more: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    found = [_C.site == site, _C.asset == asset, _C.channel == channel, *more]
    return found if boot is None else [*found, _C.boot == boot]
