"""Brokers mark what they send a second time, and the mark gets into the spool."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.packets import PacketSocket
from gateway.session import Session
from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.cli.bench_wire import LOOPBACK, connect, hold_session
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
        messages = packets.receive()
        assert not any(message.again for message in messages)
        got += len(messages)
    sock.close()


def test_what_was_read_and_not_acknowledged_is_marked_and_the_rest_is_not(port: int, tmp_path: Path) -> None:
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
    assert [(record.payload, record.again) for record in spool.read(100, 0.2)] == [
        (payload, number < 5) for number, payload in enumerate(numbered(10))
    ]
