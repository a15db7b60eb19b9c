"""What a line of a plan table is about, by its own word and what stands beside or above it. Pure."""

from dataclasses import replace

from maintenance.imports.problems import CellProblem
from maintenance.imports.tables import Row
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
    both = _named(f"{_core(section)}{text}")
    if both is not None and above.system in _systems_of(both):
        return replace(both, read_as=True)
    return replace(found, read_as=True)


def beside_in_words(row: Row) -> Named | None:
    """What stands in another column for the system, where the row's own word is unknown, to be told; ``None``: nothing
    that anybody knows."""
    found = next((one for one in map(_named, row.beside) if one is not None), None)
    return replace(found, read_as=True) if found is not None else None


def taken_for(text: str, named: Named, section: str = "") -> LocalName:
    """What a word (below a section's title) was taken for, in words."""
    of = systems()[named.system].name if named.system is not None else None
    word = class_words()
    zh = of.zh if of is not None else word.said(named.equipment_class or "", "zh")
    en = of.en if of is not None else word.said(named.equipment_class or "", "en")
    if section:
        return LocalName(f"标题“{section}”下的“{text}”按“{zh}”理解", f"{text} below {section} was taken for: {en}")
    return LocalName(f"“{text}”按“{zh}”理解", f"{text} was taken for: {en}")


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
