"""Custom fields: definitions, and values that fit them."""

from datetime import date

import pytest

from plantroom.domain.assets import LocalName
from plantroom.domain.custom import CustomField, CustomType, check_definition, checked_values, parse_value
from plantroom.errors import BadData

NAME = LocalName("名", "name")
ZONE = CustomField("zone", NAME, CustomType.CHOICE, "pump", choices=("低区", "高区"), required=True)
HEAD = CustomField("head", NAME, CustomType.NUMBER, unit="m")
BOUGHT = CustomField("bought", NAME, CustomType.DATE)
SPARE = CustomField("spare", NAME, CustomType.BOOLEAN)
FIELDS = [ZONE, HEAD, BOUGHT, SPARE]


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        (ZONE, "高区", "高区"),
        (HEAD, "32.5", 32.5),
        (HEAD, 7, 7.0),
        (BOUGHT, "2026-03-02", "2026-03-02"),
        (BOUGHT, date(2024, 2, 29), "2024-02-29"),
        (SPARE, "是", True),
        (SPARE, "No", False),
        (CustomField("t", NAME), " 明装 ", "明装"),
    ],
)
def test_values_are_read_as_their_field_says(field: CustomField, value: object, stored: object) -> None:
    assert parse_value(field, value) == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (ZONE, "中区"),
        (HEAD, "深"),
        (HEAD, True),
        (HEAD, "nan"),
        (HEAD, float("inf")),
        (BOUGHT, "02.03.2026"),
        (BOUGHT, "2026-02-30"),
        (SPARE, "vielleicht"),
        (CustomField("t", NAME), ""),
        (CustomField("t", NAME), "x" * 1001),
    ],
)
def test_a_value_of_another_kind_is_refused_in_words(field: CustomField, value: object) -> None:
    with pytest.raises(ValueError, match="should be"):
        parse_value(field, value)


def test_every_wrong_value_is_named_and_so_is_what_is_missing() -> None:
    with pytest.raises(BadData) as caught:
        checked_values({"head": "x", "bought": "y"}, "pump", FIELDS, {})
    found = {(one.field, one.code) for one in caught.value.problems}
    assert found == {("custom.head", "wrong_type"), ("custom.bought", "wrong_type"), ("custom.zone", "required")}


def test_a_field_of_another_class_is_neither_required_nor_judged() -> None:
    assert checked_values({"zone": "anything"}, "elevator", FIELDS, {}) == {"zone": "anything"}


def test_what_was_there_before_its_definition_stays() -> None:
    assert checked_values({"zone": "旧", "head": 3}, "pump", FIELDS, {"zone": "旧"}) == {"zone": "旧", "head": 3.0}


def test_none_takes_a_value_away_unless_it_is_required() -> None:
    assert checked_values({"zone": "高区", "head": None}, "pump", FIELDS, {"head": 2.0}) == {"zone": "高区"}
    with pytest.raises(BadData, match="zone"):
        checked_values({"zone": None}, "pump", FIELDS, {"zone": "高区"})


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (CustomField("Zone", NAME), "key"),
        (CustomField("区", NAME), "key"),
        (CustomField("z", NAME, CustomType.CHOICE), "choices"),
        (CustomField("z", NAME, CustomType.CHOICE, choices=("a", "a")), "choices"),
        (CustomField("z", NAME, CustomType.TEXT, choices=("a",)), "choices"),
        (CustomField("z", NAME, CustomType.TEXT, unit="m"), "unit"),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(field: CustomField, problem: str) -> None:
    with pytest.raises(BadData) as caught:
        check_definition(field)
    assert {one.field for one in caught.value.problems} == {problem}
