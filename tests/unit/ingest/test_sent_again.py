"""A broker that heard of no acknowledgement sends all of it again, however much that is: nothing stands twice by it,
and nothing that did not come before is taken for a repetition."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import runs
from ingest.runs import MAX_FORGOTTEN, MAX_HOLES, WINDOW
from ingest.sequences import SequenceTracker
from plantroom.domain.sources import TopicSource
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


def test_what_was_refused_in_part_may_come_again(house: House) -> None:
    """Its number came, and was not stored as a whole: what the sender mended is no repetition."""
    send(house, 1.0, 7, values={"vibration": 1.0, "nonsense": 2.0})
    for seq in range(100, 100 + MANY):
        send(house, 1.5, seq)
    house.settle()
    send(house, 2.0, 7, again=True)
    assert times(house)[2.0] == 1


def begin_again(house: House, first: int, again_from: int, count: int, values: dict[int, float] | None = None) -> None:
    """A device counts 6,000 numbers from ``first`` on, and then from 0 under the same boot; what is sent from
    ``again_from`` on comes with the broker's mark at first. Each message of the new count must be in the store."""
    values = values or {}
    for seq in range(first, first + 6_000):
        send(house, 1.0, seq)
    house.settle()
    sent = {seq: values.get(seq, 2 + seq / 1_000) for seq in range(count)}
    for seq, value in sent.items():
        send(house, value, seq, again=seq >= again_from, at_ms=20_000)
    found = times(house)
    assert [seq for seq, value in sent.items() if value not in found] == []


@pytest.mark.parametrize(("first", "again_from"), [(515, 520), (515, 516), (515, 515), (300, 300)])
def test_a_count_that_begins_again_below_the_first_number_ever_heard_is_not_lost(
    house: House, first: int, again_from: int
) -> None:
    begin_again(house, first, again_from, first + 300)


def test_late_numbers_that_heal_holes_leave_the_others_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WINDOW", 4)
    tracker = SequenceTracker()
    for seq in (*range(20), *range(30, 60), *range(20, 30)):
        tracker.repeated("a", "b", seq, seq)
    assert all(tracker.came("a", "b", seq) for seq in range(9, 50) if tracker._runs["a"]["b"].known(seq) is None)


def test_so_it_is_for_devices_that_topic_sources_map(house: House) -> None:
    """Several messages of a batch, of which the broker has sent some before."""
    with house.ledger.begin() as tx:
        tx.sources.add(TopicSource("panel", "demo", "panel", "panel/+", "json", asset="P-1"))
    for seq in range(MANY):
        body = {"values": {"vibration": seq / 1_000}, "boot": "b", "seq": seq}
        house.spool.put("panel/1", json.dumps(body).encode(), house.now_ms)
    before = times(house)
    for seq in (*range(100), *range(MANY, MANY + 100)):
        body = {"values": {"vibration": seq / 1_000}, "boot": "b", "seq": seq}
        house.spool.put("panel/1", json.dumps(body).encode(), house.now_ms + 20_000, again=seq < 100)
    after = times(house)
    assert set(after.values()) == {1}
    assert len(after) == len(before) + 100


def test_nor_one_whose_first_values_are_those_of_before(house: House) -> None:
    begin_again(house, 0, 8, 60, dict.fromkeys(range(8), 1.0))


def test_nor_one_whose_first_numbers_were_stored_in_part_before(house: House) -> None:
    for seq in range(8):
        send(house, 1.0, seq, values={"vibration": 1.0, "nonsense": 1})
    begin_again(house, 8, 8, 60)


def test_nor_one_that_reaches_the_numbers_of_before_sent_again_in_between(house: House) -> None:
    for seq in range(5_001):
        send(house, 1.0, seq)
    for seq in range(11):
        send(house, 2 + seq / 10_000, seq)
    house.settle()
    for seq in range(4_501, 5_001):
        send(house, 1.0, seq, again=True, at_ms=20_000)
    for seq in range(11, 4_700):
        send(house, 2 + seq / 10_000, seq, again=seq > 4_500, at_ms=30_000)
    found = times(house)
    assert [seq for seq in range(4_700) if 2 + seq / 10_000 not in found] == []


def test_many_holes_do_not_make_the_rest_uncertain(house: House) -> None:
    """A radio link that loses one message in fifty: more holes than are watched."""
    came = [seq for seq in range(6_000) if seq % 50]
    for seq in came:
        send(house, seq / 10_000, seq)
    house.settle()
    for seq in came[-5_000:]:
        send(house, seq / 10_000, seq, again=True, at_ms=20_000)
    assert set(times(house).values()) == {1}


@pytest.mark.parametrize("timed_first", [True, False])
def test_the_objects_of_a_message_are_dealt_with_together(house: House, timed_first: bool) -> None:
    """One with a time, one without, under one number: what has no time is a repetition whichever is first."""

    def pack(seq: int, *, again: bool = False) -> None:
        body: list[dict[str, object]] = [
            {"ts": house.now_ms + seq, "boot": "b", "seq": seq, "values": {"vibration": 1.0}},
            {"boot": "b", "seq": seq, "values": {"vibration": seq / 1_000}},
        ]
        payload = json.dumps(body if timed_first else body[::-1]).encode()
        house.spool.put(TOPIC, payload, house.now_ms + 100_000, again=again)

    for seq in range(2_000, 2_000 + MANY):
        pack(seq)
    before = times(house)
    for seq in range(2_000, 2_300):
        pack(seq, again=True)
    assert times(house) == before


def test_a_listed_hole_heals_by_what_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps the list of holes may know more of them than the tracker does."""
    monkeypatch.setattr(runs, "WINDOW", 4)
    tracker = SequenceTracker()
    for seq in range(50):
        tracker.repeated("a", "b", seq, seq)
    tracker.changes()
    tracker.listed = {"a"}
    assert tracker.came("a", "b", 21)
    assert [list(change.came) for change in tracker.changes()] == [[(21, 21)]]


steps = st.lists(st.tuples(st.sampled_from(["put", "part", "skip", "restart"]), st.integers(0, 300)), max_size=200)


@given(steps, st.integers(0, 3), st.sampled_from([4, WINDOW]), st.sampled_from([2, MAX_FORGOTTEN]))
def test_no_number_that_did_not_come_as_a_whole_is_ever_said_to_have(
    steps: list[tuple[str, int]], spread: int, window: int, forgotten: int
) -> None:
    """With more holes than are watched, and more numbers in part than are remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "WINDOW", window)
        patch.setattr(runs, "MAX_FORGOTTEN", forgotten)
        tracker, whole, top = SequenceTracker(), set[int](), 0
        for what, number in steps:
            if what == "restart":
                state, tracker = tracker.snapshot(), SequenceTracker()
                tracker.restore(state)
            elif what == "skip":
                for _ in range(MAX_HOLES + number % 3):
                    top += 2 + spread
                    tracker.repeated("a", "b", top, top)
                    whole.add(top)
            else:
                tracker.repeated("a", "b", number, number)
                top = max(top, number)
                if what == "part":
                    tracker.note_in_part("a", "b", number, number)
                (whole.discard if what == "part" else whole.add)(number)
        for run in tracker._runs.get("a", {}).values():
            run.seen.clear()
            run.late.clear()
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


def test_numbers_in_part_that_are_no_longer_remembered_are_not_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WINDOW", 4)
    monkeypatch.setattr(runs, "MAX_FORGOTTEN", 2)
    tracker = SequenceTracker()
    for seq in range(100):
        tracker.repeated("a", "b", seq, seq)
        if 20 <= seq < 30:
            tracker.note_in_part("a", "b", seq, seq)
    certain = [seq for seq in range(100) if tracker.came("a", "b", seq)]
    assert not set(range(20, 30)) & set(certain)
    assert {19, 31, 50} & set(certain) == {31, 50}, "below the oldest that is known in part nothing is"
