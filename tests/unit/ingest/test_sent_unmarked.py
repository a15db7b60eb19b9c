"""Messages that come again without the broker's mark: from a broker that came back from an older image of its queues,
or from a publisher. The highest numbers are known, whatever old ones come before them."""

import orjson
import pytest

from ingest import runs
from ingest.number_codec import encoded
from ingest.runs import FIRST_NUMBERS, LANDMARKS, WINDOW
from ingest.sequences import SequenceTracker
from tests.unit.ingest.house import House
from tests.unit.ingest.test_sent_again import MANY, house, send, times

__all__ = ["house"]
SHORT = 16


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WINDOW", SHORT)


def feed(tracker: SequenceTracker, *numbers: int, life: int = 0, marked: bool = False) -> list[int]:
    """Messages of one life of a publisher; gives those that were taken for repetitions."""
    return [seq for seq in numbers if tracker.repeated("a", "b", seq, life << 24 | seq, marked)]


def restarted(tracker: SequenceTracker) -> SequenceTracker:
    again = SequenceTracker()
    again.restore(tracker.snapshot())
    return again


@pytest.mark.parametrize("restart", [False, True])
def test_of_an_image_that_comes_again_only_what_lies_beyond_the_memory_stands_twice(
    house: House, restart: bool
) -> None:
    for seq in range(MANY):
        send(house, seq / 1_000, seq)
    assert set(times(house).values()) == {1}
    if restart:
        house.stop()
        house.start()
    for seq in range(MANY):
        send(house, seq / 1_000, seq, at_ms=20_000)
    found = times(house)
    twice = [seq for seq in range(MANY) if found[seq / 1_000] > 1]
    assert len(found) == MANY
    assert set(twice) < set(range(MANY - WINDOW))
    assert len(twice) >= MANY - WINDOW - FIRST_NUMBERS - LANDMARKS


def test_a_gap_that_heals_pushes_no_newest_number_out(house: House) -> None:
    healing = range(100, 100 + WINDOW + 76)
    for seq in (*range(100), *range(healing.stop, healing.stop + 100)):
        send(house, seq / 1_000, seq)
    house.settle()
    for seq in healing:
        send(house, seq / 1_000, seq, at_ms=9_000)
    house.settle()
    for seq in (healing.stop + 99, healing.stop - 1):
        send(house, seq / 1_000, seq, at_ms=20_000)
    assert set(times(house).values()) == {1}


@pytest.mark.usefixtures("short")
def test_what_came_late_is_known_again_for_as_many_numbers() -> None:
    tracker = SequenceTracker()
    late = range(10, 10 + 2 * SHORT)
    feed(tracker, *range(10), *range(late.stop, late.stop + 40), *late)
    for one in (tracker, restarted(tracker)):
        assert feed(one, *late[-SHORT:]) == list(late[-SHORT:])
    run = restarted(tracker)._runs["a"]["b"]
    assert (len(run.seen), len(run.late)) == (SHORT, SHORT)
    assert restarted(tracker).snapshot() == tracker.snapshot()


@pytest.mark.usefixtures("short")
def test_a_count_that_may_have_begun_again_meets_none_of_the_numbers_that_came_late() -> None:
    """Its values may be those of then: what came late months ago must not swallow them."""
    tracker = SequenceTracker()
    late = range(20, 20 + SHORT)
    feed(tracker, *range(20), *range(late.stop, 200), *late)
    assert set(late) <= set(feed(tracker, *late))
    assert not feed(tracker, 9)
    stride = tracker._runs["a"]["b"].stride
    assert {seq % stride for seq in feed(tracker, *late)} <= {0}, "landmarks alone"


@pytest.mark.usefixtures("short")
def test_a_state_of_an_earlier_version_has_its_numbers_in_the_order_in_which_they_came() -> None:
    tracker = SequenceTracker()
    feed(tracker, *range(100), *range(110, 116), *range(100, 110))
    state = orjson.loads(tracker.snapshot())
    state.pop("late")
    state["runs"]["a"]["b"][2:5] = encoded([(seq, seq) for seq in (*range(110, 116), *range(100, 110))])
    again = SequenceTracker()
    again.restore(orjson.dumps(state))
    assert set(feed(again, *range(100, 116))) == set(range(100, 116))
    feed(again, *range(116, 120))
    assert set(feed(again, *range(104, 120))) == set(range(104, 120)), "the lowest leave first"


def test_an_earlier_version_reads_what_this_one_keeps() -> None:
    tracker = SequenceTracker()
    for boot in "cdefghb":
        for seq in (1, 2, 5, 4):
            tracker.repeated("a", boot, seq, seq)
    state = orjson.loads(tracker.snapshot())
    assert {"late", "past"} <= state.keys(), "beside what it reads"
    assert {len(fields) for fields in state["runs"]["a"].values()} == {9}


def test_of_several_messages_that_come_in_another_order_each_is_known(house: House) -> None:
    for seq in (0, 1, 4, 2, 3, 5, 4, 2, 3, 5):
        send(house, seq / 10, seq)
    assert set(times(house).values()) == {1}
