"""Steps of work orders with all that follows from them: maintenance that begins or ends, tickets for what was held
back meanwhile, evidence that arrives.

Above orders, isolation and findings, which know nothing of each other's followers. Every function works inside the
caller's transaction. Instants are aware UTC.
"""

from datetime import datetime
from functools import partial

from maintenance.episode_rules import work_is_done
from maintenance.evidence import FileArrived, awaited, no_file, with_arrived
from maintenance.findings import FindingApplier
from maintenance.incidents.holding import require_record
from maintenance.isolation import RESTING, isolate, released
from maintenance.missing import require_last_day
from maintenance.orders import keep, last_completed_by, pages, take_step
from maintenance.over_with_work import end_with_work
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.records.freezing import frozen, refuse_frozen
from maintenance.shelving import ticket_accepted
from maintenance.ticket_lock import lock_ticket
from maintenance.told_later import follow_told_later
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AssetStatus


def apply_transition(
    tx: MaintenanceTx,
    order_id: str,
    to: State,
    at: datetime,
    by: str,
    reason: str = "",
    *,
    now: datetime | None = None,
    in_time: bool = False,
    changes: WorkOrder | None = None,
    file_arrived: FileArrived = no_file,
    person: bool = False,
    code: str = "",
) -> WorkOrder:
    """Take one step and what follows from it: completing credits every occurrence, an ending without work makes them
    missed, isolating work begins or ends the maintenance of its machine, and with the work on a ticket the alarms are
    over of whose end no event tells. What people were told of after ``at`` is neither acknowledged nor over with a
    step, and what still stands of a safety event among it has a ticket of its own. ``changes`` is the locked order with
    other fields already changed by the caller; ``person``: whoever does it has signed in; ``code``: why it is held.

    Who completes an order whose recorded files have not all arrived (``file_arrived``) leaves it
    ``evidence_pending``; ``evidence_arrived`` completes it. Steps without an answer and evidence that was never taken
    tag it ``incomplete``. A drill is not completed without its record (``maintenance.incidents``). Statutory work,
    inspections and drills that are verified, or complete and signed by both sides, are frozen as a record
    (``maintenance.records``) and take no step after that. Raises ``NotFound``, ``IllegalTransition``,
    ``RecordFrozen``, ``NotMissedYet`` (planned work before its last day), ``BadData`` (reason missing, ``at`` too
    early, what a drill's record lacks).
    """
    order = changes if changes is not None else lock_ticket(tx, order_id)
    refuse_frozen(tx, order, to)
    require_record(tx, order, to, by, now or at)
    require_last_day(tx, order, to, now or at)
    more = partial(take_step, now=now, in_time=in_time, file_arrived=file_arrived, person=person, code=code)
    moved = more(tx, order, to, at, by, reason)
    stored, taken_at = keep(tx, isolate(tx, moved)), min(at, now or at)
    frozen(tx, stored, by, now or at)
    if stored.kind is Kind.CORRECTIVE and to in (State.ACKNOWLEDGED, State.IN_PROGRESS):
        ticket_accepted(tx, stored, by, taken_at)
    status = released(tx, stored)
    end_with_work(tx, stored, equipment_classes(), now or at)
    if work_is_done(stored) and not work_is_done(order):
        follow_told_later(tx, stored, taken_at, equipment_classes(), now or at)
    if status is None or stored.asset is None:
        return stored
    end_maintenance(tx, stored.asset, now or at, status)
    return tx.orders.get(order_id)


def end_maintenance(
    tx: MaintenanceTx, asset_key: str, now: datetime, status: AssetStatus = AssetStatus.IN_SERVICE
) -> int:
    """Give an asset under maintenance its status back; what limits and models noticed meanwhile and still holds becomes
    tickets, and opens completed ones again.

    ``status`` is in service or standby (``ValueError`` otherwise: what is taken out of service needs no tickets).
    Gives how many tickets were made or opened.
    """
    if status not in RESTING:
        raise ValueError(f"maintenance does not end with the status {status.value}")
    tx.assets.set_status(asset_key, status)
    return FindingApplier(tx, now, equipment_classes()).maintenance_ended(asset_key)


def evidence_arrived(tx: MaintenanceTx, sha256: str, now: datetime) -> int:
    """Tell the orders that wait for a file that it is there; those that wait for no other are completed (at the time
    their work was done). Gives how many. To be called by whoever stores files."""
    return settle_evidence(tx, lambda digest: digest == sha256, now)


def settle_evidence(tx: MaintenanceTx, file_arrived: FileArrived, now: datetime) -> int:
    """As ``evidence_arrived`` for every file that has arrived."""
    pending = pages(tx, OrderFilter(state=State.EVIDENCE_PENDING.value))
    concerned = [order.id for order in pending if with_arrived(order, file_arrived) is not order or not awaited(order)]
    return sum(settled(tx, lock_ticket(tx, i), file_arrived, now).state is State.COMPLETED for i in concerned)


def settled(tx: MaintenanceTx, order: WorkOrder, file_arrived: FileArrived, now: datetime) -> WorkOrder:
    """A locked order after a look at what has arrived: stored, and completed when it waits for nothing any more."""
    if order.state is not State.EVIDENCE_PENDING:
        return order
    marked = with_arrived(order, file_arrived)
    if not awaited(marked):
        by = last_completed_by(tx, order.id) or "system:evidence"
        at = order.completed_at or now
        return apply_transition(tx, order.id, State.COMPLETED, at, by, now=now, changes=marked)
    if marked is order:
        return order
    return keep(tx, marked)
