"""Which events a message of an event topic holds, whatever has become of it on its way."""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from ingest.dialects.decoded import EventObject
from ingest.dialects.json.decoder import (
    MAX_VALUES,
    count_values,
    event_of,
    naming,
    torn_events,
    without_too_many,
)
from ingest.dialects.json.parse import Malformed, parse_at_any_cost, parse_one
from ingest.dialects.json.torn import remains_of
from ingest.rejections import EMPTY_PAYLOAD, WRONG_SHAPE, Rejection, with_detail
from plantroom.ports.spool import SpoolRecord

UNREADABLE = "unreadable_event"
"""Stands for the events of a damaged message of which nobody knows how many there were, or what they said."""

MAX_NAMELESS = 100
"""Elements of an array that the reason for its letter counts up: half a million fit into a message."""

_NOTHING: Sequence[object] = (None, "", [], {})
"""Elements that say nothing at all."""

_TELEMETRY = frozenset(("ts", "boot", "seq", "values"))
"""Who says no more than these says what was measured, on a wrong topic."""

_REPLACED = "\ufffd"


def event_objects(record: SpoolRecord) -> tuple[list[EventObject], list[Rejection]]:
    """The objects of an event topic's payload, one or an array of them; ``message`` is 0 in all.

    What can be read of a message that is cut off or damaged is among them, and behind it ``UNREADABLE`` when there may
    have been more in it, as in a sound one that names nothing; the message is rejected all the same. An empty one, by
    which publishers take back what the broker retained, holds nothing. Of more than ``MAX_EVENTS`` the first are among
    them, and ``UNTOLD``.
    """
    objects, rejections = _all_objects(record)
    told, too_many = without_too_many(0, objects)
    return told, rejections + too_many


def _all_objects(record: SpoolRecord) -> tuple[list[EventObject], list[Rejection]]:
    payload = record.payload
    document, cut = parse_one(payload), False
    rejections: list[Rejection] = []
    if isinstance(document, Malformed):
        rejections.append(Rejection(0, document.reason))
        if document.reason == EMPTY_PAYLOAD:
            return [], rejections
        document, cut = parse_at_any_cost(payload)
    if isinstance(document, Malformed):
        remains = remains_of(payload)
        objects = torn_events(0, payload, remains)
        more = remains.open_end or not objects
    else:
        objects, nameless, more = _among(document, payload, cut)
        if rejections:
            objects = [_looked_through(one) for one in objects]
        rejections = rejections or nameless
    unread = EventObject(0, len(objects), {"event": UNREADABLE}, cut=True, damaged=True)
    return ([*objects, unread] if more else objects), rejections


def _among(document: object, payload: bytes, cut: bool) -> tuple[list[EventObject], list[Rejection], bool]:
    """The events of a document, a rejection for what in it names none, and whether any of that says something: who can
    tell what was meant by ``{"Event": "fire"}``?"""
    elements = document if isinstance(document, list) else [document]
    found: list[EventObject] = []
    rejections: list[Rejection] = []
    more = False
    for number, element in enumerate(elements):
        event = event_of(0, number, element, payload, cut)
        if event is not None:
            found.append(event)
            continue
        more = more or not (element in _NOTHING or _is_telemetry(element))
        if len(rejections) < MAX_NAMELESS:
            part = f"[{number}]" if isinstance(document, list) else ""
            rejections.append(Rejection(0, with_detail(WRONG_SHAPE, "names no event"), part))
    if not elements:
        rejections.append(Rejection(0, with_detail(WRONG_SHAPE, "names no event")))
    return found, rejections, more


def _is_telemetry(element: object) -> bool:
    return isinstance(element, dict) and "values" in element and element.keys() <= _TELEMETRY


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
    """The objects of an event topic's payload that are events and carry ``values`` too, each as a payload.

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
    if not isinstance(element, dict) or not element.get("values"):
        return False
    return isinstance(element.get("event"), str) or naming(element) is not None
