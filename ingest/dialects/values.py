"""Values of foreign devices' JSON documents: nested objects to dotted names, whatever stands for a number to one."""

import math
from collections.abc import Iterator, Mapping, Sequence

from ingest.dialects.dialect import Heard
from ingest.rejections import (
    NESTED_VALUE,
    NOT_A_NUMBER,
    NULL_VALUE,
    NUMBER_AS_TEXT,
    TEXT_VALUE,
    TOO_MANY_VALUES,
    Rejection,
)

MAX_VALUES = 10_000
"""Values that one message may carry."""

MAX_LEVELS = 16
"""How deep objects may be nested; what lies deeper is rejected as a nested value."""

SWITCH: Mapping[str, float] = {"ON": 1.0, "OFF": 0.0}


def flattened(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every value by its dotted name (``ENERGY.Power``; elements of arrays by their number, from 0), in order."""
    left: list[tuple[str, object, int]] = [(name, value, 1) for name, value in reversed(list(document.items()))]
    while left:
        name, value, level = left.pop()
        inside: Sequence[tuple[object, object]] = ()
        if level < MAX_LEVELS and isinstance(value, Mapping):
            inside = list(value.items())
        elif level < MAX_LEVELS and isinstance(value, list):
            inside = list(enumerate(value))
        elif not isinstance(value, Mapping | list) or value:
            yield name, value
        left += [(f"{name}.{part}", one, level + 1) for part, one in reversed(inside)]


def number_of(value: object) -> tuple[float, str]:
    """The value as a finite float and an empty text, or 0 and the reason why it is none. ON and OFF are 1 and 0."""
    if isinstance(value, bool | int | float):
        number = float(value)
        return (number, "") if math.isfinite(number) else (0.0, NOT_A_NUMBER)
    if isinstance(value, str):
        return (SWITCH[value.upper()], "") if value.upper() in SWITCH else (0.0, text_problem(value))
    return 0.0, NULL_VALUE if value is None else NESTED_VALUE


def text_problem(text: str) -> str:
    """Why text is no value: it is just text, a number written as one, or ``NaN``."""
    try:
        number = float(text)
    except ValueError:
        return TEXT_VALUE
    return NUMBER_AS_TEXT if math.isfinite(number) else NOT_A_NUMBER


def take_values(
    heard: Heard, message: int, prefix: str, document: Mapping[str, object], *, nulls: bool = True
) -> dict[str, float] | None:
    """The numbers of a document by dotted name; what is none is rejected by its full name. Without ``nulls`` a null
    means that there is no value yet and is passed over. ``None``: too many (rejected)."""
    values: dict[str, float] = {}
    problems: list[Rejection] = []
    for count, (name, value) in enumerate(flattened(document)):
        if count == MAX_VALUES:
            heard.rejections.append(Rejection(message, TOO_MANY_VALUES))
            return None
        if value is None and not nulls:
            continue
        number, problem = number_of(value)
        if problem:
            problems.append(Rejection(message, problem, prefix + name))
        else:
            values[name] = number
    heard.rejections += problems
    return values
