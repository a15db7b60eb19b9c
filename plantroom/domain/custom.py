"""Custom fields of assets: their definitions, and the values that fit them. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, FieldProblem

TEXT_CHARACTERS = 1000


class CustomType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field that assets have beside the fixed ones. ``equipment_class`` of ``None``: assets of every class.
    ``unit`` (UCUM) goes with numbers, ``choices`` with a choice. ``version`` counts changes."""

    key: str
    name: LocalName
    type: CustomType = CustomType.TEXT
    equipment_class: str | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    version: int = 1

    def fits(self, equipment_class: str) -> bool:
        """Whether assets of the class have the field."""
        return self.equipment_class is None or self.equipment_class == equipment_class


def check_definition(field: CustomField) -> None:
    """Raise ``BadData``, every problem at once, for a definition that cannot be used."""
    problems = []
    if not field.key or not all(c.islower() or c.isdigit() or c == "_" for c in field.key) or not field.key.isascii():
        problems.append(FieldProblem("key", "not_snake_case", "should be lower_snake_case, such as water_zone"))
    if field.type is CustomType.CHOICE and not field.choices:
        problems.append(FieldProblem("choices", "required", "a choice needs at least one value to choose"))
    if field.type is not CustomType.CHOICE and field.choices:
        problems.append(FieldProblem("choices", "not_a_choice", f"a field of type {field.type} has no choices"))
    if len(set(field.choices)) != len(field.choices) or not all(one.strip() for one in field.choices):
        problems.append(FieldProblem("choices", "repeated", "each should be a text of its own"))
    if field.unit and field.type is not CustomType.NUMBER:
        problems.append(FieldProblem("unit", "not_a_number", f"a field of type {field.type} has no unit"))
    _raise(problems)


def checked_values(
    values: Mapping[str, object], equipment_class: str, fields: Iterable[CustomField], before: Mapping[str, object]
) -> dict[str, object]:
    """The values as they are stored, without those that are ``None``: numbers as float, dates as ``YYYY-MM-DD``.

    Raises ``BadData`` that names each field (``custom.KEY``) whose value is not of its type or that is required and
    missing. Keys without a definition are kept as they come. A value that stands as it was before is not judged anew,
    so that a definition made later spoils nothing that is there."""
    known = {one.key: one for one in fields if one.fits(equipment_class)}
    problems: list[FieldProblem] = []
    stored: dict[str, object] = {}
    for key, value in values.items():
        field = known.get(key)
        if value is None:
            continue
        if field is None or (key in before and before[key] == value):
            stored[key] = value
            continue
        try:
            stored[key] = parse_value(field, value)
        except ValueError as error:
            problems.append(FieldProblem(f"custom.{key}", "wrong_type", str(error)))
    wrong = {one.field for one in problems}
    problems += [
        FieldProblem(f"custom.{key}", "required", f"{field.name.zh} / {field.name.en} is required")
        for key, field in known.items()
        if field.required and key not in stored and f"custom.{key}" not in wrong
    ]
    _raise(problems)
    return stored


def parse_value(field: CustomField, value: object) -> object:
    """The value as it is stored, from its own type or from text (as a spreadsheet has it). Raises ``ValueError`` in
    words that say what it should be."""
    readers = {
        CustomType.TEXT: _text,
        CustomType.NUMBER: _number,
        CustomType.DATE: _date,
        CustomType.BOOLEAN: _boolean,
    }
    if field.type is CustomType.CHOICE:
        text = _text(value)
        if text not in field.choices:
            raise ValueError(f"{text!r} should be one of {', '.join(field.choices)}")
        return text
    return readers[field.type](value)


def _text(value: object) -> object:
    text = str(value).strip() if not isinstance(value, bool) else ""
    if not text or len(text) > TEXT_CHARACTERS:
        raise ValueError(f"should be a text of up to {TEXT_CHARACTERS} characters")
    return text


def _number(value: object) -> object:
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} should be a number")
    return number


def _date(value: object) -> object:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"{value!r} should be a date such as 2026-03-02") from None
    return day.isoformat()[:10]


_WORDS = {"true": True, "yes": True, "是": True, "1": True, "false": False, "no": False, "否": False, "0": False}


def _boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    known = _WORDS.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"{value!r} should be true or false (是 / 否)")
    return known


def _raise(problems: list[FieldProblem]) -> None:
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)
