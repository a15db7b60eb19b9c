"""Two collectors on one ledger, killed in turn; RabbitMQ's node in use killed too: nothing acknowledged is lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.cli import bench_failover
from plantroom.cli.bench_failover import Plan, TwoCollectors, failover
from plantroom.cli.bench_failover_load import SteadyPublisher
from plantroom.cli.bench_failover_lost import close_gaps
from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.cli.bench_site import SITE, BenchSite
from plantroom.ports.gaps import GapNews
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

SETTINGS = {"PLANTROOM_LEASE_S": "2"}
SLOW_S = 8.0
GAP_S = 30.0
"""Generous: other tests may have the machine. What is usual is in docs/scaling.md."""


def see_nothing_lost(document: dict[str, Any], kills: int) -> None:
    assert document["acknowledged"] > 500
    assert (document["lost"], document["duplicates"], document["gaps"]) == (0, 0, 0), document
    assert document["sent_twice"] > 0
    assert document["recognised"] > 0, "what a killed collector counted since its last report is told by nobody"
    assert document["safety_tickets"] == kills
    assert document["gap_s"]["max"] < GAP_S


@pytest.mark.timeout(400)
def test_a_killed_collector_of_a_mosquitto_site_is_replaced(
    own_mosquitto: Mosquitto, postgres_url: str, tmp_path: Path
) -> None:
    plan = Plan("collector", 1, 200, 1, postgres_url, SETTINGS, tmp_path / "kept")
    see_nothing_lost(failover(own_mosquitto.url, None, plan, None, print), 1)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_a_killed_collector_has_on_its_disk_is_not_lost_while_it_takes_long_to_start(
    own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, begun = TwoCollectors.start, list[str]()

    def start_late(collectors: TwoCollectors, holder: str) -> None:
        """As it is, the first time; again only a while after it was to."""
        if holder in begun:
            threading.Timer(SLOW_S, start, [collectors, holder]).start()
        else:
            begun.append(holder)
            start(collectors, holder)

    monkeypatch.setattr(TwoCollectors, "start", start_late)
    monkeypatch.setattr(bench_failover, "WAIT_S", SLOW_S / 4)
    document = failover(own_mosquitto.url, None, Plan("collector", 1, 200, 1, None, SETTINGS), None, print)
    assert (document["lost"], document["missed"]) == (0, {})


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_comes_while_the_bench_itself_has_to_wait_for_the_processor_is_not_lost(
    own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = SteadyPublisher.start

    def start_and_rest(publisher: SteadyPublisher) -> None:
        start(publisher)
        time.sleep(1)

    monkeypatch.setattr(SteadyPublisher, "start", start_and_rest)
    document = failover(own_mosquitto.url, None, Plan("collector", 1, 200, 1, None, SETTINGS), None, print)
    assert (document["lost"], document["missed"]) == (0, {})


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_killed_collector_and_a_killed_node_of_rabbitmq_are_replaced(
    rabbit_cluster: RabbitCluster, postgres_url: str, tmp_path: Path
) -> None:
    plan = Plan("both", 2, 200, 2, postgres_url, SETTINGS, tmp_path / "kept")
    see_nothing_lost(failover(rabbit_cluster.url, rabbit_cluster, plan, None, print), 2)


def test_what_is_listed_as_missing_when_all_has_come_is_sent_again_and_counts_if_it_stays_listed(
    own_mosquitto: Mosquitto,
) -> None:
    now = datetime.now(UTC)
    hole = GapNews("key-P-000", "P-000", "telemetry", "bench", 0, now, now, [(3, 4)])
    never_sent = replace(hole, asset="key-P-001", code="P-001", holes=[(10**6, 10**6)])
    with BenchSite(own_mosquitto.port, 5, None, {}) as site:
        publisher = SteadyPublisher(own_mosquitto.url, site.codes, 200)
        publisher.start()
        assert eventually(lambda: publisher.published > 60, 20)
        publisher.finish()
        with site.ledger.begin() as tx:
            tx.gaps.note(SITE, [hole, never_sent])
        heard: list[int] = []

        def heal(body: bytes) -> None:
            heard.append(json.loads(body)["seq"])
            with site.ledger.begin() as tx:
                tx.gaps.note(SITE, [replace(hole, holes=[], came=[(heard[-1], heard[-1])])])

        with listening(own_mosquitto.port, f"plantroom/{SITE}/+/telemetry", heal):
            assert close_gaps(site.ledger, publisher, 3) == (3, 1)
        publisher.stop()
    assert heard == [3, 4]


@contextmanager
def listening(port: int, topics: str, hear: Callable[[bytes], None]) -> Iterator[None]:
    granted = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: hear(message.payload)
    client.on_subscribe = lambda *_: granted.set()
    client.connect("127.0.0.1", port)
    client.subscribe(topics, 1)
    client.loop_start()
    try:
        assert granted.wait(20)
        yield
    finally:
        client.disconnect()
        client.loop_stop()
