"""Records as JSON and back: whatever the domain may hold."""

from datetime import date

import hypothesis.strategies as st
from hypothesis import given, settings

from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, Missed, PlanRow, Roll
from maintenance.schedules import (
    SEASONS,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from plantroom.domain.assets import Limits, LocalName, PointKind, PointTemplate, Status
from plantroom.storage.ledger.codec import dump, load
from tests.examples import examples

text = st.text(st.characters(exclude_categories=("Cs",)))
number = st.floats(allow_nan=False, allow_infinity=False)
names = st.builds(LocalName, text, text)
templates = st.builds(
    PointTemplate,
    key=text,
    name=names,
    unit=text,
    kind=st.sampled_from(PointKind),
    limits=st.builds(Limits, normal_low=st.none() | number, deadband=number, status=st.sampled_from(Status)),
    physical_low=st.none() | number,
    failure_mode=st.none() | text,
    in_model=st.booleans(),
    difference=st.none() | st.booleans(),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
years = st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True).map(lambda found: tuple(sorted(found)))
intervals = st.builds(Interval, st.integers(1, 99), st.sampled_from(IntervalUnit))
seasons = st.lists(st.sampled_from(SEASONS), min_size=1, unique=True).map(tuple)
schedules = st.one_of(
    st.builds(IntervalSchedule, st.none() | st.sampled_from(SEASONS), st.booleans()),
    st.builds(SeasonSchedule, seasons, st.integers(1, 99)),
    st.builds(AgeSchedule, years, st.sampled_from(("installed_on", "in_service_on")), st.none() | intervals),
    st.builds(MeterSchedule, text, number),
    st.builds(BeforeSchedule, text, st.integers(1, 99)),
    st.builds(ConditionSchedule, st.lists(text, min_size=1, max_size=3).map(tuple)),
)
rows = st.builds(
    PlanRow,
    lineage=text,
    code=text,
    name=names,
    kind=text,
    applies_to=st.builds(AppliesTo, classes=st.lists(text, max_size=3).map(tuple), site=st.booleans()),
    interval=intervals,
    schedule=schedules,
    fulfilled_by=st.none() | st.builds(FulfilledBy, text, st.sampled_from(("starts", "increases")), number),
    budget_line=st.none() | text,
    anchor=st.none() | st.dates(),
    roll=st.sampled_from(Roll),
    missed=st.sampled_from(Missed),
    layer=st.sampled_from(Layer),
    effective_from=st.dates(),
    custom=st.dictionaries(text, json_values, max_size=3),
)


@settings(deadline=None, max_examples=examples(100))
@given(templates)
def test_a_point_template_survives(template: PointTemplate) -> None:
    assert load(PointTemplate, dump(template)) == template


@settings(deadline=None, max_examples=examples(100))
@given(rows)
def test_a_plan_row_survives(row: PlanRow) -> None:
    assert load(PlanRow, dump(row)) == row


def test_fields_that_came_later_take_their_defaults_and_those_that_went_are_passed_over() -> None:
    old = '{"every": 2, "unit": "week", "gone": 1}'
    assert load(Interval, old) == Interval(2, IntervalUnit.WEEK)
    assert load(Limits, "{}") == Limits()
    assert load(tuple[date, ...], '["2024-02-29"]') == (date(2024, 2, 29),)


def test_what_json_cannot_hold_is_tamed() -> None:
    assert dump({"half": "\ud800", "nan": float("nan"), "big": 2**70, "huge": 10**400}) == (
        '{"half":"?","nan":null,"big":1.1805916207174113e+21,"huge":null}'
    )
