"""What a word about equipment means where it is no word of a list: the noun at its end counts (楼道照明, emergency
generator), without what says only that it is equipment, or that it is looked after (消防设施维保). Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from maintenance.imports.cells import fold

T = TypeVar("T")

_JOINTS = re.compile("[、,;/&+＆和与及以]|(?<=[a-z])and(?=[a-z])")
_AFTER = re.compile(
    "(?<=.)(?:系统|设备|设施|装置|工程|专业|项目|维保|维护|维修|保养|养护|检修|检查|检测|巡查|巡检|巡视|测试|运行|管理|安全|机房|类|部分|等|"
    "systems?|equipment|installations?|services?|plants?|maintenance|inspections?|works?)$"
)
_BEFORE = re.compile(
    "^(?:建筑|自动|公共区域|公共|公区|小区|园区|大厦|项目|日常|定期|每日|每周|每月|年度|季度|月度|[a-z0-9]{1,3}(?:#|号楼?|座|栋|区|楼)|"
    "[0-9]+|[#＃])(?=.)"
)
_NUMBERED = re.compile(r"^(?:[(（]?[0-9一二三四五六七八九十]{1,3}[)）、.．]|[①-⑳]|[•·*-])\s*")
_IN_BRACKETS = re.compile("[(（【\\[]([^()（）【】\\[\\]]*)[)）】\\]]")
_WHICH = re.compile("[0-9]|机房$")
_LEAST = 2
_BARE = "^"
_LATIN = re.compile("[a-z]")
_NOT_ALONE = frozenset({"水系统", "water", "watersystem", "tank", "tanks", "排烟", "防烟"})
"""What means something alone, but not at the end of another word: 冷却水系统, chilled water, fuel tank, 厨房排烟."""


def index(words: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Known words by what is compared of them: the whole, and behind ``_BARE`` what is left without the ends. Of two
    that come to the same the first counts."""
    found: dict[str, T] = {}
    for word, meaning in words:
        plain = _plain(word)
        found.setdefault(plain, meaning)
        core = _core(plain)
        if _AFTER.sub("", f"※{core}") != "※":
            found.setdefault(f"{_BARE}{core}", meaning)
    return found


def meant(text: str, known: Mapping[str, T], fits: Callable[[str, T], bool]) -> T | None:
    """The meaning of a word by the known ones (``index``): of what it is without its ends, else of what stands in its
    brackets, else of the longest known word that it ends with, if that fits what stands before it (folded)."""
    bare = _NUMBERED.sub("", unicodedata.normalize("NFC", text).strip())
    outer, inner = _IN_BRACKETS.sub("", bare), _IN_BRACKETS.findall(bare)
    for one in (outer, *inner):
        plain = _plain(one)
        found = known.get(plain) or known.get(f"{_BARE}{_core(plain)}")
        if found is not None:
            return found
    return _by_its_end(outer, known, fits)


def says_more(text: str, known: Mapping[str, T]) -> bool:
    """Whether a word that is taken for a known one says more than that: what stands before the noun (楼道照明), which
    one (3号楼电梯), or that it is the room of it (电梯机房)."""
    bare = _NUMBERED.sub("", unicodedata.normalize("NFC", text).strip())
    plain = _plain(_IN_BRACKETS.sub("", bare))
    return bool(_WHICH.search(plain)) or not (plain in known or f"{_BARE}{_core(plain)}" in known)


def _by_its_end(text: str, known: Mapping[str, T], fits: Callable[[str, T], bool]) -> T | None:
    plain = _plain(text)
    ways: list[tuple[str, str]] = []
    if _LATIN.search(plain):
        words = [one for one in re.split(r"[\s_/-]+", unicodedata.normalize("NFKC", text).casefold()) if one]
        for rest in ([*words], [one for one in words if _AFTER.sub("", f"x{one}") != "x"]):
            ways += [(_plain("".join(rest[:at])), _plain("".join(rest[at:]))) for at in range(1, len(rest))]
    else:
        for whole in (plain, _core(plain)):
            ways += [(whole[:at], whole[at:]) for at in range(1, len(whole) - _LEAST + 1)]
    for head, end in ways:
        found = known.get(end)
        if found is not None and (end not in _NOT_ALONE or _BEFORE.sub("", f"{head}※") == "※"):
            return found if fits(head, found) else None
    return None


def _plain(text: str) -> str:
    return _JOINTS.sub("", fold(text).replace("_", "").replace("-", ""))


def _core(plain: str) -> str:
    """Without the ends that say nothing, one after the other."""
    while True:
        shorter = _BEFORE.sub("", _AFTER.sub("", plain))
        if shorter == plain or len(shorter) < _LEAST:
            return plain
        plain = shorter
