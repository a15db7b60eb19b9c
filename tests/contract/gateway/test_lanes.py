"""Two lanes at one broker: whatever becomes of their sessions there, one of them takes the message."""

import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import gateway.session
from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from plantroom.domain.flow import TroubleKind
from plantroom.ports.clock import FixedClock, to_ms
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, publish
from tests.servers.mosquitto import Mosquitto

NORMAL, SAFETY = Lane.NORMAL, Lane.SAFETY
EVENT = "plantroom/demo/E-1/event"


class Draws(random.Random):
    """A jitter that always draws the same."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def uniform(self, a: float, b: float) -> float:
        del a, b
        return self._seconds


@pytest.fixture
def site(broker: MosquittoBroker, tmp_path: Path) -> Iterator[SiteGateway]:
    made = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "spool")
    made.sessions[Lane.SAFETY]._rng = Draws(5.0)
    made.sessions[Lane.NORMAL]._rng = Draws(0.0)
    made.start()
    assert eventually(made.apart)
    yield made
    made.stop()


def taken(site: SiteGateway) -> list[str]:
    return [record.topic for spool in site.spools.values() for record in spool.read(10, 0.1)]


def test_a_broker_that_lost_its_sessions_swallows_no_event_while_the_safety_lane_is_away(
    broker: MosquittoBroker, site: SiteGateway, tmp_path: Path
) -> None:
    broker.stop()
    (tmp_path / "broker" / "mosquitto.db").unlink()
    broker.start()
    normal, safety = site.sessions[Lane.NORMAL], site.sessions[Lane.SAFETY]
    assert eventually(normal.granted)
    assert eventually(lambda: normal.counts.connects == 2)
    publish(broker.port, EVENT, [b"{}"])
    assert safety.counts.connects == 1, "the safety lane came back too soon for this test"
    assert taken(site) == [EVENT]
    assert eventually(lambda: safety.counts.connects == 2)
    assert eventually(site.apart)
    publish(broker.port, EVENT, [b"{}"])
    assert eventually(lambda: site.spools[Lane.SAFETY].depth() == 1)
    assert site.spools[Lane.NORMAL].depth() == 1, "the normal lane leaves events to the safety lane again"


def test_the_clock_of_the_program_says_when_a_message_came_on_either_lane(
    broker: MosquittoBroker, tmp_path: Path
) -> None:
    address, noon = BrokerAddress(host="127.0.0.1", port=broker.port), datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    made = SiteGateway("demo", address, tmp_path / "spool", clock=FixedClock(noon))
    made.start()
    assert eventually(made.apart)
    for topic in (EVENT, "plantroom/demo/P-1/telemetry"):
        publish(broker.port, topic, [b"{}"])
    assert eventually(lambda: all(spool.depth() for spool in made.spools.values()))
    came = [record.received_ms for spool in made.spools.values() for record in spool.read(10, 0.1)]
    made.stop()
    assert came == [to_ms(noon)] * 2


def test_after_a_connection_was_lost_an_event_comes_once_again_when_that_is_proven(
    broker: MosquittoBroker, site: SiteGateway
) -> None:
    broker.stop()
    broker.start()
    assert eventually(lambda: site.sessions[Lane.NORMAL].counts.connects == 2)
    publish(broker.port, EVENT, [b"{}"])
    assert eventually(lambda: site.sessions[Lane.SAFETY].counts.received == 1)
    assert taken(site) == [EVENT, EVENT], "who knows whether the broker came back as it was"
    assert eventually(site.apart)
    publish(broker.port, EVENT, [b"{}"])
    assert eventually(lambda: site.sessions[Lane.SAFETY].counts.received == 2)
    assert taken(site) == [EVENT]


def test_two_installations_with_one_site_code_do_not_storm_the_broker_and_say_what_it_is(
    broker: MosquittoBroker, site: SiteGateway, tmp_path: Path
) -> None:
    second = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "second")
    for line in site.sessions.values():
        line._rng = Draws(0.0)
    second.start()
    kinds = {TroubleKind.CLIENT_ID_SHARED}
    assert eventually(lambda: {trouble.kind for one in (site, second) for trouble in one.troubles()} == kinds, 20)
    lines = [*site.sessions.values(), *second.sessions.values()]
    for line in lines:
        line._rng = random.Random(1)
    began = [line.counts.connects for line in lines]
    time.sleep(3)
    assert sum(line.counts.connects for line in lines) - sum(began) < 40
    second.stop()


def test_a_broker_that_hangs_is_told_and_taken_up_again(
    own_mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 2 * gateway.session.KEEPALIVE_S <= 30
    monkeypatch.setattr(gateway.session, "KEEPALIVE_S", 2)
    made = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=own_mosquitto.port), tmp_path / "hung")
    made.start()
    assert eventually(made.apart)
    os.kill(own_mosquitto.pid, signal.SIGSTOP)
    assert eventually(lambda: len(made.troubles()) == len(Lane), 2 * 2 + 3), "twice the keepalive"
    os.kill(own_mosquitto.pid, signal.SIGCONT)
    assert eventually(lambda: not made.troubles(), 20)
    made.stop()


@pytest.mark.parametrize(("name", "lane"), [("telemetry", NORMAL), ("event", SAFETY), ("status", NORMAL)])
def test_what_a_publisher_may_write_among_the_marks_is_kept(
    broker: MosquittoBroker, site: SiteGateway, name: str, lane: Lane
) -> None:
    """The rules of a site-wide credential have a ``+`` where ``$marks`` stands."""
    publish(broker.port, f"plantroom/demo/$marks/{name}", [b"{}"])
    assert eventually(lambda: site.spools[lane].depth() >= 1)
    assert f"plantroom/demo/$marks/{name}" in taken(site)
