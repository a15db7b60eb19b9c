"""The collector keeps every site going that it can."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.strays import FOLDER
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.domain.assets import LocalName, Site
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=tmp_path))
    yield opened
    opened.close()


def test_a_site_whose_spool_is_unusable_keeps_no_other_from_starting(parts: Parts, mosquitto: Mosquitto) -> None:
    folder = parts.settings.data_dir / "spool"
    folder.mkdir()
    (folder / "a").write_text("in the way")
    with parts.ledger.begin() as tx:
        for code in ("a", "z"):
            tx.assets.add_site(Site(code, LocalName(code, code)))
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: any("spool of site a" in problem for problem in collector.problems()), 5)
    assert eventually((folder / "z" / "normal" / "cursor.0").exists, 5)
    (folder / "a").unlink()
    assert eventually(lambda: not collector.problems(), 15)
    collector.stop()


def test_a_new_site_is_taken_up_within_two_seconds(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    begun = time.monotonic()
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("late", LocalName("新", "New")))
    assert eventually((parts.settings.data_dir / "spool" / "late" / "safety").exists, 5, 0.02)
    assert time.monotonic() - begun < 2
    collector.stop()


def strays_spool(parts: Parts) -> Path:
    return parts.settings.data_dir / "spool" / FOLDER


def test_what_goes_to_unknown_sites_is_told_while_it_cannot_be_kept(parts: Parts, mosquitto: Mosquitto) -> None:
    strays_spool(parts).parent.mkdir(parents=True)
    strays_spool(parts).write_text("in the way")
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert any("spool of unknown sites" in problem for problem in collector.problems())
    strays_spool(parts).unlink()
    assert eventually(lambda: not collector.problems(), 15)
    collector.stop()


def test_without_a_broker_it_says_that_unknown_sites_are_not_heard_and_stops_at_once(parts: Parts) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=9))
    collector.start()
    assert eventually(lambda: any(p.startswith("unknown sites: ") for p in collector.problems()), 5)
    begun = time.monotonic()
    collector.stop()
    assert time.monotonic() - begun < 2


def test_an_event_of_an_unknown_site_is_counted_kept_and_told(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: not collector.problems(), 15)
    publish(mosquitto.port, "plantroom/nosite/E-1/event", [b'{"event": "passenger_trapped"}'])
    assert eventually(lambda: collector.report().stats["dead_lettered"] == 1, 5)
    with parts.ledger.read() as tx:
        (letter,) = tx.collect.dead_letters(EVERYTHING, PageRequest()).items
        (queued,) = tx.collect.findings_after("test", 10)
    assert (letter.site, letter.reason) == ("nosite", "unknown_site")
    assert (queued.finding.site, queued.finding.asset) == ("demo", "")
    begun = time.monotonic()
    collector.stop()
    assert time.monotonic() - begun < 2
