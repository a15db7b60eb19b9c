"""How what fell due in a period and what was done in it meet. Pure.

Heads count a job of the plan by its last day, lists have work by the day on which it was completed: what was done late
or early is in one of them and not in the other. Both say how many are, so that a reader can go from one to the other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from maintenance.figures.compliance import PlanCounts, outcome, plan_counts
from maintenance.figures.groups import Period
from maintenance.reports.bare import fact_of
from maintenance.reports.ports import DueLine
from plantroom.domain.assets import LocalName

_DONE = ("in_time", "late")


@dataclass(frozen=True, slots=True)
class Split:
    """How many lie before a period, in it and after it."""

    before: int = 0
    within: int = 0
    after: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.before + self.within + self.after


@dataclass(frozen=True, slots=True)
class Fallen:
    """Jobs whose last day lies in the period and is over, or that are done: ``counts`` of them, and ``done`` by when
    those were completed that were."""

    counts: PlanCounts
    done: Split

    @property
    def open(self) -> int:
        """How many were not done."""
        return self.counts.due - self.done.total

    @property
    def words(self) -> LocalName:
        """One sentence that adds up to what is due."""
        c, d = self.counts, self.done
        zh = f"到期合计 {c.due}：期间内完成 {d.within}，期间之前完成 {d.before}，期间之后完成 {d.after}"
        en = f"Due in all {c.due}: done in the period {d.within}, before it {d.before}, after it {d.after}"
        zh, en = f"{zh}，未完成 {self.open}", f"{en}, not done {self.open}"
        if self.open:
            zh += f"（漏做 {c.missed}，延期 {c.deferred}，旁路 {c.bypassed}，逾期未做 {c.overdue}）"
            en += f" (missed {c.missed}, put off {c.deferred}, bypassed {c.bypassed}, overdue {c.overdue})"
        return LocalName(zh, en)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of work that was completed in the period: ``lines``, the jobs of the plan that they carry by where the
    last days of those lie, and ``apart``: lines that carry none."""

    lines: int = 0
    jobs: Split = Split()
    apart: int = 0

    @property
    def words(self) -> LocalName:
        """One sentence that adds up to the jobs of the plan among its lines."""
        j = self.jobs
        zh = (
            f"按完成日期列出，共 {self.lines} 份；含计划项 {j.total} 项："
            f"最迟日期在期间之前 {j.before}，期间内 {j.within}，期间之后 {j.after}；非计划项 {self.apart} 份"
        )
        en = (
            f"By day of completion, {self.lines} in all, with jobs of the plan: {j.total} (due before the period "
            f"{j.before}, in it {j.within}, after it {j.after}); of no plan row: {self.apart}"
        )
        return LocalName(zh, en)


@dataclass(frozen=True, slots=True)
class Tally:
    """What fell due, and the lists of what was done, by the word that each is called by. Jobs that were done in the
    period and stand in no list, by where their last days lie: ``no_order``, those that readings or somebody by hand
    said; ``unlisted``, those of orders that stand in none (work that was sent back and is done again)."""

    fallen: Fallen
    lists: Mapping[str, Listed]
    no_order: Split
    unlisted: Split


def tally(
    due: Iterable[DueLine],
    done: Iterable[DueLine],
    lists: Mapping[str, Collection[str | None]],
    period: Period,
    now: datetime,
    lawful: Collection[str],
) -> Tally:
    """``due`` are the occurrences whose last day lies in the period, ``done`` those completed in it, ``lists`` the
    orders (ids; ``None`` for a line of none) of each list. ``done`` in the period is the same number of jobs in both.
    O(n)."""
    of_order: dict[str, list[DueLine]] = {}
    left = []
    known = {order for one in lists.values() for order in one if order is not None}
    for one in done:
        if one.order in known:
            of_order.setdefault(one.order, []).append(one)
        else:
            left.append(one)
    return Tally(
        _fallen(due, period, now, lawful),
        {name: _listed(orders, of_order, period) for name, orders in lists.items()},
        _by_last_day((one for one in left if one.order is None), period),
        _by_last_day((one for one in left if one.order is not None), period),
    )


def _fallen(due: Iterable[DueLine], period: Period, now: datetime, lawful: Collection[str]) -> Fallen:
    lines = list(due)
    facts = [fact_of(one) for one in lines]
    completed = [
        one.completed_at
        for one, fact in zip(lines, facts, strict=True)
        if one.completed_at is not None and outcome(fact, now, period.zone, lawful) in _DONE
    ]
    found = Counter("before" if at < period.begins else "after" if at >= period.ends else "within" for at in completed)
    return Fallen(plan_counts(facts, now, period.zone, lawful), Split(**found))


def _listed(orders: Collection[str | None], of_order: dict[str, list[DueLine]], period: Period) -> Listed:
    jobs = [one for order in orders if order is not None for one in of_order.get(order, ())]
    return Listed(len(orders), _by_last_day(jobs, period), sum(order not in of_order for order in orders))


def _by_last_day(jobs: Iterable[DueLine], period: Period) -> Split:
    found = Counter(
        "before" if one.latest < period.first else "after" if one.latest > period.last else "within" for one in jobs
    )
    return Split(**found)
