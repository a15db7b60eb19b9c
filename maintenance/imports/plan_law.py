"""What a table may change of a row that the law asks for: what a change of the plan by hand may, and no more."""

from maintenance.imports.outcome import Rights
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problems, in_words
from maintenance.plan import PlanRow
from maintenance.plan_changes.rules import law_floor, lawful
from maintenance.recurrence import longest_between
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData


def kept_lawful(
    wanted: Wanted, before: PlanRow, after: PlanRow, site: str | None, rights: Rights, problems: Problems
) -> PlanRow | None:
    """The row with the law's longest gap, a warning where the table is laxer; ``None`` with an error for what is no
    more asked for by the law, or is for other machines without an administrator's right."""
    try:
        found = lawful(before, after)
    except BadData:
        problems.error(wanted.row.problem("layer", "law_stays"))
        return None
    if found.leaves_law and not rights.may_leave_law(site):
        problems.error(wanted.row.problem("system", "law_needs_admin", value=before.code))
        return None
    floor = law_floor(before) if found.row != before else None
    if floor is not None and longest_between(found.row) > floor:
        said = LocalName(
            f"比法规宽松，仍按法规间隔（最长{floor}天）安排",
            f"laxer than the law: still scheduled by the law's longest gap, {floor} days",
        )
        problems.warn(wanted.row.problem("frequency", "law_is_stricter", in_words("law_is_stricter", said)))
    return found.row
