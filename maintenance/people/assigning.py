"""Giving work to people: by hand, by itself, accepted, declined, taken back.

Inside the caller's transaction; orders are locked by the caller. Each step leaves a line in the order's history, which
says who gave it to whom and why, and a record of its own (``maintenance.people.ports.Assignment``). Instants are aware
UTC.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from maintenance.lifecycle import ENDED
from maintenance.orders import keep
from maintenance.people.assignment import contractor_lacks
from maintenance.people.desk import Desk
from maintenance.people.owners import default_owner
from maintenance.people.ports import Assignment
from maintenance.people.staff import Contractor, Person
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem, Forbidden

DISPATCHER = "system:dispatch"
"""Who the automatic assignment is by."""

EXPIRED = "certificate_expired"
"""Tag of orders that came back because a certificate had run out; gone with the next assignment."""

_NOT_BEGUN = (State.SCHEDULED, State.OPEN)
_DECLINABLE = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED, State.ON_HOLD)


class NotAssignable(Conflict):
    """Somebody cannot be given the work; the message says who, why, and which certificate."""

    code = "not_assignable"


def assign(
    tx: MaintenanceTx,
    order: WorkOrder,
    desk: Desk,
    *,
    user: str | None = None,
    contractor: str | None = None,
    by: str,
    why: str = "",
    automatic: bool = False,
    person: bool = False,
) -> WorkOrder:
    """Give a locked order to a person, to a contractor (whose people take it themselves), or to a person of one.

    Raises ``NotAssignable`` for who may not do it (switched off, no grant, a certificate that is missing, expired or
    not yet valid), ``BadData`` without a reason when somebody has it already, ``NotFound``, ``Conflict`` for an order
    that has ended."""
    if order.state in ENDED:
        raise Conflict(f"工单已结束 / work order #{order.number} has ended")
    if user is None and contractor is None:
        raise BadData("name a person or a contractor", [FieldProblem("assignee", "required", "写明给谁 / say to whom")])
    if (order.assignee is not None or order.contractor not in {None, contractor}) and not why.strip():
        words = "改派须说明原因 / it has been given to somebody: say why it changes hands"
        raise BadData(words, [FieldProblem("reason", "reason_required", words)])
    organisation = None if contractor is None else _contractor(tx, desk, order, contractor)
    aimed = replace(order, contractor=contractor if contractor is not None else order.contractor)
    if user is not None:
        who, organisation_id, said = _person(desk, aimed, desk.person(user), free=contractor is None)
    else:
        assert organisation is not None
        who, organisation_id, said = None, organisation.id, organisation.name
    line = _words(said, why, automatic=automatic)
    _end(tx, order, desk.now, "reassigned", why, by)
    tx.people.add_assignment(
        Assignment(
            id=new_key(),
            work_order=order.id,
            site=order.site,
            user=who,
            contractor=organisation_id,
            by=by,
            at=desk.now,
            why=why.strip(),
            automatic=automatic,
            minutes=desk.minutes(order),
        )
    )
    if who is not None:
        desk.gave(who, desk.minutes(order))
    _note(tx, order, line, by, desk.now, person=person)
    given = replace(aimed, assignee=who, contractor=organisation_id, tags=_without(order.tags))
    return keep(tx, given)


def require_fit(tx: MaintenanceTx, order: WorkOrder, username: str, now: datetime) -> None:
    """Raises ``NotAssignable`` where somebody begins or completes what they could not be given."""
    desk = Desk(tx, order.site, now)
    _person(desk, order, desk.person(username), free=False)


def release(
    tx: MaintenanceTx, order: WorkOrder, desk: Desk, *, how: str, why: str, by: str, person: bool = False
) -> WorkOrder:
    """Take a locked order back into its department's queue. ``how`` as in ``Assignment.ended_how``."""
    if order.assignee is None and order.contractor is None:
        return order
    _end(tx, order, desk.now, how, why, by)
    tags = (*_without(order.tags), EXPIRED) if how == "expired" else _without(order.tags)
    owner = order.department or "?"
    _note(tx, order, f"退回{owner}：{why} / back to {owner}: {why}", by, desk.now, person=person)
    return keep(tx, replace(order, assignee=None, contractor=None, tags=tags))


def accept(tx: MaintenanceTx, order: WorkOrder, desk: Desk, username: str) -> WorkOrder:
    """A technician takes what they were given, or what is in their department's queue; acknowledges what nobody has.

    Raises ``Conflict`` for what somebody else was given, ``NotAssignable`` as ``assign``."""
    if order.assignee not in {None, username}:
        raise Conflict(f"工单已派给他人 / work order #{order.number} has been given to {order.assignee}")
    if order.assignee is None:
        if order.contractor is not None and desk.person(username).contractor != order.contractor:
            raise Conflict(f"工单属于外包单位 / work order #{order.number} is a contractor's")
        why = "自行接单 / taken"
        order = assign(tx, order, desk, user=username, contractor=order.contractor, by=username, why=why, person=True)
    if order.state not in _NOT_BEGUN:
        return order
    return apply_transition(
        tx, order.id, State.ACKNOWLEDGED, desk.now, username, now=desk.now, changes=order, person=True
    )


def decline(tx: MaintenanceTx, order: WorkOrder, desk: Desk, username: str, why: str) -> WorkOrder:
    """A technician gives back what they were given and have not begun; the next one who is on shift gets it.

    Raises ``BadData`` without a reason, ``Forbidden`` for somebody else's order, ``Conflict`` once it has begun."""
    if not why.strip():
        raise BadData("declining needs a reason", [FieldProblem("reason", "reason_required", "说明原因 / say why")])
    if order.assignee != username:
        raise Forbidden("only whoever was given the order declines it / 只有被派单人可以拒绝")
    if order.state not in _DECLINABLE:
        raise Conflict(
            f"工单已开始，不能拒绝 / work order #{order.number} is {order.state.value}: it cannot be declined"
        )
    contractor = order.contractor
    back = release(tx, order, desk, how="declined", why=why.strip(), by=username, person=True)
    if contractor is not None:
        why = "单位内改派 / stays with the contractor"
        with suppress(NotAssignable):  # its licence may have run out: then the department has it
            return assign(tx, back, desk, contractor=contractor, by=DISPATCHER, why=why, automatic=True)
    return dispatch(tx, back, desk) or back


def dispatch(tx: MaintenanceTx, order: WorkOrder, desk: Desk) -> WorkOrder | None:
    """Give a locked order to whom the rules choose; ``None``: nobody fits, it stays with its department. An order that
    has no department gets its owner first."""
    owned = order
    if order.department is None:
        owned = replace(order, department=default_owner(tx, order.site, desk.work(order).equipment_class))
    who, contractor = desk.chosen(owned)
    if who is None and contractor is None:
        return keep(tx, owned) if owned.department != order.department else None
    return assign(
        tx,
        owned,
        desk,
        user=None if who is None else who.username,
        contractor=None if contractor is None else contractor.id,
        by=DISPATCHER,
        why=_chosen_because(who),
        automatic=True,
    )


def history(tx: MaintenanceTx, order_id: str) -> Sequence[Assignment]:
    """Who was given an order, oldest first."""
    return tx.people.assignments(order_id)


def _contractor(tx: MaintenanceTx, desk: Desk, order: WorkOrder, contractor_id: str) -> Contractor:
    """The contractor when it may do the work. ``NotFound``, ``NotAssignable``."""
    found = tx.people.contractor(contractor_id)
    if not found.active or found.site not in {None, order.site}:
        raise NotAssignable(f"{found.name.zh}已停用或不在本项目 / {found.name.en} is not active on site {order.site}")
    job = desk.job(order)
    lacks = [lack for lack in contractor_lacks(job, found, desk.facts(job)) if lack.strict]
    if lacks:
        raise NotAssignable("; ".join(f"{lack.text.zh} / {lack.text.en}" for lack in lacks))
    return found


def _person(desk: Desk, order: WorkOrder, person: Person, *, free: bool) -> tuple[str, str | None, LocalName]:
    """Who is given the order, with their contractor. ``free``: no contractor was named with them, so an order that was
    another's may come to our own people."""
    aimed = replace(order, contractor=person.contractor) if free else order
    judged = desk.judged(aimed, person)
    if not judged.allowed:
        refusals = [reason.text for reason in judged.reasons if reason.refuses]
        raise NotAssignable("; ".join(f"{text.zh} / {text.en}" for text in refusals))
    return person.username, aimed.contractor, LocalName(person.shown, person.username)


def _end(tx: MaintenanceTx, order: WorkOrder, at: datetime, how: str, why: str, by: str) -> None:
    if order.assignee is not None or order.contractor is not None:
        tx.people.end_assignment(order.id, at, how, why.strip(), by)


def _note(tx: MaintenanceTx, order: WorkOrder, line: str, by: str, now: datetime, *, person: bool) -> None:
    tx.orders.add_transition(Transition(order.id, order.state, now, now, by, line, person))


def _words(said: LocalName, why: str, *, automatic: bool) -> str:
    zh, en = ("自动派给", "given by itself to") if automatic else ("派给", "given to")
    because = f" ({why.strip()})" if why.strip() else ""
    return f"{zh}{said.zh} / {en} {said.en}{because}"


def _chosen_because(who: Person | None) -> str:
    return (
        "唯一持证单位 / the only licensed contractor"
        if who is None
        else "当班、持证、任务最少 / on shift, certified, least work"
    )


def _without(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in tags if tag != EXPIRED)
