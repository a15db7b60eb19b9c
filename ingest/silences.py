"""How long each series is silent between its readings at the longest, as a rule: the pace of its publisher.

A silence of ``SHORTEST_MS`` or more is remembered for ``REMEMBERED`` times its length and counts less and less
meanwhile, in a straight line: one outage is no habit, but the pauses of a slow publisher, of one that sends in bursts
and of one that sends on change are. All on observed time and in integers, so that nothing depends on how the stream is
cut.
"""

from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.checkpoint import pack, unpack
from plantroom.ports.readings import SeriesRef

SHORTEST_MS = 20_000
"""Shorter silences are of no interest to anybody who waits for minutes."""

LONGEST_MS = 86_400_000
REMEMBERED = 48

_NEVER = -(1 << 42)
_SPAN = 1 << 43
"""More than any instant together with any silence that is remembered: keeps the series apart in one running maximum."""


class Silences:
    """The pace of every series of a table, by number. One thread."""

    def __init__(self) -> None:
        self._last = np.empty(0, np.int64)
        """Per series: its newest instant."""
        self._until = np.empty(0, np.int64)
        """Until when the longest silence is remembered, which says how long it was."""
        self._refs: list[SeriesRef] = []
        self._names = b"[]"
        self._saved: dict[tuple[str, str], tuple[int, int]] = {}

    def follow(self, series: Sequence[SeriesRef], *, anew: bool = False) -> None:
        """Take up the series that were added to the table; ``anew``: it is another table. Cost: O(added)."""
        if anew:
            self._saved |= self._by_name()
            self._forget()
        new = series[len(self._refs) :]
        if not new:
            return
        self._refs += new
        known = [self._saved.pop((ref.asset, ref.point), (_NEVER, 0)) for ref in new]
        last, until = np.array(known, np.int64).T
        self._last, self._until = np.concatenate((self._last, last)), np.concatenate((self._until, until))
        self._names = orjson.dumps([(ref.asset, ref.point) for ref in self._refs])

    def take(self, ids: NDArray[np.int32], ts_ms: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take readings in, both (n,), in the order in which they came. Gives for those at ``of`` (m,) what is
        remembered then (ms, 0: nothing) of the silences before the one that each of them ends, (m,). Cost: a few array
        operations where nothing was silent, else O(n log n)."""
        since_ms = ts_ms - self._last[ids]
        # Below 0 they are huge as unsigned numbers.
        if len(ids) and since_ms.view(np.uint64).max() >= SHORTEST_MS:
            until = self._learn(ids, ts_ms)[of]
        else:
            until = self._until[ids[of]]
        self._last[ids] = ts_ms
        remembered: NDArray[np.int64] = np.maximum(0, until - ts_ms[of]) // REMEMBERED
        return remembered

    def _learn(self, ids: NDArray[np.int32], ts_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take silences in; until when what was known before each reading is remembered, (n,)."""
        order = np.argsort(ids, kind="stable")
        sid, ts = ids[order], ts_ms[order]
        starts = np.concatenate(([True], sid[1:] != sid[:-1]))
        last = np.where(starts, self._last[sid], np.concatenate(([_NEVER], ts[:-1])))
        silent_ms = np.where(last == _NEVER, 0, ts - last)
        ends_ms = np.where(silent_ms >= SHORTEST_MS, ts + REMEMBERED * np.minimum(silent_ms, LONGEST_MS), 0)
        known = self._until[sid]
        if silent_ms.min() <= -SHORTEST_MS:
            before, after = _in_order(starts, silent_ms, ends_ms, known)
        else:
            offset = (np.cumsum(starts) - 1) * _SPAN
            after = np.maximum.accumulate(np.where(starts, np.maximum(ends_ms, known), ends_ms) + offset) - offset
            before = np.where(starts, known, np.concatenate(([0], after[:-1])))
        at_ends = np.concatenate((starts[1:], [True]))
        self._until[sid[at_ends]] = after[at_ends]
        until = np.empty(len(ids), np.int64)
        until[order] = before
        return until

    def snapshot(self) -> bytes:
        """The whole state."""
        columns = {"last": self._last.tobytes(), "until": self._until.tobytes()}
        return pack({"names": self._names, **columns, "saved": orjson.dumps(_rows(self._saved))})

    def slow(self) -> bytes:
        """As ``snapshot``, of the series of which a silence is remembered alone."""
        rows = self._by_name(self._until > self._last)
        return pack({"saved": orjson.dumps(_rows(self._saved | rows))})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` or ``TypeError`` on what is none."""
        parts = unpack(state)
        names = orjson.loads(parts.get("names", b"[]"))
        last, until = (np.frombuffer(parts.get(name, b""), np.int64).tolist() for name in ("last", "until"))
        saved = orjson.loads(parts.get("saved", b"[]"))
        self._forget()
        self._saved = {(str(asset), str(point)): (int(was), int(to)) for asset, point, was, to in saved}
        self._saved |= {
            (str(asset), str(point)): (was, to) for (asset, point), was, to in zip(names, last, until, strict=True)
        }

    def _forget(self) -> None:
        self._refs, self._names = [], b"[]"
        self._last = self._until = np.empty(0, np.int64)

    def _by_name(self, which: NDArray[np.bool_] | None = None) -> dict[tuple[str, str], tuple[int, int]]:
        at = range(len(self._refs)) if which is None else np.flatnonzero(which).tolist()
        return {(self._refs[n].asset, self._refs[n].point): (int(self._last[n]), int(self._until[n])) for n in at}


def _in_order(
    starts: NDArray[np.bool_], silent_ms: NDArray[np.int64], ends_ms: NDArray[np.int64], known: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What is remembered before and after each reading, one by one: a clock that was set back makes it nonsense."""
    before, after, until = [], [], 0
    for start, silent, end, saved in zip(*(c.tolist() for c in (starts, silent_ms, ends_ms, known)), strict=True):
        until = saved if start else until
        until = 0 if silent <= -SHORTEST_MS else until
        before.append(until)
        until = max(until, end)
        after.append(until)
    return np.array(before, np.int64), np.array(after, np.int64)


def _rows(saved: dict[tuple[str, str], tuple[int, int]]) -> list[tuple[str, str, int, int]]:
    return [(*name, *columns) for name, columns in saved.items()]
