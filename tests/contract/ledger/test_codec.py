"""Records as JSON and back: whatever the domain may hold."""

from datetime import date

import hypothesis.strategies as st
from hypothesis import given, settings

from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, Missed, PlanRow, Roll
from plantroom.domain.assets import Limits, LocalName, PointKind, PointTemplate, Status
from plantroom.storage.ledger.codec import dump, load

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
rows = st.builds(
    PlanRow,
    lineage=text,
    code=text,
    name=names,
    kind=text,
    applies_to=st.builds(AppliesTo, classes=st.lists(text, max_size=3).map(tuple), site=st.booleans()),
    interval=st.builds(Interval, st.integers(1, 99), st.sampled_from(IntervalUnit)),
    anchor=st.none() | st.dates(),
    roll=st.sampled_from(Roll),
    missed=st.sampled_from(Missed),
    layer=st.sampled_from(Layer),
    effective_from=st.dates(),
    custom=st.dictionaries(text, json_values, max_size=3),
)


@settings(deadline=None, max_examples=100)
@given(templates)
def test_a_point_template_survives(template: PointTemplate) -> None:
    assert load(PointTemplate, dump(template)) == template


@settings(deadline=None, max_examples=100)
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
