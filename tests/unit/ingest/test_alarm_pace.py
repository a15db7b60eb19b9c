"""Limit alarms of publishers that are slow, send in bursts or only on change; clocks that are set while they run."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.alarm_levels import Level
from ingest.alarms import LimitAlarms
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Plant, Point, PointTemplate
from plantroom.domain.findings import Finding
from tests.examples import examples
from tests.unit.ingest.plants import AUTO_MODE, CLASSES, PRESSURE, plant_of, pump
from tests.unit.ingest.test_alarm_moves import standing
from tests.unit.ingest.test_alarms import stream, told, watch

Rows = list[tuple[float, float]]
SLOW = replace(PRESSURE, limits=replace(PRESSURE.limits, alarm_delay_s=60, warning_delay_s=600, off_delay_s=60))
"""The delays that the classes' files have; it is stale after 120 s."""
PLANT = plant_of(templates=[SLOW, AUTO_MODE])


def every(period: float, start: float, end: float, value: float) -> Rows:
    count = int((end - start) // period)
    return [(start + n * period, value) for n in range(count)]


def alarm_at(found: Sequence[Finding]) -> float:
    """When the alarm (not the warning) was raised."""
    return next(s for what, subject, s in told(list(found)) if (what, subject) == ("raised", "pressure:alarm_high"))


@pytest.mark.parametrize("period", [60, 119, 330, 660, 900, 3600])
def test_a_limit_that_stays_exceeded_raises_at_the_first_reading_after_the_delay_whatever_the_pace(period: int) -> None:
    found = watch([*every(period, 0, 10 * period, 0.5), *every(period, 10 * period, 30 * period, 1.2)], PLANT)
    assert alarm_at(found) == 11 * period
    assert sorted(subject for _, subject, _ in told(found)) == ["pressure:alarm_high", "pressure:warning_high"]


@pytest.mark.parametrize("period", [330, 660, 900])
def test_a_slow_publisher_that_is_new_raises_once_its_pace_is_known(period: int) -> None:
    assert alarm_at(watch(every(period, 0, 20 * period, 1.2), PLANT)) == 2 * period


def test_a_publisher_that_sends_in_bursts_raises_with_the_next_burst() -> None:
    bursts = [(900.0 * n + s, 1.2 if n >= 5 else 0.5) for n in range(9) for s in (0, 10, 20)]
    assert alarm_at(watch(bursts, PLANT)) == 6 * 900


def test_a_silence_that_is_longer_than_twice_the_usual_one_begins_the_delay_anew() -> None:
    quick = every(1, 0, 300, 0.5)
    found = watch([*quick, (300, 1.2), (800, 1.2), (859, 1.2), (860, 1.2)], PLANT)
    assert alarm_at(found) == 860
    slow = every(900, 0, 9000, 0.5)
    found = watch([*slow, (9000, 1.2), (11_000, 1.2), (11_059, 1.2), (11_060, 1.2)], PLANT)
    assert alarm_at(found) == 11_060


def test_one_outage_is_no_habit_for_ever() -> None:
    day = 86_400.0
    quick, outage = every(100, 0, 1000, 0.5), 900
    rows = [*quick, *every(100, 1000 + outage, 2 * day, 0.5), (2 * day, 1.2), (2 * day + 1000, 1.2)]
    assert watch(rows, PLANT) == []
    soon = [*quick, *every(100, 1000 + outage, 3000, 0.5), (3000, 1.2), (4000, 1.2)]
    assert alarm_at(watch(soon, PLANT)) == 4000, "that soon after it the next one may be no outage, either"


def test_a_slow_publisher_clears_with_the_second_reading_that_is_back_inside() -> None:
    rows = [*every(900, 0, 4500, 0.5), *every(900, 4500, 9000, 1.2), *every(900, 9000, 18_000, 0.5)]
    found = watch(rows, PLANT)
    assert told(found)[2:] == [
        ("cleared", "pressure:warning_high", 9900.0),
        ("cleared", "pressure:alarm_high", 9900.0),
    ]


def test_a_single_message_beyond_a_limit_raises_only_without_a_delay() -> None:
    assert watch([(0, 0.5), (900, 1.2)], PLANT) == []
    at_once = replace(SLOW, limits=replace(SLOW.limits, alarm_delay_s=0))
    assert alarm_at(watch([(0, 0.5), (900, 1.2)], plant_of(templates=[at_once, AUTO_MODE]))) == 900


@pytest.mark.parametrize("hand_over", [False, True])
def test_the_pace_is_known_after_a_restart_and_to_the_next_holder(hand_over: bool) -> None:
    first = LimitAlarms(CLASSES)
    first.process(stream(every(900, 0, 9000, 0.5)), PLANT)
    second = LimitAlarms(CLASSES)
    second.restore(first.hand_over() if hand_over else first.snapshot())
    assert alarm_at(second.process(stream(every(900, 9000, 18_000, 1.2)), PLANT)) == 9900


def test_a_state_that_an_earlier_version_saved_is_taken_up() -> None:
    stage = LimitAlarms(CLASSES)
    row = '["key-P-1","pressure","alarm_high",2,%d,%d,%d,"over_pressure",0,1.0,0.05,false,false]'
    noon = stream([(0, 1.2)]).readings.ts_ms[0]
    stage.restore(f"[{row % (noon, noon, noon)}]".encode())
    assert told(list(stage.process(stream([(60, 0.5), (120, 0.5)]), PLANT))) == [
        ("cleared", "pressure:alarm_high", 120.0)
    ]


def of_class(equipment_class: str, template: PointTemplate) -> Plant:
    """The plant's one machine with a real point under the name that ``stream`` knows."""
    known = replace(template, key="pressure", failure_mode=None)
    plant = plant_of()
    return replace(plant, points={"key-P-1": {"pressure": Point("key-P-1", known)}})


@pytest.mark.parametrize(
    ("equipment_class", "point", "value", "period"),
    [("pump", "vibration", 20.0, 900), ("water_tank", "level", 99.0, 900), ("fire_pump_set", "", -0.4, 320)],
)
def test_points_as_the_catalogue_has_them(equipment_class: str, point: str, value: float, period: int) -> None:
    points = equipment_classes()[equipment_class].points
    if point:
        template = next(one for one in points if one.key == point)
    else:
        template = next(one for one in points if one.limits.alarm_low is not None)
        value += template.limits.alarm_low or 0.0
    rows = every(period, 0, 40 * period, value)
    assert watch(rows, of_class(equipment_class, template))


STEPS = st.tuples(
    st.sampled_from([1, 4, 19, 20, 21, 60, 130, 300, 900, 2000, 7200, 90_000, -5, -20, -100, -9000]),
    st.sampled_from([0.5, 0.77, 0.9, 1.2]),
)


def cut_up(rows: Rows, cuts: Sequence[int], restarts: bool, plant: Plant) -> tuple[list[Finding], bytes]:
    found, stage = list[Finding](), LimitAlarms(CLASSES)
    for start, end in pairwise([0, *sorted(cut for cut in cuts if cut <= len(rows)), len(rows)]):
        if restarts:
            state, stage = stage.snapshot(), LimitAlarms(CLASSES)
            stage.restore(state)
        found += stage.process(stream(rows[start:end]), plant)
    return found, stage.snapshot()


@settings(max_examples=examples(300))
@given(st.lists(STEPS, max_size=40), st.lists(st.integers(0, 40), max_size=8), st.booleans(), st.booleans())
def test_nothing_depends_on_the_cut_into_batches_or_on_restarts_though_clocks_are_set(
    steps: list[tuple[int, float]], cuts: list[int], restarts: bool, slow: bool
) -> None:
    clock, rows = 100_000.0, Rows()
    for step, value in steps:
        clock += step
        rows.append((clock, value))
    plant = PLANT if slow else plant_of()
    whole, after = cut_up(rows, (), False, plant)
    one_by_one, after_all = cut_up(rows, range(len(rows)), restarts, plant)
    cut, after_cut = cut_up(rows, cuts, restarts, plant)
    assert whole == one_by_one == cut
    assert after == after_all == after_cut


def test_an_alarm_that_merely_goes_on_is_as_new_as_its_newest_reading() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream([(float(s), 1.2) for s in range(12)]), plant_of())
    assert stage.process(stream([(12, 1.3), (20, 1.1)]), plant_of()) == []
    without = plant_of(assets=[pump("P-2")], revision=2)
    assert {s for _, _, s in told(stage.follow(without, "demo"))} == {20.0}


@given(
    st.floats(-1e6, 1e6),
    st.floats(0, 1e3),
    st.sampled_from([-1, 1]),
    st.booleans(),
    st.one_of(st.floats(-2e6, 2e6), st.sampled_from([0.0, 1e-12, -1e-12, 1e-9])),
)
def test_a_value_that_is_called_calm_changes_nothing(
    limit: float, deadband: float, side: int, raised: bool, away: float
) -> None:
    level = Level("alarm", limit, side, deadband, 0, 0)
    least, most = level.calm(raised)
    for value in (limit + away, limit - side * deadband + away, least, most):
        if least <= value <= most:
            assert not (level.back_inside(value) if raised else level.beyond(value))


def test_an_alarm_that_clears_after_the_clock_was_set_back_does_not_stand_for_ever() -> None:
    rows = [(100, 0), (106, 0), (20, 1), (21, 1)]
    stage = LimitAlarms(CLASSES)
    found = list(stage.process(stream([(float(s), float(v)) for s, v in rows], 1), plant_of()))
    assert [what for what, _, _ in told(found)] == ["raised", "cleared"]
    assert standing(found) == set()
