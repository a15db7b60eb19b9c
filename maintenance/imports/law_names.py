"""Which of the law's rows a line names: by the row's own name, its checklist's, or what people call it. Pure.

People write the machine before the name (电梯半月保养), behind it (annual inspection of elevators), in a column of its
own (水箱 and 清洗消毒), or not at all. A word that says little alone (季检) counts for the row's machines, one that
says less (保养) with the row's own interval only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from maintenance.imports.cells import fold
from maintenance.imports.frequency_words import Frequency
from maintenance.imports.law_words import classes_of
from maintenance.imports.vocabulary import Named, class_words, kind_named
from maintenance.intervals import Interval
from maintenance.plan import PlanRow
from maintenance.recurrence import longest_days
from maintenance.schedules import BY_INTERVAL
from maintenance.seed.customary import Customary, customary_names, listed_under
from maintenance.seed.lists import seed_checklists
from plantroom.catalogue.systems import systems

_NUMBER = re.compile(r"^(?:[(（]?\d{1,2}[)）.、．]|[•·▪◆*])(?=\D)")
_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")
_BEFORE = re.compile("^(?:进行|实施|开展|组织|委托|执行|做好)(?=.{2})")
_AFTER = re.compile("(?<=.{2})(?:工作|作业|一次|服务)$")
_JOINTS = re.compile("[-、,.;:'·/()（）\\[\\]【】]|[和与及]")
_EQUIPMENT = re.compile("装置|设备")
"""What people say for 设施: 消防装置 and 消防设备 are the fire facilities."""
_OF = re.compile("(?<=.)(?:of|for)(?:the)?(?=.)")
_NONE = Customary((), (), ())
_OFTENER = 2
_A_YEAR = 366
"""Days of the longest interval of rows that go by ages, seasons or other rows."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says of its work: the task, the words for what it is for as the table has them, and what these mean
    (``subject``, or ``site_word`` for a thing of the site)."""

    task: str
    beside: Sequence[str] = ()
    subject: Named | None = None
    site_word: str = ""
    frequency: Frequency | None = None
    narrow: str = ""
    """Equipment of the system that is no class: the work is on that alone."""

    @property
    def classes(self) -> frozenset[str]:
        """The classes that the line is for."""
        of = self.subject
        if of is None:
            return frozenset()
        if of.system is not None:
            return frozenset(systems()[of.system].classes)
        return frozenset({of.equipment_class} if of.equipment_class is not None else ())


def named(line: Line, law: Sequence[PlanRow]) -> PlanRow | None:
    """The one of the rows that a line is; ``None``: none of them. Its own name counts before what people call it, and
    that before a word that says little."""
    fitting = [row for row in law if _is_for(line, row)]
    alone = {row.code: _said(line, row, by_machine=False) for row in fitting}
    own = next(
        (row for row in fitting if (alone[row.code] | _bare(line)) & _own_names(row) and _keeps_its_dates(line, row)),
        None,
    )
    mine = [row for row in fitting if _belongs(line, row) and _may_be_called(line, row)]
    called = own or next((row for row in mine if alone[row.code] & _flat_names(row.code, "names")), None)
    return called or (None if line.narrow else _by_little(line, mine))


def _may_be_called(line: Line, row: PlanRow) -> bool:
    """Whether what people call a row may mean it here: nothing else is named beside it, and the line does not ask for
    it more than twice as often as the law. Work that is done more often is other work."""
    said = _flat(f"{line.task}{line.narrow}{line.site_word}")
    never = customary_names().get(row.code, _NONE).never_with
    return not any(_flat(word) in said for word in never) and _is_within(line.frequency, row, _OFTENER)


def _keeps_its_dates(line: Line, row: PlanRow) -> bool:
    """Whether a line of a row's own name leaves nothing out: a row by ages or seasons takes no other interval over."""
    return row.schedule == BY_INTERVAL or _is_within(line.frequency, row, 1)


def _is_within(frequency: Frequency | None, row: PlanRow, oftener: int) -> bool:
    """Whether a line is at most so many times as often as the row, give or take."""
    often = None if frequency is None else frequency.interval
    if often is None or not often.every:
        return True
    law = min(longest_days(row.interval), _A_YEAR) if row.interval.every else _A_YEAR
    allowed = oftener if row.schedule == BY_INTERVAL else 1
    return 10 * allowed * longest_days(often) >= 9 * law


def _bare(line: Line) -> frozenset[str]:
    return frozenset() if line.narrow else _plain(line.task)


def may_be(text: str, rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Those of some rows of one machine that people call so, where nobody says how often. Of the site's rows only by
    words that name their system: 年检 alone may be that of any."""
    line = Line(text)
    rows = [row for row in rows if _may_be_called(line, row)]
    for kinds in (("names",), ("names", "of_machine"), ("names", "of_machine", "with_interval")):
        found = [
            row
            for row in rows
            if any(
                _said(line, row, by_machine=True) & _flat_names(row.code, k)
                for k in (kinds[:1] if row.applies_to.site else kinds)
            )
        ]
        if found:
            return found
    return []


def is_as_often(interval: Interval, row: PlanRow) -> bool:
    """Whether an interval is the row's own, give or take (two weeks for 15 days, 180 days for half a year)."""
    if not interval.every or not row.interval.every:
        return False
    days, law = longest_days(interval), longest_days(row.interval)
    return 9 * law <= 10 * days and days <= law


def _by_little(line: Line, rows: Sequence[PlanRow]) -> PlanRow | None:
    """By a word that says little: for the row's own machines, or where the rows so called are for all of a system."""
    found = [row for row in rows if _is_called_so(line, row, by_machine=_is_of_its_machines(line, row))]
    exact = [row for row in found if _is_of_its_machines(line, row) or _names_its_machines(line, row)]
    if exact:
        return exact[0]
    together = frozenset(one for row in found for one in classes_of(row))
    return found[0] if found and line.classes and line.classes <= together else None


def _is_called_so(line: Line, row: PlanRow, *, by_machine: bool) -> bool:
    said = _said(line, row, by_machine=by_machine or _names_its_machines(line, row))
    if said & _flat_names(row.code, "of_machine"):
        return True
    return bool(said & _flat_names(row.code, "with_interval")) and _fits(line.frequency, row)


def _is_of_its_machines(line: Line, row: PlanRow) -> bool:
    if row.applies_to.site:
        return line.subject is not None and line.subject.system == listed_under().get(row.code)
    return line.subject is not None and line.subject.system is None and line.classes <= frozenset(classes_of(row))


def _names_its_machines(line: Line, row: PlanRow) -> bool:
    """Whether the task begins or ends with a word for the row's machines."""
    return bool(_said(line, row, by_machine=True) - _said(line, row, by_machine=False))


def _fits(frequency: Frequency | None, row: PlanRow) -> bool:
    if frequency is None:
        return False
    plain = frequency.schedule == BY_INTERVAL or frequency.schedule.type == row.schedule.type
    return plain and is_as_often(frequency.interval, row)


def _is_for(line: Line, row: PlanRow) -> bool:
    """Whether a row is for what the line names: its class, one of its system, or the site."""
    if line.subject is None:
        drill = row.kind == "drill" and kind_named(line.site_word) == "drill"
        return bool(line.site_word) and (row.applies_to.site or drill)
    if line.subject.system is not None:
        return row.applies_to.site or bool(line.classes & frozenset(classes_of(row)))
    return line.subject.equipment_class in classes_of(row)


def _belongs(line: Line, row: PlanRow) -> bool:
    """As ``_is_for``, and a row of the site is listed under the line's system: 年检 of the air conditioning is not that
    of the fire facilities."""
    if not row.applies_to.site or line.subject is None or row.kind == "drill":
        return True
    return line.subject.system == listed_under().get(row.code)


def _said(line: Line, row: PlanRow, *, by_machine: bool) -> frozenset[str]:
    """What the task may be the name of: with the words beside it, without a word for the row's system, and
    ``by_machine`` without one for its machines."""
    plain = _plain(line.task)
    joined = {f"{_flat(word)}{one}" for word in (*line.beside, *_said_for(line.subject)) for one in plain}
    word = line.narrow if row.applies_to.site else ""
    word = word or (line.site_word if kind_named(line.site_word) == "preventive" else "")
    if word:
        return frozenset(joined | {one for one in plain if _flat(word) in one})
    words = _words_of(row.code, classes_of(row), by_machine=by_machine)
    return frozenset({*plain, *joined, *(short for one in plain for short in _without(one, words))})


def _said_for(named: Named | None) -> tuple[str, ...]:
    """The names of a class that a line names by another word for all of it (食水箱, 水缸)."""
    if named is None or named.equipment_class is None or named.is_part or named.read_as:
        return ()
    word = class_words()
    return word.said(named.equipment_class, "zh"), word.said(named.equipment_class, "en")


def _without(text: str, words: frozenset[str]) -> Iterator[str]:
    """What is left without a word before it, or behind it with "of"."""
    for at in range(1, len(text)):
        if text[:at] in words:
            yield text[at:].removeprefix("的")
    for found in _OF.finditer(text):
        if text[found.end() :] in words:
            yield text[: found.start()]


@cache
def _words_of(code: str, classes: Sequence[str], *, by_machine: bool) -> frozenset[str]:
    """Words for the row's system and machines."""
    mine = [one for key, one in systems().items() if key == listed_under().get(code) or set(one.classes) == {*classes}]
    found = {word for one in mine for word in (one.name.zh, one.name.en, *one.aliases)}
    if by_machine:
        table = class_words().table()
        found |= {word for key in classes if key in table for word in (table[key].zh, table[key].en, *table[key].also)}
    return frozenset(_flat(word) for word in found)


@lru_cache(maxsize=4096)
def _plain(task: str) -> frozenset[str]:
    """The task without its number, what stands in brackets and what says nothing."""
    text = _NUMBER.sub("", fold(task))
    found = {text, _BRACKETS.sub("", text)}
    found |= {_AFTER.sub("", _BEFORE.sub("", one)) for one in found}
    return frozenset(_flat(one) for one in found if one)


def _flat(text: str) -> str:
    return _EQUIPMENT.sub("设施", _JOINTS.sub("", fold(text).replace("&", "and")))


def _own_names(row: PlanRow) -> frozenset[str]:
    made = seed_checklists().get(row.checklist or "")
    lists = () if made is None else (made.name.zh, made.name.en)
    return frozenset(_flat(name) for name in (row.name.zh, row.name.en, *lists) if name)


@cache
def _flat_names(code: str, kind: str) -> frozenset[str]:
    return frozenset(map(_flat, getattr(customary_names().get(code, _NONE), kind)))
