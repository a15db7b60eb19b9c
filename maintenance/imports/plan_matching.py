"""Which row of the plan table a line means. Pure.

By its code; without one by system, task and frequency (CONTRACTS). A line without a task is one of the user's own table
(requirements.md II.1) where the default profile has that line, or the contractor's layer of that interval
(requirements.md III.1): so the user's two tables find the rows that they have become.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from maintenance.frequencies import canonical
from maintenance.imports.cells import fold
from maintenance.imports.law_names import Line, is_as_often, named
from maintenance.imports.plan_columns import BY_KEY
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.plan_subject import EQUIPMENT
from maintenance.imports.plan_words import in_full, of_the_site
from maintenance.imports.vocabulary import Named, class_words
from maintenance.plan import Layer, PlanRow
from maintenance.recurrence import longest_between, longest_days
from maintenance.schedules import BY_INTERVAL, LEAD_DAYS, BeforeSchedule, Schedule, SeasonSchedule

_USER_SYSTEMS = {"ES-M": "elevator_escalator", "EL-Q": "elevator"}
_LAYERS: Mapping[str, Sequence[str]] = {
    "elevator": ("EL-HM", "EL-HY", "EL-Y"),
    "escalator": ("ES-HM", "ES-Q", "ES-HY", "ES-Y"),
}
"""The contractor's layers by system or class: a plain line of their interval means them."""

_CONTENT: Mapping[str, Sequence[str]] = {
    "EL-Q": ("制动", "安全装置"),
    "BA-M": ("传感器", "通信线路"),
    "HV-HY": ("滤网", "性能"),
    "FW-Y": ("清洁", "污渍"),
}
"""What the lines of the user's second table say, by the row that each has become (CY-12 to CY-15)."""

_OTHER_WORK = ("kind", "fulfils", "schedule")
"""The columns by which a line asks for other work than the law's row of that name."""


def find_row(wanted: Wanted, known: Sequence[PlanRow]) -> PlanRow | None:
    """The row that the line means; ``None``: a new one."""
    if wanted.code is not None:
        return next((row for row in known if row.code == wanted.code), None)
    same = [row for row in known if _same_subject(wanted, row) and _same_frequency(wanted, row)]
    if wanted.task:
        for task in dict.fromkeys((in_full(wanted), wanted.task)):
            made = of_the_site(wanted.site_word, task)
            meant = {task, made.zh, made.en}
            found = next((row for row in same if meant & {row.name.zh, row.name.en}), None)
            if found is not None:
                return found
        return _by_content(wanted.task, same)
    if wanted.content:
        found = next((row for row in same if row.standard.zh == wanted.content), None)
        if found is not None:
            return found
    return next((row for row in same if is_plain(row)), None) or _layer(wanted, same)


def named_by_law(wanted: Wanted, known: Sequence[PlanRow]) -> PlanRow | None:
    """The row of the law that the line's task names, however often the line says: it is that work, not a second row
    beside it (``law_names``)."""
    task = wanted.row.text("task") or wanted.task
    if wanted.code is not None or not task:
        return None
    law = [row for row in known if row.layer is Layer.LAW]
    if wanted.keys:
        law = [row for row in law if set(row.applies_to.assets) == set(wanted.keys)]
        return next((row for row in law if fold(task) in {fold(row.name.zh), fold(row.name.en)}), None)
    beside = [one for one in (wanted.row.text(EQUIPMENT), wanted.row.text("system")) if one]
    if wanted.of.device:
        beside = beside[:1]
    narrow = wanted.of.device if wanted.subject is not None else ""
    found = named(Line(task, beside, wanted.subject, wanted.site_word, wanted.frequency, narrow), law)
    wide = wanted.of.within
    if found is None and wide is not None:
        return named(Line(task, beside, wide, "", wanted.frequency, wanted.site_word), law)
    return found


def law_of_machines(wanted: Wanted, known: Sequence[PlanRow], classes: frozenset[str]) -> PlanRow | None:
    """The row of the law for all machines of their class that the task of a line for some machines names, however often
    the line says. ``classes``: those of its machines; of several none is meant."""
    task = wanted.work or wanted.row.text("task") or wanted.task
    if not task or len(classes) != 1:
        return None
    (made,) = classes
    law = [row for row in known if row.layer is Layer.LAW and not row.applies_to.assets]
    said = [one for one in (wanted.row.text(EQUIPMENT), wanted.row.text("system")) if one]
    words = [class_words().said(made, language) for language in ("zh", "en")]
    line = Line(task, [*said, *words], Named(None, made), frequency=wanted.frequency)
    return named(line, law) or named(replace(line, frequency=None), law)


def law_has_all(wanted: Wanted, row: PlanRow) -> bool:
    """Whether a row of the law has all the work that a line for some of its machines asks for: of no other kind, for no
    other row's place, by no other rule, and never oftener (of one by age or season: as people say it)."""
    found = wanted.frequency
    if found is None or any(
        BY_KEY[key].get(row) != wanted.values.get(key, BY_KEY[key].get(row)) for key in _OTHER_WORK
    ):
        return False
    if found.schedule != BY_INTERVAL:
        return schedule_in_words(found.schedule) == schedule_in_words(row.schedule)
    days, law = longest_days(found.interval), longest_between(row)
    return is_as_often(found.interval, row) if row.schedule != BY_INTERVAL and days <= law else 0 < law <= days


def not_taken_over(wanted: Wanted, row: PlanRow) -> list[str]:
    """The columns of a line, by key, that say otherwise than a row that has its work, but for what it is called."""
    found = [key for key, value in wanted.values.items() if key != "task_en" and BY_KEY[key].get(row) != value]
    if wanted.department not in (None, row.department):
        found.append("department")
    if wanted.standard and wanted.standard not in (row.standard.zh, row.standard.en):
        found.append("standard")
    often = wanted.frequency
    if often is not None and (often.months or longest_days(often.interval) > longest_between(row) > 0):
        found.append("frequency")
    return list(dict.fromkeys(found))


def has_first_day(wanted: Wanted) -> bool:
    """Whether a line says on which day, or in which months, its work begins."""
    return "anchor" in wanted.values or wanted.day > 0 or bool(wanted.frequency and wanted.frequency.months)


def is_plain(row: PlanRow) -> bool:
    """Whether the row stands for a line without a task: one of the user's own table."""
    return "user_row" in row.custom or bool(row.custom.get("no_task"))


def system_of(row: PlanRow) -> str | None:
    """The system whose line in a plan table this row is."""
    return row.applies_to.system or _USER_SYSTEMS.get(row.code)


def _same_subject(wanted: Wanted, row: PlanRow) -> bool:
    if wanted.keys:
        return set(row.applies_to.assets) == set(wanted.keys)
    if wanted.site_word:
        return row.applies_to.site and row.custom.get("subject") == fold(wanted.site_word)
    if wanted.subject is None:
        return False
    if wanted.subject.system is not None:
        return system_of(row) == wanted.subject.system or row.code in _LAYERS.get(wanted.subject.system, ())
    assert wanted.subject.equipment_class is not None
    return row.applies_to.classes == (wanted.subject.equipment_class,)


def _same_frequency(wanted: Wanted, row: PlanRow) -> bool:
    if wanted.frequency is None:
        return False
    if wanted.frequency.schedule != BY_INTERVAL or row.schedule != BY_INTERVAL:
        # Heating once a year is the overhaul before the season, whichever of the two a line says (III.5).
        plain = wanted.frequency.schedule == BY_INTERVAL
        if not plain and schedule_in_words(wanted.frequency.schedule) != schedule_in_words(row.schedule):
            return False
    return canonical(row.interval) == canonical(wanted.frequency.interval)


def schedule_in_words(schedule: Schedule) -> Schedule:
    """The schedule as the words of a frequency say it: not how many days before."""
    if isinstance(schedule, (SeasonSchedule, BeforeSchedule)):
        return replace(schedule, lead_days=LEAD_DAYS)
    return schedule


def _by_content(task: str, same: Sequence[PlanRow]) -> PlanRow | None:
    folded = fold(task)
    return next((row for row in same if row.code in _CONTENT and all(w in folded for w in _CONTENT[row.code])), None)


def _layer(wanted: Wanted, same: Sequence[PlanRow]) -> PlanRow | None:
    subject = wanted.subject
    if subject is None:
        return None
    layers = _LAYERS.get(subject.system or subject.equipment_class or "", ())
    return next((row for row in same if row.code in layers), None)
