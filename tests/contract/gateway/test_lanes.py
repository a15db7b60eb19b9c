"""Two lanes at one broker: whatever becomes of their sessions there, one of them takes the message."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from plantroom.ports.clock import FixedClock, to_ms
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto, publish

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
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    made = mosquitto(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


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


def test_a_broker_that_kept_its_sessions_gives_an_event_once(broker: MosquittoBroker, site: SiteGateway) -> None:
    broker.stop()
    broker.start()
    assert eventually(lambda: site.sessions[Lane.NORMAL].counts.connects == 2)
    publish(broker.port, EVENT, [b"{}"])
    assert eventually(lambda: site.sessions[Lane.SAFETY].counts.received == 1)
    assert taken(site) == [EVENT]
