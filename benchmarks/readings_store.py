"""Values per second that the readings stores write durably and read back.

    python -m benchmarks.readings_store sqlite:////tmp/bench.db
    python -m benchmarks.readings_store influxdb://TOKEN@127.0.0.1:8086/ORG/BUCKET
    python -m benchmarks.readings_store influxd      (a server as the tests use, started and stopped)

Messages of five values from 200 assets, in batches as the ingest writes them. One JSON document on stdout.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

from plantroom.ports.readings import ReadingBatch, ReadingsStore, SeriesRef
from plantroom.storage.readings.factory import open_readings

T0 = 1_795_000_000_000
POINTS = ("vibration", "discharge_pressure", "flow", "power", "bearing_temperature")


def batches(messages: int, size: int, assets: int) -> list[ReadingBatch]:
    """Batches of ``size`` messages; asset after asset publishes, every asset once a second."""
    series = [SeriesRef("demo", "pump", f"asset-{a:04d}", point) for a in range(assets) for point in POINTS]
    rng = np.random.default_rng(3)
    made = []
    for start in range(0, messages, size):
        number = np.arange(start, min(start + size, messages))
        values = np.round(rng.normal(50, 5, len(number) * len(POINTS)), 3)
        made.append(
            ReadingBatch(
                series=series,
                series_id=((number % assets)[:, None] * len(POINTS) + np.arange(len(POINTS))).ravel().astype(np.int32),
                ts_ms=np.repeat(T0 + number * 1000 // assets, len(POINTS)),
                value=values,
                reason=np.zeros(len(values), dtype=np.uint8),
            )
        )
    return made


def measure(store: ReadingsStore, messages: int, size: int, assets: int) -> dict[str, float]:
    """Write everything, then read one asset, its aggregates and every newest reading."""
    work = batches(messages, size, assets)
    store.write(work[0])
    took: list[float] = []
    cpu, started = time.process_time(), time.perf_counter()
    for one in work:
        before = time.perf_counter()
        assert not store.write(one).rejected
        took.append(time.perf_counter() - before)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    values = messages * len(POINTS)
    asset = list(work[0].series[: len(POINTS)])
    figures = {
        "values_per_s": round(values / wall),
        "rows_per_s": round(messages / wall),
        "cpu_us_per_value": round(cpu / values * 1e6, 2),
        "batch_ms_p50": round(float(np.percentile(took, 50)) * 1000, 1),
        "batch_ms_p99": round(float(np.percentile(took, 99)) * 1000, 1),
    }
    end = T0 + messages * 1000
    calls = {
        "read_1000_ms": lambda: store.read(asset, T0, end, 1000),
        "aggregate_ms": lambda: store.aggregate(asset, T0, end, 60_000),
        "latest_all_ms": lambda: store.latest(list(work[0].series)),
        "count_ms": lambda: store.count(asset, T0, end),
    }
    for name, call in calls.items():
        before = time.perf_counter()
        call()
        figures[name] = round((time.perf_counter() - before) * 1000, 1)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=5_000, help="messages in a batch")
    parser.add_argument("--assets", type=int, default=200)
    options = parser.parse_args()
    server = None
    with tempfile.TemporaryDirectory() as folder:
        url = options.url
        if url == "influxd":
            from tests.servers.influxd import influx_server

            server = influx_server(own=True)
            server.start()
            url = server.access.readings_url("bench")
        store = open_readings(url, Path(folder))
        try:
            store.open()
            figures = measure(store, options.messages, options.batch, options.assets)
        finally:
            store.close()
            if server is not None:
                server.close()
    settings = {"store": options.url.split(":")[0], "messages": options.messages, "batch": options.batch}
    environment = {"cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__}
    print(json.dumps({**figures, "settings": {**settings, "assets": options.assets}, "environment": environment}))


if __name__ == "__main__":
    main()
