"""Words that the tests of this folder share."""

from collections.abc import Sequence

import numpy as np

from plantroom.ports.readings import ReadingBatch, ReadingsStore, SeriesRef

T0 = 1_795_000_000_000
"""An instant in November 2026."""
FOR_EVER = (T0 - 10**11, T0 + 10**11)

Row = tuple[SeriesRef, int, float] | tuple[SeriesRef, int, float, int]


def pump(point: str, asset: str = "a1", site: str = "demo", equipment_class: str = "pump") -> SeriesRef:
    return SeriesRef(site, equipment_class, asset, point)


def batch(*rows: Row) -> ReadingBatch:
    series = list(dict.fromkeys(row[0] for row in rows))
    number = {one: i for i, one in enumerate(series)}
    return ReadingBatch(
        series=series,
        series_id=np.array([number[row[0]] for row in rows], dtype=np.int32),
        ts_ms=np.array([row[1] for row in rows], dtype=np.int64),
        value=np.array([row[2] for row in rows], dtype=np.float64),
        reason=np.array([row[3] if len(row) == 4 else 0 for row in rows], dtype=np.uint8),
    )


def wave(series: Sequence[SeriesRef], rows: int, step_ms: int = 1000, start_ms: int = T0) -> ReadingBatch:
    """``rows`` messages, each with a value of every series, reproducible."""
    values = np.random.default_rng(7).normal(50.0, 10.0, rows * len(series))
    return ReadingBatch(
        series=series,
        series_id=np.tile(np.arange(len(series), dtype=np.int32), rows),
        ts_ms=np.repeat(start_ms + step_ms * np.arange(rows, dtype=np.int64), len(series)),
        value=values,
        reason=np.zeros(len(values), dtype=np.uint8),
    )


def shown(store: ReadingsStore, series: SeriesRef, limit: int = 10_000) -> list[tuple[int, float, int]]:
    """Everything that the store shows of a series: instant after ``T0``, value, reason."""
    (page,) = store.read([series], *FOR_EVER, limit)
    assert page.series == series
    assert (page.ts_ms.dtype, page.value.dtype, page.reason.dtype) == (np.int64, np.float64, np.uint8)
    rows = zip((page.ts_ms - T0).tolist(), page.value.tolist(), page.reason.tolist(), strict=True)
    return list(rows)
