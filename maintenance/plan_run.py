"""One run of the planning over all sites: who has to be planned, in what pieces, in which transactions.

Subjects are planned before their transaction begins, which then only writes: what has changed meanwhile is seen by its
count of changes and planned one by one, what another scheduler has planned meanwhile is left to it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TypeVar

import structlog

from maintenance.bulk import BulkPlan, Drafted, Wanted
from maintenance.checklists import template_of
from maintenance.columns.days import TooFar, WorkDays
from maintenance.draft_words import MISSED_TAG, RowGroup, Templates
from maintenance.lifecycle import PLANNER
from maintenance.planner_steps import overdue_text
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.site_plan import SitePlan
from maintenance.standings import DraftOrder, Standing
from maintenance.views import note_order
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import LocalName, Site
from plantroom.errors import BadData, NotFound
from plantroom.ports.ledger import Contended, Ledger

T = TypeVar("T")
OneByOne = Callable[[MaintenanceTx, SitePlan, Sequence[str]], Mapping[str, int]]
"""Plans some subjects of a site inside a transaction; gives the counts."""

FAULTS = (ArithmeticError, ValueError, LookupError, TypeError, NotFound)
"""What data that make no sense raise; a ledger that is away is another matter."""

BATCH = 5000
"""Subjects that are in memory at once with their history."""

ORDERS_AT_ONCE = 10_000
"""New orders in one transaction: about half a second for other writers to wait."""

SLICE, SLICE_S = 20, 0.3
"""Subjects planned one by one in the first transaction, and how long one may take."""

BREATH_S = 0.1
"""How long writers of other processes get after such a transaction: SQLite asks for its lock so often."""

_TRIES = 6


class PlanRun:
    """One run. ``total`` has the counts so far."""

    def __init__(self, ledger: Ledger[MaintenanceTx], now: datetime, one_by_one: OneByOne, *, afresh: bool) -> None:
        self._ledger, self._now, self._one_by_one, self._afresh = ledger, now, one_by_one, afresh
        self._slice = SLICE
        self.total = {"created": 0, "existing": 0, "missed": 0}

    def sites(self, plans: Sequence[SitePlan]) -> None:
        """Plan all sites; those of one calendar together. Raises ``Unreachable`` when the ledger is away."""
        for _, some in groupby(sorted(plans, key=lambda plan: plan.calendar), key=lambda plan: plan.calendar):
            wanted: list[Wanted] = []
            together = list(some)
            for plan in together:
                with apart_from_others(plan.site):
                    wanted += self._wanted(plan)
            calendar = WorkDays(together[0].is_working_day)
            for start in range(0, len(wanted), BATCH):
                left = self._in_columns(wanted[start : start + BATCH], calendar)
                self._singly(left)

    def _wanted(self, plan: SitePlan) -> list[Wanted]:
        stale = list(plan.cards.values() if self._afresh else plan.stale())
        found = [Wanted(plan, card, plan.set_of(card), plan.changes(card.key)) for card in stale]
        left = {card.key for card in stale}
        holding = (one.due for key, one in plan.standings.items() if key in plan.cards and key not in left)
        self.total["existing"] += sum(holding)
        return sorted(found, key=lambda one: one.card.key)

    def _in_columns(self, wanted: Sequence[Wanted], calendar: WorkDays) -> list[Wanted]:
        """Plan and write what the columns can; gives those that are left."""
        with self._ledger.read() as tx:
            history = tx.plan.history([one.card.key for one in wanted])
        try:
            bulk = BulkPlan(wanted, history, calendar, self._now)
            templates = self._templates(bulk.row_groups())
        except (*FAULTS, TooFar) as error:
            structlog.get_logger().warning("not_planned_in_columns", error=str(error), type=type(error).__name__)
            return list(wanted)
        left = list(bulk.others)
        for some in _chunks(bulk.drafts(templates)):
            left += self._again(partial(self._write, some))
        return left

    def _templates(self, groups: Sequence[RowGroup]) -> Templates:
        if not groups:
            return {}
        names = [(here, tuple(row.lineage for row in rows)) for here, rows in groups]
        with self._ledger.read() as tx:
            checklists = [template_of(tx.plan, rows, here) for here, rows in groups]
        keys = self._again(partial(self._frozen, checklists))
        return dict(zip(names, keys, strict=True))

    def _frozen(self, checklists: Sequence[Sequence[ChecklistItem]]) -> Sequence[str]:
        with self._ledger.begin() as tx:
            return tx.plan.freeze(checklists)

    def _write(self, drafted: Sequence[Drafted]) -> list[Wanted]:
        """Write some subjects of a site; gives those that have changed meanwhile."""
        left: list[Wanted] = []
        mine: list[Drafted] = []
        held = 0
        plan = drafted[0].wanted.plan
        with self._ledger.begin() as tx:
            if has_changed(tx, plan):
                return []
            standings = tx.plan.standings_of([one.standing.subject for one in drafted])
            for one in drafted:
                found = standings.get(one.standing.subject)
                if found is not None and found.changes != one.wanted.changes:
                    left.append(one.wanted)
                elif found is not None and not self._afresh and _holds(found, one):
                    held += found.due
                else:
                    mine.append(one)
            orders = [draft for one in mine for draft in one.drafts]
            added = tx.plan.add_drafts(plan.site.code, orders, [record for one in mine for record in one.records])
            for draft, number in added.orders:
                if draft.opened_at is not None:
                    _opened(tx, draft, number, draft.opened_at, plan)
            tx.plan.put_standings([one.standing for one in mine])
        late = sum(len(draft.occurrences) for draft, _ in added.orders if MISSED_TAG in draft.tags)
        self.total["existing"] += held
        self.total["created"] += sum(len(draft.occurrences) for draft, _ in added.orders) + added.records
        self.total["missed"] += late + added.records
        return left

    def _singly(self, wanted: Sequence[Wanted]) -> None:
        for _, some in groupby(wanted, key=lambda one: one.plan.site.code):
            of_site = list(some)
            with apart_from_others(of_site[0].plan.site):
                self._slices(of_site[0].plan, [one.card.key for one in of_site])

    def _slices(self, plan: SitePlan, keys: Sequence[str]) -> None:
        start = 0
        while start < len(keys):
            some = keys[start : start + self._slice]
            began = time.monotonic()
            counts = self._again(partial(self._planned, plan, some))
            self.total = {key: count + counts[key] for key, count in self.total.items()}
            start += len(some)
            took = time.monotonic() - began
            self._slice = max(1, min(2 * self._slice, 500, int(len(some) * SLICE_S / max(took, 0.001))))
            if start < len(keys):
                time.sleep(min(BREATH_S, took))

    def _planned(self, plan: SitePlan, keys: Sequence[str]) -> Mapping[str, int]:
        with self._ledger.begin() as tx:
            return _NOTHING if has_changed(tx, plan) else self._one_by_one(tx, plan, keys)

    def _again(self, write: Callable[[], T]) -> T:
        """Write; begin again when the transaction was undone because of another one."""
        for _ in range(_TRIES - 1):
            try:
                return write()
            except Contended as error:
                structlog.get_logger().info("plan_written_again", error=str(error))
                time.sleep(BREATH_S)
        return write()


_NOTHING = {"created": 0, "existing": 0, "missed": 0}


def has_changed(tx: MaintenanceTx, plan: SitePlan) -> bool:
    """Whether rows of the site have other versions than the run goes by: what is left of it is for the next one."""
    if tx.plan.stamp(plan.site.code) == plan.stamp:
        return False
    structlog.get_logger().info("plan_changed_meanwhile", site=plan.site.code)
    return True


@contextmanager
def apart_from_others(site: Site) -> Iterator[None]:
    """One site that cannot be planned costs no other."""
    try:
        yield
    except (*FAULTS, BadData) as error:
        structlog.get_logger().error("site_not_planned", site=site.code, error=str(error), type=type(error).__name__)


def _holds(found: Standing, one: Drafted) -> bool:
    return found.holds(one.standing.fingerprint, one.wanted.plan.today)


def _chunks(drafted: Iterator[Drafted]) -> Iterator[list[Drafted]]:
    """Subjects of one site with about ``ORDERS_AT_ONCE`` orders in all."""
    some: list[Drafted] = []
    orders = 0
    for one in drafted:
        if some and (orders >= ORDERS_AT_ONCE or one.wanted.plan is not some[0].wanted.plan):
            yield some
            some, orders = [], 0
        some.append(one)
        orders += 1 + len(one.drafts) + len(one.records)
    if some:
        yield some


def _opened(tx: MaintenanceTx, draft: DraftOrder, number: int, now: datetime, plan: SitePlan) -> None:
    why = overdue_text(local_day(draft.due, plan.zone)) if MISSED_TAG in draft.tags else ""
    tx.orders.add_transition(Transition(draft.id, State.OPEN, now, now, PLANNER, why))
    title = LocalName(draft.title_zh, draft.title_en)
    kind = Kind(draft.kind)
    note_order(tx, WorkOrder(draft.id, number, draft.site, kind, Origin.PLAN, State.OPEN, title, asset=draft.asset))
