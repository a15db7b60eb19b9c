"""The known words that are nearest to an unknown one, for its message. Pure."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from maintenance.imports.cells import fold
from plantroom.domain.assets import LocalName

_MOST = 30
"""Characters from which on a text is a sentence and no word that was mistyped."""

_ALIKE = 0.5
"""Of two Chinese words of two characters one in common; below that the guess would mislead more than it helps (D)."""


_SOME = 3
_SAYS_NOTHING = re.compile("(?<=.)(?:系统|设备|设施|部门|system)$")


def nearest(text: str, known: Iterable[tuple[str, LocalName]]) -> list[LocalName]:
    """What is said for the nearest of the known words, the nearest first; none where none is near. Each word stands
    with what is said."""
    if not 0 < len(fold(text)) <= _MOST:
        return []
    words: dict[str, LocalName] = {}
    for word, said in known:
        words.setdefault(_bare(word), said)
    return list(dict.fromkeys(words[one] for one in get_close_matches(_bare(text), words, _SOME, _ALIKE)))


def with_nearest(said: LocalName, text: str, known: Iterable[tuple[str, LocalName]]) -> LocalName:
    """A message with the nearest known words behind it, where there are any."""
    found = nearest(text, known)
    if not found:
        return said
    zh, en = "”、“".join(one.zh for one in found), " or ".join(one.en for one in found)
    return LocalName(f"{said.zh}；最接近的是“{zh}”", f"{said.en}; the nearest is {en}")


def _bare(text: str) -> str:
    return _SAYS_NOTHING.sub("", fold(text))
