"""JSON text to Python objects, fast for what is right and with good words for what is wrong."""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ingest.rejections import EMPTY_PAYLOAD, NOT_JSON, NOT_UTF8, with_detail

# A number that no payload can guess: a payload that is broken by itself but whole together with its
# neighbour ("[1" and "2],3") cannot fake the right count with the right separators.
_SEPARATOR = 1 + secrets.randbits(52)
_JOINT = b",%d," % _SEPARATOR
_MAX_INT = 1 << 63
# A string that nobody closed is one token up to the end. Were it none, the search would begin anew at each quote in it.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)

MAX_DEPTH = 64
"""How deep the data of an event may be nested; ledgers and browsers have limits of their own."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A payload that is no JSON text, with the reason."""

    reason: str


def parse_all(payloads: Sequence[bytes]) -> Sequence[object]:
    """The parsed payloads, ``Malformed`` for those that are none. One parse for all when all are sound."""
    try:
        joined = orjson.loads(b"[" + _JOINT.join(payloads) + b"]")
    except orjson.JSONDecodeError:
        return [parse_one(payload) for payload in payloads]
    separators = joined[1::2]
    if len(joined) != 2 * len(payloads) - 1 or separators.count(_SEPARATOR) != len(separators):
        return [parse_one(payload) for payload in payloads]
    documents: Sequence[object] = joined[::2]
    return documents


def parse_one(payload: bytes) -> object:
    """The parsed payload or ``Malformed``. NaN and Infinity, which JSON does not have, become floats, so that
    the values beside them can be stored."""
    if not payload.strip():
        return Malformed(EMPTY_PAYLOAD)
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        refusal = str(error)
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Malformed(NOT_UTF8)
    document = _parse_loosely(text)
    return Malformed(with_detail(NOT_JSON, refusal)) if document is None else document


def parse_at_any_cost(payload: bytes) -> tuple[object, bool]:
    """As ``parse_one``, for events, which must not be lost: bytes and characters that are none are replaced, NaN
    becomes ``None``, and what is nested deeper than ``MAX_DEPTH`` is left out when nothing else helps (``True``)."""
    document = parse_one(payload)
    if not isinstance(document, Malformed) or not payload.strip():
        return document, False
    text = payload.decode("utf-8-sig", "replace")
    for cut in (False, True):
        try:
            loose = json.loads(shallow(text) if cut else text, parse_int=_bounded_int, parse_constant=lambda _: None)
            clean = json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace")
            return orjson.loads(clean), cut
        except (ValueError, RecursionError):
            continue
    return document, False


def nesting(text: str) -> int:
    """How deep a JSON text is nested at most. O(n)."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first != '"':
            depth -= 1
    return deepest


def shallow(text: str) -> str:
    """A JSON text with ``null`` in place of what is nested deeper than ``MAX_DEPTH``. O(n)."""
    pieces: list[str] = []
    depth = kept = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                pieces += (text[kept : token.start()], "null")
        elif first != '"':
            depth -= 1
            if depth == MAX_DEPTH:
                kept = token.end()
    return "".join(pieces) + text[kept:] if depth <= MAX_DEPTH else text


def _parse_loosely(text: str) -> object | None:
    """``None`` when the standard library cannot read it either, or when it holds lone surrogates."""
    try:
        document: object = json.loads(text, parse_int=_bounded_int)
        orjson.dumps(document)
    except (ValueError, TypeError, RecursionError):
        return None
    return document


def _bounded_int(digits: str) -> int | float:
    number = int(digits) if len(digits) < 20 else float(digits)
    return number if -_MAX_INT < number < _MAX_INT else float(digits)
