"""What a replayed letter must not do: raise an alarm, tell a gap, tell its event as another one, or count twice."""

import json
from dataclasses import replace

import pytest

from ingest import replays
from ingest.sequences import SequenceTracker
from plantroom.domain.assets import Point, PointTemplate
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import PRESSURE, VIBRATION, ListSpool, pump
from tests.unit.ingest.test_gaps import listed, send
from tests.unit.ingest.test_handover import hand_over, told
from tests.unit.ingest.test_replays import replay


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)


def mend(house: House, key: str, like: PointTemplate = VIBRATION) -> None:
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(pump("P-1").key, replace(like, key=key))])


def test_a_letter_of_some_minutes_ago_raises_no_alarm(house: House) -> None:
    for second in range(15):
        house.send({"pressure2": 3.0 + second / 1e6}, s=second - 120)
    house.start()
    house.settle()
    mend(house, "pressure2", PRESSURE)
    replay(house)
    assert len(house.readings("pressure2")) == 15
    assert told(house) == []


def test_an_old_number_that_is_replayed_by_a_new_holder_opens_no_gap(house: House) -> None:
    house.send({"nope": 1.0}, s=-5, boot="b", seq=5)
    house.start()
    house.settle()
    house.stop()
    house.spool = ListSpool()
    house.start(hand_over=hand_over(house, 2, fresh=True))
    mend(house, "nope")
    replay(house)
    send(house, 10_000)
    assert house.settle().gaps == 0
    assert listed(house) == []


def test_numbers_that_are_replayed_fill_holes_and_carry_no_numbering_on() -> None:
    tracker = SequenceTracker()
    for seq in (1, 2, 6):
        tracker.repeated("a", "b", seq, seq)
    assert not tracker.again("a", "b", 4, 4)
    assert tracker.again("a", "b", 4, 4)
    assert not tracker.again("a", "b", 900, 1)
    assert not tracker.again("a", "c", 7, 7)
    assert not tracker.again("a", "b", 2, 99)
    assert tracker.missing == 2
    assert [run.highest for run in tracker.runs("a")] == [6]


def test_an_event_with_a_value_that_could_not_be_stored_is_the_same_event_when_it_is_replayed(house: House) -> None:
    house.raw(b'{"event": "flooded", "severity": "safety", "values": {"nope": 1}}', channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    assert house.reasons() == ["unknown_point"]
    mend(house, "nope")
    replay(house)
    assert house.letters() == []
    assert told(house) == [("FindingRaised", "flooded")]


def test_the_part_that_was_stored_at_first_is_counted_once(house: House) -> None:
    house.send({"vibration": 1.0, "nope": 2.0})
    house.start()
    assert house.settle().stored == 1
    mend(house, "nope")
    replay(house)
    house.send({"vibration": 1.5}, s=1)
    assert house.settle().stored == 3


def test_events_among_telemetry_fill_no_memory(house: House) -> None:
    for n in range(300):
        house.raw(json.dumps({"event": "tripped", "boot": f"b{n}", "seq": n}).encode())
    worker = house.start()
    house.settle()
    assert worker._pipeline._events._others.changes() == []
