"""Which events a message of an event topic holds, whatever has become of it on its way."""

from collections.abc import Mapping
from dataclasses import replace

import orjson

from ingest.dialects.decoded import EventObject
from ingest.dialects.json.decoder import MAX_VALUES, count_values, digest_of, naming, torn_events
from ingest.dialects.json.parse import MAX_DEPTH, Malformed, nesting, parse_at_any_cost, parse_one
from ingest.dialects.json.torn import remains_of
from ingest.rejections import EMPTY_PAYLOAD, NOT_UTF8, WRONG_SHAPE, Rejection, code_of, with_detail
from plantroom.ports.spool import SpoolRecord

UNREADABLE = "unreadable_event"
"""Stands for the events of a damaged message of which nobody knows how many there were, or what they said."""

MAX_NAMELESS = 100
"""Elements of an array that the reason for its letter counts up: half a million fit into a message."""

_REPLACED = "\ufffd"


def event_objects(record: SpoolRecord) -> tuple[list[EventObject], list[Rejection]]:
    """The objects of an event topic's payload, one or an array of them; ``message`` is 0 in all.

    What can be read of a message that is cut off or damaged is among them, and behind it ``UNREADABLE`` when there may
    have been more in it; the message is rejected all the same. An empty one, by which publishers take back what the
    broker retained, holds nothing.
    """
    payload = record.payload
    document = parse_one(payload)
    if not isinstance(document, Malformed):
        return _sound(document, payload)
    rejections = [Rejection(0, document.reason)]
    if document.reason == EMPTY_PAYLOAD:
        return [], rejections
    rescued, cut = parse_at_any_cost(payload)
    if not isinstance(rescued, Malformed):
        objects, nameless = _sound(rescued, payload, cut)
        objects = [_looked_through(one) for one in objects]
        more = bool(nameless) and code_of(document.reason) == NOT_UTF8
    else:
        remains = remains_of(payload)
        objects = torn_events(0, payload, remains)
        more = remains.open_end or not objects
    unread = EventObject(0, len(objects), {"event": UNREADABLE}, cut=True, damaged=True)
    return ([*objects, unread] if more else objects), rejections


def _sound(document: object, payload: bytes, cut: bool = False) -> tuple[list[EventObject], list[Rejection]]:
    elements = document if isinstance(document, list) else [document]
    found: list[EventObject] = []
    rejections: list[Rejection] = []
    for number, element in enumerate(elements):
        fields = naming(element)
        if fields is not None:
            found.append(EventObject(0, number, fields, digest_of(fields, payload, number), cut))
        elif len(rejections) < MAX_NAMELESS:
            part = f"[{number}]" if isinstance(document, list) else ""
            rejections.append(Rejection(0, with_detail(WRONG_SHAPE, "names no event"), part))
    return found, rejections or ([] if found else [Rejection(0, with_detail(WRONG_SHAPE, "names no event"))])


def _looked_through(one: EventObject) -> EventObject:
    """The event with the word whether bytes of what weighs it were replaced."""
    fields, weighs = one.fields, (one.fields["event"], one.fields.get("severity"))
    if not any(_REPLACED in word for word in (*fields, *weighs) if isinstance(word, str)):
        return one
    word = fields.get("severity")
    if isinstance(word, str) and _REPLACED in word:
        fields = {**fields, "severity": None}
    return replace(one, fields=fields, damaged=True)


def values_beside(payload: bytes) -> list[bytes]:
    """The objects of an event topic's payload that name an event and carry ``values`` too, each as a payload.

    With one that cannot be written again the whole payload is among them, once: its values are dead-lettered. So are
    all when they are more than a message may carry.
    """
    if b'"values"' not in payload:
        return []
    document, _ = parse_at_any_cost(payload)
    if not isinstance(document, list):
        return [payload] if _has_values(document) else []
    found, whole = [], []
    elements = list(filter(_has_values, document))
    if sum(map(count_values, elements)) > MAX_VALUES:
        return [payload]
    for element in elements:
        try:
            found.append(orjson.dumps(element))
        except TypeError:
            whole = [payload]
    return found + whole


def _has_values(element: object) -> bool:
    return isinstance(element, dict) and bool(element.get("values")) and isinstance(element.get("event"), str)


def data_of(fields: Mapping[str, object]) -> dict[str, object] | None:
    """The event's data as a plain object without NaN and without NUL characters, which databases refuse;
    ``None`` when it is nested too deep to be kept."""
    data = fields.get("data")
    if data is None:
        return {}
    try:
        text = orjson.dumps(data if isinstance(data, dict) else {"value": data})
    except TypeError:
        return None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and nesting(text.decode()) > MAX_DEPTH:
        return None
    clean: dict[str, object] = orjson.loads(text.replace(b"\\u0000", b"\\ufffd"))
    return clean
