"""Where the time goes on the way in: CPU of one thread per message and stage, without broker and store.

    python -m benchmarks.hot_path
    python -m benchmarks.hot_path --assets 1000 --batch 500
    python -m benchmarks.hot_path --standing

Messages of five values as a pump sends them go from the socket's bytes to the body of a request to InfluxDB, to limit
alarms and to condition models that score every asset; with ``--standing`` every value is beyond a limit all the time.
The best of several rounds counts: other work on the machine
makes a round slower, never faster. One JSON document on stdout.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from gateway.packets import PacketSocket
from gateway.spool import Spool
from ingest.alarms import LimitAlarms
from ingest.dialects.json.decoder import decode
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.sensor_faults import SensorFaults
from models.fitting import fit
from models.registry import ModelRegistry, ModelState, Provenance
from models.stage import ModelStage
from plantroom.bootstrap.memory import settle_memory
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, Limits, LocalName, Plant, Point, PointKind, Site, Source, SourceClock
from plantroom.ports.clock import SystemClock
from plantroom.ports.readings import ReadingsStore
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.storage.readings.influx_lines import LineBook
from plantroom.storage.readings.layout import cells_of
from plantroom.wire import encode_telemetry

SITE = "bench"
POINTS = 5
LEARN_ROWS = 400
STEP_MS = 100
BASE = np.array([0.2, 0.42, 50.0, 48.0, 1.8])
SPREAD = np.array([0.01, 0.02, 0.5, 0.5, 0.05])
PART_LINES = 2_000


class Stopwatch:
    """CPU seconds of this thread by the name of what it was spent on."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Count a block's CPU time under ``name``."""
        before = time.thread_time()
        yield
        self.spent[name] += time.thread_time() - before


class _Wire:
    """Stands for a socket that has all of a stream to give."""

    def __init__(self, stream: bytes) -> None:
        self._stream, self._at = stream, 0

    def recv(self, size: int) -> bytes:
        self._at += size
        return self._stream[self._at - size : self._at]


def plant_of(assets: int, *, standing: bool = False) -> Plant:
    """Pumps with all the points that the class gives them; their sources' clocks are recorded ones. ``standing``: two
    limits of each point lie below all that it ever sends."""
    pump, name = equipment_classes()["pump"], LocalName("泵", "pump")
    keys = [f"key-{n:04}" for n in range(assets)]
    low = Limits(warning_high=-1e6, alarm_high=-1e6, warning_delay_s=0, alarm_delay_s=0)
    templates = [replace(template, limits=low) for template in pump.points] if standing else pump.points
    return Plant(
        revision=1,
        sites={SITE: Site(SITE, name)},
        assets={key: Asset(key, SITE, f"P-{key[4:]}", "pump", name) for key in keys},
        codes={(SITE, f"P-{key[4:]}"): key for key in keys},
        points={key: {template.key: Point(key, template) for template in templates} for key in keys},
        sources={key: Source(key, clock=SourceClock.SIMULATED) for key in keys},
        learn_windows=[],
    )


def point_keys() -> list[str]:
    """The five points that the messages carry."""
    pump = equipment_classes()["pump"]
    return [p.key for p in pump.points if p.kind is PointKind.MEASURE and p.in_model][:POINTS]


def stream_of(messages: int, assets: int, start_ms: int) -> bytes:
    """PUBLISH packets (QoS 1) of all assets in turn, one instant after the other."""
    rng, keys = np.random.default_rng(5), point_keys()
    values = np.round(BASE + SPREAD * rng.normal(size=(messages, POINTS)), 4).tolist()
    packets = []
    for n, row in enumerate(values):
        topic = f"plantroom/{SITE}/P-{n % assets:04}/telemetry".encode()
        named = dict(zip(keys, row, strict=True))
        payload = encode_telemetry(start_ms + n // assets * STEP_MS, named, boot="bench", seq=n // assets)
        body = len(topic).to_bytes(2, "big") + topic + (n % 65_000 + 1).to_bytes(2, "big") + payload
        packets.append(b"\x32" + bytes((len(body) & 0x7F | 0x80, len(body) >> 7)) + body)
    return b"".join(packets)


def models_of(plant: Plant, folder: Path, start_ms: int) -> ModelStage:
    """The stage with an active model for every asset, learned from rows before ``start_ms``."""
    registry, rng = ModelRegistry(folder / "models"), np.random.default_rng(7)
    ts_ms = start_ms - STEP_MS * np.arange(LEARN_ROWS, 0, -1)
    span = int(ts_ms[0]), int(ts_ms[-1])
    for key, points in plant.points.items():
        named = [(name, points[name].template.unit) for name in point_keys()]
        fitted = fit(named, ts_ms, BASE + SPREAD * rng.normal(size=(LEARN_ROWS, POINTS)))
        why = Provenance(key, *span, LEARN_ROWS, "benchmark", datetime.now(UTC))
        registry.register(fitted.baseline, why, ModelState.ACTIVE)
    # Rows are scored from memory: nothing is asked of a store.
    return ModelStage(registry, cast("ReadingsStore", None), SystemClock(), equipment_classes().get)


def run(watch: Stopwatch, stream: bytes, plant: Plant, folder: Path, start_ms: int, batch: int) -> int:
    """All messages of the stream through all stages; gives how many findings there were."""
    classes = equipment_classes()
    stages = (LimitAlarms(classes), SensorFaults(classes), models_of(plant, folder, start_ms))
    pipeline = Pipeline(SITE, Lane.NORMAL, stages, classes, PresenceTracker(classes))
    pipeline.follow(plant)
    spool = Spool(folder / "spool")
    spool.open()
    # As the role does: what is there by now stays, and the collector of cycles seldom looks at what is new.
    settle_memory()
    packets = PacketSocket(cast("Any", _Wire(stream)))
    found = 0
    while True:
        with watch.on("split"):
            messages = packets.receive()
        if packets.ended:
            break
        now_ms = time.time_ns() // 1_000_000
        with watch.on("spool"):
            for topic, payload, *_ in messages:
                spool.put(topic, payload, now_ms)
            spool.sync()
    # The first batch loads the models: once, not for each message.
    _ingest(Stopwatch(), pipeline, spool.read(batch, 0))
    while True:
        with watch.on("read back"):
            records = spool.read(batch, 0)
        if not records:
            break
        found += _ingest(watch, pipeline, records)
    with watch.on("state, once"):
        pipeline.snapshot()
    spool.close()
    return found


def _ingest(watch: Stopwatch, pipeline: Pipeline, records: Sequence[SpoolRecord]) -> int:
    with watch.on("topics"):
        batch = pipeline.sort(records)
    with watch.on("decode"):
        decode([record.payload for record in records])
    with watch.on("decode, match, judge"):
        read = pipeline.read(batch)
    for columns in read.columns:
        with watch.on("rows"):
            book = LineBook(cells_of(columns.readings, ()))
        with watch.on("lines"):
            for start in range(0, len(book), PART_LINES):
                book.body(start, min(start + PART_LINES, len(book)))
    refused: list[tuple[()]] = [() for _ in read.columns]
    with watch.on("conclude"):
        pipeline.conclude(batch, read, refused)
    found = 0
    for name, look in zip(("alarms", "sensors", "models"), pipeline.watches(read, refused), strict=False):
        with watch.on(name):
            found += len(look().findings)
    return found


def measure(messages: int, assets: int, batch: int, rounds: int, *, standing: bool = False) -> dict[str, Any]:
    """Microseconds a message by stage, the best of the rounds for each."""
    start_ms = 1_795_000_000_000
    stream, plant = stream_of(messages + batch, assets, start_ms), plant_of(assets, standing=standing)
    best: dict[str, float] = {}
    for _ in range(rounds):
        watch = Stopwatch()
        with tempfile.TemporaryDirectory() as folder:
            findings = run(watch, stream, plant, Path(folder), start_ms, batch)
        watch.spent["match, judge"] = watch.spent.pop("decode, match, judge") - watch.spent["decode"]
        for name, seconds in watch.spent.items():
            best[name] = min(best.get(name, np.inf), seconds)
    once_ms = best.pop("state, once") * 1000
    stages = {name: round(seconds / messages * 1e6, 2) for name, seconds in best.items()}
    return {"us_a_message": stages, "sum": round(sum(stages.values()), 2), "state_ms": round(once_ms, 2),
            "findings": findings}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--assets", type=int, default=20)
    parser.add_argument("--batch", type=int, default=5_000, help="messages that the ingest takes at a time")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--standing", action="store_true", help="every value is beyond two limits all the time")
    options = parser.parse_args()
    document = measure(options.messages, options.assets, options.batch, options.rounds, standing=options.standing)
    document["settings"] = vars(options)
    document["environment"] = {
        "cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__,
    }  # fmt: skip
    print(json.dumps(document))


if __name__ == "__main__":
    main()
