"""The MQTT wire format: topics and canonical JSON payloads (the outside of the product, fixed).

Encoding is used by publishers (simulators, commands); decoding lives in ``ingest.dialects``. Golden payload
files in the tests keep a mistake here from hiding on both sides.
"""

import json
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from plantroom.errors import BadData, FieldProblem

ROOT = "plantroom"
REPLAY = "replay"
"""Last level of the topic on which a publisher is asked for what is missing."""

MARKS = "$marks"
"""In place of an asset's code: the collector's own messages to its two lanes."""

MAX_SEQ = 1 << 62
"""Numbers of messages lie below this."""

MAX_BOOT = 64
"""Characters that ``boot`` has at most."""

_EXACT = 1 << 53
"""Floats from here on may stand for several whole numbers."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e-[0-9]+)?")

MAX_VALUES = 10_000
"""Values that one message may carry."""

SAFETY_SUFFIX = "-safety"
"""By what the client id of a site's safety lane differs from that of its normal lane, ``plantroom-<site>``."""

_OURS = re.compile(rf".*{SAFETY_SUFFIX}|requests-[0-9a-f]{{8}}|check-[0-9a-f]{{12}}", re.DOTALL)
"""Codes of sites whose session would have the client id of another session of ours."""

_SURROGATE = re.compile("[\ud800-\udfff]")
"""JSON can spell half a character, which is no text that anybody can have sent."""


class Channel(StrEnum):
    """Last level of a canonical topic."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Topic:
    """A canonical topic, taken apart."""

    site: str
    asset: str
    channel: Channel


def parse_topic(topic: str) -> Topic | None:
    """The parts of ``plantroom/{site}/{asset}/{channel}``, or ``None`` when it is no canonical topic."""
    parts = topic.split("/")
    if len(parts) != 4 or parts[0] != ROOT or not parts[1] or not parts[2]:
        return None
    try:
        return Topic(parts[1], parts[2], Channel(parts[3]))
    except ValueError:
        return None


def check_topic_level(text: str, what: str) -> str:
    """``text`` when it can stand as one level of a topic; raises ``BadData`` naming ``what``."""
    odd = any(c in "/+#" or not c.isprintable() for c in text) or text.startswith("$") or text != text.strip()
    if not text or odd or text in {".", ".."} or len(text.encode()) > 200:
        words = "no / + #, no blanks at its ends, nothing unprintable, at most 200 bytes"
        raise BadData(f"{what} {text!r} cannot be part of an MQTT topic: {words}")
    return text


def check_new_code(code: str, what: str) -> str:
    """``code`` when somebody may give it to a site or an asset that has none yet; raises ``BadData`` naming ``what``.
    Of two that look the same and differ in their characters (``é``, and ``e`` with an accent behind it) one is taken:
    the composed form (Unicode NFC)."""
    check_topic_level(code, what)
    composed = unicodedata.normalize("NFC", code)
    if composed != code:
        words = (
            f"{what} {code!r} is written as {code!a}: write it in its composed form {composed!a} (Unicode NFC), which"
            f" looks the same, {composed!r}, and would be another code"
        )
        raise BadData(words, [FieldProblem("code", "not_composed", words)])
    return code


def check_site_code(code: str) -> str:
    """``code`` when a new site can have it; raises ``BadData``. Two sessions of one client id take each other's
    messages."""
    check_new_code(code, "site code")
    if _OURS.fullmatch(code):
        words = (
            f"site code {code!r} would give the site's session the client id of another one of Plantroom's own:"
            f" no code ends with {SAFETY_SUFFIX}, or is requests- or check- and a number in hex"
        )
        raise BadData(words, [FieldProblem("code", "reserved", words)])
    return code


def shadowing(sites: Collection[str]) -> dict[str, str]:
    """Of sites that are there already those whose sessions would take the messages of another one's safety lane, and
    which."""
    return {one: other for one in sites if (other := one.removesuffix(SAFETY_SUFFIX)) != one and other in sites}


def topic_for(site: str, asset: str, channel: Channel) -> str:
    """The canonical topic of an asset's channel."""
    return f"{ROOT}/{check_topic_level(site, 'site')}/{check_topic_level(asset, 'asset code')}/{channel.value}"


def telemetry_topic(site: str, asset: str) -> str:
    """Where an asset's values go."""
    return topic_for(site, asset, Channel.TELEMETRY)


def event_topic(site: str, asset: str) -> str:
    """Where an asset's events go (the safety lane)."""
    return topic_for(site, asset, Channel.EVENT)


def status_topic(site: str, asset: str) -> str:
    """Where an asset's publisher says ``online`` or, as its last will, ``offline`` (retained)."""
    return topic_for(site, asset, Channel.STATUS)


def replay_topic(site: str, asset: str) -> str:
    """Where an asset's publisher is asked for what is missing."""
    return f"{ROOT}/{check_topic_level(site, 'site')}/{check_topic_level(asset, 'asset code')}/{REPLAY}"


def is_replay(topic: str) -> bool:
    """Whether it is the topic of such requests; they are ours and no message of a device."""
    return topic.endswith(f"/{REPLAY}") and topic.startswith(f"{ROOT}/") and topic.count("/") == 3


def mark_topic(site: str, name: str) -> str:
    """Where the collector tells itself that all before this message has come. No asset's code begins with ``$``, and
    no publisher may write there."""
    return f"{ROOT}/{check_topic_level(site, 'site')}/{MARKS}/{name}"


def is_mark(topic: str) -> bool:
    """Whether it is the topic of such a message."""
    return topic.startswith(f"{ROOT}/") and topic.split("/")[2:3] == [MARKS]


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Send again what is numbered ``first`` to ``last`` of a channel, under this boot."""

    boot: str
    first: int
    last: int
    channel: Channel = Channel.TELEMETRY


def boot_text(boot: object) -> str | None:
    """The text by which a numbering is known, of ``boot`` as a publisher sent it: a text, a number (one text for all
    forms of it), or none (empty). ``None`` for what cannot be asked for by name: a longer text, a number that is not
    exact, anything else."""
    if boot is None:
        return ""
    if isinstance(boot, str):
        return boot if len(boot) <= MAX_BOOT else None
    if isinstance(boot, bool):
        return None
    if isinstance(boot, int):
        return str(boot) if abs(boot) < 1 << 64 else None
    if isinstance(boot, float) and abs(boot) < _EXACT:
        return str(int(boot)) if boot.is_integer() else repr(boot)
    return None


def boot_number(text: str) -> float | None:
    """The number of which ``boot_text`` is this text, whole ones as an ``int``; ``None``: there is none."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text) if "." in text or "e" in text else int(text)
    return number if boot_text(number) == text else None


def encode_replay_request(request: ReplayRequest, *, as_number: bool = False) -> bytes:
    """The payload of a request. ``as_number``: its boot as a number, where it has the text of one."""
    number = boot_number(request.boot) if as_number else None
    boot = request.boot if number is None else number
    body = {"boot": boot, "from": request.first, "to": request.last, "channel": request.channel.value}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse_replay_request(payload: bytes) -> ReplayRequest | None:
    """The request, or ``None`` when it is none, also where its boot or numbers are such as no message can have; fields
    that are not known are left alone."""
    try:
        body = json.loads(payload)
        boot, first, last = body["boot"], body["from"], body["to"]
        channel = Channel(body.get("channel", Channel.TELEMETRY))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    sound = isinstance(boot, str) and len(boot) <= MAX_BOOT and not _SURROGATE.search(boot)
    sound = sound and type(first) is int and type(last) is int and 0 <= first <= last < MAX_SEQ
    return ReplayRequest(boot, first, last, channel) if sound and channel is not Channel.STATUS else None


def encode_gone(boot: str, spans: Sequence[tuple[int, int]], channel: Channel = Channel.TELEMETRY) -> bytes:
    """A publisher's word on its status topic, not retained, that it no longer has numbers (both ends included)."""
    body = {"boot": boot, "gone": [list(span) for span in spans], "channel": channel.value}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _instant(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _identity(boot: str | None, seq: int | None) -> dict[str, object]:
    return {k: v for k, v in (("boot", boot), ("seq", seq)) if v is not None}


def encode_telemetry(
    ts_ms: int | None, values: Mapping[str, float | bool], boot: str | None = None, seq: int | None = None
) -> bytes:
    """One telemetry message. Floats keep every digit (shortest round-trip form). Raises ``ValueError``, with the
    point and why, for what no reading can be: a text, nothing, NaN, a number that no float holds, more than
    ``MAX_VALUES``."""
    _check_values(values)
    head: dict[str, object] = {} if ts_ms is None else {"ts": _instant(ts_ms)}
    body = head | _identity(boot, seq) | {"values": dict(values)}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _check_values(values: Mapping[str, object]) -> None:
    if len(values) > MAX_VALUES:
        raise ValueError(f"{len(values)} values in a message: at most {MAX_VALUES} are taken")
    for point, value in values.items():
        if not isinstance(point, str) or not point:
            raise ValueError(f"point {point!r}: the key of a point is a text, such as vibration")
        try:
            if isinstance(value, bool | int | float) and math.isfinite(value):
                continue
            shown = repr(value)
        except OverflowError:
            shown = "a whole number beyond 1.8e308"
        raise ValueError(f"{point}: {shown[:80]} ({type(value).__name__}) cannot be a reading: {_value_help(value)}")


def _value_help(value: object) -> str:
    if value is None:
        return "leave the point out when there is no value"
    if isinstance(value, str | bytes):
        return "give a number, or True or False; what is to be told in words is an event"
    return "give a finite int or float (numpy's own: float(value)), or True or False"


def encode_event(
    ts_ms: int | None,
    event: str,
    severity: str | None = None,
    data: Mapping[str, object] | None = None,
    boot: str | None = None,
    seq: int | None = None,
) -> bytes:
    """One event message. Raises ``ValueError`` for an event without a name and for data that JSON cannot say."""
    if not isinstance(event, str) or not event.strip():
        raise ValueError(f"event {event!r}: an event has a name, such as pump_tripped")
    if not (severity is None or isinstance(severity, str)):
        raise ValueError(f"severity {severity!r}: give a text, such as major, or nothing")
    head: dict[str, object] = {} if ts_ms is None else {"ts": _instant(ts_ms)}
    body = head | _identity(boot, seq) | {"event": event}
    if severity is not None:
        body["severity"] = severity
    if data:
        body["data"] = dict(data)
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(f"data of event {event!r}: {error}") from error
