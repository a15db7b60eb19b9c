"""What a work order shows beside itself: codes, totals, links, signatures, what worked last time."""

from datetime import datetime

from api.access import Access, sees_money
from api.work_orders.learned_schemas import learned_shape
from api.work_orders.records_schemas import (
    CodingOut,
    FoundOut,
    RecordsOut,
    SignatureOut,
    TotalsOut,
)
from api.work_orders.schemas import WorkOrderDetail
from maintenance.lifecycle import ENDED
from maintenance.ports import MaintenanceTx
from maintenance.work.bookkeeping import totals_of
from maintenance.work.owner_reports import CALL_BACK
from maintenance.work.repairing import worked_last_time
from maintenance.work_orders import WorkOrder
from plantroom.ports.accounts import Role

COSTS = ("parts_cost", "external_cost", "total_cost")


def with_records(
    tx: MaintenanceTx, caller: Access, order: WorkOrder, detail: WorkOrderDetail, now: datetime
) -> WorkOrderDetail:
    """The detail with its records and with what worked last time on the sites that the caller sees; of an order that
    has ended nobody asks the latter."""
    scope = caller.principal.scope(Role.VIEWER)
    levels = [] if order.state in ENDED else worked_last_time(tx, order, scope, now)
    shown = sees_money(caller, order.site)
    more = {"records": records_of(tx, order, costs=shown), "worked_last_time": [learned_shape(one) for one in levels]}
    return detail.model_copy(update=more)


def records_of(tx: MaintenanceTx, order: WorkOrder, *, costs: bool) -> RecordsOut:
    """The records of an order in short; what it has cost is for those who see the site's budgets."""
    records, repair = tx.work_records, tx.repairs.latest(order.id)
    on, totals = records.found_on(order.id), TotalsOut.model_validate(totals_of(tx, order.id))
    return RecordsOut(
        coding=None if repair is None else CodingOut.of(repair),
        totals=totals if costs else totals.model_copy(update=dict.fromkeys(COSTS)),
        found_on=None if on is None else FoundOut.of(on, order, tx.orders.get(on.work_order)),
        found=[FoundOut.of(one, tx.orders.get(one.ticket), order) for one in records.found_by(order.id)],
        comments=len(records.comments(order.id)),
        attachments=len(records.attachments(order.id)),
        signatures=[SignatureOut.model_validate(one) for one in records.signatures(order.id)],
        call_back=CALL_BACK in order.tags,
    )
