"""Work orders in the ledger: making them, taking one step, crediting what they stand for.

Every function works inside the caller's transaction and notes a live event for what it stored. Instants are aware
UTC; completion days are local to the site. What a step means for the machine stands in ``maintenance.transitions``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maintenance.episode_rules import severest
from maintenance.evidence import FileArrived, completed, no_file
from maintenance.gaps import require_why_verified
from maintenance.lateness import lawful
from maintenance.lifecycle import ENDED, transition
from maintenance.people.owners import default_owner
from maintenance.plan import Occurrence, OccurrenceState, is_withdrawn, missed
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.proof import given_to, require_proof
from maintenance.sla.keeping import begin_clocks, first_due, mark, timed
from maintenance.sla.words import Said
from maintenance.verdicts import of_before
from maintenance.views import note_order
from maintenance.waiving import ended_with_order
from maintenance.work.repairing import note_repair
from maintenance.work.second_person import require_second_person
from maintenance.work.two_people import require_two_people
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.paging import PageRequest

_DONE = (State.EVIDENCE_PENDING, State.COMPLETED)
_UNDONE = (State.MISSED, State.BYPASSED, State.DEFERRED, State.CANCELLED)


def tightened(tx: MaintenanceTx, order: WorkOrder, severity: Severity, now: datetime, by: str) -> WorkOrder:
    """The locked order at least that severe: its clocks promise more from now on. What that makes of ``due`` is known
    once it is kept."""
    worst = severest(order.severity, severity)
    if worst is order.severity:
        return order
    mark(tx, order, Said.SEVERITY, now, now, by, code=worst.value)
    return replace(order, severity=worst)


def create_order(
    tx: MaintenanceTx,
    *,
    site: str,
    kind: Kind,
    origin: Origin,
    title: LocalName,
    by: str,
    now: datetime,
    opened_at: datetime | None = None,
    asset: str | None = None,
    severity: Severity = Severity.GENERAL,
    safety: bool = False,
    department: str | None = None,
    due: datetime | None = None,
    reason: LocalName = LocalName("", ""),
    first_checks: Sequence[LocalName] = (),
    tags: Sequence[str] = (),
    template: Sequence[ChecklistItem] = (),
    gathered: Mapping[str, object] | None = None,
    episode: str | None = None,
) -> WorkOrder:
    """Make an open order, with its number and the first entry of its history.

    Without ``due`` a repair ticket is due when it would have to be resolved if somebody accepted it at ``opened_at``
    (default ``now``) at once; its clocks begin. Without a department the asset's own is taken, else whose the equipment
    is: a ticket is never without an owner. Raises ``BadData`` without a title, ``NotFound`` for an unknown asset.
    """
    if not title.zh.strip() and not title.en.strip():
        raise BadData("a work order needs a title", [FieldProblem("title", "required", "填写标题 / give a title")])
    card = None if asset is None else tx.assets.get(asset).asset
    if card is not None:
        site, department = card.site, department or card.department
    department = department or default_owner(tx, site, None if card is None else card.equipment_class)
    opened = min(opened_at or now, now)
    order = WorkOrder(
        id=new_key(),
        number=tx.orders.next_number(),
        site=site,
        kind=kind,
        origin=origin,
        state=State.OPEN,
        title=LocalName(title.zh or title.en, title.en or title.zh),
        severity=severity,
        safety=safety,
        asset=asset,
        department=department,
        due=due,
        opened_at=opened,
        episode=episode,
        reason=reason,
        first_checks=tuple(first_checks),
        tags=tuple(tags),
        template=tuple(template),
        gathered=gathered,
    )
    return _begun(tx, order, Transition(order.id, State.OPEN, opened, now, by))


def _begun(tx: MaintenanceTx, order: WorkOrder, opening: Transition) -> WorkOrder:
    """A new order in the ledger, with its clocks."""
    if order.due is None:
        order = replace(order, due=first_due(tx, order, order.severity, opening.at))
    tx.orders.add(order)
    tx.orders.add_transition(opening)
    begin_clocks(tx, order, opening, opening.by)
    note_repair(tx, order)
    note_order(tx, order)
    return order


def take_step(
    tx: MaintenanceTx,
    order: WorkOrder,
    to: State,
    at: datetime,
    by: str,
    reason: str = "",
    *,
    now: datetime | None = None,
    recurrence: bool = False,
    in_time: bool = False,
    file_arrived: FileArrived = no_file,
    person: bool = False,
    code: str = "",
) -> WorkOrder:
    """A locked order after one step, with the step in its history and its occurrences credited or missed. The order
    itself is left for the caller to ``keep``, and so is its machine (``maintenance.isolation``).

    Raises ``IllegalTransition``, ``BadData`` (reason missing, ``at`` too early, verified without what its rows ask
    for).
    """
    completed_by = last_completed_by(tx, order.id) if to is State.VERIFIED else None
    if to is State.VERIFIED and order.state is State.COMPLETED:
        require_second_person(tx, order, steps_taken(tx, order.id), by, person=person)
    if to in _DONE and order.state in (State.IN_PROGRESS, State.EVIDENCE_PENDING):
        order, to = completed(order, to, file_arrived)
    require_why_verified(order, to, reason)
    moved, step = transition(
        order,
        to,
        at,
        by,
        reason,
        recorded_at=now or at,
        recurrence=recurrence,
        in_time=in_time,
        completed_by=completed_by,
        person=person,
        code=code,
    )
    if to is State.VERIFIED:
        require_proof(tx, order, given_to(tx, order))
        require_two_people(tx, order)
    left = of_before(order, now or at) if moved.verdict is None else None
    if left is not None:
        tx.orders.add_transition(left)
    tx.orders.add_transition(step)
    _credit(tx, moved, step.at, now or at)
    return moved


def keep(tx: MaintenanceTx, order: WorkOrder) -> WorkOrder:
    """Store a locked order with what the caller has changed, its clocks, and what came of a repair; gives it as it is
    stored."""
    return _stored(tx, timed(tx, order))


def retimed(tx: MaintenanceTx, order_id: str) -> WorkOrder:
    """A locked order after words that are no steps: its clocks are stored, and of one that has not ended ``due``."""
    order = tx.orders.get(order_id)
    after = timed(tx, order)
    if after.due == order.due or order.state in ENDED:
        return order
    return _stored(tx, after)


def _stored(tx: MaintenanceTx, order: WorkOrder) -> WorkOrder:
    stored = tx.orders.update(order, order.version)
    note_repair(tx, stored, lambda: last_completed_by(tx, stored.id))
    note_order(tx, stored)
    return stored


def pages(tx: MaintenanceTx, filters: OrderFilter) -> list[WorkOrder]:
    """All orders of a list, page by page."""
    found: list[WorkOrder] = []
    request = PageRequest(limit=1000)
    while True:
        page = tx.orders.list(filters, request)
        found += page.items
        if page.next_cursor is None:
            return found
        request = PageRequest(limit=1000, cursor=page.next_cursor)


def last_completed_by(tx: MaintenanceTx, order_id: str) -> str | None:
    """Who completed an order last. A line in its history that takes no step is nobody's completing."""
    taken = steps_taken(tx, order_id)
    return next((step.by for step in reversed(taken) if step.to in _DONE), None)


def steps_taken(tx: MaintenanceTx, order_id: str) -> list[Transition]:
    """An order's history without the lines that take no step."""
    steps = tx.orders.transitions(order_id)
    before = [None, *(step.to for step in steps)][: len(steps)]
    return [step for step, earlier in zip(steps, before, strict=True) if step.to is not earlier]


def _credit(tx: MaintenanceTx, order: WorkOrder, at: datetime, now: datetime) -> None:
    """Occurrences follow their order: the deepest is done, those it contains are credited. The first completion
    stands: completed work that is sent back and completed again was still done the first time. Missed ones of an
    order that goes on are due again. What nothing asks for any more when its order is cancelled is waived."""
    if not order.occurrences or order.state not in (*_DONE, *_UNDONE, State.IN_PROGRESS):
        return
    found = tx.plan.occurrences([o.key for o in order.occurrences])
    last = min(one.due for one in order.occurrences)
    changed: list[Occurrence] = []
    undone: list[Occurrence] = []
    done: list[Occurrence] = []
    for place, shown in enumerate(order.occurrences):
        occurrence = found.get(shown.key)
        if occurrence is None or occurrence.completed_at is not None or is_withdrawn(occurrence, order.id):
            continue
        if order.state is State.IN_PROGRESS:
            if occurrence.state in (OccurrenceState.WAIVED, OccurrenceState.MISSED):
                changed.append(replace(occurrence, state=OccurrenceState.DUE, latest=shown.due))
        elif order.state in _UNDONE:
            undone.append(occurrence)
        else:
            state = OccurrenceState.DONE if place == 0 else OccurrenceState.CREDITED
            done.append(replace(occurrence, state=state, completed_at=at))
    changed += lawful(tx, done, at)
    waived = ended_with_order(tx, undone, now) if order.state is State.CANCELLED else []
    left = {one.key for one in undone} - {one.key for one in waived}
    changed += [*waived, *missed([one for one in undone if one.key in left], last)]
    tx.plan.update_occurrences([one for one in changed if one != found[one.key]])
