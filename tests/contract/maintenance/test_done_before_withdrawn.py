"""Work that was done without a signal before the planner withdrew its order, and that we hear of afterwards."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.resting import status_was_changed
from maintenance.waiving import by_people, withdrawn
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import AssetStatus
from tests.contract.maintenance.tablet import codes, op, send, stored
from tests.contract.maintenance.test_given_way import (
    DATES,
    LAW,
    Store,
    at,
    is_sound,
    known,
    look,
    put,
    retired,
    states,
    step,
    store,
    taken_over,
)

__all__ = ["store"]

DONE = datetime(2026, 3, 15, 3, tzinfo=UTC)
DAY = date(2026, 3, 16)
"""When the row of the visit of 19 March gives way."""


@pytest.fixture
def visit(store: Store) -> Occurrence:
    look(store, DONE.date())
    return next(one for one in known(store) if one.nominal_date == DATES[1])


def order_of(store: Store, one: Occurrence) -> WorkOrder:
    with store.read() as tx:
        return tx.orders.get(str(one.work_order))


def told(store: Store, order: WorkOrder, begun: datetime = DONE) -> list[tuple[str, str | None]]:
    """A tablet says on the 16th that it was done from an instant on, for half an hour."""
    now = at(DAY) + timedelta(hours=5)
    ops = [
        op(order, kind, captured_at=(begun + timedelta(minutes=later)).isoformat())
        for later, kind in ((0, "start"), (30, "complete"))
    ]
    return codes(send(store, *ops, device_now=now, now=now))


@pytest.mark.parametrize("change", [taken_over, retired])
def test_it_counts_when_it_was_done(store: Store, visit: Occurrence, change: Callable[[date], PlanRow]) -> None:
    put(store, change(DAY))
    look(store, DAY)
    order = order_of(store, visit)
    assert (order.state, states(store)[DATES[1]]) == (State.CANCELLED, "waived")
    assert {code for _, code in told(store, order)} <= {None, "incomplete"}
    found = stored(store, order)
    done = DONE + timedelta(minutes=30)
    assert (found.state, found.completed_at, found.end_reason) == (State.COMPLETED, done, None)
    assert "late_evidence" not in found.tags
    (after,) = [one for one in known(store) if one.nominal_date == DATES[1]]
    assert (after.state, after.completed_at) == (OccurrenceState.DONE, done)
    look(store, DAY)
    assert states(store)[DATES[1]] == "done"
    assert states(store)[DATES[2]] == "waived"
    assert is_sound(store)


def test_the_stand_in_counts_from_it(store: Store, visit: Occurrence) -> None:
    put(store, taken_over(DAY))
    look(store, DAY)
    first = min(one.latest for one in known(store, "OURS"))
    assert first == date(2026, 3, 19)
    told(store, order_of(store, visit))
    look(store, DAY)
    due = [one.latest for one in known(store, "OURS") if one.state is OccurrenceState.DUE]
    assert first < min(due) <= date(2026, 3, 30)


def test_what_was_begun_after_the_withdrawal_is_late_evidence(store: Store, visit: Occurrence) -> None:
    put(store, taken_over(DAY))
    look(store, DAY)
    order = order_of(store, visit)
    assert told(store, order, at(DAY) + timedelta(hours=1)) == [("applied", "late_evidence")] * 2
    assert states(store)[DATES[1]] == "waived"


def test_what_a_person_cancelled_stays_cancelled(store: Store, visit: Occurrence) -> None:
    step(store, visit, State.CANCELLED, when=DAY)
    order = order_of(store, visit)
    assert told(store, order) == [("applied", "late_evidence")] * 2
    assert stored(store, order).state is State.CANCELLED
    assert states(store)[DATES[1]] == "missed"


def test_what_was_made_again_meanwhile_is_its_new_order_s(store: Store, visit: Occurrence) -> None:
    put(store, retired(DAY))
    look(store, DAY)
    put(store, replace(LAW, ends=None))
    look(store, DAY)
    assert states(store)[DATES[1]] == "due"
    assert told(store, order_of(store, visit)) == [("applied", "late_evidence")] * 2
    assert states(store)[DATES[1]] == "due"


def test_on_a_machine_that_was_scrapped_meanwhile_it_counts_too(store: Store, visit: Occurrence) -> None:
    with store.begin() as tx:
        before = tx.assets.lock("pump-1").asset.status
        tx.assets.set_status("pump-1", AssetStatus.SCRAPPED)
        status_was_changed(tx, tx.assets.get("pump-1").asset, before, at(DAY))
    look(store, DAY)
    assert states(store)[DATES[1]] == "waived"
    told(store, order_of(store, visit))
    look(store, DAY)
    assert states(store)[DATES[1]] == "done"
    with store.read() as tx:
        assert tx.assets.get("pump-1").asset.status is AssetStatus.SCRAPPED
    assert is_sound(store)


def test_what_a_person_cancels_after_a_tablet_went_on_with_it_is_a_person_s(store: Store, visit: Occurrence) -> None:
    put(store, retired(DAY))
    look(store, DAY)
    order, now = order_of(store, visit), at(DAY) + timedelta(hours=5)
    started = op(order, "start", captured_at=DONE.isoformat())
    assert codes(send(store, started, device_now=now, now=now)) == [("applied", None)]
    step(store, visit, State.CANCELLED, when=DAY + timedelta(days=1))
    with store.begin() as tx:
        (cancelled,) = [one for one in known(store) if one.key == visit.key]
        assert by_people(tx, cancelled)
        assert not withdrawn(tx, tx.orders.lock(order.id))
