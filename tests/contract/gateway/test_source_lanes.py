"""Topics of sources come on the lane of their source, and go when the source does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from gateway.requests import BrokerRequests
from plantroom.domain.assets import LocalName, Plant, Priority, Site
from plantroom.domain.sources import TopicSource
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, publish
from tests.servers.process import free_port


@pytest.fixture
def site(broker: MosquittoBroker, tmp_path: Path) -> Iterator[SiteGateway]:
    made = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "spool")
    made.start()
    yield made
    made.stop()


def follow(site: SiteGateway, *sources: TopicSource) -> None:
    """Follow a plant with these sources, and wait until each topic comes on one lane alone."""
    home = {"demo": Site("demo", LocalName("名", "name"))}
    site.follow(Plant(1, home, {}, {}, {}, {}, [], topic_sources=sources))
    assert eventually(site.apart)


def source(topic_filter: str, priority: Priority = Priority.NORMAL, **given: Any) -> TopicSource:
    return TopicSource(topic_filter, "demo", "name", topic_filter, "json", priority, asset="P-1", **given)


def taken(site: SiteGateway, lane: Lane) -> list[str]:
    return [record.topic for record in site.spools[lane].read(100, 0.1)]


def test_each_topic_comes_once_on_its_own_lane(broker: MosquittoBroker, site: SiteGateway) -> None:
    follow(
        site,
        source("a/#", Priority.SAFETY),
        source("a/normal"),
        source("b/#"),
        source("b/safety", Priority.SAFETY),
        source("plantroom/demo/+/telemetry", Priority.SAFETY),
        source("plantroom/demo/+/raw"),
    )
    topics = {
        Lane.SAFETY: ["a/x", "b/safety", "plantroom/demo/P-1/telemetry", "plantroom/demo/P-1/event"],
        Lane.NORMAL: ["a/normal", "b/x", "plantroom/demo/P-1/raw", "plantroom/demo/P-1/status"],
    }
    for topic in sorted(topics[Lane.SAFETY] + topics[Lane.NORMAL]):
        publish(broker.port, topic, [b"{}"])
    publish(broker.port, "c/x", [b"{}"])

    counts = {lane: site.sessions[lane].counts for lane in Lane}
    assert eventually(lambda: all(counts[lane].received >= 4 for lane in Lane))
    assert eventually(lambda: all(site.spools[lane].depth() >= 4 for lane in Lane))
    for lane in Lane:
        assert sorted(taken(site, lane)) == sorted(topics[lane])


def test_a_source_that_is_gone_is_heard_no_more(broker: MosquittoBroker, site: SiteGateway) -> None:
    follow(site, source("a/#"), source("b/#"))
    follow(site, source("b/#"))
    for topic in ("a/x", "b/x"):
        publish(broker.port, topic, [b"{}"])

    assert eventually(site.spools[Lane.NORMAL].depth)
    assert taken(site, Lane.NORMAL) == ["b/x"]


def test_a_source_changes_its_lane(broker: MosquittoBroker, site: SiteGateway) -> None:
    follow(site, source("a/#"))
    follow(site, source("a/#", Priority.SAFETY))
    publish(broker.port, "a/x", [b"{}"])

    assert eventually(site.spools[Lane.SAFETY].depth)
    assert taken(site, Lane.SAFETY) == ["a/x"]
    assert taken(site, Lane.NORMAL) == []


def test_a_request_waits_for_the_broker(tmp_path: Path, site: SiteGateway, broker: MosquittoBroker) -> None:
    follow(site, source("a/#"))
    requests = BrokerRequests(BrokerAddress(host="127.0.0.1", port=broker.port))
    requests.publish("a/first", b"x")
    assert eventually(lambda: site.sessions[Lane.NORMAL].counts.received == 1)
    requests.publish("a/second", b"x")
    assert eventually(lambda: site.spools[Lane.NORMAL].depth() == 2)
    requests.stop()
    requests.publish("a/third", b"x")
    requests.stop()
    assert taken(site, Lane.NORMAL) == ["a/first", "a/second"]


def test_a_broker_that_is_away_holds_nobody_up() -> None:
    requests = BrokerRequests(BrokerAddress(host="127.0.0.1", port=free_port()))
    for _ in range(3000):
        requests.publish("a/x", b"x")
    requests.stop()
