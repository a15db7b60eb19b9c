"""What the tickets of owners are called in reports that every owner reads. Whoever reports a fault in no machine writes
where it is in words of their own ("3-502, Mrs Wang's bathroom"), and the ticket is called by them: printed is what kind
of fault it is."""

from collections.abc import Collection, Mapping

from maintenance.ports import MaintenanceTx
from maintenance.reports.ports import OrderLine
from maintenance.reports.words import WORDS
from maintenance.seed.codes import owner_faults
from maintenance.work_orders import Origin, WorkOrder
from plantroom.domain.assets import LocalName


def in_owners_words(order: WorkOrder | OrderLine) -> bool:
    """Whether a ticket's title may be an owner's own words."""
    return order.origin == Origin.OWNER and order.asset is None


def kinds_of_fault(tx: MaintenanceTx, orders: Collection[str]) -> Mapping[str, LocalName]:
    """What was reported, in our words, by order; where staff wrote the report down, that an owner reported it."""
    categories = tx.owner_reports.categories(orders)
    known = owner_faults()
    return {
        order: known[categories[order]].name if categories.get(order) in known else WORDS["by_an_owner"]
        for order in orders
    }
