"""The seed as other parts read it. Each file is read when it is first asked for, and only then; nothing is written.

What the files hold is checked at reading (``maintenance.seed.strict``); ``check_everything`` reads them all.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from maintenance.plan import PlanRow
from maintenance.seed.departments import Department, department_named, departments
from maintenance.seed.strict import FOLDER
from maintenance.work_orders import ChecklistItem

__all__ = [
    "FOLDER",
    "Department",
    "check_everything",
    "checklists",
    "department_named",
    "departments",
    "plan_rows",
]


@cache
def checklists() -> Mapping[str, tuple[ChecklistItem, ...]]:
    """Items of the checklists by code. Raises ``BadData`` naming file and entry."""
    from maintenance.seed.lists import seed_checklists

    return MappingProxyType({code: one.items for code, one in seed_checklists().items()})


@cache
def plan_rows() -> tuple[PlanRow, ...]:
    """The rows of the default profile: what every new ledger has. Raises ``BadData`` naming the row that is wrong."""
    from maintenance.seed.compose import default_rows

    return default_rows()


def check_everything() -> None:
    """Read every file of the seed. Raises ``BadData`` naming file and entry for the first thing that is wrong."""
    from maintenance.seed import codes
    from maintenance.seed.compose import compose, proposals
    from maintenance.seed.profiles import jurisdictions, profiles
    from maintenance.seed.shipped import shipped_lists
    from maintenance.seed.to_verify import left_out, unverified, verify_first

    for read in (
        plan_rows, checklists, proposals, codes.causes, codes.actions, codes.reasons, codes.clocks, codes.targets,
        codes.risk_matrix, codes.owner_faults, left_out, unverified, verify_first, shipped_lists,
    ):  # fmt: skip
        read()
    for profile in profiles().values():
        for jurisdiction in jurisdictions().values():
            compose(profile, jurisdiction)
