"""Status messages."""

import orjson

from ingest.rejections import EMPTY_PAYLOAD, UNKNOWN_STATUS
from plantroom.domain.assets import Presence


def parse_status(payload: bytes) -> Presence | str:
    """What a status message says: plain ``online`` or ``offline``, the same as JSON text, or
    ``{"status": ...}``. Otherwise the reason why it is none of them."""
    text = payload.strip()
    if not text:
        return EMPTY_PAYLOAD
    word: object = text.decode("utf-8", "replace")
    if text[:1] in b'{"':
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return UNKNOWN_STATUS
        word = document.get("status") if isinstance(document, dict) else document
    said = word.strip().lower() if isinstance(word, str) else ""
    return Presence(said) if said in (Presence.ONLINE, Presence.OFFLINE) else UNKNOWN_STATUS
