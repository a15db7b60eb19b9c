"""A broker that heard of no acknowledgement sends all of it again, however much that is: nothing stands twice by it,
and nothing that did not come before is taken for a repetition."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.runs import MAX_HOLES, WINDOW
from ingest.sequences import SequenceTracker
from tests.unit.ingest.house import House

MANY = WINDOW + 500
TOPIC = "plantroom/demo/P-1/telemetry"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.start()
    yield made
    made.close()


def send(house: House, value: float, seq: int, *, again: bool = False, at_ms: int = 0, **fields: object) -> None:
    body = {"values": {"vibration": value}, "boot": "b", "seq": seq, **fields}
    house.spool.put(TOPIC, json.dumps(body).encode(), house.now_ms + at_ms, again=again)


def times(house: House) -> Counter[float]:
    house.settle()
    return Counter(value for _, value in house.readings("vibration"))


@pytest.mark.parametrize("restart", [False, True])
def test_numbers_without_a_time_stand_once_however_many_come_again(house: House, restart: bool) -> None:
    for seq in range(MANY):
        send(house, seq / 1_000, seq)
    assert set(times(house).values()) == {1}
    if restart:
        house.stop()
        house.start()
    for seq in range(MANY):
        send(house, seq / 1_000, seq, again=True, at_ms=20_000)
    for seq in range(MANY, MANY + 10):
        send(house, seq / 1_000, seq, again=True, at_ms=20_000)
    assert times(house) == Counter(seq / 1_000 for seq in range(MANY + 10))
    assert house.settle().duplicates == MANY


def test_where_the_broker_does_not_say_so_it_may_be_another_message(house: House) -> None:
    for seq in range(MANY):
        send(house, 1.0, seq)
    send(house, 2.0, 100)
    assert times(house)[2.0] == 1


def test_a_time_of_its_own_is_stored_again_where_it_stands(house: House) -> None:
    for seq in range(MANY):
        send(house, 1.0, seq, ts=house.now_ms + seq)
    send(house, 3.0, 100, again=True, ts=house.now_ms + 100)
    assert times(house) == {1.0: MANY - 1, 3.0: 1}


def test_what_was_in_the_broker_when_a_hole_was_torn_fills_it(house: House) -> None:
    for seq in (*range(100), *range(200, 200 + MANY)):
        send(house, 1.0, seq)
    house.settle()
    for seq in range(100, 200):
        send(house, 2.0, seq, again=True)
    assert times(house)[2.0] == 100


def test_a_count_that_begins_again_is_none_of_the_numbers_before(house: House) -> None:
    for seq in range(MANY):
        send(house, 1.0, seq)
    house.settle()
    for seq in range(50):
        send(house, 2.0, seq, again=True)
    assert times(house) == {1.0: MANY, 2.0: 50}


def test_without_a_boot_nothing_is_taken_for_a_repetition(house: House) -> None:
    for seq in range(MANY):
        send(house, 1.0, seq, boot=None)
    send(house, 2.0, 100, again=True, boot=None)
    assert times(house)[2.0] == 1


def test_the_objects_of_a_message_are_dealt_with_together(house: House) -> None:
    """One with a time, one without, under one number: what has no time is a repetition whichever is first."""

    def pack(seq: int, *, again: bool = False) -> None:
        body = [
            {"ts": house.now_ms + seq, "boot": "b", "seq": seq, "values": {"vibration": 1.0}},
            {"boot": "b", "seq": seq, "values": {"vibration": seq / 1_000}},
        ]
        house.spool.put(TOPIC, json.dumps(body).encode(), house.now_ms + 100_000, again=again)

    for seq in range(2_000, 2_000 + MANY):
        pack(seq)
    before = times(house)
    for seq in range(2_000, 2_300):
        pack(seq, again=True)
    assert times(house) == before


def test_what_was_refused_in_part_may_come_again(house: House) -> None:
    """Its number came, and was not stored as a whole: what the sender mended is no repetition."""
    send(house, 1.0, 7, values={"vibration": 1.0, "nonsense": 2.0})
    for seq in range(100, 100 + MANY):
        send(house, 1.5, seq)
    house.settle()
    send(house, 2.0, 7, again=True)
    assert times(house)[2.0] == 1


steps = st.lists(st.tuples(st.sampled_from(["put", "part", "skip", "restart"]), st.integers(0, 300)), max_size=200)


@given(steps, st.integers(0, 3))
def test_no_number_that_did_not_come_as_a_whole_is_ever_said_to_have(steps: list[tuple[str, int]], spread: int) -> None:
    """With more holes than are watched, and numbers in part."""
    tracker, whole = SequenceTracker(), set[int]()
    top = 0
    for what, number in steps:
        if what == "restart":
            state, tracker = tracker.snapshot(), SequenceTracker()
            tracker.restore(state)
            continue
        if what == "skip":
            for _ in range(MAX_HOLES + number % 3):
                top += 2 + spread
                tracker.repeated("a", "b", top, top)
                whole.add(top)
            continue
        tracker.repeated("a", "b", number, number)
        top = max(top, number)
        if what == "part":
            tracker.note_in_part("a", "b", number, number)
            whole.discard(number)
        else:
            whole.add(number)
    for run in (one for runs in tracker._runs.values() for one in runs.values()):
        run.seen.clear()
        run.landmarks.clear()
    for number in range(top + 3):
        assert not tracker.came("a", "b", number) or number in whole


def test_what_an_earlier_version_forgot_is_not_certain() -> None:
    tracker = SequenceTracker()
    for seq in range(MANY):
        tracker.repeated("a", "b", seq, seq)
    again = SequenceTracker()
    again.restore(tracker.snapshot())
    assert again.came("a", "b", 100)
    earlier = SequenceTracker()
    earlier.restore(tracker.snapshot().replace(b',"sure":{}', b""))
    assert not any(earlier.came("a", "b", seq) for seq in range(MANY))
    for seq in range(MANY, 2 * MANY + WINDOW):
        earlier.repeated("a", "b", seq, seq)
    assert earlier.came("a", "b", MANY + 20)
    assert not earlier.came("a", "b", 100)
