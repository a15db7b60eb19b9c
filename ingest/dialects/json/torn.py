"""What can be read of the objects in a JSON text that is cut off or damaged. Nothing is guessed: a word counts when its
whole string stands where it belongs, at the top level of its object.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from ingest.dialects.json.parse import parse_at_any_cost

# As in ``parse``, a string that nobody closed is one token up to the end. NUL is what buffers are filled up with.
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:)'
    r'|(?P<unclosed>".*+)|(?P<scalar>[^\s\x00"\[\]{},:]++)',
    re.DOTALL,
)
_WORDS = {f'"{name}"': name for name in ("event", "severity", "ts")}
"""The members of an event that are looked for, as their keys are written."""

_LONGEST = 40
"""Characters of a number."""

_LOST, _KEY, _COLON, _VALUE, _END = range(5)
"""What a member's next token should be; after one that is something else the way is lost up to the next comma."""


@dataclass(slots=True)
class TornObject:
    """An object: all of it (``whole``), or those of ``event``, ``severity`` and ``ts`` that could be read.

    ``cut``: what was nested too deep is left out of it.
    """

    fields: Mapping[str, object]
    whole: bool
    cut: bool = False


@dataclass(slots=True)
class Remains:
    """``open_end``: more objects may have stood there than can be seen."""

    objects: list[TornObject] = field(default_factory=list)
    open_end: bool = False


def remains_of(payload: bytes) -> Remains:
    """The objects of a text, and of the arrays in it, that ``parse_at_any_cost`` cannot read. O(n)."""
    return _Reader(payload.decode("utf-8-sig", "replace")).read()


class _Reader:
    """Goes through a text token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out = Remains()
        self._begun = self._depth = 0
        """Where the object that is open began, and how deep it is nested here (0: none is open)."""
        self._in_array = False
        self._expect = _LOST
        self._key = self._value = ""
        self._found: dict[str, object] = {}

    def read(self) -> Remains:
        for token in _TOKEN.finditer(self._text):
            kind, text = token.lastgroup or "", token[0]
            if self._depth:
                self._inside(kind, text, token.end())
            else:
                self._outside(kind, text, token.start())
        if self._depth:
            # A number that ends with the text may go on behind it.
            if self._value.startswith('"'):
                self._keep()
            self._torn()
        self._out.open_end |= self._in_array or not self._out.objects
        return self._out

    def _outside(self, kind: str, text: str, start: int) -> None:
        if text == "{":
            self._begun, self._depth, self._expect, self._found, self._value = start, 1, _KEY, {}, ""
        elif text in ("[", "]"):
            self._in_array = text == "["
        elif kind in ("string", "unclosed", "close"):
            # The head of an object may be what is missing.
            self._out.open_end = True

    def _inside(self, kind: str, text: str, end: int) -> None:
        if kind == "open":
            if self._depth == 1:
                self._expect, self._value = _END if self._expect == _VALUE else _LOST, ""
            self._depth += 1
        elif kind == "close":
            self._depth -= 1
            if self._depth == 0:
                self._keep()
                self._close(end)
        elif self._depth == 1:
            self._member(kind, text)

    def _member(self, kind: str, text: str) -> None:
        expected, self._expect = self._expect, _LOST
        if kind == "comma":
            self._keep()
            self._expect = _KEY
        elif kind == "string" and expected == _KEY:
            self._key, self._expect = text, _COLON
        elif kind == "colon" and expected == _COLON:
            self._expect = _VALUE
        elif kind in ("string", "scalar") and expected == _VALUE:
            self._value, self._expect = text, _END
        else:
            self._value = ""

    def _keep(self) -> None:
        """Keep the member that has just ended."""
        name, value, self._value = _WORDS.get(self._key), self._value, ""
        if name is None or not value or (len(value) > _LONGEST and not value.startswith('"')):
            return
        try:
            self._found[name] = json.loads(value, strict=False)
        except ValueError:
            self._found.pop(name, None)

    def _close(self, end: int) -> None:
        raw = self._text[self._begun : end].encode()
        document: object
        try:
            document, cut = orjson.loads(raw), False
        except orjson.JSONDecodeError:
            document, cut = parse_at_any_cost(raw) if self._found else (None, False)
        if isinstance(document, dict):
            self._out.objects.append(TornObject(document, whole=True, cut=cut))
        else:
            self._torn()

    def _torn(self) -> None:
        if self._found:
            self._out.objects.append(TornObject(self._found, whole=False))
        self._out.open_end |= "event" not in self._found
