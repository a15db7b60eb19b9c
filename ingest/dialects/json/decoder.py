"""The ``json`` dialect: canonical telemetry objects and flat objects (README.md beside this file).

Cost: O(values). Sound batches take one parse and a few passes over columns; a batch that holds something else is gone
through message by message, and only one that holds something unusable value by value.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import cast
from zlib import crc32

import numpy as np

from ingest.dialects.decoded import NO_SEQ, Decoded, EventObject
from ingest.dialects.json.identities import digest_at, digest_of, identities, identity
from ingest.dialects.json.parse import Malformed, parse_all, parse_at_any_cost
from ingest.dialects.json.torn import Remains, remains_of
from ingest.instants import parse_all_ts
from ingest.rejections import (
    NESTED_VALUE,
    NO_VALUES,
    NOT_A_NUMBER,
    NULL_VALUE,
    NUMBER_AS_TEXT,
    TEXT_VALUE,
    TOO_MANY_EVENTS,
    TOO_MANY_VALUES,
    UNREADABLE_TIME,
    WRONG_SHAPE,
    Rejection,
    with_detail,
)
from ingest.time_hints import hint_of_unreadable
from plantroom.wire import MAX_BOOT, MAX_SEQ

MAX_VALUES = 10_000
"""Values that one message may carry, over all its objects."""

MAX_EVENTS = 1_000
"""Events of one message that are told one by one: 30,000 fit into one, and each may have to make a ticket."""

SAFETY = "safety"
UNNAMED = "unnamed_event"
"""Stands for the name of a safety event that has none."""

UNTOLD = "untold_events"
"""Stands for the events of a message beyond ``MAX_EVENTS``."""

_ENVELOPE = frozenset(("ts", "boot", "seq"))
_NUMERIC = frozenset((float, int, bool))


class _Raw:
    """Samples as they were sent; ``where`` names the element of an array (empty: the message itself)."""

    def __init__(self) -> None:
        self.ts: list[object] = []
        self.where: list[str] = []
        self.values: list[object] = []


def decode(
    payloads: Sequence[bytes], stamp: Callable[[int, object], object] | None = None, *, truths: bool = False
) -> Decoded:
    """Decode a batch of telemetry payloads. Never raises; ``Rejection.message`` indexes ``payloads``. ``stamp`` is
    shown each ``ts`` with the number of its message, and gives what stands for it. ``truths``: those of the result are
    wanted, which costs a look at each value."""
    documents = parse_all(payloads)
    alike = _decode_alike(payloads, documents, truths=truths) if stamp is None else None
    return alike or _decode_each(payloads, documents, stamp, truths=truths)


def _decode_each(
    payloads: Sequence[bytes],
    documents: Sequence[object],
    stamp: Callable[[int, object], object] | None,
    *,
    truths: bool,
) -> Decoded:
    out, raw = Decoded(), _Raw()
    for message, document in enumerate(documents):
        before = len(out.events)
        if type(document) is dict:
            if not _take_canonical(out, raw, message, document, payloads[message]):
                _take(out, raw, message, 0, "", document, payloads[message])
        elif type(document) is list:
            _take_array(out, raw, message, document, payloads[message])
        elif isinstance(document, Malformed):
            out.rejections.append(Rejection(message, document.reason))
            out.events += rescued_events(message, payloads[message])
        else:
            out.rejections.append(Rejection(message, with_detail(WRONG_SHAPE, "neither an object nor an array")))
        if len(out.events) - before > MAX_EVENTS:
            out.events[before:], rejection = without_too_many(message, out.events[before:])
            out.rejections += rejection
    times = parse_all_ts(raw.ts if stamp is None else list(map(stamp, out.message, raw.ts)))
    if None not in times and _NUMERIC.issuperset(map(type, raw.values)):
        values = np.array(raw.values, dtype=np.float64)
        if np.isfinite(values).all():
            out.ts_ms = times  # type: ignore[assignment]  # no None in it
            out.values = values
            out.truths = _truths(raw.values) if truths else []
            return out
    return _sift(out, raw, times)


def _truths(sent: Sequence[object]) -> list[int]:
    return [place for place, value in enumerate(sent) if type(value) is bool]


def _decode_alike(payloads: Sequence[bytes], documents: Sequence[object], *, truths: bool) -> Decoded | None:
    """What nearly every batch is: objects with numbers under ``values`` and, if at all, plain ``boot`` and ``seq``. The
    same as ``_decode_each`` gives, with a few passes over columns in place of a look at each message: a quarter less
    time on top of the parse. ``None``: something else is among them."""
    if set(map(type, documents)) != {dict}:
        return None
    fields = cast("Sequence[dict[str, object]]", documents)
    of_messages = [one.get("values") for one in fields]
    if set(map(type, of_messages)) != {dict} or any("event" in one or "severity" in one for one in fields):
        return None
    values = cast("Sequence[dict[str, object]]", of_messages)
    sent = list(chain.from_iterable(map(dict.values, values)))
    keys = list(map(tuple, values))
    if not all(0 < len(shape) <= MAX_VALUES for shape in set(keys)) or not _NUMERIC.issuperset(map(type, sent)):
        return None
    numbers = np.array(sent, dtype=np.float64)
    times = parse_all_ts([one.get("ts") for one in fields])
    known_by = identities(payloads, fields)
    if known_by is None or None in times or not np.isfinite(numbers).all():
        return None
    boot, seq, digest = known_by
    message = list(range(len(fields)))
    found = _truths(sent) if truths else []
    return Decoded(message, cast("list[int]", times), boot, seq, digest, keys, numbers, truths=found)


def may_hold_events(payload: bytes) -> bool:
    """Whether there may be events in it: never wrong when it says no. A key can be written in escapes, and what is
    marked safety need not name an event."""
    return b'"event"' in payload or b'"severity"' in payload or b"\\" in payload


def rescued_events(message: int, payload: bytes) -> list[EventObject]:
    """The events of a payload that cannot be read as it is; the payload itself is dead-lettered all the same."""
    if not may_hold_events(payload):
        return []
    document, cut = parse_at_any_cost(payload)
    if isinstance(document, Malformed):
        return torn_events(message, payload, remains_of(payload))
    return _events_among(message, document if isinstance(document, list) else [document], payload, cut)


def torn_events(message: int, payload: bytes, remains: Remains) -> list[EventObject]:
    """The events among what is left of a payload. They carry no ``boot`` and ``seq``: the message's number goes on to
    be missing, so that the whole message is asked for again."""
    found = []
    for number, one in enumerate(remains.objects):
        fields = naming(one.fields)
        if fields is not None:
            whole = digest_of(fields, payload, number) if one.whole else digest_at(payload, number)
            kept = {key: value for key, value in fields.items() if key not in ("boot", "seq")}
            cut = one.cut or not one.whole
            found.append(EventObject(message, number, kept, whole, cut, damaged=not one.whole))
    return found


def without_too_many(message: int, events: list[EventObject]) -> tuple[list[EventObject], list[Rejection]]:
    """The events of a message; in place of all beyond ``MAX_EVENTS`` ``UNTOLD``, which is marked safety when one of
    them is, and why they are not among them."""
    kept, rest = events[:MAX_EVENTS], events[MAX_EVENTS:]
    if not rest:
        return kept, []
    fields: dict[str, object] = {"event": UNTOLD, "data": {"events": len(rest)}}
    if any(says_safety(one.fields.get("severity")) for one in rest):
        fields["severity"] = SAFETY
    why = with_detail(TOO_MANY_EVENTS, f"{len(events)}, of which the first {MAX_EVENTS} were told")
    return [*kept, EventObject(message, MAX_EVENTS, fields, damaged=True)], [Rejection(message, why)]


def naming(element: object) -> Mapping[str, object] | None:
    """The element when it names an event. One that is marked safety and names none is ``UNNAMED``: a misspelt key must
    not swallow it. Any other: ``None``."""
    if not isinstance(element, dict):
        return None
    if isinstance(element.get("event"), str) and element["event"].strip():
        return element
    if not says_safety(element.get("severity")):
        return None
    return {**element, "event": UNNAMED, "data": {"as_sent": element}}


def says_safety(word: object) -> bool:
    """Whether an event's ``severity`` is the word for safety."""
    return isinstance(word, str) and word.strip().lower() == SAFETY


def event_of(message: int, number: int, element: object, payload: bytes, cut: bool = False) -> EventObject | None:
    """The event that element ``number`` of a message is, if it is one."""
    fields = naming(element)
    return None if fields is None else EventObject(message, number, fields, digest_of(fields, payload, number), cut)


def _events_among(message: int, elements: Sequence[object], payload: bytes, cut: bool) -> list[EventObject]:
    found = (event_of(message, number, element, payload, cut) for number, element in enumerate(elements))
    return [one for one in found if one is not None]


def _take_array(out: Decoded, raw: _Raw, message: int, elements: Sequence[object], payload: bytes) -> None:
    if not elements:
        out.rejections.append(Rejection(message, NO_VALUES))
    elif sum(map(count_values, elements)) > MAX_VALUES:
        out.rejections.append(Rejection(message, TOO_MANY_VALUES))
        out.events += _events_among(message, elements, payload, cut=False)
        for number, element in enumerate(elements):
            if isinstance(element, dict):
                _note_unused(out, message, number, element, payload)
    else:
        for number, element in enumerate(elements):
            if isinstance(element, dict):
                _take(out, raw, message, number, f"[{number}]", element, payload)
            else:
                out.rejections.append(Rejection(message, with_detail(WRONG_SHAPE, "not an object"), f"[{number}]"))


def count_values(element: object) -> int:
    """How many values an element of an array carries, sound or not."""
    values = element.get("values", element) if isinstance(element, dict) else element
    return len(values) if isinstance(values, dict) else 1


def _take_canonical(out: Decoded, raw: _Raw, message: int, fields: Mapping[str, object], payload: bytes) -> bool:
    """What nearly every message is: one object with values and, if at all, plain ``boot`` and ``seq``. The same as
    ``_take`` would do, in a third of its time; ``False``: it is something else."""
    values = fields.get("values")
    if type(values) is not dict or not 0 < len(values) <= MAX_VALUES:
        return False
    if "event" in fields or "severity" in fields:
        return False
    seq, boot = fields.get("seq"), fields.get("boot", "")
    if type(seq) is int:
        if type(boot) is not str or len(boot) > MAX_BOOT or not 0 <= seq < MAX_SEQ:
            return False
        out.boot.append(boot)
        out.seq.append(seq)
        out.digest.append(crc32(payload))
    elif seq is None:
        out.boot.append("")
        out.seq.append(NO_SEQ)
        out.digest.append(0)
    else:
        return False
    out.message.append(message)
    out.keys.append(tuple(values))
    raw.ts.append(fields.get("ts"))
    raw.where.append("")
    raw.values += values.values()
    return True


def _take(
    out: Decoded, raw: _Raw, message: int, number: int, where: str, fields: Mapping[str, object], payload: bytes
) -> None:
    values = fields.get("values")
    event = event_of(message, number, fields, payload)
    if event is not None:
        out.events.append(event)
        if event.fields is not fields and "values" not in fields:
            values = numbers_of(fields)
        if not values and not isinstance(values, str):
            _note_unused(out, message, number, fields, payload)
            return
    if type(values) is not dict:
        if "values" in fields:
            _note_unused(out, message, number, fields, payload)
            out.rejections.append(Rejection(message, with_detail(WRONG_SHAPE, "values is not an object"), where))
            return
        values = {key: value for key, value in fields.items() if key not in _ENVELOPE}
    if not values or len(values) > MAX_VALUES:
        _note_unused(out, message, number, fields, payload)
        out.rejections.append(Rejection(message, TOO_MANY_VALUES if values else NO_VALUES, where))
        return
    out.message.append(message)
    raw.ts.append(fields.get("ts"))
    raw.where.append(where)
    raw.values.extend(values.values())
    out.keys.append(tuple(values))
    boot, seq = identity(fields)
    out.boot.append(boot)
    out.seq.append(seq)
    out.digest.append(0 if seq == NO_SEQ else digest_of(fields, payload, number) if where else crc32(payload))


def numbers_of(fields: Mapping[str, object]) -> dict[str, object]:
    """Of a flat object that is marked safety and names no event: it may be a reading. All else is the event's data."""
    return {
        key: value
        for key, value in fields.items()
        if type(value) in _NUMERIC and key not in _ENVELOPE and key != "event"
    }


def _note_unused(out: Decoded, message: int, number: int, fields: Mapping[str, object], payload: bytes) -> None:
    boot, seq = identity(fields)
    if seq != NO_SEQ:
        out.unused.append((message, boot, seq, digest_of(fields, payload, number)))


def _sift(raw_out: Decoded, raw: _Raw, times: Sequence[int | None]) -> Decoded:
    """Value by value: what is sound stays, the rest becomes rejections that say why."""
    out = Decoded(rejections=raw_out.rejections, events=raw_out.events, unused=raw_out.unused)
    kept: list[float] = []
    at = 0
    for sample, keys in enumerate(raw_out.keys):
        message, where, ts_ms = raw_out.message[sample], raw.where[sample], times[sample]
        sent, at = raw.values[at : at + len(keys)], at + len(keys)
        number_of = message, raw_out.boot[sample], raw_out.seq[sample], raw_out.digest[sample]
        if ts_ms is None:
            out.unused += [number_of] if number_of[2] != NO_SEQ else []
            hint = hint_of_unreadable(raw.ts[sample])
            out.rejections.append(Rejection(message, with_detail(UNREADABLE_TIME, hint), where))
            continue
        good: list[str] = []
        for key, value in zip(keys, sent, strict=True):
            number, problem = _number(value)
            if problem:
                out.rejections.append(Rejection(message, problem, f"{where}.{key}" if where else key))
            else:
                if type(value) is bool:
                    out.truths.append(len(kept))
                good.append(key)
                kept.append(number)
        if good:
            out.message.append(message)
            out.ts_ms.append(ts_ms)
            out.boot.append(raw_out.boot[sample])
            out.seq.append(raw_out.seq[sample])
            out.digest.append(raw_out.digest[sample])
            out.keys.append(tuple(good))
        elif number_of[2] != NO_SEQ:
            out.unused.append(number_of)
    out.values = np.array(kept, dtype=np.float64)
    return out


def _number(value: object) -> tuple[float, str]:
    """The value as a finite float and an empty text, or 0 and the reason why it is none."""
    if isinstance(value, (bool, int, float)):
        number = float(value)
        return (number, "") if math.isfinite(number) else (0.0, NOT_A_NUMBER)
    if isinstance(value, str):
        return 0.0, _text_problem(value)
    return 0.0, NULL_VALUE if value is None else NESTED_VALUE


def _text_problem(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return TEXT_VALUE
    return NUMBER_AS_TEXT if math.isfinite(number) else NOT_A_NUMBER
