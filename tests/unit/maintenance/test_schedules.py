"""Schedules as the outside writes them: read, written back, and refused with the field's name."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.schedules import (
    SEASONS,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    fulfilled_by_from,
    fulfilled_by_json,
    implied_interval,
    schedule_from,
    schedule_json,
)
from plantroom.errors import BadData

words = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
whole_years = st.sets(st.integers(1, 100), min_size=1, max_size=8).map(lambda found: tuple(sorted(found)))
then = st.none() | st.builds(Interval, st.integers(1, 100), st.sampled_from([IntervalUnit.MONTH, IntervalUnit.YEAR]))
schedules = st.one_of(
    st.builds(IntervalSchedule, st.none() | st.sampled_from(SEASONS), st.booleans()),
    st.builds(
        SeasonSchedule, st.lists(st.sampled_from(SEASONS), min_size=1, unique=True).map(tuple), st.integers(1, 366)
    ),
    st.builds(AgeSchedule, whole_years, st.sampled_from(["installed_on", "in_service_on"]), then),
    st.builds(MeterSchedule, words, st.floats(0.1, 1e6)),
    st.builds(BeforeSchedule, words, st.integers(1, 366)),
    st.builds(ConditionSchedule, st.lists(words, min_size=1, max_size=4, unique=True).map(tuple)),
)


@given(schedules)
def test_what_is_written_reads_the_same(schedule: Schedule) -> None:
    assert schedule_from(schedule_json(schedule)) == schedule


@given(st.builds(FulfilledBy, words, st.sampled_from(["starts", "increases"]), st.floats(0.1, 1e6)))
def test_what_credits_reads_the_same(fulfilled_by: FulfilledBy) -> None:
    assert fulfilled_by_from(fulfilled_by_json(fulfilled_by)) == fulfilled_by


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("yearly", "schedule"),
        ({}, "schedule.type"),
        ({"type": "moon"}, "schedule.type"),
        ({"type": ["interval"]}, "schedule.type"),
        ({"type": "interval", "in_season": "spring"}, "schedule.in_season"),
        ({"type": "interval", "in_season": ["cooling"]}, "schedule.in_season"),
        ({"type": "interval", "open_hours": "yes"}, "schedule.open_hours"),
        ({"type": "interval", "every": 3}, "schedule.every"),
        ({"type": "season", "seasons": []}, "schedule.seasons"),
        ({"type": "season", "seasons": ["spring"]}, "schedule.seasons"),
        ({"type": "season", "seasons": ["rain"], "lead_days": 0}, "schedule.lead_days"),
        ({"type": "season", "seasons": ["rain"], "lead_days": True}, "schedule.lead_days"),
        ({"type": "age", "years": []}, "schedule.years"),
        ({"type": "age", "years": [4, 1]}, "schedule.years"),
        ({"type": "age", "years": [0, 1]}, "schedule.years"),
        ({"type": "age", "years": [1.5]}, "schedule.years"),
        ({"type": "age", "years": [1, 101]}, "schedule.years"),
        ({"type": "age", "years": [1], "since": "birth"}, "schedule.since"),
        ({"type": "age", "years": [1], "then": {"every": 2, "unit": "hour"}}, "schedule.then.unit"),
        ({"type": "age", "years": [1], "then": {"unit": "year"}}, "schedule.then.every"),
        ({"type": "age", "years": [1], "then": {"every": 101, "unit": "year"}}, "schedule.then.every"),
        ({"type": "meter", "every": 1500}, "schedule.point"),
        ({"type": "meter", "point": "run_hours"}, "schedule.every"),
        ({"type": "meter", "point": "run_hours", "every": 0}, "schedule.every"),
        ({"type": "meter", "point": "run_hours", "every": float("nan")}, "schedule.every"),
        ({"type": "before", "lead_days": 3}, "schedule.code"),
        ({"type": "condition", "failure_modes": [""]}, "schedule.failure_modes"),
    ],
)
def test_what_is_wrong_is_named(document: object, field: str) -> None:
    with pytest.raises(BadData) as refused:
        schedule_from(document)
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"is": "starts"}, "fulfilled_by.point"),
        ({"point": "running", "is": "stops"}, "fulfilled_by.is"),
        ({"point": "running", "is": "starts", "by": -1}, "fulfilled_by.by"),
        ({"point": "running", "is": "starts", "for": 1}, "fulfilled_by.for"),
    ],
)
def test_what_is_wrong_about_a_credit_is_named(document: object, field: str) -> None:
    with pytest.raises(BadData) as refused:
        fulfilled_by_from(document)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_row_that_names_no_interval_is_as_deep_as_its_schedule_says() -> None:
    assert implied_interval(SeasonSchedule(("heating",))) == Interval(1, IntervalUnit.YEAR)
    assert implied_interval(SeasonSchedule(("heating", "cooling"))) == Interval(6, IntervalUnit.MONTH)
    assert implied_interval(AgeSchedule((2, 4), then=Interval(1, IntervalUnit.YEAR))) == Interval(1, IntervalUnit.YEAR)
    assert implied_interval(MeterSchedule("run_hours", 1500)) == NO_INTERVAL
