"""What a line of a plan table is for: the system in one column, the equipment in it in another, or either alone. Pure.

The equipment narrows the system: a known class is what the line is for. Equipment that is no class goes into the name
of the task, so that the lines of a system stay apart, and the line is for the whole system or site. Equipment of
another system counts before the system, with a warning (requirements.md Part III: contradictions are reported and
resolved).
"""

import re
from dataclasses import dataclass

from maintenance.imports.cells import fold
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.vocabulary import Named, class_words, equipment_named, kind_named, meaning
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

EQUIPMENT = "system_equipment"

_ENDS = re.compile("(?<=.)(?:系统|设备|设施|装置|工程|专业|类|systems?|equipment)$")
_ANY = "generic"


@dataclass(frozen=True, slots=True)
class Subject:
    """A system or class, or a word for a thing of the whole site. ``device``: the equipment that stands beside it and
    is no class; ``within``: the system beside a thing of the site."""

    named: Named | None = None
    site_word: str = ""
    device: str = ""
    within: Named | None = None


NOTHING = Subject()


def word_of(row: Row) -> str:
    """The narrowest word for what a line is for."""
    return row.text(EQUIPMENT) or row.text("system")


def read_subject(row: Row, problems: Problems, *, may_lack: bool) -> Subject:
    """What a line is for. What nobody knows becomes an error, what was decided a warning."""
    if row.refused & {"system", EQUIPMENT}:
        return Subject()
    wide, narrow = row.text("system"), row.text(EQUIPMENT)
    if wide and narrow:
        return _both(row, wide, narrow, problems)
    if not wide and not narrow:
        says_so = any(row.text(key) for key in ("classes", "assets", "site_wide"))
        if not says_so and not may_lack:
            problems.error(row.problem("system", "missing_value"))
        return Subject()
    return _alone(row, EQUIPMENT if narrow else "system", problems)


def _alone(row: Row, key: str, problems: Problems) -> Subject:
    text = row.text(key)
    found = meaning(text)
    if isinstance(found, str):
        return Subject(None, text)
    try:
        named = equipment_named(text)
    except CellProblem as problem:
        problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
        return Subject()
    _say_reading(row, key, named, problems)
    return Subject(named)


def _both(row: Row, wide: str, narrow: str, problems: Problems) -> Subject:
    system, equipment = meaning(wide), meaning(narrow)
    if isinstance(equipment, Named) and equipment.equipment_class == _ANY:
        equipment = None
    if system is None:
        return _of_unknown(row, equipment, problems)
    if isinstance(system, Named):
        _say_reading(row, "system", system, problems)
    if isinstance(equipment, Named):
        _say_reading(row, EQUIPMENT, equipment, problems)
    if isinstance(system, str):
        return _of_the_site(wide, narrow, system, equipment)
    if isinstance(equipment, str):
        return Subject(None, narrow, narrow, system)
    if equipment is None:
        return Subject(system, device=narrow)
    if equipment == system or _classes(system) < _classes(equipment):
        return Subject(system, device="" if _is_the_same(wide, narrow, system) else narrow)
    if not _go_together(system, equipment) and not row.text("assets"):
        code = "equipment_elsewhere"
        problems.warn(row.problem(EQUIPMENT, code, in_words(code, _elsewhere(wide, narrow, equipment))))
    return Subject(equipment)


def _of_unknown(row: Row, equipment: Named | str | None, problems: Problems) -> Subject:
    """The equipment alone, where nobody knows the system; both unknown is an error."""
    if equipment is None:
        return _alone(row, "system", problems)
    problems.warn(row.problem("system", "system_left_out"))
    return _alone(row, EQUIPMENT, problems)


def _of_the_site(wide: str, narrow: str, kind: str, equipment: Named | str | None) -> Subject:
    """Work of the site; what is looked after there may be named beside it, but a drill stays one."""
    if kind == "preventive" and isinstance(equipment, Named):
        return Subject(equipment)
    if isinstance(equipment, str) and (kind == "preventive" or kind_named(narrow) == kind):
        return Subject(None, narrow)
    return Subject(None, wide, "" if fold(wide) == fold(narrow) else narrow)


def _classes(named: Named) -> frozenset[str]:
    if named.system is not None:
        return frozenset(systems()[named.system].classes)
    return frozenset({named.equipment_class} if named.equipment_class is not None else ())


def _go_together(system: Named, equipment: Named) -> bool:
    """Whether equipment is of a system, or one system has both (escalators beside elevators)."""
    both = _classes(system) | _classes(equipment)
    return both == _classes(system) or any(both <= frozenset(one.classes) for one in systems().values())


def _is_the_same(wide: str, narrow: str, named: Named) -> bool:
    """Whether the equipment is but another word for the whole system (消防设施 of 消防系统)."""
    if named.system is None:
        return True
    known = systems()[named.system]
    return _core(narrow) in {_core(one) for one in (wide, known.name.zh, known.name.en, known.key)}


def _core(text: str) -> str:
    return _ENDS.sub("", fold(text))


def _say_reading(row: Row, key: str, named: Named, problems: Problems) -> None:
    if named.read_as:
        said = _taken_for(row.text(key), named)
        problems.warn(row.problem(key, "system_read_as", in_words("system_read_as", said)))


def said_name(named: Named) -> LocalName:
    """The name of a system or class."""
    if named.system is not None:
        return systems()[named.system].name
    word, key = class_words(), named.equipment_class or ""
    return LocalName(word.said(key, "zh"), word.said(key, "en"))


def _taken_for(text: str, named: Named) -> LocalName:
    of = said_name(named)
    return LocalName(f"“{text}”按“{of.zh}”理解", f"{text} was taken for: {of.en}")


def _elsewhere(wide: str, narrow: str, equipment: Named) -> LocalName:
    of = said_name(equipment)
    return LocalName(
        f"“{narrow}”不属于“{wide}”，按“{of.zh}”安排，适用于全部{of.zh}",
        f"{narrow} is not of {wide}: the row is for every machine of {of.en}",
    )


def for_all_of(subject: Subject) -> LocalName:
    """What a row of equipment that is no class is for."""
    if subject.named is None:
        word = subject.device or subject.site_word
        return LocalName(
            f"“{word}”不是设备类：本项按全站项目安排", f"{word} is no equipment class: a row of the whole site"
        )
    of = said_name(subject.named)
    return LocalName(
        f"“{subject.device}”不是设备类，已写入任务名称：本项适用于整个“{of.zh}”",
        f"{subject.device} is no equipment class and stands in the task: the row is for every machine of {of.en}",
    )


def in_the_task(device: str, task: str) -> str:
    """The task with the equipment in its name."""
    if not device or fold(device) in fold(task):
        return task
    joint = ": " if f"{device}{task}".isascii() else "："
    return f"{device}{joint}{task}" if task else device
