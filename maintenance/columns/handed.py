"""What rows hand to each other in columns (``maintenance.stand_ins``), as far as it is a matter of what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from maintenance.columns.days import NEVER, Days, Flags
from maintenance.columns.sets import RowSet
from maintenance.columns.tracks import NO_GAP, Tracks


class Closed(Protocol):
    """What of ``maintenance.columns.history.History`` counts here."""

    @property
    def pair(self) -> Days:
        """The pair of each element."""
        ...

    @property
    def nominal(self) -> Days:
        """Its date."""
        ...

    @property
    def done(self) -> Days:
        """The local day it was done."""
        ...

    @property
    def missed(self) -> Days:
        """Its last day when it was missed."""
        ...


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Pairs, one element each: the day of what was done last of a row that it stands for or that stood for it, and from
    when its dates are its own again (``NEVER``: nothing such)."""

    counts: Days
    resumes: Days

    def of(self, which: Days) -> "HandedIn":
        """Some of them."""
        return HandedIn(self.counts[which], self.resumes[which])


def handed_in(sets: Sequence[RowSet], row_set: Days, first: Days, history: Closed) -> HandedIn:
    """What each pair is handed. ``row_set`` and ``first`` are those of the subjects. O(pairs + history) for each day on
    which a row begins or ends to stand for another."""
    counts, resumes = (np.full(int(first[-1]), NEVER, np.int64) for _ in range(2))
    if not any(one.handing for one in sets):
        return HandedIn(counts, resumes)
    done = counts.copy()
    np.maximum.at(done, history.pair, history.done)
    missed = history.missed > NEVER
    pair, nominal, latest = history.pair[missed], history.nominal[missed], history.missed[missed]
    by_day: dict[int, Days] = {}
    for number, one in enumerate(sets):
        begins = first[:-1][row_set == number] if one.handing else first[:0]
        # On account of each row of the law's the later work counts, and of these the one whose longest gap ends first.
        by_law: dict[tuple[int, int | None], Days] = {}
        for to, by, before, law in one.handing:
            day = before.toordinal()
            if day not in by_day:
                by_day[day] = done.copy()
                np.maximum.at(by_day[day], pair[nominal < day], latest[nominal < day])
            work = by_day[day][begins + by]
            by_law[to, law] = np.maximum(by_law.get((to, law), work), work)
            if law is None:
                resumes[begins + to] = np.maximum(resumes[begins + to], day)
        for (to, law), work in by_law.items():
            if law is not None:
                known = counts[begins + to]
                counts[begins + to] = np.where(
                    (known > NEVER) & (work > NEVER), np.minimum(known, work), np.maximum(known, work)
                )
        for (to, law), work in by_law.items():
            if law is None:
                counts[begins + to] = np.maximum(counts[begins + to], work)
    return HandedIn(counts, resumes)


def begin(tracks: Tracks, handed: HandedIn, start: Days) -> None:
    """As ``stand_ins.reaching``, of pairs without a history, which ``start`` at those days."""
    lawful = handed.counts + tracks.gap
    ahead = (handed.counts > NEVER) & (tracks.gap != NO_GAP) & (tracks.anchor > lawful)
    if ahead.any():
        earlier = tracks.reaching_back(np.where(ahead, handed.counts, tracks.anchor))
        ahead &= earlier > 0
        tracks.anchor = np.where(ahead, earlier, tracks.anchor)
        tracks.renumbered = np.where(ahead, -tracks.first_index(np.where(ahead, lawful, tracks.anchor)), 0)
    tracks.next_cycle = np.maximum(0, tracks.first_index(start) + tracks.renumbered)


def go_on(tracks: Tracks, handed: HandedIn, has: Flags) -> None:
    """As ``stand_ins.resuming``, of the pairs that have a history."""
    raw = tracks.dates(tracks.next_cycle - tracks.renumbered) + tracks.offset
    early = has & (raw < handed.resumes)
    if early.any():
        index = tracks.first_index(np.where(early, handed.resumes - tracks.offset, tracks.anchor))
        tracks.renumbered = np.where(early, tracks.next_cycle - index, tracks.renumbered)
