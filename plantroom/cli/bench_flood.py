"""``bench latency --flood N``: N limit alarms at once, and how long safety events wait for their tickets meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_latency import POINT, POLL_S, publisher_of
from plantroom.cli.bench_product import BenchProduct, environment
from plantroom.cli.bench_tickets import open_ticket, reject
from plantroom.wire import encode_event, encode_telemetry, event_topic, telemetry_topic

BEYOND = 20.0
"""Above the alarm limit of the class's vibration, whose on-delay is a minute of the readings' own time."""
AGES_S = (90, 45, 0)
EVENT_EVERY_S = 0.25
LONGEST_S = 120.0


def measure_flood(alarms: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench latency --flood``; ``lost`` counts safety events without a ticket and alarms that never
    came. Safety events go on until the last alarm of the flood is applied."""
    with BenchProduct() as product:
        say(f"making {alarms} pumps")
        codes = [f"F-{n}" for n in range(alarms)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda code: product.add_asset(code, "pump"), codes))
        lift = product.add_asset("F-LIFT", "elevator")["key"]
        time.sleep(3.0)  # the collector takes new machines up within 2 s
        client = publisher_of(product)
        say(f"{alarms} limit alarms at once, then safety events")
        begun = time.monotonic()
        now_ms = time.time_ns() // 1_000_000
        for age_s in AGES_S:
            for code in codes:
                client.publish(
                    telemetry_topic("demo", code), encode_telemetry(now_ms - 1000 * age_s, {POINT: BEYOND}), qos=1
                )
        tickets = _events(product, client, lift, alarms, begun)
        worked_off_s = time.monotonic() - begun
        told = _standing(product)
        client.disconnect()
    return {
        "safety_to_ticket_ms": percentiles(tickets),
        "flood_worked_off_s": round(worked_off_s, 1),
        "alarms": told,
        "lost": alarms - told + tickets.count(float("inf")),
        "settings": {
            "flood": alarms,
            "event_every_ms": EVENT_EVERY_S * 1000,
            "poll_ms": POLL_S * 1000,
            "parts": "trial",
        },
        "environment": environment(),
    }


def _events(product: BenchProduct, client: Any, lift: str, alarms: int, begun: float) -> list[float]:
    """Milliseconds to each ticket, until the flood is worked off."""
    times: list[float] = []
    query = {"kind": "corrective", "asset": lift, "limit": "10"}
    while time.monotonic() - begun < LONGEST_S:
        sent = time.monotonic()
        body = encode_event(time.time_ns() // 1_000_000, "passenger_trapped", "safety", {"n": len(times)})
        client.publish(event_topic("demo", "F-LIFT"), body, qos=1)
        ticket = open_ticket(product.client, query, sent, POLL_S)
        times.append(float("inf") if ticket is None else (time.monotonic() - sent) * 1000)
        if ticket is None or _told(product) > alarms:
            break
        reject(product.client, ticket)
        time.sleep(max(0.0, EVENT_EVERY_S - (time.monotonic() - sent)))
    return times


def _told(product: BenchProduct) -> int:
    """How many alarms people were told of, the safety event among them."""
    answer = product.client.get("/api/v1/alarms/floods", params={"site": "demo", "limit": "1"})
    answer.raise_for_status()
    items = answer.json()["items"]
    return int(items[0]["peak"]) if items else 0


def _standing(product: BenchProduct) -> int:
    """How many limit alarms stand."""
    found, query = 0, {"site": "demo", "limit": "1000"}
    while True:
        answer = product.client.get("/api/v1/alarms", params=query)
        answer.raise_for_status()
        page = answer.json()
        found += sum(not one["safety"] for one in page["items"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
