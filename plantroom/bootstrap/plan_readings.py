"""The readings that the plan goes by, out of the readings store, kept in memory and continued at each look.

A meter is read from hourly aggregates (raw readings for the hours that have none yet), over ``METER_DAYS`` at the first
look and from two days before the newest reading afterwards, so that what devices send late still counts. Changes of a
point are kept the same way for the window that is looked at. A store that is away is logged; what was read before
stands.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import structlog

from maintenance.meters import Sample
from maintenance.reading_port import PointReadings
from plantroom.domain.assets import Asset
from plantroom.domain.quality import Reason
from plantroom.errors import PlantroomError
from plantroom.ports.readings import HOUR_MS, ReadingsStore, SeriesRef

METER_DAYS = 1100
"""How far back a meter is read: three years, longer than any interval of running hours lasts in use."""

RAW_DAYS = 45
"""How far back raw readings stand in for hourly aggregates that are not made yet."""

LATE = timedelta(days=2)
LOOK_AGAIN = timedelta(minutes=15)
"""A meter is not read again sooner."""

_DAY = timedelta(days=1)
_AT_ONCE = 100_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Kept:
    """What is known of one point, from ``start`` on, as of ``seen``."""

    start: datetime
    seen: datetime
    samples: list[Sample] = field(default_factory=list)


class StoredReadings(PointReadings):
    """``PointReadings`` on a readings store. Safe to use from several threads."""

    def __init__(self, store: ReadingsStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._meters: dict[tuple[str, str], _Kept] = {}
        self._changes: dict[tuple[str, str], _Kept] = {}

    def meter(self, asset: Asset, point: str, now: datetime) -> Sequence[Sample]:
        """As the port says."""
        with self._lock:
            kept = self._meters.get((asset.key, point))
            if kept is None:
                kept = self._meters[asset.key, point] = _Kept(now - timedelta(days=METER_DAYS), _NEVER)
            if timedelta() <= now - kept.seen < LOOK_AGAIN:
                return list(kept.samples)
            begin = max(kept.start, kept.samples[-1].ts - LATE) if kept.samples else kept.start
            try:
                new = self._hours(_series(asset, point), begin, now)
            except PlantroomError as error:
                structlog.get_logger().warning("meter_not_read", asset=asset.code, point=point, error=str(error))
                return list(kept.samples)
            kept.samples = [s for s in kept.samples if s.ts <= begin] + [s for s in new if s.ts > begin]
            kept.seen = now
            return list(kept.samples)

    def changes(self, asset: Asset, point: str, start: datetime, end: datetime) -> Sequence[Sample]:
        """As the port says."""
        with self._lock:
            kept, first = self._changes.get((asset.key, point)), start - _DAY
            if kept is None or first < kept.start:
                kept = self._changes[asset.key, point] = _Kept(first, first)
            begin = max(kept.start, kept.seen - LATE)
            if end > begin:
                try:
                    new = self._raw(_series(asset, point), begin, end)
                except PlantroomError as error:
                    structlog.get_logger().warning("point_not_read", asset=asset.code, point=point, error=str(error))
                else:
                    later = [s for s in kept.samples if s.ts >= end]
                    kept.samples = [s for s in kept.samples if s.ts < begin] + new + later
                    kept.seen = max(kept.seen, end)
            return _thinned([s for s in kept.samples if first <= s.ts < end])

    def _hours(self, series: SeriesRef, start: datetime, end: datetime) -> list[Sample]:
        """The last value of each hour, at the hour's end or, of the present hour, at ``end``."""
        start_ms, end_ms = _ms(start) // HOUR_MS * HOUR_MS, _ms(end)
        page = self._store.read_aggregates([series], start_ms, end_ms, HOUR_MS)[0]
        raw_from = max(start_ms, end_ms - RAW_DAYS * 24 * HOUR_MS)
        if len(page.ts_ms):
            raw_from = max(raw_from, int(page.ts_ms[-1]) + HOUR_MS)
        raw = self._store.aggregate([series], raw_from // HOUR_MS * HOUR_MS, end_ms, HOUR_MS)[0]
        found = dict(zip(page.ts_ms.tolist(), page.last.tolist(), strict=True))
        found |= dict(zip(raw.ts_ms.tolist(), raw.last.tolist(), strict=True))
        return [Sample(_instant(min(ts + HOUR_MS, end_ms)), value) for ts, value in sorted(found.items())]

    def _raw(self, series: SeriesRef, start: datetime, end: datetime) -> list[Sample]:
        found: list[Sample] = []
        at, end_ms = _ms(start), _ms(end)
        while at < end_ms:
            page = self._store.read([series], at, end_ms, _AT_ONCE)[0]
            good = np.flatnonzero(page.reason == Reason.GOOD)
            found += [
                Sample(_instant(ts), value)
                for ts, value in zip(page.ts_ms[good].tolist(), page.value[good].tolist(), strict=True)
            ]
            if len(page.ts_ms) < _AT_ONCE:
                break
            at = int(page.ts_ms[-1]) + 1
        return _thinned(found)


def _thinned(samples: Sequence[Sample]) -> list[Sample]:
    """Without those that say what the one before says, but with the last one."""
    kept = [s for n, s in enumerate(samples) if n == 0 or s.value != samples[n - 1].value]
    if samples and kept[-1] is not samples[-1]:
        kept.append(samples[-1])
    return kept


def _series(asset: Asset, point: str) -> SeriesRef:
    return SeriesRef(asset.site, asset.equipment_class, asset.key, point)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(ts_ms: int) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, UTC)
