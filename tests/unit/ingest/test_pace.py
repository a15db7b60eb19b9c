"""The usual interval of a publisher."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pace import LONGEST_MS, SHORTEST_MS, Pace

DAY_MS = 86_400_000


def fed(*gaps_s: float, known_ms: int | None = None) -> Pace:
    pace, now_ms = Pace(known_ms), 0
    for gap_s in gaps_s:
        now_ms += round(1000 * gap_s)
        if gap_s < SHORTEST_MS / 1000:
            pace.short(1, now_ms)
        else:
            pace.long(round(1000 * gap_s), now_ms)
    return pace


def test_it_is_not_known_before_three_gaps_and_two_hours() -> None:
    assert fed(3000, 3000).usual_ms is None
    assert fed(600, 600, 600).usual_ms is None
    assert fed(3000, 3000, 3000, 3000).usual_ms is not None


def test_who_sends_on_change_is_not_taken_for_a_fast_publisher_after_some_changes() -> None:
    assert fed(*[2] * 1000, 600).usual_ms is None


@pytest.mark.parametrize("period_s", [30, 60, 300, 600, 900, 3000])
def test_it_is_what_the_gaps_are_and_at_most_a_quarter_more(period_s: int) -> None:
    assert 1000 * period_s <= (fed(*[period_s] * 400).usual_ms or 0) <= min(LONGEST_MS, 1250 * period_s)


def test_a_fast_publisher_has_none_to_speak_of() -> None:
    assert fed(*[1] * 8000).usual_ms == 0


def test_one_outage_is_no_habit() -> None:
    assert fed(*[60] * 150, 3000).usual_ms == fed(*[60] * 150).usual_ms is not None


def test_a_heartbeat_is_remembered_through_busy_hours() -> None:
    assert (fed(*[600] * 20, *[2] * 10_000).usual_ms or 0) >= 600_000


def test_a_habit_that_is_given_up_is_forgotten_within_days() -> None:
    pace = fed(*[900] * 9)
    now_ms = 9 * 900_000
    for _ in range(4 * DAY_MS // 30_000):
        now_ms += 30_000
        pace.long(30_000, now_ms)
    assert (pace.usual_ms or 0) < 60_000


def test_what_was_saved_stands_until_there_is_something_newer() -> None:
    assert Pace(None).usual_ms is None
    assert Pace(0).usual_ms == 0
    assert 600_000 <= (Pace(600_000).usual_ms or 0) <= 750_000


@given(st.lists(st.integers(0, 10**12), max_size=50))
def test_it_never_leaves_its_bounds_and_survives_being_saved(gaps: list[int]) -> None:
    pace, now_ms = Pace(), 0
    for gap in gaps:
        now_ms += gap
        pace.long(gap, now_ms)
    usual_ms = pace.usual_ms
    if usual_ms is not None:
        assert 0 <= usual_ms <= LONGEST_MS
        assert Pace(usual_ms).usual_ms == usual_ms
