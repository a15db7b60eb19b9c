"""The plan rows of the seed (``plan_rows.csv``), checked as a whole: the rows as the national tables have them, before
a profile and a jurisdiction are laid over them (``maintenance.seed.compose``)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from maintenance.plan import (
    EVIDENCE,
    NO_INTERVAL,
    AppliesTo,
    BeforeReuse,
    Interval,
    IntervalUnit,
    Layer,
    Missed,
    PlanRow,
)
from maintenance.recurrence import default_early_days, longest_days
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    FulfilledBy,
    MeterSchedule,
    Schedule,
    implied_interval,
)
from maintenance.seed.budgets import budget_lines
from maintenance.seed.departments import departments
from maintenance.seed.lists import seed_checklists
from maintenance.seed.notation import fulfilled_by_of, schedule_of
from maintenance.seed.options import options
from maintenance.seed.strict import FOLDER, Entry, once, tables
from maintenance.work_orders import Kind
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName, PointKind
from plantroom.errors import BadData

FILE, REUSE = "plan_rows.csv", "reuse.toml"
EFFECTIVE = date(2025, 1, 1)
"""From when the seed's rows hold: where dates count from on assets without an in-service date."""

SETS = ("default", "more", "proposal")
LAWS = ("cn", "nfpa")
EXECUTORS = ("in_house", "contractor", "authority", "automatic")
PROFILES = ("residential", "commercial")
NO_SYSTEM = ("drill", "quality", "other")
_WHOLE = ("every", "early", "late", "gap", "minutes")
_LISTS = ("contains", "evidence")


@dataclass(frozen=True, slots=True)
class SeedRow:
    """A plan row of the seed and when it is used.

    ``set``: default (in every new ledger), more (with ``plantroom seed``) or proposal (for equipment without a plan).
    ``only``: of that profile only; ``law``: whose law it is (empty: nobody's); ``option``: what the site must have;
    ``anchor_rule``: a day that the jurisdiction's seasons give (``heating.to+14``); ``section``: where plan_tables.md,
    or with a letter requirements.md, asks for it. ``system`` is what it is listed under.
    """

    row: PlanRow
    set: str
    system: str
    only: str
    law: str
    option: str
    section: str
    anchor_rule: str
    note: LocalName


@cache
def seed_rows() -> tuple[SeedRow, ...]:
    """All rows, in the order of the file. Raises ``BadData`` naming the row that is wrong and why."""
    lines = [line for line in (FOLDER / FILE).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    rows = tuple(row_of(_entry(raw)) for raw in csv.DictReader(lines))
    once(FILE, "row", (one.row.code for one in rows))
    by_code = {one.row.code: one.row for one in rows}
    again = before_reuse()
    unknown = next((code for code in again if code not in by_code), None)
    if unknown is not None:
        raise BadData(f"{REUSE}: there is no row {unknown!r}")
    rows = tuple(replace(one, row=replace(one.row, before_reuse=again.get(one.row.code))) for one in rows)
    for one in rows:
        _check_codes(one.row, by_code)
    return rows


@cache
def before_reuse() -> Mapping[str, BeforeReuse]:
    """What is to be done before a machine is used again that was out of use for long, by the row's code."""
    entries = [(entry.text("code"), entry) for entry in tables(REUSE, ["reuse"]).entries("reuse", "code")]
    once(REUSE, "row", (code for code, _ in entries))
    return {code: _reuse(entry) for code, entry in entries}


def _reuse(entry: Entry) -> BeforeReuse:
    made = BeforeReuse(entry.whole("after_days", 1), entry.basis(), entry.status().value)
    entry.finish()
    return made


def row_of(entry: Entry) -> SeedRow:
    """One line of the file."""
    code = entry.text("code")
    schedule = schedule_of(entry)
    interval = interval_of(entry, schedule)
    applies = _applies(entry)
    late = entry.whole("late")
    checklist = entry.text("checklist", "") or None
    for one in (checklist or "").split("+") if checklist else ():
        if one not in seed_checklists():
            entry.refuse(f"there is no checklist {one!r}")
    anchor, rule = _anchor(entry)
    note = entry.name_if_given("note_")
    early = entry.whole_if_given("early")
    row = PlanRow(
        lineage=f"default:{code}",
        code=code,
        name=entry.name(),
        kind=entry.one_of("kind", [kind.value for kind in Kind if kind is not Kind.CORRECTIVE]),
        applies_to=applies,
        interval=interval,
        anchor=anchor,
        early_days=default_early_days(interval, late) if early is None else early,
        late_days=late,
        max_gap_days=entry.whole_if_given("gap", 1),
        contains=entry.words("contains"),
        missed=Missed(entry.one_of("missed", [one.value for one in Missed])),
        layer=Layer(entry.one_of("layer", [one.value for one in Layer])),
        basis=entry.basis(),
        status=entry.status().value,
        executor=entry.one_of("executor", EXECUTORS),
        department=departments()[entry.one_of("department", departments())].name,
        checklist=checklist,
        evidence=entry.words("evidence", EVIDENCE),
        estimated_minutes=entry.whole("minutes", 1),
        effective_from=EFFECTIVE,
        custom=_custom(entry, note),
        schedule=schedule,
        fulfilled_by=fulfilled_by_of(entry),
        budget_line=entry.one_of("budget", budget_lines()),
    )
    system = entry.one_of("system", [*systems(), *NO_SYSTEM])
    made = SeedRow(
        row=row,
        set=entry.one_of("set", SETS),
        system=system,
        only=entry.one_of("only", ("", *PROFILES), ""),
        law=entry.one_of("law", ("", *LAWS), ""),
        option=entry.one_of("option", ("", *options()), ""),
        section=entry.text("from"),
        anchor_rule=rule,
        note=note,
    )
    if (row.layer is Layer.LAW) != bool(made.law):
        entry.refuse("law says whose law a row of the layer law is: with it and only with it")
    _check_points(entry, row)
    entry.finish()
    return made


def interval_of(entry: Entry, schedule: Schedule) -> Interval:
    """``every`` and ``unit``, else what the schedule implies."""
    every = entry.whole_if_given("every", 1)
    if every is None:
        found = implied_interval(schedule)
        if found is NO_INTERVAL and not isinstance(schedule, BeforeSchedule | MeterSchedule):
            entry.refuse("every and unit are missing")
        return found
    if isinstance(schedule, AgeSchedule):
        entry.refuse("a row by age has no interval of its own: then says what follows the last year")
    return Interval(every, IntervalUnit(entry.one_of("unit", [unit.value for unit in IntervalUnit])))


def classes_of(row: PlanRow) -> tuple[str, ...]:
    """The equipment classes that a row applies to; none for a row of the site."""
    if row.applies_to.system is not None:
        return systems()[row.applies_to.system].classes
    return row.applies_to.classes


def _entry(raw: Mapping[str, str | None]) -> Entry:
    """A line's cells as the fields of an entry: blank ones left out, numbers and lists read."""
    where = f"{FILE}: {raw.get('code')}"
    if None in raw or None in raw.values():
        raise BadData(f"{where}: the line has too many or too few cells")
    cells: dict[str, object] = {name: text for name, text in raw.items() if text}
    for name in _WHOLE:
        text = cells.get(name)
        if isinstance(text, str):
            if not text.isdecimal():
                raise BadData(f"{where}: {name} {text!r} is no whole number")
            cells[name] = int(text)
    for name in _LISTS:
        if name in cells:
            cells[name] = str(cells[name]).split()
    return Entry(cells, where)


def _applies(entry: Entry) -> AppliesTo:
    text = entry.text("applies")
    kind, _, value = text.partition(":")
    if text == "site":
        return AppliesTo(site=True)
    if kind == "system" and value in systems():
        return AppliesTo(system=value)
    named = tuple(value.split("/"))
    if kind == "class" and all(one in equipment_classes() for one in named):
        return AppliesTo(classes=named)
    return entry.refuse(f"applies {text!r}: use site, system:KEY or class:KEY/KEY with keys that there are")


def _anchor(entry: Entry) -> tuple[date | None, str]:
    text = entry.text("anchor", "")
    if not text:
        return None, ""
    if "." in text:
        return None, text
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return entry.refuse(f"anchor {text!r}: use a day such as 2025-03-31, or SEASON.to+DAYS")


def _custom(entry: Entry, note: LocalName) -> dict[str, object]:
    custom: dict[str, object] = {"profile": "default"}
    user = entry.text("user", "")
    if user:
        custom["user_row"] = user
    if entry.one_of("isolates", ("", "yes"), ""):
        custom["isolates"] = True
    if note.zh:
        custom["note"] = {"zh": note.zh, "en": note.en}
    return custom


def _check_points(entry: Entry, row: PlanRow) -> None:
    """Points of readings and items are points of a class that the row is for."""
    named = {point.key: point.kind for key in classes_of(row) for point in equipment_classes()[key].points}
    wanted: list[tuple[str, FulfilledBy | MeterSchedule]] = []
    if row.fulfilled_by is not None:
        wanted.append((row.fulfilled_by.point, row.fulfilled_by))
    if isinstance(row.schedule, MeterSchedule):
        wanted.append((row.schedule.point, row.schedule))
    for point, use in wanted:
        starts = isinstance(use, FulfilledBy) and use.when == "starts"
        if named.get(point) is not (PointKind.STATE if starts else PointKind.COUNTER):
            entry.refuse(f"{point!r} is no {'state' if starts else 'counter'} of the row's classes")
    for code in (row.checklist or "").split("+") if row.checklist else ():
        for item in seed_checklists()[code].items:
            for key in (item.point, item.signal):
                if key is not None and key not in named:
                    entry.refuse(f"checklist {code}, {item.step}: no class of the row has a point {key!r}")


def _check_codes(row: PlanRow, by_code: Mapping[str, PlanRow]) -> None:
    named = [*row.contains, *row.fulfils]
    if isinstance(row.schedule, BeforeSchedule):
        named.append(row.schedule.code)
    for code in named:
        if code not in by_code or code == row.code:
            raise BadData(f"{FILE}: {row.code}: there is no other row {code!r}")
    for code in row.contains:
        if longest_days(by_code[code].interval) >= longest_days(row.interval):
            raise BadData(f"{FILE}: {row.code} cannot contain {code}, which comes as seldom")
