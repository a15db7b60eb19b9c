"""Text that a terminal shows and does not act on. Publishers choose topics, names and payloads."""

import json
import unicodedata
from collections.abc import Callable

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format (bidi among them) and surrogate characters, line and paragraph ends; ``repr``
writes every one of them out."""


def plain(text: str, keep: str = "") -> str:
    """``text`` without what a terminal would act on or show in another order: those characters written out (``\\x1b``,
    ``\\u202e``), except for ``keep``."""
    return _written(text, keep, repr)


def plain_json(document: str) -> str:
    """The same of a JSON document, which stays the same document: what JSON lets stand in a text is written as
    ``\\u....``."""
    return _written(document, "\n", json.dumps)


def _written(text: str, keep: str, quoted: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(quoted(c)[1:-1] if unicodedata.category(c) in _HARMFUL and c not in keep else c for c in text)
