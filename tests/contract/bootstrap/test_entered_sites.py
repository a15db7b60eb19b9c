"""A site that is entered while messages for it are under way, at brokers that the collector goes to and from."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.spool import Spool
from gateway.strays import FOLDER
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.domain.assets import Asset, LocalName, Point, PointKind, Site
from plantroom.domain.findings import FindingRaised
from plantroom.ports.clock import to_ms
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.ports.readings import SeriesRef
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

COUNT = 20
TOPIC = "plantroom/late/E-1"


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=started))
    yield opened
    opened.close()


@pytest.fixture
def brokers() -> Iterator[list[Mosquitto]]:
    with Mosquitto() as first, Mosquitto() as second:
        yield [first, second]


def enter(parts: Parts) -> None:
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("late", LocalName("新", "New")))
        lift = Asset("key-E-1", "late", "E-1", "elevator", LocalName("梯", "Lift"))
        tx.assets.add(lift, [Point(lift.key, template) for template in parts.classes["elevator"].points])


def run(parts: Parts, broker: Mosquitto) -> Collector:
    """Until nothing is left to prove."""
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=broker.port))
    collector.start()

    def settled() -> bool:
        strays, sites = collector._strays, list(collector._sites.values())
        if strays is None or collector.problems() or not all(site.gateway.apart() for site in sites):
            return False
        return all(strays.gateway._leaves(site) for site in collector._sites)

    assert eventually(settled, 30)
    return collector


def trapped(number: int, **other: object) -> bytes:
    at = datetime.now(UTC) - timedelta(minutes=number)
    return json.dumps({"ts": at.isoformat(), "event": "passenger_trapped", "data": {"floor": number}, **other}).encode()


def told(parts: Parts) -> Counter[tuple[str, str, object]]:
    """Findings by site, asset and floor."""
    with parts.ledger.read() as tx:
        found = [one.finding for one in tx.collect.findings_after("test", 1_000)]
    raised = [one for one in found if isinstance(one, FindingRaised)]
    return Counter((one.site, one.asset, one.detail.get("data", {}).get("floor")) for one in raised)


def letters(parts: Parts) -> list[DeadLetter]:
    with parts.ledger.read() as tx:
        return list(tx.collect.dead_letters(EVERYTHING, PageRequest(limit=500)).items)


def test_events_that_only_the_session_for_all_sites_was_sent_are_told_by_the_site_that_was_entered_since(
    parts: Parts, brokers: list[Mosquitto]
) -> None:
    first, second = brokers
    run(parts, first).stop()
    publish(first.port, f"{TOPIC}/event", [trapped(number) for number in range(COUNT)])
    enter(parts)
    run(parts, second).stop()
    collector = run(parts, first)
    wanted = Counter({("late", "key-E-1", number): 1 for number in range(COUNT)})
    assert eventually(lambda: told(parts) == wanted, 10), told(parts)
    assert eventually(lambda: letters(parts) == [], 5)
    collector.stop()


def test_events_that_both_sessions_were_sent_are_told_once(parts: Parts, brokers: list[Mosquitto]) -> None:
    broker = brokers[0]
    enter(parts)
    run(parts, broker).stop()
    publish(broker.port, f"{TOPIC}/event", [trapped(number, boot="b", seq=number) for number in range(COUNT)])
    collector = run(parts, broker)
    wanted = Counter({("late", "key-E-1", number): 1 for number in range(COUNT)})
    assert eventually(lambda: told(parts) == wanted and not letters(parts), 10), told(parts)
    publish(broker.port, f"{TOPIC}/event", [trapped(COUNT)])
    assert eventually(lambda: told(parts)["late", "key-E-1", COUNT] == 1, 10)
    assert sum(told(parts).values()) == COUNT + 1
    collector.stop()


def test_a_device_that_nobody_entered_there_makes_its_ticket_and_its_letter(
    parts: Parts, brokers: list[Mosquitto]
) -> None:
    first, second = brokers
    run(parts, first).stop()
    publish(first.port, "plantroom/late/E-9/event", [trapped(1)])
    enter(parts)
    run(parts, second).stop()
    collector = run(parts, first)
    assert eventually(lambda: told(parts), 10)
    assert {(site, asset) for site, asset, _ in told(parts)} == {("late", "")}
    assert eventually(lambda: [one.reason for one in letters(parts)] == ["unknown_asset"], 10), letters(parts)
    collector.stop()


def readings(parts: Parts) -> int:
    """How many the lift's first measured point has."""
    point = next(one for one in parts.classes["elevator"].points if one.kind is PointKind.MEASURE)
    end_ms = to_ms(datetime.now(UTC)) + 60_000
    return parts.readings.count([SeriesRef("late", "elevator", "key-E-1", point.key)], 0, end_ms)


def speed(parts: Parts, **other: object) -> bytes:
    point = next(one for one in parts.classes["elevator"].points if one.kind is PointKind.MEASURE)
    return json.dumps({"values": {point.key: 1.0}, **other}).encode()


def test_telemetry_that_the_session_for_all_sites_took_is_stored_by_the_site_and_what_it_has_is_not_stored_twice(
    parts: Parts, brokers: list[Mosquitto]
) -> None:
    enter(parts)
    collector, both = run(parts, brokers[0]), speed(parts, boot="b", seq=1)
    publish(brokers[0].port, f"{TOPIC}/telemetry", [both])
    assert eventually(lambda: readings(parts) == 1, 10)
    collector.stop()
    spool = Spool(parts.settings.data_dir / "spool" / FOLDER)
    spool.open()
    now_ms = to_ms(datetime.now(UTC))
    for minute, payload in enumerate([both, speed(parts, ts=now_ms - 60_000), speed(parts)]):
        spool.put(f"{TOPIC}/telemetry".encode(), payload, now_ms - 60_000 * (minute + 1))
    spool.sync()
    spool.close()
    collector = run(parts, brokers[0])
    assert eventually(lambda: readings(parts) == 3 and not letters(parts), 10), (readings(parts), letters(parts))
    collector.stop()
