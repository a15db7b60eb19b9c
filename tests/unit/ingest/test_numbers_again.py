"""Counts that begin again, told from old messages that come again; and objects of a message that share its number."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import runs
from ingest.runs import FIRST_NUMBERS, LANDMARKS
from ingest.sequences import RENUMBERED, SequenceTracker
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House
from tests.unit.ingest.test_gaps import listed

SHORT = 16
"""So few numbers are remembered here, that most are forgotten soon."""

LOST = frozenset(range(50, 90))


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "WINDOW", SHORT)
        yield


def feed(tracker: SequenceTracker, numbers: Iterator[int] | range | list[int], life: int = 0) -> None:
    """Messages of one life of a publisher: another life's have other contents."""
    for seq in numbers:
        tracker.repeated("a", "", seq, life << 24 | seq)


def restarted(tracker: SequenceTracker) -> SequenceTracker:
    again = SequenceTracker()
    again.restore(tracker.snapshot())
    return again


@pytest.mark.parametrize("before", [200, 5_000, 100_000])
def test_a_count_that_begins_again_after_a_long_time_is_a_new_one_and_its_holes_count(before: int) -> None:
    tracker = SequenceTracker()
    feed(tracker, range(before))
    tracker = restarted(tracker)
    feed(tracker, [n for n in range(300) if n not in LOST], 1)
    assert tracker.missing == len(LOST)
    assert [list(run.holes) for run in tracker.runs("a")] == [[(50, 89)]]


def test_its_open_gaps_end_as_renumbered() -> None:
    tracker = SequenceTracker()
    feed(tracker, [n for n in range(500) if n not in LOST])
    tracker.changes()
    feed(tracker, range(3), 1)
    assert [one.reason for change in tracker.changes() for one in change.dropped] == [RENUMBERED]


def test_it_is_seen_at_the_next_landmark_when_its_first_numbers_are_lost() -> None:
    tracker = SequenceTracker()
    feed(tracker, range(5_000))
    feed(tracker, range(FIRST_NUMBERS, 300), 1)
    (run,) = tracker.runs("a")
    assert run.numbering
    assert FIRST_NUMBERS <= run.first <= 2 * 5_000 / LANDMARKS


def test_however_many_numbers_there_were_the_memory_of_old_ones_is_bounded() -> None:
    tracker = SequenceTracker()
    feed(tracker, range(0, 1 << 30, 999_983))
    feed(tracker, range(1 << 30, (1 << 30) + 100_000))
    landmarks = tracker._runs["a"][""].landmarks
    assert len(landmarks) <= FIRST_NUMBERS + LANDMARKS
    assert restarted(tracker).snapshot() == tracker.snapshot()


resends = st.lists(st.tuples(st.integers(0, 199), st.integers(1, 40)), max_size=12)


@settings(deadline=None)
@given(resends, st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 199)))
def test_old_messages_that_come_again_are_never_taken_for_a_new_count(
    stretches: list[tuple[int, int]], restarts: set[int], losses: set[int], never: set[int]
) -> None:
    """Whatever stretches come again, in whatever order, between live ones, after restarts with the state or without."""
    tracker, live = SequenceTracker(), 200
    feed(tracker, [n for n in range(live) if n not in never])
    told = tracker.changes()
    for at, (first, count) in enumerate(stretches):
        if at in losses:
            tracker = SequenceTracker()
        elif at in restarts:
            tracker = restarted(tracker)
        feed(tracker, range(first, first + min(count, 200 - first)))
        feed(tracker, [live])
        live += 1
        told += tracker.changes()
    assert {run.numbering for run in told} == {0}
    assert not any(one.reason == RENUMBERED for change in told for one in change.dropped)


@settings(deadline=None)
@given(st.integers(FIRST_NUMBERS, 400), st.sets(st.integers(0, 99), max_size=90), st.booleans())
def test_of_a_count_that_begins_again_all_is_known_from_the_first_number_that_proves_it(
    before: int, lost: set[int], restart: bool
) -> None:
    tracker = SequenceTracker()
    feed(tracker, range(before))
    tracker = restarted(tracker) if restart else tracker
    came = [n for n in range(100) if n not in lost]
    feed(tracker, came, 1)
    (run,) = tracker.runs("a")
    proving = [n for n in came if n < FIRST_NUMBERS]
    if proving:
        assert run.first == proving[0]
    if run.numbering:
        assert tracker.missing == len([n for n in lost if run.first < n < came[-1]])


def array(seq: int, *objects: dict[str, object]) -> bytes:
    return json.dumps([{"boot": "b", "seq": seq, **one} for one in objects]).encode()


def values(ms: int, value: float) -> dict[str, object]:
    return {"ts": ms, "values": {"vibration": value}}


def test_objects_that_share_their_messages_number_count_once(house: House) -> None:
    now = house.now_ms
    sent = [array(seq, values(now - 100 + seq, 1.0), values(now - 50 + seq, 2.0)) for seq in (0, 1, 2, 5, 6)]
    for payload in (*sent, sent[1]):
        house.raw(payload)
    house.start()
    stats = house.settle()
    assert (stats.gaps, stats.duplicates) == (2, 2)
    assert listed(house) == [("telemetry", 3, 4, "open")]
    assert len(house.readings("vibration")) == 10


def test_the_same_object_twice_in_one_message_is_a_repetition(house: House) -> None:
    house.raw(array(5, values(house.now_ms, 1.0), values(house.now_ms, 1.0)))
    house.start()
    assert house.settle().duplicates == 1


def test_objects_without_values_leave_the_number_to_those_with(house: House) -> None:
    tripped = {"event": "tripped", "ts": house.now_ms}
    for payload in (array(1, tripped, values(house.now_ms, 1.0)), array(1, tripped, values(house.now_ms, 1.0))):
        house.raw(payload)
    house.raw(array(4, values(house.now_ms + 1, 1.0)))
    house.start()
    stats = house.settle()
    assert (stats.gaps, stats.duplicates) == (2, 2), "the value and the event came twice"


def test_events_that_share_their_messages_number_count_once(house: House) -> None:
    def pair(seq: int) -> bytes:
        return array(seq, *({"event": name, "ts": house.now_ms + seq} for name in ("tripped", "flooded")))

    for seq in (0, 1, 4, 5, 5):
        house.raw(pair(seq), channel="event")
    house.start(Lane.SAFETY)
    assert house.settle().gaps == 2
    assert len(house.findings()) == 8
