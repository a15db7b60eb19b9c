"""Checklists of work orders: the union of the items of the rows that a job carries."""

from collections.abc import Sequence

from maintenance.item_conditions import Circumstances, is_asked
from maintenance.plan import PlanRow
from maintenance.ports import PlanRepository
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName

ANYWHERE = Circumstances()
"""Nothing is known: every item is asked for."""


def codes_of(row: PlanRow) -> tuple[str, ...]:
    """Checklist codes of a row: ``A-1+A-2`` names two."""
    return tuple(part.strip() for part in (row.checklist or "").split("+") if part.strip())


def union(lists: Sequence[Sequence[ChecklistItem]]) -> tuple[ChecklistItem, ...]:
    """Items of all lists without doubles (by step), in the order they come."""
    found: dict[str, ChecklistItem] = {}
    for items in lists:
        for item in items:
            found.setdefault(item.step, item)
    return tuple(found.values())


def template_of(
    plan: PlanRepository, rows: Sequence[PlanRow], here: Circumstances = ANYWHERE
) -> tuple[ChecklistItem, ...]:
    """The frozen checklist of a job, without the items that are not asked for where and when it is due: those for
    machines of other classes, other seasons, and what the site does not have. A row without a checklist adds one item:
    that its work was done."""
    lists: list[Sequence[ChecklistItem]] = []
    for row in rows:
        items = [item for code in codes_of(row) for item in plan.checklist(code) if is_asked(item, here)]
        lists.append(items or [work_done(row)])
    return union(lists)


def work_done(row: PlanRow) -> ChecklistItem:
    """The one item of a row without a checklist of its own."""
    return ChecklistItem(
        step=row.code,
        type="ok",
        name=row.name,
        requirement=row.standard if row.standard.zh else LocalName("按标准完成", "done to standard"),
    )
