"""Receive times that stand in for a missing ``ts``."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.receive_times import MOST_AHEAD_MS, REMEMBERED, ReceiveTimes

DAY_MS = 86_400_000


def test_messages_of_one_millisecond_follow_each_other() -> None:
    times = ReceiveTimes()
    assert [times.next_free("a", 1000) for _ in range(3)] == [1000, 1001, 1002]
    assert times.next_free("x", 1000) == 1000


def test_a_burst_runs_ahead_as_far_as_it_must() -> None:
    times = ReceiveTimes()
    given = [times.next_free("a", 1000) for _ in range(3 * REMEMBERED)]
    assert given == list(range(1000, 1000 + 3 * REMEMBERED))


def test_a_clock_that_jumped_for_one_message_leaves_no_trace() -> None:
    times = ReceiveTimes()
    times.next_free("a", DAY_MS)
    assert [times.next_free("a", 1000 * n) for n in range(1, 4)] == [1000, 2000, 3000]


def test_what_is_no_snapshot_is_refused() -> None:
    for state in (b"[1]", b'{"a": 1}'):
        try:
            ReceiveTimes().restore(state)
        except ValueError:
            continue
        raise AssertionError(state)


@given(st.lists(st.integers(0, 20).map(lambda n: n * 500), max_size=60), st.integers(0, 60))
def test_no_instant_is_given_twice_however_the_clock_jumps_and_a_restart_changes_nothing(
    received: list[int], cut: int
) -> None:
    whole, first, second = ReceiveTimes(), ReceiveTimes(), ReceiveTimes()
    given = [whole.next_free("a", ms) for ms in received]
    before = [first.next_free("a", ms) for ms in received[:cut]]
    second.restore(first.snapshot())
    assert before + [second.next_free("a", ms) for ms in received[cut:]] == given
    assert len(set(given)) == len(given)
    assert all(0 <= instant - ms <= 1000 + len(given) for instant, ms in zip(given, received, strict=True))


def test_no_stream_runs_ahead_without_bound() -> None:
    times = ReceiveTimes()
    given = [(ms, times.next_free("a", ms)) for ms in range(50_000) for _ in range(3)]
    assert all(0 <= instant - ms <= MOST_AHEAD_MS for ms, instant in given)
    assert given[-1] == (49_999, 49_999 + MOST_AHEAD_MS)
    assert times.next_free("a", 200_000) == 200_000, "once it is slow again nothing is left of it"
