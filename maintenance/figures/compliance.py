"""How much of the plan was done in time. Pure.

An occurrence counts in the period in which its last day lies, once it is decided: it was done, or its last day is over.
What was missed, put off or bypassed was due and is not in time, and so is what a law asks for and somebody has
cancelled. Other cancelled work was never due, nor was what is waived (``maintenance.waiving``), which is counted apart.
Completion is judged by the site's calendar: until the end of the last day; rows by the hour until their last moment. No
DST rule matters.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from maintenance.entered import is_late
from maintenance.figures.facts import Due
from maintenance.figures.figure import Figure, share
from maintenance.plan import Layer, OccurrenceState
from maintenance.work_orders import Kind, State

_PARTS = ("credited", "cancelled", "waived", "without_record", "incomplete_record", "recorded_late")
"""Counts that are part of another one, or of none that was due."""


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """``due`` is the sum of all others but ``credited``, ``without_record``, ``incomplete_record`` and
    ``recorded_late``, which are part of ``in_time`` or ``late``, ``cancelled``, which is part of ``missed``, and
    ``waived``; ``overdue`` is not done yet. ``without_record``: done, with nothing to show for it (``Due.bare``);
    ``incomplete_record``: done, with less than its checklist asks for (``Due.incomplete``); ``recorded_late``: entered
    long after it says that it was done (``maintenance.entered``)."""

    due: int = 0
    in_time: int = 0
    late: int = 0
    credited: int = 0
    missed: int = 0
    deferred: int = 0
    bypassed: int = 0
    overdue: int = 0
    cancelled: int = 0
    waived: int = 0
    without_record: int = 0
    incomplete_record: int = 0
    recorded_late: int = 0

    @property
    def rate(self) -> Figure:
        """The share that was done in time."""
        return share(self.in_time, self.due)


def is_statutory(due: Due, lawful: Collection[str] = ()) -> bool:
    """Whether a law asks for it, or its row stands for one that a law asks for (``lawful``: the lineages of such)."""
    return due.lineage in lawful or due.layer == Layer.LAW.value or due.kind == Kind.STATUTORY.value


def outcome(due: Due, now: datetime, zone: tzinfo, lawful: Collection[str] = ()) -> str | None:
    """The name of the count that an occurrence is in; ``None``: in none (cancelled though no law asks for it, or not
    decided yet)."""
    if due.state in (OccurrenceState.DONE.value, OccurrenceState.CREDITED.value) and due.completed_at is not None:
        return "in_time" if _in_time(due, due.completed_at, zone) else "late"
    if due.state == OccurrenceState.WAIVED.value:
        return "waived"
    if due.order_state == State.CANCELLED.value:
        return "cancelled" if is_statutory(due, lawful) else None
    if due.state == OccurrenceState.MISSED.value:
        ended = {State.DEFERRED.value: "deferred", State.BYPASSED.value: "bypassed"}
        return ended.get(due.order_state or "", "missed")
    over = due.due_at < now if due.due_at is not None else due.latest < now.astimezone(zone).date()
    return "overdue" if over else None


def plan_counts(dues: Iterable[Due], now: datetime, zone: tzinfo, lawful: Collection[str] = ()) -> PlanCounts:
    """The counts of one group. O(n)."""
    found: Counter[str] = Counter()
    for due in dues:
        name = outcome(due, now, zone, lawful)
        if name is not None:
            found[name] += 1
            found["credited"] += due.state == OccurrenceState.CREDITED.value
            found["missed"] += name == "cancelled"
            found["without_record"] += due.bare
            found["incomplete_record"] += due.incomplete
            found["recorded_late"] += is_late(due.completed_at, due.recorded_at)
    total = found.total() - sum(found[part] for part in _PARTS)
    return PlanCounts(due=total, **found)


def _in_time(due: Due, completed_at: datetime, zone: tzinfo) -> bool:
    if due.due_at is not None:
        return completed_at <= due.due_at
    return completed_at.astimezone(zone).date() <= due.latest
