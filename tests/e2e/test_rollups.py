"""Late data end in the aggregates of their time, on a site's store and on a trial's, as a user sees it."""

import time
from pathlib import Path
from typing import Any

import pytest

from plantroom.ports.readings import DAY_MS, HOUR_MS, TEN_MINUTES_MS, ReadingsStore, SeriesRef
from plantroom.storage.readings.factory import open_readings
from tests.e2e.plant import Plant
from tests.product import Product, eventually

START = int(time.time() * 1000) // HOUR_MS * HOUR_MS - 3 * DAY_MS
WIDTHS = (TEN_MINUTES_MS, HOUR_MS)


@pytest.fixture(params=["sqlite", "influx"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/readings.db"
    return str(request.getfixturevalue("influx").access.readings_url("rolled end-to-end"))


def send(plant: Plant, code: str, rows: list[tuple[int, float]]) -> None:
    with plant.publisher() as publisher:
        for ts_ms, value in rows:
            publisher.send(f"plantroom/demo/{code}/telemetry", {"ts": ts_ms, "values": {"flow": value}})
        key = plant.asset(code)["key"]
        assert eventually(
            lambda: {ts for ts, *_ in plant.readings(key, "flow").get("flow", [])} >= {t for t, _ in rows}, 20
        )


def shelf(store: ReadingsStore, key: str, width_ms: int) -> list[tuple[int, float, int, float]]:
    (page,) = store.read_aggregates([SeriesRef("demo", "pump", key, "flow")], START, START + DAY_MS, width_ms)
    return list(zip(page.ts_ms.tolist(), page.maximum.tolist(), page.count.tolist(), page.last.tolist(), strict=True))


def answer(plant: Plant, key: str, agg: str) -> list[list[Any]]:
    return plant.api.get(
        "/api/v1/readings", asset=key, points="flow", agg=agg, **{"from": text(START), "to": text(START + 2 * HOUR_MS)}
    )["series"][0]["rows"]


def text(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def test_data_of_three_days_ago(url: str, tmp_path: Path):
    product = Product(tmp_path / "data", settings={"PLANTROOM_READINGS_URL": url})
    product.start()
    store = open_readings(url, tmp_path)
    try:
        plant = Plant(product)
        key = plant.add_asset("P-201", "pump")["key"]
        send(plant, "P-201", [(START + n * 60_000, float(n)) for n in range(60)])
        store.open()
        assert eventually(lambda: len(shelf(store, key, TEN_MINUTES_MS)) == 6, 30)
        assert eventually(lambda: shelf(store, key, HOUR_MS) == [(START, 59.0, 60, 59.0)], 30)
        send(plant, "P-201", [(START + 30_000, 1000.0), (START + HOUR_MS + 1, 7.0)])
        assert eventually(lambda: answer(plant, key, "1h")[0][3:] == [1000.0, 61], 5)
        assert eventually(
            lambda: shelf(store, key, HOUR_MS) == [(START, 1000.0, 61, 59.0), (START + HOUR_MS, 7.0, 1, 7.0)], 30
        )
        assert shelf(store, key, TEN_MINUTES_MS)[0] == (START, 1000.0, 11, 9.0)
        figures = product.api().get("/api/v1/ingest/stats")["collectors"][0]["stats"]
        assert figures["windows_rolled_up"] >= 9
        again = product.json(
            "readings", "roll-up", "--asset", "P-201", "--from", text(START), "--to", text(START + HOUR_MS)
        )
        assert again["windows"] == 6
        assert shelf(store, key, HOUR_MS)[0] == (START, 1000.0, 61, 59.0)
    finally:
        store.close()
        product.stop()


def test_what_is_beyond_retention_is_a_dead_letter_with_that_reason(url: str, tmp_path: Path):
    settings = {
        "PLANTROOM_READINGS_URL": url + ("_short" if "influx" in url else ""),
        "PLANTROOM_RETENTION_RAW_DAYS": "2",
    }
    product = Product(tmp_path / "data", settings=settings)
    product.start()
    try:
        plant = Plant(product)
        plant.add_asset("P-202", "pump")
        with plant.publisher() as publisher:
            publisher.send("plantroom/demo/P-202/telemetry", {"ts": START, "values": {"flow": 1.0}})
            assert eventually(plant.letters, 20)
        (letter,) = plant.letters()
        assert letter["reason"].startswith("beyond_retention: ")
        assert "2 days" in letter["reason"]
        assert plant.readings(plant.asset("P-202")["key"]) == {}
    finally:
        product.stop()
