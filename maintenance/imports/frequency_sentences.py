"""The frequency inside a sentence that says what is done: 每季度进行一次全面检查，包括制动系统. Pure."""

import re
from collections.abc import Sequence

from maintenance.frequencies import canonical
from maintenance.imports.cells import fold
from maintenance.imports.frequency_plain import often_in
from maintenance.imports.frequency_refusals import several
from maintenance.imports.frequency_words import Frequency, frequency_or_none
from maintenance.schedule_words import often_in_words
from plantroom.domain.assets import LocalName

_PARTS = re.compile(r"[，,;；。:：、+＋\n]")


def says_often(text: str) -> bool:
    """Whether a part of the sentence is a frequency, or several stand within its words (每月检查和每年试验)."""
    known, others = _read(text)
    return bool(known) or len(others) > 1


def found_in(text: str) -> Frequency | None:
    """The frequency inside a sentence; ``None`` for none. Raises ``CellProblem`` for several, also where one of them
    stands within other words (每月检查，每年预防性试验): none of them may be left out."""
    known, others = _read(text)
    said = {_key(one): _said(one) for one in known}
    for words in others:
        inside = frequency_or_none(words)
        key, name = (words, LocalName(words, words)) if inside is None else (_key(inside), _said(inside))
        said.setdefault(key, name)
    if len(said) > 1:
        raise several(list(said.values()))
    return known[0] if known else None


def _read(text: str) -> tuple[Sequence[Frequency], Sequence[str]]:
    """The parts that are a frequency, and the words in the other parts that say how often."""
    known: list[Frequency] = []
    others: list[str] = []
    for part in _PARTS.split(text):
        if len(part.strip()) == 1:
            continue  # a lone 月 is a frequency in a column of its own only
        one = frequency_or_none(part)
        if one is not None:
            known.append(one)
        else:
            others += often_in(fold(part))
    return known, others


def _key(one: Frequency) -> object:
    return canonical(one.interval), one.schedule


def _said(one: Frequency) -> LocalName:
    return often_in_words(one.interval, one.schedule)
