"""Answers that tablets send."""

import pytest

from maintenance.answers import Refused, read_answer
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName

NAME = LocalName("项", "Item")
GAP = ChecklistItem("A-1-29", "number", NAME, unit="mm", low=7.0)


@pytest.mark.parametrize("sent", [7, 7.5, -0.25, 0, 1e12, -1e12])
def test_a_number_is_taken_as_json_has_it(sent: float) -> None:
    assert read_answer(GAP, {"outcome": "na", "number": sent}).number == sent


@pytest.mark.parametrize(
    "sent", ["12", "７．５", "", "seven", True, [7], 1e300, -1e300, 1.1e12, 10**400, float("inf"), float("nan")]
)
def test_what_is_no_number_of_a_plant_is_malformed(sent: object) -> None:
    with pytest.raises(Refused, match="malformed"):
        read_answer(GAP, {"outcome": "na", "number": sent})


def test_keys_that_nobody_knows_change_nothing() -> None:
    assert read_answer(GAP, {"outcome": "ok", "number": 8, "mood": "fine"}) == read_answer(
        GAP, {"outcome": "ok", "number": 8}
    )


def test_not_ok_needs_a_remark() -> None:
    with pytest.raises(Refused, match="remark_required"):
        read_answer(GAP, {"outcome": "not_ok", "number": 5})
    assert read_answer(GAP, {"outcome": "not_ok", "number": 5, "remark": "磨损"}).failed


def test_a_number_beyond_the_limits_is_taken_and_flagged() -> None:
    answer = read_answer(GAP, {"outcome": "ok", "number": 6.9})
    assert (answer.outside, answer.failed) == (True, True)
    assert not read_answer(GAP, {"outcome": "ok", "number": 7}).failed


def test_an_ok_number_item_needs_its_number_and_a_not_applicable_one_does_not() -> None:
    with pytest.raises(Refused, match="number_required"):
        read_answer(GAP, {"outcome": "ok"})
    assert read_answer(GAP, {"outcome": "na"}).outcome == "na"


def test_a_choice_is_one_of_the_choices_in_either_language() -> None:
    item = ChecklistItem("C", "choice", NAME, choices=(LocalName("自动", "auto"), LocalName("手动", "manual")))
    assert read_answer(item, {"outcome": "ok", "choice": "手动"}).choice == "手动"
    with pytest.raises(Refused, match="unknown_choice"):
        read_answer(item, {"outcome": "ok", "choice": "off"})


def test_an_outcome_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_outcome"):
        read_answer(GAP, {"number": 8})
