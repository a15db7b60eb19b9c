"""Decisions on changes of the plan table, on both databases."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from maintenance.intervals import Interval, IntervalUnit
from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, OccurrenceState, PlanRow
from maintenance.plan_changes.keeping import Decision, RowHasMoved, approve, ask
from maintenance.plan_changes.model import Action, ChangeOrigin, ChangeState, PlanChange
from maintenance.plan_changes.ports import ChangeFilter
from maintenance.plan_run import PlanRun
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.records.verifying import verify
from maintenance.site_plan import SitePlan, read_site
from maintenance.site_run import SiteRun
from maintenance.transitions import apply_transition
from maintenance.work.deferring import defer
from maintenance.work_orders import State
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.ledger import Contended, Ledger
from plantroom.ports.paging import PageRequest, Scope
from tests.contract.maintenance.conftest import NOW, SYSTEMS

Store = Ledger[MaintenanceTx]
TODAY = date(2026, 3, 2)
DECISION = Decision("wang", NOW, TODAY, "agreed")
HALF_MONTH = PlanRow(
    "l-hm", "HM", LocalName("半月维保", "Half-month visit"), "statutory", AppliesTo(classes=("elevator",)),
    Interval(15, IntervalUnit.DAY), anchor=date(2026, 1, 5), early_days=5, max_gap_days=15, layer=Layer.LAW,
)  # fmt: skip


def change_of(row: PlanRow, site: str | None = None, **more: object) -> PlanChange:
    given: dict[str, object] = {"action": Action.CHANGE, "before": row, "after": replace(row, estimated_minutes=99)}
    return PlanChange(
        new_key(), site, ChangeOrigin.STAFF, "why", "li", NOW, code=row.code, **given | more  # type: ignore[arg-type]
    )  # fmt: skip


def put(ledger: Store, row: PlanRow = HALF_MONTH) -> PlanRow:
    with ledger.begin() as tx:
        return tx.plan.put_row(row)


def asked(ledger: Store, change: PlanChange) -> PlanChange:
    with ledger.begin() as tx:
        return ask(tx, change)


def approved(ledger: Store, change: PlanChange) -> PlanChange:
    with ledger.begin() as tx:
        return approve(tx, change.id, DECISION)


def test_a_change_is_kept_with_both_rows(any_ledger: Store) -> None:
    change = asked(any_ledger, change_of(put(any_ledger), "demo", suggestion="希望", effective_from=date(2026, 5, 1)))
    with any_ledger.read() as tx:
        assert tx.plan_changes.get(change.id) == change
        with pytest.raises(NotFound):
            tx.plan_changes.get("nope")
    with any_ledger.begin() as tx:
        with pytest.raises(VersionConflict):
            tx.plan_changes.update(change, 7)
        assert tx.plan_changes.update(change, 1).version == 2
    with pytest.raises(NotFound), any_ledger.begin() as tx:
        tx.plan_changes.add(replace(change, id="other", site="nowhere"))


def test_changes_are_listed_newest_first_within_the_scope(any_ledger: Store) -> None:
    row = put(any_ledger)
    ids = [
        asked(any_ledger, replace(change_of(row, site), requested_at=NOW + timedelta(hours=hour))).id
        for hour, site in enumerate((None, "demo", "demo"))
    ]
    with any_ledger.read() as tx:
        first = tx.plan_changes.list(ChangeFilter(), PageRequest(2))
        rest = tx.plan_changes.list(ChangeFilter(), PageRequest(2, first.next_cursor))
        nothing = tx.plan_changes.list(ChangeFilter(Scope(frozenset({"north"}))), PageRequest())
        own = tx.plan_changes.list(ChangeFilter(site="demo", state="requested,approved", code="HM"), PageRequest())
    assert [one.id for one in (*first.items, *rest.items)] == ids[::-1]
    assert [one.id for one in nothing.items] == ids[:1], "of every site's rows everybody sees"
    assert [one.id for one in own.items] == ids[:0:-1]


def test_of_two_decisions_on_one_row_the_second_finds_it_moved(any_ledger: Store) -> None:
    row = put(any_ledger)
    first, second = (asked(any_ledger, change_of(row, after=replace(row, basis=word))) for word in ("a", "b"))
    start, ends = threading.Barrier(2), []

    def decide(change: PlanChange) -> None:
        start.wait()
        for _ in range(5):
            try:
                approved(any_ledger, change)
                ends.append("approved")
            except RowHasMoved:
                ends.append("moved")
            except Contended:
                continue
            return

    threads = [threading.Thread(target=decide, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["approved", "moved"]
    with any_ledger.read() as tx:
        assert tx.plan.row("HM") is not None
        assert [one.version for one in tx.plan.rows() if one.code == "HM"] == [2]
        states = {tx.plan_changes.get(one.id).state for one in (first, second)}
    assert states == {ChangeState.APPROVED, ChangeState.REQUESTED}


def test_nothing_is_decided_twice(any_ledger: Store) -> None:
    change = asked(any_ledger, change_of(put(any_ledger)))
    approved(any_ledger, change)
    with pytest.raises(Conflict):
        approved(any_ledger, change)


def test_a_site_s_own_row_counts_from_the_work_that_was_done_before(any_ledger: Store) -> None:
    """The law counts from completion to completion, whoever's row it is."""
    row = put(any_ledger)
    materialise(any_ledger, NOW, SYSTEMS)
    with any_ledger.read() as tx:
        standing = [one for one in tx.plan.occurrences_of("demo", "lift-1") if one.state is OccurrenceState.DUE]
        order_id = standing[0].work_order or ""
    done_at = datetime(2026, 3, 2, 2, tzinfo=UTC)
    with any_ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order_id, to, done_at, "li", "checked" if to is State.COMPLETED else "", now=done_at)
    written = approved(any_ledger, asked(any_ledger, change_of(row, "demo"))).after
    assert written is not None
    assert (written.site, written.version, written.since) == ("demo", 1, row.effective_from)
    with any_ledger.read() as tx:
        known = tx.plan.occurrences_of("demo", "lift-1")
        orders = {one.work_order: tx.orders.get(one.work_order) for one in known if one.work_order}
    assert {one.key.lineage for one in known} == {written.lineage}
    for one in known:
        shown = orders[one.work_order or ""].occurrences
        assert one.key in {each.key for each in shown}
    counts = materialise(any_ledger, NOW + timedelta(hours=2), SYSTEMS)
    assert counts["created"] == 0
    with any_ledger.read() as tx:
        after = [one for one in tx.plan.occurrences_of("demo", "lift-1") if one.state is OccurrenceState.DUE]
    assert min(one.latest for one in after) <= date(2026, 3, 17), "at most 15 days after the visit of 2 March"
    # The visit can still be undone, and done.
    with any_ledger.begin() as tx:
        apply_transition(tx, order_id, State.IN_PROGRESS, done_at, "wang", "not done", now=NOW + timedelta(hours=3))


def test_a_version_does_not_move_the_dates_of_machines_without_a_day_of_service(any_ledger: Store) -> None:
    """Their dates count from when the row came into the plan, not from its newest version."""
    row = put(any_ledger, replace(HALF_MONTH, anchor=None, layer=Layer.CONTRACT, effective_from=date(2025, 1, 1)))
    materialise(any_ledger, NOW, SYSTEMS)
    with any_ledger.read() as tx:
        before = [(one.key, one.nominal_date) for one in tx.plan.occurrences_of("demo", "lift-1")]
    approved(any_ledger, asked(any_ledger, change_of(row)))
    materialise(any_ledger, NOW, SYSTEMS, horizon_days=90)
    with any_ledger.read() as tx:
        after = [(one.key, one.nominal_date) for one in tx.plan.occurrences_of("demo", "lift-1")]
    assert after[: len(before)] == before
    gaps = {(b - a).days for (_, a), (_, b) in pairwise(after)}
    assert gaps == {15}


@pytest.mark.parametrize("how", [State.DEFERRED, State.COMPLETED])
def test_an_order_of_long_ago_that_goes_on_is_of_the_own_row_and_the_history_is_intact(
    any_ledger: Store, how: State
) -> None:
    """What was put off counts as missed until it is done, and what was done is sent back after the change."""
    row = put(any_ledger, replace(HALF_MONTH, layer=Layer.CONTRACT, kind="preventive", max_gap_days=None))
    materialise(any_ledger, NOW, SYSTEMS)
    with any_ledger.begin() as tx:
        first, *_ = tx.orders.list(OrderFilter(origin="plan", open_only=True), PageRequest(limit=9)).items
        if how is State.DEFERRED:
            day = date(2026, 7, 1)
            first = defer(tx, tx.orders.lock(first.id), day, "access", "no key", "li", NOW, person=True).follows
        else:
            for to in (State.IN_PROGRESS, State.COMPLETED):
                apply_transition(tx, first.id, to, NOW, "li")
    later = NOW + timedelta(days=90)
    change = asked(any_ledger, change_of(row, "demo"))
    with any_ledger.begin() as tx:
        approve(tx, change.id, replace(DECISION, at=later, today=later.date()))
        if how is State.COMPLETED:
            apply_transition(tx, first.id, State.IN_PROGRESS, later, "wang", "not done", now=later)
    assert verify(any_ledger).broken is None
    if how is State.DEFERRED:
        with any_ledger.begin() as tx:
            (listed,) = tx.orders.get(first.id).occurrences
            assert listed.key.lineage != row.lineage
            for to in (State.IN_PROGRESS, State.COMPLETED):
                apply_transition(tx, first.id, to, later, "li")
            assert tx.plan.occurrences([listed.key])[listed.key].state is OccurrenceState.DONE


def test_a_scheduler_that_goes_by_the_rows_as_they_were_makes_nothing(any_ledger: Store) -> None:
    """It read the plan before the site got a row of its own, and writes after."""
    row = put(any_ledger)
    with any_ledger.read() as tx:
        plan = read_site(tx, tx.assets.site("demo"), NOW, SYSTEMS, 60)
    approved(any_ledger, asked(any_ledger, change_of(row, "demo")))

    def one_by_one(tx: MaintenanceTx, of: SitePlan, keys: Sequence[str]) -> Mapping[str, int]:
        return SiteRun(tx, of, NOW).run(keys)

    run = PlanRun(any_ledger, NOW, one_by_one, afresh=True)
    run.sites([plan])
    assert run.total["created"] == 0
    assert materialise(any_ledger, NOW, SYSTEMS)["created"] > 0
    with any_ledger.read() as tx:
        assert {one.key.lineage for one in tx.plan.occurrences_of("demo", "lift-1")} != {row.lineage}
