"""What a word for equipment means below a section's title, or beside the system of its line. Pure."""

from dataclasses import replace

from maintenance.imports.problems import CellProblem
from maintenance.imports.vocabulary import Named, class_words, equipment_named
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

_ENDS = ("系统设备", "设备设施", "系统", "设备", "设施", "工程", "部分", "类", " system", " systems")


def named_in(text: str, section: str) -> Named:
    """What a word names below a section's title: 水泵 below 消防系统 is the fire pump. Where the word alone is of
    another system than the title, a warning says what it was taken for. Raises ``CellProblem``."""
    found = equipment_named(text)
    above = _named(section) if section else None
    if above is None or above.system is None or above.system in _systems_of(found):
        return found
    return joined(section, text) or replace(found, read_as=True)


def joined(head: str, text: str) -> Named | None:
    """What a word means behind another one of its line: 消防系统 and 水泵 are the fire pumps; ``None``: nothing of what
    the first one names."""
    between = " " if f"{head}{text}".isascii() else ""
    above, both = _named(head), _named(f"{_core(head)}{between}{text}")
    if above is None or above.system is None or both is None or above.system not in _systems_of(both):
        return None
    return replace(both, read_as=True)


def section_named(section: str) -> Named | None:
    """What a section's title names, whose equipment a line with an unknown word is of; ``None``: no system or class."""
    found = _named(section)
    return None if found is None or found.equipment_class == "generic" else found


def said_name(named: Named) -> LocalName:
    """The name of a system or class."""
    if named.system is not None:
        return systems()[named.system].name
    word, key = class_words(), named.equipment_class or ""
    return LocalName(word.said(key, "zh"), word.said(key, "en"))


def taken_for(text: str, named: Named, section: str = "", *, is_for_all: bool = False) -> LocalName:
    """What a word (below a section's title) was taken for, in words. ``is_for_all``: the line names no machines, so
    that it is for every one of them."""
    of = said_name(named)
    zh, en = _FOR_ALL if is_for_all else ("", "")
    if section:
        return LocalName(
            f"标题“{section}”下的“{text}”按“{of.zh}”理解{zh}", f"{text} below {section} was taken for: {of.en}{en}"
        )
    return LocalName(f"“{text}”按“{of.zh}”理解{zh}", f"{text} was taken for: {of.en}{en}")


_FOR_ALL = (
    "，适用于其全部设备（只适用于其中一部分时请填“适用设备编号”）",
    ", every machine of it (for some of them only, name these in the column Assets)",
)


def _named(text: str) -> Named | None:
    try:
        return equipment_named(text) if text else None
    except CellProblem:
        return None


def _systems_of(named: Named) -> tuple[str, ...]:
    if named.system is not None:
        inside = set(systems()[named.system].classes)
        return tuple(key for key, one in systems().items() if key == named.system or inside & set(one.classes))
    return tuple(equipment_classes()[named.equipment_class or "generic"].systems)


def _core(title: str) -> str:
    return next((title.removesuffix(end) for end in _ENDS if title.endswith(end) and title != end), title)
