"""Which systems a plan row is about. Pure."""

from collections.abc import Sequence

from maintenance.plan import PlanRow
from maintenance.planner import Systems
from maintenance.seed.departments import departments


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
