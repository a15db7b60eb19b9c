"""The stores under test."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from plantroom.ports.clock import SystemClock
from plantroom.ports.readings import FOR_EVER, ReadingsStore
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.influx import InfluxReadings
from plantroom.storage.readings.influx_http import InfluxTarget
from plantroom.storage.readings.kept import KeptReadings
from tests.contract.readings.doorman import Doorman
from tests.unit.ingest.house import House

_buckets = count(1)


@pytest.fixture(params=["sqlite", "influx"])
def readings_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/readings.db"
    return str(request.getfixturevalue("influx").access.readings_url(f"contract {next(_buckets)}"))


@pytest.fixture
def store(readings_url: str, tmp_path: Path) -> Iterator[ReadingsStore]:
    """An open, empty store."""
    opened = open_readings(readings_url, tmp_path)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def influx_store(influx: Any, request: pytest.FixtureRequest) -> Iterator[InfluxReadings]:
    access = influx.access
    opened = InfluxReadings(InfluxTarget(access.host, access.port, access.token, access.org, request.node.name))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def doorman(influx: Any) -> Iterator[Doorman]:
    server = Doorman(influx.access.port)
    yield server
    server.close()


@pytest.fixture
def guarded(influx_store: InfluxReadings, doorman: Doorman) -> Iterator[InfluxReadings]:
    """The same store through the proxy."""
    opened = InfluxReadings(replace(influx_store.target, port=doorman.server_address[1]))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def house(guarded: InfluxReadings, tmp_path: Path) -> Iterator[House]:
    """A site's ingest whose store is the one behind the proxy."""
    built = House(tmp_path)
    built.store.close()
    built.store = KeptReadings(guarded, guarded, guarded, FOR_EVER, SystemClock())  # type: ignore[assignment]
    yield built
    built.stop()
    built.ledger.close()
