"""One trial plant for all tests that do not care about what else is in it."""

from collections.abc import Iterator

import pytest

from tests.e2e.plant import Plant
from tests.e2e.recordings import FAULT_ROW, Recorded, wearing_pump
from tests.product import Product


@pytest.fixture(scope="package")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """``plantroom run`` with the trial's own parts: its broker, SQLite for readings and ledger."""
    product = Product(tmp_path_factory.mktemp("trial") / "data")
    product.start()
    try:
        yield Plant(product)
    finally:
        product.stop()


@pytest.fixture(scope="package")
def plant(trial: Plant) -> Plant:
    return trial


@pytest.fixture(scope="package")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A pump whose bearing wears out."""
    return wearing_pump(tmp_path_factory.mktemp("recordings") / "worn.csv")


@pytest.fixture(scope="package")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The same pump while nothing is wrong with it."""
    return wearing_pump(tmp_path_factory.mktemp("recordings") / "sound.csv", FAULT_ROW)


@pytest.fixture(scope="package")
def opened_at(plant: Plant, worn: Recorded) -> int:
    """The row at which the trial's parts open the episode of the worn pump, as fast as the broker takes it."""
    report = plant.replay(worn, "P-101")
    plant.see_every_value(worn, "P-101", report)
    return plant.see_one_ticket(worn, "P-101", report)
