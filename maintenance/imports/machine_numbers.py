"""Words for single machines by their numbers: 3号客梯, 2#冷却塔, lift 3. Pure.

The number of a building, a floor or a room is no machine's, nor is a quantity (15天, 125%, 2台).
"""

import re
from collections.abc import Collection, Iterator, Sequence

from maintenance.imports.cells import fold
from maintenance.imports.vocabulary import Named, meaning
from plantroom.catalogue.systems import systems

_DIGITS = r"(?:\d+|[一二三四五六七八九十]{1,3}|(?<![a-z0-9])[a-z](?=[号#]))"
_PLACES = "楼栋幢座区院门厅地路线库仓岗层井"
_IS_PLACE = rf"(?![{_PLACES}]|[^0-9、,]{{0,4}}[房室站间])"
_MORE = r"(?:\d+(?:号|#)?[、,和与及~\-至到])*"
_NUMBER = re.compile(rf"(?:no\.?|#){_DIGITS}|{_DIGITS}(?:号|#){_IS_PLACE}|(?<=[a-z\u4e00-\u9fff)])[-.]?\d+(?:号|#)?$")
_ROOM = re.compile("(?:[房室站间库]|rooms?|stations?)$")
_OF_A_ROOM = re.compile("^(?:机|泵|控制)?[房室站间井]")
_SEVERAL = re.compile(r"[、,，;；/／\n]")
_AND = re.compile(r"[、,，;；/／\n&＆+＋和与及]|\band\b")
_BARE = re.compile(r"\s*(?P<number>\d+)\s*(?P<mark>[号#＃]?)\s*")
_FIRST = re.compile(r"\s*\d+\s*(?P<mark>[号#＃]?)\s*(?P<rest>[^\d\s].*)", re.DOTALL)
_ONE = rf"(?:(?:no\.?|#){_DIGITS}|{_DIGITS}(?:号|#))"
_BEGINS = re.compile(rf"^{_MORE}{_ONE}{_IS_PLACE}")
_BEHIND = re.compile(rf"^{_MORE}{_ONE}(?![{_PLACES}])")
_MARKED = re.compile(r"[号#]|no\.?\d|\d$")
_LIST = re.compile(rf"^{_MORE}{_ONE}")
_LONGEST = 16
_LEAST = 2

LENGTH_OF_TIME = re.compile(
    "[-.%‰]|天|日|周|个?月|年|次|小时|时|分|days?|weeks?|months?|years?|hours?|min|times?|kv|kw|v|m(?![a-z])"
)
"""What makes a number behind a name a quantity: 电梯15天保养 is no lift 15."""


def as_several(text: str) -> Iterator[Sequence[str]]:
    """The parts of a text that may name several things, by one mark after the other; 1、2号客梯 is 1号客梯 and
    2号客梯."""
    for mark in (_SEVERAL, _AND):
        parts = [part.strip() for part in mark.split(text) if part.strip()]
        if len(parts) > 1:
            yield _in_full(parts)


def _in_full(parts: Sequence[str]) -> Sequence[str]:
    last = _FIRST.fullmatch(parts[-1])
    if last is None:
        return parts
    bare = [_BARE.fullmatch(part) for part in parts[:-1]]
    full = [
        part if found is None else f"{found['number']}{last['mark'] or found['mark']}{last['rest']}"
        for part, found in zip(parts, bare, strict=False)
    ]
    return [*full, parts[-1]]


def may_be_numbered(text: str) -> bool:
    """Whether a text has what the number of a machine is written with, so that it is worth a closer look."""
    return _MARKED.search(fold(text)) is not None


def stem(text: str) -> str:
    """A word (folded) without the number of a machine; the word itself where it has none."""
    plain = fold(text)
    return plain if _ROOM.search(plain) else _NUMBER.sub("", plain).strip("-.")


def is_numbered(text: str, stems: Collection[str]) -> bool:
    """Whether a text names a machine by its number: what is left without it is equipment, or one of the ``stems`` of
    the machines that there are."""
    plain, without = fold(text), stem(text)
    if without == plain or not without:
        return False
    return without in stems or isinstance(meaning(without), Named)


def numbered_in(task: str, classes: frozenset[str], stems: Collection[str]) -> str:
    """What a task begins with where that names a machine of one of the classes (none: of any) by its number, folded;
    else an empty text. ``stems``: as ``is_numbered``; before one of these a number is a machine's in its room, too."""
    plain = fold(task)
    known = _LIST.match(plain)
    if known is not None:
        rest = plain[known.end() :]
        end = next((n for n in range(min(len(rest), _LONGEST), _LEAST - 1, -1) if rest[:n] in stems), 0)
        if end:
            return plain[: known.end() + end]
    found = _BEGINS.match(plain)
    if found is not None:
        end = _equipment(plain[found.end() :], classes)
        return plain[: found.end() + end] if end else ""
    end = _equipment(plain, classes)
    behind = _BEHIND.match(plain[end:]) if end else None
    return plain[: end + behind.end()] if behind is not None else ""


def _equipment(text: str, classes: frozenset[str]) -> int:
    """How long the word for equipment is that a folded text begins with; 0: none, or the room of one."""
    for end in range(min(len(text), _LONGEST), _LEAST - 1, -1):
        said = meaning(text[:end])
        if isinstance(said, Named) and (not classes or classes & classes_named(said)):
            return end if _OF_A_ROOM.match(text[end:]) is None else 0
    return 0


def classes_named(said: Named) -> frozenset[str]:
    """The classes that a system has, or the one that is named."""
    if said.system is not None:
        return frozenset(systems()[said.system].classes)
    return frozenset({said.equipment_class} if said.equipment_class is not None else ())
