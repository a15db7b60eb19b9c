"""A session is ready once the broker has granted its topics: connected alone nothing can come."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gateway.session import Session
from plantroom.domain.flow import TroubleKind
from tests.contract.gateway.test_session import eventually, opened, publish, session
from tests.servers.mosquitto import Mosquitto

CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"
PINGREQ = b"\xc0\x00"


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A broker that takes connections and never answers a SUBSCRIBE."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.sendall(CONNACK)
                    while words := connection.recv(4096):
                        if words.endswith(PINGREQ):
                            connection.sendall(PINGRESP)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def connected(line: Session) -> bool:
    return line.counts.connects > 0


def test_a_subscription_that_is_never_answered_is_a_trouble(mute_port: int, tmp_path: Path) -> None:
    line = session(mute_port, opened(tmp_path / "spool"))
    line.start()
    assert eventually(lambda: connected(line))
    trouble = line.trouble("s")
    assert trouble is not None
    assert (trouble.kind, trouble.words) == (
        TroubleKind.BROKER_AWAY,
        "the broker has not confirmed the subscription to s/+/t",
    )
    line.stop()


def test_what_is_published_once_a_session_is_ready_comes(mosquitto: Mosquitto, tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    line = session(mosquitto.port, spool)
    line.start()
    assert eventually(lambda: line.problem() is None)
    assert line.granted() == {"s/+/t"}
    publish(mosquitto.port, "s/a/t", [b"1"])
    assert eventually(lambda: line.counts.acknowledged == 1)
    line.stop()
