"""Servers that go away, processes that are killed: said in plain words, waited out, nothing acknowledged is lost."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from tests.e2e.plant import Plant, Publisher, now_text
from tests.product import Api, Product, eventually
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.process import free_port

POINT = "flow"
STEP_MS = 100


class Load(threading.Thread):
    """Publishes numbered readings of an asset at a steady rate and remembers what the broker acknowledged."""

    def __init__(self, publisher: Publisher, asset: str, messages: int, rate: float) -> None:
        super().__init__()
        self._publisher, self._asset, self._messages, self._rate = publisher, asset, messages, rate
        self._base_ms = int(time.time() * 1000) - 3_600_000
        self._sent: list[mqtt.MQTTMessageInfo] = []

    @staticmethod
    def value(number: int) -> float:
        return 1 + number * 1e-6

    def run(self) -> None:
        begun = time.monotonic()
        for number in range(self._messages):
            body = {"ts": self._base_ms + number * STEP_MS, "boot": "a1", "seq": number}
            body["values"] = {POINT: self.value(number)}
            self._sent.append(self._publisher.send(f"plantroom/demo/{self._asset}/telemetry", body))
            time.sleep(max(0.0, (number + 1) / self._rate - (time.monotonic() - begun)))

    def see_all_stored(self, plant: Plant, key: str, within_s: float) -> None:
        """Every acknowledged message is stored once and unchanged, and all of them were acknowledged."""
        self.join()
        assert eventually(lambda: all(info.is_published() for info in self._sent), 30)
        wanted = [(self._base_ms + n * STEP_MS, self.value(n)) for n in range(self._messages)]
        count = len(wanted)
        eventually(lambda: len(plant.readings(key, POINT).get(POINT, [])) >= count, within_s, 0.3)
        stored = [(ts, value) for ts, value, _ in plant.readings(key, POINT)[POINT]]
        assert len(stored) == count
        assert stored == wanted


def readiness(api: Api) -> tuple[int, str]:
    """Status and words of /readyz; (0, "") while nothing answers."""
    try:
        status, document = api.call("GET", "/readyz")
    except OSError:
        return 0, ""
    return status, str(document)


def started(folder: Path, **settings: str) -> Plant:
    product = Product(folder / "data", settings=settings)
    product.start()
    return Plant(product)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


def test_a_broker_out_of_reach_is_said_and_waited_for(tmp_path: Path, own_mosquitto: Mosquitto):
    own_mosquitto.stop()
    settings = {"PLANTROOM_BROKER_URL": own_mosquitto.url}
    product = Product(tmp_path / "data", settings=settings)
    port = free_port()
    product.command = tuple(str(port) if before == "--http-port" else word for before, word in _pairs(product.command))
    product.launch()
    api = Api(f"http://127.0.0.1:{port}")
    try:
        assert eventually(lambda: readiness(api)[0] == 503, 20), product.words()
        assert str(own_mosquitto.port) in readiness(api)[1]
        assert api.call("GET", "/healthz")[0] == 200
        assert str(own_mosquitto.port) in eventually(lambda: "waiting: " in product.words() and product.words(), 5)
        assert eventually(lambda: f"open http://127.0.0.1:{port}" in product.words(), 10), "the page's address is told"
        own_mosquitto.start()
        product.wait_ready()
        plant = Plant(product, {"host": "127.0.0.1", "port": own_mosquitto.port})
        assert eventually(lambda: readiness(api)[0] == 200, 40), "the longest pause between two tries is 30 s"
        own_mosquitto.kill()
        assert eventually(lambda: readiness(api)[0] == 503, 10)
        assert eventually(lambda: plant.stats()["collectors"][0]["problems"], 15), "told once it has lasted for 5 s"
        own_mosquitto.start()
        assert eventually(lambda: readiness(api)[0] == 200, 30)
        pump = plant.add_asset("P-1", "pump")
        with plant.publisher() as publisher:
            publisher.send("plantroom/demo/P-1/telemetry", {"ts": now_text(), "values": {POINT: 2.5}})
            assert eventually(lambda: plant.readings(pump["key"]), 5)
        assert "Traceback" not in product.log.read_text()
    finally:
        assert product.stop() == 0


def _pairs(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return zip(("", *words), words, strict=False)


def test_killing_influxdb_while_messages_arrive_loses_nothing(tmp_path: Path, own_influx: Any):
    plant = started(tmp_path, PLANTROOM_READINGS_URL=own_influx.access.readings_url())
    try:
        pump = plant.add_asset("P-1", "pump")
        with plant.publisher() as publisher:
            load = Load(publisher, "P-1", 1500, 300)
            load.start()
            time.sleep(1.5)
            own_influx.kill()
            assert eventually(lambda: readiness(plant.api)[0] == 503, 10)
            assert "readings store" in readiness(plant.api)[1]
            lift = plant.add_asset("E-1", "elevator")
            publisher.send("plantroom/demo/E-1/event", {"event": "passenger_trapped", "severity": "safety"})
            assert eventually(lambda: plant.tickets(lift["key"], "rule"), 5), "safety waited for the readings store"
            own_influx.start()
            load.see_all_stored(plant, pump["key"], 30)
        assert eventually(lambda: readiness(plant.api)[0] == 200, 10)
        assert "Traceback" not in plant.process.log.read_text()
    finally:
        assert plant.process.stop() == 0


def test_killing_postgresql_while_messages_arrive_loses_nothing(tmp_path: Path, own_postgres: Postgres):
    plant = started(tmp_path, PLANTROOM_LEDGER_URL=own_postgres.url(own_postgres.create_database()))
    try:
        pump, lift = plant.add_asset("P-1", "pump"), plant.add_asset("E-1", "elevator")
        with plant.publisher() as publisher:
            load = Load(publisher, "P-1", 1500, 300)
            load.start()
            time.sleep(1.5)
            own_postgres.kill()
            assert eventually(lambda: readiness(plant.api)[0] == 503, 10)
            assert "ledger" in readiness(plant.api)[1]
            status, problem = plant.api.call("GET", "/api/v1/assets")
            assert status == 503
            assert problem["title"]
            publisher.send("plantroom/demo/E-1/event", {"event": "passenger_trapped", "severity": "safety"})
            own_postgres.start()
            assert eventually(lambda: readiness(plant.api)[0] == 200, 30)
            load.see_all_stored(plant, pump["key"], 30)
        assert len(eventually(lambda: plant.tickets(lift["key"], "rule"), 10)) == 1
        assert "Traceback" not in plant.process.log.read_text()
    finally:
        assert plant.process.stop() == 0


def test_killing_the_plant_under_load_loses_no_acknowledged_message(tmp_path: Path, own_mosquitto: Mosquitto):
    broker = {"host": "127.0.0.1", "port": own_mosquitto.port}
    product = Product(tmp_path / "data", settings={"PLANTROOM_BROKER_URL": own_mosquitto.url})
    product.start()
    plant = Plant(product, broker)
    try:
        pump = plant.add_asset("P-1", "pump")
        with plant.publisher() as publisher:
            load = Load(publisher, "P-1", 3000, 500)
            load.start()
            for moment in (1.3, 2.5):
                time.sleep(moment)
                assert load.is_alive()
                product.kill()
                product.launch()
            product.wait_ready()
            load.see_all_stored(plant, pump["key"], 30)
        assert plant.letters() == []
    finally:
        assert product.stop() == 0


def test_the_trials_own_broker_is_started_again_when_it_ends(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    folder = product.data / "broker"

    def process() -> str:
        return (folder / "mosquitto.pid").read_text().strip()

    before = process()
    subprocess.run(["pkill", "-KILL", "-f", str(folder / "mosquitto.conf")], check=True)
    assert eventually(lambda: process() not in {"", before}, 30), product.words()
    assert "mosquitto_ended" in product.log.read_text(errors="replace")
    assert eventually(lambda: Api(product.url).call("GET", "/readyz")[0] == 200, 30)
    assert product.stop() == 0
