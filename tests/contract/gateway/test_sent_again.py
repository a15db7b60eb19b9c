"""Brokers mark what they send a second time, and the mark gets into the spool; a publisher's own does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.packets import PacketSocket
from gateway.session import Session
from gateway.spool import Spool
from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.cli.bench_wire import LOOPBACK, connect, forget_session, hold_session, publish_packet
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, opened, publish

CLIENT, TOPIC = "plantroom-sent-again", "sent/again/t"


@pytest.fixture(params=["mosquitto", "rabbitmq"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    if request.param == "rabbitmq":
        cluster: RabbitCluster = request.getfixturevalue("rabbit_cluster")
        yield cluster.nodes[0].mqtt
        return
    server = mosquitto(tmp_path / "broker")
    server.start()
    yield server.port
    server.stop()


def read_and_die(port: int, count: int) -> None:
    """As a collector that is killed before it acknowledges anything."""
    sock = connect(port, CLIENT, clean=False)
    packets, got = PacketSocket(sock), 0
    while got < count:
        got += len(packets.receive())
    sock.close()


def publish_marked(port: int, payload: bytes) -> None:
    """As a publisher whose connection broke before the message was acknowledged."""
    sock = connect(port, "a-publisher")
    sock.sendall(publish_packet(0x3A, TOPIC.encode(), 1, payload))
    assert sock.recv(4) == b"\x40\x02\x00\x01"
    sock.close()


def marks(spool: Spool, count: int) -> list[tuple[bytes, bool]]:
    assert eventually(lambda: spool.depth() == count)
    return [(record.payload, record.again) for record in spool.read(100, 0.2)]


def test_a_publishers_own_mark_is_not_the_brokers(port: int, tmp_path: Path) -> None:
    """RabbitMQ 3.10 hands it on. First on a session that is new, then on one that is taken up again."""
    forget_session(port, CLIENT)
    spool = opened(tmp_path / "spool")
    line = Session(BrokerAddress(host=LOOPBACK, port=port), CLIENT, spool, [TOPIC], lambda _topic: True)
    line.start()
    assert eventually(line.granted)
    publish_marked(port, b"new session")
    assert eventually(lambda: spool.depth() == 1)
    publish(port, TOPIC, numbered(1))
    publish_marked(port, b"behind another")
    assert eventually(lambda: line.counts.acknowledged == 3)
    line.stop()
    publish(port, TOPIC, numbered(2, 1))
    read_and_die(port, 2)
    publish(port, TOPIC, numbered(1, 3))
    publish_marked(port, b"waited")
    line = Session(BrokerAddress(host=LOOPBACK, port=port), CLIENT, spool, [TOPIC], lambda _topic: True)
    line.start()
    assert marks(spool, 7) == [
        (b"new session", False),
        (b"0", False),
        (b"behind another", False),
        (b"1", True),
        (b"2", True),
        (b"3", False),
        (b"waited", False),
    ]
    line.stop()


def test_what_was_read_and_not_acknowledged_is_marked_and_the_rest_is_not(port: int, tmp_path: Path) -> None:
    forget_session(port, CLIENT)
    hold_session(port, CLIENT, TOPIC)
    publish(port, TOPIC, numbered(5))
    read_and_die(port, 5)
    publish(port, TOPIC, numbered(3, 5))
    spool = opened(tmp_path / "spool")
    line = Session(BrokerAddress(host=LOOPBACK, port=port), CLIENT, spool, [TOPIC], lambda _topic: True)
    line.start()
    assert eventually(lambda: spool.depth() == 8)
    publish(port, TOPIC, numbered(2, 8))
    assert eventually(lambda: spool.depth() == 10)
    line.stop()
    assert marks(spool, 10) == [(payload, number < 5) for number, payload in enumerate(numbered(10))]
