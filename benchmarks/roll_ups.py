"""What roll-ups cost: the noting of windows in each batch, the computing, the deleting beside an ingest.

    python -m benchmarks.roll_ups sqlite
    python -m benchmarks.roll_ups influxd      (a server as the tests use, started and stopped)

Messages of five values; every asset once a second. One JSON document on stdout.
"""

import argparse
import json
import os
import platform
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.readings_store import POINTS
from ingest.rollups import RollUps
from ingest.windows import TouchedWindows
from plantroom.domain.assets import Asset, LocalName, Point, PointKind, PointTemplate, Site
from plantroom.ports.clock import FixedClock
from plantroom.ports.readings import DAY_MS, HOUR_MS, ReadingBatch, ReadingsStore, SeriesRef
from plantroom.ports.rollups import windows_of
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.readings.factory import open_readings

NOW_MS = int(time.time()) // 3600 * HOUR_MS
NAME = LocalName("x", "x")


def batch(series: list[SeriesRef], assets: int, messages: int, start_ms: int, first: int = 0) -> ReadingBatch:
    """Messages ``first`` to ``first + messages`` of a stream in which asset after asset publishes."""
    number = np.arange(first, first + messages)
    width = len(POINTS)
    return ReadingBatch(
        series=series,
        series_id=((number % assets)[:, None] * width + np.arange(width)).ravel().astype(np.int32),
        ts_ms=np.repeat(start_ms + number * 1000 // assets, width),
        value=np.round(np.random.default_rng(3).normal(50, 5, messages * width), 3),
        reason=np.zeros(messages * width, np.uint8),
    )


def noting(series: list[SeriesRef], assets: int, spread_ms: int) -> dict[str, float]:
    """Microseconds to note the windows of a batch of 5,000 messages; ``spread_ms`` apart at random (late data)."""
    work = [batch(series, assets, 5_000, NOW_MS, n * 5_000) for n in range(200)]
    if spread_ms:
        rng = np.random.default_rng(1)
        late = [np.repeat(rng.integers(0, spread_ms, 5_000), len(POINTS)) for _ in work]
        work = [replace(one, ts_ms=one.ts_ms - by) for one, by in zip(work, late, strict=True)]
    windows = TouchedWindows("demo")
    took = []
    for one in work:
        begun = time.perf_counter()
        windows.touch(one)
        took.append((time.perf_counter() - begun) * 1e6)
    return {"us_p50": round(float(np.percentile(took, 50))), "us_p99": round(float(np.percentile(took, 99)))}


def computing(store: ReadingsStore, ledger: SqlLedger, series: list[SeriesRef], assets: int) -> dict[str, float]:
    """One hour of every asset, a reading a second of each of five points: to the marks, to the aggregates."""
    start_ms = NOW_MS - 2 * HOUR_MS
    made = set()
    for first in range(0, 3600 * assets, 20_000):
        one = batch(series, assets, min(20_000, 3600 * assets - first), start_ms, first)
        store.write(one)
        made.update(windows_of(one))
    begun = time.perf_counter()
    with ledger.begin() as tx:
        tx.roll_ups.mark(list(made))
    marked_s = time.perf_counter() - begun
    job = RollUps(ledger, store, FixedClock(datetime.fromtimestamp(NOW_MS / 1000, UTC)))
    begun, cpu = time.perf_counter(), time.process_time()
    while job.run_once():
        pass
    took_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    assert job.rolled_up == assets * 7
    return {
        "windows": job.rolled_up,
        "mark_us_per_window": round(marked_s / len(made) * 1e6),
        "seconds": round(took_s, 2),
        "cpu_s_of_this_process": round(cpu_s, 2),
        "windows_per_s": round(job.rolled_up / took_s),
        "readings_per_s": round(3600 * assets * len(POINTS) / took_s),
    }


def deleting(store: ReadingsStore, series: list[SeriesRef], assets: int) -> dict[str, float]:
    """An hour of readings is deleted while batches of 500 messages are written."""
    start_ms = NOW_MS - 50 * DAY_MS
    for first in range(0, 3600 * assets, 20_000):
        store.write(batch(series, assets, min(20_000, 3600 * assets - first), start_ms, first))

    def measured(going: threading.Thread | None) -> list[float]:
        took: list[float] = []
        end = time.monotonic() + 5
        while going.is_alive() if going else time.monotonic() < end:
            one = batch(series, assets, 500, NOW_MS - HOUR_MS, len(took) * 500)
            begun = time.perf_counter()
            store.write(one)
            took.append((time.perf_counter() - begun) * 1e3)
        return took

    alone = measured(None)
    thread = threading.Thread(target=store.delete_before, args=(start_ms + DAY_MS, lambda: False))
    begun = time.perf_counter()
    thread.start()
    beside = measured(thread)
    took_s = time.perf_counter() - begun
    rows = 3600 * assets
    return {
        "rows": rows,
        "rows_per_s": round(rows / took_s),
        "write_ms_p99_alone": round(float(np.percentile(alone, 99)), 1),
        "write_ms_p99_beside": round(float(np.percentile(beside, 99)), 1),
        "write_ms_max_beside": round(max(beside), 1),
    }


def plant(ledger: SqlLedger, assets: int) -> list[SeriesRef]:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("demo", NAME))
        for n in range(assets):
            asset = Asset(f"asset-{n:04d}", "demo", f"A-{n}", "pump", NAME)
            templates = [PointTemplate(key, NAME, "1", PointKind.MEASURE) for key in POINTS]
            tx.assets.add(asset, [Point(asset.key, one) for one in templates])
    return [SeriesRef("demo", "pump", f"asset-{n:04d}", key) for n in range(assets) for key in POINTS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", choices=["sqlite", "influxd"])
    parser.add_argument("--assets", type=int, default=200)
    options = parser.parse_args()
    server = None
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/readings.db"
        if options.store == "influxd":
            from tests.servers.influxd import influx_server

            server = influx_server(own=True)
            server.start()
            url = server.access.readings_url("bench")
        ledger, store = SqlLedger(f"sqlite:///{folder}/ledger.db"), open_readings(url, Path(folder))
        try:
            ledger.open()
            store.open()
            series = plant(ledger, options.assets)
            figures = {
                "noting_live": noting(series, options.assets, 0),
                "noting_an_hour_of_backlog_mixed": noting(series, options.assets, HOUR_MS),
                "computing": computing(store, ledger, series, options.assets),
            }
            if options.store == "sqlite":
                figures["deleting"] = deleting(store, series, options.assets)
        finally:
            store.close()
            ledger.close()
            if server is not None:
                server.close()
    environment = {"cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__}
    print(json.dumps({**figures, "settings": vars(options), "environment": environment}))


if __name__ == "__main__":
    main()
