"""The stores under test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from plantroom.ports.readings import ReadingsStore
from plantroom.storage.readings.factory import open_readings

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
