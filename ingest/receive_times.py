"""Receive times that stand in for a missing ``ts``: unique per asset."""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import orjson

from ingest.instants import LEAD_MS

REMEMBERED = 1024
"""Instants of each asset that are not given again after our own clock was set back."""

REPLAYS = 10_000

AHEAD_MAX_MS = 3_600_000
"""What another holder gave further ahead than this came of a wrong clock, and holds nobody back."""

MOST_AHEAD_MS = 60_000
"""So far an instant that is given lies ahead of its receipt at most. Of an asset that goes on sending more than a
message a millisecond the last of each millisecond stands."""

RESERVE_MS = 2_000
"""So much more than was given is reserved at a time."""


@dataclass(slots=True)
class _Given:
    """``order``: the last instants given to one asset; ``taken``: the same as a set. ``floor``: the last one that an
    earlier holder of the site gave."""

    received_ms: int
    floor: int = 0
    order: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    taken: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        """The last instant that it may have been given, here or before."""
        return max(self.floor, self.order[-1] if self.order else 0)

    def above_floor(self, ts_ms: int, received_ms: int) -> int:
        """``ts_ms``, or the instant above those of the earlier holder; forgotten once our clock is past them."""
        if not received_ms <= self.floor <= received_ms + AHEAD_MAX_MS:
            self.floor = 0
        return max(ts_ms, self.floor + 1)

    def give(self, ts_ms: int, elsewhere: Callable[[int], bool] | None) -> int:
        """The first free instant from ``ts_ms`` on, which is not taken ``elsewhere`` either."""
        while ts_ms in self.taken or (elsewhere is not None and elsewhere(ts_ms)):
            ts_ms += 1
        if len(self.order) == REMEMBERED:
            self.taken.discard(self.order[0])
        self.order.append(ts_ms)
        self.taken.add(ts_ms)
        return ts_ms


class ReceiveTimes:
    """The next free millisecond for each message. Amortised O(1).

    A burst runs ahead of its receipt by as many milliseconds as it has messages too many, up to ``MOST_AHEAD_MS``. When
    our own clock is set back by more than ``LEAD_MS``, instants go back with it instead of standing still until it has
    caught up.
    """

    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}
        self._ahead: set[str] = set()
        self._reserved: dict[str, int] = {}

    def next_free(self, asset: str, received_ms: int, elsewhere: Callable[[int], bool] | None = None) -> int:
        """A millisecond at or after ``received_ms`` that none of the asset's last messages was given, and that is not
        taken ``elsewhere``, unless these run ahead by ``MOST_AHEAD_MS``."""
        given, begin_ms = self._begin(asset, received_ms)
        if begin_ms is None:
            return received_ms + MOST_AHEAD_MS
        return self._noted(asset, received_ms, given.give(begin_ms, elsewhere))

    def note(self, asset: str, received_ms: int, ts_ms: int) -> None:
        """``next_free`` gave this instant before, to what is processed again."""
        given, _ = self._begin(asset, received_ms)
        if ts_ms not in given.taken:
            self._noted(asset, received_ms, given.give(ts_ms, None))

    def _begin(self, asset: str, received_ms: int) -> tuple[_Given, int | None]:
        """What was given to the asset, and from where on the next is looked for (``None``: that is too far ahead)."""
        given = self._given.get(asset)
        if given is None:
            given = self._given[asset] = _Given(received_ms)
        set_back = received_ms < given.received_ms - LEAD_MS
        if set_back or received_ms > given.received_ms:
            given.received_ms = received_ms
        begin_ms = received_ms if set_back or not given.order else max(received_ms, given.order[-1] + 1)
        if begin_ms > received_ms + MOST_AHEAD_MS:
            return given, None
        if given.floor:
            begin_ms = given.above_floor(begin_ms, received_ms)
        return given, begin_ms

    def _noted(self, asset: str, received_ms: int, ts_ms: int) -> int:
        if ts_ms > received_ms + LEAD_MS and ts_ms > self._reserved.get(asset, 0):
            self._ahead.add(asset)
        return ts_ms

    def unreserved(self) -> bool:
        """Whether an instant was given that another holder of the site might give again: it runs ahead of its receipt
        by more than a take-over takes, and of what is reserved."""
        return bool(self._ahead)

    def hand_over(self, still_to_come: bytes = b"") -> bytes:
        """For each asset the instant above which the next holder of the site begins; some are reserved for those that
        run ahead. ``still_to_come``: what ``begin_above`` has not been called with yet."""
        bounds = {asset: self._bound(asset) for asset in self._given}
        with suppress(ValueError):
            bounds |= {asset: max(last, bounds.get(asset, 0)) for asset, last in _bounds_of(still_to_come).items()}
        return orjson.dumps(bounds)

    def reserved(self) -> None:
        """What ``hand_over`` gave last is kept."""
        self._reserved |= {asset: self._bound(asset) for asset in self._ahead}
        self._ahead.clear()

    def _bound(self, asset: str) -> int:
        lead_ms = RESERVE_MS if asset in self._ahead else 0
        return max(self._given[asset].last + lead_ms, self._reserved.get(asset, 0))

    def begin_above(self, handed_over: bytes) -> None:
        """Give nothing that an earlier holder gave (empty: there was none). Raises ``ValueError`` on what ``hand_over``
        did not make."""
        for asset, last in _bounds_of(handed_over).items():
            given = self._given.setdefault(asset, _Given(0))
            given.floor = max(given.floor, last)

    def is_taken(self, asset: str, ts_ms: int) -> bool:
        """Whether one of the asset's last messages was given this instant."""
        given = self._given.get(asset)
        return given is not None and ts_ms in given.taken

    def snapshot(self) -> bytes:
        """The whole state."""
        steps = {asset: np.diff(one.order, prepend=0).tolist() for asset, one in self._given.items()}
        kept = {a: (self._given[a].received_ms, steps[a], self._given[a].floor) for a in steps}
        return orjson.dumps(kept)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._given = {}
        self._ahead.clear()
        try:
            for asset, (received_ms, steps, *floors) in (orjson.loads(state) if state else {}).items():
                order = np.cumsum(np.array(steps, np.int64)).tolist()
                self._given[asset] = _Given(received_ms, max(floors, default=0), deque(order, REMEMBERED), set(order))
        except (TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of receive times") from error


def _bounds_of(handed_over: bytes) -> dict[str, int]:
    try:
        return {asset: int(last) for asset, last in (orjson.loads(handed_over) if handed_over else {}).items()}
    except (TypeError, AttributeError) as error:
        raise ValueError("no receive times of an earlier holder") from error


class FirstCome(NamedTuple):
    """A message that is replayed: its name, the instant of what it says without one, whether nothing of it was stored
    yet, and else the parts that were not, as its letters name them; ``refused`` are those of them that the store did
    not take: these had got an instant. ``untold``: nobody has heard of its events yet."""

    message: str
    received_ms: int
    whole: bool
    parts: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    untold: bool = False

    def had_instant(self, points: Iterable[str]) -> bool:
        """Whether an object with these points was given an instant when it came at first."""
        return not self.whole and any(point not in self.parts or point in self.refused for point in points)


class ReplayTimes:
    """Instants of replayed messages that have none: those of their first receipt, and the same again each time.

    An object of which part was stored goes where that part stands: those of a message followed each other. One of which
    nothing was stored takes the first instant that no other has. Remembers ``REPLAYS`` instants.
    """

    def __init__(self, is_taken: Callable[[str, int], bool]) -> None:
        """``is_taken``: whether a message of the asset was given this instant when it came."""
        self._is_taken = is_taken
        self._owners: dict[tuple[str, int], tuple[str, int]] = {}
        self._samples: dict[tuple[str, str], tuple[int, int]] = {}
        """By asset and message: samples so far, and how many of them have their place."""

    def begin(self) -> None:
        """A batch begins: samples of a message are counted anew."""
        self._samples = {}

    def of(self, asset: str, first: FirstCome, points: Iterable[str] = ()) -> int:
        """The instant of the message's next sample for the asset, which has values of these points."""
        number, placed = self._samples.get((asset, first.message), (0, 0))
        has_place = first.had_instant(points)
        self._samples[asset, first.message] = (number + 1, placed + has_place)
        mine = (first.message, number)
        ts_ms = first.received_ms + (placed if has_place else 0)
        while self._is_others(asset, ts_ms, mine, has_place):
            ts_ms += 1
        if len(self._owners) >= REPLAYS:
            self._owners.pop(next(iter(self._owners)))
        self._owners[asset, ts_ms] = mine
        return ts_ms

    def _is_others(self, asset: str, ts_ms: int, mine: tuple[str, int], has_place: bool) -> bool:
        owner = self._owners.get((asset, ts_ms))
        if owner is not None:
            return owner != mine
        return not has_place and self._is_taken(asset, ts_ms)
