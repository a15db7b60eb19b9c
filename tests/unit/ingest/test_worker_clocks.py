"""From messages of a device whose clock is wrong to the ledger's word and the finding."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.domain.assets import CLOCK, Severity
from plantroom.domain.findings import FindingRaised
from plantroom.ports.readings import DAY_MS, Retention
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import ListSpool
from tests.unit.ingest.test_handover import collect, told


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_a_device_that_is_behind_shows_in_the_ledger_in_the_figures_and_as_a_finding(house: House) -> None:
    for s in range(0, 400, 5):
        at = house.now_ms + 1000 * s
        payload = b'{"ts": %d, "values": {"vibration": 1}}' % (at - 42_000)
        house.raw(payload, received_ms=at + 30)
    worker = house.start()
    house.settle()
    with house.ledger.read() as tx:
        clock = tx.assets.get("key-P-1").clock
    assert clock is not None
    assert (clock.offset_ms, clock.wrong_since is not None) == (-42_030, True)
    (raised,) = [one for one in house.findings() if isinstance(one, FindingRaised)]
    assert (raised.failure_mode, raised.subject) == ("clock", "clock")
    until(lambda: worker.stats().clocks_wrong == 1)
    assert worker.stats().clock_offset_largest_ms == 42_030


def test_a_device_an_hour_behind_is_counted_as_one_that_is_not_judged(house: House) -> None:
    for s in range(0, 400, 5):
        at = house.now_ms + 1000 * s
        house.raw(b'{"ts": %d, "values": {"vibration": 1}}' % (at - 3_600_000), received_ms=at + 30)
    worker = house.start()
    house.settle()
    until(lambda: worker.stats().clocks_not_judged == 1)
    assert worker.stats().clocks_refused == 0
    (raised,) = [one for one in house.findings() if isinstance(one, FindingRaised)]
    assert (raised.severity, raised.detail["event"]) == (Severity.GENERAL, "clock_not_judged")


def test_a_device_whose_readings_are_older_than_they_are_kept_is_counted_as_one_that_is_refused(house: House) -> None:
    house.store.retention = Retention(90)
    for s in range(0, 400, 5):
        at = house.now_ms + 1000 * s
        house.raw(b'{"ts": %d, "values": {"vibration": 1}}' % (at - 91 * DAY_MS), received_ms=at + 30)
    worker = house.start()
    house.settle()
    until(lambda: worker.stats().clocks_refused == 1)
    assert worker.stats().clocks_not_judged == 0


def test_a_clock_that_the_last_holder_found_wrong_is_cleared_by_the_next(house: House) -> None:
    begin = house.now_ms - 3_600_000

    def hear(first: int, last: int, behind_ms: int, epoch: int) -> None:
        spool = ListSpool()
        for second in range(first, last, 5):
            at = begin + 1000 * second
            payload = json.dumps({"ts": at - behind_ms, "values": {"vibration": 1 + second / 1e6}}).encode()
            spool.put("plantroom/demo/P-1/telemetry", payload, at)
        collect(house, spool, epoch, fresh=epoch > 1)

    hear(0, 600, 60_000, 1)
    assert told(house) == [("FindingRaised", CLOCK)]
    hear(600, 1500, 100, 2)
    assert told(house) == [("FindingRaised", CLOCK), ("FindingCleared", CLOCK)]
    hear(1500, 2400, 100, 3)
    assert len(told(house)) == 2
