"""Whether what a plan row goes by fits together."""

from dataclasses import replace

import pytest

from maintenance.going_by import GoingBy, misfit, unknown_name
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import AppliesTo
from maintenance.schedules import (
    BY_INTERVAL,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed.loader import plan_rows
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems

PUMPS = AppliesTo(classes=("pump",))
MONTHLY = GoingBy(BY_INTERVAL, Interval(1, IntervalUnit.MONTH), PUMPS)
HOURLY = replace(MONTHLY, interval=Interval(2, IntervalUnit.HOUR))
METER = GoingBy(MeterSchedule("run_hours", 500), NO_INTERVAL, PUMPS)
CONDITION = GoingBy(ConditionSchedule(("bearing",)), NO_INTERVAL, PUMPS)
OPEN = IntervalSchedule(open_hours=True)


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (replace(MONTHLY, interval=NO_INTERVAL), "interval", "missing"),
        (replace(HOURLY, schedule=SeasonSchedule(("rain",))), "interval.unit", "needs_days"),
        (replace(MONTHLY, schedule=OPEN), "schedule.open_hours", "needs_hours"),
        (replace(HOURLY, schedule=OPEN, interval=Interval(25, IntervalUnit.HOUR)), "interval.every", "too_long"),
        (replace(HOURLY, shift_percent=5), "shift_percent", "fixed_dates"),
        (
            replace(MONTHLY, schedule=IntervalSchedule(in_season="rain"), shift_percent=5),
            "shift_percent",
            "fixed_dates",
        ),
        (replace(HOURLY, contains=("A",)), "contains", "needs_days"),
        (replace(METER, applies_to=AppliesTo(site=True)), "site", "needs_assets"),
        (replace(CONDITION, applies_to=AppliesTo(site=True)), "site", "needs_assets"),
        (replace(METER, fulfilled_by=FulfilledBy("running")), "fulfilled_by", "needs_days"),
        (replace(HOURLY, fulfilled_by=FulfilledBy("running")), "fulfilled_by", "needs_days"),
    ],
)
def test_what_does_not_fit_is_named(row: GoingBy, field: str, code: str) -> None:
    found = misfit(row)
    assert found is not None
    assert (found.field, found.code) == (field, code)
    assert found.said.zh
    assert found.said.en


@pytest.mark.parametrize(
    ("row", "field", "code", "listed"),
    [
        (replace(METER, schedule=MeterSchedule("miles", 5)), "schedule.point", "unknown_point", "vibration"),
        (replace(MONTHLY, fulfilled_by=FulfilledBy("miles")), "fulfilled_by.point", "unknown_point", "vibration"),
        (replace(CONDITION, schedule=ConditionSchedule(("x",))), "schedule.failure_modes", "unknown_mode", "bearing"),
    ],
)
def test_a_point_or_failure_mode_that_no_class_has_is_named_with_those_there_are(
    row: GoingBy, field: str, code: str, listed: str
) -> None:
    found = unknown_name(row, equipment_classes(), systems())
    assert found is not None
    assert (found.field, found.code) == (field, code)
    assert listed in found.said.zh
    assert listed in found.said.en


def test_rows_of_single_assets_may_name_the_assets_own_points() -> None:
    own = replace(METER, schedule=MeterSchedule("miles", 5), applies_to=AppliesTo(assets=("a",)))
    assert unknown_name(own, equipment_classes(), systems()) is None


def test_every_row_of_the_seed_fits_together() -> None:
    for row in plan_rows():
        by = GoingBy.of(row)
        assert (misfit(by), unknown_name(by, equipment_classes(), systems())) == (None, None), row.code
