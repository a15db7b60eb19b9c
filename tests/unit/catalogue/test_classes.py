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
    "pump": {"discharge_pressure", "flow", "night_flow"},
    "chiller": {"suction_pressure"},
    "heating": {"supply_pressure", "return_pressure", "test_pressure_drop"},
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
    assert len(in_kelvin) == 8
    assert {(key, p.key) for key, p in points if p.is_difference} == in_kelvin
    assert all(p.difference for _, p in points if p.unit == "K")


def test_every_checklist_that_a_class_names_is_there() -> None:
    from maintenance.seed.loader import checklists

    known = set(checklists())
    for built in equipment_classes().values():
        assert set(built.checklists) <= known, built.key
    named = {code for built in equipment_classes().values() for code in built.checklists}
    assert {"A-1", "A-2", "A-3", "A-4", "D-1", "D-2", "D-3", "D-4"} <= named


def test_a_design_life_names_its_basis() -> None:
    without = {key for key, built in equipment_classes().items() if built.life is None}
    assert without == {"generic", "civil", "stairs"}
    for built in equipment_classes().values():
        assert built.life is None or (built.life.years > 0 and built.life.basis)
    with pytest.raises(BadData, match="life"):
        parse_class(
            MINIMAL.replace("systems = []", 'systems = []\nlife = { years = 0, basis = "x", status = "default" }'), "x"
        )


NINE = {
    "elevator": "levelling_error car_noise machine_room_noise door_noise door_time vibration vibration_horizontal"
    " acceleration car_speed machine_room_temp motor_temp machine_vibration bearing_temp motor_current supply_voltage"
    " brake_release_time trips pit_water car_load",
    "pump": "discharge_pressure suction_pressure fixture_pressure vibration bearing_temp winding_temp motor_load"
    " current_imbalance starts_per_hour seal_leak night_flow",
    "water_tank": "level overflow free_chlorine turbidity",
    "chiller": "chw_supply_temp chw_return_temp cw_enter_temp cw_leave_temp chw_delta cw_delta evap_approach"
    " cond_approach superheat subcooling oil_temp oil_pressure oil_filter_dp cop voltage_imbalance",
    "cooling_tower": "approach range conductivity ph fan_vibration",
    "ahu": "filter_dp zone_temp zone_humidity co2",
    "fire_pump_set": "worst_point_pressure jockey_start_margin hydrant_static_pressure hydrant_dynamic_pressure"
    " sprinkler_end_pressure sprinkler_branch_pressure alarm_valve_pressure tank_level room_temp tank_water_temp"
    " jockey_starts_per_hour auto_mode supply_main supply_standby",
    "fire_panel": "open_faults disabled_points battery_voltage residual_current cable_temp",
    "smoke_fan": "auto_mode",
    "distribution_board": "voltage voltage_phase power_factor transformer_load winding_temp joint_temp cabinet_temp"
    " capacitor_voltage capacitor_current room_temp room_humidity",
    "heating": "indoor_temp supply_temp return_temp make_up_rate",
}
"""Every line of plan_tables.md section 9, by class."""

TEN = {
    "elevator": {"door_drive", "brake", "traction", "machine_bearing", "guide_shoes", "lock_contact", "room_heat"},
    "pump": {"bearing", "cavitation", "impeller", "seal_leak", "short_cycling", "leak"},
    "chiller": {"condenser_fouling", "low_charge", "oil"},
    "ahu": {"filter_clog", "belt_slip"},
    "cooling_tower": {"fan_unbalance"},
    "fire_pump_set": {"pipe_leak", "low_tank", "not_in_auto"},
    "fire_panel": {"detector_dirty", "battery"},
    "distribution_board": {"joint_heating"},
}
"""Every line of plan_tables.md section 10, by class (a sensor's fault belongs to every class)."""


@pytest.mark.parametrize("key", sorted(NINE))
def test_every_signal_of_the_tables_is_a_point(key: str) -> None:
    assert set(NINE[key].split()) <= {point.key for point in equipment_class(key).points}


@pytest.mark.parametrize("key", sorted(TEN))
def test_every_failure_of_the_tables_is_a_mode(key: str) -> None:
    assert TEN[key] <= {mode.key for mode in equipment_class(key).failure_modes}
