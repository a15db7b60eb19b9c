"""Messages that the network swallows: found by their numbers, asked for, sent again, stored; through kills as well."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plantroom.domain.assets import Priority, Source
from plantroom.publisher import Limits, Publisher
from plantroom.storage.ledger import SqlLedger
from tests.e2e.plant import Plant
from tests.product import Product, eventually
from tests.servers.mosquitto import Mosquitto

POINT = "flow"
STEP_MS = 100
BASE_MS = int(time.time() * 1000) - 3_600_000
HEAL_S = 60


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    made = Mosquitto()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def product(broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("gaps") / "data", settings={"PLANTROOM_BROKER_URL": broker.url})
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def plant(product: Product, broker: Mosquitto) -> Plant:
    return Plant(product)


def gaps(plant: Plant, key: str, state: str | None = None) -> list[dict[str, Any]]:
    return plant.api.items("/api/v1/gaps", asset=key, state=state)


def numbers(found: list[dict[str, Any]]) -> set[int]:
    return {n for gap in found for n in range(gap["first"], gap["last"] + 1)}


def stored(plant: Plant, key: str) -> dict[int, float]:
    return {int(ts): value for ts, value, _ in plant.readings(key, POINT).get(POINT, [])}


def rows(first: int, count: int) -> list[tuple[int, dict[str, float]]]:
    return [(BASE_MS + n * STEP_MS, {POINT: 1 + n * 1e-6}) for n in range(first, first + count)]


def test_swallowed_messages_are_found_asked_for_and_stored(
    product: Product, plant: Plant, broker: Mosquitto, tmp_path: Path
) -> None:
    key = plant.add_asset("G-1", "pump")["key"]
    lost = {7, 8, 9, 100, 250, 251, 298}
    before = plant.stats()["received"]
    with Publisher(
        broker.url,
        "demo",
        "G-1",
        tmp_path,
        sync=False,
        loses=lambda _a, channel, seq: channel == "telemetry" and seq in lost,
    ) as publisher:
        publisher.telemetry_batch(rows(0, 300))
        publisher.event("pump_tripped", "major")
        assert eventually(lambda: numbers(gaps(plant, key)) == lost, 10)
        assert eventually(lambda: len(stored(plant, key)) == 300, HEAL_S), sorted(lost)
        assert eventually(lambda: not gaps(plant, key, "open"), 10)
    healed = gaps(plant, key, "healed")
    assert sorted((gap["first"], gap["last"]) for gap in healed) == [(7, 9), (100, 100), (250, 251), (298, 298)]
    assert all(gap["asks"] >= 1 and gap["ended_at"] and gap["code"] == "G-1" for gap in healed)
    assert stored(plant, key) == {ts: values[POINT] for ts, values in rows(0, 300)}
    assert eventually(lambda: plant.stats()["gaps"] == 0, 5)
    assert plant.letters() == [], "our own requests are no dead letters"
    messages = 300 + 1 + 2
    assert eventually(lambda: plant.stats()["received"] - before == messages, 5), "requests do not count as received"
    listed = product.json("gaps", "list", "--site", "demo", "--asset", "G-1")["items"]
    assert sorted(gap["id"] for gap in listed) == sorted(gap["id"] for gap in healed)


def test_what_the_publisher_no_longer_has_is_given_up_and_can_be_asked_for_again_by_hand(
    product: Product, plant: Plant, broker: Mosquitto, tmp_path: Path
) -> None:
    key = plant.add_asset("G-2", "pump")["key"]
    nothing = Limits(ring_bytes=0)
    with Publisher(
        broker.url, "demo", "G-2", tmp_path, limits=nothing, loses=lambda _a, _c, seq: seq == 5
    ) as publisher:
        publisher.telemetry_batch(rows(0, 10))
        assert eventually(lambda: numbers(gaps(plant, key, "given_up")) == {5}, HEAL_S)
        (gap,) = gaps(plant, key)
        assert gap["reason"] == "gone"
        assert eventually(lambda: plant.stats()["gaps"] == 0, 5)
        assert product.json("gaps", "ask", "--asset", "G-2") == {"asked": 1}
        assert eventually(lambda: gaps(plant, key)[0]["state"] == "given_up", 20), "it says so once more"
    refused = product.cli("gaps", "ask")
    assert refused.returncode == 4
    assert "--asset" in refused.stderr
    assert product.cli("gaps", "give-up", "none").returncode == 4


def test_an_asset_that_becomes_safety_and_normal_again_has_no_false_gaps(
    product: Product, plant: Plant, broker: Mosquitto, tmp_path: Path
) -> None:
    key = plant.add_asset("G-4", "pump")["key"]
    ledger = SqlLedger(f"sqlite:///{product.data / 'ledger.db'}")
    ledger.open()
    with Publisher(
        broker.url, "demo", "G-4", tmp_path, sync=False, loses=lambda _a, _c, seq: seq in {50, 150, 250}
    ) as publisher:
        sent = 0
        for priority in (Priority.NORMAL, Priority.SAFETY, Priority.NORMAL):
            with ledger.begin() as tx:
                tx.assets.put_source(Source(key, priority=priority))
            for _ in range(100):
                publisher.telemetry_batch(rows(sent, 1))
                sent += 1
                time.sleep(0.03)
        assert eventually(lambda: len(stored(plant, key)) == sent, HEAL_S)
        assert eventually(lambda: not gaps(plant, key, "open"), 20)
    ledger.close()
    assert numbers(gaps(plant, key)) == {50, 150, 250}


VICTIM = """
import sys, time
from plantroom.publisher import Publisher
url, folder, count, base = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
lost = lambda _asset, _channel, seq: seq % 37 == 11
with Publisher(url, "demo", "G-3", folder, sync=False, loses=lost) as publisher:
    while (number := publisher.next_number()) < count:
        publisher.telemetry({"flow": 1 + number * 1e-6}, base + number * 100)
        time.sleep(0.015)
    publisher.wait_sent(30)
    print("sent", flush=True)
    sys.stdin.read()
"""


def test_kills_of_publisher_and_collector_in_the_middle_lose_nothing(
    product: Product, plant: Plant, broker: Mosquitto, tmp_path: Path
) -> None:
    key = plant.add_asset("G-3", "pump")["key"]
    count = 2500
    command = [sys.executable, "-c", VICTIM, broker.url, str(tmp_path), str(count), str(BASE_MS)]

    def publisher() -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    running = publisher()
    for turn in range(3):
        seen = len(stored(plant, key))
        assert eventually(lambda seen=seen: len(stored(plant, key)) > seen + 50, 30), f"turn {turn}"
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        if turn < 2:
            product.kill()
            running = publisher()
            time.sleep(0.5)
            product.start()
        else:
            running = publisher()
    assert running.stdout is not None
    assert running.stdout.readline() == "sent\n"
    wanted = {ts: values[POINT] for ts, values in rows(0, count)}
    assert eventually(lambda: len(stored(plant, key)) >= count, 2 * HEAL_S, 0.5)
    assert stored(plant, key) == wanted
    assert eventually(lambda: not gaps(plant, key, "open"), 20)
    assert numbers(gaps(plant, key, "healed")) <= {n for n in range(count) if n % 37 == 11}
    assert eventually(lambda: plant.stats()["gaps"] == 0, 5)
    assert plant.letters() == []
    assert running.stdin is not None
    running.stdin.close()
    assert running.wait(20) == 0
    running.stdout.close()
