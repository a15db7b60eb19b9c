"""The disk is full: nothing is acknowledged that cannot be kept, it is said in plain words, and nothing is lost."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plant import Plant
from tests.e2e.small_disk import SmallDisk
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

SIZE = 96 << 20
COUNT = 2_000


@pytest.fixture
def on_small_disk(own_mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Plant]:
    url = f"mqtt://127.0.0.1:{own_mosquitto.port}"
    product = SmallDisk(tmp_path / "disk", SIZE, {"PLANTROOM_BROKER_URL": url})
    product.start()
    yield Plant(product, {"host": "127.0.0.1", "port": own_mosquitto.port})
    product.stop()


def telemetry(n: int, base_ms: int) -> bytes:
    return json.dumps({"ts": base_ms + n, "boot": "b", "seq": n, "values": {"flow": n / 8}}).encode()


def test_a_full_disk_holds_messages_back_and_then_gives_every_one_of_them(on_small_disk: Plant) -> None:
    plant, base_ms = on_small_disk, time.time_ns() // 1_000_000
    product = plant.process
    assert isinstance(product, SmallDisk)
    key, lift = plant.add_asset("P-1", "pump")["key"], plant.add_asset("LIFT", "elevator")["key"]
    with plant.publisher() as publisher:
        for n in range(100):
            publisher.send("plantroom/demo/P-1/telemetry", telemetry(n, base_ms))
        assert eventually(lambda: len(plant.readings(key).get("flow", [])) == 100, 15)

        ballast = product.fill()
        for n in range(100, COUNT):
            publisher.send("plantroom/demo/P-1/telemetry", telemetry(n, base_ms))
        publisher.send("plantroom/demo/P-1/telemetry", b"no message")
        publisher.send("plantroom/demo/LIFT/event", {"ts": base_ms, "event": "passenger_trapped", "severity": "safety"})

        # The store, the ledger and the spool each say so, and the readiness probe says it for them.
        words = eventually(lambda: (said := not_ready(plant)) and "the disk is full; make room" in said and said, 30)
        assert "lane: spool: the disk is full; make room" in words
        time.sleep(2.0)
        assert len(list(plant.readings(key)["flow"])) < COUNT
        checked = product.cli("check")
        assert checked.returncode == 5
        assert "make room" in checked.stdout
        assert "FAIL  service: " in checked.stdout
        assert "FAIL  ledger: ledger: less than 4 MiB of its disk are free" in checked.stdout
        assert "less than 16 MiB of its disk are free" in checked.stdout
        assert "flowing" not in checked.stdout
        for wrong in ("none holds a site", "start `plantroom", "A collector is silent"):
            assert wrong not in checked.stdout
        signed_in = plant.api.call("POST", "/api/v1/session", {"username": "admin", "password": "whatever"})
        assert (signed_in[0], signed_in[1]["type"]) == (503, "urn:plantroom:problem:ledger_full")
        status = product.cli("spool", "status")
        assert "0 MiB free" in status.stdout

        ballast.unlink()
        assert eventually(lambda: len(plant.readings(key)["flow"]) == COUNT, 60), not_ready(plant)
    assert [row[:2] for row in plant.readings(key)["flow"]] == [[base_ms + n, n / 8] for n in range(COUNT)]
    assert [ticket["state"] for ticket in eventually(lambda: plant.tickets(lift, "rule"), 30)] == ["open"]
    assert [letter["reason"].split(":")[0] for letter in eventually(plant.letters, 30)] == ["not_json"]
    assert eventually(lambda: not not_ready(plant), 30)
    spools = product.json("spool", "status")["spools"]
    assert eventually(lambda: all(one["waiting"] == 0 for one in product.json("spool", "status")["spools"]), 10), spools
    assert sum(one["damaged"] for one in spools) == 0


def test_what_waits_drains_on_a_full_disk_once_the_store_takes_it_and_frees_its_segments(
    own_mosquitto: Mosquitto, own_influx, tmp_path: Path
) -> None:
    """The store is elsewhere and comes back; the disk of the spool stays full all the while."""
    url = f"mqtt://127.0.0.1:{own_mosquitto.port}"
    readings = own_influx.access.readings_url("full")
    product = SmallDisk(tmp_path / "disk", SIZE, {"PLANTROOM_BROKER_URL": url, "PLANTROOM_READINGS_URL": readings})
    product.start()
    plant, base_ms = Plant(product, {"host": "127.0.0.1", "port": own_mosquitto.port}), time.time_ns() // 1_000_000
    key = plant.add_asset("P-1", "pump")["key"]
    blob = "x" * 20_000
    with plant.publisher() as publisher:
        publisher.send("plantroom/demo/P-1/telemetry", telemetry(0, base_ms))
        assert eventually(lambda: plant.readings(key).get("flow"), 15)
        own_influx.stop()
        sent = [
            publisher.send("plantroom/demo/P-1/telemetry", {"ts": base_ms + n, "boot": blob, "values": {"flow": n / 8}})
            for n in range(1, COUNT)
        ]
        assert eventually(lambda: all(info.is_published() for info in sent), 60)
        waiting = eventually(lambda: (w := waits(product)) and w["segments"] >= 2 and w, 60)
        assert waiting["segments"] >= 2
        product.fill()
        own_influx.start()
        assert eventually(lambda: waits(product)["segments"] <= 1, 60), product.words()
        assert eventually(lambda: len(plant.readings(key)["flow"]) == COUNT, 60), product.words()
    assert [row[:2] for row in plant.readings(key)["flow"]] == [[base_ms + n, n / 8] for n in range(COUNT)]
    product.stop()


def waits(product: SmallDisk) -> dict[str, int]:
    found = product.json("spool", "status")["spools"]
    return next(one for one in found if (one["site"], one["lane"]) == ("demo", "normal"))


def not_ready(plant: Plant) -> str:
    """Why the plant is not ready, in one text; empty when it is."""
    status, answer = plant.api.call("GET", "/readyz")
    return "" if status == 200 else json.dumps(answer)
