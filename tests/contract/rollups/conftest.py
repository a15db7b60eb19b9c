"""A pump in a ledger, readings on each store."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from plantroom.ports.readings import ReadingsStore, Retention
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.readings.factory import open_readings
from tests.contract.ledger.given import add_plant
from tests.contract.rollups.given import CLOCK

_buckets = count(1)


@pytest.fixture(params=["sqlite", "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadingsStore]:
    """An open, empty store that keeps raw readings for 90 days."""
    url = f"sqlite:///{tmp_path}/readings.db"
    if request.param == "influx":
        url = str(request.getfixturevalue("influx").access.readings_url(f"rolled {next(_buckets)}"))
    opened = open_readings(url, tmp_path, Retention(90, 1095), CLOCK)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[SqlLedger]:
    """A ledger with the pump ``p1`` (points ``vibration`` and ``flow``)."""
    opened = SqlLedger(sqlite_url)
    opened.open()
    add_plant(opened)
    yield opened
    opened.close()
