"""What a broker retained is told apart from what is published, by every broker, and through the spool."""

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from gateway.broker import TrialBroker, free_port
from gateway.broker.embedded import EmbeddedBroker
from gateway.session import Session
from gateway.spool import Spool
from plantroom.cli.bench_rabbitmq import LOOPBACK, RabbitCluster
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto, opened


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrialBroker]:
    made = mosquitto(tmp_path / "broker") if request.param == "mosquitto" else EmbeddedBroker(free_port())
    made.start()
    yield made
    made.stop()


def publish(port: int, topic: str, payload: bytes, *, retain: bool) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect(LOOPBACK, port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def session(address: BrokerAddress, spool: Spool, topic: str, client_id: str = "plantroom-s") -> Session:
    made = Session(address, client_id, spool, [topic], lambda _topic: True)
    made.start()
    assert eventually(made.granted)
    return made


def read(spool: Spool, count: int) -> list[tuple[bytes, bool]]:
    assert eventually(lambda: spool.depth() >= count)
    found = [(record.payload, record.retained) for record in spool.read(100, 1.0)]
    spool.commit(spool.taken, b"")
    return found


def test_only_what_a_new_subscription_brings_is_marked(broker: TrialBroker, tmp_path: Path) -> None:
    spool, address = opened(tmp_path / "spool"), BrokerAddress(host=LOOPBACK, port=broker.port)
    publish(broker.port, "s/a/t", b"old", retain=True)
    line = session(address, spool, "s/+/t")
    assert read(spool, 1) == [(b"old", True)]
    publish(broker.port, "s/a/t", b"live", retain=True)
    publish(broker.port, "s/a/t", b"plain", retain=False)
    assert read(spool, 2) == [(b"live", False), (b"plain", False)]
    line.stop()


def test_what_waited_for_us_is_no_old_story(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool, address = opened(tmp_path / "spool"), BrokerAddress(host=LOOPBACK, port=server.port)
    session(address, spool, "s/+/t").stop()
    publish(server.port, "s/a/t", b"waited", retain=True)
    line = session(address, spool, "s/+/t")
    assert sorted(read(spool, 2)) == [(b"waited", False), (b"waited", True)], "queued, and brought by the subscription"
    assert eventually(lambda: line.counts.acknowledged == line.counts.received)
    line.stop()
    server.stop()


def test_rabbitmq_marks_them_too(rabbit_cluster: RabbitCluster, tmp_path: Path) -> None:
    node, spool = rabbit_cluster.nodes[0], opened(tmp_path / "spool")
    address = BrokerAddress(host=LOOPBACK, port=node.mqtt)
    publish(node.mqtt, "retained/a/t", b"old", retain=True)
    line = session(address, spool, "retained/a/t", "plantroom-retained")
    assert read(spool, 1) == [(b"old", True)]
    publish(node.mqtt, "retained/a/t", b"live", retain=True)
    assert read(spool, 1) == [(b"live", False)]
    line.stop()
