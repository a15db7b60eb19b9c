"""Limits that are accepted can be judged by: every alarm that they raise can also clear."""

import math

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
