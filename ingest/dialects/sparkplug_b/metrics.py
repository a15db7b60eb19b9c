"""Values of Sparkplug metrics by their data type."""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from ingest.dialects.sparkplug_b.wire import NAMES, ONE_OF
from ingest.dialects.values import text_problem
from ingest.rejections import NOT_A_NUMBER, NULL_VALUE, UNSUPPORTED_TYPE, with_detail

UNKNOWN, DATE_TIME = 0, 13
_SIGNED: Mapping[int, int] = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED: Mapping[int, int] = {5: 8, 6: 16, 7: 32, 8: 64, DATE_TIME: 64}
_TEXTS = frozenset((12, 14, 15))
_FLOATS = frozenset((9, 10))
BOOLEAN = 11
_INTEGERS = frozenset(("int_value", "long_value"))
_WHOLE = {**_SIGNED, **_UNSIGNED}

QUALITY = b"Quality"
BAD_CODES = frozenset((0, 500))
MAX_PROPERTIES = 100
"""Of a metric; those behind are not looked at."""


def value_of(metric: Any, datatype: int) -> tuple[float, str]:
    """The metric's value as a finite float and an empty text, or 0 and the reason why it is none.

    Signed integers are two's complement of their own width or wider; times are milliseconds since 1970.
    """
    field = metric.WhichOneof(ONE_OF)
    if metric.is_null or field is None:
        return 0.0, NULL_VALUE
    raw = getattr(metric, field)
    if datatype in _TEXTS or field == "string_value":
        return 0.0, text_problem(raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw))
    if datatype in _WHOLE and field in _INTEGERS:
        return float(_whole(int(raw), datatype)), ""
    numeric = datatype in _FLOATS or datatype in _WHOLE or datatype == BOOLEAN
    if not numeric or isinstance(raw, bytes):
        return 0.0, with_detail(UNSUPPORTED_TYPE, NAMES.get(datatype, str(datatype)))
    number = float(raw)
    return (number, "") if math.isfinite(number) else (0.0, NOT_A_NUMBER)


def said_bad(metric: Any) -> bool:
    """Whether the metric's ``Quality`` property says that the value is bad (0) or stale (500); good is 192. Section
    6.4.9, Quality Codes (tck-id-payloads-propertyset-quality-value-value). What is no such code says nothing."""
    if not metric.HasField("properties"):
        return False
    pairs = zip(metric.properties.keys, metric.properties.values, strict=False)
    for key, value in islice(pairs, MAX_PROPERTIES):
        if key == QUALITY and not value.is_null:
            field = next((name for name in _INTEGERS if value.HasField(name)), "")
            return bool(field) and getattr(value, field) in BAD_CODES
    return False


def _whole(raw: int, datatype: int) -> int:
    bits = _WHOLE[datatype]
    value = raw & ((1 << bits) - 1)
    return value - (1 << bits) if datatype in _SIGNED and value >> (bits - 1) else value
