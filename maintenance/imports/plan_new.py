"""A new row of the plan table as a line makes it. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from maintenance.frequencies import canonical
from maintenance.imports.cells import fold
from maintenance.imports.fields import changed
from maintenance.imports.plan_assets import GENERIC, Machines, subject_of
from maintenance.imports.plan_columns import BY_KEY, NO_BASIS
from maintenance.imports.plan_matching import system_of
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.plan_words import classes_of, new_name
from maintenance.imports.vocabulary import kind_named
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import Layer, Missed, PlanRow
from maintenance.recurrence import default_early_days, default_missed, longest_days
from maintenance.schedules import BY_INTERVAL, Schedule, implied_interval
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key

_LATE = ((1, 0), (7, 1), (31, 3), (92, 7), (184, 10))


def new_row(
    wanted: Wanted, site: str | None, codes: Collection[str], machines: Machines, known: Sequence[PlanRow]
) -> PlanRow:
    """The row of a line that finds none. ``codes``: those that are taken; ``known``: the rows that there are, among
    which a department is looked for where the line has none."""
    interval = _interval(wanted)
    late = late_days(interval)
    schedule = wanted.frequency.schedule if wanted.frequency is not None else BY_INTERVAL
    custom: dict[str, object] = {} if wanted.task else {"no_task": True}
    if wanted.site_word:
        custom["subject"] = fold(wanted.site_word)
    standard = wanted.standard or wanted.content
    row = PlanRow(
        lineage=new_key(),
        code=wanted.code or _free_code(wanted, interval, schedule, codes),
        name=new_name(wanted, interval, schedule),
        kind=kind_named(wanted.site_word),
        applies_to=subject_of(wanted),
        interval=interval,
        site=site,
        early_days=default_early_days(interval, late) if interval.every else 0,
        late_days=late,
        basis=NO_BASIS,
        department=wanted.department or LocalName("", ""),
        standard=LocalName(standard, standard),
        missed=default_missed(interval) if interval.every else Missed.HOLD,
        custom=custom,
        schedule=schedule,
    )
    row, _ = changed(row, BY_KEY, wanted.values)
    row = replace(row, applies_to=machines.narrowest(row.applies_to))
    return row if wanted.department is not None else _assumed(row, wanted, known, machines)


def _interval(wanted: Wanted) -> Interval:
    if wanted.frequency is not None:
        return wanted.frequency.interval
    return implied_interval(wanted.values.get("schedule", BY_INTERVAL))


def _free_code(wanted: Wanted, interval: Interval, schedule: Schedule, codes: Collection[str]) -> str:
    every, unit = canonical(interval)
    of = wanted.subject.system or wanted.subject.equipment_class if wanted.subject is not None else None
    how = f"{every}{unit}" if schedule == BY_INTERVAL else schedule.type
    whole_site = f"site-{fold(wanted.site_word)}" if wanted.site_word else next(iter(wanted.assets or ()), "site")
    base = f"{of or whole_site}-{how}".upper().replace("_", "-")
    code, number = base, 1
    while code in codes:
        number += 1
        code = f"{base}-{number}"
    return code


def with_tolerance(row: PlanRow) -> PlanRow:
    """The row with the tolerance of its interval; what the law asks for does not become laxer."""
    late = late_days(row.interval)
    if row.layer is Layer.LAW:
        late = min(late, row.late_days)
    early = default_early_days(row.interval, late) if row.interval.every else 0
    return replace(row, early_days=early, late_days=late)


def late_days(interval: Interval) -> int:
    """Days late that a plain row of this interval may be: none for a day, 1 for a week, 3 a month, 7 a quarter, 10
    half a year, 30 longer."""
    if interval.unit is IntervalUnit.HOUR or interval.every == 0:
        return 0
    days = longest_days(interval)
    return next((late for most, late in _LATE if days <= most), 30)


def _assumed(row: PlanRow, wanted: Wanted, known: Sequence[PlanRow], machines: Machines) -> PlanRow:
    """The row with the department of the same system's other rows, else the one that owns such equipment: an
    assumption that is marked (requirements.md III.7)."""
    classes = {*classes_of(row), *machines.classes(row.applies_to)} - {GENERIC}
    named = wanted.subject.system if wanted.subject is not None else None
    same_system = [one for one in known if one.department.zh and named is not None and system_of(one) == named]
    others = [one for one in known if one.department.zh and classes & set(classes_of(one))]
    found = next(iter([*same_system, *others]), None)
    if found is None:
        return row
    return replace(row, department=found.department, custom={**row.custom, "department_assumed": True})
