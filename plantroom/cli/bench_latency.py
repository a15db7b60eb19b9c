"""``bench latency``: from the publish call to what a caller of the API sees."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_product import BenchProduct, environment
from plantroom.cli.bench_tickets import TAIL_S, answer_of, open_ticket, reject
from plantroom.wire import encode_event, encode_telemetry, event_topic, telemetry_topic

ASSETS = 10
EVENT_EVERY_S = 1.0
POLL_S = 0.02
POINT = "vibration"


@dataclass(slots=True)
class Watch:
    """What was published of one asset and when it was seen: monotonic seconds by observed millisecond."""

    key: str
    code: str
    sent: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    next_ms: int = 0


def measure_latency(rate: int, seconds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench latency``; ``lost`` counts messages that never became queryable and events that never
    became a ticket. Raises ``Unreachable`` when the API stays in error."""
    with BenchProduct() as product:
        watches = [Watch(product.add_asset(f"B-{n}", "pump")["key"], f"B-{n}") for n in range(ASSETS)]
        lift = product.add_asset("B-LIFT", "elevator")["key"]
        client = publisher_of(product)
        stop = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            watching = pool.submit(_watch_readings, product, watches, stop)
            telling = pool.submit(_events, product, client, lift, seconds)
            say(f"publishing {rate} messages a second for {seconds} s")
            try:
                _publish(client, watches, rate, seconds)
                deadline = time.monotonic() + TAIL_S
                while any(len(w.seen) < len(w.sent) for w in watches) and time.monotonic() < deadline:
                    time.sleep(0.05)
                tickets = telling.result()
            finally:
                stop.set()
            watching.result()
        client.disconnect()
    times = [(w.seen[ts] - begun) * 1000 for w in watches for ts, begun in w.sent.items() if ts in w.seen]
    return {
        "publish_to_queryable_ms": percentiles(times),
        "safety_to_ticket_ms": percentiles(tickets),
        "lost": sum(len(w.sent) for w in watches) - len(times) + tickets.count(float("inf")),
        "settings": {"rate": rate, "seconds": seconds, "assets": ASSETS, "poll_ms": POLL_S * 1000, "parts": "trial"},
        "environment": environment(),
    }


def publisher_of(product: BenchProduct) -> mqtt.Client:
    """A connected publisher."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(500)
    client.connect(product.runtime["mqtt_host"], product.runtime["mqtt_port"])
    client.loop_start()
    return client


def _publish(client: mqtt.Client, watches: Sequence[Watch], rate: int, seconds: int) -> None:
    begun = time.monotonic()
    for n in range(rate * seconds):
        ahead = n / rate - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
        watch = watches[n % len(watches)]
        ts_ms = _instant(watch)
        watch.sent[ts_ms] = time.monotonic()
        body = encode_telemetry(ts_ms, {POINT: 1.0 + (n % 97) * 0.001}, boot="bench", seq=n // len(watches))
        client.publish(telemetry_topic("demo", watch.code), body, qos=1)


def _instant(watch: Watch) -> int:
    watch.next_ms = max(time.time_ns() // 1_000_000, watch.next_ms + 1)
    return watch.next_ms


def _watch_readings(product: BenchProduct, watches: Sequence[Watch], stop: threading.Event) -> None:
    with httpx.Client(base_url=product.client.base_url, headers=product.client.headers, timeout=30) as client:
        while not stop.is_set():
            for watch in watches:
                _look(client, watch)
            time.sleep(POLL_S)


def _look(client: httpx.Client, watch: Watch) -> None:
    missing = [ts for ts in list(watch.sent) if ts not in watch.seen]
    if not missing:
        return
    query = {
        "asset": watch.key,
        "points": POINT,
        "from": _text(min(missing)),
        "to": _text(max(missing) + 1),
        "limit": "20000",
    }
    document = answer_of(lambda: client.get("/api/v1/readings", params=query))
    now = time.monotonic()
    for series in document["series"]:
        for ts, _, _ in series["rows"]:
            if ts in watch.sent:
                watch.seen.setdefault(ts, now)


def _events(product: BenchProduct, publisher: mqtt.Client, lift: str, seconds: int) -> list[float]:
    """A trapped passenger each second, each with a ticket of its own: the last one is rejected first. Milliseconds to
    each ticket."""
    times: list[float] = []
    query = {"kind": "corrective", "asset": lift, "limit": "1000"}
    with httpx.Client(base_url=product.client.base_url, headers=product.client.headers, timeout=30) as client:
        for n in range(int(seconds / EVENT_EVERY_S)):
            begun = time.monotonic()
            body = encode_event(time.time_ns() // 1_000_000, "passenger_trapped", "safety", {"n": n})
            publisher.publish(event_topic("demo", "B-LIFT"), body, qos=1)
            ticket = open_ticket(client, query, begun)
            if ticket is None:
                # Its ticket may still come, and would be taken for the next one's: no further event tells anything.
                return [*times, float("inf")]
            times.append((time.monotonic() - begun) * 1000)
            reject(client, ticket)
            time.sleep(max(0.0, EVENT_EVERY_S - (time.monotonic() - begun)))
    return times


def _text(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
