"""The seed: plan rows, checklists, coded words, profiles and jurisdictions as data files, with basis and status."""

from maintenance.ports import MaintenanceTx
from maintenance.seed.class_points import know_classes
from maintenance.seed.loader import checklists, plan_rows

__all__ = ["seed_default_profile"]


def seed_default_profile(tx: MaintenanceTx) -> int:
    """Add the rows and checklists of the default profile that are not there yet; gives how many rows were new.

    A row or checklist that exists is left as it is, whatever became of it.
    """
    there = tx.plan.checklist_codes()
    tx.plan.put_checklists({code: items for code, items in checklists().items() if code not in there})
    know_classes(tx)
    known = {row.code for row in tx.plan.rows() if row.site is None}
    missing = [row for row in plan_rows() if row.code not in known]
    tx.plan.add_rows(missing)
    return len(missing)
