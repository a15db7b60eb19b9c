"""The seed as other parts read it. Each file is read when it is first asked for, and only then; nothing is written.

What the files hold is checked at reading (``maintenance.seed.strict``); ``check_everything`` reads them all.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from maintenance.plan import PlanRow
from maintenance.seed.codes import actions, causes, owner_faults, reasons, risk_matrix, severities, targets
from maintenance.seed.compose import compose, default_rows, proposals
from maintenance.seed.customary import customary_names
from maintenance.seed.departments import Department, department_named, departments
from maintenance.seed.lists import seed_checklists
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.seed.shipped import shipped_lists
from maintenance.seed.strict import FOLDER
from maintenance.seed.to_verify import left_out, unverified, verify_first
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
    return MappingProxyType({code: one.items for code, one in seed_checklists().items()})


@cache
def plan_rows() -> tuple[PlanRow, ...]:
    """The rows of the default profile: what every new ledger has. Raises ``BadData`` naming the row that is wrong."""
    return default_rows()


def check_everything() -> None:
    """Read every file of the seed. Raises ``BadData`` naming file and entry for the first thing that is wrong."""
    for read in (
        plan_rows, checklists, proposals, causes, actions, reasons, severities, targets, risk_matrix, owner_faults,
        left_out, unverified, verify_first, shipped_lists, customary_names,
    ):  # fmt: skip
        read()
    for profile in profiles().values():
        for jurisdiction in jurisdictions().values():
            compose(profile, jurisdiction)
