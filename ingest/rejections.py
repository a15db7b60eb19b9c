"""What cannot be stored, and why, in codes that the interface translates.

A reason is a code, or ``code: detail`` where the machine has more to say (``not_json: line 1 column 3 ...``).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from plantroom.domain.assets import LocalName

EMPTY_PAYLOAD = "empty_payload"
NOT_UTF8 = "not_utf8"
NOT_JSON = "not_json"
WRONG_SHAPE = "wrong_shape"
NO_VALUES = "no_values"
TOO_MANY_VALUES = "too_many_values"
UNREADABLE_TIME = "unreadable_time"
CLOCK_NEVER_SET = "clock_never_set"
CLOCK_IN_FUTURE = "clock_in_future"
NUMBER_AS_TEXT = "number_as_text"
TEXT_VALUE = "text_value"
NOT_A_NUMBER = "not_a_number"
NULL_VALUE = "null_value"
NESTED_VALUE = "nested_value"
UNKNOWN_TOPIC = "unknown_topic"
UNKNOWN_ASSET = "unknown_asset"
UNKNOWN_POINT = "unknown_point"
UNKNOWN_DIALECT = "unknown_dialect"
UNKNOWN_STATUS = "unknown_status"
REJECTED_BY_STORE = "rejected_by_store"
INTERNAL_ERROR = "internal_error"

WORDS: Mapping[str, LocalName] = MappingProxyType(
    {
        EMPTY_PAYLOAD: LocalName("消息内容为空", "The message is empty"),
        NOT_UTF8: LocalName("不是 UTF-8 编码", "Not UTF-8"),
        NOT_JSON: LocalName("不是有效的 JSON", "Not JSON"),
        WRONG_SHAPE: LocalName("消息结构不符合约定", "The message has the wrong shape"),
        NO_VALUES: LocalName("消息中没有测量值", "The message carries no values"),
        TOO_MANY_VALUES: LocalName("一条消息中的测量值过多", "Too many values in one message"),
        UNREADABLE_TIME: LocalName("时间戳无法识别", "The timestamp cannot be read"),
        CLOCK_NEVER_SET: LocalName(
            "时间早于2000年，设备时钟未设置", "Before the year 2000: the device's clock was never set"
        ),
        CLOCK_IN_FUTURE: LocalName("时间超前5分钟以上", "More than 5 minutes in the future"),
        NUMBER_AS_TEXT: LocalName("数值以文本形式发送", "A number was sent as text"),
        TEXT_VALUE: LocalName("测量值是文本，不是数值", "The value is text, not a number"),
        NOT_A_NUMBER: LocalName("测量值为 NaN 或无穷大", "The value is NaN or infinite"),
        NULL_VALUE: LocalName("测量值为空（null）", "The value is null"),
        NESTED_VALUE: LocalName("测量值是对象或数组", "The value is an object or an array"),
        UNKNOWN_TOPIC: LocalName("主题不符合约定", "Not a topic of this site"),
        UNKNOWN_ASSET: LocalName("台账中没有该设备编号", "The ledger has no asset of this code"),
        UNKNOWN_POINT: LocalName("该设备没有此测点", "The asset has no such point"),
        UNKNOWN_DIALECT: LocalName("数据源使用了未知的报文格式", "The source names a dialect that is not known"),
        UNKNOWN_STATUS: LocalName("状态既不是 online 也不是 offline", "The status is neither online nor offline"),
        REJECTED_BY_STORE: LocalName("数据库拒绝写入", "The readings store refused it"),
        INTERNAL_ERROR: LocalName("处理时发生内部错误", "An internal error while processing"),
    }
)

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
MAX_PART = 500
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Rejection:
    """Message number ``message`` of a batch, or the ``part`` of it that is named, cannot be stored."""

    message: int
    reason: str
    part: str = ""


def reason_code(reason: str) -> str:
    """The code of a reason, without its detail."""
    return reason.split(":", 1)[0]


def with_detail(code: str, detail: str) -> str:
    """``code: detail`` in one line, cut to a length that a list can show."""
    return f"{code}: {printable(detail)}"[:MAX_REASON]


def printable(text: str) -> str:
    """``text`` without control characters, which some databases refuse, and without lone surrogates."""
    return _UNPRINTABLE.sub("\ufffd", text)


def name_parts(names: Iterable[str]) -> str:
    """The names in one line, each once, cut where it gets too long to read."""
    joined = ", ".join(printable(name) for name in dict.fromkeys(names))
    return joined if len(joined) <= MAX_PART else joined[: MAX_PART - 1] + "…"


def merged(rejections: Sequence[Rejection]) -> list[Rejection]:
    """One rejection per message and reason, naming all its parts, in the order of the messages."""
    groups: dict[tuple[int, str], list[str]] = {}
    for rejection in rejections:
        groups.setdefault((rejection.message, rejection.reason), []).append(rejection.part)
    return [
        Rejection(message, reason, name_parts(p for p in parts if p))
        for (message, reason), parts in sorted(groups.items(), key=lambda item: item[0][0])
    ]


def stable_id(*parts: object) -> str:
    """32 hexadecimal digits that depend on the parts alone: the same message gives the same id again."""
    text = "\x1f".join(map(str, parts))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
