"""The house, and logs without the values of every local variable, which take a second to format."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.unit.ingest.house import House, Witness


@pytest.fixture(autouse=True)
def plain_tracebacks() -> Iterator[None]:
    before = structlog.get_config()
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before["processors"][:-1], plain])
    yield
    structlog.configure(**before)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.close()


@pytest.fixture
def witness(house: House) -> Witness:
    """A further stage of the house, before the alarms."""
    house.witnesses.append(Witness())
    return house.witnesses[0]
