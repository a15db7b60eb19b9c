"""The life of a work order: one state machine for planned work and repair. Pure.

    scheduled > open > acknowledged > in_progress <> on_hold > (evidence_pending >) completed > verified

with missed, bypassed, deferred, cancelled and rejected as endings that need a reason. A completed or verified order,
and one on hold, comes back to ``open`` only through a recurrence; a verifier may send completed work back to
``in_progress``; work that was done in time goes on although its order had been recorded as missed, or withdrawn by the
planner, before anybody heard of it.
Times are aware UTC instants; DST does not matter.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from maintenance.sla.policy import OTHER
from maintenance.work_orders import Kind, State, Transition, WorkOrder
from plantroom.domain.assets import Severity
from plantroom.errors import BadData, FieldProblem, IllegalTransition

PLANNER = "system:planner"
"""Who the planner's own steps are by."""

INCOMPLETE = "incomplete"
"""Tag of orders completed with steps unanswered or evidence missing."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this nothing was done that a work order is about: such an instant is a clock's mistake."""

_ENDINGS = frozenset({State.MISSED, State.BYPASSED, State.DEFERRED, State.CANCELLED, State.REJECTED})
ENDED = _ENDINGS | {State.COMPLETED, State.VERIFIED}
"""States in which no work is left to do."""

RETURNS = frozenset({State.ON_HOLD, State.COMPLETED, State.VERIFIED})
"""States that the fault's return leads out of, back to ``open``."""

NEXT: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.OPEN, State.ACKNOWLEDGED, State.IN_PROGRESS}) | _ENDINGS,
    State.OPEN: frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS, State.ON_HOLD}) | _ENDINGS,
    State.ACKNOWLEDGED: frozenset({State.IN_PROGRESS, State.ON_HOLD}) | _ENDINGS,
    State.IN_PROGRESS: frozenset({State.ON_HOLD, State.EVIDENCE_PENDING, State.COMPLETED}) | _ENDINGS,
    State.ON_HOLD: frozenset({State.IN_PROGRESS, State.OPEN}) | _ENDINGS,
    State.EVIDENCE_PENDING: frozenset({State.COMPLETED, State.IN_PROGRESS}),
    State.COMPLETED: frozenset({State.VERIFIED, State.IN_PROGRESS, State.OPEN}),
    State.VERIFIED: frozenset({State.OPEN}),
    State.MISSED: frozenset({State.IN_PROGRESS}),
    State.BYPASSED: frozenset(),
    State.DEFERRED: frozenset(),
    State.CANCELLED: frozenset({State.IN_PROGRESS}),
    State.REJECTED: frozenset(),
}
"""The table. ``missed`` is for planned work only, ``rejected`` for repair tickets only; ``missed`` and
``cancelled`` are left by work done before only (checked in ``transition``)."""

_GOES_ON = frozenset({State.MISSED, State.CANCELLED})
"""Endings of which we may hear later that the work had been done by then."""


def needs_reason(order: WorkOrder, to: State) -> bool:
    """Whether the step must say why: endings, holds, rework, opening again, verifying what is incomplete."""
    if to is State.VERIFIED:
        return INCOMPLETE in order.tags
    if order.state in RETURNS and to is State.OPEN:
        return True
    return to in _ENDINGS or to is State.ON_HOLD or (order.state in ENDED and to is State.IN_PROGRESS)


def transition(
    order: WorkOrder,
    to: State,
    at: datetime,
    by: str,
    reason: str = "",
    *,
    recorded_at: datetime | None = None,
    recurrence: bool = False,
    in_time: bool = False,
    completed_by: str | None = None,
    person: bool = False,
    code: str = "",
) -> tuple[WorkOrder, Transition]:
    """The order after one step, and the entry of its history. The order's ``version`` is left to the repository.

    ``at`` is when it was done (an instant after ``recorded_at`` counts as ``recorded_at``). ``recurrence`` marks the
    fault's return, the only way back to ``open`` (from ``RETURNS``); ``in_time`` work that was done before
    its order was recorded as missed or withdrawn. ``completed_by`` is who completed the order: critical work is
    verified by somebody else. ``code`` says why an order is held (none: ``other``, which its reason explains) or why it
    ends. Raises ``IllegalTransition``, and ``BadData`` where a reason is missing or ``at`` lies before 2000.
    """
    recorded = recorded_at if recorded_at is not None else at
    when = min(at, recorded)
    if when < EARLIEST:
        problem = FieldProblem("at", "too_early", "时间早于2000年 / earlier than the year 2000")
        raise BadData(f"{when.isoformat()} is too early to be true", [problem])
    _check(order, to, by, recurrence, in_time, completed_by)
    why = reason.strip()
    if needs_reason(order, to) and not why:
        problem = FieldProblem("reason", "reason_required", "说明原因 / say why")
        raise BadData(f"{to.value} needs a reason", [problem])
    held_for = (code or OTHER) if to is State.ON_HOLD else ""
    moved = replace(_moved(order, to, when, why), hold_code=held_for or None)
    return moved, Transition(order.id, to, when, recorded, by, why, person, code if to in _ENDINGS else held_for)


def arrived(order: WorkOrder, at: datetime) -> WorkOrder:
    """Somebody is on the spot; the first arrival stands, whichever we hear of first."""
    known = order.arrived_at
    return order if known is not None and known <= at else replace(order, arrived_at=at)


def accepted(order: WorkOrder, at: datetime) -> WorkOrder:
    """An order that was accepted already, and earlier than we knew."""
    known = order.acknowledged_at
    return order if known is None or known <= at else replace(order, acknowledged_at=at)


def _check(order: WorkOrder, to: State, by: str, recurrence: bool, in_time: bool, completed_by: str | None) -> None:
    said = f"work order #{order.number}: {order.state.value} > {to.value}"
    corrective = order.kind is Kind.CORRECTIVE
    if to not in NEXT[order.state]:
        raise IllegalTransition(f"{said} is no step of its life")
    if (to is State.MISSED and corrective) or (to is State.REJECTED and not corrective):
        raise IllegalTransition(f"{said}: only {'planned work' if corrective else 'a repair ticket'} can be that")
    if order.state in _GOES_ON and not in_time:
        raise IllegalTransition(f"{said}: only work that was done in time goes on")
    if order.state in RETURNS and to is State.OPEN and not recurrence:
        raise IllegalTransition(f"{said}: only the fault's return opens it again")
    if to is State.VERIFIED and order.severity is Severity.CRITICAL and by == completed_by:
        raise IllegalTransition(f"{said}: critical work is verified by a second person")


def _moved(order: WorkOrder, to: State, at: datetime, why: str) -> WorkOrder:
    reopening = order.state in (State.COMPLETED, State.VERIFIED) and to in (State.OPEN, State.IN_PROGRESS)
    changes: dict[str, object] = {"state": to}
    if reopening:
        changes |= {"completed_at": None, "verified_at": None}
        changes["reopened"] = order.reopened + (1 if to is State.OPEN else 0)
    if order.state in RETURNS and to is State.OPEN:
        # Acknowledging, arriving and the verdict are asked for again, from now on.
        begins = max(at, order.opened_at or at)
        changes |= {"acknowledged_at": None, "arrived_at": None, "opened_at": begins, "verdict": None}
    elif not reopening and to is not State.SCHEDULED and order.opened_at is None and to not in _ENDINGS:
        changes["opened_at"] = at
    if to in (State.ACKNOWLEDGED, State.IN_PROGRESS) and order.acknowledged_at is None:
        changes["acknowledged_at"] = at
    if to is State.IN_PROGRESS and order.arrived_at is None:
        changes["arrived_at"] = at
    if to in (State.EVIDENCE_PENDING, State.COMPLETED) and order.completed_at is None:
        changes["completed_at"] = at
    if to is State.VERIFIED:
        changes["verified_at"] = at
    if order.state in _GOES_ON:
        changes["end_reason"] = None
    changes["hold_reason"] = why if to is State.ON_HOLD else None
    if to in _ENDINGS:
        changes["end_reason"] = why
    return replace(order, **changes)  # type: ignore[arg-type]
