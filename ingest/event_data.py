"""The data of an event, as it is kept: in the history, in its finding, in the episode and on its ticket."""

from collections.abc import Mapping

import orjson

from ingest.dialects.json.parse import MAX_DEPTH, nesting
from plantroom.domain.findings import PLACE

MAX_BYTES = 4096
"""Of JSON. It is stored three times or more, sent to every live view, and no device says more of one event."""

LEFT_OUT = "…"
_ROOM = 64
"""For the words on what was left out."""


def data_of(fields: Mapping[str, object]) -> dict[str, object] | None:
    """The event's data as a plain object without NaN and without NUL characters, which databases refuse; ``None`` when
    it is nested too deep to be kept. Of more than ``MAX_BYTES`` the words of ``PLACE``, and how much is left out."""
    data = fields.get("data")
    if data is None:
        return {}
    try:
        text = orjson.dumps(data if isinstance(data, dict) else {"value": data})
    except TypeError:
        return None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and nesting(text.decode()) > MAX_DEPTH:
        return None
    text = text.replace(b"\\u0000", b"\\ufffd")
    clean: dict[str, object] = orjson.loads(text)
    return clean if len(text) <= MAX_BYTES else _bounded(clean, len(text))


def _bounded(data: Mapping[str, object], size: int) -> dict[str, object]:
    kept: dict[str, object] = {}
    for word in PLACE:
        if word in data and len(orjson.dumps({**kept, word: data[word]})) <= MAX_BYTES - _ROOM:
            kept[word] = data[word]
    return {**kept, LEFT_OUT: f"{size - len(orjson.dumps(kept))} bytes left out"}
