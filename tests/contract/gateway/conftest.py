from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from tests.contract.gateway.test_session import mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    made = mosquitto(tmp_path / "broker")
    made.start()
    yield made
    made.stop()
