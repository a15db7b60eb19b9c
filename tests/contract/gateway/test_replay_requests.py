"""Requests to publishers: published at the QoS that is wanted, and nobody's when they come back to us."""

import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs

from gateway.collector import SiteGateway
from gateway.requests import WAITING, BrokerRequests
from gateway.strays import StrayGateway
from plantroom.domain.assets import Plant, Priority, Site
from plantroom.domain.sources import TopicSource
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import is_replay, mark_topic, replay_topic
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port
from tests.unit.ingest.plants import NAME


@pytest.fixture
def address(mosquitto: Mosquitto) -> BrokerAddress:
    return BrokerAddress(host="127.0.0.1", port=mosquitto.port)


@pytest.fixture
def asked(mosquitto: Mosquitto) -> Iterator[list[tuple[str, bytes, int]]]:
    heard: list[tuple[str, bytes, int]] = []
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _d, m: heard.append((m.topic, bytes(m.payload), m.qos))
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe([("plantroom/asked/+/replay", 1), ("spBv1.0/asked/#", 1)])
    client.loop_start()
    assert ready.wait(10)
    yield heard
    client.disconnect()
    client.loop_stop()


def test_an_acknowledged_request_goes_at_qos_1_and_a_command_at_0(
    address: BrokerAddress, asked: list[tuple[str, bytes, int]]
) -> None:
    requests = BrokerRequests(address)
    requests.publish("plantroom/asked/P-1/replay", b"{}", acknowledged=True)
    requests.publish("spBv1.0/asked/NCMD/n", b"rebirth")
    assert eventually(lambda: len(asked) == 2, 10)
    requests.stop()
    assert sorted(asked) == [("plantroom/asked/P-1/replay", b"{}", 1), ("spBv1.0/asked/NCMD/n", b"rebirth", 0)]


def test_requests_never_wait_or_raise_and_are_bounded_while_the_broker_is_away() -> None:
    requests = BrokerRequests(BrokerAddress(host="127.0.0.1", port=free_port()))
    for number in range(3 * WAITING):
        requests.publish("plantroom/asked/P-1/replay", b"%d" % number, acknowledged=True)
    assert len(requests._waiting) == WAITING
    requests.stop()
    requests.publish("plantroom/asked/P-1/replay", b"late", acknowledged=True)


def test_a_mark_of_ours_is_logged_as_nothing_that_is_asked_of_a_device() -> None:
    requests = BrokerRequests(BrokerAddress(host="127.0.0.1", port=free_port()))
    with capture_logs() as said:
        requests.publish(mark_topic("asked", "a1"), b"", acknowledged=True)
        requests.publish(replay_topic("asked", "P-1"), b"{}", acknowledged=True)
    requests.stop()
    assert [(one["event"], one["log_level"]) for one in said] == [("mark_sent", "debug"), ("device_asked", "info")]


def test_our_own_requests_are_in_no_lane_whatever_a_source_asks_for(address: BrokerAddress, tmp_path: Path) -> None:
    site, strays = SiteGateway("back", address, tmp_path / "spool"), StrayGateway(address, tmp_path / "spools")
    wide = TopicSource("s1", "back", "wide", "plantroom/back/#", "json", priority=Priority.SAFETY, asset="P-1")
    plant = Plant(1, {"back": Site("back", NAME)}, {}, {}, {}, {}, (), topic_sources=(wide,))
    site.follow(plant)
    site.start()
    strays.start()
    granted = ("plantroom/back/#",)
    assert eventually(lambda: all(set(granted) <= s.granted() for s in site.sessions.values()), 10)
    assert eventually(lambda: len(strays.session.granted()) == 3, 10)
    try:
        publish(address.port, replay_topic("back", "P-1"), [b"{}"])
        publish(address.port, "plantroom/back/P-1/telemetry", [b"1"])
        assert eventually(lambda: site.spools[Lane.SAFETY].depth() == 1, 10)
        topics = [record.topic for lane in Lane for record in site.spools[lane].read(10, 0.3)]
        topics += [record.topic for record in strays.spool.read(10, 0.3)]
        assert [topic for topic in topics if is_replay(topic)] == []
        assert "plantroom/back/P-1/telemetry" in topics
    finally:
        site.stop()
        strays.stop()


@pytest.mark.parametrize(
    ("topic", "ours"),
    [
        ("plantroom/demo/P-1/replay", True),
        ("plantroom/demo/P-1/x/replay", False),
        ("plantroom/demo/replay", False),
        ("other/demo/P-1/replay", False),
        ("plantroom/demo/P-1/telemetry", False),
    ],
)
def test_a_request_is_known_by_its_topic(topic: str, ours: bool) -> None:
    assert is_replay(topic) is ours
