"""What cannot be stored, and why, in codes that the interface translates.

A reason is a code, or ``code: detail`` where the machine has more to say (``not_json: line 1 column 3 ...``).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY_PAYLOAD = "empty_payload"
NOT_UTF8 = "not_utf8"
NOT_JSON = "not_json"
WRONG_SHAPE = "wrong_shape"
NO_VALUES = "no_values"
TOO_MANY_VALUES = "too_many_values"
TOO_MANY_EVENTS = "too_many_events"
UNREADABLE_TIME = "unreadable_time"
CLOCK_NEVER_SET = "clock_never_set"
CLOCK_IN_FUTURE = "clock_in_future"
NUMBER_AS_TEXT = "number_as_text"
TEXT_VALUE = "text_value"
NOT_A_NUMBER = "not_a_number"
NULL_VALUE = "null_value"
NESTED_VALUE = "nested_value"
UNKNOWN_TOPIC = "unknown_topic"
UNKNOWN_SITE = "unknown_site"
UNKNOWN_ASSET = "unknown_asset"
UNKNOWN_POINT = "unknown_point"
UNKNOWN_DIALECT = "unknown_dialect"
UNKNOWN_STATUS = "unknown_status"
REJECTED_BY_STORE = "rejected_by_store"
BEYOND_RETENTION = "beyond_retention"
NOT_CBOR = "not_cbor"
NOT_PROTOBUF = "not_protobuf"
UNSUPPORTED_VERSION = "unsupported_version"
UNSUPPORTED_TYPE = "unsupported_type"
UNKNOWN_METRIC = "unknown_metric"
WRONG_UNIT = "wrong_unit"
INTERNAL_ERROR = "internal_error"

REASONS = frozenset(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""The codes above."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that turn the direction of what follows (Unicode TR 9): one in an event's name makes a ticket unreadable."""

_UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ud800-\udfff]")
MAX_PART = 500
SEPARATOR = ", "
"""Between the names of the parts of one letter."""

CUT = "\u2026"
"""Ends the names where there are more than can be read."""

MAX_REASON = 200
MAX_NAME = 500
"""Characters of a field's full name, with its device: more than a source may name. A message of a few bytes may stand
for thousands of names that all begin alike, so that they are measured before they are joined."""

LONG_NAME = f"a name of more than {MAX_NAME} characters"
"""Detail behind ``WRONG_SHAPE``."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Message number ``message`` of a batch, or the ``part`` of it that is named, cannot be stored."""

    message: int
    reason: str
    part: str = ""


def with_detail(code: str, detail: str) -> str:
    """``code: detail`` in one line, cut to a length that a list can show."""
    return f"{code}: {printable(detail[:MAX_REASON])}"[:MAX_REASON]


def code_of(reason: str) -> str:
    """The code of a reason, without the detail behind it."""
    return reason.partition(":")[0]


def printable(text: str) -> str:
    """``text`` with U+FFFD for control characters, which some databases refuse, marks of direction and line ends, which
    scramble what people read, and lone surrogates."""
    return _UNPRINTABLE.sub("\ufffd", text)


HANDED_ON = with_detail(UNKNOWN_SITE, "the site was entered meanwhile; its collector takes it up")
"""Of an event that nobody has heard of yet."""


def name_parts(names: Iterable[str]) -> str:
    """The names in one line, each once, cut where it gets too long to read. No more of them are looked at than that."""
    return _one_line(names, SEPARATOR, MAX_PART)


def merged(rejections: Sequence[Rejection]) -> list[Rejection]:
    """One rejection per message and code, naming all its parts, in the order of the messages. Details that differ
    stand one behind the other."""
    groups: dict[tuple[int, str], list[Rejection]] = {}
    for rejection in rejections:
        groups.setdefault((rejection.message, code_of(rejection.reason)), []).append(rejection)
    return [
        Rejection(message, _reason(code, members), name_parts(one.part for one in members if one.part))
        for (message, code), members in sorted(groups.items(), key=lambda item: item[0][0])
    ]


def _reason(code: str, members: Sequence[Rejection]) -> str:
    told = (one.reason.partition(": ")[2] for one in members)
    details = _one_line((one for one in told if one), "; ", MAX_REASON - len(code) - 2)
    return f"{code}: {details}" if details else code


def _one_line(texts: Iterable[str], between: str, longest: int) -> str:
    seen: set[str] = set()
    line = ""
    for text in texts:
        if text in seen:
            continue
        seen.add(text)
        line += (between if line else "") + printable(text[: longest + 1])
        if len(line) > longest:
            return line[: longest - 1] + CUT
    return line


def stable_id(*parts: object) -> str:
    """32 hexadecimal digits that depend on the parts alone: the same message gives the same id again."""
    text = "\x1f".join(map(str, parts))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
