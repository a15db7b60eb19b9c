"""A broker that has forgotten a session it had is told, over restarts; one that never had it is not."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from plantroom.domain.flow import BROKER_FORGOT_MS
from plantroom.ports.clock import FixedClock, to_ms
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Start = Callable[..., SiteGateway]


@pytest.fixture
def started(broker: MosquittoBroker, tmp_path: Path) -> Iterator[Start]:
    """A site's way in, its sessions proven; the one before it is stopped."""
    stack = ExitStack()

    def start(port: int = broker.port, known_as: str | None = None) -> SiteGateway:
        stack.close()
        address = BrokerAddress(host="127.0.0.1", port=port, known_as=known_as)
        site = SiteGateway("demo", address, tmp_path / "spool", clock=FixedClock(NOON))
        site.start()
        stack.callback(site.stop)
        assert eventually(lambda: site.apart() and site._known.broker == site._broker)
        return site

    yield start
    stack.close()


def forgotten(site: SiteGateway) -> list[float | None]:
    return [site.figures(lane).get(BROKER_FORGOT_MS) for lane in Lane]


def forget(broker: MosquittoBroker, folder: Path) -> None:
    """As a disk that was full when a small file was saved leaves it."""
    broker.stop()
    os.truncate(folder / "broker" / "mosquitto.db", 0)
    broker.start()


TOLD = [to_ms(NOON)] * 2


def test_neither_a_first_start_nor_a_broker_that_knows_us_is_told(started: Start, broker: MosquittoBroker) -> None:
    assert forgotten(started()) == [None, None]
    broker.stop()
    broker.start()
    assert forgotten(started()) == [None, None]


def test_sessions_that_are_gone_after_a_restart_are_told_and_still_are_after_the_next(
    started: Start, broker: MosquittoBroker, tmp_path: Path
) -> None:
    started().stop()
    forget(broker, tmp_path)
    assert forgotten(started()) == TOLD
    assert forgotten(started()) == TOLD


def test_sessions_that_are_gone_after_a_reconnect_are_told(
    started: Start, broker: MosquittoBroker, tmp_path: Path
) -> None:
    site = started()
    forget(broker, tmp_path)
    assert eventually(lambda: forgotten(site) == TOLD, 20)


def test_another_broker_has_forgotten_nothing(started: Start, tmp_path: Path) -> None:
    started()
    other = mosquitto(tmp_path / "other")
    other.start()
    assert forgotten(started(other.port)) == [None, None]
    other.stop()


def test_the_trials_broker_is_the_same_one_on_another_port(started: Start, tmp_path: Path) -> None:
    started(known_as="trial")
    other = mosquitto(tmp_path / "other")
    other.start()
    assert forgotten(started(other.port, known_as="trial")) == TOLD
    other.stop()


def test_a_broker_that_keeps_nothing_has_forgotten_nothing(
    started: Start, broker: MosquittoBroker, tmp_path: Path
) -> None:
    started(known_as="")
    forget(broker, tmp_path)
    assert forgotten(started(known_as="")) == [None, None]


def test_what_was_told_on_a_full_disk_is_still_told_after_a_start_with_room(
    started: Start, broker: MosquittoBroker, tmp_path: Path
) -> None:
    started().stop()
    forget(broker, tmp_path)
    full = tmp_path / "spool" / "lanes.new"
    full.mkdir()  # No file can be written there.
    site = started()
    assert forgotten(site) == TOLD
    full.rmdir()
    assert eventually(lambda: str(TOLD[0]) in (tmp_path / "spool" / "lanes.json").read_text())
    assert forgotten(started()) == TOLD


def test_who_ends_right_after_it_was_found_tells_it_at_the_next_start(
    started: Start, broker: MosquittoBroker, tmp_path: Path
) -> None:
    started().stop()
    forget(broker, tmp_path)
    site = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "spool")
    site.start()
    assert eventually(lambda: all(session.counts.connects for session in site.sessions.values()))
    site.stop()
    assert all(forgotten(started()))
