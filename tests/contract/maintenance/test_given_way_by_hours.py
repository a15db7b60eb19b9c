"""Patrols by the hour whose row ends during the day: what was over by then is not excused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.materialise import materialise
from maintenance.plan import Layer, Missed, Occurrence, OccurrenceState, PlanRow
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from tests.contract.maintenance.conftest import SYSTEMS
from tests.contract.maintenance.test_given_way import PUMP, Store, is_sound, known, put
from tests.unit.maintenance.rows import row

DAY = date(2026, 3, 2)
MORNING, EVENING = datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""09:00 and 17:30 on the site."""


def patrol(policy: Missed) -> PlanRow:
    return row(
        "PAT", 2, "hour", layer=Layer.LAW, kind="statutory", applies_to=PUMP, anchor=date(2026, 3, 1), missed=policy
    )


def over(store: Store) -> list[Occurrence]:
    return [one for one in known(store, "PAT") if one.due_at is not None and one.due_at <= EVENING]


def ahead(store: Store) -> set[OccurrenceState]:
    return {one.state for one in known(store, "PAT") if one.due_at is not None and one.due_at > EVENING}


@pytest.fixture(params=list(Missed))
def row_by_hours(any_ledger: Store, request: pytest.FixtureRequest) -> PlanRow:
    """Nobody has done anything since the morning."""
    found = patrol(request.param)
    put(any_ledger, found)
    for now in (MORNING, EVENING):
        materialise(any_ledger, now, SYSTEMS)
    assert len(over(any_ledger)) > 2
    return found


def test_what_was_over_when_its_row_ends_stays_as_it_was(any_ledger: Store, row_by_hours: PlanRow) -> None:
    before = over(any_ledger)
    put(any_ledger, replace(row_by_hours, ends=DAY))
    for minutes in (0, 1):
        materialise(any_ledger, EVENING + timedelta(minutes=minutes), SYSTEMS)
        assert over(any_ledger) == before
        assert ahead(any_ledger) == {OccurrenceState.WAIVED}
    with any_ledger.read() as tx:
        held = [tx.orders.get(str(one.work_order)) for one in before if one.state is OccurrenceState.DUE]
    assert {order.state for order in held} <= {State.OPEN}
    assert is_sound(any_ledger)


def test_what_was_not_over_is_made_again_when_the_row_goes_on(any_ledger: Store, row_by_hours: PlanRow) -> None:
    before = over(any_ledger)
    for version in (replace(row_by_hours, ends=DAY), row_by_hours):
        put(any_ledger, version)
        materialise(any_ledger, EVENING, SYSTEMS)
    assert (over(any_ledger), ahead(any_ledger)) == (before, {OccurrenceState.DUE})


def test_a_patrol_that_was_over_is_missed_when_somebody_cancels_it_on_the_day_that_its_row_ends(
    any_ledger: Store,
) -> None:
    put(any_ledger, patrol(Missed.STACK))
    for now in (MORNING, EVENING):
        materialise(any_ledger, now, SYSTEMS)
    morning, later = over(any_ledger)[0], next(one for one in known(any_ledger, "PAT") if one not in over(any_ledger))
    put(any_ledger, replace(patrol(Missed.STACK), ends=DAY))
    with any_ledger.begin() as tx:
        for one in (morning, later):
            apply_transition(tx, str(one.work_order), State.CANCELLED, EVENING, "li", "row ended")
        found = tx.plan.occurrences([morning.key, later.key])
    assert found[morning.key].state is OccurrenceState.MISSED
    assert found[later.key].state is OccurrenceState.WAIVED
