"""A broker that is killed comes back from the last image of its queues, and sends what waited there again, without the
mark, although all of it had been acknowledged: nothing is lost, and the newest numbers of each asset stand once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.runs import WINDOW
from tests.e2e.plant import Plant, Publisher
from tests.product import Product, eventually
from tests.servers.mosquitto import Mosquitto

POINT = "flow"
SENT = {"I-1": WINDOW - 24, "I-2": WINDOW + 76}
"""Messages by asset: of the first one all are remembered, of the second one all but 76."""


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """Writes its image when it is asked to, and when it ends in good order."""
    with Mosquitto(extra=("autosave_interval 0",)) as made:
        yield made


def value(number: int) -> float:
    return 1 + number * 1e-6


def publish(broker: Mosquitto) -> None:
    publisher = Publisher("127.0.0.1", broker.port)
    sent = [
        publisher.send(f"plantroom/demo/{code}/telemetry", {"boot": "b", "seq": n, "values": {POINT: value(n)}})
        for code, count in SENT.items()
        for n in range(count)
    ]
    assert eventually(lambda: all(info.is_published() for info in sent), 60)
    publisher.close()


def stored(plant: Plant, key: str) -> Counter[float]:
    return Counter(reading for _, reading, _ in plant.readings(key, POINT).get(POINT, []))


def test_a_broker_that_comes_back_from_an_image_loses_nothing_and_doubles_no_newest_number(
    tmp_path: Path, broker: Mosquitto
) -> None:
    product, total = Product(tmp_path / "data", settings={"PLANTROOM_BROKER_URL": broker.url}), sum(SENT.values())
    product.start()
    plant = Plant(product)
    keys = {code: plant.add_asset(code, "pump")["key"] for code in SENT}
    assert product.stop() == 0
    publish(broker)
    broker.stop()
    broker.start()
    product.start()
    try:
        wanted = {code: Counter(map(value, range(count))) for code, count in SENT.items()}
        assert eventually(lambda: {code: stored(plant, key) for code, key in keys.items()} == wanted, 60, 0.5)
        received = plant.stats()["received"]
        broker.kill()
        broker.start()
        assert eventually(lambda: plant.stats()["received"] >= received + total, 90), "it had all of them to send again"
        found = {}
        for code, key in keys.items():
            found[code] = stored(plant, key)
            assert found[code].keys() == wanted[code].keys()
        twice = {code: {number for number in found[code] if found[code][number] > 1} for code in SENT}
        assert twice["I-1"] == set()
        assert twice["I-2"], "they came without the mark"
        assert twice["I-2"] <= {value(number) for number in range(SENT["I-2"] - WINDOW)}
    finally:
        product.stop()
