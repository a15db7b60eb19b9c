"""The look at the clocks, a job of the scheduler: breaches are recorded, and whoever has to be told is.

Safe with any number of schedulers and whenever it runs: a step is recorded once by its key in the transaction that
writes its messages, and the ticket is locked meanwhile. What came due while nothing ran is told once, not step by step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.notify.audience import OnCall, audience_of, nobody_on_call
from maintenance.notify.messages import Place, order_notice
from maintenance.notify.outbox import enqueue
from maintenance.ports import MaintenanceTx
from maintenance.scheduler import Job
from maintenance.sla.clocks import Clock, clocks
from maintenance.sla.keeping import keep_clocks, keys_of
from maintenance.sla.steps import DueStep, StepDone, due_steps
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.authorship import acting_system
from plantroom.errors import NotFound
from plantroom.ports.clock import Clock as WallClock
from plantroom.ports.ledger import Contended, Ledger

AT_ONCE = 200
"""Tickets that one look goes through."""

JOB = "sla"
EVERY = timedelta(seconds=1)
"""How often the clocks are looked at where nothing changes."""

STALE = timedelta(hours=1)
"""Of a ticket whose clocks are computed for the first time (an earlier version made it), steps that came due longer ago
are recorded and told to nobody."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look found: tickets that it had something to do for, steps taken, breaches recorded, messages written."""

    looked: int = 0
    steps: int = 0
    breaches: int = 0
    messages: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(
            self.looked + other.looked,
            self.steps + other.steps,
            self.breaches + other.breaches,
            self.messages + other.messages,
        )


def check_clocks(
    ledger: Ledger[MaintenanceTx],
    now: datetime,
    on_call: OnCall = nobody_on_call,
    base_url: str = "",
    limit: int = AT_ONCE,
) -> Checked:
    """Look at every clock that something is due of. One cheap query when there is none; each ticket in a transaction of
    its own. ``base_url``: where people open the web app, for the links."""
    with ledger.read() as tx:
        first, waking = list(tx.sla.unclocked(limit)), list(tx.sla.waking(now, limit))
    total = Checked(looked=len(first))
    for order_id in first:
        with ledger.begin() as tx:
            _begin(tx, order_id, now)
    for order_id in waking:
        try:
            with ledger.begin() as tx:
                total += _look(tx, order_id, now, on_call, base_url)
        except Contended as error:
            log.info("clock_looked_at_again_later", work_order=order_id, problem=str(error))
    return total


def sla_job(
    ledger: Ledger[MaintenanceTx], clock: WallClock, on_call: OnCall = nobody_on_call, base_url: str = ""
) -> Job:
    """Looks at the clocks whenever the ledger changes and once a second, by the real clock: people are called by it,
    whatever the planning clock says."""

    def run(_planned: datetime) -> bool:
        with acting_system(JOB):
            return check_clocks(ledger, clock.now(), on_call, base_url).looked > 0

    return Job(JOB, EVERY, run, at_changes=True)


def _begin(tx: MaintenanceTx, order_id: str, now: datetime) -> None:
    """The clocks of a ticket that has none yet; old steps are behind it."""
    order = tx.orders.lock(order_id)
    found, policies = _clocks(tx, order, now), tx.sla.policies(order.site)
    done = [
        StepDone(order.id, clock.kind.value, clock.cycle, due.key, due.at, now)
        for clock in found
        for due in due_steps(clock, policies.at(clock.started_at), (), now - STALE)
    ]
    for step in done:
        tx.sla.add_step(step)
    keep_clocks(tx, order, found, policies, now, done)


def _clocks(tx: MaintenanceTx, order: WorkOrder, now: datetime) -> list[Clock]:
    policies = tx.sla.policies(order.site)
    return clocks(order, tx.orders.transitions(order.id), policies, now, tx.sla.marks(order.id))


def _look(tx: MaintenanceTx, order_id: str, now: datetime, on_call: OnCall, base_url: str) -> Checked:
    order = tx.orders.lock(order_id)
    if not tx.sla.take(order_id, now):
        return Checked()
    found, policies, done = _clocks(tx, order, now), tx.sla.policies(order.site), keys_of(tx.sla.steps(order_id))
    steps = breaches = messages = 0
    for clock in found:
        keys = done.get((clock.kind.value, clock.cycle), set())
        due = due_steps(clock, policies.at(clock.started_at), keys, now)
        new = [one for one in due if tx.sla.add_step(_record(order, clock, one, now))]
        tells = [one for one in new if one.step is not None]
        steps, breaches = steps + len(tells), breaches + len(new) - len(tells)
        if tells:
            messages += _tell(tx, order, clock, tells, on_call, now, base_url)
        for one in new:
            data = {"id": order.id, "number": order.number, "clock": clock.kind.value, "step": one.key}
            tx.live.note("sla", order.site, data)
    keep_clocks(tx, order, found, policies, now, tx.sla.steps(order_id))
    return Checked(1, steps, breaches, messages)


def _record(order: WorkOrder, clock: Clock, due: DueStep, now: datetime) -> StepDone:
    return StepDone(order.id, clock.kind.value, clock.cycle, due.key, due.at, now)


def _tell(
    tx: MaintenanceTx,
    order: WorkOrder,
    clock: Clock,
    due: Sequence[DueStep],
    on_call: OnCall,
    now: datetime,
    base_url: str,
) -> int:
    """One message to everybody whom one of the steps names, in the words of the clock as it stands."""
    steps = [one.step for one in due if one.step is not None]
    audience = audience_of(tx, [to for step in steps for to in step.to], order, on_call, now)
    new = all(step.percent == 0 and step.after_s == 0 for step in steps)
    notice = order_notice(
        order,
        place_of(tx, order),
        clock,
        topic="ticket" if new else "clock",
        dedup=f"{order.id}:{clock.kind.value}:{clock.cycle}:{due[-1].key}",
        urgent=order.safety or any(step.urgent for step in steps),
        now=now,
        link=ticket_link(base_url, order.id),
    )
    sent = enqueue(tx, notice, audience, now)
    tx.sla.count_messages(_record(order, clock, due[-1], now), sent)
    if not audience.channels:
        log.warning(
            "nobody_to_tell", work_order=order.number, site=order.site, clock=clock.kind.value, step=due[-1].key
        )
    return sent


def ticket_link(base_url: str, order_id: str) -> str:
    """Where a ticket is read; empty without an address."""
    return f"{base_url.rstrip('/')}/tickets/{order_id}" if base_url else ""


def place_of(tx: MaintenanceTx, order: WorkOrder) -> Place:
    """Where a ticket is, in words."""
    site = tx.assets.site(order.site)
    zone, where = ZoneInfo(site.time_zone), LocalName("", "")
    if order.asset is not None:
        try:
            asset = tx.assets.get(order.asset).asset
        except NotFound:
            return Place(site.name, where, zone)
        where = LocalName(f"{asset.name.zh}（{asset.code}）", f"{asset.name.en} ({asset.code})")
        locations = {one.key: one.name for one in tx.assets.locations(order.site)}
        room = locations.get(asset.location or "")
        if room is not None:
            where = LocalName(f"{room.zh} {where.zh}", f"{room.en}, {where.en}")
    return Place(site.name, where, zone)
