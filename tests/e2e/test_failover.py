"""Two collectors on one ledger, killed in turn; RabbitMQ's node in use killed too: nothing acknowledged is lost."""

from typing import Any

import pytest

from plantroom.cli.bench_failover import Plan, failover
from plantroom.cli.bench_rabbitmq import RabbitCluster
from tests.servers.mosquitto import Mosquitto

SETTINGS = {"PLANTROOM_LEASE_S": "2"}
GAP_S = 30.0
"""Generous: other tests may have the machine. What is usual is in docs/scaling.md."""


def see_nothing_lost(document: dict[str, Any], kills: int) -> None:
    assert document["acknowledged"] > 500
    assert (document["lost"], document["duplicates"], document["gaps"]) == (0, 0, 0), document
    assert document["sent_twice"] > 0
    assert document["recognised"] > 0, "what a killed collector counted since its last report is told by nobody"
    assert document["safety_tickets"] == kills
    assert document["gap_s"]["max"] < GAP_S


def test_a_killed_collector_of_a_mosquitto_site_is_replaced(own_mosquitto: Mosquitto, postgres_url: str) -> None:
    plan = Plan("collector", 1, 200, 1, postgres_url, SETTINGS)
    see_nothing_lost(failover(own_mosquitto.url, None, plan, None, print), 1)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_killed_collector_and_a_killed_node_of_rabbitmq_are_replaced(
    rabbit_cluster: RabbitCluster, postgres_url: str
) -> None:
    plan = Plan("both", 2, 200, 2, postgres_url, SETTINGS)
    see_nothing_lost(failover(rabbit_cluster.url, rabbit_cluster, plan, None, print), 2)
