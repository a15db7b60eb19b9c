"""Putting planned work off to a new day, with a coded reason. Inside the caller's transaction, on a locked order.

The order ends as ``deferred`` and another one carries the work to the new day. Its occurrences count as missed on their
last day (the plan was not kept) until the other order is completed, which is when they are done. What a law asks for is
never put off beyond the law's last day. Days are local to the site.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from maintenance.lateness import record_of
from maintenance.lifecycle import ENDED
from maintenance.plan import Layer, is_withdrawn
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import end_of_day, local_day
from maintenance.stand_ins import floor_of
from maintenance.transitions import apply_transition
from maintenance.views import note_order
from maintenance.work.endings import reason_text
from maintenance.work_orders import Kind, State, Transition, WorkOrder
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem

LONGEST = timedelta(days=366)
"""Nothing is put off by more (D): that is another plan."""


class BeyondTheLaw(Conflict):
    """The new day lies behind the law's last one."""

    code = "beyond_the_law"


@dataclass(frozen=True, slots=True)
class Deferral:
    """The order that has been put off, and the one that carries the work on."""

    ended: WorkOrder
    follows: WorkOrder


def laws_last_day(tx: MaintenanceTx, order: WorkOrder) -> date | None:
    """The last day on which the law lets an order be done; ``None`` when no law asks for it.

    Of each occurrence whose row is the law's or stands for one: the last completion, also of rows that it stands for or
    that stood for it, and the longest gap between two (from the return to service, where that ran out while the machine
    was out of use; where nobody has ever done it, or the law names no gap, the occurrence's own last day). Statutory
    work without occurrences: its ``due``.
    """
    zone = ZoneInfo(tx.assets.site(order.site).time_zone)
    days: list[date] = []
    rows = tx.plan.rows(order.site)
    by_code, record = {row.code: row for row in rows}, cache(partial(record_of, tx, rows, order.site))
    stored = tx.plan.occurrences([one.key for one in order.occurrences])
    for shown in order.occurrences:
        row = by_code.get(shown.plan_row)
        statutory = order.kind is Kind.STATUTORY if row is None else _is_law(row.layer, row.kind)
        floor = None if row is None else floor_of(row, by_code)
        if not statutory and floor is None:
            continue
        last = None
        if row is not None and floor is not None:
            last = record(shown.key.subject).last_allowed(row, floor, None, shown.key)
        known = stored.get(shown.key)
        own = shown.due if known is None else known.latest
        days.append(own if last is None else last)
    if not days and order.kind is Kind.STATUTORY and order.due is not None:
        days.append(local_day(order.due, zone))
    return min(days, default=None)


def defer(
    tx: MaintenanceTx, order: WorkOrder, to: date, code: str, text: str, by: str, now: datetime, *, person: bool = False
) -> Deferral:
    """Put a locked order off to a day. ``BadData`` for a day that is no later than now or than the order's last one,
    or more than a year away, and for the reason; ``BeyondTheLaw`` with the law's last day; ``Conflict`` for repair
    tickets (they are held) and for work that has ended."""
    said = f"#{order.number}"
    if order.kind is Kind.CORRECTIVE:
        words = "维修工单请挂起并说明原因 / a repair ticket is put on hold, with why"
        raise Conflict(f"{said}: {words}")
    if order.state in ENDED:
        raise Conflict(f"{said}: 已结束 / has ended ({order.state.value})")
    zone = ZoneInfo(tx.assets.site(order.site).time_zone)
    today, last = local_day(now, zone), None if order.due is None else local_day(order.due, zone)
    limit = laws_last_day(tx, order)
    if limit is not None and to > limit:
        words = f"法定最迟日期为{limit.isoformat()}，不能延期到{to.isoformat()}"
        raise BeyondTheLaw(f"{said}: {words} / by law it has to be done by {limit.isoformat()}: it cannot be put off")
    if to <= today or (last is not None and to <= last) or to > max(today, last or today) + LONGEST:
        after = max(today, last or today).isoformat()
        words = f"新日期应晚于{after}，且在一年之内 / should be after {after}, and within a year of it"
        raise BadData(f"to: {words}", [FieldProblem("to", "bad_date", words)])
    why = f"{reason_text(code, 'defer', text)} ({to.isoformat()})"
    ended = apply_transition(
        tx, order.id, State.DEFERRED, now, by, why, now=now, changes=order, person=person, code=code
    )
    follows = replace(
        order,
        id=new_key(),
        number=tx.orders.next_number(),
        state=State.OPEN,
        due=end_of_day(to, zone),
        opened_at=now,
        acknowledged_at=None,
        arrived_at=None,
        hold_reason=None,
        hold_code=None,
        answers={},
        tags=tuple(dict.fromkeys((*(tag for tag in order.tags if tag not in _ENDS_WITH), "deferred"))),
        assignee=None,
        contractor=None,
        version=1,
    )
    tx.orders.add(follows)
    tx.orders.add_transition(Transition(follows.id, State.OPEN, now, now, by, f"#{order.number}: {why}", person))
    stored = tx.plan.occurrences([one.key for one in order.occurrences]).values()
    mine = [one for one in stored if not is_withdrawn(one, order.id)]
    tx.plan.update_occurrences([replace(one, work_order=follows.id) for one in mine])
    note_order(tx, follows)
    return Deferral(ended, follows)


_ENDS_WITH = frozenset({"missed", "conflict", "incomplete", "late_evidence"})
"""Tags that say something of the order that has ended."""


def _is_law(layer: Layer, kind: str) -> bool:
    return layer is Layer.LAW or kind == Kind.STATUTORY.value
