"""What is wrong with a field, in both languages: pydantic's own words are English alone. Pure.

Values are not repeated: a password may be among them.
"""

from collections.abc import Mapping
from typing import Any

from plantroom.errors import plain_message

_TEXT, _WHOLE, _NUMBER, _OBJECT = "应为文本", "应为整数", "应为数字", "应为对象{{...}}"
_DAY, _INSTANT, _TIME = "应为日期（YYYY-MM-DD）", "应为带时区的日期时间（ISO 8601）", "应为时刻（HH:MM）"

ZH: Mapping[str, str] = {
    "missing": "必填",
    "extra_forbidden": "没有此字段",
    "json_invalid": "不是有效的JSON",
    "string_type": _TEXT,
    "string_too_short": "至少{min_length}个字符",
    "string_too_long": "最多{max_length}个字符",
    "string_pattern_mismatch": "格式应符合{pattern}",
    "too_short": "至少{min_length}项",
    "too_long": "最多{max_length}项",
    "greater_than": "应大于{gt}",
    "greater_than_equal": "不得小于{ge}",
    "less_than": "应小于{lt}",
    "less_than_equal": "不得大于{le}",
    "multiple_of": "应为{multiple_of}的倍数",
    "finite_number": "应为有限的数",
    "enum": "应为{expected}",
    "literal_error": "应为{expected}",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": "应为true或false",
    "bool_parsing": "应为true或false",
    "list_type": "应为列表[...]",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "time_type": _TIME,
    "time_parsing": _TIME,
}
"""Pydantic's kinds of errors (https://docs.pydantic.dev/latest/errors/validation_errors/), with what each says of
itself. What is not here is told in the words of whoever found it: ours, or pydantic's."""


def words_of(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """Chinese, then English; English alone where ``context`` lacks what the Chinese words need."""
    said = plain_message(message)
    if kind not in ZH:
        return said
    known = {name: _plain(value) for name, value in context.items()}
    if "expected" in known:
        known["expected"] = known["expected"].replace(" or ", "或").replace(", ", "、")
    try:
        return f"{ZH[kind].format_map(known)} / {said}"
    except KeyError:
        return said


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
