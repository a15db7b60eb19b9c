"""The ``zigbee2mqtt`` dialect: state objects and availability of Zigbee devices (README.md beside this file)."""

from collections.abc import Sequence

from ingest.dialects.dialect import Dialect, Heard, Message, PresenceWord, Sample
from ingest.dialects.json.parse import Malformed, parse_one
from ingest.dialects.values import take_values
from ingest.instants import NO_TIME, parse_ts, with_zone
from ingest.rejections import (
    EMPTY_PAYLOAD,
    NO_VALUES,
    UNKNOWN_STATUS,
    UNREADABLE_TIME,
    WRONG_SHAPE,
    Rejection,
    with_detail,
)
from ingest.time_hints import hint_of_unreadable
from plantroom.domain.assets import Presence

AVAILABILITY = "availability"
LAST_SEEN = "last_seen"
_ASKED = frozenset(("set", "get"))
_BRIDGE = "bridge"


class Zigbee2MqttDialect(Dialect):
    """Reads what Zigbee2MQTT publishes. Remembers nothing."""

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        heard = Heard()
        for number, message in enumerate(messages):
            levels = message.topic.split("/")
            below = levels[message.prefix_levels :]
            # ".../set", ".../get" are other people's orders to a device, ".../bridge/..." is about Zigbee2MQTT itself.
            if _BRIDGE in (levels[1:2] + below[:1]) or any(level in _ASKED for level in levels[2:]):
                heard.understood.append(number)
            elif len(levels) > 2 and levels[-1] == AVAILABILITY:
                _take_availability(heard, number, message.payload, _prefix(below[:-1]))
            else:
                _take_state(heard, number, message, _prefix(below))
        return heard


def _prefix(levels: Sequence[str]) -> str:
    """The device's friendly name, which may have slashes, as far as the source's filter leaves it open."""
    return "".join(f"{level}/" for level in levels)


def _take_availability(heard: Heard, number: int, payload: bytes, prefix: str) -> None:
    document = parse_one(payload)
    if isinstance(document, dict):
        document = document.get("state")
    word = payload.decode("utf-8", "replace") if isinstance(document, Malformed) else document
    said = word.strip().lower() if isinstance(word, str) else ""
    if said in (Presence.ONLINE, Presence.OFFLINE):
        heard.presence.append(PresenceWord(number, Presence(said), prefix))
    else:
        heard.rejections.append(Rejection(number, UNKNOWN_STATUS if payload.strip() else EMPTY_PAYLOAD))


def _take_state(heard: Heard, number: int, message: Message, prefix: str) -> None:
    document = parse_one(message.payload)
    if isinstance(document, Malformed):
        heard.rejections.append(Rejection(number, document.reason))
        return
    if not isinstance(document, dict):
        heard.rejections.append(Rejection(number, with_detail(WRONG_SHAPE, "not a state object")))
        return
    raw = document.pop(LAST_SEEN, None)
    ts_ms = parse_ts(with_zone(raw, message.time_zone, message.received_ms))
    if ts_ms is None:
        heard.rejections.append(Rejection(number, with_detail(UNREADABLE_TIME, hint_of_unreadable(raw))))
        return
    before = len(heard.rejections)
    # Zigbee2MQTT sends null for what the device has not reported yet.
    values, truths = take_values(heard, number, prefix, document, nulls=False)
    if values:
        heard.samples.append(Sample(number, NO_TIME if ts_ms <= 0 else ts_ms, values, prefix, truths=truths))
    elif len(heard.rejections) == before:
        heard.rejections.append(Rejection(number, NO_VALUES))
