"""What a broker's window of messages under way allows at most is measured beside the collector."""

import threading
from pathlib import Path

import pytest

from plantroom.cli.bench_wire import RawPublisher, connect, drain_prompt, hold_session
from plantroom.errors import Unreachable
from tests.servers.mosquitto import Mosquitto

CLIENT, TOPIC = "prompt", b"prompt/consumer"
PAYLOADS = [str(number).encode() for number in range(500)]


@pytest.fixture
def queued(own_mosquitto: Mosquitto) -> int:
    """Port of a broker that has ``PAYLOADS`` queued for the session of ``CLIENT``."""
    port = own_mosquitto.port
    hold_session(port, CLIENT, TOPIC.decode())
    publisher = RawPublisher(port, "publisher")
    publisher.publish([(TOPIC, payload) for payload in PAYLOADS])
    publisher.close()
    return port


def test_the_promptest_consumer_writes_and_acknowledges_every_message(queued: int, tmp_path: Path) -> None:
    drained = drain_prompt(queued, CLIENT, len(PAYLOADS), tmp_path / "log")
    assert drained.messages == len(PAYLOADS)
    assert (tmp_path / "log").read_bytes() == b"".join(PAYLOADS)
    with connect(queued, CLIENT, clean=False) as sock:
        sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_without_a_file_it_writes_nothing(queued: int, tmp_path: Path) -> None:
    assert drain_prompt(queued, CLIENT, len(PAYLOADS)).messages == len(PAYLOADS)
    assert not list(tmp_path.iterdir())


def test_a_broker_that_goes_away_is_said(queued: int, own_mosquitto: Mosquitto) -> None:
    threading.Timer(0.5, own_mosquitto.kill).start()
    with pytest.raises(Unreachable, match="broker"):
        drain_prompt(queued, CLIENT, len(PAYLOADS) + 1)
