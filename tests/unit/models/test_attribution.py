"""Which failure mode a deviation speaks for."""

from models.attribution import best_mode, stands_alone
from plantroom.domain.assets import UNCLASSIFIED
from tests.unit.models.machine import LEVELS, MODES

LEARNED = frozenset(LEVELS)


def test_the_mode_that_explains_most_wins() -> None:
    assert best_mode({"flow": 0.5, "pressure": 0.3, "vibration": 0.2}, MODES, LEARNED) == "valve_closed"
    assert best_mode({"vibration": 0.6, "flow": 0.4}, MODES, LEARNED) == "bearing_wear"


def test_points_of_no_mode_win_when_they_explain_more() -> None:
    assert best_mode({"humidity": 0.6, "flow": 0.4}, MODES, LEARNED) == UNCLASSIFIED
    assert best_mode({"humidity": 0.4, "flow": 0.6}, MODES, LEARNED) == "valve_closed"


def test_without_modes_everything_is_unclassified() -> None:
    assert best_mode({"flow": 1.0}, (), LEARNED) == UNCLASSIFIED


def test_a_mode_whose_points_all_move_beats_one_with_points_that_stay_still() -> None:
    assert best_mode({"current": 0.45, "flow": 0.55}, MODES, LEARNED) == "motor_overload"


def test_a_mode_is_judged_by_the_points_that_the_model_knows() -> None:
    assert best_mode({"current": 0.45, "flow": 0.55}, MODES, LEARNED - {"pressure"}) == "valve_closed"


def test_a_second_fault_at_once_needs_points_of_its_own_confirmed() -> None:
    bearing, valve, motor = MODES
    assert stands_alone(bearing, {"vibration", "bearing_temp"}, valve.points, LEARNED)
    assert not stands_alone(bearing, {"vibration"}, valve.points, LEARNED)
    assert not stands_alone(bearing, {"vibration", "bearing_temp"}, ("vibration",), LEARNED)
    assert stands_alone(motor, {"current"}, valve.points, LEARNED)
