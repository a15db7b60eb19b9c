"""What the value of a loop test's sensor has to show."""

from dataclasses import replace

import pytest

from maintenance.loop_limits import limit_to_pass
from maintenance.loop_tests import CheckKind, LoopCheck
from plantroom.domain.assets import Limits, LocalName, Point, PointKind, PointTemplate

NAME = LocalName("压力", "Pressure")
CHECK = LoopCheck("t", 1, "a", CheckKind.POINT, "p", NAME, expected={"level": "alarm"})


def points(unit: str = "MPa", **limits: float) -> list[Point]:
    template = PointTemplate("p", NAME, unit, PointKind.MEASURE, limits=Limits(**limits))
    return [Point("a", replace(template, key="other")), Point("a", template)]


@pytest.mark.parametrize(
    ("known", "zh", "en"),
    [
        (points(alarm_high=0.9, alarm_delay_s=2.0), "高于 0.9 MPa，持续 2 秒", "above 0.9 MPa, for 2 s"),
        (points("Cel", alarm_low=5.0, alarm_delay_s=0.0), "低于 5 °C", "below 5 °C"),
        (
            points("1", alarm_low=1.0, alarm_high=3.0, alarm_delay_s=90.0),
            "低于 1 或高于 3，持续 90 秒",
            "below 1 or above 3, for 90 s",
        ),
    ],
)
def test_the_limit_and_its_delay_are_named(known: list[Point], zh: str, en: str) -> None:
    assert limit_to_pass(CHECK, known) == LocalName(zh, en)


def test_of_a_limit_that_warns_it_is_that_one() -> None:
    known = points(warning_high=4.5, warning_delay_s=600.0)
    assert limit_to_pass(replace(CHECK, expected={"level": "warning"}), known) == LocalName(
        "高于 4.5 MPa，持续 600 秒", "above 4.5 MPa, for 600 s"
    )


def test_what_has_no_limit_has_none_to_pass() -> None:
    assert limit_to_pass(CHECK, points()) is None
    assert limit_to_pass(CHECK, []) is None
    assert limit_to_pass(replace(CHECK, kind=CheckKind.EVENT), points(alarm_high=1.0)) is None
