"""Holes in numbers that a site's two lanes have parts of: missing is what neither got, whatever each still knows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import gaps, giving_up, runs, sequences
from ingest.gaps import SiteNumbers
from ingest.publishers import publisher_of
from ingest.runs import MAX_FORGOTTEN, MAX_HOLES, WINDOW
from ingest.sequences import BOOTS, SequenceTracker
from plantroom.domain.spans import Span, merged, spans_of, without
from plantroom.ports.gaps import GapNews
from plantroom.ports.spool import Lane
from plantroom.storage.ledger.engine import SqlLedger
from plantroom.wire import Channel
from tests.unit.ingest.lanes import OTHERS, Lanes


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Lanes]:
    """Lanes whose ledger is a real one."""
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.open()
    yield Lanes(ledger)
    ledger.close()


def test_an_asset_that_changes_lanes_and_back_has_no_gap() -> None:
    lanes = Lanes()
    lanes.receive(Lane.NORMAL, range(1, 101))
    lanes.idle()
    lanes.receive(Lane.SAFETY, range(101, 200))
    lanes.idle()
    lanes.receive(Lane.NORMAL, range(200, 210))
    lanes.receive(Lane.SAFETY, range(150, 200))
    lanes.idle()
    assert lanes.ever == set()


def test_what_neither_lane_got_is_missing_and_heals_on_either() -> None:
    lanes = Lanes()
    lanes.receive(Lane.NORMAL, [1, 2, 5])
    assert lanes.open == {3, 4}
    lanes.receive(Lane.SAFETY, [8, 9])
    lanes.idle()
    assert lanes.open == {3, 4, 6, 7}
    lanes.receive(Lane.SAFETY, [4, 7])
    lanes.idle()
    assert lanes.open == {3, 6}
    lanes.restart(Lane.NORMAL)
    lanes.receive(Lane.NORMAL, [3, 6])
    lanes.idle()
    assert lanes.open == set()


def test_a_lane_that_no_longer_watches_a_hole_does_not_heal_it() -> None:
    lanes = Lanes()
    for lane in Lane:
        lanes.receive(lane, [1, 2, 5])
    lanes.idle()
    assert lanes.open == {3, 4}
    tracker = lanes.trackers[Lane.SAFETY]
    for number in range(BOOTS):
        tracker.repeated("a", f"other{number}", 0, 0)
    lanes.receive(Lane.SAFETY, [6, 7, 9])
    lanes.receive(Lane.NORMAL, [6, 7])
    lanes.idle()
    assert lanes.open == {3, 4, 8}
    lanes.receive(Lane.SAFETY, [4])
    lanes.idle()
    assert lanes.open == {3, 8}


def test_what_a_count_in_doubt_no_longer_watches_has_not_come_either() -> None:
    tracker = SequenceTracker()
    lost = range(10, 10 + 10 * (MAX_HOLES + 1), 10)
    for number in range(4 * WINDOW):
        if number not in lost:
            tracker.repeated("a", "b", number, number)
    (before,) = tracker.runs("a")
    tracker.repeated("a", "b", lost[-1] + 101, 0)  # Of long ago, without the broker's mark, its content forgotten.
    (after,) = tracker.runs("a")
    assert before.unknown == after.unknown == ((lost[0], lost[0]),)


def test_after_a_restart_no_lane_believes_its_holes_before_the_other_has_begun() -> None:
    before = Lanes()
    before.receive(Lane.NORMAL, range(1, 101))
    before.receive(Lane.SAFETY, range(101, 200))
    after = Lanes()
    after.numbers = SiteNumbers(Lane)
    for lane in Lane:
        after.trackers[lane].restore(before.trackers[lane].snapshot())
    after.begin(Lane.NORMAL)
    after.receive(Lane.NORMAL, [200, 203])
    assert after.ever == set()
    after.begin(Lane.SAFETY)
    after.idle()
    assert after.ever == after.open == {201, 202}


def test_holes_of_one_lane_are_told_once_the_other_has_begun() -> None:
    lanes = Lanes()
    lanes.numbers = SiteNumbers(Lane)
    lanes.begin(Lane.NORMAL)
    lanes.receive(Lane.NORMAL, [1, 4])
    assert lanes.open == set()
    lanes.begin(Lane.SAFETY)
    lanes.idle()
    assert lanes.open == {2, 3}


def test_nobody_is_told_of_late_numbers_where_no_gap_is_listed() -> None:
    numbers, tracker = SiteNumbers(), SequenceTracker()

    def receive(*seqs: int) -> list[GapNews]:
        for seq in seqs:
            tracker.repeated("a", "b", seq, seq)
        return numbers.take("normal", Channel.TELEMETRY, tracker, list, 1)

    assert receive(50, 51) == []
    assert receive(7, 8) == []
    numbers.listed(["a"])
    assert [list(one.came) for one in receive(9, 10)] == [[(9, 10)]]


def test_nothing_is_asked_for_before_each_lane_has_said_how_far_it_is() -> None:
    numbers = SiteNumbers(Lane)
    numbers.settle(Lane.NORMAL.value, {}, 1000)
    assert numbers.horizon_ms() == 0
    numbers.settle(Lane.SAFETY.value, {}, 900)
    assert numbers.horizon_ms() == 900


def test_a_lane_with_a_backlog_is_waited_for() -> None:
    lanes = Lanes()
    lanes.receive(Lane.NORMAL, range(1, 11))
    lanes.receive(Lane.SAFETY, range(101, 111))
    for start in range(11, 101, 10):
        lanes.receive(Lane.NORMAL, range(start, start + 10))
        lanes.receive(Lane.SAFETY, range(start + 100, start + 110))
        assert lanes.ever == set()
    lanes.idle()
    assert lanes.open == set()


@given(
    st.lists(st.tuples(st.sampled_from(list(Lane)), st.lists(st.integers(0, 40), min_size=1, max_size=15)), max_size=12)
)
def test_together_the_lanes_miss_what_neither_has(batches: list[tuple[Lane, list[int]]]) -> None:
    lanes = Lanes()
    for lane, seqs in batches:
        lanes.receive(lane, seqs)
    lanes.idle()
    runs = [run for tracker in lanes.trackers.values() for run in tracker.runs("a")]
    if not runs:
        return
    covered: list[Span] = merged(s for r in runs for s in [*r.below, *without([(r.first, r.highest)], r.holes)])
    whole = [(min(r.first for r in runs), max(r.highest for r in runs))]
    assert spans_of(lanes.open) == without(whole, covered)


def test_topics_that_anybody_may_invent_are_forgotten_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "MAX_TOPICS", 3)
    numbers, tracker = SiteNumbers(), SequenceTracker()
    for number in range(50):
        tracker.repeated(publisher_of("a", f"vendor/{number}"), "b", 0, 0)
        numbers.take("normal", Channel.TELEMETRY, tracker, list, number)
    assert len(numbers._keys) == len(numbers._stands) == 3


def without_words(*names: str) -> Callable[[bytes], bytes]:
    """A state of a version that does not have these."""

    def cut(state: bytes) -> bytes:
        return orjson.dumps({name: part for name, part in orjson.loads(state).items() if name not in names})

    return cut


@pytest.mark.parametrize("version", [bytes, without_words("unwatched"), without_words("unwatched", "sure", "past")])
def test_numbers_that_are_gone_have_not_come_after_a_restart_either(
    told: Lanes, version: Callable[[bytes], bytes]
) -> None:
    told.receive(Lane.SAFETY, [1, 2])
    told.receive(Lane.NORMAL, [3])
    lost = range(4, 4 + 2 * (MAX_HOLES + MAX_FORGOTTEN + 16), 2)
    for number in lost[::16]:
        told.receive(Lane.NORMAL, range(number + 1, number + 33, 2))
        told.idle()
        told.gone(number, number + 31)
    told.start(version)
    told.idle()
    told.receive(Lane.NORMAL, [lost[-1] + 2])
    told.idle()
    assert told.listed() == [(number, number, 1, "gone") for number in lost]


def test_nor_have_they_come_where_a_boot_that_was_pushed_out_is_heard_again(told: Lanes) -> None:
    told.receive(Lane.SAFETY, [1, 2])
    told.receive(Lane.NORMAL, [3])
    lost = range(4, 4 + 2 * MAX_HOLES, 2)
    told.receive(Lane.NORMAL, range(5, lost[-1] + 2, 2))
    told.idle()
    told.gone(4, lost[-1])
    for restart in (False, True):
        told.receive(Lane.NORMAL, [], OTHERS)
        if restart:
            told.start()
        told.receive(Lane.NORMAL, [lost[-1] + 2 + restart])
        told.idle()
        assert told.listed() == [(number, number, 1, "gone") for number in lost]


def test_what_came_in_part_has_come_however_much_of_it_there_was() -> None:
    """Each message has a point that nobody knows: none of it is remembered for long."""
    tracker = SequenceTracker()
    for number in range(3 * WINDOW):
        tracker.repeated("a", "b", number, number)
        tracker.note_in_part("a", "b", number, number)
    (run,) = tracker.runs("a")
    assert run.unknown == ()


def test_what_came_on_the_other_lane_is_not_given_up_by_a_lane_that_forgets_it(told: Lanes) -> None:
    told.receive(Lane.NORMAL, range(1, 101))
    told.receive(Lane.SAFETY, [*range(101, 151), *range(161, 200)])
    told.receive(Lane.NORMAL, range(200, 210))
    told.idle()
    assert told.listed() == [(151, 160, 10, "open")]
    told.receive(Lane.NORMAL, [], OTHERS)
    told.idle()
    assert told.listed() == [(151, 160, 10, "memory")]


def test_nor_by_one_that_finds_and_forgets_it_in_one_batch(told: Lanes) -> None:
    told.receive(Lane.NORMAL, range(1, 101))
    told.receive(Lane.SAFETY, [*range(101, 151), *range(161, 200)])
    told.receive(Lane.NORMAL, range(200, 210), OTHERS)
    told.idle()
    assert told.listed() == [(151, 160, 10, "memory")]


def test_what_comes_in_the_batch_that_gave_it_up_is_not_given_up(told: Lanes) -> None:
    told.receive(Lane.NORMAL, [*range(0, 2 * MAX_HOLES + 6, 2), 1])
    told.idle()
    assert [one for one in told.listed() if one[3] != "open"] == [(3, 3, 1, "memory")]


def test_of_many_holes_that_are_given_up_together_as_many_are_missing_as_neither_lane_got(
    told: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_up, "MAX_GIVEN", 2)
    lost = range(10, 190, 10)
    told.receive(Lane.NORMAL, [0])
    told.receive(Lane.SAFETY, [number for number in range(1, 200) if number not in lost and number % 4])
    told.receive(Lane.NORMAL, [number for number in range(4, 201, 4) if number not in lost], OTHERS)
    told.idle()
    given = [one for one in told.listed() if one[3] == "memory"]
    assert len(given) == 2
    assert sum(missing for _, _, missing, _ in given) == len(lost)
    assert not [one for one in told.listed() if one[3] == "open"]


def test_when_one_lane_forgets_a_numbering_the_other_does_not_miss_what_came_there(told: Lanes) -> None:
    told.receive(Lane.NORMAL, range(1, 101))
    told.receive(Lane.SAFETY, range(101, 200))
    told.receive(Lane.NORMAL, range(200, 210))
    told.idle()
    told.receive(Lane.SAFETY, [], OTHERS)
    told.receive(Lane.NORMAL, [212])
    told.start()
    told.receive(Lane.NORMAL, [213])
    told.idle()
    assert told.listed() == [(210, 211, 2, "open")]


def test_what_one_lane_gave_up_before_it_came_on_the_other_is_healed(told: Lanes) -> None:
    told.receive(Lane.NORMAL, range(1, 101))
    told.receive(Lane.NORMAL, range(200, 210), OTHERS)
    assert told.listed() == [(101, 199, 99, "memory")]
    for start in range(101, 199, 20):
        told.receive(Lane.SAFETY, [number for number in range(start, min(start + 20, 199)) if number != 150])
    told.idle()
    assert told.listed() == [
        (101, 149, 49, "healed"),
        (150, 150, 1, "memory"),
        (151, 198, 48, "healed"),
        (199, 199, 1, "memory"),
    ]


def test_what_a_lane_gives_up_before_the_other_has_begun_is_healed_by_what_that_has(told: Lanes) -> None:
    told.receive(Lane.NORMAL, range(1, 101))
    told.receive(Lane.SAFETY, range(101, 200))
    states = {lane: tracker.snapshot() for lane, tracker in told.trackers.items()}
    told.numbers = SiteNumbers(Lane)
    for lane in Lane:
        told.trackers[lane].restore(states[lane])
    told.begin(Lane.NORMAL)
    told.receive(Lane.NORMAL, range(200, 210), OTHERS)
    told.begin(Lane.SAFETY)
    told.idle()
    assert not [one for one in told.listed() if one[3] != "healed"]


def test_what_was_given_up_and_may_have_come_to_the_other_lane_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "MAX_WAITING_SPANS", 20)
    told = Lanes()
    for first in range(0, 4000, 400):
        told.receive(Lane.NORMAL, range(first, first + 400, 2))
        assert sum(len(one.spans) for one in told.numbers._waiting) <= 20


LANES = st.sampled_from(list(Lane))
RECEIVE = st.tuples(LANES, st.lists(st.integers(0, 40), max_size=12))
START = st.sampled_from([bytes, without_words("unwatched"), without_words("unwatched", "sure")])


@given(st.lists(st.one_of(RECEIVE, st.just(bytes)), max_size=12))
def test_starts_make_no_difference_to_what_is_missing(steps: list[tuple[Lane, list[int]] | type[bytes]]) -> None:
    lanes, plain = Lanes(), Lanes()
    for step in steps:
        if isinstance(step, tuple):
            lanes.receive(*step)
            plain.receive(*step)
        else:
            lanes.start()
    for one in (lanes, plain):
        one.idle()
    assert lanes.open == plain.open


@settings(deadline=None)
@given(st.lists(st.one_of(RECEIVE, LANES, START), max_size=20))
def test_whatever_is_forgotten_nothing_is_said_to_have_come_that_did_not(
    steps: list[tuple[Lane, list[int]] | Lane | Callable[[bytes], bytes]],
) -> None:
    """A lane that is named alone forgets the boot."""
    lanes, sent = Lanes(), set[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "MAX_UNWATCHED", 2)
        patch.setattr(runs, "MAX_FORGOTTEN", 3)
        patch.setattr(runs, "RETIRED_FORGOTTEN", 1)
        patch.setattr(sequences, "MAX_HOLES", 2)
        for step in steps:
            lanes.numbers.listed(["a"])
            if isinstance(step, tuple):
                lanes.receive(*step)
                sent.update(step[1])
            elif isinstance(step, Lane):
                lanes.receive(step, [], OTHERS)
            else:
                lanes.start(step)
            lanes.idle()
    assert lanes.came - {0} <= sent, "0 is each other boot's"
