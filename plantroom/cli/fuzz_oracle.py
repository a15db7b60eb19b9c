"""What a telemetry payload should become, read by the standard library alone.

It shares nothing with the decoders: the rules of docs/messages.md a second time, slowly. Where those leave a choice
(odd forms of a timestamp) it says so instead of guessing.
"""

import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime

MAX_VALUES = 10_000
AHEAD_MS = 300_000
KEPT_MS = 90 * 86_400_000
"""Older readings are refused (the default of the setting for it)."""

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_ENVELOPE = ("ts", "boot", "seq")
UNTIMED = 0
"""Stands for the instant of a value without one."""


@dataclass(slots=True)
class Verdict:
    """``values``: (instant in ms or ``UNTIMED``, point, value) that have to be stored. ``bad``: there has to be a dead
    letter. ``open``: either may be, and only that nothing breaks is asked."""

    values: list[tuple[int, str, float]] = field(default_factory=list)
    bad: bool = False
    open: bool = False


def judge(payload: bytes, points: frozenset[str], now_ms: int) -> Verdict:
    """The verdict on a telemetry payload of an asset that has these points."""
    try:
        document = json.loads(payload.decode("utf-8-sig"), parse_int=_number)
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        return Verdict(open=True)
    except ValueError:
        return Verdict(bad=True, open=b'"event"' in payload or b'"severity"' in payload)
    verdict = Verdict()
    objects = document if isinstance(document, list) else [document]
    if sum(_size(one) for one in objects) > MAX_VALUES or not objects:
        return Verdict(bad=True)
    for one in objects:
        if isinstance(one, dict):
            _judge_object(verdict, one, points, now_ms)
        else:
            verdict.bad = True
    return verdict


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _size(one: object) -> int:
    inside = one.get("values", one) if isinstance(one, dict) else one
    return len(inside) if isinstance(inside, dict) else 1


def _judge_object(verdict: Verdict, one: dict[str, object], points: frozenset[str], now_ms: int) -> None:
    if "event" in one or "severity" in one:
        verdict.open = True
        return
    values = one["values"] if "values" in one else {k: v for k, v in one.items() if k not in _ENVELOPE}
    if not isinstance(values, dict) or not values:
        verdict.bad = True
        return
    ts_ms, certain = _instant(one.get("ts"))
    if not certain:
        verdict.open = True
        return
    if ts_ms is None or (ts_ms != UNTIMED and not now_ms - KEPT_MS <= ts_ms <= now_ms + AHEAD_MS):
        verdict.bad = True
        return
    for key, value in values.items():
        if isinstance(value, bool | int | float) and math.isfinite(value) and key in points:
            verdict.values.append((ts_ms, key, float(value)))
        else:
            verdict.bad = True


def _instant(raw: object) -> tuple[int | None, bool]:
    """The instant (``None``: it cannot be one), and whether that is beyond doubt."""
    if raw is None:
        return UNTIMED, True
    if isinstance(raw, bool | list | dict):
        return None, True
    if isinstance(raw, int | float):
        return (math.floor(raw) or None, True) if abs(raw) < 1 << 53 else (None, True)
    text = str(raw)
    if not _RFC_3339.fullmatch(text):
        return None, len(text) < 10
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000), True
    except ValueError:
        return None, False
