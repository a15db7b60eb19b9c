"""RabbitMQ, as Debian packages it: three nodes on loopback with quorum queues for MQTT sessions, or one as it comes.

The cluster itself is the one that ``plantroom bench failover`` starts.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.errors import Unreachable

HOW_TO_GET = "To get it: scripts/install-test-servers, or apt-get install rabbitmq-server"

CLUSTER = pytest.StashKey[ExitStack]()
"""Ends the cluster that tests share before their session ends."""


@contextmanager
def rabbitmq(queues: str = "quorum", nodes: int = 3) -> Iterator[RabbitCluster]:
    """A cluster; fails the test with the way to get it where RabbitMQ is missing."""
    try:
        cluster = RabbitCluster(queues, nodes)
        cluster.start()
    except Unreachable as error:
        pytest.fail(f"{error}. {HOW_TO_GET}", pytrace=False)
    try:
        yield cluster
    finally:
        cluster.close()
