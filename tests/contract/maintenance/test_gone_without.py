"""Work that goes before another job, when that job was done early: nobody needs it any more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.materialise import materialise
from maintenance.plan import Layer, PlanRow
from maintenance.schedules import BeforeSchedule
from maintenance.work_orders import State
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders
from tests.contract.maintenance.test_given_way import PUMP, Store, do, is_sound, known, look, put, states, step
from tests.unit.maintenance.rows import row

CLEANING = row("TANK", 3, "month", 60, 10, anchor=date(2026, 3, 31), applies_to=PUMP)
NOTICE = replace(
    row("NOTICE", 1, "day", 4, 1, schedule=BeforeSchedule("TANK", 3), applies_to=PUMP), interval=NO_INTERVAL
)
DUE, NOTICED = date(2026, 3, 31), date(2026, 3, 28)
EARLY = date(2026, 3, 10)


def planned(store: Store, notice: PlanRow = NOTICE) -> None:
    put(store, CLEANING, notice)
    materialise(store, NOW, SYSTEMS)
    assert states(store, "NOTICE")[NOTICED] == "due"


def test_the_notice_of_a_job_that_was_done_early_is_withdrawn_with_the_reason(any_ledger: Store) -> None:
    planned(any_ledger)
    do(any_ledger, DUE, EARLY, "TANK")
    look(any_ledger, EARLY)
    assert states(any_ledger, "NOTICE") == {NOTICED: "waived"}
    (order,) = orders(any_ledger, state="cancelled")
    assert order.end_reason == (
        "2026-03-31的“TANK”（TANK）已完成，事前工作无需再做 / "
        "TANK (TANK) of 2026-03-31 is done: nothing is needed before it any more"
    )
    for days in (0, 1, 30):
        look(any_ledger, EARLY + timedelta(days=days))
        assert states(any_ledger, "NOTICE")[NOTICED] == "waived"
    look(any_ledger, date(2026, 5, 10))
    assert states(any_ledger, "NOTICE") == {NOTICED: "waived", date(2026, 6, 27): "due"}, "the next job has its own"
    assert is_sound(any_ledger)


def test_what_has_begun_or_is_over_stays_as_it_is(any_ledger: Store) -> None:
    planned(any_ledger)
    step(any_ledger, known(any_ledger, "NOTICE")[0], State.IN_PROGRESS, when=EARLY)
    do(any_ledger, DUE, EARLY, "TANK")
    look(any_ledger, EARLY)
    assert states(any_ledger, "NOTICE") == {NOTICED: "due"}


def test_a_notice_that_was_not_given_in_time_stays_due_when_the_job_is_done_behind_it(any_ledger: Store) -> None:
    planned(any_ledger)
    look(any_ledger, DUE)
    do(any_ledger, DUE, DUE, "TANK")
    look(any_ledger, DUE)
    assert states(any_ledger, "NOTICE")[NOTICED] == "due"
    (order,) = [one for one in orders(any_ledger) if one.occurrences[0].plan_row == "NOTICE" and "missed" in one.tags]
    assert order.state is State.OPEN


@pytest.mark.parametrize(
    "notice",
    [
        replace(NOTICE, layer=Layer.LAW),
        replace(NOTICE, kind="statutory"),
        replace(NOTICE, max_gap_days=100),
        replace(NOTICE, interval=Interval(3, IntervalUnit.MONTH)),
    ],
)
def test_what_has_a_date_of_its_own_stays_whatever_becomes_of_the_other_job(any_ledger: Store, notice: PlanRow) -> None:
    planned(any_ledger, notice)
    do(any_ledger, DUE, EARLY, "TANK")
    look(any_ledger, EARLY)
    assert states(any_ledger, "NOTICE")[NOTICED] == "due"
