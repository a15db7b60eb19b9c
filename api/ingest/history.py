"""The last hours of the way in, for a small chart: in the memory of the process that serves.

A ring of ``STEP_S`` long steps for each site, about 60 kB. Counters are looked at as what they gained since the report
before, so a collector that starts again, or another one that takes over, makes no spike and no hole.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from plantroom.ports.ledger import CollectorReport
from plantroom.ports.paging import Scope

STEP_S = 20
HOURS = 12
SLOTS = HOURS * 3600 // STEP_S
MAX_SITES = 200
MAX_ROWS = 720
LONGEST_S = 60.0
"""A report that is so much later than the one before says nothing of how fast things went between them."""

LEAST_S = 1.0
"""Of a step that is covered for less time there is no row: its rates would be guesses."""

COUNTERS = ("taken", "stored", "dead_lettered")
LARGEST = ("spool_depth", "lag_s", "gaps")
_SECONDS = len(COUNTERS)
_WIDTH = len(COUNTERS) + 1 + len(LARGEST)
Table = NDArray[np.float32]
Row = tuple[int, float, float, float, float, float, float]


class _Ring:
    """Steps of one site: what its counters gained, over how many seconds, and the largest of the other figures."""

    def __init__(self) -> None:
        self.slots = np.full(SLOTS, -1, np.int64)
        self.table: Table = np.zeros((SLOTS, _WIDTH), np.float32)

    def row(self, slot: int) -> Table:
        """The step's row, emptied when it is still an older one's."""
        at = slot % SLOTS
        if self.slots[at] != slot:
            self.slots[at], self.table[at] = slot, 0
        found: Table = self.table[at]
        return found


class FlowHistory:
    """What collectors reported over the last ``HOURS``. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: dict[str, _Ring] = {}
        self._last: dict[tuple[str, str], tuple[datetime, Mapping[str, float]]] = {}

    def note(self, reports: Sequence[CollectorReport], now: datetime) -> None:
        """Take in the reports as they are now; one that was taken in before adds nothing."""
        slot = int(now.timestamp()) // STEP_S
        with self._lock:
            known = {(r.collector, site): (r, figures) for r in reports for site, figures in r.by_site.items()}
            news = {key: one for key, one in known.items() if self._is_news(key, one[0])}
            for site in dict.fromkeys(site for _, site in news):
                ring = self._ring(site)
                if ring is not None:
                    _add(ring.row(slot), [self._gain(key, *one) for key, one in news.items() if key[1] == site])
            self._last = {key: (r.reported_at, figures) for key, (r, figures) in known.items()}

    def _is_news(self, key: tuple[str, str], report: CollectorReport) -> bool:
        return key not in self._last or report.reported_at > self._last[key][0]

    def _ring(self, site: str) -> _Ring | None:
        if site not in self._rings and len(self._rings) >= MAX_SITES:
            return None
        return self._rings.setdefault(site, _Ring())

    def _gain(self, key: tuple[str, str], report: CollectorReport, figures: Mapping[str, float]) -> list[float]:
        """A row of what one collector adds."""
        largest = [figures.get(name, 0.0) for name in LARGEST]
        at, before = self._last.get(key, (report.reported_at, figures))
        passed_s = (report.reported_at - at).total_seconds()
        if not 0 < passed_s <= LONGEST_S:
            return [*(0.0 for _ in COUNTERS), 0.0, *largest]
        gained = [_gained(before.get(name, 0.0), figures.get(name, 0.0)) for name in COUNTERS]
        return [*gained, passed_s, *largest]

    def rows(self, scope: Scope, site: str | None, start: datetime, end: datetime) -> tuple[int, list[Row]]:
        """The step in seconds and rows ``(ts_ms, messages/s, readings stored/s, rejects/min, spool depth, lag in s,
        gaps)`` in rising time, at most ``MAX_ROWS`` and one; steps without a report are left out. Several sites
        together."""
        last = int(end.timestamp()) // STEP_S
        first = max(int(start.timestamp()) // STEP_S, last - SLOTS + 1)
        together = max(1, -(-(last - first + 1) // MAX_ROWS))
        first -= first % together
        with self._lock:
            sites = [one for one in self._rings if scope.allows(one) and site in {None, one}]
            tables = [_span(self._rings[one], first, last, together) for one in sites]
        if not tables:
            return together * STEP_S, []
        whole = tables[0]
        for table in tables[1:]:
            _join(whole, table)
        return together * STEP_S, _rows(whole, first * STEP_S * 1000, together * STEP_S * 1000)


def _gained(before: float, now: float) -> float:
    """What a counter gained; one that began anew counts from 0."""
    return now - before if now >= before else now


def _add(row: Table, parts: Sequence[Sequence[float]]) -> None:
    """Reports of one moment: counters and gauges of several collectors add up, but the lag and the time do not."""
    one = np.array(parts, np.float64)
    total = one.sum(axis=0)
    for column in (_SECONDS, _column("lag_s")):
        total[column] = one[:, column].max()
    row[: _SECONDS + 1] += total[: _SECONDS + 1].astype(np.float32)
    np.maximum(row[_SECONDS + 1 :], total[_SECONDS + 1 :], out=row[_SECONDS + 1 :], casting="same_kind")


def _column(name: str) -> int:
    return _SECONDS + 1 + LARGEST.index(name)


def _span(ring: _Ring, first: int, last: int, together: int) -> Table:
    """Rows from ``first`` to ``last``, ``together`` steps in each; what was not covered has no seconds."""
    slots = np.arange(first, first + -(-(last - first + 1) // together) * together)
    rows = np.where((ring.slots[slots % SLOTS] == slots)[:, None], ring.table[slots % SLOTS], 0)
    grouped = rows.reshape(-1, together, _WIDTH)
    out: Table = np.concatenate([grouped[..., : _SECONDS + 1].sum(1), grouped[..., _SECONDS + 1 :].max(1)], axis=1)
    return out


def _join(whole: Table, other: Table) -> None:
    """Another site's rows into those of the sites before."""
    lag = _column("lag_s")
    seconds = np.maximum(whole[:, _SECONDS], other[:, _SECONDS])
    lags = np.maximum(whole[:, lag], other[:, lag])
    whole += other
    whole[:, _SECONDS], whole[:, lag] = seconds, lags


def _rows(table: Table, start_ms: int, step_ms: int) -> list[Row]:
    seconds = table[:, _SECONDS]
    per_s = table[:, :_SECONDS] / np.maximum(seconds, LEAST_S)[:, None]
    found: list[Row] = []
    for at in np.flatnonzero(seconds >= LEAST_S).tolist():
        messages, stored, rejects = (round(value, 2) for value in per_s[at].tolist())
        depth, lag_s, gaps = (round(value, 1) for value in table[at, _SECONDS + 1 :].tolist())
        found.append((start_ms + at * step_ms, messages, stored, round(60 * rejects, 1), depth, lag_s, gaps))
    return found
