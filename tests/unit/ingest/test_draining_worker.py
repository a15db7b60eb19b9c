"""A worker that only empties an old spool leaves to the site's holder what is the holder's."""

import json
import time

import pytest

from ingest import replays
from ingest.checkpoint import unpack
from plantroom.ports.letters import REPLAY_ASKED
from plantroom.ports.paging import EVERYTHING
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import ListSpool
from tests.unit.ingest.test_handover import FINE, HIGH, collect, hand_over, pressures, told


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


def marks(house: House) -> int:
    with house.ledger.read() as tx:
        return tx.roll_ups.count()


def test_a_window_at_hand_is_marked_when_a_worker_ends_since_the_next_readings_may_come_elsewhere(house: House) -> None:
    spool = ListSpool()
    pressures(house, spool, FINE, range(-5, 0))
    collect(house, spool, 1, fresh=False)
    assert marks(house) >= 1
    assert unpack(spool.state)["windows"] == b"{}"


def test_an_old_spool_that_is_empty_but_has_windows_is_done_when_they_are_marked(house: House) -> None:
    spool = ListSpool()
    pressures(house, spool, FINE, range(-5, 0))
    house.start()
    house.settle()
    killed = spool.state
    house.stop()
    with house.ledger.begin() as tx:
        tx.roll_ups.done(tx.roll_ups.due(600_000, house.now_ms + 3_600_000, 10))
    assert marks(house) == 0
    spool.state = killed
    worker = house.start(drains=True)
    until(lambda: worker.marked)
    assert marks(house) >= 1
    assert unpack(spool.state)["windows"] == b"{}"


def test_windows_that_only_the_own_checkpoint_knows_stay_known_when_the_site_is_taken_back(house: House) -> None:
    spool = ListSpool()
    pressures(house, spool, FINE, range(-5, 0))
    house.start()
    house.settle()
    before = unpack(spool.state)["windows"]
    hand_over(house, 2, fresh=True).begin(spool)
    assert unpack(spool.state)["windows"] == before != b"{}"
