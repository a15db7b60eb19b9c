"""The quality gate: what a reading is worth, and whether it may be judged now.

Works on whole columns; the result does not depend on how the stream is cut into batches. Cost: O(n log n) for
n readings (a stable sort by series).
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ingest.instants import LATE_MS, LEAD_MS
from ingest.matching import AssetRoute
from plantroom.domain.assets import PointKind, PointTemplate
from plantroom.domain.quality import FIRST_BAD, Reason

_NEVER = -1
_SPAN = 1 << 42
"""More than any timestamp in milliseconds (to the year 2109): keeps the series apart in one running maximum."""

_STATE = np.dtype([("newest", "<i8"), ("value", "<f8"), ("at", "<i8"), ("since", "<i8")])
"""Per series: newest instant; last judged value, its instant, and since when that value repeats."""

_LIMITS = np.dtype(
    [("low", "<f8"), ("high", "<f8"), ("stuck_ms", "<f8"), ("simulated", "?"), ("teller", "<i8"), ("tells", "?")]
)
"""Per series: what its point says of it; the series (``_NOBODY``: none) that tells whether its value moves at all, and
whether it is such a one itself. The last word of one that tells is its ``value`` in the state (1: it does)."""

_NOBODY = -1


class QualityGate:
    """Physical range, stuck sensors, late and out-of-order readings; state per series. One thread."""

    def __init__(self) -> None:
        self._state = np.empty(0, _STATE)
        self._limits = np.empty(0, _LIMITS)

    def follow(self, routes: Iterable[AssetRoute], series: int) -> None:
        """Take up the points' bounds and the sources' clocks; ``series`` is the length of the series table."""
        self._grow(series)
        for route in routes:
            tellers = set()
            for key, number in route.ids.items():
                template = route.points[key].template
                teller = route.ids.get(template.stuck_while or "", _NOBODY)
                tellers.add(teller)
                self._limits[number] = (*_bounds(template, route.simulated), teller, False)
            for number in tellers - {_NOBODY}:
                self._limits["tells"][number] = True

    def judge(
        self,
        series_id: NDArray[np.int32],
        ts_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        received_ms: NDArray[np.int64],
        reason: NDArray[np.uint8],
        aside: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.bool_]:
        """Write what is bad into ``reason`` (n,) and give ``live`` (n,): neither late nor out of order.

        All arrays are (n,), in the order of the spool; instants lie in the years 1970 to 2109. A reading is
        late when it was observed more than 600 s before it was received (live sources), out of order when its
        series already has one of the same or a later instant. No instant of a live source holds others back for
        longer than ``LEAD_MS``, however far it lies in the future, nor does one from before our own clock was set
        back. Readings that are ``aside`` are looked at by themselves: never live, and no trace of them is kept.
        """
        live = np.zeros(len(value), np.bool_)
        order = np.argsort(series_id, kind="stable")
        if aside is not None and aside.any():
            self._judge_range(series_id, value, reason, np.flatnonzero(aside))
            order = order[~aside[order]]
        if not len(order):
            return live
        sid, ts, received = series_id[order], ts_ms[order], received_ms[order]
        bounds = self._limits[sid]
        in_order = self._advance(sid, ts, np.where(bounds["simulated"], _SPAN, received + LEAD_MS))
        late = ~bounds["simulated"] & (received - ts > LATE_MS)
        out_of_range = (value[order] < bounds["low"]) | (value[order] > bounds["high"])
        sorted_live = in_order & ~late
        sound = ~out_of_range & (reason[order] < FIRST_BAD)
        judged = np.flatnonzero(sorted_live & sound & np.isfinite(bounds["stuck_ms"]))
        told = np.flatnonzero(sorted_live & bounds["tells"])
        words = (sound[told] & (value[order[told]] > 0)).astype(np.float64)
        rests = self._rests(sid, order, judged, told, words)
        stuck = judged[self._stuck(sid[judged], ts[judged], value[order[judged]], rests)]
        reason[order[out_of_range]] = Reason.OUT_OF_RANGE
        reason[order[stuck]] = Reason.STUCK
        live[order] = sorted_live
        return live

    def snapshot(self) -> bytes:
        """The state of all series, by number."""
        return self._state.tobytes()

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._state = np.frombuffer(state, _STATE).copy()
        self._limits = np.empty(0, _LIMITS)

    def _grow(self, series: int) -> None:
        self._state = _extended(self._state, series, (_NEVER, np.nan, _NEVER, _NEVER))
        self._limits = _extended(self._limits, series, (-np.inf, np.inf, np.inf, False, _NOBODY, False))

    def _judge_range(
        self,
        series_id: NDArray[np.int32],
        value: NDArray[np.float64],
        reason: NDArray[np.uint8],
        at: NDArray[np.int64],
    ) -> None:
        bounds = self._limits[series_id[at]]
        reason[at[(value[at] < bounds["low"]) | (value[at] > bounds["high"])]] = Reason.OUT_OF_RANGE

    def _advance(
        self, sid: NDArray[np.int32], observed: NDArray[np.int64], cap: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which readings are newer than all before them in their series; moves the newest instants on, which
        never lie beyond the ``cap`` (n,) of the latest reading."""
        starts = _starts(sid)
        ts = np.minimum(observed, cap)
        offset = (np.cumsum(starts) - 1) * _SPAN
        running = np.maximum.accumulate(ts + offset) - offset
        before = np.where(starts, _NEVER, np.concatenate(([_NEVER], running[:-1])))
        before = np.maximum(before, self._state["newest"][sid])
        if (before > cap).any():
            return self._advance_capped(sid, observed, cap)
        ends = np.concatenate((starts[1:], [True]))
        self._state["newest"][sid[ends]] = np.maximum(running[ends], before[ends])
        newer: NDArray[np.bool_] = observed > before
        return newer

    def _advance_capped(
        self, sid: NDArray[np.int32], observed: NDArray[np.int64], cap: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """As ``_advance``, one by one: our own clock was set back."""
        newest, newer = self._state["newest"], []
        for series, ts, most in zip(sid.tolist(), observed.tolist(), cap.tolist(), strict=True):
            before = min(int(newest[series]), most)
            newer.append(ts > before)
            newest[series] = max(before, min(ts, most))
        return np.array(newer, np.bool_)

    def _rests(
        self,
        sid: NDArray[np.int32],
        order: NDArray[np.int64],
        judged: NDArray[np.int64],
        told: NDArray[np.int64],
        words: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Of the ``judged`` (m,), those whose machine rests, or is not known to run: their values may stay. ``told``
        (k,) are the readings that tell, their ``words`` 1 or 0; both are places in the order by series. What counts is
        the last word before a reading."""
        teller, last = self._limits["teller"][sid[judged]], self._state["value"]
        word = last[teller]
        news = len(told) and bool((last[sid[told]] != words).any())
        if news and len(judged):
            span = order.max() + 1
            place = sid[told] * span + order[told]
            at = np.searchsorted(place, teller * span + order[judged]) - 1
            word = np.where((at >= 0) & (sid[told[at]] == teller), words[at], word)
        if news:
            last[sid[told]] = words
        rests: NDArray[np.bool_] = (teller != _NOBODY) & ~(word > 0)
        return rests

    def _stuck(
        self,
        sid: NDArray[np.int32],
        ts: NDArray[np.int64],
        value: NDArray[np.float64],
        rests: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which readings repeat their value for too long; a silence of that length begins a new run, and so does every
        reading of a machine that ``rests``."""
        if not len(sid):
            return np.zeros(0, np.bool_)
        starts, limit, state = _starts(sid), self._limits["stuck_ms"][sid], self._state
        last_value = np.where(starts, state["value"][sid], np.concatenate(([0.0], value[:-1])))
        last_ts = np.where(starts, state["at"][sid], np.concatenate(([0], ts[:-1])))
        changed = (value != last_value) | (ts - last_ts > limit) | (ts < last_ts) | rests
        run = np.maximum.accumulate(np.where(changed | starts, np.arange(len(sid)), 0))
        since = np.where(changed, ts, state["since"][sid])[run]
        ends = np.concatenate((starts[1:], [True]))
        at = sid[ends]
        state["value"][at], state["at"][at], state["since"][at] = value[ends], ts[ends], since[ends]
        stuck: NDArray[np.bool_] = ts - since > limit
        return stuck


def _bounds(template: PointTemplate, simulated: bool) -> tuple[float, float, float, bool]:
    watched = template.kind is PointKind.MEASURE and template.stuck_after_s is not None
    return (
        -np.inf if template.physical_low is None else template.physical_low,
        np.inf if template.physical_high is None else template.physical_high,
        1000 * template.stuck_after_s if watched and template.stuck_after_s is not None else np.inf,
        simulated,
    )


def _extended(array: NDArray[np.void], size: int, fill: tuple[object, ...]) -> NDArray[np.void]:
    if len(array) >= size:
        return array
    grown = np.empty(max(size, 2 * len(array)), array.dtype)
    grown[:] = np.array(fill, array.dtype)
    grown[: len(array)] = array
    return grown


def _starts(sid: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Where a new series begins in sorted series numbers (n,)."""
    return np.concatenate((np.ones(1, np.bool_), sid[1:] != sid[:-1]))
