"""Two collectors on one ledger and one broker: they share the sites, change hands without loss, and never fight."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.session import Session
from gateway.spool import Spool
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.bootstrap.site_parts import SiteParts
from plantroom.domain.assets import Asset, LocalName, Point, Site
from plantroom.ports.readings import SeriesRef
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

SITES = ("a", "b", "c")
REPORT_MAX_S = 5.0


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[Parts]]:
    """The opened parts of two collectors with a data folder each, and a pump in every site."""
    with ExitStack() as stack:
        made = []
        for number in range(2):
            settings = Settings(
                data_dir=tmp_path / f"collector-{number}",
                ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}",
                readings_url=f"sqlite:///{tmp_path / 'readings.db'}",
                lease_s=2.0,
            )
            made.append(open_parts(settings, seed=False))
            stack.callback(made[-1].close)
        with made[0].ledger.begin() as tx:
            for site in SITES:
                tx.assets.add_site(Site(site, LocalName(site, site)))
                pump = Asset(f"key-{site}", site, "P", "pump", LocalName("泵", "Pump"))
                points = made[0].classes["pump"].points
                tx.assets.add(pump, [Point(pump.key, template) for template in points])
        yield made


def held(parts: Parts, collector: Collector) -> set[str]:
    with parts.ledger.read() as tx:
        leases = tx.leases.list()
    return {lease.partition for lease in leases if lease.holder == collector.holder}


def stored(parts: Parts) -> dict[str, list[float]]:
    found = {}
    for site in SITES:
        series = SeriesRef(site, "pump", f"key-{site}", "vibration")
        found[site] = sorted(parts.readings.read([series], 0, 1 << 50, 10_000)[0].value.tolist())
    return found


def silent_s(parts: Parts) -> list[float]:
    """How long ago each collector last spoke."""
    with parts.ledger.read() as tx:
        return [(parts.clock.now() - report.reported_at).total_seconds() for report in tx.collect.collectors()]


def tell(port: int, number: int) -> None:
    body = f'{{"values": {{"vibration": 1.{number:03}}}, "boot": "b", "seq": {number}}}'.encode()
    for site in SITES:
        publish(port, f"plantroom/{site}/P/telemetry", [body])


def test_a_newcomer_gets_its_share_and_a_goodbye_gives_everything_back_with_nothing_lost(
    two: list[Parts], own_mosquitto: Mosquitto
) -> None:
    port, parts = own_mosquitto.port, two[0]
    first, second = (Collector(one, BrokerAddress(host="127.0.0.1", port=port)) for one in two)
    first.start()
    assert eventually(lambda: not first.problems(), 10)
    assert held(parts, first) == {*SITES, "+"}
    tell(port, 0)
    second.start()
    assert held(parts, second) == set(), "nothing is taken from who is there"
    number = 1
    end = time.monotonic() + 40
    while len(held(parts, second)) < 2 and time.monotonic() < end:
        tell(port, number)
        number += 1
        time.sleep(0.2)
    assert (len(held(parts, first)), len(held(parts, second))) == (2, 2)
    before = held(parts, second)
    time.sleep(REPORT_MAX_S)
    assert max(silent_s(parts)) < REPORT_MAX_S, "who gave sites away still speaks, and counts what it received of them"
    assert first.report().stats["received"] >= len(SITES)
    begun = time.monotonic()
    first.stop()
    assert eventually(lambda: held(parts, second) == {*SITES, "+"}, 10)
    assert time.monotonic() - begun < 6
    tell(port, number)
    wanted = [float(f"1.{n:03}") for n in range(number + 1)]
    assert eventually(lambda: stored(parts) == dict.fromkeys(SITES, wanted), 20), stored(parts)
    assert before < held(parts, second)
    assert not second.report().stats["gaps"]
    second.stop()


def test_a_holder_that_lapsed_gives_way_for_good(own_mosquitto: Mosquitto, tmp_path: Path) -> None:
    address = BrokerAddress(host="127.0.0.1", port=own_mosquitto.port)
    lapsed: list[str] = []
    lines = []
    for number in range(2):
        spool = Spool(tmp_path / f"spool-{number}")
        spool.open()
        gate = (lambda _connects: lapsed[0] if lapsed else None) if number == 0 else (lambda _connects: None)
        lines.append(Session(address, "plantroom-s", spool, ["s/#"], lambda _topic: True, gate=gate))
    old, new = lines
    old.start()
    assert eventually(old.granted, 5)
    lapsed.append("its lease could not be renewed")
    publish(own_mosquitto.port, "s/t", [b"1"])
    assert eventually(lambda: old.counts.acknowledged == 1, 5), "what it has it keeps, while nobody else is there"
    new.start()
    assert eventually(lambda: old.problem() == lapsed[0], 5)
    time.sleep(1.0)
    assert (old.counts.connects, new.counts.connects) == (1, 1)
    publish(own_mosquitto.port, "s/t", [b"2"])
    assert eventually(lambda: new.counts.acknowledged == 1, 5)
    for line in lines:
        line.stop()


def test_a_session_goes_to_the_next_node_when_one_does_not_answer(own_mosquitto: Mosquitto, tmp_path: Path) -> None:
    dead = Mosquitto()
    address = BrokerAddress(host="127.0.0.1", port=dead.port, more=(("127.0.0.1", own_mosquitto.port),))
    spool = Spool(tmp_path / "spool")
    spool.open()
    line = Session(address, "plantroom-s", spool, ["s/#"], lambda _topic: True)
    line.start()
    assert eventually(line.granted, 5)
    publish(own_mosquitto.port, "s/t", [b"1"])
    assert eventually(lambda: spool.depth() == 1, 5)
    line.stop()
    dead.close()


def test_sites_that_go_to_another_end_together_so_that_the_collector_is_not_silent_meanwhile(
    two: list[Parts], own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = two[0]
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()
    assert eventually(lambda: held(parts, collector) == {*SITES, "+"} and silent_s(parts), 10)
    end_of = SiteParts.end

    def slowly(site: SiteParts, seconds: float) -> None:
        time.sleep(1.5)
        end_of(site, seconds)

    monkeypatch.setattr(SiteParts, "end", slowly)
    with parts.ledger.begin() as tx:
        for lease in tx.leases.list():
            tx.leases.release(lease.partition, collector.holder, lease.epoch)
            assert tx.leases.take(lease.partition, "another", 5_900)
    longest, end = 0.0, time.monotonic() + 5
    while time.monotonic() < end:
        longest = max(longest, *silent_s(parts))
        time.sleep(0.1)
    assert 1.5 < longest < 4.0
    collector.stop()
