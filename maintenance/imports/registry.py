"""The kinds of tables by name."""

from collections.abc import Mapping

from maintenance.imports.assets_kind import AssetsKind
from maintenance.imports.emergency_kind import EmergencyPlanKind
from maintenance.imports.kinds import TableKind
from maintenance.imports.last_completions_kind import LastCompletionsKind
from maintenance.imports.plan_kind import PlanTableKind
from maintenance.imports.points_kind import PointsKind
from maintenance.imports.users_kind import UsersKind
from plantroom.errors import BadData, FieldProblem

KINDS: Mapping[str, TableKind] = {
    kind.key: kind
    for kind in (
        AssetsKind(),
        PointsKind(),
        PlanTableKind(),
        LastCompletionsKind(),
        EmergencyPlanKind(),
        UsersKind(),
    )
}


def kind_named(key: str) -> TableKind:
    """The kind of that name. Raises ``BadData`` that lists them."""
    found = KINDS.get(key)
    if found is None:
        words = f"there is no table of kind {key!r}; there are: {', '.join(KINDS)}"
        raise BadData(words, [FieldProblem("kind", "unknown_kind", words)])
    return found
