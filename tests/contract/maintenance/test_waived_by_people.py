"""What a person cancels of a row that gives way, and what was waived of a row that a machine has no more, stay so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from maintenance import bulk
from maintenance.giving_way import as_it_will_stand, giving_way
from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, OccurrenceState, PlanRow
from maintenance.resting import status_was_changed
from maintenance.waiving import by_people
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus
from tests.contract.ledger.given import occurrence
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders
from tests.contract.maintenance.test_given_way import (
    DATES,
    LAW,
    PUMP,
    Store,
    at,
    do,
    is_sound,
    known,
    look,
    put,
    states,
    step,
)
from tests.unit.maintenance.rows import row

VISIT = DATES[1]
QUARTERLY = row("LAW", 3, "month", 5, 15, layer=Layer.LAW, kind="statutory", anchor=VISIT, applies_to=PUMP)
"""Due from 14 March to 3 April, dated 19 March."""
GIVES_WAY = date(2026, 3, 21)


def retired(day: date) -> PlanRow:
    return replace(QUARTERLY, ends=day)


def stood_for(day: date) -> PlanRow:
    return row(
        "OURS", 3, "month", 5, 15, fulfils=("LAW",), anchor=date(2026, 5, 25), effective_from=day, applies_to=PUMP
    )


def turn(store: Store, status: AssetStatus, day: date) -> None:
    with store.begin() as tx:
        before = tx.assets.lock("pump-1").asset.status
        tx.assets.set_status("pump-1", status)
        status_was_changed(tx, tx.assets.get("pump-1").asset, before, at(day))


@pytest.fixture
def quarterly(any_ledger: Store) -> Store:
    put(any_ledger, QUARTERLY)
    materialise(any_ledger, NOW, SYSTEMS)
    assert states(any_ledger) == {VISIT: "due"}
    return any_ledger


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("change", [retired, stood_for])
def test_what_a_person_cancels_between_its_date_and_its_last_day_stays_waived(
    quarterly: Store, monkeypatch: pytest.MonkeyPatch, change: Callable[[date], PlanRow], alone: bool
) -> None:
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    put(quarterly, change(GIVES_WAY))
    look(quarterly, GIVES_WAY)
    (one,) = known(quarterly)
    assert one.state is OccurrenceState.DUE
    step(quarterly, one, State.CANCELLED, when=GIVES_WAY)
    for day in (GIVES_WAY, date(2026, 3, 22), date(2026, 4, 3), date(2026, 4, 4)):
        look(quarterly, day)
        assert [(o.state, o.work_order) for o in known(quarterly)] == [(OccurrenceState.WAIVED, one.work_order)]
    assert [order.id for order in orders(quarterly, state="cancelled")] == [one.work_order]
    assert is_sound(quarterly)


def test_what_a_person_cancelled_is_made_again_when_its_row_goes_on(quarterly: Store) -> None:
    put(quarterly, retired(GIVES_WAY))
    look(quarterly, GIVES_WAY)
    step(quarterly, known(quarterly)[0], State.CANCELLED, when=GIVES_WAY)
    put(quarterly, QUARTERLY)
    look(quarterly, date(2026, 3, 23))
    assert states(quarterly)[VISIT] == "due"


@pytest.mark.parametrize("alone", [False, True])
def test_what_the_planner_withdrew_is_made_again_when_its_row_ends_behind_its_date(
    quarterly: Store, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    put(quarterly, retired(date(2026, 3, 10)))
    look(quarterly, date(2026, 3, 10))
    assert states(quarterly) == {VISIT: "waived"}
    put(quarterly, retired(GIVES_WAY))
    look(quarterly, date(2026, 3, 11))
    assert states(quarterly) == {VISIT: "due"}


def test_the_preview_leaves_what_a_person_cancelled_as_the_next_look_does(quarterly: Store) -> None:
    put(quarterly, retired(GIVES_WAY))
    look(quarterly, GIVES_WAY)
    step(quarterly, known(quarterly)[0], State.CANCELLED, when=GIVES_WAY)
    with quarterly.read() as tx:
        left = as_it_will_stand(
            known(quarterly), giving_way([retired(GIVES_WAY)], (), GIVES_WAY), partial(by_people, tx)
        )
    assert list(left) == known(quarterly)


@pytest.mark.parametrize("alone", [False, True])
def test_what_was_waived_of_a_row_of_other_machines_stays_on_record(
    any_ledger: Store, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    put(any_ledger, LAW, row("Z", 1, "month", 3, 0, applies_to=PUMP, anchor=date(2026, 3, 1)))
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    day = date(2026, 3, 10)
    lifts = AppliesTo(assets=("lift-1",))
    put(any_ledger, replace(LAW, effective_from=day, since=LAW.first_day, applies_to=lifts))
    look(any_ledger, day)
    for one in known(any_ledger):
        if one.state is OccurrenceState.DUE:
            step(any_ledger, one, State.CANCELLED, when=day)
    before = states(any_ledger)
    assert list(before.values()) == ["done", *["waived"] * 4]
    look(any_ledger, day)
    assert states(any_ledger) == before
    assert is_sound(any_ledger)


def test_what_was_waived_on_a_scrapped_machine_stays_on_record_when_all_is_planned_afresh(any_ledger: Store) -> None:
    put(any_ledger, LAW)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    day = date(2026, 3, 10)
    turn(any_ledger, AssetStatus.SCRAPPED, day)
    look(any_ledger, day)
    before = states(any_ledger)
    assert list(before.values()) == ["done", *["waived"] * 4]
    materialise(any_ledger, at(date(2026, 3, 12)), SYSTEMS, afresh=True)
    assert states(any_ledger) == before
    turn(any_ledger, AssetStatus.IN_SERVICE, date(2026, 3, 13))
    look(any_ledger, date(2026, 3, 13))
    assert [states(any_ledger)[one] for one in DATES] == ["done", *["due"] * 4]


def test_what_is_not_waived_any_more_is_not_forgotten(any_ledger: Store) -> None:
    """Whoever forgets has read before without a lock: meanwhile it may have been done."""
    put(any_ledger, LAW)
    with any_ledger.begin() as tx:
        one = replace(occurrence(1), key=replace(occurrence(1).key, lineage=LAW.lineage, subject="pump-1"))
        tx.plan.add_occurrences([one])
    for state, left in ((OccurrenceState.DONE, 1), (OccurrenceState.WAIVED, 0)):
        with any_ledger.begin() as tx:
            tx.plan.update_occurrences([replace(one, state=state)])
            tx.plan.forget([one.key])
        with any_ledger.read() as tx:
            assert len(tx.plan.occurrences_of("demo", "pump-1")) == left
