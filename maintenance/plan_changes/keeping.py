"""Asking for changes of the plan table, and deciding on them. Inside the caller's transaction.

A decision and the version that it makes are one transaction. A row that somebody else has changed meanwhile is not
written over: ``RowHasMoved`` has it as it is now.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from maintenance.lifecycle import ENDED
from maintenance.plan import OccurrenceKey, PlanRow
from maintenance.plan_changes.model import Action, ChangeState, PlanChange, differing
from maintenance.plan_changes.rules import Outcome, Proposal, outcome_of
from maintenance.plan_changes.standing import DATES, PROOF
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import State, WorkOrder, WorkOrderOccurrence
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict

BACK = timedelta(days=60)
"""How long ago work may have been that can still become undone, or done in time after all."""

_WRITABLE = {state for state in State if state not in ENDED} | {State.COMPLETED, State.MISSED}


class RowHasMoved(Conflict):
    """The row is not any more what the change was asked for."""

    code = "row_has_changed"

    def __init__(self, before: PlanRow, current: PlanRow) -> None:
        names = ", ".join(differing(before, current)) or "version"
        super().__init__(
            f"{current.code}: 计划项已被他人修改（{names}），请核对后重新提交 / somebody has changed the row meanwhile "
            f"({names}): look at it and ask again"
        )
        self.before, self.current = before, current


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, when, on which local day of the site, and why."""

    by: str
    at: datetime
    today: date
    reason: str = ""


def proposal_of(change: PlanChange, today: date) -> Proposal:
    """What the change asks for, in effect today at the earliest. ``Conflict`` for a suggestion that nobody has made a
    change of."""
    if change.action is None:
        raise Conflict("建议尚未写成具体变更 / nobody has said yet what the suggestion is to change: PATCH it first")
    day = max(change.effective_from or today, today)
    return Proposal(change.action, change.site, change.before, change.after, day)


def outcome(tx: MaintenanceTx, change: PlanChange, today: date) -> Outcome:
    """The row that an approval now would make. ``RowHasMoved``, ``Conflict`` when there is nothing to change any more,
    ``BadData`` as the rules."""
    _require_unmoved(tx, change)
    return outcome_of(proposal_of(change, today), new_key(), tx.plan.rows())


def ask(tx: MaintenanceTx, change: PlanChange) -> PlanChange:
    """Write down what somebody asks for."""
    tx.plan_changes.add(change)
    _note(tx, change)
    return change


def revise(tx: MaintenanceTx, change: PlanChange, expected: int | None) -> PlanChange:
    """Write a change that is not decided yet anew. ``Conflict`` when it is, ``VersionConflict``."""
    _require_open(tx.plan_changes.lock(change.id))
    written = tx.plan_changes.update(change, expected)
    _note(tx, written)
    return written


def approve(tx: MaintenanceTx, change_id: str, decision: Decision, expected: int | None = None) -> PlanChange:
    """Make the row's next version. Errors as ``outcome``; ``Conflict`` for one that is decided, ``VersionConflict``."""
    change = tx.plan_changes.lock(change_id)
    _require_open(change)
    found = outcome(tx, change, decision.today)
    decision = replace(decision, reason=_with_what_is_laxer(decision.reason, found))
    written = tx.plan.put_row(found.row)
    if change.sets_apart:
        assert change.before is not None
        assert change.site is not None
        take_over(tx, change.before, written, change.site, decision.today)
    tx.live.note("plan", written.site, {"code": written.code, "change": "approved"})
    done = replace(
        _decided(change, ChangeState.APPROVED, decision),
        after=written,
        code=written.code,
        lineage=written.lineage,
        applied_version=written.version,
        effective_from=written.ends if change.action is Action.RETIRE else written.effective_from,
    )
    return _write(tx, done, expected)


def reject(tx: MaintenanceTx, change_id: str, decision: Decision, expected: int | None = None) -> PlanChange:
    """It is not to be. Errors as ``approve``."""
    return _close(tx, change_id, ChangeState.REJECTED, decision, expected)


def withdraw(tx: MaintenanceTx, change_id: str, decision: Decision, expected: int | None = None) -> PlanChange:
    """Whoever asked does so no more. Errors as ``approve``."""
    return _close(tx, change_id, ChangeState.WITHDRAWN, decision, expected)


def take_over(tx: MaintenanceTx, before: PlanRow, heir: PlanRow, site: str, today: date) -> None:
    """The site's own row goes on where every site's row stood there: its occurrences are the own row's from now on, and
    so what was done last counts for the law. Orders that can still change name them anew."""
    ids = tx.plan.hand_over(before.lineage, heir.lineage, site, today - BACK)
    for order_id in ids:
        order = tx.orders.lock(order_id)
        if order.state in _WRITABLE:
            tx.orders.update(replace(order, occurrences=_renamed(order, before.lineage, heir)), order.version)


def _renamed(order: WorkOrder, lineage: str, heir: PlanRow) -> tuple[WorkOrderOccurrence, ...]:
    return tuple(
        replace(one, key=OccurrenceKey(heir.lineage, one.key.subject, one.key.cycle), plan_row=heir.code)
        if one.key.lineage == lineage
        else one
        for one in order.occurrences
    )


def _with_what_is_laxer(reason: str, found: Outcome) -> str:
    """A decision's reason, and which of the law's rows are stood for with less than they ask for: nothing else on
    record says so, for the law's own row stays as it is."""
    laxer = [f"{one.text.zh} / {one.text.en} [{one.code}]" for one in found.cautions if one.code in (DATES, PROOF)]
    return "\n".join(filter(None, [reason, *laxer]))


def _require_unmoved(tx: MaintenanceTx, change: PlanChange) -> None:
    before, site = change.before, change.site
    if before is None:
        _require_free(tx, change)
        return
    current = tx.plan.lock_row(before.lineage)
    if current is None:
        raise Conflict(f"{before.code}: 计划项已不存在 / there is no such row any more")
    if current.version != before.version:
        raise RowHasMoved(before, current)
    own = tx.plan.row(before.code, site)
    if change.sets_apart and own is not None and own.site == site:
        raise RowHasMoved(before, own)


def _require_free(tx: MaintenanceTx, change: PlanChange) -> None:
    row = change.after
    taken = None if row is None else tx.plan.row(row.code, change.site)
    if taken is not None and taken.site == change.site:
        raise Conflict(f"计划项编号{taken.code}已存在 / there is a plan row {taken.code!r} already")


def _require_open(change: PlanChange) -> None:
    if change.state is not ChangeState.REQUESTED:
        raise Conflict(f"该变更已有结论（{change.state.value}） / the change is {change.state.value} already")


def _close(
    tx: MaintenanceTx, change_id: str, state: ChangeState, decision: Decision, expected: int | None
) -> PlanChange:
    change = tx.plan_changes.lock(change_id)
    _require_open(change)
    return _write(tx, _decided(change, state, decision), expected)


def _decided(change: PlanChange, state: ChangeState, decision: Decision) -> PlanChange:
    return replace(change, state=state, decided_by=decision.by, decided_at=decision.at, decision=decision.reason)


def _write(tx: MaintenanceTx, change: PlanChange, expected: int | None) -> PlanChange:
    written = tx.plan_changes.update(change, expected)
    _note(tx, written)
    return written


def _note(tx: MaintenanceTx, change: PlanChange) -> None:
    tx.live.note("plan_change", change.site, {"id": change.id, "state": change.state.value, "code": change.code})
