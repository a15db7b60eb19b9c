"""What a CBOR text is made of, looked at before anything is made of it (RFC 8949, section 3).

A general reader does as a text says: it makes room for as many elements as an array claims, computes with numbers of
megabytes, takes keys that all have one hash, and gives what was sent once wherever it is pointed at. A pack of SenML
needs none of that (RFC 8428, section 6), so that whatever does not belong into one is refused by its head.
"""

from ingest.dialects.values import MAX_VALUES

MAX_DEPTH = 64
MAX_CONTAINERS = 4 * MAX_VALUES
"""A record has one map, and an array for each number that is a decimal fraction."""

_POSITIVE, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_KEYS = frozenset((_POSITIVE, _NEGATIVE, _TEXT))
_DECIMAL_FRACTION = 4
_PAIR = b"\x82"
"""The array of two that a decimal fraction is."""

_BREAK = 0xFF
_OPEN = 0x1F
_ENDLESS = -2
"""Items still to come in what ends with a break; counts down, so that it is even before a key like any other map's."""


def check_pack(payload: bytes) -> None:
    """Raises ``ValueError`` unless the text begins with one item of numbers, texts, bytes, arrays, maps with plain keys
    and decimal fractions, all of them as long as they say. O(bytes), and O(depth) memory."""
    at, containers = 0, 0
    left, kinds = [1], [_ARRAY]
    while left:
        if left[-1] == 0:
            left.pop()
            kinds.pop()
            continue
        is_map = kinds[-1] == _MAP
        before_key = is_map and left[-1] % 2 == 0
        kind, count, at = _head(payload, at)
        if kind == _BREAK:
            _demand(left[-1] < 0 and (before_key or not is_map), "a break where none can be")
            left.pop()
            kinds.pop()
            continue
        left[-1] -= 1
        _demand(not before_key or (kind in _KEYS and count >= 0), "a key that is neither a number nor a text")
        if kind == _TAG:
            _demand(count == _DECIMAL_FRACTION and payload[at : at + 1] == _PAIR, f"tag {count} is not for SenML")
            left[-1] += 1
        elif kind in (_ARRAY, _MAP) or count < 0:
            containers += 1
            _demand(containers <= MAX_CONTAINERS and len(left) < MAX_DEPTH, "too many arrays and maps")
            _demand(count <= len(payload) - at, "it is cut off")
            left.append(count if count < 0 or kind != _MAP else 2 * count)
            kinds.append(kind)
        elif kind in (_BYTES, _TEXT):
            at += count
            _demand(at <= len(payload), "it is cut off")


def _head(payload: bytes, at: int) -> tuple[int, int, int]:
    """Kind, argument (``_ENDLESS`` where a break tells the end) and where the next head or the text itself begins."""
    _demand(at < len(payload), "it is cut off")
    first = payload[at]
    kind, info = first >> 5, first & _OPEN
    at += 1
    if info < 24:
        return kind, info, at
    if first == _BREAK:
        return _BREAK, 0, at
    if info == _OPEN and kind in (_BYTES, _TEXT, _ARRAY, _MAP):
        return kind, _ENDLESS, at
    _demand(info < 28, "a head that means nothing")
    end = at + (1 << (info - 24))
    _demand(end <= len(payload), "it is cut off")
    return kind, int.from_bytes(payload[at:end], "big"), end


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
