"""What a table of emergency plans would change: the plans, and the drill rows of the plan table with them. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from maintenance.emergency.plans import (
    FLOOR,
    MAX_ITEM,
    MAX_ITEMS,
    Category,
    EmergencyPlan,
    asks_the_same,
    drill_interval,
    moved_to,
    new_drill_row,
)
from maintenance.frequencies import canonical
from maintenance.imports.cells import Cell, fold, text_of
from maintenance.imports.columns import Headings, columns_of
from maintenance.imports.fields import (
    Field,
    as_text,
    by_key,
    cells_of,
    changed,
    name_field,
    of_attribute,
    told,
    values_of,
    word_field,
    yes_no_field,
)
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan import RECORD as PLAN_ROW
from maintenance.imports.plan_checks import leave_waiting
from maintenance.imports.plan_columns import read_classes, write_classes
from maintenance.imports.plan_told import from_nothing
from maintenance.imports.problems import CellProblem, Problems, in_words, not_yours
from maintenance.imports.rule_words import frequency_text
from maintenance.imports.tables import Row
from maintenance.imports.values import normal_code, read_code, read_text
from maintenance.imports.vocabulary import Departments, seed_departments
from maintenance.imports.words import CATEGORIES
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import PlanRow
from maintenance.plan_changes.waiting import Waiting
from maintenance.reasons import frequency
from maintenance.recurrence import longest_days
from maintenance.schedules import BY_INTERVAL
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key

RECORD = "emergency_plan"
COLUMNS = columns_of("emergency_plans")

_DRILLS: Mapping[Category, str] = {
    Category.NATURAL_DISASTER: "DR-NAT",
    Category.EQUIPMENT_FAILURE: "DR-EQ",
    Category.PUBLIC_SAFETY: "DR-PUB",
}
"""The drills of the default profile that the user's three lines have become (EM-08 to EM-10)."""

_KINDS = ("自然灾害", "设备故障", "公共安全", "naturaldisaster", "equipmentfailure", "publicsafety")
_CODES = {
    Category.NATURAL_DISASTER: "EP-NAT",
    Category.EQUIPMENT_FAILURE: "EP-EQ",
    Category.PUBLIC_SAFETY: "EP-PUB",
    Category.OTHER: "EP",
}
_PARTS = re.compile("[、；;]")


def read_items(cell: Cell) -> tuple[str, ...]:
    """The items of a list: a line each; without a line end ``、`` and ``；`` are between them, a final 等 says nothing.
    The cell is taken as it is, so that one item with a ``、`` in it can be written with a line end behind it."""
    text = cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else text_of(cell)
    parts = text.split("\n") if "\n" in text else _PARTS.split(text)
    items = [" ".join(part.split()) for part in parts if part.strip()]
    if items and "\n" not in text and len(items[-1]) > 1:
        items[-1] = items[-1].removesuffix("等")
    if len(items) > MAX_ITEMS or any(len(one) > MAX_ITEM for one in items):
        raise CellProblem("too_long")
    return tuple(items)


def write_items(items: Sequence[str], _language: str = "zh") -> Cell:
    """The items as ``read_items`` reads them."""
    if not items:
        return None
    joined = "、".join(items)
    return joined if read_items(joined) == tuple(items) else "\n".join(items) + ("\n" if len(items) == 1 else "")


def _items_field(name: str) -> Field[Any]:
    return of_attribute(COLUMNS[name], name, read_items, write_items, ())


FIELDS: tuple[Field[EmergencyPlan], ...] = (
    word_field(COLUMNS["category"], "category", CATEGORIES),
    name_field(COLUMNS["name"], "name", "zh"),
    name_field(COLUMNS["name_en"], "name", "en"),
    _items_field("measures"),
    _items_field("supplies"),
    _items_field("people"),
    of_attribute(COLUMNS["classes"], "classes", read_classes, write_classes, ()),
    yes_no_field(COLUMNS["active"], "active"),
)
"""What a plan has beside its code, drill and department."""

_BY_KEY = by_key(FIELDS)


def _offered(key: str) -> Any:
    column = _BY_KEY[key].column if key in _BY_KEY else COLUMNS[key]
    if key == "department":
        return replace(column, choices=lambda language: seed_departments().choices(language))
    return column


COLUMN_ORDER = tuple(_offered(key) for key in COLUMNS)
HEADINGS = Headings(COLUMN_ORDER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line, understood."""

    row: Row
    code: str | None
    values: Mapping[str, Any]
    drill: Interval | None
    department: LocalName | None


class EmergencyImport:
    """One comparison of a table with the plans and drills that there are."""

    def __init__(
        self,
        plans: Sequence[EmergencyPlan],
        rows: Sequence[PlanRow],
        asked: Asked,
        departments: Departments,
        problems: Problems,
        waiting: Waiting | None = None,
    ) -> None:
        self._waiting = waiting or Waiting()
        self._plans = [plan for plan in plans if plan.site == asked.site]
        self._rows = list(rows)
        self._asked = asked
        self._departments = departments
        self._seen: dict[str, Row] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every row."""
        for row in rows:
            wanted = self._understood(row)
            if wanted is not None:
                self._line(wanted)
        return self.outcome

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = len(problems.errors)
        if "name" not in row.cells and "name" not in row.refused:
            problems.error(row.problem("name", "missing_value"))
        values = values_of(row, _BY_KEY, problems)
        code, drill, department = self._code(row), self._drill(row), self._department(row)
        if len(problems.errors) > before or row.refused:
            return None
        return Wanted(row, code, values, drill, department)

    def _code(self, row: Row) -> str | None:
        cell = row.cells.get("code")
        if cell is None:
            return None
        if isinstance(cell, str) and any(plan.code == cell for plan in self._plans):
            return cell
        try:
            code = read_text(read_code(cell), 100)
        except CellProblem as problem:
            self.outcome.problems.error(row.problem("code", problem.code, in_words(problem.code, problem.said)))
            return None
        normal = normal_code(code)
        if normal != code and not any(plan.code == code for plan in self._plans):
            said = LocalName(f"编号中的全角或不可见字符已换成普通字符：{normal}", f"the code was read as {normal}")
            self.outcome.problems.warn(row.problem("code", "code_normalised", in_words("code_normalised", said)))
            return normal
        return code

    def _drill(self, row: Row) -> Interval | None:
        cell = row.cells.get("frequency")
        if cell is None or "frequency" in row.refused:
            return None
        try:
            found = read_frequency(text_of(cell))
        except CellProblem as problem:
            self.outcome.problems.error(row.problem("frequency", problem.code, in_words(problem.code, problem.said)))
            return None
        if found.schedule != BY_INTERVAL or found.interval.unit is IntervalUnit.HOUR:
            self.outcome.problems.error(row.problem("frequency", "unknown_frequency"))
            return None
        return found.interval

    def _department(self, row: Row) -> LocalName | None:
        text = row.text("department")
        if not text:
            return None
        try:
            return self._departments.read(text)
        except CellProblem as problem:
            self.outcome.problems.error(row.problem("department", problem.code, in_words(problem.code, problem.said)))
            return None

    def _line(self, wanted: Wanted) -> None:
        match = self._find(wanted)
        plan = self._made(wanted) if match is None else match
        plan, changes = changed(plan, _BY_KEY, wanted.values)
        plan, more = self._with_drill(wanted, plan)
        changes |= more
        if plan.code in self._seen:
            first = self._seen[plan.code].number
            said = LocalName(f"与第{first}行相同", f"the same plan as line {first}")
            problem = wanted.row.problem("name", "duplicate_row", in_words("duplicate_row", said))
            self.outcome.problems.error(problem)
            return
        self._seen[plan.code] = wanted.row
        for of in (plan, match):
            if of is not None and not self._asked.rights.may_change(self._asked.site, of.department.zh or None):
                self.outcome.problems.error(wanted.row.problem("department", "not_yours", not_yours(of.department)))
                return
        plan, drilled = self._drilled(wanted, plan, match)
        changes |= drilled
        action = "created" if match is None else ("updated" if changes else "unchanged")
        if plan != match:
            self._change(RECORD, plan.key, plan.code, match, plan, wanted.row)
            self._plans = [one for one in self._plans if one.key != plan.key] + [plan]
        self.outcome.note(wanted.row, action, plan.code, _told_new(plan) if match is None else changes)

    def _change(self, record: str, key: str, code: str, before: object, after: object, row: Row) -> None:
        change = Change(record, key, code, self._asked.site, before, after, row.sheet, row.number)
        self.outcome.changes.append(change)

    def _find(self, wanted: Wanted) -> EmergencyPlan | None:
        if wanted.code is not None:
            return next((plan for plan in self._plans if plan.code == wanted.code), None)
        name = fold(str(wanted.values["name"]))
        return next((p for p in self._plans if name in (fold(p.name.zh), fold(p.name.en))), None)

    def _made(self, wanted: Wanted) -> EmergencyPlan:
        name = str(wanted.values["name"])
        category = wanted.values.get("category") or _category_of(name)
        codes, base = {plan.code for plan in self._plans}, _CODES[category]
        code, number = (base if category is not Category.OTHER else f"{base}-1"), 1
        while code in codes:
            number += 1
            code = f"{base}-{number}"
        given = wanted.values.get("name_en", name)
        return EmergencyPlan(
            new_key(), wanted.code or code, category, LocalName(name, given), self._asked.site, drill=FLOOR
        )

    def _with_drill(self, wanted: Wanted, plan: EmergencyPlan) -> tuple[EmergencyPlan, dict[str, list[object]]]:
        changes: dict[str, list[object]] = {}
        if wanted.drill is None and plan.version == 1 and not any(one.key == plan.key for one in self._plans):
            self.outcome.problems.warn(wanted.row.problem("frequency", "drill_floor"))
        if wanted.drill is not None:
            if longest_days(wanted.drill) > longest_days(FLOOR):
                self.outcome.problems.warn(wanted.row.problem("frequency", "drill_floor"))
            if plan.drill is None or canonical(plan.drill) != canonical(wanted.drill):
                changes["frequency"] = [_said(plan.drill), _said(wanted.drill)]
                plan = replace(plan, drill=wanted.drill)
        if wanted.department is not None and wanted.department != plan.department:
            changes["department"] = [plan.department.zh, wanted.department.zh]
            plan = replace(plan, department=wanted.department)
        return plan, changes

    def _drilled(
        self, wanted: Wanted, plan: EmergencyPlan, match: EmergencyPlan | None
    ) -> tuple[EmergencyPlan, dict[str, list[object]]]:
        """The plan with its drill row, which is made or brought to the plan's interval."""
        interval = drill_interval(plan)
        if interval is None:
            return plan, {}
        row = self._drill_row(wanted, plan)
        if row is None:
            codes = {one.code for one in self._rows}
            base = f"DR-{plan.code.removeprefix('EP-')}"
            code = (
                base
                if base not in codes
                else next(f"{base}-{n}" for n in range(2, 10_000) if f"{base}-{n}" not in codes)
            )
            row = new_drill_row(plan, new_key(), code)
            self._change(PLAN_ROW, row.lineage, row.code, None, row, wanted.row)
            self._rows.append(row)
        elif canonical(row.interval) != canonical(interval) and not (
            plan.drill_row == row.code and asks_the_same(match, plan)
        ):
            self._move(wanted, row, interval)
        if plan.drill_row == row.code:
            return plan, {}
        moved_to: list[object] = [plan.drill_row, row.code]
        return replace(plan, drill_row=row.code), {} if match is None else {"drill_row": moved_to}

    def _move(self, wanted: Wanted, row: PlanRow, interval: Interval) -> None:
        """Give a drill row another interval: of every site's row the site gets one of its own in its place."""
        site, problems = self._asked.site, self.outcome.problems
        shared = row.site != site
        leave_waiting(self._waiting, wanted.row, "frequency", row, problems, site if shared else None)
        moved = moved_to(row, interval)
        if shared:
            self.outcome.based_on[row.lineage] = row
            moved = replace(moved, lineage=new_key(), site=site, version=1)
        self._change(PLAN_ROW, moved.lineage, moved.code, None if shared else row, moved, wanted.row)
        self._rows = [moved if one.lineage == row.lineage else one for one in self._rows]

    def _drill_row(self, wanted: Wanted, plan: EmergencyPlan) -> PlanRow | None:
        """The drill of the plan: the one that it names, that names it, or of the user's own line of that kind; of one
        code the site's own row before every site's."""
        drills = sorted((row for row in self._rows if row.kind == "drill"), key=lambda row: row.site is None)
        named = next((row for row in drills if row.code == plan.drill_row), None)
        mine = (row for row in drills if row.site == plan.site)
        named = named or next((row for row in mine if row.custom.get("emergency_plan") == plan.code), None)
        if named is not None:
            return named
        claimed = {one.drill_row for one in self._plans if one.key != plan.key}
        code = _DRILLS.get(plan.category) if _is_of_its_kind(wanted, plan) else None
        return next((row for row in drills if row.code == code and code not in claimed), None)


def _is_of_its_kind(wanted: Wanted, plan: EmergencyPlan) -> bool:
    """Whether a plan is the one of its kind, and not of one emergency of it (停水应急预案): the line names the kind."""
    return "category" in wanted.values or any(one in fold(plan.name.zh) for one in _KINDS)


def _category_of(name: str) -> Category:
    folded = fold(name)
    for words, category in (
        (("自然灾害", "台风", "暴雨", "防汛", "地震", "雪", "natural"), Category.NATURAL_DISASTER),
        (("设备", "电梯", "停电", "停水", "跑水", "漏水", "equipment"), Category.EQUIPMENT_FAILURE),
        (("公共安全", "治安", "安全事件", "火灾", "public", "security"), Category.PUBLIC_SAFETY),
    ):
        if any(word in folded for word in words):
            return category
    return Category.OTHER


def _told_new(plan: EmergencyPlan) -> dict[str, list[object]]:
    """What a plan that is made has, as differences from nothing."""
    own = {one.key: told(one, one.get(plan)) for one in FIELDS if one.key != "active" or not plan.active}
    if plan.name.en == plan.name.zh:
        own["name_en"] = None
    drill = {"frequency": _said(plan.drill), "department": plan.department.zh, "drill_row": plan.drill_row}
    return from_nothing({"site": plan.site} | own | drill)


def _said(interval: Interval | None) -> str:
    return "" if interval is None else frequency(interval).zh


def plan_cells_of(plan: EmergencyPlan, language: str) -> list[Cell]:
    """The row that an export writes."""
    own = dict(zip((one.key for one in FIELDS), cells_of(plan, FIELDS, language), strict=True))
    of = plan.department
    own |= {
        "code": plan.code,
        "frequency": None if plan.drill is None else frequency_text(plan.drill, BY_INTERVAL, language),
        "department": as_text(of.en if language == "en" and of.en else of.zh, language),
    }
    return [own.get(key) for key in COLUMNS]
