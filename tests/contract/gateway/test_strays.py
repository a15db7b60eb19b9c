"""Messages to sites that nobody entered, at a real broker: kept, while those of known sites are left alone."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from gateway.strays import ALWAYS, CHEAP_PER_S, CLIENT_ID, TELEMETRY, WINDOW_S, StrayGateway
from plantroom.cli.bench_wire import RawPublisher, hold_session
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT
from tests.contract.gateway.test_session import eventually, numbered, publish


def listening(broker: MosquittoBroker, folder: Path) -> StrayGateway:
    made = StrayGateway(BrokerAddress(host="127.0.0.1", port=broker.port), folder)
    made.start()

    def listens() -> bool:
        made.follow({})
        return made.session.granted() == {*ALWAYS, TELEMETRY}

    assert eventually(listens)
    return made


@pytest.fixture
def demo(broker: MosquittoBroker, tmp_path: Path) -> Iterator[SiteGateway]:
    made = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "demo")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def strays(broker: MosquittoBroker, tmp_path: Path) -> Iterator[StrayGateway]:
    made = listening(broker, tmp_path / "spool")
    yield made
    made.stop()


def taken(strays: StrayGateway) -> list[str]:
    return [record.topic for record in strays.spool.read(100, 0.2)]


def test_every_channel_of_an_unknown_site_is_kept_and_nothing_of_a_known_one(
    broker: MosquittoBroker, demo: SiteGateway, strays: StrayGateway
) -> None:
    def demo_is_left() -> bool:
        strays.follow({"demo": demo})
        return not strays._owns("plantroom/demo/P-1/event") and TELEMETRY in strays.session.granted()

    assert eventually(demo_is_left)
    channels = ("event", "status", "telemetry")
    for topic in ("demo/P-1", "nosite/P-1", "nosite/deeper/P-1"):
        for channel in channels:
            publish(broker.port, f"plantroom/{topic}/{channel}", [b"{}"])
    assert eventually(lambda: strays.session.counts.received == 3)
    assert eventually(lambda: strays.spool.depth() == 3)
    assert taken(strays) == [f"plantroom/nosite/P-1/{channel}" for channel in channels]
    assert strays.problems() == []


def test_telemetry_is_left_while_it_is_too_much_and_events_go_on(broker: MosquittoBroker, strays: StrayGateway) -> None:
    publish(broker.port, "plantroom/demo/P-1/telemetry", numbered(round(CHEAP_PER_S * WINDOW_S) + 1))
    assert eventually(lambda: strays.session.granted() == set(ALWAYS))

    def event_alone_comes() -> bool:
        for channel in ("telemetry", "event"):
            publish(broker.port, f"plantroom/nosite/P-1/{channel}", [b"{}"])
        came: list[str] = []
        assert eventually(lambda: came.extend(taken(strays)) or "plantroom/nosite/P-1/event" in came)
        return "plantroom/nosite/P-1/telemetry" not in came

    assert eventually(event_alone_comes)


def test_an_event_that_comes_while_we_are_away_is_kept_when_we_are_back(
    broker: MosquittoBroker, tmp_path: Path
) -> None:
    listening(broker, tmp_path / "spool").stop()
    publish(broker.port, "plantroom/nosite/P-1/event", [b"{}"])
    publish(broker.port, "plantroom/nosite/P-1/telemetry", numbered(100))
    back = listening(broker, tmp_path / "spool")
    assert eventually(lambda: back.spool.depth() == 1)
    assert taken(back) == ["plantroom/nosite/P-1/event"], "the broker does not keep telemetry for this session"
    back.stop()


def test_a_site_that_is_entered_takes_its_messages_over_and_none_falls_between(
    broker: MosquittoBroker, strays: StrayGateway, tmp_path: Path
) -> None:
    topic = "plantroom/late/P-1/event"
    site = SiteGateway("late", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "late")
    site.start()
    sent = 0

    def handed_over() -> bool:
        nonlocal sent
        publish(broker.port, topic, [f"{sent}".encode()])
        sent += 1
        strays.follow({"late": site})
        return not strays._owns(topic)

    assert eventually(handed_over)
    publish(broker.port, topic, [b"last"])
    assert eventually(lambda: sum(spool.depth() for spool in site.spools.values()) >= 2)

    left = {b"last"} | set(numbered(sent))

    def none_left() -> bool:
        for spool in (strays.spool, *site.spools.values()):
            left.difference_update(record.payload for record in spool.read(1000, 0.1))
        return not left

    assert eventually(none_left), left
    count = strays.session.counts.received
    publish(broker.port, topic, numbered(5))
    assert eventually(lambda: strays.session.counts.acknowledged >= count + 5)
    assert strays.session.counts.received == count
    site.stop()


def test_telemetry_that_a_killed_session_had_asked_for_is_left_to_the_sites(
    broker: MosquittoBroker, demo: SiteGateway, tmp_path: Path
) -> None:
    """The broker sends it from the first moment of the next connection on, before it can be told not to."""
    hold_session(broker.port, CLIENT_ID, TELEMETRY, qos=0)
    assert eventually(lambda: f"{ROOT}/demo/#" in demo.sessions[Lane.NORMAL].granted())
    flood, over = RawPublisher(broker.port, "flood"), threading.Event()

    def send() -> None:
        while not over.wait(0.005):
            flood.send([(b"plantroom/demo/P-1/telemetry", b"{}")] * 5)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    strays = StrayGateway(BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "spool")
    strays.start({"demo": demo})

    def is_left() -> bool:
        strays.follow({"demo": demo})
        return strays.session.counts.connects == 1 and not strays._owns("plantroom/demo/P-1/event")

    try:
        assert eventually(is_left, 40)
        assert taken(strays) == []
    finally:
        over.set()
        sender.join()
        strays.stop()
