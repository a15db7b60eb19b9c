"""The gaps of one numbering while news of it is taken in: what is there is cut, healed, given up and added to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from plantroom.domain.keys import new_key
from plantroom.domain.spans import Span, merged, within, without
from plantroom.ports.gaps import Gap, GapNews, GapState, Given, GiveUp


class Numbering:
    """Gaps of one numbering, apart from each other. ``removed`` are ids that give way to ``made``."""

    def __init__(self, site: str, news: GapNews, boot: str, there: Sequence[Gap]) -> None:
        self._site = site
        self._news = news
        self._boot = boot
        self._gaps = {gap.id: gap for gap in there}
        self._stored = frozenset(self._gaps)
        self.removed: set[str] = set()
        self.made: dict[str, Gap] = {}

    def heal(self, came: Sequence[Span]) -> None:
        """These numbers have come, whatever was thought of them."""
        for gap in self._in_state(GapState.OPEN, GapState.GIVEN_UP):
            if _whole(gap) and not (self._news.inferred and gap.reason == GiveUp.MEMORY):
                self._end(gap, within(came, gap.first, gap.last), GapState.HEALED, "")

    def end_open(self, spans: Sequence[Span], reason: GiveUp) -> None:
        """Open ones among these are given up."""
        for gap in self._in_state(GapState.OPEN):
            self._end(gap, within(spans, gap.first, gap.last), GapState.GIVEN_UP, reason.value)

    def give_up(self, given: Given) -> None:
        """A span that is no longer watched: known gaps in it end, and what was not known is kept as given up."""
        span = [(given.first, given.last)]
        if _whole(given):
            self.end_open(span, given.reason)
            for first, last in without(span, self._spans()):
                self._add(first, last, last - first + 1, GapState.GIVEN_UP, given.reason)
            return
        told = [
            gap for gap in self._in_state(GapState.GIVEN_UP) if not _whole(gap) and within(span, gap.first, gap.last)
        ]
        for gap in self._in_state(GapState.OPEN):
            if within(span, gap.first, gap.last):
                self._remove(gap)
        free = without(span, self._spans())
        if free and not told:
            self._add(free[0][0], free[0][1], given.missing, GapState.GIVEN_UP, given.reason)

    def open(self, holes: Sequence[Span]) -> None:
        """Numbers that are in no gap yet, whatever its state, become open ones."""
        for first, last in without(holes, self._spans()):
            self._add(first, last, last - first + 1, GapState.OPEN, None)

    def _spans(self) -> list[Span]:
        return merged((gap.first, gap.last) for gap in self._gaps.values())

    def _in_state(self, *states: GapState) -> list[Gap]:
        return sorted((gap for gap in self._gaps.values() if gap.state in states), key=lambda gap: gap.first)

    def _end(self, gap: Gap, ended: Iterable[Span], state: GapState, reason: str) -> None:
        """Parts of a gap end; what is left of it stays as it was, the first part under its id."""
        spans = list(ended)
        if not spans:
            return
        self._remove(gap)
        ids = chain([gap.id], iter(new_key, None))
        for first, last in without([(gap.first, gap.last)], spans):
            self._keep(replace(gap, id=next(ids), first=first, last=last, missing=last - first + 1))
        for first, last in spans:
            one = replace(gap, id=next(ids), first=first, last=last, missing=last - first + 1)
            self._keep(self._joined(replace(one, state=state, reason=reason, ended_at=self._news.at, ask_at=None)))

    def _joined(self, gap: Gap) -> Gap:
        """With its neighbours that ended the same way: a gap that heals number by number is one row in the end."""
        for other in list(self._gaps.values()):
            alike = (other.state, other.reason, other.found_at) == (gap.state, gap.reason, gap.found_at)
            if alike and _whole(other) and (other.last == gap.first - 1 or other.first == gap.last + 1):
                self._remove(other)
                first, last = min(other.first, gap.first), max(other.last, gap.last)
                gap = replace(gap, first=first, last=last, missing=last - first + 1, asks=max(other.asks, gap.asks))
        return gap

    def _add(self, first: int, last: int, missing: int, state: GapState, reason: GiveUp | None) -> None:
        news, is_open = self._news, state is GapState.OPEN
        self._keep(
            Gap(
                id=new_key(),
                site=self._site,
                asset=news.asset,
                code=news.code,
                channel=news.channel,
                boot=self._boot,
                numbering=news.numbering,
                first=first,
                last=last,
                missing=missing,
                state=state,
                reason=reason.value if reason else "",
                found_at=news.at,
                ended_at=None if is_open else news.at,
                ask_at=news.ask_at if is_open else None,
            )
        )

    def _keep(self, gap: Gap) -> None:
        self._gaps[gap.id] = self.made[gap.id] = gap

    def _remove(self, gap: Gap) -> None:
        del self._gaps[gap.id]
        if gap.id in self._stored:
            self.removed.add(gap.id)
        self.made.pop(gap.id, None)


def _whole(one: Gap | Given) -> bool:
    """Whether all its numbers are missing."""
    return one.missing == one.last - one.first + 1
