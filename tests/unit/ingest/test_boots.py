"""Several boots of an asset: which of them are watched, and what is remembered of those that no longer are."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import runs
from ingest import sequences as module
from ingest.sequences import BOOTS, MEMORY, PAST_BOOTS, SequenceTracker
from plantroom.ports.gaps import GapFilter
from plantroom.ports.paging import PageRequest
from tests.examples import examples
from tests.unit.ingest.house import House
from tests.unit.ingest.test_sent_again import house, send, times

__all__ = ["house"]
SHORT, FEW, MORE = 16, 2, 3


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """What is remembered is forgotten soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "WINDOW", SHORT)
        yield


def feed(tracker: SequenceTracker, boot: str, numbers: Sequence[int], marked: bool = False, life: int = 0) -> list[int]:
    """As the assembler does with messages without ``ts``; gives those that were taken for repetitions."""
    return [
        seq
        for seq in numbers
        if (marked and tracker.came("a", boot, seq)) or tracker.repeated("a", boot, seq, life << 24 | seq, marked)
    ]


def others(tracker: SequenceTracker, count: int) -> None:
    for number in range(count):
        feed(tracker, f"other{number}", [0])


def restarted(tracker: SequenceTracker) -> SequenceTracker:
    again = SequenceTracker()
    again.restore(tracker.snapshot())
    return again


def listed(house: House) -> list[tuple[str, int, int, str]]:
    with house.ledger.read() as tx:
        found = tx.gaps.list(GapFilter(), PageRequest(limit=100)).items
    return sorted((one.boot, one.first, one.last, one.state.value) for one in found)


def test_the_boot_that_was_silent_for_longest_is_the_one_that_is_no_longer_watched() -> None:
    tracker = SequenceTracker()
    feed(tracker, "stable", [0, 1, 4])
    for number in range(20):
        feed(tracker, f"other{number}", [0])
        feed(tracker, "stable", [5 + number])
    assert tracker.missing == 2
    assert not [one for change in tracker.changes() for one in change.dropped]
    assert len(tracker.runs("a")) == BOOTS


def test_the_order_in_which_they_were_heard_survives_a_restart() -> None:
    tracker = SequenceTracker()
    feed(tracker, "stable", [0, 1, 4])
    others(tracker, BOOTS - 1)
    feed(tracker, "stable", [5])
    tracker = restarted(tracker)
    feed(tracker, "new", [0])
    assert tracker.missing == 2


def test_one_that_is_heard_again_goes_on_where_it_stood(house: House) -> None:
    for seq in (0, 1, 4, 5):
        send(house, seq / 100, seq, boot="stable")
    for number in range(BOOTS):
        send(house, 10.0 + number, 0, boot=f"other{number}")
    house.settle()
    assert listed(house) == [("stable", 2, 3, "given_up")]
    for seq in (10, 11):
        send(house, seq / 100, seq, boot="stable")
    house.settle()
    assert listed(house) == [("stable", 2, 3, "given_up"), ("stable", 6, 9, "open")]
    for seq in (2, 3):
        send(house, seq / 100, seq, boot="stable")
    assert set(times(house).values()) == {1}
    assert listed(house) == [("stable", 2, 3, "healed"), ("stable", 6, 9, "open")]


@pytest.mark.parametrize("restart", [False, True])
def test_a_device_that_counts_in_ram_and_starts_again_and_again_stands_once(house: House, restart: bool) -> None:
    starts = BOOTS + PAST_BOOTS
    for number in range(starts):
        for seq in range(3 * SHORT):
            send(house, number + seq / 1_000, seq, boot=f"start{number}")
    before = times(house)
    assert set(before.values()) == {1}
    if restart:
        house.stop()
        house.start()
    for number in range(starts):
        for seq in range(3 * SHORT):
            send(house, number + seq / 1_000, seq, boot=f"start{number}", again=True, at_ms=20_000)
    assert times(house) == before


def test_what_is_sent_again_of_past_boots_pushes_none_out_that_is_watched() -> None:
    tracker = SequenceTracker()
    others(tracker, PAST_BOOTS)
    feed(tracker, "stable", [0, 1, 4])
    for number in range(PAST_BOOTS):
        assert feed(tracker, f"other{number}", [0], marked=True)
    assert tracker.missing == 2


def test_the_memory_of_boots_is_bounded() -> None:
    tracker = SequenceTracker()
    for number in range(3 * (BOOTS + PAST_BOOTS)):
        feed(tracker, f"{number}", [seq for seq in range(40 * SHORT) if seq % 5])
        for seq in range(0, 40 * SHORT, 10):
            tracker.note_in_part("a", f"{number}", seq + 1, seq + 1)
    assert len(tracker._past["a"]) == PAST_BOOTS
    size = len(tracker.snapshot())
    assert size < 500 * PAST_BOOTS + 6_000 * BOOTS
    assert restarted(tracker).snapshot() == tracker.snapshot()


def test_what_is_missing_of_a_past_boot_is_given_up_and_none_of_it_is_said_to_have_come() -> None:
    tracker = SequenceTracker()
    feed(tracker, "b", [0, 1, 2, 5, *range(6, 4 * SHORT)])
    tracker.note_in_part("a", "b", 20, 20)
    tracker.changes()
    others(tracker, BOOTS)
    assert [(one.first, one.last, one.reason) for change in tracker.changes() for one in change.dropped] == [
        (3, 4, MEMORY)
    ]
    tracker.note_in_part("a", "b", 30, 30)
    for one in (tracker, restarted(tracker)):
        assert not [seq for seq in (3, 4, 20, 30, 4 * SHORT) if one.came("a", "b", seq)]
        assert one.came("a", "b", 21)


def test_a_count_that_begins_again_under_a_past_boot_is_none_of_the_numbers_before() -> None:
    tracker = SequenceTracker()
    feed(tracker, "b", range(100))
    others(tracker, BOOTS)
    assert not feed(tracker, "b", range(60), marked=True, life=1)
    assert not feed(tracker, "b", range(60, 100), life=1)


def test_nor_one_with_the_same_values_that_the_broker_does_not_mark() -> None:
    tracker = SequenceTracker()
    feed(tracker, "b", range(100))
    others(tracker, BOOTS)
    assert not feed(tracker, "b", range(100))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 60)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 200), st.integers(1, 80), st.booleans()), max_size=8),
)
@settings(deadline=None)
def test_whatever_the_broker_sends_again_of_the_boots_that_are_remembered_is_known(
    told: list[tuple[int, int]], resent: list[tuple[int, int, int, bool]]
) -> None:
    """Counts without holes, in turns; then stretches of them with the mark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BOOTS", FEW)
        patch.setattr(module, "PAST_BOOTS", MORE)
        tracker, counts = SequenceTracker(), Counter[int]()
        for boot, count in told:
            assert not feed(tracker, str(boot), range(counts[boot], counts[boot] + count))
            counts[boot] += count
        for boot, first, count, restart in resent:
            tracker = restarted(tracker) if restart else tracker
            stretch = range(min(first, counts[boot]), min(first + count, counts[boot]))
            assert feed(tracker, str(boot), stretch, marked=True) == list(stretch)


LIFE = st.tuples(st.just("life"), st.integers(0, 4), st.integers(1, 60), st.booleans())
RESENT = st.tuples(st.sampled_from(["again", "image"]), st.integers(0, 400), st.integers(1, 60), st.booleans())
LOST = st.tuples(st.just("lost"), st.integers(0, 4), st.integers(1, 30), st.booleans())


@given(st.lists(st.one_of(LIFE, RESENT, LOST, LIFE), max_size=25))
@settings(deadline=None, max_examples=examples(300))
def test_nothing_that_is_new_is_ever_taken_for_a_repetition(steps: list[tuple[str, int, int, bool]]) -> None:
    """Publishers that lose messages, go on (or begin again under the same boot, with a message that the broker had not
    sent before), while the broker sends stretches of what it had again, with the mark or without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BOOTS", FEW)
        patch.setattr(module, "PAST_BOOTS", MORE)
        tracker, history = SequenceTracker(), list[tuple[str, int, int]]()
        lives, tops = Counter[int](), dict[int, int]()
        for what, number, count, flag in steps:
            if what == "lost":
                tops[number] = tops.get(number, 0) + count
                tracker = restarted(tracker) if flag else tracker
            elif what == "life":
                if flag or number not in tops:
                    lives[number], tops[number] = lives[number] + 1, 0
                for seq in range(tops[number], tops[number] + count):
                    assert not feed(tracker, str(number), [seq], life=lives[number])
                    history.append((str(number), seq, lives[number]))
                tops[number] += count
            else:
                for boot, seq, life in history[number : number + count]:
                    feed(tracker, boot, [seq], marked=what == "again", life=life)
