"""Words for single machines by their numbers: 3号客梯, 2#冷却塔, lift 3. Pure.

The number of a building, a floor or a room is no machine's, nor is a quantity (15天, 125%, 2台). A lift is 3号梯, too.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from maintenance.imports.cells import fold, seen
from maintenance.imports.vocabulary import Named, meaning
from plantroom.catalogue.systems import systems

_DIGITS = r"(?:\d+|[一二三四五六七八九十]{1,3}|(?<![a-z0-9])[a-z](?=[号#]))"
_PLACES = "楼栋幢座区院门厅地路线库仓岗层井"
_IS_PLACE = rf"(?![{_PLACES}]|[^0-9、,]{{0,4}}[房室站间])"
_MORE = r"(?:\d+(?:号|#)?[、,和与及~\-至到])*"
_NUMBER = re.compile(rf"(?:no\.?|#){_DIGITS}|{_DIGITS}(?:号|#){_IS_PLACE}|(?<=[a-z\u4e00-\u9fff)])[-.]?\d+(?:号|#)?$")
_ROOM = re.compile("(?:[房室站间库]|rooms?|stations?)$")
_OF_A_ROOM = re.compile(
    "^(?:[^、,;:/与和及的()]{0,2}?(?:房|室(?![内外])|厅(?![门外]))|[机泵]?(?:站|库|间(?![隙隔歇])|井(?!道)))|"
    "^(?:machine|plant|control|motor|pump)?(?:rooms?|lobby|lobbies|stations?)"
)
_LIFT = re.compile("^梯(?![间级形次步口])")
LIFT_NUMBER = re.compile(r"(\d+)(?:号|#)梯")
"""A lift (folded) by its number alone."""

LIFT = re.compile(r"(\d+)(?:号|#).*梯")
"""The name of a lift (folded) that begins with its number."""

_SEVERAL = re.compile(r"[、,，;；/／|｜\n]")
_AND = re.compile(r"[、,，;；/／|｜\n&＆+＋]|以及|[和与及]|\band\b")
_BARE = re.compile(r"\s*(?P<number>\d+)\s*(?P<mark>[号#＃]?)\s*")
_FIRST = re.compile(r"\s*\d+\s*(?P<mark>[号#＃]?)\s*(?P<rest>[^\d\s].*)", re.DOTALL)
_ONE = rf"(?:(?:no\.?|#){_DIGITS}|{_DIGITS}(?:号|#))"
_BEGINS = re.compile(rf"^{_MORE}{_ONE}{_IS_PLACE}")
_BEHIND = re.compile(rf"^{_MORE}{_ONE}(?![{_PLACES}])")
_BARE_BEHIND = re.compile(r"-?\d+(?![\d号#])")
_SEEN = re.compile(rf"(?<![0-9月逢]){_ONE}(?![^、,]{{0,3}}[油钢])|第\d+台")
_CODE_FIRST = re.compile(r"(?P<word>[a-z]+)(?:-[a-z]+)*-?\d{1,4}(?!\d)")
_CODES = re.compile(r"(?<![a-z0-9])(?P<word>[a-z]+)(?:-[a-z]+)*[ .-]*\d{1,4}(?!\d)")
_MARKED = re.compile(r"[号#]|no\.?\d|\d$")
_LIST = re.compile(rf"^{_MORE}{_ONE}")
_LONGEST = 16
_LEAST = 2

LENGTH_OF_TIME = re.compile(
    r"\.\d|[%‰]|-?(?:天|日|周|个?月|年|次|小时|时|分|(?:day|week|month|year|hour|time)s?(?!ly)|min(?!or|i)|kv|kw|[vm](?![a-z-]))"
)
"""What makes a number behind a name a quantity: 电梯15天保养 is no lift 15 (lift 3 monthly check is one)."""

_SO_MANY = re.compile(
    r"[台处个根套组方只块条路相层人项种点遍道段面片部扇吨级米]|kg|mm|t(?![a-z])|-?(?:dai|week|month|year|hour)ly"
)


def is_quantity(rest: str, word: str = "") -> bool:
    """Whether a bare number counts or measures something, by what stands behind it and by the word before it (both
    folded): elevators 6 monthly is no machine, elevator 6 may be one."""
    so_many = _SO_MANY.match(rest)
    if so_many is not None and (not so_many[0].endswith("ly") or word.endswith("s")):
        return True
    return LENGTH_OF_TIME.match(rest) is not None


_QUANTITY = re.compile(rf"(?<![a-z0-9.-])\d+(?:\.\d+)?(?:[-~至]\d+(?:\.\d+)?)*(?:{LENGTH_OF_TIME.pattern})")


def without_quantities(text: str) -> str:
    """A text, folded, without what is counted or measured in it (15天, 125%), but behind a letter."""
    return _QUANTITY.sub("", fold(text))


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
    return stem_of(fold(text))


def stem_of(folded: str) -> str:
    """As ``stem``, of a word that is folded already."""
    return folded if _ROOM.search(folded) else _NUMBER.sub("", folded).strip("-.")


def number_seen(text: str, stems: Collection[str]) -> str:
    """The first thing in a text that looks like the number or the code of a machine (``stems``: as ``is_numbered``) or
    of a place, folded; an empty text: nothing does. The 5th of a month is none, nor is oil of a number."""
    found = _SEEN.search(fold(text))
    if found is not None:
        return found[0]
    plain = seen(text).casefold()
    for code in _CODES.finditer(plain):
        if not _counts(code, fold(plain[code.end() :])) and is_numbered(code[0], stems):
            return fold(code[0])
    return ""


def code_before(task: str, stems: Collection[str]) -> str:
    """The code, or word with a bare number (lift 3), of a machine that a task begins with, folded; else an empty
    text. ``stems``: as ``is_numbered``."""
    plain = fold(task)
    code = _CODE_FIRST.match(plain)
    if code is None or _counts(code, plain[code.end() :]) or not is_numbered(code[0], stems):
        return ""
    return code[0]


def _counts(code: re.Match[str], rest: str) -> bool:
    """Whether the number is a quantity; behind letters and a hyphen it is none (DT-01月检)."""
    return "-" not in code[0] and is_quantity(rest, code["word"])


def is_numbered(text: str, stems: Collection[str]) -> bool:
    """Whether a text names a machine by its number: what is left without it is equipment, or one of the ``stems`` of
    the machines that there are."""
    plain, without = fold(text), stem(text)
    if without == plain or not without:
        return False
    return without in stems or _LIFT.fullmatch(without) is not None or isinstance(meaning(without), Named)


def is_of_another(word: str, rest: str) -> bool:
    """Whether what stands behind a machine's name without its number (both folded) makes it the name of another thing:
    of a room (水泵房, 电梯厅), or a longer word that is no part of the machine (水泵接合器)."""
    if _OF_A_ROOM.match(rest) is not None:
        return True
    mine = meaning(word) if word else None
    classes = classes_named(mine) if isinstance(mine, Named) else frozenset()
    for end in range(1, min(len(rest), _LONGEST) + 1) if classes else ():
        said = meaning(word + rest[:end])
        named = classes_named(said) if isinstance(said, Named) and not said.read_as else frozenset()
        if (said == "preventive" or (named and not named & classes)) and meaning(rest[:end]) is None:
            return True
    return False


def numbered_in(task: str, classes: frozenset[str], stems: Collection[str]) -> str:
    """What a task begins with where that names a machine of one of the classes (none: of any) by its number, folded;
    else an empty text. ``stems``: as ``is_numbered``. The room of a machine is none."""
    plain = fold(task)
    known = _LIST.match(plain)
    if known is not None:
        rest = plain[known.end() :]
        end = next((n for n in range(min(len(rest), _LONGEST), _LEAST - 1, -1) if rest[:n] in stems), 0)
        if end and not is_of_another(rest[:end], rest[end:]):
            return plain[: known.end() + end]
    found = _BEGINS.match(plain)
    if found is not None:
        rest = plain[found.end() :]
        is_lift = _LIFT.match(rest) is not None and (not classes or "elevator" in classes)
        end = 1 if is_lift else _equipment(rest, classes)
        return plain[: found.end() + end] if end else ""
    end = _equipment(plain, classes)
    if not end:
        return ""
    word, rest = plain[:end], plain[end:]
    bare = _BARE_BEHIND.match(rest)
    if bare is not None and _is_a_kind(word) and not is_quantity(rest[bare.end() :], word):
        return plain[: end + bare.end()]
    behind = _BEHIND.match(rest)
    return plain[: end + behind.end()] if behind is not None else ""


def _is_a_kind(word: str) -> bool:
    """Whether a word means machines of one kind, and no whole system with many."""
    said = meaning(word)
    return isinstance(said, Named) and len(classes_named(said)) == 1


def _equipment(text: str, classes: frozenset[str]) -> int:
    """How long the word for equipment is that a folded text begins with; 0: none, or the room of one."""
    for end in range(min(len(text), _LONGEST), _LEAST - 1, -1):
        said = meaning(text[:end])
        if isinstance(said, Named) and (not classes or classes & classes_named(said)):
            return 0 if is_of_another(text[:end], text[end:]) else end
    return 0


def classes_named(said: Named) -> frozenset[str]:
    """The classes that a system has, or the one that is named."""
    if said.system is not None:
        return frozenset(systems()[said.system].classes)
    return frozenset({said.equipment_class} if said.equipment_class is not None else ())
