"""Limits that are accepted can be judged by: every alarm that they raise can also clear."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alarm_levels import levels_of
from plantroom.domain.alarms import LADDER, limit_problems, priority_of
from plantroom.domain.assets import AlarmPriority, Limits, Severity

some = st.none() | st.integers(-5, 5).map(float)


@given(st.tuples(*[some] * 6), st.integers(-1, 6).map(float), some, some)
def test_of_accepted_limits_some_value_clears_every_alarm(
    ladder: tuple[float | None, ...], deadband: float, low: float | None, high: float | None
) -> None:
    limits = Limits(**dict(zip(LADDER, ladder, strict=True)), deadband=deadband)  # type: ignore[arg-type]
    if limit_problems(limits, low, high):
        return
    steps = [n / 4 for n in range(-60, 61)]
    possible = [v for v in steps if (low is None or v >= low) and (high is None or v <= high)]
    for level in levels_of(limits):
        assert not possible or any(level.back_inside(v) for v in possible), level


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_named(wrong: float) -> None:
    assert [p.field for p in limit_problems(Limits(alarm_high=wrong, deadband=wrong))] == ["alarm_high", "deadband"]
    assert [p.field for p in limit_problems(Limits(off_delay_s=wrong))] == ["off_delay_s"]


@pytest.mark.parametrize(
    ("limits", "bound"),
    [
        (Limits(alarm_high=7.0, deadband=100.0), 7.0),
        (Limits(alarm_high=7.0, warning_high=5.0, normal_high=4.0, deadband=7.5), 7.0),
        (Limits(alarm_low=0.5, deadband=9.0), 0.5),
        (Limits(alarm_high=-18.0, deadband=18.5), 18.0),
        (Limits(alarm_low=0.0, deadband=100.0), 10.0),
        (Limits(alarm_high=1e308, deadband=1.5e308), 1e308),
    ],
)
def test_a_deadband_is_bounded_where_nothing_bounds_the_value(limits: Limits, bound: float) -> None:
    (problem,) = limit_problems(limits)
    assert (problem.field, problem.code) == ("deadband", "too_wide")
    assert problem.message.startswith(f"should be at most {bound:g}")
    assert limit_problems(replace(limits, deadband=bound)) == []


def test_of_one_side_with_a_range_the_range_bounds_the_deadband() -> None:
    assert limit_problems(Limits(alarm_high=7.0, deadband=40.0), -40.0, 50.0) == []
    assert [p.code for p in limit_problems(Limits(alarm_high=7.0, deadband=47.0), -40.0, 50.0)] == ["too_wide"]


@pytest.mark.parametrize("name", ["warning_delay_s", "alarm_delay_s", "off_delay_s"])
def test_no_delay_is_so_long_that_a_constant_value_counts_as_stuck_before_its_end(name: str) -> None:
    limits = Limits(warning_high=5.0, alarm_high=7.0)
    long, short = replace(limits, **{name: 1801.0}), replace(limits, **{name: 1800.0})  # type: ignore[arg-type]
    (problem,) = limit_problems(long, stuck_after_s=3600.0)
    assert (problem.field, problem.code) == (name, "beyond_stuck")
    assert "1800 s" in problem.message
    assert "3600 s" in problem.message
    assert limit_problems(short, stuck_after_s=3600.0) == limit_problems(long) == []


def test_a_delay_that_delays_nothing_is_not_looked_at() -> None:
    assert limit_problems(Limits(alarm_high=7.0, warning_delay_s=600.0), stuck_after_s=900.0) == []
    assert limit_problems(Limits(warning_delay_s=600.0, off_delay_s=900.0), stuck_after_s=900.0) == []


@pytest.mark.parametrize(
    ("severity", "safety", "warning", "expected"),
    [
        (Severity.CRITICAL, False, False, AlarmPriority.CRITICAL),
        (Severity.MAJOR, False, False, AlarmPriority.HIGH),
        (Severity.GENERAL, False, False, AlarmPriority.MEDIUM),
        (Severity.INFO, False, False, AlarmPriority.LOW),
        (Severity.CRITICAL, False, True, AlarmPriority.LOW),
        (Severity.INFO, True, True, AlarmPriority.CRITICAL),
    ],
)
def test_a_priority_that_nobody_has_set_follows_from_the_fault(
    severity: Severity, safety: bool, warning: bool, expected: AlarmPriority
) -> None:
    assert priority_of(severity, safety=safety, warning=warning) is expected


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.0, 50.0, "(from 0 to 50)"), (None, 50.0, "(to 50)"), (-0.5, None, "(from -0.5)")],
)
def test_the_range_that_a_limit_lies_outside_of_is_named(low: float | None, high: float | None, said: str) -> None:
    beyond = Limits(alarm_high=60.0) if high is not None else Limits(alarm_low=-1.0)
    (problem,) = limit_problems(beyond, low, high)
    assert problem.message == f"lies outside the physical range of the sensor {said}"
