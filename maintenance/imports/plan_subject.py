"""What a line of a plan table is for: the system in one column, the equipment in it in another, or either alone. Pure.

The equipment narrows the system: a known class is what the line is for. Equipment that is no class goes into the name
of the task, so that the lines of a system stay apart, and the line is for the whole system or site. Equipment of
another system counts before the system, with a warning (requirements.md Part III: contradictions are reported and
resolved).
"""

import re
from dataclasses import dataclass

from maintenance.imports.cells import fold
from maintenance.imports.plan_sections import joined, named_in, said_name, section_named, taken_for
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.vocabulary import Named, is_narrower, kind_named, meaning
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

EQUIPMENT = "system_equipment"

_ENDS = re.compile("(?<=.)(?:系统|设备|设施|装置|工程|专业|类|systems?|equipment)$")
_ANY = "generic"


@dataclass(frozen=True, slots=True)
class Subject:
    """A system or class, or a word for a thing of the whole site. ``device``: the equipment that stands beside it and
    is no class; ``within``: the system beside a thing of the site; ``part``: the word that ``named`` is wider than."""

    named: Named | None = None
    site_word: str = ""
    device: str = ""
    within: Named | None = None
    part: str = ""

    @property
    def in_name(self) -> str:
        """What a row of all of ``named`` says in its name, so that it stands apart."""
        return self.device or self.part


NOTHING = Subject()


def word_of(row: Row) -> str:
    """The narrowest word for what a line is for."""
    return row.text(EQUIPMENT) or row.text("system")


def word_apart(row: Row, first: Row) -> str:
    """The word by which a line is for another thing than an earlier one: the narrowest, else that of a column which is
    not read; empty where both say the same."""
    word = word_of(row)
    if word and fold(word) != fold(word_of(first)):
        return word
    differ = (one for one, other in zip(row.beside, first.beside, strict=False) if fold(one) != fold(other))
    return next((one for one in differ if one), "")


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
        named = named_in(text, row.section)
    except CellProblem as problem:
        beside = _named_beside(row) or section_named(row.section)
        if beside is None:
            problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
            return Subject()
        return Subject(beside, device=text)
    _say_reading(row, key, named, problems, row.section)
    return Subject(named, part=_part(text))


def _both(row: Row, wide: str, narrow: str, problems: Problems) -> Subject:
    system, equipment = meaning(wide), meaning(narrow)
    if isinstance(equipment, Named) and equipment.equipment_class == _ANY:
        equipment = None
    if system is None:
        return _of_unknown(row, equipment, problems)
    if isinstance(system, Named) and not (system.is_part and isinstance(equipment, str)):
        _say_reading(row, "system", system, problems)
    if isinstance(system, Named) and isinstance(equipment, Named) and not _go_together(system, equipment):
        equipment = joined(wide, narrow) or equipment
    if isinstance(equipment, Named) and equipment != system:
        _say_reading(row, EQUIPMENT, equipment, problems)
    if isinstance(system, str):
        return _of_the_site(wide, narrow, system, equipment)
    if isinstance(equipment, str):
        return Subject(None, narrow, narrow, system)
    if equipment is None:
        return Subject(system, device=narrow)
    if equipment == system or _classes(system) < _classes(equipment):
        device = "" if _is_the_same(wide, narrow, system) else narrow
        return Subject(system, device=device, part="" if device else _part(wide))
    if not _go_together(system, equipment) and not row.text("assets"):
        code = "equipment_elsewhere"
        problems.warn(row.problem(EQUIPMENT, code, in_words(code, _elsewhere(wide, narrow, equipment))))
    return Subject(equipment, part=_part(narrow))


def _part(text: str) -> str:
    return text if is_narrower(text) else ""


def _named_beside(row: Row) -> Named | None:
    """The system in a column that is not read, where the row's own word is unknown (专业 beside 系统名称)."""
    known = (meaning(text) for text in row.beside if text)
    return next((one for one in known if isinstance(one, Named) and one.equipment_class != _ANY), None)


def _of_unknown(row: Row, equipment: Named | str | None, problems: Problems) -> Subject:
    """The equipment alone, where nobody knows the system; both unknown is an error, but beside a column that tells."""
    beside = _named_beside(row) or section_named(row.section) if equipment is None else None
    if beside is not None:
        return Subject(beside, device=row.text(EQUIPMENT))
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


def _say_reading(row: Row, key: str, named: Named, problems: Problems, section: str = "") -> None:
    is_for_all = not row.text("assets")
    if named.read_as or (named.is_part and is_for_all):
        said = taken_for(row.text(key), named, section, is_for_all=is_for_all)
        problems.warn(row.problem(key, "system_read_as", in_words("system_read_as", said)))


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
