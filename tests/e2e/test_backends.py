"""The same replay on a site's parts: InfluxDB, PostgreSQL, and the trial broker of a machine without Mosquitto."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.broker import free_port
from gateway.broker.embedded import EmbeddedBroker
from tests.e2e.plant import Plant
from tests.e2e.recordings import Recorded
from tests.product import Product


@contextmanager
def running(folder: Path, settings: Mapping[str, str]) -> Iterator[Plant]:
    product = Product(folder / "data", settings=settings)
    product.start()
    try:
        yield Plant(product)
    finally:
        product.stop()


def see_the_same(plant: Plant, worn: Recorded, opened_at: int) -> None:
    report = plant.replay(worn, "P-101")
    plant.see_every_value(worn, "P-101", report)
    assert plant.see_one_ticket(worn, "P-101", report) == opened_at


def test_on_influxdb(tmp_path: Path, influx, worn: Recorded, sound: Recorded, opened_at: int):
    with running(tmp_path, {"PLANTROOM_READINGS_URL": influx.access.readings_url("end-to-end")}) as plant:
        see_the_same(plant, worn, opened_at)
        report = plant.replay(sound, "P-102")
        plant.see_every_value(sound, "P-102", report)
        plant.see_no_ticket("P-102")
        assert not (plant.process.data / "readings.db").exists()


def test_with_the_ledger_on_postgresql(tmp_path: Path, postgres_url: str, worn: Recorded, opened_at: int):
    with running(tmp_path, {"PLANTROOM_LEDGER_URL": postgres_url}) as plant:
        see_the_same(plant, worn, opened_at)
        plant.process.json("plan", "materialise")
        assert plant.process.json("plan", "materialise")["created"] == 0
        assert not (plant.process.data / "ledger.db").exists()


@pytest.fixture
def embedded_broker() -> Iterator[str]:
    """The broker that a trial falls back to where no Mosquitto is found."""
    broker = EmbeddedBroker(free_port())
    broker.start()
    yield f"mqtt://127.0.0.1:{broker.port}"
    broker.stop()


def test_on_the_broker_of_a_machine_without_mosquitto(
    tmp_path: Path, embedded_broker: str, worn: Recorded, opened_at: int
):
    with running(tmp_path, {"PLANTROOM_BROKER_URL": embedded_broker}) as plant:
        see_the_same(plant, worn, opened_at)
