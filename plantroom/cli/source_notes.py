"""What ``source test`` says beside what would be stored: what somebody will have meant otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from ingest.instants import NO_TIME, parse_ts
from ingest.rejections import UNKNOWN_SITE
from ingest.trial import Trial, TriedMessage, misnamed
from plantroom.ports.clock import YEAR_2000_MS
from plantroom.wire import MAX_BOOT, MAX_SEQ, boot_text, parse_topic

_YEAR_2100_MS = 4_102_444_800_000
_UNITS = (1_000, 1)
"""Of numbers: seconds and milliseconds, as parts of a millisecond."""

_TIMES = frozenset(("t", "ts", "at", "dt", "date", "utc", "epoch", "clock"))
_LIKE_TIMES = ("time", "stamp", "时间", "時間")
"""What the name of a field that holds a time is, or has in it."""

_UNCOUNTED = "the values are taken, but a gap or a copy is not recognised by it"


def notes_on(trial: Trial, message: TriedMessage) -> list[str]:
    """What is odd about a message, in the order in which it matters."""
    objects = _objects(trial, message.payload)
    found = [*_heard(trial, message.topic), *_unmapped(trial), *_uncounted(objects), *_untimed(trial, objects)]
    return list(dict.fromkeys(found))


def _heard(trial: Trial, topic: str) -> list[str]:
    wrong = misnamed(topic)
    if (UNKNOWN_SITE, "") in trial.rejected:
        nobody = f"there is no site {trial.site!r}: enter it, or correct the code in the topic"
        return [nobody] if wrong is None else [nobody, wrong]
    if trial.source is not None or parse_topic(topic) is not None:
        return []
    if wrong is not None:
        return [wrong]
    return [f"no source of site {trial.site} hears {topic!r}: `plantroom source add` makes one"]


def _unmapped(trial: Trial) -> list[str]:
    """Of a message of which the mapping takes nothing: what the mapping names, and what there is."""
    if trial.source is None or not trial.passed_over:
        return []
    mapped = ", ".join(dict.fromkeys(one.field for one in trial.source.fields))
    return [f"nothing of it is mapped: the source maps {mapped}; the message has {', '.join(trial.passed_over)}"]


def _objects(trial: Trial, payload: bytes) -> Sequence[Mapping[str, Any]]:
    """Those of a JSON message; of any other none."""
    if trial.source is not None and trial.source.dialect != "json":
        return []
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _uncounted(objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """That its ``seq`` or ``boot`` is none, so that nothing can be proved by it: the first that is wrong."""
    numbered = [one for one in objects if one.get("seq") is not None]
    for one in numbered:
        seq, boot = one["seq"], one.get("boot")
        if not (type(seq) is int and 0 <= seq < MAX_SEQ):
            yield f"seq {seq!r} should be a whole number from 0; {_UNCOUNTED}"
            return
        if boot_text(boot) is None:
            yield f"boot {_short(boot)} should be a text of at most {MAX_BOOT} characters; {_UNCOUNTED}"
            return


def _short(boot: object) -> str:
    text = repr(boot)
    return f"{text[:20]}... ({len(boot)} characters)" if isinstance(boot, str) else text[:80]


def _untimed(trial: Trial, objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """That it has a time that is not read: only ``ts`` is."""
    mapped = () if trial.source is None else {one.field for one in trial.source.fields}
    for one in objects:
        for name, value in one.items():
            if one.get("ts") is None and name != "ts" and name not in mapped and _is_time(name, value):
                words = "is not read: only ts is. The time of receipt stands in; have the device name it ts"
                yield f"the message has a time under {name!r}, which {words}"
                return


def _is_time(name: str, value: object) -> bool:
    """Whether a field holds a time between 2000 and 2100, by its name and by what it says."""
    lower = name.lower()
    if lower not in _TIMES and not any(part in lower for part in _LIKE_TIMES):
        return False
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if isinstance(value, str) and not value.isdecimal():
        at = parse_ts(value)
        return at is not None and at != NO_TIME
    return any(YEAR_2000_MS <= float(value) * unit <= _YEAR_2100_MS for unit in _UNITS)
