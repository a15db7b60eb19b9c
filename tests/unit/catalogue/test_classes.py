"""The class data: complete, consistent, and refusing what is wrong."""

from collections import Counter

import pytest

from ingest.event_names import folded
from plantroom.catalogue import classes_document, equipment_class, equipment_classes
from plantroom.catalogue.classes import FOLDER, parse_class
from plantroom.domain.alarms import safety_modes
from plantroom.domain.assets import UNCLASSIFIED, PointKind, Severity
from plantroom.errors import BadData, NotFound

CONTRACT = [
    "elevator",
    "escalator",
    "pump",
    "ahu",
    "chiller",
    "cooling_tower",
    "heating",
    "fire_pump_set",
    "fire_panel",
    "smoke_fan",
    "emergency_lighting",
    "water_tank",
    "generator",
    "distribution_board",
    "lighting",
    "stairs",
    "bas",
    "security_device",
    "civil",
    "generic",
]
FULL = ("elevator", "pump", "ahu", "chiller", "heating", "fire_pump_set", "fire_panel")

NO_LIMIT_OF_THE_CLASS = {
    "pump": {"discharge_pressure", "flow"},
    "chiller": {"suction_pressure"},
    "heating": {"supply_pressure", "return_pressure"},
}
"""Points whose limits are of the single plant; none of their alarms would be a safety alarm (``safety_limits``)."""

MINIMAL = """
key = "fan"
name = { zh = "风机", en = "Fan" }
systems = []
[[points]]
key = "speed"
name = { zh = "转速", en = "Speed" }
unit = "/min"
kind = "measure"
physical = [0, 3000]
limits = { warning_high = 1500, alarm_high = 1800, source = "maker" }
[[failure_modes]]
key = "belt"
name = { zh = "皮带", en = "Belt" }
severity = "general"
points = ["speed"]
ticket = { zh = "查皮带", en = "Check belt" }
[[events]]
key = "tripped"
name = { zh = "跳闸", en = "Tripped" }
failure_mode = "belt"
severity = "major"
"""


def test_every_class_of_the_contract_is_there() -> None:
    assert set(equipment_classes()) == set(CONTRACT)


def test_generic_has_no_points_of_its_own() -> None:
    assert equipment_class("generic").points == ()


def test_an_unknown_class_is_not_found() -> None:
    with pytest.raises(NotFound, match="submarine"):
        equipment_class("submarine")


@pytest.mark.parametrize("key", FULL)
def test_the_seven_main_classes_say_what_a_ticket_needs(key: str) -> None:
    built = equipment_class(key)
    assert len(built.points) >= 8
    assert built.events
    for mode in built.failure_modes:
        assert mode.ticket.zh
        assert mode.ticket.en
        assert mode.first_checks, mode.key


def test_every_limit_names_its_source() -> None:
    for built in equipment_classes().values():
        for point in built.points:
            limits = point.limits
            has_one = any(
                v is not None for v in (limits.warning_low, limits.warning_high, limits.alarm_low, limits.alarm_high)
            )
            assert not has_one or limits.source, (built.key, point.key)


def test_a_point_with_a_limit_knows_its_failure_mode() -> None:
    for built in equipment_classes().values():
        for point in built.points:
            limits = point.limits
            if any(
                v is not None for v in (limits.warning_low, limits.warning_high, limits.alarm_low, limits.alarm_high)
            ):
                assert point.failure_mode is not None, (built.key, point.key)


def test_what_says_the_same_as_a_safety_event_has_an_alarm_limit() -> None:
    """A device whose dialect carries no events has its readings alone to say it by."""
    for built in equipment_classes().values():
        modes = {event.failure_mode for event in built.events if event.safety} - {UNCLASSIFIED}
        silent = {
            point.key
            for point in built.points
            if point.failure_mode in modes and (point.limits.alarm_low, point.limits.alarm_high) == (None, None)
        }
        assert silent == NO_LIMIT_OF_THE_CLASS.get(built.key, set()), built.key


def test_a_point_that_speaks_for_a_mode_has_it_as_its_own() -> None:
    for built in equipment_classes().values():
        modes = {event.failure_mode for event in built.events if event.safety}
        for mode in built.failure_modes:
            for key in mode.points if mode.key in modes else ():
                point = next(p for p in built.points if p.key == key)
                assert point.failure_mode == mode.key, (built.key, key)


@pytest.mark.parametrize("key", ["fire_panel", "fire_pump_set", "smoke_fan"])
def test_what_is_at_once_as_an_event_is_at_once_as_a_reading(key: str) -> None:
    at_once = {"active_alarms", "pump_running", "auto_mode"}
    assert {p.limits.alarm_delay_s for p in equipment_class(key).points if p.key in at_once} == {0.0}


def test_modes_whose_limits_are_safety_alarms() -> None:
    found = {key: safety_modes(built) for key, built in equipment_classes().items()}
    assert found["fire_panel"] == {"fire", "not_in_auto"}
    assert found["fire_pump_set"] == {"not_in_auto", "supply", "low_tank", "pump_failure"}, "a start may be a test"
    assert found["smoke_fan"] == {"not_in_auto", "fan_failure"}
    assert found["distribution_board"] == {"joint_heating"}
    assert found["elevator"] == {"entrapment", "overspeed", "door_safety", "overrun", "safety_circuit"}
    assert found["heating"] == {"burner"}, "make-up water is no dry boiler"
    assert not found["chiller"] | found["pump"] | found["ahu"], "no superheat, no flow and no unclassified point"
    assert {p["key"] for d in classes_document() if d["class"] == "fire_panel" for p in d["points"] if p["safety"]} == {
        "active_alarms",
        "auto_mode",
    }


def test_a_word_for_an_event_is_that_of_one_event_of_its_class() -> None:
    for built in equipment_classes().values():
        words = Counter(
            word for event in built.events for word in {folded(w) for w in (event.key, event.name.zh, event.name.en)}
        )
        assert [word for word, count in words.items() if count > 1 or not word] == [], built.key


def test_counters_and_states_never_reach_the_model() -> None:
    for built in equipment_classes().values():
        for point in built.points:
            assert point.kind is PointKind.MEASURE or not point.in_model, (built.key, point.key)


@pytest.mark.parametrize(
    ("key", "event"),
    [
        ("elevator", "passenger_trapped"),
        ("elevator", "overspeed"),
        ("elevator", "door_open_moving"),
        ("elevator", "overrun"),
        ("elevator", "safety_circuit_open"),
        ("fire_pump_set", "not_in_auto"),
        ("fire_panel", "fire_alarm"),
    ],
)
def test_safety_events_are_critical(key: str, event: str) -> None:
    found = next(e for e in equipment_class(key).events if e.key == event)
    assert found.safety
    assert found.severity is Severity.CRITICAL


def test_pump_vibration_has_the_zones_of_the_table() -> None:
    limits = next(p for p in equipment_class("pump").points if p.key == "vibration").limits
    assert (limits.normal_high, limits.warning_high, limits.alarm_high) == (3.2, 5.1, 8.5)
    assert limits.status == "from_memory"


def test_discharge_pressure_has_no_limit_without_a_set_point() -> None:
    limits = next(p for p in equipment_class("pump").points if p.key == "discharge_pressure").limits
    assert (limits.warning_low, limits.warning_high, limits.alarm_low, limits.alarm_high) == (None,) * 4


def test_a_value_that_has_to_move_has_to_only_while_its_machine_runs() -> None:
    """A standby pump, an air handler at night, a tight fire main: all of them show one value for days."""
    for key, known in equipment_classes().items():
        for point in known.points:
            assert point.stuck_after_s is None or point.stuck_while == "running", (key, point.key)
    watched = {key: [p.key for p in one.points if p.stuck_after_s] for key, one in equipment_classes().items()}
    assert {key: points for key, points in watched.items() if points} == {
        "ahu": ["supply_temp", "filter_dp", "vibration"],
        "pump": ["discharge_pressure", "vibration"],
    }


def test_the_document_has_the_fields_of_the_contract() -> None:
    documents = {d["class"]: d for d in classes_document()}
    assert list(documents) == sorted(CONTRACT)
    point = next(p for p in documents["pump"]["points"] if p["key"] == "vibration")
    assert point["alarm"] == [None, 8.5]
    assert point["normal"] == [None, 3.2]
    assert point["unit"] == "mm/s"
    assert point["kind"] == "measure"


def test_files_are_named_for_their_class() -> None:
    assert sorted(p.stem for p in FOLDER.glob("*.toml")) == sorted(CONTRACT)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('points = ["speed"]', 'points = ["sped"]', "no point sped"),
        ('failure_mode = "belt"', 'failure_mode = "rope"', "no failure mode 'rope'"),
        ("warning_high = 1500", "warning_high = 1900", "should be at or above warning_high"),
        ("alarm_high = 1800", "alarm_high = 5000", "outside the physical range"),
        (', source = "maker"', "", "name no source"),
        ('kind = "measure"', 'kind = "guess"', "guess"),
        ('key = "speed"', 'key = "Speed"', "lower_snake_case"),
        ('unit = "/min"', 'unit = "/min"\nlimit = 3', "unknown field limit"),
        ('unit = "/min"', 'unit = "/min"\nstuck_while = "runs"', "goes with stuck_after_s"),
        ('unit = "/min"', 'unit = "/min"\nstuck_after_s = 3600\nstuck_while = "runs"', "no state 'runs'"),
        ('unit = "/min"', 'unit = "/min"\nstuck_after_s = 3600\nstuck_while = "speed"', "no state 'speed'"),
        ('severity = "general"', 'severity = "bad"', "bad"),
        ('severity = "major"', 'severity = "major"\nclears = "tripped"', "no other event"),
        ('points = ["speed"]', 'points = ["speed"]\nsafety_limits = false', "mode belt: safety_limits is false, where"),
        ('points = ["speed"]', 'points = ["speed"]\nby_work = 1', "mode belt: by_work is neither"),
    ],
)
def test_a_wrong_file_is_refused_by_name(old: str, new: str, complaint: str) -> None:
    parse_class(MINIMAL, "fan.toml")
    assert old in MINIMAL
    with pytest.raises(BadData, match=complaint) as caught:
        parse_class(MINIMAL.replace(old, new, 1), "fan.toml")
    assert str(caught.value).startswith("fan.toml: ")


def test_a_repeated_point_is_refused() -> None:
    point = MINIMAL[MINIMAL.index("[[points]]") : MINIMAL.index("[[failure_modes]]")]
    with pytest.raises(BadData, match="there twice"):
        parse_class(MINIMAL + point, "fan.toml")


def test_every_point_in_kelvin_is_a_difference_and_says_so() -> None:
    points = [(built.key, p) for built in equipment_classes().values() for p in built.points]
    in_kelvin = {(key, p.key) for key, p in points if p.unit == "K"}
    assert len(in_kelvin) == 6
    assert {(key, p.key) for key, p in points if p.is_difference} == in_kelvin
    assert all(p.difference for _, p in points if p.unit == "K")
