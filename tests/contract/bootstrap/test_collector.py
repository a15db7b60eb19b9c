"""The collector keeps every site going that it can."""

import errno
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import gateway.collector
from gateway.spool.segments import Segment
from gateway.strays import FOLDER
from ingest.stats import IngestStats
from ingest.strays import LANE
from plantroom.bootstrap.collect import END_S, SITE_RETRY_S, Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.bootstrap.site_parts import SiteParts
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.flow import STRAYS, TroubleKind, by_lane
from plantroom.ports.gaps import GapNews
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=started))
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


def test_a_collector_has_one_name_in_its_leases_its_reports_and_its_folder(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()

    def names() -> dict[str, set[str | None]]:
        with parts.ledger.read() as tx:
            return {
                "holders": {lease.holder for lease in tx.leases.list()},
                "members": set(tx.leases.members()),
                "reports": {report.collector for report in tx.collect.collectors()},
                "folder": {(parts.settings.data_dir / "collector-id").read_text(encoding="utf-8").strip()},
            }

    assert eventually(lambda: names()["reports"], 5)
    found = names()
    collector.stop()
    assert found == {key: {collector.holder} for key in found}


def letters_of(parts: Parts) -> set[tuple[str, str]]:
    """Site and topic of each letter."""
    with parts.ledger.read() as tx:
        return {
            (letter.site, letter.topic) for letter in tx.collect.dead_letters(EVERYTHING, PageRequest(limit=100)).items
        }


@pytest.mark.parametrize("later", [False, True])
def test_a_site_that_would_take_anothers_safety_lane_is_not_taken_in_beside_it(
    parts: Parts, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    monkeypatch.setattr("plantroom.storage.ledger.assets.check_site_code", str)  # as an earlier version's ledger
    spool = parts.settings.data_dir / "spool"
    hall, lone = f"hall{later}", f"lone{later}-safety"
    shadow = f"{hall}-safety"
    codes = [shadow, lone, hall]
    for code in codes[: 2 if later else 3]:
        with parts.ledger.begin() as tx:
            tx.assets.add_site(Site(code, LocalName(code, code)))
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    try:
        if later:
            assert eventually((spool / shadow / "normal" / "cursor.0").exists, 5)
            assert eventually(lambda: not collector.problems(), 10)
            with parts.ledger.begin() as tx:
                tx.assets.add_site(Site(hall, LocalName(hall, hall)))
        for code in (lone, hall):
            assert eventually((spool / code / "normal" / "cursor.0").exists, 5), code
        assert (spool / shadow).exists() is later
        assert eventually(lambda: [one.site for one in collector.report().troubles] == [shadow], 20)
        (trouble,) = collector.report().troubles
        assert trouble.kind is TroubleKind.CLIENT_ID_SHARED
        assert f"site {hall}'s safety lane" in str(trouble)
        assert eventually(lambda: hall in collector._sites, 10)
        publish(mosquitto.port, f"plantroom/{hall}/P-1/event", [b'{"event": "tripped"}'])
        spooled = collector._sites[hall].gateway.spools[Lane.SAFETY]
        assert eventually(lambda: spooled.taken >= 1, 10)
        topic = f"plantroom/{shadow}/P-2/event"

        def kept_as_of_an_unknown_site() -> bool:
            publish(mosquitto.port, topic, [b'{"event": "tripped"}'])
            return (shadow, topic) in letters_of(parts)

        assert eventually(kept_as_of_an_unknown_site, 30, 0.5)
        assert not any(site == hall and shadow in where for site, where in letters_of(parts))
    finally:
        collector.stop()


def test_a_new_site_is_taken_up_soon(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    begun = time.monotonic()
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("late", LocalName("新", "New")))
    assert eventually((parts.settings.data_dir / "spool" / "late" / "safety").exists, 20, 0.02)
    assert time.monotonic() - begun < SITE_RETRY_S, "at the next look, not when what failed is tried again"
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
    assert time.monotonic() - begun < END_S, "nothing hung, and was waited for in vain"


def test_an_event_of_an_unknown_site_is_counted_kept_and_told(parts: Parts, mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: not collector.problems(), 15)
    publish(mosquitto.port, "plantroom/nosite/E-1/event", [b'{"event": "passenger_trapped"}'])
    assert eventually(lambda: collector.report().stats["dead_lettered"] == 1, 5)
    strays = by_lane(collector.report().by_site[STRAYS])[LANE]
    assert (strays["received"], strays["taken"], strays["letters_unknown_site"], strays["lag_s"]) == (1, 1, 1, 0)
    with parts.ledger.read() as tx:
        (letter,) = tx.collect.dead_letters(EVERYTHING, PageRequest()).items
        (queued,) = tx.collect.findings_after("test", 10)
    assert (letter.site, letter.reason) == ("nosite", "unknown_site")
    assert (queued.finding.site, queued.finding.asset) == ("demo", "")
    begun = time.monotonic()
    collector.stop()
    assert time.monotonic() - begun < END_S, "nothing hung, and was waited for in vain"


def test_what_is_missing_is_what_the_list_has_and_nodes_miss_and_no_figure_of_a_lane(
    parts: Parts, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart both lanes take a safety source's topic: each has seen but fragments of its numbers."""
    lanes = {"normal": IngestStats(gaps=633, unlisted_gaps=2), "safety": IngestStats(gaps=17)}
    monkeypatch.setattr(SiteParts, "lanes", lambda _: {lane: dict(own.as_mapping()) for lane, own in lanes.items()})
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: "demo" in collector.report().by_site, 5)
    assert collector.report().by_site["demo"]["gaps"] == 2
    with parts.ledger.begin() as tx:
        now = parts.clock.now()
        tx.gaps.note("demo", [GapNews("a1", "A-1", "telemetry", "b", 0, now, now + timedelta(hours=1), [(5, 7)])])
    assert eventually(lambda: collector.report().by_site["demo"]["gaps"] == 5, 5)
    assert not [key for key in collector.report().by_site["demo"] if key.endswith(".gaps")]
    assert collector.report().stats["gaps"] == 5
    collector.stop()


def last_word(parts: Parts) -> CollectorReport:
    def told() -> CollectorReport | None:
        with parts.ledger.read() as tx:
            return next(iter(tx.collect.collectors()), None)

    report = eventually(told, 5)
    assert isinstance(report, CollectorReport)
    return report


def test_an_unexpected_error_ends_no_thread_and_is_counted_and_shown(
    parts: Parts, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: last_word(parts).ready, 15)
    with monkeypatch.context() as broken:
        broken.setattr(SiteParts, "note_link", lambda _site, _now_ms: {}["nothing"])
        assert eventually(lambda: last_word(parts).stats["internal_errors"] >= 1, 5)
    said = last_word(parts)
    assert said.store == parts.readings.address
    assert [trouble.kind for trouble in said.troubles] == [TroubleKind.INTERNAL]
    assert "KeyError" in said.problems[0]
    assert eventually(lambda: last_word(parts).ready, 15), "it is over some seconds after the last one"
    collector.stop()


def test_a_disk_that_cannot_be_asked_how_full_it_is_stops_no_report(
    parts: Parts, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=mosquitto.port))
    collector.start()
    assert eventually(lambda: last_word(parts).ready, 15)

    def too_many(_folder: Path) -> list[Segment]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(gateway.collector, "segments_in", too_many)
    now = parts.clock.now()
    assert eventually(lambda: last_word(parts).reported_at > now + timedelta(seconds=1), 5)
    assert "spool_bytes" not in last_word(parts).by_site["demo"]
    collector.stop()
