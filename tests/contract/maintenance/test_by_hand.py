"""Maintenance by hand: with a reason and an end, beside orders that isolate, and never of safety."""

import threading
from datetime import timedelta

import pytest

from maintenance.alarm_keeper import AlarmKeeper
from maintenance.by_hand import EXPIRED, LONGEST, begin_by_hand, end_by_hand
from maintenance.spells import Spell
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus
from plantroom.errors import BadData, Conflict, NotFound
from plantroom.ports.clock import FixedClock
from plantroom.ports.paging import PageRequest
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import cleared, feed, raised, tickets
from tests.contract.maintenance.test_isolation import Store, order, put, status, step
from tests.contract.maintenance.test_shelving import CLASSES, limit

HOUR = timedelta(hours=1)


def begin(ledger: Store, hours: float = 4, at: float = 0, reason: str = "new bearing", asset: str = "pump-1") -> Spell:
    with ledger.begin() as tx:
        return begin_by_hand(tx, asset, NOW + (at + hours) * HOUR, reason, "wang", NOW + at * HOUR)


def end(ledger: Store, at: float = 1) -> Spell:
    with ledger.begin() as tx:
        return end_by_hand(tx, "pump-1", "li", NOW + at * HOUR)


def keep(ledger: Store, at: float) -> int:
    return AlarmKeeper(ledger, FixedClock(NOW + at * HOUR), CLASSES).run_once()


def spells(ledger: Store) -> list[Spell]:
    with ledger.read() as tx:
        return list(tx.spells.of("pump-1", PageRequest()).items)


def test_it_ends_by_itself_and_what_still_holds_gets_its_ticket_then_once(any_ledger: Store) -> None:
    begin(any_ledger)
    assert status(any_ledger) is AssetStatus.UNDER_MAINTENANCE
    feed(any_ledger, limit(NOW + HOUR), raised(NOW + HOUR, failure_mode="impeller"), now=NOW + HOUR)
    feed(any_ledger, cleared(NOW + 2 * HOUR, failure_mode="impeller"), now=NOW + 2 * HOUR)
    assert [keep(any_ledger, at) for at in (1, 3.99)] == [0, 0]
    assert tickets(any_ledger) == []
    assert [keep(any_ledger, 4) for _ in range(2)] == [1, 0]
    assert status(any_ledger) is AssetStatus.IN_SERVICE
    assert len(tickets(any_ledger)) == 1
    (spell,) = spells(any_ledger)
    assert (spell.ended_by, spell.ended_at, spell.reason, spell.by) == (EXPIRED, NOW + 4 * HOUR, "new bearing", "wang")


def test_somebody_ends_it_before_its_time(any_ledger: Store) -> None:
    put(any_ledger, AssetStatus.STANDBY)
    begin(any_ledger)
    feed(any_ledger, limit(NOW + HOUR / 2), now=NOW + HOUR / 2)
    assert end(any_ledger).ended_by == "li"
    assert status(any_ledger) is AssetStatus.STANDBY
    assert len(tickets(any_ledger)) == 1
    with pytest.raises(NotFound):
        end(any_ledger)
    assert keep(any_ledger, 5) == 0


def test_safety_is_never_held_back_by_it(any_ledger: Store) -> None:
    begin(any_ledger)
    feed(any_ledger, limit(NOW + HOUR, safety=True), now=NOW + HOUR)
    (ticket,) = tickets(any_ledger)
    assert ticket.safety


@pytest.mark.parametrize("hand_first", [True, False])
@pytest.mark.parametrize("hand_ends_first", [True, False])
@pytest.mark.parametrize("before", [AssetStatus.IN_SERVICE, AssetStatus.STANDBY])
def test_it_and_an_isolating_order_leave_each_other_alone(
    any_ledger: Store, hand_first: bool, hand_ends_first: bool, before: AssetStatus
) -> None:
    put(any_ledger, before)
    visit = order(any_ledger)
    if hand_first:
        begin(any_ledger)
    assert step(any_ledger, visit, State.IN_PROGRESS) is AssetStatus.UNDER_MAINTENANCE
    if not hand_first:
        begin(any_ledger)
    if hand_ends_first:
        end(any_ledger)
        assert status(any_ledger) is AssetStatus.UNDER_MAINTENANCE
        assert step(any_ledger, visit, State.COMPLETED) is before
    else:
        assert step(any_ledger, visit, State.COMPLETED) is AssetStatus.UNDER_MAINTENANCE
        end(any_ledger)
        assert status(any_ledger) is before


def test_a_new_end_takes_the_place_of_the_old_one(any_ledger: Store) -> None:
    put(any_ledger, AssetStatus.STANDBY)
    first, second = begin(any_ledger, 4), begin(any_ledger, 4, at=2)
    assert keep(any_ledger, 4) == 0
    assert keep(any_ledger, 6) == 1
    assert [(one.id, one.ended_by) for one in spells(any_ledger)] == [(second.id, EXPIRED), (first.id, "wang")]
    assert status(any_ledger) is AssetStatus.STANDBY


def test_a_status_that_was_set_without_an_end_gets_one(any_ledger: Store) -> None:
    put(any_ledger, AssetStatus.UNDER_MAINTENANCE)
    begin(any_ledger)
    keep(any_ledger, 4)
    assert status(any_ledger) is AssetStatus.IN_SERVICE


@pytest.mark.parametrize(("hours", "reason"), [(0, "why"), (-1, "why"), (7 * 24 + 0.01, "why"), (1, "  ")])
def test_it_needs_a_reason_and_a_sensible_end(ledger: Store, hours: float, reason: str) -> None:
    with pytest.raises(BadData):
        begin(ledger, hours, reason=reason)
    assert status(ledger) is AssetStatus.IN_SERVICE
    assert begin(ledger, LONGEST / HOUR).until == NOW + LONGEST


def test_a_machine_out_of_service_cannot_be_put_there(ledger: Store) -> None:
    put(ledger, AssetStatus.OUT_OF_SERVICE)
    with pytest.raises(Conflict):
        begin(ledger)
    with pytest.raises(NotFound):
        begin(ledger, asset="nobody")


def test_its_end_and_that_of_an_order_at_the_same_moment_give_the_machine_back(any_ledger: Store) -> None:
    for _ in range(3):
        visit = order(any_ledger)
        begin(any_ledger)
        step(any_ledger, visit, State.IN_PROGRESS)
        threads = [
            threading.Thread(target=lambda: end(any_ledger)),
            threading.Thread(target=lambda visit=visit: step(any_ledger, visit, State.COMPLETED)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert status(any_ledger) is AssetStatus.IN_SERVICE
