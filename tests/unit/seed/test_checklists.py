"""The checklists of the seed, and which of their items are asked for."""

from dataclasses import replace

import pytest

from maintenance.checklists import template_of
from maintenance.item_conditions import Circumstances, is_asked, read_condition
from maintenance.seed.lists import TEST_WORDS, seed_checklists
from maintenance.seed.loader import checklists, plan_rows
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

COUNTS = {
    "A-1": 31, "A-2": 13, "A-3": 15, "A-4": 17, "D-1": 33, "D-2": 5, "D-3": 12, "D-4": 13, "FI-PAT": 7, "WA-TANK": 11,
}  # fmt: skip


def item(step: str) -> ChecklistItem:
    return next(one for items in checklists().values() for one in items if one.step == step)


class Plan:
    """The checklists of the seed as a plan repository gives them."""

    def checklist(self, code: str) -> tuple[ChecklistItem, ...]:
        return checklists()[code]


@pytest.mark.parametrize(("code", "count"), COUNTS.items())
def test_lists_have_the_number_of_items_that_the_rule_has(code: str, count: int) -> None:
    assert len(checklists()[code]) == count


@pytest.mark.parametrize(
    ("code", "count"), [("EL-HM", 31), ("EL-Q", 44), ("EL-HY", 59), ("EL-Y", 76), ("ES-Y", 63), ("ES-HM", 33)]
)
def test_deeper_visits_have_the_items_of_the_shallower_ones(code: str, count: int) -> None:
    row = next(row for row in plan_rows() if row.code == code)
    assert len(template_of(Plan(), [row])) == count  # type: ignore[arg-type]


def test_every_item_says_what_it_is_based_on_and_how_far_to_trust_it() -> None:
    for one in seed_checklists().values():
        assert one.basis
        assert one.status
        for line in one.items:
            assert all((line.name.zh, line.name.en, line.basis, line.status)), line.step
            assert bool(line.requirement.zh) == bool(line.requirement.en), line.step
            assert bool(line.guidance.zh) == bool(line.guidance.en), line.step
            assert (line.low is not None or line.high is not None) == bool(line.limits_status), line.step


@pytest.mark.parametrize(
    ("step", "low", "high", "status"),
    [
        ("A-1-29", 7, None, "verified"), ("A-1-23", -10, 10, "verified"), ("D-2-01", 0, 2, "verified"),
        ("A-2-05", None, 5, "from_memory"), ("A-4-05", 0.5, None, "from_memory"),
        ("D-3-05", 0.2, 1.0, "from_memory"), ("WA-TANK-03", 0.05, 2, "from_memory"),
        ("WA-TANK-04", 0, 1, "from_memory"), ("FI-SPR-01", 0.05, None, "verified"),
        ("FI-WQ-01", 0.14, None, "verified"), ("PW-YT-01", 0, 4, "verified"), ("HE-W-01", 18, None, "from_memory"),
    ],
)  # fmt: skip
def test_limits_and_their_status(step: str, low: float | None, high: float | None, status: str) -> None:
    found = item(step)
    assert (found.low, found.high, found.limits_status) == (low, high, status)


def test_tests_have_evidence_and_are_never_answered_in_a_batch() -> None:
    for items in checklists().values():
        for one in items:
            if any(word in one.name.zh for word in TEST_WORDS):
                assert one.evidence, one.step
                assert not one.batch_ok, one.step


def test_a_key_test_asks_for_photo_and_signature() -> None:
    assert item("A-4-07").evidence == ("photo", "signature")
    assert item("A-1-02").evidence == ()


def test_a_number_is_a_reading_only_of_the_point_that_it_measures() -> None:
    groove = item("A-3-03")
    assert (groove.point, groove.signal) == (None, "rope_slip")
    assert item("A-1-23").point == "levelling_error"


def test_tank_cleaning_asks_for_notice_two_representatives_and_water_quality() -> None:
    steps = {one.step: one for one in checklists()["WA-TANK"]}
    assert "24" in steps["WA-TANK-01"].name.zh
    assert [s for s, one in steps.items() if one.type == "signature"] == ["WA-TANK-10", "WA-TANK-11"]
    assert {"free_chlorine", "turbidity", "ph"} <= {one.point for one in steps.values()}


def test_a_visit_by_age_asks_for_the_item_of_the_annual_list() -> None:
    assert [one.step for one in checklists()["EL-GOV"]] == ["A-4-06"]


def test_items_for_other_machines_are_not_on_the_order() -> None:
    row = next(row for row in plan_rows() if row.code == "HV-Q")
    chiller = {one.step for one in template_of(Plan(), [row], Circumstances(equipment_class="chiller"))}  # type: ignore[arg-type]
    tower = {one.step for one in template_of(Plan(), [row], Circumstances(equipment_class="cooling_tower"))}  # type: ignore[arg-type]
    assert "HV-CHQ-01" in chiller
    assert "HV-TWQ-01" not in chiller
    assert "HV-Q-04" not in chiller
    assert "HV-TWQ-01" in tower
    assert "HV-CHQ-01" not in tower
    assert {"HV-Q-05", "HV-Q-06"} <= chiller & tower


def test_what_is_for_another_season_or_for_what_a_site_has_not_got_is_not_on_the_order() -> None:
    row = replace(plan_rows()[0], checklist="FI-D")
    conditional = {"FI-D-04": "season:winter", "FI-D-05": "option:diesel_pump"}

    def left(here: Circumstances) -> set[str]:
        return {one.step for one in template_of(Plan(), [row], here)} & set(conditional)  # type: ignore[arg-type]

    assert {step: item(step).conditions for step in conditional} == {k: (v,) for k, v in conditional.items()}
    assert left(Circumstances()) == set(conditional)
    assert left(Circumstances(frozenset({"winter"}), frozenset())) == {"FI-D-04"}
    assert left(Circumstances(frozenset({"rain"}), frozenset({"diesel_pump"}))) == {"FI-D-05"}
    assert left(Circumstances(frozenset(), frozenset())) == set()


def test_a_list_of_which_nothing_is_left_still_has_the_work_itself() -> None:
    row = replace(next(row for row in plan_rows() if row.code == "HV-Q"), checklist="HV-CHQ")
    assert [one.step for one in template_of(Plan(), [row], Circumstances(equipment_class="pump"))] == ["HV-Q"]  # type: ignore[arg-type]


def asked(*conditions: str, **here: object) -> bool:
    return is_asked(
        ChecklistItem("X-1", "ok", LocalName("甲", "A"), conditions=conditions),
        Circumstances(**here),  # type: ignore[arg-type]
    )


def test_an_item_is_asked_for_in_its_season_only() -> None:
    assert asked("season:winter", seasons={"winter", "heating"})
    assert not asked("season:winter", seasons={"cooling"})


def test_of_one_kind_any_condition_will_do_and_every_kind_must_hold() -> None:
    both = ("class:ahu", "class:chiller", "season:cooling")
    assert asked(*both, equipment_class="chiller", seasons={"cooling"})
    assert not asked(*both, equipment_class="pump", seasons={"cooling"})
    assert not asked(*both, equipment_class="ahu", seasons=set())


def test_an_answer_decides_once_it_is_given() -> None:
    assert asked("answer:FI-PW-01=ok")
    assert asked("answer:FI-PW-01=ok", outcomes={"FI-PW-01": "ok"})
    assert not asked("answer:FI-PW-01=ok", outcomes={"FI-PW-01": "not_ok"})


def test_what_is_not_known_rules_nothing_out() -> None:
    assert asked("season:winter", "option:diesel_pump", "class:pump", "answer:A-1-01=ok")


@pytest.mark.parametrize("text", ["winter", "moon:full", "season:", "answer:A-1-01", "answer:=ok", "answer:A-1-01="])
def test_a_condition_that_nobody_understands_is_refused(text: str) -> None:
    with pytest.raises(BadData, match="condition"):
        read_condition(text)
