"""A worker that only empties an old spool leaves to the site's holder what is the holder's."""

import json
import time

import pytest

from ingest import replays
from plantroom.ports.ledger import REPLAY_ASKED
from plantroom.ports.paging import EVERYTHING
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import ListSpool
from tests.unit.ingest.test_handover import FINE, HIGH, collect, pressures, told


def drain(house: House, spool: ListSpool) -> None:
    house.spool = spool
    house.start(drains=True)
    house.settle()
    house.stop()


def test_it_takes_no_dead_letters(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)
    house.send({"unheard_of": 1.0})
    house.start()
    house.settle()
    house.stop()
    with house.ledger.begin() as tx:
        tx.collect.ask_replay(EVERYTHING, None)
    house.spool = ListSpool()
    house.send({"vibration": 1.0})
    house.start(drains=True)
    house.settle()
    time.sleep(0.2)
    (letter,) = house.letters()
    assert letter.reason.startswith(REPLAY_ASKED)


def test_it_measures_no_clocks(house: House) -> None:
    old = ListSpool()
    for second in range(0, 600, 10):
        at = house.now_ms - 3_000_000 + 1000 * second
        payload = json.dumps({"ts": at - 60_000, "values": {"pressure": FINE + second / 1e6}}).encode()
        old.put("plantroom/demo/P-1/telemetry", payload, at)
    drain(house, old)
    assert told(house) == []
    with house.ledger.read() as tx:
        assert tx.collect.clocks() == {}


def test_an_alarm_of_the_collector_that_takes_its_site_back_is_cleared_after_it(house: House) -> None:
    spool = ListSpool()
    pressures(house, spool, HIGH, range(-60, -45))
    collect(house, spool, 1, fresh=False)
    pressures(house, spool, HIGH, range(-44, -43))
    drain(house, spool)
    pressures(house, spool, FINE, range(-40, -20))
    collect(house, spool, 2, fresh=False)
    assert sorted(told(house)[2:]) == [
        ("FindingCleared", "pressure:alarm_high"),
        ("FindingCleared", "pressure:warning_high"),
    ]
