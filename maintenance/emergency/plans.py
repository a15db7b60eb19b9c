"""An emergency plan: the line of the user's third table (requirements.md EM-08 to EM-10). Pure.

Its drill is a row of the plan table, of kind ``drill`` and of the site itself: dates, orders, records come from there.
A drill is held at least once a year (EM-11; requirements.md III.12 takes that as the floor); the table's own period
goes before where it is shorter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from maintenance.frequencies import canonical
from maintenance.imports.traditional import simplified
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import AppliesTo, PlanRow
from maintenance.recurrence import default_early_days, longest_days
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, FieldProblem

MAX_ITEMS, MAX_ITEM = 100, 500
FLOOR = Interval(1, IntervalUnit.YEAR)
"""The longest time between two drills. Status: verified (EM-11, the users' own text)."""

DRILL_LATE_DAYS = 15
"""Days late that a drill may be (default, plan_tables.md section 11: DR-NAT, DR-EQ, DR-PUB)."""


DRILL_CHECKLIST = "DR-REC"
"""The checklist that a drill's record can be told by (``maintenance/seed/checklists_drills.toml``)."""


class Category(StrEnum):
    """What kind of emergency a plan is for: the three of the user's table, and any other."""

    NATURAL_DISASTER = "natural_disaster"
    EQUIPMENT_FAILURE = "equipment_failure"
    PUBLIC_SAFETY = "public_safety"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class EmergencyPlan:
    """One plan at one version. ``site`` is ``None`` for a plan of every site; ``code`` is unique within its site (or
    among those of every site). ``measures``, ``supplies`` and ``people`` are lists to be worked through, in order.

    ``drill`` is how often it is drilled (``None``: not), ``drill_row`` the code of the plan row that says so, and
    ``department`` whose work that is. ``classes`` are the equipment classes whose incidents the plan is for (empty:
    any)."""

    key: str
    code: str
    category: Category
    name: LocalName
    site: str | None = None
    measures: tuple[str, ...] = ()
    supplies: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    department: LocalName = LocalName("", "")
    drill: Interval | None = None
    drill_row: str | None = None
    classes: tuple[str, ...] = ()
    active: bool = True
    version: int = 1


def check_plan(plan: EmergencyPlan) -> None:
    """Raise ``BadData`` naming the fields that cannot stand, everything at once."""
    problems = []
    if not plan.code.strip() or len(plan.code) > 100:
        problems.append(FieldProblem("code", "required", "应为1至100个字符 / should have 1 to 100 characters"))
    if not plan.name.zh.strip():
        problems.append(FieldProblem("name", "required", "不能为空 / must not be empty"))
    for field in ("measures", "supplies", "people"):
        items: Sequence[str] = getattr(plan, field)
        if len(items) > MAX_ITEMS or any(not one.strip() or len(one) > MAX_ITEM or "\n" in one for one in items):
            words = (
                f"最多{MAX_ITEMS}项，每项1至{MAX_ITEM}字、不换行 / "
                f"at most {MAX_ITEMS} items of 1 to {MAX_ITEM} characters, one line each"
            )
            problems.append(FieldProblem(field, "bad_list", words))
    if plan.drill is not None and plan.drill.unit is IntervalUnit.HOUR:
        problems.append(FieldProblem("drill", "too_often", "演练周期至少一天 / a drill is a day's work at least"))
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)


def drill_interval(plan: EmergencyPlan) -> Interval | None:
    """How often the plan is drilled: what it says, once a year at least."""
    if plan.drill is None:
        return None
    return FLOOR if longest_days(plan.drill) > longest_days(FLOOR) else plan.drill


def drill_name(plan: EmergencyPlan) -> LocalName:
    """What its drill is called, in the script of the plan's name."""
    zh = plan.name.zh.removesuffix("应急预案").removesuffix("預案").removesuffix("预案").removesuffix("應急").strip()
    drill = "应急演练" if simplified(plan.name.zh) == plan.name.zh else "應急演練"
    return LocalName(f"{zh or plan.name.zh}{drill}", f"Drill: {plan.name.en}")


def asks_the_same(before: EmergencyPlan | None, after: EmergencyPlan) -> bool:
    """Whether a plan is drilled as often as before, by the same row."""
    if before is None or not before.active or before.drill_row != after.drill_row:
        return False
    was, is_now = drill_interval(before), drill_interval(after)
    return was is not None and is_now is not None and canonical(was) == canonical(is_now)


def moved_to(row: PlanRow, interval: Interval) -> PlanRow:
    """The drill row at another interval, with a tolerance that fits into it."""
    late = min(row.late_days, longest_days(interval) // 2)
    return replace(row, interval=interval, late_days=late, early_days=default_early_days(interval, late))


def new_drill_row(plan: EmergencyPlan, lineage: str, code: str) -> PlanRow:
    """The plan row of a plan's drill. Raises ``ValueError`` for a plan without one."""
    interval = drill_interval(plan)
    if interval is None:
        raise ValueError(f"plan {plan.code} is not drilled")
    return PlanRow(
        lineage=lineage,
        code=code,
        name=drill_name(plan),
        kind="drill",
        applies_to=AppliesTo(site=True),
        interval=interval,
        site=plan.site,
        early_days=DRILL_LATE_DAYS,
        late_days=DRILL_LATE_DAYS,
        basis="应急预案 / emergency plan",
        department=plan.department,
        checklist=DRILL_CHECKLIST,
        evidence=("photo", "signature"),
        estimated_minutes=120,
        custom={"emergency_plan": plan.code},
    )
