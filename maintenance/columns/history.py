"""Where each pair stands behind its history of completions: ``recurrence.with_history`` in columns.

Histories in which nothing is due any more are folded here; what a completion moves only in part (``shift_percent``
between 0 and 100) is folded by the reference itself, pair by pair.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from maintenance.columns.days import NEVER, Days, Flags, kept
from maintenance.columns.handed import HandedIn, begin, go_on
from maintenance.columns.tracks import NO_GAP, Tracks, Variant
from maintenance.recurrence import with_history

FLOATING = 100


@dataclass(frozen=True, slots=True)
class History:
    """Closed occurrences, one element each. ``done``: the local day it was done or credited (``NEVER``: it was not);
    ``missed``: its latest day when it was missed, else ``NEVER``."""

    pair: Days
    cycle: Days
    nominal: Days
    done: Days
    missed: Days

    @classmethod
    def none(cls) -> "History":
        """No history at all."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing)

    def of(self, which: Flags) -> "History":
        """A part of it."""
        return History(self.pair[which], self.cycle[which], self.nominal[which], self.done[which], self.missed[which])


def stand(
    tracks: Tracks,
    variant: Callable[[int], Variant],
    shift: Days,
    start: Days,
    history: History,
    numbers: Days,
    handed: HandedIn,
) -> None:
    """Put ``tracks`` (fresh: no offset, cycle 0, never done) behind their history.

    ``numbers`` are the pairs of ``tracks``, ascending, ``variant`` gives their rows by place and ``shift`` is their
    ``shift_percent``; ``start`` is where those without a history begin, ``handed`` what other rows hand them.
    O(history) but for the partly shifted.
    """
    known = np.isin(history.pair, numbers)
    mine = history.of(known)
    order = np.lexsort((mine.cycle, mine.pair))
    place = np.searchsorted(numbers, mine.pair[order])
    cycle, nominal, done = mine.cycle[order], mine.nominal[order], mine.done[order]
    np.maximum.at(tracks.last, place, np.maximum(done, mine.missed[order]))
    np.maximum(tracks.last, handed.counts, out=tracks.last)
    newest = _newest(place, np.arange(place.size), numbers.size)
    has = newest >= 0
    own = tracks.anchor
    begin(tracks, handed, kept(start - tracks.late))
    if not place.size:
        return
    tracks.anchor = np.where(has, own, tracks.anchor)
    given_cycle, given = np.where(has, cycle[newest], -1), np.where(has, nominal[newest], 1)
    finished = np.flatnonzero(done > NEVER)
    last_done = _newest(place[finished], finished, numbers.size)
    floats = (shift >= FLOATING) & (last_done >= 0)
    anchor = np.where(floats, done[last_done], tracks.anchor)
    behind = np.where(given_cycle <= cycle[last_done], anchor, np.maximum(given, anchor))
    given = np.where(floats, behind, given)
    tracks.anchor = anchor
    partly = has & (shift > 0) & (shift < FLOATING)
    done_on = np.full(numbers.size, NEVER, np.int64)
    np.maximum.at(done_on, place, done)
    given = _before_the_anchor(tracks, has & ~floats & ~partly, given, done_on)
    index = tracks.first_index(kept(given + 1))
    tracks.renumbered = np.where(has, given_cycle + 1 - index, tracks.renumbered)
    tracks.next_cycle = np.where(has, given_cycle + 1, tracks.next_cycle)
    if partly.any():
        _by_the_reference(tracks, variant, np.flatnonzero(partly), place, (cycle, nominal, done))
    go_on(tracks, handed, has)


def _before_the_anchor(tracks: Tracks, which: Flags, given: Days, done_on: Days) -> Days:
    """As ``recurrence._behind``: has the calendars of some pairs reach back before an anchor that lies ahead. Gives the
    days behind which each pair goes on."""
    ahead = which & (tracks.gap != NO_GAP) & (given < tracks.anchor)
    if not ahead.any():
        return given
    earlier = tracks.reaching_back(given)
    ahead &= earlier > 0
    tracks.anchor = np.where(ahead, earlier, tracks.anchor)
    of_it = (given >= tracks.anchor) & (tracks.dates(tracks.first_index(given)) == given)
    gap = np.where(ahead, tracks.gap, 1)
    return np.where(ahead & ~of_it, kept(np.maximum(given, done_on) + gap - 1), given)


def _newest(place: Days, value: Days, size: int) -> Days:
    """The last value of each place; -1 where there is none."""
    found = np.full(size, -1, np.int64)
    found[place] = value
    return found


def _by_the_reference(
    tracks: Tracks, variant: Callable[[int], Variant], partly: Days, place: Days, columns: tuple[Days, Days, Days]
) -> None:
    known: dict[int, dict[int, date]] = defaultdict(dict)
    finished: dict[int, dict[int, date]] = defaultdict(dict)
    wanted = np.isin(place, partly)
    rows = zip(place[wanted].tolist(), *(column[wanted].tolist() for column in columns), strict=True)
    for where, cycle, nominal, done in rows:
        known[where][cycle] = date.fromordinal(nominal)
        if done > NEVER:
            finished[where][cycle] = date.fromordinal(done)
    for where in partly.tolist():
        one, anchor = variant(where), date.fromordinal(int(tracks.anchor[where]))
        series = with_history(one.row, anchor, one.floor, finished[where], known[where], one.ends)
        tracks.offset[where], tracks.renumbered[where] = series.offset_days, series.renumbered
        tracks.next_cycle[where], tracks.anchor[where] = series.next_cycle, series.anchor.toordinal()
