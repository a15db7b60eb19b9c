"""Answers that tablets send."""

import pytest

from maintenance.answers import Refused, parse_number, read_answer
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName

NAME = LocalName("项", "Item")
GAP = ChecklistItem("A-1-29", "number", NAME, unit="mm", low=7.0)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (7, 7.0),
        (7.5, 7.5),
        ("7.5", 7.5),
        ("７．５", 7.5),
        ("7,5", 7.5),
        ("-0,25", -0.25),
        ("１２", 12.0),
        ("1e3", 1000.0),
    ],
)
def test_numbers_as_people_type_them(typed: object, number: float) -> None:
    assert parse_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [("1,234", "ambiguous_number"), ("seven", "not_a_number"), ("NaN", "not_a_number"), (float("inf"), "not_a_number"),
     (True, "not_a_number"), ("1,2,3", "not_a_number"), ("7 mm", "not_a_number")],
)  # fmt: skip
def test_what_is_no_clear_number_is_refused(typed: object, code: str) -> None:
    with pytest.raises(Refused) as raised:
        parse_number(typed)
    assert raised.value.code == code


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
