"""Systems in the user's own words."""

import pytest

from plantroom.catalogue import match_system, systems


@pytest.mark.parametrize(
    ("text", "system", "classes"),
    [
        ("供水系统", "water", {"pump", "water_tank"}),
        ("供电系统", "power", {"distribution_board", "generator"}),
        ("供電系統", "power", {"distribution_board", "generator"}),
        ("供暖系统", "heating", {"heating"}),
        ("电梯系统", "elevator", {"elevator"}),
        ("電梯", "elevator", {"elevator"}),
        ("电梯、扶梯", "elevator_escalator", {"elevator", "escalator"}),
        ("電梯、扶梯", "elevator_escalator", {"elevator", "escalator"}),
        ("消防系統", "fire", {"fire_pump_set", "fire_panel", "smoke_fan", "emergency_lighting"}),
        ("空调系统", "hvac", {"ahu", "chiller", "cooling_tower"}),
        ("樓梯、扶手", "stairs", {"stairs"}),
        ("照明系統", "lighting", {"lighting"}),
        ("楼宇自动化控制系统", "bas", {"bas"}),
        ("地板与墙面材料", "civil", {"civil"}),
        ("地板與牆面材料", "civil", {"civil"}),
        ("HVAC", "hvac", {"ahu", "chiller", "cooling_tower"}),
    ],
)
def test_a_plan_tables_word_names_a_system_and_its_classes(text: str, system: str, classes: set[str]) -> None:
    found = match_system(text)
    assert found is not None
    assert found.system == system
    assert set(found.classes) == classes


@pytest.mark.parametrize("text", ["电梯/扶梯", " 电梯 、 扶梯 ", "电梯,扶梯", "电梯，扶梯", "Elevators AND escalators"])
def test_separators_blanks_and_case_do_not_matter(text: str) -> None:
    found = match_system(text)
    assert found is not None
    assert found.system == "elevator_escalator"


def test_a_word_nobody_knows_matches_nothing() -> None:
    assert match_system("太空系统") is None


def test_the_systems_of_the_design_are_there() -> None:
    wanted = {"water", "power", "heating", "elevator", "fire", "hvac", "stairs", "lighting", "bas", "security", "civil"}
    assert wanted <= set(systems())
