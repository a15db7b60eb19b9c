"""Values of foreign devices' JSON documents: nested objects to dotted names, whatever stands for a number to one."""

import math
from collections.abc import Iterator, Mapping
from typing import cast

from ingest.dialects.dialect import Heard
from ingest.rejections import (
    LONG_NAME,
    MAX_NAME,
    NESTED_VALUE,
    NOT_A_NUMBER,
    NULL_VALUE,
    NUMBER_AS_TEXT,
    TEXT_VALUE,
    TOO_MANY_VALUES,
    WRONG_SHAPE,
    Rejection,
    with_detail,
)

MAX_VALUES = 10_000
"""Values that one message may carry."""

MAX_LEVELS = 16
"""How deep objects may be nested; what lies deeper is rejected as a nested value."""

_NOTHING = object()
_END: tuple[object, object] = (_NOTHING, None)

SWITCH: Mapping[str, float] = {"ON": 1.0, "OFF": 0.0}


def flattened(document: Mapping[str, object], longest: int = MAX_NAME) -> Iterator[tuple[str | None, object]]:
    """Every value by its dotted name (``ENERGY.Power``; elements of arrays by their number, from 0), in order; ``None``
    and how the name begins where it has more than ``longest`` characters, and what is below that is left out. A name is
    made when its value is asked for, and not before."""
    left: list[tuple[str, Iterator[tuple[object, object]]]] = [("", iter(document.items()))]
    while left:
        before, inside = left[-1]
        part, value = next(inside, _END)
        if part is _NOTHING:
            left.pop()
            continue
        text = str(part)
        if len(before) + len(text) > longest:
            yield None, before + text[:MAX_NAME]
            continue
        name, holds_more = before + text, isinstance(value, Mapping | list)
        if len(left) < MAX_LEVELS and holds_more:
            within = value.items() if isinstance(value, Mapping) else enumerate(cast("list[object]", value))
            left.append((f"{name}.", iter(within)))
        elif not holds_more or value:
            yield name, value


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
) -> tuple[dict[str, float], list[str]]:
    """The numbers of a document by dotted name, and which of them are true or false; what is no number is rejected by
    its full name, and all of it where there are too many. Without ``nulls`` a null means that there is no value yet and
    is passed over."""
    values: dict[str, float] = {}
    truths: list[str] = []
    problems: list[Rejection] = []
    too_long = ""
    for count, (name, value) in enumerate(flattened(document, MAX_NAME - len(prefix))):
        if count == MAX_VALUES:
            heard.rejections.append(Rejection(message, TOO_MANY_VALUES))
            return {}, []
        if name is None:
            too_long = too_long or f"{prefix[:MAX_NAME]}{value}"
            continue
        if value is None and not nulls:
            continue
        number, problem = number_of(value)
        if problem:
            problems.append(Rejection(message, problem, prefix + name))
        else:
            values[name] = number
            if isinstance(value, bool | str):
                truths.append(name)
    if too_long:
        problems.append(Rejection(message, with_detail(WRONG_SHAPE, LONG_NAME), too_long))
    heard.rejections += problems
    return values, truths
