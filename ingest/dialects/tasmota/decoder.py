"""The ``tasmota`` dialect: sensors, state and last will of Tasmota devices (README.md beside this file)."""

import re
from collections.abc import Sequence
from datetime import datetime

from ingest.dialects.dialect import Dialect, Heard, Message, PresenceWord, Sample
from ingest.dialects.json.parse import Malformed, parse_one
from ingest.dialects.values import take_values
from ingest.instants import NO_TIME, local_ms
from ingest.rejections import (
    EMPTY_PAYLOAD,
    NO_VALUES,
    UNKNOWN_STATUS,
    UNKNOWN_TOPIC,
    UNREADABLE_TIME,
    WRONG_SHAPE,
    Rejection,
    with_detail,
)
from ingest.time_hints import hint_of_unreadable_clock
from plantroom.domain.assets import Presence
from plantroom.ports.clock import YEAR_2000_MS, to_ms
from plantroom.units import MAX_UNIT, MEANT

_WILL = "LWT"
_PREFIXES = frozenset(("tele", "stat", "cmnd"))
_WITH_VALUES = re.compile(r"SENSOR|STATE|RESULT|STATUS[0-9]*")
_WITHOUT = re.compile(r"INFO[0-9]*|UPTIME|LOGGING|MARGINS|HASS_STATE|POWER[0-9]*")
_WRAPPED = re.compile(r"Status(SNS|STS)")
_STATED = {
    "TempUnit": ("Temperature", "DewPoint", "HeatIndex"),
    "PressureUnit": ("Pressure",),
    "SpeedUnit": ("Speed",),
}
"""What Tasmota gives in the unit that the device is set to (``SetOption8``, ``24`` and ``139``, ``SpeedUnit``), by the
word that states it: which fields, by their own name without their sensor's and their number in an array. Of speeds also
what is below (``TX23.Speed.Avg``). Source: ``MqttAppendSensorUnits`` of Tasmota 12."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})?")


class TasmotaDialect(Dialect):
    """Reads what Tasmota publishes. Remembers nothing."""

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        heard = Heard()
        for number, message in enumerate(messages):
            levels = message.topic.split("/")
            kind, prefix = levels[-1], _prefix(levels[:-1], message.prefix_levels)
            if kind == _WILL:
                _take_will(heard, number, message.payload, prefix)
            elif "cmnd" in levels[:-1] or _WITHOUT.fullmatch(kind):
                heard.understood.append(number)
            elif _WITH_VALUES.fullmatch(kind):
                _take_values(heard, number, message, prefix)
            else:
                heard.rejections.append(Rejection(number, with_detail(UNKNOWN_TOPIC, f"{kind} is no Tasmota topic")))
        return heard


def _prefix(levels: Sequence[str], spelled_out: int) -> str:
    """The device's own topic, as far as the source's filter leaves it open."""
    return "".join(f"{level}/" for n, level in enumerate(levels) if n >= spelled_out and level not in _PREFIXES)


def _take_will(heard: Heard, number: int, payload: bytes, prefix: str) -> None:
    said = payload.decode("utf-8", "replace").strip().lower()
    if said in (Presence.ONLINE, Presence.OFFLINE):
        heard.presence.append(PresenceWord(number, Presence(said), prefix))
    else:
        heard.rejections.append(Rejection(number, UNKNOWN_STATUS if said else EMPTY_PAYLOAD))


def _take_values(heard: Heard, number: int, message: Message, prefix: str) -> None:
    document = parse_one(message.payload)
    if isinstance(document, Malformed):
        heard.rejections.append(Rejection(number, document.reason))
        return
    if not isinstance(document, dict):
        heard.rejections.append(Rejection(number, with_detail(WRONG_SHAPE, "not an object")))
        return
    if len(document) == 1 and isinstance(inside := next(iter(document.values())), dict):
        # The answer to a question (``Status 8``) is the same object in a wrapper.
        document = inside if _WRAPPED.fullmatch(next(iter(document))) else document
    raw = document.pop("Time", None)
    ts_ms = _ts_ms(raw, message)
    if ts_ms is None:
        heard.rejections.append(Rejection(number, with_detail(UNREADABLE_TIME, hint_of_unreadable_clock(raw))))
        return
    stated = [(word, unit) for word in _STATED if (unit := _unit(document, word))]
    before = len(heard.rejections)
    values, truths = take_values(heard, number, prefix, document)
    if values:
        units = {name: unit for word, unit in stated for name in values if _is_stated(name, word)}
        heard.samples.append(Sample(number, ts_ms, values, prefix, units, truths=truths))
    elif len(heard.rejections) == before:
        heard.rejections.append(Rejection(number, NO_VALUES))


def _is_stated(name: str, word: str) -> bool:
    """Whether the word states the unit of a field. O(length of its name)."""
    above, dot, own = name.rpartition(".")
    _, higher, parent = above.rpartition(".")
    if word == "SpeedUnit":
        return bool(dot and own.startswith("Speed")) or bool(higher and parent.startswith("Speed"))
    in_array = dot and own.isascii() and own.isdigit()
    return any(one in (parent if in_array else own) for one in _STATED[word])


def _unit(document: dict[str, object], word: str) -> str:
    """The UCUM code of what the message says of some of its values, and takes out of it; a word that is none is left
    for the conversion to refuse. Empty: it says nothing."""
    told = document.get(word)
    if not isinstance(told, str) or not told.strip():
        return ""
    del document[word]
    said = told.strip()[: MAX_UNIT + 1]
    return MEANT.get(said, said)


def _ts_ms(raw: object, message: Message) -> int | None:
    """The device's time: local without a zone, so that it counts only when the source gives one. ``NO_TIME`` without
    it and for a clock that was never set; ``None`` for what is no time."""
    if raw is None:
        return NO_TIME
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        return None
    try:
        local = datetime.fromisoformat(raw)
    except ValueError:
        return None
    if local.tzinfo is None and not message.time_zone:
        return NO_TIME
    try:
        ts_ms = to_ms(local) if local.tzinfo is not None else local_ms(local, message.time_zone, message.received_ms)
    except OverflowError:
        return None
    return ts_ms if ts_ms >= YEAR_2000_MS else NO_TIME
