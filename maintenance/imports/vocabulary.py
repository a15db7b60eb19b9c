"""What systems, equipment classes and departments are called: by key, name, or another word, in either script. Pure."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from maintenance.imports.cells import fold
from maintenance.imports.equipment_heads import goes_with
from maintenance.imports.equipment_words import index, meant, says_more
from maintenance.imports.nearest import with_nearest
from maintenance.imports.problems import CellProblem, there_are
from maintenance.imports.traditional import simplified, traditional
from maintenance.imports.values import Word, Words
from maintenance.seed.loader import departments
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import match_system, systems
from plantroom.domain.assets import LocalName

FILE = Path(__file__).parent / "data" / "equipment.toml"

_LONGEST = 30
_DRILL = re.compile("(?:演练|演习|drills?|exercises?)$")
_INSPECTION = re.compile(
    "(?:年度|季度|月度|每[年季月周日]|节前|节假日|日常|定期|重大|综合|服务|安全|质量|品质|食品|环境|隐患|大|生产|[、,与和及])*"
    "(?:质量|品质|安全|隐患|综合|环境|服务|大)[与和及]?(?:大?检查|排查|巡查|督查|监督)(?:[与和及]监督)?|"
    "(?:quality|safety|site|housekeeping)(?:inspections?|checks?|audits?|walks?)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a cell about equipment names: a system, or a class where no system goes by that word."""

    system: str | None
    equipment_class: str | None
    read_as: bool = field(default=False, compare=False)
    """It is no word of a list, so that a warning says what it was taken for."""
    is_part: bool = field(default=False, compare=False)
    """The word means a part of it only (货梯, of the elevators)."""


@cache
def other_words() -> Mapping[str, Sequence[str]]:
    """Other words by class, and those of things of the whole site (``site``)."""
    own = {key: words for key, words in _file().items() if isinstance(words, list)}
    return {key: (*own.get(key, ()), *_file()["narrower"].get(key, ())) for key in own | _file()["narrower"]}


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _taken_for() -> Mapping[str, str]:
    """Words that are taken for a class with a warning."""
    return {fold(word): key for key, words in _file()["taken_for"].items() for word in words}


@cache
def _of_a_part() -> frozenset[str]:
    """Words of the lists that mean a part only of their system or class, folded."""
    words = [one for of in _file()["narrower"].values() for one in of]
    return frozenset(fold(one) for one in (*words, *(word for of in systems().values() for word in of.narrower)))


def means_a_part(text: str) -> bool:
    """Whether a word that names a system or class means a part of it only."""
    return bool({fold(text), fold(_bare(text))} & _of_a_part())


@cache
def _usual() -> frozenset[str]:
    """Words for a part that nearly all of their class are, folded."""
    return frozenset(fold(word) for words in _file()["usual"].values() for word in words)


def is_narrower(text: str) -> bool:
    """Whether a word means less than the system or class that it is taken for, so that a row says which: 风机盘管, of
    the air conditioning; not 客梯, as nearly all elevators are."""
    found = meaning(text)
    if not isinstance(found, Named) or {fold(text), fold(_bare(text))} & _usual():
        return False
    near = {fold(text), fold(_bare(text))} & _taken_for().keys()
    return found.is_part or bool(near) or (found.read_as and says_more(text, _known()))


@cache
def class_words() -> Words[str]:
    """The equipment classes in words."""
    known: dict[str, Word] = {}
    for key, made in equipment_classes().items():
        known[key] = Word(made.name.zh, traditional(made.name.zh), made.name.en, tuple(other_words().get(key, ())))
    return Words(known, "unknown_class")


def is_site_wide(text: str) -> bool:
    """Whether a word names something that a plan looks after and that is no asset: such a row is of the site."""
    return isinstance(meaning(text), str)


def kind_named(text: str) -> str:
    """The kind of work that a word of the site stands for: 应急演练 is a drill, 质量检查 an inspection."""
    found = meaning(text)
    return found if isinstance(found, str) else "preventive"


@cache
def _site_words() -> Mapping[str, str]:
    kinds = {"site": "preventive", "site_drill": "drill", "site_inspection": "inspection"}
    return {fold(word): kind for key, kind in kinds.items() for word in other_words()[key]}


def equipment_named(text: str) -> Named:
    """The system or class that a cell of a plan table names. Raises ``CellProblem`` that lists the systems."""
    found = meaning(text)
    if isinstance(found, Named):
        return found
    names = [s.name for s in systems().values()]
    classes = [c.name.zh for c in equipment_classes().values()]
    zh = f"不认识的系统；可用系统：{'、'.join(n.zh for n in names)}；设备类：{'、'.join(classes)}"
    said = LocalName(zh, f"unknown system; there are: {', '.join(n.en for n in names)}")
    raise CellProblem("unknown_system", with_nearest(said, text, _equipment_names()))


@lru_cache(maxsize=4096)
def meaning(text: str) -> Named | str | None:
    """What a word names: equipment, or something of the site as the kind of work that it is; ``None``: nobody knows."""
    found = match_system(text) or match_system(simplified(text)) or match_system(_bare(text))
    if found is not None:
        return Named(found.system, None, is_part=means_a_part(text))
    made = class_words().find(text) or class_words().find(_bare(text))
    if made is not None:
        return Named(None, made, is_part=means_a_part(text))
    near = _taken_for().get(fold(text)) or _taken_for().get(fold(_bare(text)))
    if near is not None:
        return Named(None, near, read_as=True)
    kind = _site_words().get(fold(text))
    return kind if kind is not None or len(fold(text)) > _LONGEST else _guessed(text)


def _guessed(text: str) -> Named | str | None:
    """What a word that is in no list names."""
    if _DRILL.search(fold(text)):
        return "drill"
    if _INSPECTION.fullmatch(fold(text)):
        return "inspection"
    guess = meant(text, _known(), _fits)
    return replace(guess, read_as=True) if isinstance(guess, Named) else guess


def _fits(head: str, meaning: Named | str) -> bool:
    return isinstance(meaning, str) or goes_with(head, meaning.system, meaning.equipment_class)


@cache
def _known() -> Mapping[str, Named | str]:
    words: list[tuple[str, Named | str]] = []
    for one in systems().values():
        words += [(word, Named(one.key, None)) for word in (one.name.zh, one.name.en, one.key, *one.aliases)]
    for key, word in class_words().table().items():
        words += [(text, Named(None, key)) for text in (word.zh, word.en, key, *word.also) if key != "generic"]
    words += [(word, Named(None, key)) for word, key in _taken_for().items()]
    words += [(word, kind) for word, kind in _site_words().items() if kind == "preventive"]
    return index(words)


@cache
def _equipment_names() -> tuple[tuple[str, LocalName], ...]:
    """Every word that names a system, a class or a thing of the site, with the name that is said for it."""
    found = [
        (word, one.name) for one in systems().values() for word in (one.name.zh, one.name.en, one.key, *one.aliases)
    ]
    for key, word in class_words().table().items():
        name = LocalName(word.zh, word.en)
        found += [(text, name) for text in (word.zh, word.en, key, *word.also)]
    for key in ("site", "site_drill", "site_inspection"):
        found += [(word, LocalName(word, word)) for word in other_words()[key]]
    return tuple(found)


def _bare(text: str) -> str:
    """Without what stands in brackets, the number before it and words that add nothing."""
    plain = simplified(text)
    for opens, closes in (("（", "）"), ("(", ")")):
        head, found, tail = plain.partition(opens)
        if found and closes in tail:
            plain = head + tail.partition(closes)[2]
    return plain.strip().lstrip("0123456789一二三四五六七八九十.、 ").removesuffix("设备").removesuffix("设施") or plain


class Departments:
    """The departments that tables may name: key, either script, English, other spellings. ``sites_with``: the sites
    that have a department of that name, where the table is for none of them."""

    def __init__(
        self,
        known: Iterable[tuple[str, LocalName, Iterable[str]]],
        sites_with: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        self._sites_with = sites_with
        self._names: dict[str, LocalName] = {}
        self._list: list[LocalName] = []
        for key, name, aliases in known:
            if name not in self._list:
                self._list.append(name)
            for text in (name.zh, name.en, *aliases, key):
                if text.strip():
                    self._names.setdefault(fold(text), name)

    def find(self, text: str) -> LocalName | None:
        """The department that a text names; ``None``: there is none."""
        return self._names.get(fold(text))

    def read(self, text: str) -> LocalName:
        """As ``find``. Raises ``CellProblem`` that lists them."""
        found = self.find(text)
        if found is None:
            wrong = LocalName("没有这个部门", "there is no such department")
            there = self._sites_with(text)
            if there:
                raise CellProblem("unknown_department", _of_sites(there))
            said = there_are(wrong, [one.zh for one in self._list], [one.en or one.zh for one in self._list])
            raise CellProblem("unknown_department", with_nearest(said, text, self._names.items()))
        return found

    def choices(self, language: str) -> list[str]:
        """All names."""
        return [one.en if language == "en" else one.zh for one in self._list]


def _of_sites(sites: Sequence[str]) -> LocalName:
    """That a department is one of some sites, and how to import for one of them."""
    first = sites[0]
    return LocalName(
        f"默认计划没有这个部门，站点 {'、'.join(sites)} 有：请指定站点导入（--site {first}）",
        f"every site's plan has no such department, but {', '.join(sites)} has it: import with --site {first}",
    )


DepartmentsOf = Callable[[str | None], Departments]
"""The departments of a site; ``None``: of the default profile."""


def seed_departments(sites_with: Callable[[str], Sequence[str]] = lambda _: ()) -> Departments:
    """The departments of the user's tables. ``sites_with``: as ``Departments`` asks for it."""
    return Departments(((one.key, one.name, one.aliases) for one in departments().values()), sites_with)
