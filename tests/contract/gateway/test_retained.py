"""A cluster's broker tells what it retained apart from what is published (the others: test_session)."""

from pathlib import Path

from gateway.session import Session
from plantroom.cli.bench_rabbitmq import LOOPBACK, RabbitCluster
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, opened, publish, taken


def test_rabbitmq_marks_what_it_had_retained(rabbit_cluster: RabbitCluster, tmp_path: Path) -> None:
    port, spool = rabbit_cluster.nodes[0].mqtt, opened(tmp_path / "spool")
    publish(port, "retained/a/t", [b"old"], retain=True)
    address = BrokerAddress(host=LOOPBACK, port=port)
    # RabbitMQ gives what it retained to subscriptions without wildcards alone.
    line = Session(address, "plantroom-retained", spool, ["retained/a/t"], lambda _topic: True)
    line.start()
    assert eventually(line.granted)
    assert taken(spool, 1) == [(b"old", True)]
    publish(port, "retained/a/t", [b"live"], retain=True)
    assert taken(spool, 1) == [(b"live", False)]
    line.stop()
