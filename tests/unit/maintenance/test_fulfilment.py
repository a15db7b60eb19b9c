"""Occurrences that readings fulfil."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import given

from maintenance.fulfilment import credit_of, days_of
from maintenance.meters import Sample
from maintenance.schedules import FulfilledBy

T0 = datetime(2026, 3, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUNS = FulfilledBy("jockey_running", "starts", 1)


def samples(*values: float) -> list[Sample]:
    return [Sample(T0 + n * MINUTE, value) for n, value in enumerate(values)]


def test_a_run_that_is_seen_credits_the_test_with_its_time_and_evidence() -> None:
    credit = credit_of(RUNS, samples(0, 0, 1, 1, 0), T0, T0 + timedelta(days=1))
    assert credit is not None
    assert credit.at == T0 + 2 * MINUTE
    assert credit.evidence == {
        "source": "reading", "point": "jockey_running", "is": "starts", "by": 1.0,
        "ts": "2026-03-04T00:02:00+00:00", "value": 1,
    }  # fmt: skip


def test_a_pump_that_is_seen_running_all_the_time_has_not_started() -> None:
    assert credit_of(RUNS, samples(1, 1, 1), T0, T0 + timedelta(days=1)) is None


def test_a_run_outside_the_window_credits_nothing() -> None:
    seen = samples(0, 1, 0, 0, 0)
    assert credit_of(RUNS, seen, T0 + 2 * MINUTE, T0 + timedelta(days=1)) is None
    assert credit_of(RUNS, seen, T0 - timedelta(days=1), T0 + MINUTE) is None


def test_a_run_credits_one_test_only() -> None:
    seen = samples(0, 1, 0, 1)
    first = credit_of(RUNS, seen, T0, T0 + timedelta(days=1))
    assert first is not None
    second = credit_of(RUNS, seen, T0, T0 + timedelta(days=1), behind=first.at)
    assert second is not None
    assert second.at == T0 + 3 * MINUTE
    assert credit_of(RUNS, seen, T0, T0 + timedelta(days=1), behind=second.at) is None


def test_several_starts_may_be_asked_for() -> None:
    credit = credit_of(FulfilledBy("p", "starts", 2), samples(0, 1, 0, 1), T0, T0 + timedelta(days=1))
    assert credit is not None
    assert credit.at == T0 + 3 * MINUTE


def test_a_counter_that_is_set_back_has_not_increased() -> None:
    rises = FulfilledBy("starts", "increases", 1)
    assert credit_of(rises, samples(10, 0, 0), T0, T0 + timedelta(days=1)) is None
    credit = credit_of(rises, samples(10, 0, 1), T0, T0 + timedelta(days=1))
    assert credit is not None
    assert credit.value == 1


def test_windows_are_whole_local_days() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start, end = days_of(date(2026, 3, 29), date(2026, 3, 29), berlin)
    assert end - start == timedelta(hours=23)


@given(values=st.lists(st.sampled_from([0.0, 1.0]), max_size=60), first=st.integers(0, 30), length=st.integers(1, 60))
def test_credits_lie_in_the_window_rise_and_are_as_many_as_the_starts(
    values: list[float], first: int, length: int
) -> None:
    seen = samples(*values)
    start, end = T0 + first * MINUTE, T0 + (first + length) * MINUTE
    found: list[datetime] = []
    while (credit := credit_of(RUNS, seen, start, end, found[-1] if found else None)) is not None:
        assert start <= credit.at < end
        assert not found or credit.at > found[-1]
        found.append(credit.at)
    starts = [n for n in range(1, len(values)) if values[n - 1] < values[n] and first <= n < first + length]
    assert len(found) == len(starts)
