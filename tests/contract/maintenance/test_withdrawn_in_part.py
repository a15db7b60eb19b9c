"""An order for two rows of which one gives way goes on for the other: what was withdrawn stays withdrawn whatever
becomes of that order."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from maintenance.figures.compliance import PlanCounts, plan_counts
from maintenance.materialise import materialise
from maintenance.plan import Missed, Occurrence, OccurrenceState
from maintenance.planner_steps import waive
from maintenance.work_orders import State, WorkOrder, WorkOrderOccurrence
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.contract.maintenance.test_given_way import (
    DATES,
    LAW,
    PUMP,
    Store,
    do,
    is_sound,
    known,
    look,
    put,
    states,
    step,
    taken_over,
)
from tests.unit.maintenance.rows import row

QUARTER = row(
    "Q", 3, "month", 2, 0, contains=("LAW",), anchor=date(2026, 3, 18), applies_to=PUMP, kind="statutory",
    missed=Missed.SUPERSEDE,
)  # fmt: skip
"""Its window lies inside the visit's, so that nothing of the order moves when the visit is withdrawn of it."""

DAY = date(2026, 3, 18)


@pytest.fixture
def quarter(any_ledger: Store) -> Occurrence:
    """The quarterly job has taken the visit of 19 March with it; ours stands for the visit from the 10th on."""
    put(any_ledger, LAW, QUARTER)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    (together,) = [one for one in known(any_ledger) if one.nominal_date == DATES[1]]
    put(any_ledger, taken_over(date(2026, 3, 10)))
    look(any_ledger, date(2026, 3, 10))
    (found,) = [one for one in known(any_ledger, "Q") if one.nominal_date == QUARTER.anchor]
    assert found.work_order == together.work_order
    assert states(any_ledger)[DATES[1]] == "waived"
    return found


def counted(store: Store) -> PlanCounts:
    """The visits of the law's row in March, at its end."""
    begin, end = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4))
    with store.read() as tx:
        due = tx.figures.facts("demo", date(2026, 3, 1), date(2026, 3, 31), begin, end, end).due
    return plan_counts([one for one in due if one.plan_row == "LAW"], end, ZoneInfo("Asia/Shanghai"))


def order_of(store: Store, one: Occurrence) -> WorkOrder:
    with store.read() as tx:
        return tx.orders.get(str(one.work_order))


def test_the_order_lists_what_it_goes_on_for(any_ledger: Store, quarter: Occurrence) -> None:
    assert [one.plan_row for one in order_of(any_ledger, quarter).occurrences] == ["Q"]


@pytest.mark.parametrize("how", [State.MISSED, State.BYPASSED, State.CANCELLED, State.COMPLETED])
def test_what_was_withdrawn_takes_no_part_in_what_people_do(any_ledger: Store, quarter: Occurrence, how: State) -> None:
    steps = (State.IN_PROGRESS, how) if how is State.COMPLETED else (how,)
    step(any_ledger, quarter, *steps, when=DAY)
    assert states(any_ledger)[DATES[1]] == "waived"
    assert states(any_ledger, "Q")[QUARTER.anchor or DAY] == ("done" if how is State.COMPLETED else "missed")
    found = counted(any_ledger)
    assert (found.missed, found.credited, found.waived) == (0, 0, 1)
    assert is_sound(any_ledger)


def test_what_was_withdrawn_is_not_missed_when_the_planner_ends_the_rest(
    any_ledger: Store, quarter: Occurrence
) -> None:
    look(any_ledger, date(2026, 6, 17))
    assert order_of(any_ledger, quarter).state is State.MISSED
    assert states(any_ledger)[DATES[1]] == "waived"
    assert is_sound(any_ledger)


@pytest.mark.parametrize("how", [State.BYPASSED, State.COMPLETED, None])
def test_an_order_of_before_that_still_lists_it_changes_nothing_either(
    any_ledger: Store, quarter: Occurrence, how: State | None
) -> None:
    """So the orders stand in ledgers of earlier versions."""
    with any_ledger.begin() as tx:
        order = tx.orders.lock(str(quarter.work_order))
        shown = order.occurrences[0]
        (gone,) = [one for one in known(any_ledger) if one.nominal_date == DATES[1]]
        both = (shown, WorkOrderOccurrence(gone.key, gone.plan_row, gone.nominal_date, gone.latest))
        tx.orders.update(replace(order, occurrences=both), order.version)
    if how is None:
        look(any_ledger, date(2026, 6, 17))
    else:
        step(any_ledger, quarter, *((State.IN_PROGRESS, how) if how is State.COMPLETED else (how,)), when=DAY)
    assert order_of(any_ledger, quarter).state is (how or State.MISSED)
    assert states(any_ledger)[DATES[1]] == "waived"


def test_an_order_is_cancelled_with_the_last_of_what_it_lists_whatever_names_it(any_ledger: Store) -> None:
    """One of the two that it lists does not name it."""
    put(any_ledger, LAW, QUARTER)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    (together,) = [one for one in known(any_ledger) if one.nominal_date == DATES[1]]
    order = order_of(any_ledger, together)
    with any_ledger.begin() as tx:
        there = tx.plan.occurrences([one.key for one in order.occurrences])
        (other,) = [one for key, one in there.items() if key != together.key]
        tx.plan.update_occurrences([replace(other, work_order=None)])
        over = [replace(one, state=OccurrenceState.WAIVED) for one in (together, replace(other, work_order=None))]
        waive(tx, over, NOW, lambda _: "over")
    assert order_of(any_ledger, together).state is State.CANCELLED
