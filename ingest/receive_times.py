"""Receive times that stand in for a missing ``ts``: unique per asset."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import orjson

from ingest.instants import LEAD_MS

REMEMBERED = 1024
"""Instants of each asset that are not given again after our own clock was set back."""

REPLAYS = 10_000


@dataclass(slots=True)
class _Given:
    """``order``: the last instants given to one asset; ``taken``: the same as a set."""

    received_ms: int
    order: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    taken: set[int] = field(default_factory=set)

    def give(self, ts_ms: int) -> int:
        """The first free instant from ``ts_ms`` on."""
        while ts_ms in self.taken:
            ts_ms += 1
        if len(self.order) == REMEMBERED:
            self.taken.discard(self.order[0])
        self.order.append(ts_ms)
        self.taken.add(ts_ms)
        return ts_ms


class ReceiveTimes:
    """The next free millisecond for each message. Amortised O(1).

    A burst runs ahead of its receipt by as many milliseconds as it has messages too many. When our own clock is
    set back by more than ``LEAD_MS``, instants go back with it instead of standing still until it has caught up.
    """

    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}

    def next_free(self, asset: str, received_ms: int) -> int:
        """A millisecond at or after ``received_ms`` that none of the asset's last messages was given."""
        given = self._given.get(asset)
        if given is None:
            given = self._given[asset] = _Given(received_ms)
        set_back = received_ms < given.received_ms - LEAD_MS
        if set_back or received_ms > given.received_ms:
            given.received_ms = received_ms
        if set_back or not given.order:
            return given.give(received_ms)
        return given.give(max(received_ms, given.order[-1] + 1))

    def is_taken(self, asset: str, ts_ms: int) -> bool:
        """Whether one of the asset's last messages was given this instant."""
        given = self._given.get(asset)
        return given is not None and ts_ms in given.taken

    def snapshot(self) -> bytes:
        """The whole state."""
        steps = {asset: np.diff(one.order, prepend=0).tolist() for asset, one in self._given.items()}
        return orjson.dumps({asset: (self._given[asset].received_ms, steps[asset]) for asset in steps})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._given = {}
        try:
            for asset, (received_ms, steps) in (orjson.loads(state) if state else {}).items():
                order = np.cumsum(np.array(steps, np.int64)).tolist()
                self._given[asset] = _Given(received_ms, deque(order, REMEMBERED), set(order))
        except (TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of receive times") from error


class FirstCome(NamedTuple):
    """A message that is replayed: its name, the instant of what it says without one, whether nothing of it was stored
    yet, and else the parts that were not, as its letters name them; ``refused`` are those of them that the store did
    not take: these had got an instant."""

    message: str
    received_ms: int
    whole: bool
    parts: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def had_instant(self, points: Iterable[str]) -> bool:
        """Whether an object with these points was given an instant when it came at first."""
        return not self.whole and any(point not in self.parts or point in self.refused for point in points)


class ReplayTimes:
    """Instants of replayed messages that have none: those of their first receipt, and the same again each time.

    An object of which part was stored goes where that part stands: those of a message followed each other. One of which
    nothing was stored takes the first instant that no other has. Remembers ``REPLAYS`` instants.
    """

    def __init__(self, given: ReceiveTimes) -> None:
        self._given = given
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
        return not has_place and self._given.is_taken(asset, ts_ms)
