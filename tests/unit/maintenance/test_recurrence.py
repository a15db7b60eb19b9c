"""Dates of interval rows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.plan import Interval, IntervalUnit, Roll
from maintenance.recurrence import (
    default_early_days,
    end_of_day,
    first_cycle,
    longest_days,
    nominal,
    window,
    with_history,
)
from maintenance.rolling import rolled
from tests.examples import examples
from tests.unit.maintenance.rows import row

MONTHLY = Interval(1, IntervalUnit.MONTH)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
intervals = st.builds(
    Interval, st.integers(1, 24), st.sampled_from([u for u in IntervalUnit if u is not IntervalUnit.HOUR])
)


def test_the_31st_is_clamped_backwards_and_comes_back() -> None:
    dates = [nominal(date(2026, 1, 31), MONTHLY, n) for n in range(6)]
    assert [d.isoformat() for d in dates] == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
    ]  # fmt: skip


def test_february_has_29_days_in_a_leap_year() -> None:
    assert nominal(date(2028, 1, 31), MONTHLY, 1) == date(2028, 2, 29)


def test_a_yearly_row_of_29_february_falls_on_the_28th_in_common_years() -> None:
    yearly = Interval(1, IntervalUnit.YEAR)
    assert [nominal(date(2024, 2, 29), yearly, n).day for n in range(5)] == [29, 28, 28, 28, 29]


def test_negative_cycles_and_hour_rows_have_no_date() -> None:
    with pytest.raises(ValueError):
        nominal(date(2026, 1, 1), MONTHLY, -1)
    with pytest.raises(ValueError):
        nominal(date(2026, 1, 1), Interval(2, IntervalUnit.HOUR), 1)


@given(anchor=days, interval=intervals, cycle=st.integers(0, 200))
def test_no_cycle_is_skipped_doubled_or_further_than_the_longest_interval(
    anchor: date, interval: Interval, cycle: int
) -> None:
    gap = (nominal(anchor, interval, cycle + 1) - nominal(anchor, interval, cycle)).days
    assert 0 < gap <= longest_days(interval)


@given(anchor=days, interval=intervals, cycle=st.integers(0, 200))
def test_months_do_not_drift(anchor: date, interval: Interval, cycle: int) -> None:
    found = nominal(anchor, interval, cycle)
    if interval.unit in (IntervalUnit.MONTH, IntervalUnit.YEAR):
        assert found.day == anchor.day or (found + timedelta(days=1)).day == 1
    else:
        assert ((found - anchor).days) % longest_days(interval) == 0


@given(anchor=days, interval=intervals, day=days)
def test_the_first_cycle_of_a_day_is_the_first(anchor: date, interval: Interval, day: date) -> None:
    cycle = first_cycle(anchor, interval, day)
    assert nominal(anchor, interval, cycle) >= day
    assert cycle == 0 or nominal(anchor, interval, cycle - 1) < day


def test_early_days_that_a_row_does_not_say() -> None:
    assert default_early_days(Interval(15, IntervalUnit.DAY), 0) == 5
    assert default_early_days(Interval(3, IntervalUnit.MONTH), 7) == 15
    assert default_early_days(Interval(6, IntervalUnit.MONTH), 0) == 30
    assert default_early_days(Interval(1, IntervalUnit.YEAR), 0) == 60
    assert default_early_days(MONTHLY, 3) == 3


def test_a_15_day_job_done_a_day_early_is_due_again_15_days_after_its_completion() -> None:
    visit = row("HM", 15, "day", 5, 0, max_gap_days=15)
    series = with_history(visit, date(2026, 1, 1), 15, {0: date(2026, 1, 1), 1: date(2026, 1, 15)})
    found = window(series, 2, series.last_done)
    assert (found.nominal, found.latest, found.pulled) == (date(2026, 1, 31), date(2026, 1, 30), True)


def test_a_row_laxer_than_the_law_is_scheduled_at_the_floor() -> None:
    lax = row("LAX", 2, "month", 3, 3)
    series = with_history(lax, date(2026, 1, 1), 31, {})
    assert series.nominal(1) == date(2026, 2, 1)
    assert series.interval == Interval(31, IntervalUnit.DAY)


@given(
    early=st.integers(0, 10),
    late=st.integers(0, 10),
    gap=st.integers(15, 40),
    offsets=st.lists(st.integers(-12, 12), min_size=1, max_size=40),
)
@settings(max_examples=examples(200))
def test_the_floor_is_kept_over_any_history(early: int, late: int, gap: int, offsets: list[int]) -> None:
    """Whatever was done when, the next one's last day is inside its window and never beyond the law's."""
    visit = row("HM", 15, "day", early, late, max_gap_days=gap)
    done: dict[int, date] = {}
    for cycle, offset in enumerate(offsets):
        series = with_history(visit, date(2026, 1, 1), gap, done)
        found = window(series, cycle, series.last_done)
        assert found.earliest <= found.planned <= found.latest <= found.nominal + timedelta(days=late)
        if series.last_done is not None:
            assert found.latest <= series.last_done + timedelta(days=gap)
        done[cycle] = min(found.latest, found.nominal + timedelta(days=offset))


def test_fixed_dates_do_not_move_with_delays() -> None:
    late = {0: date(2026, 1, 9)}
    assert with_history(row("F", 1, "month"), date(2026, 1, 1), None, late).nominal(1) == date(2026, 2, 1)


def test_floating_dates_count_from_the_completion() -> None:
    late = {0: date(2026, 1, 20)}
    series = with_history(row("F", 1, "month", shift_percent=100), date(2026, 1, 1), None, late)
    assert [series.nominal(n) for n in (1, 2)] == [date(2026, 2, 20), date(2026, 3, 20)]


def test_half_a_delay_moves_the_next_date_by_half_of_it_once() -> None:
    rows = row("F", 10, "day", shift_percent=50)
    series = with_history(rows, date(2026, 1, 1), None, {0: date(2026, 1, 7), 1: date(2026, 1, 14)})
    assert series.offset_days == 3
    assert series.nominal(2) == date(2026, 1, 24)


@given(
    day=days,
    before=st.integers(0, 10),
    after=st.integers(0, 10),
    roll=st.sampled_from(Roll),
    holidays=st.sets(st.integers(-12, 12)),
)
def test_a_roll_never_leaves_the_window_and_finds_a_working_day_if_there_is_one(
    day: date, before: int, after: int, roll: Roll, holidays: set[int]
) -> None:
    off = {day + timedelta(days=n) for n in holidays}
    earliest, latest = day - timedelta(days=before), day + timedelta(days=after)
    found = rolled(day, roll, earliest, latest, lambda d: d not in off)
    assert earliest <= found <= latest
    working = [n for n in range(-before, after + 1) if day + timedelta(days=n) not in off]
    if roll is Roll.NONE or not working:
        assert found == day
    else:
        assert found not in off


def test_rolls_go_where_they_say() -> None:
    weekend = {date(2026, 5, 2), date(2026, 5, 3)}
    ends = (date(2026, 4, 28), date(2026, 5, 8))
    on = lambda d: d not in weekend  # noqa: E731
    assert rolled(date(2026, 5, 3), Roll.BACK, *ends, on) == date(2026, 5, 1)
    assert rolled(date(2026, 5, 2), Roll.FORWARD, *ends, on) == date(2026, 5, 4)
    assert rolled(date(2026, 5, 2), Roll.NEAREST, *ends, on) == date(2026, 5, 1)


def test_the_end_of_a_day_is_local_and_knows_dst() -> None:
    assert end_of_day(date(2026, 1, 31), ZoneInfo("Asia/Shanghai")) == datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    assert end_of_day(date(2026, 3, 28), berlin) == datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 29), berlin) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
