"""Which systems plan rows are about, and which of them stand for the law. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from maintenance.plan import Layer, PlanRow
from maintenance.planner import Systems
from maintenance.seed.departments import departments
from maintenance.work_orders import Kind


def systems_of(row: PlanRow, systems: Systems) -> Sequence[str]:
    """The systems of what a row applies to. A row for the site itself (patrols, extinguishers) is of those systems most
    of whose classes its department looks after (``maintenance/seed/departments.toml``)."""
    applies = row.applies_to
    if applies.system is not None:
        return [applies.system]
    if applies.classes:
        return [key for key, members in systems.items() if set(members) & set(applies.classes)]
    if not applies.site:
        return []
    served = next((set(one.classes) for one in departments().values() if one.name.zh == row.department.zh), set())
    return [key for key, members in systems.items() if 2 * len(set(members) & served) > len(members)]


def standing_for_law(rows: Iterable[PlanRow]) -> frozenset[str]:
    """The lineages of rows that stand for a row that a law asks for, also by way of others (``PlanRow.fulfils``).
    O(rows x rows that each of them stands for)."""
    listed = list(rows)
    by_code = {row.code: row for row in listed}
    return frozenset(row.lineage for row in listed if _stands_for_law(row, by_code))


def _stands_for_law(row: PlanRow, by_code: Mapping[str, PlanRow]) -> bool:
    seen: set[str] = set()
    left = list(row.fulfils)
    while left:
        other = by_code.get(left.pop())
        if other is None or other.code in seen:
            continue
        if other.layer is Layer.LAW or other.kind == Kind.STATUTORY.value:
            return True
        seen.add(other.code)
        left += other.fulfils
    return False
