"""The SLA clocks of repair tickets beside the steps and words that they are computed from, which the history has.

Tickets of before there were clocks have no word on their severity, and are left out; so are those of loop tests. What a
clock says at an instant (its state, when it was decided, when it rings next) is not compared: each look at a ticket
puts it anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.sla.clocks import Clock, ClockState, clocks, has_clocks
from maintenance.sla.keeping import at_rest, heard_at
from maintenance.sla.policy import Policies
from maintenance.sla.words import Mark, Said
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.paging import PageRequest

TABLE = "sla_clocks"
NAMES = (
    "severity", "started_at", "counts_from", "target_s", "limit_s", "target_at", "limit_at", "stopped_at", "pauses",
)  # fmt: skip
AT_ONCE = 500
NEARLY_S = 0.001
"""Seconds of pauses are added up in binary fractions."""


def clocks_as_said(tx: MaintenanceTx) -> int:
    """How many clocks there are of tickets with words on them, all as those make them; else ``Broken`` at the first
    that is not. Four queries for each ``AT_ONCE`` tickets, and memory for as many."""
    count = 0
    for some in _tickets(tx):
        ids = [order.id for order in some]
        kept, marks, steps = tx.sla.clocks_of(ids), tx.sla.marks_of(ids), tx.orders.transitions_of(ids)
        for order in some:
            words = _Words(marks.get(order.id, ()), steps.get(order.id, ()), tx.sla.policies(order.site))
            count += _same(order, words, kept.get(order.id, ()))
    return count


def _tickets(tx: MaintenanceTx) -> Iterator[Sequence[WorkOrder]]:
    request = PageRequest(limit=AT_ONCE, sort="number")
    while True:
        page = tx.orders.list(OrderFilter(kind=Kind.CORRECTIVE.value), request)
        yield page.items
        if page.next_cursor is None:
            return
        request = replace(request, cursor=page.next_cursor)


class _Words(NamedTuple):
    """What was said on a ticket, and what was promised on its site."""

    marks: Sequence[Mark]
    steps: Sequence[Transition]
    policies: Policies


def _same(order: WorkOrder, words: _Words, kept: Sequence[Clock]) -> int:
    marks, steps, policies = words
    heard = heard_at(steps, marks)
    if heard is None or not has_clocks(order) or all(one.said is not Said.SEVERITY for one in marks):
        return 0
    said = clocks(order, steps, policies, heard, marks)
    then, now = _by_key([at_rest(one, heard) for one in said]), _by_key(kept)
    for key in sorted(then.keys() | now.keys()):
        named = f"{TABLE} {order.id}/{key} of order #{order.number}"
        if key not in now:
            _wrong(Tampering.ROW_REMOVED, f"{named} is not there, and the words on the order ask for it")
        elif key not in then:
            _wrong(Tampering.ROW_INSERTED, f"{named} is there, and no word on the order asks for it")
        else:
            _compare(named, now[key], then[key])
    return len(now)


def _by_key(some: Sequence[Clock]) -> Mapping[str, Clock]:
    return {f"{one.kind.value}/{one.cycle}": one for one in some}


def _compare(named: str, is_: Clock, then: Clock) -> None:
    then = replace(then, counts_from=then.counts_from or then.started_at)
    differs = [name for name in NAMES if getattr(is_, name) != getattr(then, name)]
    if abs(is_.paused_s - then.paused_s) > NEARLY_S:
        differs.append("paused_s")
    if (is_.state is ClockState.VOID) != (then.state is ClockState.VOID):
        differs.append("state")
    if differs:
        words = "; ".join(f"{n} is {getattr(is_, n)}, by the words on it {getattr(then, n)}" for n in differs)
        _wrong(Tampering.ROW_CHANGED, f"{named} is not as the words on the order make it: {words}")


def _wrong(what: Tampering, detail: str) -> None:
    raise Broken(Place(what, detail=detail))
