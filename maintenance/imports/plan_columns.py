"""The columns of the plan table: the user's own six, and what an export adds so that every row comes back the same."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from maintenance.imports.cells import Cell, text_of
from maintenance.imports.columns import Column, Headings, columns_of
from maintenance.imports.fields import (
    NEEDED,
    Field,
    by_key,
    cells_of,
    date_field,
    join_codes,
    list_field,
    name_field,
    number_field,
    of_attribute,
    split_codes,
    text_field,
    whole_field,
    word_field,
)
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.plan_sites import SITE
from maintenance.imports.plan_states import STATE
from maintenance.imports.plan_ticks import TICKED
from maintenance.imports.problems import CellProblem, in_both
from maintenance.imports.reuse_words import read_reuse, write_reuse
from maintenance.imports.rule_words import frequency_text, read_rule, rule_text
from maintenance.imports.traditional import traditional
from maintenance.imports.values import read_json, read_text, read_yes_no, write_json, yes_no
from maintenance.imports.vocabulary import class_words, equipment_named, is_site_wide, seed_departments
from maintenance.imports.words import EVIDENCE, EXECUTORS, KINDS, LAYERS, MISSED, ROLLS, STATUSES_OF_FIGURES
from maintenance.plan import PlanRow
from maintenance.schedules import (
    BY_INTERVAL,
    Schedule,
    fulfilled_by_from,
    fulfilled_by_json,
    schedule_from,
    schedule_json,
)
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData


def _system_names(language: str) -> list[str]:
    return [_system_name(one.name, language) for one in systems().values()]


def _system_name(name: LocalName, language: str) -> str:
    if language == "en":
        return name.en
    return traditional(name.zh) if language == "zh-hant" else name.zh


COLUMNS = columns_of("plan_table")
MOST_COST = 1e9
NO_BASIS = "用户计划表 / user's plan table"
"""The basis of a row whose table names none."""

USER_COLUMNS = ("code", "system", "task", "standard", "frequency", "department")
"""Those of the user's own table (requirements.md SD-04, CY-01 to CY-09)."""


def read_classes(cell: Cell) -> tuple[str, ...]:
    """The equipment classes that a cell names. Raises ``CellProblem``."""
    return tuple(dict.fromkeys(class_words().read(one) for one in each_class(text_of(cell))))


def each_class(text: str) -> list[str]:
    """The words for classes in a cell, of which one may have a comma in it."""
    found: list[str] = []
    for part in re.split("[;；\n]", text):
        found += [part] if class_words().find(part) is not None else re.split("[、,，]", part)
    return [one for one in found if one.strip()]


def write_classes(value: Any, language: str) -> Cell:
    """The classes in words."""
    return "；".join(class_words().said(one, language) for one in value) or None


def read_evidence(cell: Cell) -> tuple[str, ...]:
    """What a row asks to be there: the words of ``EVIDENCE`` by key, others as they are. Raises ``CellProblem``."""
    found = split_codes(read_text(cell, 2_400))
    return tuple(dict.fromkeys(EVIDENCE.find(one) or one for one in found))


def _of_subject(name: str) -> tuple[Any, Any]:
    def get(row: PlanRow) -> Any:
        return getattr(row.applies_to, name)

    def put(row: PlanRow, value: Any) -> PlanRow:
        return replace(row, applies_to=replace(row.applies_to, **{name: value}))

    return get, put


def _read_json(cell: Cell, make: Any) -> Any:
    try:
        return make(read_json(text_of(cell)))
    except BadData as error:
        raise CellProblem("unknown_choice", in_both(str(error))) from error
    except ValueError as error:
        raise CellProblem("unknown_choice", LocalName("应为 JSON 对象", "should be a JSON object")) from error


def read_schedule(cell: Cell) -> Schedule:
    """A schedule in the words of an export, in those of a frequency that is no plain interval, or as its object.
    Raises ``CellProblem``."""
    text = text_of(cell)
    if text.startswith("{"):
        found: Schedule = _read_json(cell, schedule_from)
        return found
    rule = read_rule(text)
    if rule is not None:
        return rule
    try:
        said = read_frequency(text).schedule
    except CellProblem:
        said = BY_INTERVAL
    if said == BY_INTERVAL:
        raise CellProblem("unknown_choice", _RULES)
    return said


def write_schedule(value: Any, language: str) -> Cell:
    """The schedule in words; as its object where words do not say all of it."""
    if value == BY_INTERVAL:
        return None
    return rule_text(value, language) or write_json(schedule_json(value))


_RULES = LocalName(
    "应为“供暖季前，提前14天”、“安装后第1、4、7年，之后每年一次”、“每运行1500小时”、“在EL-INSP之前，提前30天”之类，"
    "或 JSON 对象",
    "should be such as: before the heating season, 14 days ahead; in years 1, 4, 7 after its installation, then "
    "yearly; every 1500 running hours; before EL-INSP, 30 days ahead; or a JSON object",
)


def _subject_field(key: str, name: str, read: Any, write: Any, empty: Any) -> Field[PlanRow]:
    return Field(COLUMNS[key], *_of_subject(name), read, write, empty)


def _json_field(name: str, make: Any, show: Any, empty: Any) -> Field[PlanRow]:
    def write(value: Any, _language: str) -> Cell:
        return None if value == empty else write_json(show(value))

    return of_attribute(COLUMNS[name], name, lambda cell: _read_json(cell, make), write, empty)


def _write_site_wide(value: bool, language: str) -> Cell:
    return yes_no(value, language) if value else None


FIELDS: tuple[Field[PlanRow], ...] = (
    name_field(COLUMNS["task_en"], "name", "en"),
    name_field(COLUMNS["standard_en"], "standard", "en", 2000),
    _subject_field("classes", "classes", read_classes, write_classes, ()),
    _subject_field("site_wide", "site", read_yes_no, _write_site_wide, False),
    word_field(COLUMNS["kind"], "kind", KINDS),
    word_field(COLUMNS["layer"], "layer", LAYERS),
    text_field(COLUMNS["basis"], "basis", 1000),
    word_field(COLUMNS["status"], "status", STATUSES_OF_FIGURES),
    word_field(COLUMNS["executor"], "executor", EXECUTORS),
    list_field(COLUMNS["licence"], "licence", 20),
    text_field(COLUMNS["checklist"], "checklist", 100, None),
    of_attribute(COLUMNS["evidence"], "evidence", read_evidence, lambda value, _: join_codes(value) or None, ()),
    whole_field(COLUMNS["early_days"], "early_days", 0, 3660),
    whole_field(COLUMNS["late_days"], "late_days", 0, 3660),
    whole_field(COLUMNS["max_gap_days"], "max_gap_days", 1, 36_600, None),
    list_field(COLUMNS["contains"], "contains"),
    list_field(COLUMNS["fulfils"], "fulfils"),
    date_field(COLUMNS["anchor"], "anchor"),
    date_field(COLUMNS["effective_from"], "effective_from", NEEDED),
    whole_field(COLUMNS["shift_percent"], "shift_percent", 0, 100),
    word_field(COLUMNS["roll"], "roll", ROLLS),
    word_field(COLUMNS["missed"], "missed", MISSED),
    whole_field(COLUMNS["estimated_minutes"], "estimated_minutes", 0, 100_000),
    text_field(COLUMNS["budget_line"], "budget_line", 100, None),
    number_field(COLUMNS["job_cost"], "job_cost", 0, MOST_COST),
    number_field(COLUMNS["material_cost"], "material_cost", 0, MOST_COST),
    of_attribute(COLUMNS["schedule"], "schedule", read_schedule, write_schedule, BY_INTERVAL),
    of_attribute(COLUMNS["before_reuse"], "before_reuse", read_reuse, write_reuse, None),
    _json_field("fulfilled_by", fulfilled_by_from, fulfilled_by_json, None),
)
"""What a plan row has beside the user's columns and the assets that it names."""

BY_KEY = by_key(FIELDS)
DAYS = ("anchor", "effective_from")
"""The columns of days."""

_OFFERED = {
    "system": _system_names,
    "department": lambda language: seed_departments().choices(language),
}
_FIELD_COLUMNS = {one.key: one.column for one in FIELDS}
COLUMN_ORDER: tuple[Column, ...] = tuple(
    replace(_FIELD_COLUMNS.get(key, column), choices=_OFFERED.get(key, _FIELD_COLUMNS.get(key, column).choices))
    for key, column in COLUMNS.items()
)
_UNIT = Column(
    "frequency_unit", "周期单位", "週期單位", "Frequency unit",
    (
        "频率单位", "频次单位", "间隔单位", "时间单位", "frequency units", "freq unit", "freq units", "frequnit",
        "frequency uom", "interval unit", "interval units",
    ),
)  # fmt: skip
"""The unit of a plain number, where it has a column of its own; an export has none."""

_TIMES = Column("frequency_times", "次数", "次數", "Times", ("每期次数", "no. of times", "number of times"))
"""How often within what the frequency says (年 with 2), where it has a column of its own."""

_EQUIPMENT = Column(
    "system_equipment", "系统中的设备", "系統中的設備", "Equipment of the system", ditto=True,
)  # fmt: skip
"""The equipment in the system, where a table has a column for each; an export has the classes instead."""


def _names_something(title: str) -> bool:
    """Whether a title names equipment, or a thing of the site."""
    try:
        equipment_named(title)
    except CellProblem:
        return is_site_wide(title)
    return True


HEADINGS = Headings((*COLUMN_ORDER, _UNIT, _TIMES, _EQUIPMENT, SITE, STATE, *TICKED), is_title=_names_something)


def plan_cells(row: PlanRow, asset_codes: Mapping[str, str], language: str) -> list[Cell]:
    """The row that an export writes, in ``COLUMN_ORDER``. ``asset_codes``: codes by key."""
    system = systems().get(row.applies_to.system or "")
    named = "" if system is None else _system_name(system.name, language)
    department = row.department.en if language == "en" and row.department.en else row.department.zh
    return [
        row.code,
        named or row.applies_to.system,
        row.name.zh or None,
        row.standard.zh or None,
        frequency_text(row.interval, row.schedule, language) or None,
        department or None,
        join_codes([asset_codes.get(key, key) for key in row.applies_to.assets]) or None,
        *cells_of(row, FIELDS, language),
    ]
