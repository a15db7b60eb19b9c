"""A plan row in words: the name where nobody gives one, the tolerance as the differences tell it."""

from collections.abc import Sequence

from maintenance.imports.cells import fold
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.plan_subject import in_the_task
from maintenance.imports.vocabulary import class_words
from maintenance.intervals import Interval
from maintenance.plan import AppliesTo, PlanRow
from maintenance.schedule_words import often_in_words
from maintenance.schedules import Schedule
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

_NAMED = 3


def names(row: PlanRow, has_english: bool) -> tuple[str, ...]:
    """The texts that mean the row's name; without a column for the English one either does."""
    return (row.name.zh,) if has_english else (row.name.zh, row.name.en)


def standards(row: PlanRow, has_english: bool) -> tuple[str, ...]:
    """The same of its standard."""
    return (row.standard.zh,) if has_english else (row.standard.zh, row.standard.en)


def tolerance(row: PlanRow) -> str:
    """The window around a date."""
    return f"提前{row.early_days}天、延后{row.late_days}天"


def in_full(wanted: Wanted) -> str:
    """The task as a row has it that a line makes: with the equipment that the row is wider than, unless it is for
    machines of its own."""
    return wanted.task if wanted.assets else in_the_task(wanted.of.in_name, wanted.task)


def new_name(wanted: Wanted, interval: Interval, schedule: Schedule) -> LocalName:
    """The name of a row that a line makes."""
    if wanted.task:
        return of_the_site(wanted.site_word, in_full(wanted))
    said = often_in_words(interval, schedule)
    subject = wanted.subject
    if wanted.site_word:
        of = LocalName(wanted.site_word, wanted.site_word)
    elif wanted.of.part and not wanted.assets:
        of = LocalName(wanted.of.part, wanted.of.part)
    elif subject is not None and subject.system is not None:
        of = systems()[subject.system].name
    elif subject is not None and subject.equipment_class is not None:
        word = class_words()
        of = LocalName(word.said(subject.equipment_class, "zh"), word.said(subject.equipment_class, "en"))
    elif wanted.assets:
        of = of_assets(wanted.assets)
    else:
        of = LocalName(wanted.code or "", wanted.code or "")
    return LocalName(f"{of.zh}维护（{said.zh}）", f"{of.en} maintenance ({said.en})")


def of_assets(codes: Sequence[str]) -> LocalName:
    """Assets in a name: the first ones by their codes."""
    if len(codes) <= _NAMED:
        return LocalName("、".join(codes), ", ".join(codes))
    return LocalName(f"{codes[0]}等{len(codes)}台设备", f"{codes[0]} and {counted(len(codes) - 1, 'other')}")


def of_the_site(word: str, task: str) -> LocalName:
    """The name of a task, with what it is about before it where a row of the whole site would not say so."""
    if not word or fold(word) in fold(task):
        return LocalName(task, task)
    return LocalName(f"{word}：{task}", f"{word}: {task}")


def classes_of(row: PlanRow) -> tuple[str, ...]:
    """The classes that a row applies to."""
    named = row.applies_to.system
    return (*row.applies_to.classes, *(systems()[named].classes if named in systems() and named else ()))


def subject_text(applies: AppliesTo) -> str:
    """What a row applies to, in short."""
    if applies.site:
        return "全站"
    if applies.system is not None:
        return systems()[applies.system].name.zh if applies.system in systems() else applies.system
    return "、".join(class_words().said(one, "zh") for one in applies.classes) or "、".join(applies.assets)


def subject_text_en(applies: AppliesTo) -> str:
    """The same in English, of a system or of classes."""
    if applies.system is not None and applies.system in systems():
        return systems()[applies.system].name.en
    return ", ".join(class_words().said(one, "en") for one in applies.classes)
