"""A row that takes a row of the law's place on a site with a history, and gives it back: made into orders, on a real
ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.plan_changes.model import Action
from maintenance.plan_changes.rules import Proposal, outcome_of
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work.deferring import laws_last_day
from maintenance.work_orders import State
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
DAY = timedelta(days=1)
PUMP = AppliesTo(assets=("pump-1",))
LAW = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2026, 3, 4), applies_to=PUMP)
OURS = row("OURS", 3, "month", 3, 3, fulfils=("LAW",), anchor=date(2026, 6, 25), applies_to=PUMP)


def put(ledger: Store, one: PlanRow) -> None:
    with ledger.begin() as tx:
        tx.plan.put_row(one)


def known(ledger: Store, code: str) -> Sequence[Occurrence]:
    with ledger.read() as tx:
        found = tx.plan.occurrences_of("demo", "pump-1")
    return sorted((o for o in found if o.plan_row == code), key=lambda o: o.key.cycle)


def do(ledger: Store, one: Occurrence, at: datetime) -> None:
    assert one.work_order is not None
    with ledger.begin() as tx:
        apply_transition(tx, one.work_order, State.IN_PROGRESS, at, "li")
        apply_transition(tx, one.work_order, State.COMPLETED, at, "li")


def test_the_laws_gap_holds_over_the_change_and_back(any_ledger: Store) -> None:
    """NOW is 2 March 2026; the law's row is done on the 4th, ours stands for it from the 20th to the end of May."""
    put(any_ledger, LAW)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, known(any_ledger, "LAW")[0], NOW + 2 * DAY)
    at = datetime(2026, 3, 20, 2, tzinfo=UTC)
    with any_ledger.begin() as tx:
        for one in tx.plan.occurrences_of("demo", "pump-1"):
            if one.state is OccurrenceState.DUE and one.work_order is not None:
                apply_transition(tx, one.work_order, State.CANCELLED, at, "li", "ours now")
    put(any_ledger, replace(OURS, effective_from=date(2026, 3, 20)))
    materialise(any_ledger, at, SYSTEMS)
    first = known(any_ledger, "OURS")[0]
    assert first.latest == date(2026, 4, 4), "31 days after the law's row was done"
    for number in range(2):
        one = known(any_ledger, "OURS")[number]
        at = datetime(*one.latest.timetuple()[:3], 2, tzinfo=UTC)
        materialise(any_ledger, at, SYSTEMS)
        do(any_ledger, one, at)
    materialise(any_ledger, at + DAY, SYSTEMS)
    last = at.date()
    at = datetime(2026, 5, 20, 2, tzinfo=UTC)
    put(any_ledger, replace(OURS, effective_from=date(2026, 3, 20), version=2, ends=date(2026, 5, 20)))
    with any_ledger.begin() as tx:
        for one in tx.plan.occurrences_of("demo", "pump-1"):
            if one.state is OccurrenceState.DUE and one.work_order is not None:
                apply_transition(tx, one.work_order, State.CANCELLED, at, "li", "the law's row again")
    materialise(any_ledger, at, SYSTEMS)
    due = [o for o in known(any_ledger, "LAW") if o.state is OccurrenceState.DUE]
    assert due[0].latest == min(last + 31 * DAY, date(2026, 6, 4))
    assert all(o.nominal_date >= date(2026, 5, 20) for o in due), "what ours stood for is not asked for again"
    assert materialise(any_ledger, at, SYSTEMS)["created"] == 0


def played(ledger: Store, until: date, last: date | None = None, law: PlanRow = LAW) -> datetime:
    """The law's row is done on 4 March; ours stands for it from the 5th on and is done on each of its last days (until
    ``last``). Looked at every other day until a day; gives its morning."""
    put(ledger, law)
    materialise(ledger, NOW, SYSTEMS)
    do(ledger, known(ledger, "LAW")[0], NOW + 2 * DAY)
    put(ledger, replace(OURS, effective_from=date(2026, 3, 5)))
    at = datetime(2026, 3, 5, 2, tzinfo=UTC)
    while at.date() < until:
        materialise(ledger, at, SYSTEMS)
        at += 2 * DAY
        for one in known(ledger, "OURS"):
            soon = one.latest <= at.date() + DAY and at.date() <= (last or date.max)
            if one.state is OccurrenceState.DUE and soon and one.work_order is not None:
                do(ledger, one, at)
    return at


def cancel(ledger: Store, code: str, at: datetime) -> list[Occurrence]:
    """Call off what a row has due; gives what became of it."""
    due = [one for one in known(ledger, code) if one.state is OccurrenceState.DUE and one.work_order is not None]
    with ledger.begin() as tx:
        for one in due:
            assert one.work_order is not None
            apply_transition(tx, one.work_order, State.CANCELLED, at, "li", "ours stands for it", now=at)
    keys = {one.key for one in due}
    return [one for one in known(ledger, code) if one.key in keys]


def test_a_second_row_is_not_born_with_missed_work_while_the_first_one_runs(ledger: Store) -> None:
    at = played(ledger, date(2026, 10, 10))
    last = max(one.completed_at for one in known(ledger, "OURS") if one.completed_at is not None).date()
    following = replace(OURS, lineage="lineage-NEXT", code="NEXT", interval=LAW.interval, anchor=date(2026, 1, 20))
    put(ledger, replace(following, effective_from=at.date()))
    assert materialise(ledger, at, SYSTEMS)["missed"] == 0
    made = known(ledger, "NEXT")
    assert {one.state for one in made} == {OccurrenceState.DUE}
    assert made[0].latest >= at.date()
    assert made[0].latest <= last + 31 * DAY
    assert materialise(ledger, at + DAY, SYSTEMS)["created"] == 0


@pytest.mark.parametrize("shift", [0, 50, 100])
def test_a_row_whose_dates_move_comes_back_once_and_what_is_done_in_time_is_in_time(ledger: Store, shift: int) -> None:
    at = played(ledger, date(2026, 7, 20), law=replace(LAW, shift_percent=shift))
    cancel(ledger, "LAW", at)
    materialise(ledger, at, SYSTEMS)
    last = max(one.completed_at for one in known(ledger, "OURS") if one.completed_at is not None).date()
    put(ledger, replace(OURS, effective_from=date(2026, 3, 5), version=2, ends=at.date()))
    cancel(ledger, "OURS", at)
    materialise(ledger, at, SYSTEMS)
    first = [one for one in known(ledger, "LAW") if one.state is OccurrenceState.DUE]
    for days in (1, 2, 3):
        assert materialise(ledger, at + days * DAY, SYSTEMS)["created"] == 0
    again = [one for one in known(ledger, "LAW") if one.state is OccurrenceState.DUE]
    assert [(o.key, o.nominal_date, o.latest) for o in again] == [(o.key, o.nominal_date, o.latest) for o in first]
    one = again[0]
    assert one.work_order is not None
    with ledger.read() as tx:
        assert laws_last_day(tx, tx.orders.get(one.work_order)) == last + 31 * DAY
    do(ledger, one, datetime(*one.latest.timetuple()[:3], 2, tzinfo=UTC))
    after = next(o for o in known(ledger, "LAW") if o.key == one.key)
    assert after.latest == one.latest, "it was done in time"


def test_what_is_done_in_time_of_a_row_that_has_taken_over_is_in_time(ledger: Store) -> None:
    """Ours was beside the law's row before it came to stand for it."""
    own = replace(OURS, fulfils=(), anchor=date(2026, 3, 3), effective_from=date(2026, 1, 1))
    put(ledger, LAW)
    put(ledger, own)
    materialise(ledger, NOW, SYSTEMS)
    do(ledger, known(ledger, "OURS")[0], NOW + DAY)
    do(ledger, known(ledger, "LAW")[0], NOW + 2 * DAY)
    at = datetime(2026, 4, 4, 2, tzinfo=UTC)
    materialise(ledger, at, SYSTEMS)
    do(ledger, known(ledger, "LAW")[1], at)
    at += DAY
    put(ledger, replace(own, fulfils=("LAW",), version=2, since=date(2026, 1, 1), effective_from=at.date()))
    materialise(ledger, at, SYSTEMS)
    one = known(ledger, "OURS")[1]
    assert one.latest == date(2026, 5, 5), "31 days after the law's row was done"
    assert one.work_order is not None
    with ledger.read() as tx:
        assert laws_last_day(tx, tx.orders.get(one.work_order)) == one.latest
    do(ledger, one, datetime(2026, 5, 5, 2, tzinfo=UTC))
    assert known(ledger, "OURS")[1].latest == one.latest


def test_what_is_called_off_of_the_law_for_days_before_a_row_came_to_stand_for_it_was_missed(ledger: Store) -> None:
    """Ours was beside the law's row, which it came to stand for by its second version only: from its first day on, the
    link said."""
    own = replace(OURS, fulfils=(), effective_from=date(2026, 1, 1))
    put(ledger, LAW)
    put(ledger, own)
    materialise(ledger, NOW, SYSTEMS)
    at = datetime(2026, 4, 5, 2, tzinfo=UTC)
    with ledger.begin() as tx:
        stored = tx.plan.row("OURS")
        assert stored is not None
        wanted = replace(stored, fulfils=("LAW",))
        tx.plan.put_row(outcome_of(Proposal(Action.CHANGE, None, stored, wanted, at.date()), "").row)
    off = {one.nominal_date: one.state for one in cancel(ledger, "LAW", at)}
    assert off[date(2026, 3, 4)] is OccurrenceState.MISSED
    assert off[date(2026, 4, 4)] is OccurrenceState.MISSED
    assert {state for day, state in off.items() if day > at.date()} <= {OccurrenceState.WAIVED}


@pytest.mark.parametrize("returns", [False, True])
def test_what_is_called_off_of_the_law_for_the_days_that_ours_stood_for_was_not_missed(
    ledger: Store, returns: bool
) -> None:
    """By somebody who is faster than the planner (``test_given_way``)."""
    put(ledger, LAW)
    materialise(ledger, NOW, SYSTEMS)
    do(ledger, known(ledger, "LAW")[0], NOW + 2 * DAY)
    at = datetime(2026, 4, 20, 2, tzinfo=UTC)
    put(ledger, replace(OURS, effective_from=date(2026, 3, 5), ends=at.date() if returns else None))
    off = {one.nominal_date: one.state for one in cancel(ledger, "LAW", at)}
    assert off[date(2026, 4, 4)] is OccurrenceState.WAIVED
    assert off[date(2026, 5, 4)] is (OccurrenceState.MISSED if returns else OccurrenceState.WAIVED)
