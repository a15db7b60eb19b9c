"""Keeping the clocks of a ticket in the ledger as what was said about it changes.

Every function works inside the caller's transaction, on a locked order whose history is written. Instants are aware
UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from maintenance.ports import MaintenanceTx
from maintenance.sla.clocks import Clock, ClockState, clocks, due_of
from maintenance.sla.policy import NEAR, ClockKind, Policies
from maintenance.sla.ports import StoredClock
from maintenance.sla.steps import StepDone, breach_key, correction_key, wake_at
from maintenance.sla.words import Mark, Said, got_milder
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.assets import LocalName, Severity

BY = "system:sla"
NAMES = {
    ClockKind.ACKNOWLEDGE: LocalName("接单", "acknowledge"),
    ClockKind.RESPOND: LocalName("答复业主", "answer the owner"),
    ClockKind.ARRIVE: LocalName("到场", "arrive"),
    ClockKind.INTERIM: LocalName("临时措施", "interim measure"),
    ClockKind.RESOLVE: LocalName("修复", "resolve"),
}
"""Clocks in words."""


def mark(
    tx: MaintenanceTx,
    order: WorkOrder,
    said: Said,
    at: datetime,
    now: datetime,
    by: str,
    *,
    code: str = "",
    text: str = "",
) -> None:
    """Note a word that is no step. Planned work has no clocks, and needs none."""
    if order.kind is Kind.CORRECTIVE:
        tx.sla.add_mark(Mark(order.id, said, min(at, now), now, by, code, text))


def first_due(tx: MaintenanceTx, order: WorkOrder, severity: Severity, opened_at: datetime) -> datetime | None:
    """By when a ticket that is opened then has to be resolved, as long as nobody has accepted it."""
    rule = tx.sla.policies(order.site).at(opened_at).rule(ClockKind.RESOLVE, severity, order.origin)
    return None if rule is None else opened_at + rule.limit


def begin_clocks(tx: MaintenanceTx, order: WorkOrder, opening: Transition, by: str) -> None:
    """The clocks of a repair ticket that is new; its opening is its whole history."""
    if order.kind is not Kind.CORRECTIVE:
        return
    severity = Mark(order.id, Said.SEVERITY, opening.at, opening.recorded_at, by, order.severity.value)
    tx.sla.add_mark(severity)
    policies, now = tx.sla.policies(order.site), opening.recorded_at
    keep_clocks(tx, order, clocks(order, [opening], policies, now, [severity]), policies, now, ())


def timed(tx: MaintenanceTx, order: WorkOrder) -> WorkOrder:
    """The order with ``due`` as its clocks have it; the clocks are stored. Planned work is left as it is."""
    if order.kind is not Kind.CORRECTIVE:
        return order
    policies, steps, marks = tx.sla.policies(order.site), tx.orders.transitions(order.id), tx.sla.marks(order.id)
    heard = heard_at(steps, marks)
    if heard is None:
        return order
    found, done = clocks(order, steps, policies, heard, marks), tx.sla.steps(order.id)
    done = [*done, *_record(tx, order, found, done, heard)]
    keep_clocks(tx, order, found, policies, heard, done, fewer=got_milder(marks))
    due = due_of(order, steps, policies, heard, marks)
    return order if due is None else replace(order, due=due)


def heard_at(steps: Sequence[Transition], marks: Sequence[Mark]) -> datetime | None:
    """When the last word on an order was heard."""
    return max([*(one.recorded_at for one in steps), *(one.recorded_at for one in marks)], default=None)


def keep_clocks(
    tx: MaintenanceTx,
    order: WorkOrder,
    found: Sequence[Clock],
    policies: Policies,
    now: datetime,
    steps: Sequence[StepDone],
    *,
    fewer: bool = False,
) -> None:
    """Store the clocks of an order as they are at ``now``; what waits to go out for one that has stopped is taken back.
    ``steps`` are all that are recorded of them, ``fewer``: there may have been clocks that are none any more."""
    done, stored = keys_of(steps), []
    for one in found:
        rest, policy = at_rest(one, now), policies.at(one.started_at)
        wakes = wake_at(one, policy, done.get((one.kind.value, one.cycle), ()), now)
        stored.append(StoredClock(rest, decided_at(rest), wakes))
    running = [one.clock for one in stored if one.clock.running and one.clock.paused_since is None]
    near = [at for one in running if (at := one.instant_at(NEAR)) is not None]
    limit, risk = min((one.limit_at for one in running), default=None), min(near, default=None)
    tx.sla.put_clocks(order, stored, limit, risk, fewer=fewer or not found)
    told = {(step.kind, step.cycle) for step in steps if step.messages}
    stopped = [
        f"{one.kind.value}:{one.cycle}" for one in found if not one.running and (one.kind.value, one.cycle) in told
    ]
    if stopped:
        tx.notifications.withdraw(order.id, stopped, now)


def keys_of(steps: Iterable[StepDone]) -> dict[tuple[str, int], set[str]]:
    """Keys of recorded steps by clock and cycle."""
    found: dict[tuple[str, int], set[str]] = {}
    for one in steps:
        found.setdefault((one.kind, one.cycle), set()).add(one.step)
    return found


def _record(
    tx: MaintenanceTx, order: WorkOrder, found: Sequence[Clock], done: Sequence[StepDone], heard: datetime
) -> list[StepDone]:
    """A breach that is known only now is recorded, and so is one that was none: a word that came late says so. Gives
    what is new."""
    known, new = keys_of(done), []
    for one in found:
        keys = known.get((one.kind.value, one.cycle), set())
        over, mends = one.state is ClockState.BREACHED, correction_key(keys)
        if over and breach_key(keys) not in keys and not one.running:
            new.append(StepDone(order.id, one.kind.value, one.cycle, breach_key(keys), one.limit_at, heard))
        elif not over and mends is not None:
            new.append(StepDone(order.id, one.kind.value, one.cycle, mends, one.stopped_at or heard, heard))
            said = corrected_words(one)
            line = f"{said.zh} / {said.en}"
            tx.orders.add_transition(Transition(order.id, order.state, heard, heard, BY, line))
            data = {"id": order.id, "number": order.number, "clock": one.kind.value, "step": mends}
            tx.live.note("sla", order.site, data)
    for step in new:
        tx.sla.add_step(step)
    return new


def corrected_words(clock: Clock) -> LocalName:
    """What the history says of a breach that was none."""
    name = NAMES[clock.kind]
    return LocalName(
        f"时限更正：{name.zh}曾记为超时，按事后上传的记录并未超时",
        f"clock corrected: {name.en} was called breached, and by a record that came later it was not",
    )


def at_rest(clock: Clock, now: datetime) -> Clock:
    """The clock without the time that a lasting pause has taken up to ``now``: what can be stored."""
    since = clock.paused_since
    if since is None:
        return clock
    lasted = max(now - since, timedelta(0))

    def back(end: datetime) -> datetime:
        return end - lasted if end > since else end

    return replace(
        clock,
        target_at=back(clock.target_at),
        limit_at=back(clock.limit_at),
        paused_s=max(clock.paused_s - lasted.total_seconds(), 0.0),
    )


def as_of(rest: Clock, now: datetime) -> Clock:
    """A clock at rest as it stands at ``now``."""
    if not rest.running:
        return replace(rest, remaining_s=(rest.limit_at - (rest.stopped_at or now)).total_seconds())
    since = rest.paused_since
    lasted = timedelta(0) if since is None else max(now - since, timedelta(0))
    limit, target = (
        end + lasted if since is not None and end > since else end for end in (rest.limit_at, rest.target_at)
    )
    state = ClockState.BREACHED if now > limit else ClockState.RUNNING if since is None else ClockState.PAUSED
    return replace(
        rest,
        limit_at=limit,
        target_at=target,
        state=state,
        paused_s=rest.paused_s + lasted.total_seconds(),
        remaining_s=(limit - max(now, rest.started_at)).total_seconds(),
    )


def decided_at(rest: Clock) -> datetime | None:
    """When it is known whether a clock at rest was kept: when it stopped, or at its limit before that; ``None`` while a
    pause keeps that open."""
    if rest.stopped_at is not None:
        return min(rest.stopped_at, rest.limit_at)
    since = rest.paused_since
    return rest.limit_at if since is None or rest.limit_at <= since else None
