"""Whether anybody makes orders of the plan."""

from maintenance.ports import MaintenanceTx
from maintenance.scheduled import PLAN, stale_plan
from plantroom.errors import PlantroomError
from plantroom.ports.ledger import Ledger


def plan_problems(ledger: Ledger[MaintenanceTx]) -> list[str]:
    """What is to be said of a plan that no scheduler has materialised for long."""
    try:
        with ledger.read() as tx:
            found = stale_plan(tx.jobs.runs().get(PLAN), tx.collect.now())
    except PlantroomError:
        return []  # said by whoever looks at the ledger
    return [] if found is None else [found]
