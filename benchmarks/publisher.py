"""Messages per second of the reference publisher, by how it is called and what the disk has to promise.

    python -m benchmarks.publisher [--messages 20000]

Five values a message. ``kept``: into the outbox alone; ``sent``: until a Mosquitto on loopback has acknowledged all,
with ``bare`` (a plain paho publisher with the same window and no outbox) beside it in the same run. One JSON document
on stdout.
"""

import argparse
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.publisher import Publisher
from plantroom.wire import encode_telemetry
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

POINTS = ("vibration", "discharge_pressure", "flow", "power", "bearing_temperature")
WINDOW = 100
BATCH = 250
T0 = 1_795_000_000_000


def rows(count: int) -> list[tuple[int, dict[str, float]]]:
    return [(T0 + n, {key: n / 8 + at for at, key in enumerate(POINTS)}) for n in range(count)]


def kept(count: int, *, sync: bool, batch: int) -> float:
    """Messages/s into an outbox whose broker is away."""
    with tempfile.TemporaryDirectory() as folder:
        publisher = Publisher(f"mqtt://127.0.0.1:{free_port()}", "demo", "P-1", folder, sync=sync)
        publisher.start()
        begun = time.perf_counter()
        give(publisher, rows(count), batch)
        rate = count / (time.perf_counter() - begun)
        publisher.close(0)
    return rate


def give(publisher: Publisher, messages: list[tuple[int, dict[str, float]]], batch: int) -> None:
    if batch == 1:
        for ts_ms, values in messages:
            publisher.telemetry(values, ts_ms)
        return
    for start in range(0, len(messages), batch):
        publisher.telemetry_batch(messages[start : start + batch])


def sent(url: str, count: int, *, sync: bool, batch: int) -> float:
    """Messages/s from the first call to the last acknowledgement."""
    with tempfile.TemporaryDirectory() as folder:
        publisher = Publisher(url, "demo", "P-1", folder, sync=sync, window=WINDOW)
        publisher.start()
        publisher.wait_connected(10)
        begun = time.perf_counter()
        give(publisher, rows(count), batch)
        assert publisher.wait_sent(600)
        rate = count / (time.perf_counter() - begun)
        publisher.close()
    return rate


def bare(port: int, count: int) -> float:
    """Messages/s of paho alone, encoding included."""
    free, done = threading.Semaphore(WINDOW), threading.Event()
    acked = 0

    def on_publish(*_: object) -> None:
        nonlocal acked
        acked += 1
        free.release()
        if acked == count:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_publish = on_publish
    client.max_inflight_messages_set(WINDOW)
    client.connect("127.0.0.1", port)
    client.loop_start()
    begun = time.perf_counter()
    for seq, (ts_ms, values) in enumerate(rows(count)):
        free.acquire()
        client.publish("plantroom/demo/P-1/telemetry", encode_telemetry(ts_ms, values, "b", seq), qos=1)
    assert done.wait(600)
    rate = count / (time.perf_counter() - begun)
    client.disconnect()
    client.loop_stop()
    return rate


def measure(count: int) -> dict[str, Any]:
    broker = Mosquitto(extra=("max_inflight_messages 0",))
    broker.start()
    try:
        few = max(200, count // 10)
        cases: dict[str, tuple[int, Callable[[], float]]] = {
            "bare": (count, lambda: bare(broker.port, count)),
            "kept_each_fsync": (few, lambda: kept(few, sync=True, batch=1)),
            "kept_each": (count, lambda: kept(count, sync=False, batch=1)),
            "kept_batches_fsync": (count, lambda: kept(count, sync=True, batch=BATCH)),
            "kept_batches": (count, lambda: kept(count, sync=False, batch=BATCH)),
            "sent_each_fsync": (few, lambda: sent(broker.url, few, sync=True, batch=1)),
            "sent_each": (count, lambda: sent(broker.url, count, sync=False, batch=1)),
            "sent_batches_fsync": (count, lambda: sent(broker.url, count, sync=True, batch=BATCH)),
            "sent_batches": (count, lambda: sent(broker.url, count, sync=False, batch=BATCH)),
        }
        return {name: figures(messages, case) for name, (messages, case) in cases.items()}
    finally:
        broker.stop()


def figures(messages: int, case: Callable[[], float]) -> dict[str, float]:
    """Messages/s by the clock, and microseconds of CPU a message (all threads of the publisher), which a busy machine
    changes less."""
    begun = time.process_time()
    rate = case()
    return {"per_s": round(rate), "cpu_us": round((time.process_time() - begun) / messages * 1e6, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    count = parser.parse_args().messages
    environment = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0],
                   "temporary_folder": str(Path(tempfile.gettempdir()))}  # fmt: skip
    settings = {"messages": count, "values": len(POINTS), "window": WINDOW, "batch": BATCH}
    print(json.dumps({"settings": settings, "environment": environment, **measure(count)}))


if __name__ == "__main__":
    main()
