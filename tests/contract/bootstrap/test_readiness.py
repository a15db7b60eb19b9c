"""What ``/readyz`` says where ``collect`` and ``serve`` are processes of their own: the collectors' problems, too."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.jobs_apart import JobsApart
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.bootstrap.serve import Serving
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.ports.ledger import CollectorReport
from plantroom.settings import BrokerAddress, Settings
from tests.contract.bootstrap.test_two_collectors import two
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

__all__ = ["two"]

FULL = Trouble(TroubleKind.SPOOL_FULL, "spool: the disk is full; make room", "demo", "normal")


def served(parts: Parts, *own: CollectorReport) -> Serving:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        jobs = JobsApart(parts.settings)
        jobs.stop()
        return Serving(parts, sock, list, lambda: own, jobs)


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=started))
    yield opened
    opened.close()


def reported(parts: Parts, name: str, seconds_ago: float, *troubles: Trouble) -> CollectorReport:
    with parts.ledger.begin() as tx:
        at = tx.collect.now() - timedelta(seconds=seconds_ago)
        words = [str(trouble) for trouble in troubles]
        made = CollectorReport(name, at, not troubles, words, {}, {"demo": {}}, troubles=troubles)
        tx.collect.report_collector(made)
    return made


def test_a_full_spool_of_a_collector_elsewhere_is_no_readiness(parts: Parts) -> None:
    serving = served(parts)
    assert serving.problems() == []
    reported(parts, "elsewhere", 1, FULL)
    assert serving.problems() == [f"collector elsewhere: site demo, normal lane: {FULL.words}"]
    assert serving.own_problems() == [], "a start does not wait for it"
    reported(parts, "elsewhere", 0)
    assert serving.problems() == []


def test_a_collector_without_a_word_is_missed_until_another_has_its_sites(parts: Parts) -> None:
    serving = served(parts)
    reported(parts, "gone", 40, FULL)
    (words,) = serving.problems()
    assert words.startswith("collector gone (site demo): has not reported for 4")
    reported(parts, "next", 0)
    assert serving.problems() == []


def test_what_the_own_collector_reported_before_is_not_believed(parts: Parts) -> None:
    own = reported(parts, "own", 40, FULL)
    serving = served(parts, own)
    assert serving.problems() == []
    reported(parts, "own", 0, FULL)
    assert serving.problems() == [], "it says itself what is wrong now"


def test_a_real_collector_that_cannot_use_its_disk_is_told(two: list[Parts], own_mosquitto: Mosquitto) -> None:
    serving = served(two[0])
    in_the_way = two[1].settings.data_dir / "spool"
    in_the_way.write_text("no folder")
    collector = Collector(two[1], BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()
    said = eventually(lambda: [one for one in serving.problems() if "spool of" in one], 15)
    collector.stop()
    assert said
    assert all(one.startswith(f"collector {collector.holder}: ") for one in said)
