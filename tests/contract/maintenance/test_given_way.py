"""Orders that were made already when their row gives way: another one stands for it, or it ends."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance import bulk
from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.plan_changes.keeping import proposal_of
from maintenance.plan_changes.model import Action, ChangeOrigin, PlanChange
from maintenance.plan_changes.previewing import Look, effects_of, sites_of
from maintenance.plan_changes.rules import outcome_of
from maintenance.ports import MaintenanceTx
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work.records import Signatory
from maintenance.work_orders import ChecklistItem, State
from plantroom.domain.assets import LocalName
from plantroom.domain.parts import Part
from plantroom.ports.equipment import FileEntry
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import LI, NOW, SYSTEMS, orders
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
Change = Callable[[date], PlanRow]
DAY = timedelta(days=1)
PUMP = AppliesTo(assets=("pump-1",))
LAW = row(
    "LAW", 15, "day", 5, 0, max_gap_days=15, layer=Layer.LAW, kind="statutory", anchor=date(2026, 3, 4), applies_to=PUMP
)
OURS = row("OURS", 15, "day", 5, 0, fulfils=("LAW",), anchor=date(2026, 3, 25), applies_to=PUMP)
DATES = [date(2026, 3, 4) + n * 15 * DAY for n in range(5)]
"""Of the law's row: 4 and 19 March, 3 and 18 April, 3 May."""


def at(day: date) -> datetime:
    return datetime(*day.timetuple()[:3], 2, tzinfo=UTC)


def put(store: Store, *rows: PlanRow) -> None:
    with store.begin() as tx:
        for one in rows:
            tx.plan.put_row(one)


def look(store: Store, day: date) -> dict[str, int]:
    return materialise(store, at(day), SYSTEMS)


def known(store: Store, code: str = "LAW") -> Sequence[Occurrence]:
    with store.read() as tx:
        found = tx.plan.occurrences_of("demo", "pump-1")
    return sorted((o for o in found if o.plan_row == code), key=lambda o: o.key.cycle)


def states(store: Store, code: str = "LAW") -> dict[date, str]:
    return {o.nominal_date: o.state.value for o in known(store, code)}


def step(store: Store, one: Occurrence, *steps: State, when: date) -> None:
    with store.begin() as tx:
        for to in steps:
            apply_transition(tx, str(one.work_order), to, at(when), "li", "x")


def do(store: Store, day: date, when: date, code: str = "LAW") -> None:
    (one,) = [o for o in known(store, code) if o.nominal_date == day]
    step(store, one, State.IN_PROGRESS, State.COMPLETED, when=when)


@pytest.fixture
def store(any_ledger: Store) -> Store:
    """The law's row is made into orders on 2 March; that of the 4th is done."""
    put(any_ledger, LAW)
    materialise(any_ledger, NOW, SYSTEMS)
    assert list(states(any_ledger)) == DATES
    do(any_ledger, DATES[0], DATES[0])
    return any_ledger


def retired(day: date) -> PlanRow:
    return replace(LAW, ends=day)


def taken_over(day: date) -> PlanRow:
    return replace(OURS, effective_from=day)


def is_sound(store: Store) -> bool:
    seal_all(store)
    return verify(store).broken is None


@pytest.mark.parametrize("change", [taken_over, retired])
def test_what_was_made_for_later_is_cancelled_with_a_reason_and_waived(store: Store, change: Change) -> None:
    day = date(2026, 3, 10)
    put(store, change(day))
    look(store, day)
    assert [state for when, state in states(store).items() if when > day] == ["waived"] * (len(states(store)) - 1)
    cancelled = orders(store, state="cancelled")
    assert len(cancelled) == len(states(store)) - 1
    (why,) = {order.end_reason for order in cancelled}
    said = {
        taken_over: "自2026-03-10起由计划项OURS（OURS）代替，无需执行 / "
        "the plan row OURS (OURS) stands for it from 2026-03-10 on",
        retired: "计划项LAW自2026-03-10起终止，无需执行 / the plan row LAW ended on 2026-03-10",
    }
    assert why == said[change]
    for later in (day, day + DAY, date(2026, 5, 20)):
        before = states(store)
        look(store, later)
        assert states(store) == before
    assert "missed" not in states(store).values()
    assert is_sound(store)


@pytest.mark.parametrize("change", [taken_over, retired])
def test_what_was_over_before_stays_missed(store: Store, change: Change) -> None:
    day = date(2026, 3, 22)  # the visit of the 19th was not done
    put(store, change(day))
    look(store, day)
    look(store, day)
    assert states(store)[DATES[1]] == "due"
    (order,) = [one for one in orders(store) if one.due == at(DATES[1]).replace(hour=15, minute=59, second=59)]
    assert (order.state, "missed" in order.tags) == (State.OPEN, True)
    assert {state for when, state in states(store).items() if when > day} == {"waived"}


@pytest.mark.parametrize("change", [taken_over, retired])
def test_a_row_that_is_dated_back_takes_no_miss_off_the_record(store: Store, change: Change) -> None:
    put(store, change(date(2026, 3, 5)))
    look(store, date(2026, 3, 22))
    assert states(store)[DATES[1]] == "due"
    assert states(store)[DATES[2]] == "waived"
    assert any("missed" in one.tags for one in orders(store, state="open"))


def test_what_is_dated_before_and_may_be_done_after_is_still_the_laws(any_ledger: Store) -> None:
    put(any_ledger, replace(LAW, max_gap_days=None, late_days=4))
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    put(any_ledger, replace(taken_over(date(2026, 3, 21)), anchor=date(2026, 4, 6)))
    assert look(any_ledger, date(2026, 3, 21))["missed"] == 0
    assert states(any_ledger)[DATES[1]] == "due"
    assert states(any_ledger)[DATES[2]] == "waived"
    assert set(states(any_ledger, "OURS").values()) == {"due"}


def test_what_has_begun_stays_and_is_credited(store: Store) -> None:
    given, begun = known(store)[1:3]
    with store.begin() as tx:
        order = tx.orders.lock(str(given.work_order))
        tx.orders.update(replace(order, assignee="li"), order.version)
    step(store, given, State.ACKNOWLEDGED, when=date(2026, 3, 14))
    step(store, begun, State.IN_PROGRESS, when=date(2026, 3, 14))
    day = date(2026, 3, 15)
    put(store, taken_over(day))
    look(store, day)
    assert [states(store)[when] for when in DATES[1:4]] == ["waived", "due", "waived"]
    step(store, begun, State.COMPLETED, when=date(2026, 3, 16))
    look(store, date(2026, 3, 16))
    assert states(store)[DATES[2]] == "done"
    assert min(one.latest for one in known(store, "OURS") if one.state is OccurrenceState.DUE) <= date(2026, 3, 31)
    assert is_sound(store)


def test_what_is_held_before_anybody_came_has_not_begun(store: Store) -> None:
    (one,) = [o for o in known(store) if o.nominal_date == DATES[1]]
    look(store, date(2026, 3, 14))
    step(store, one, State.ON_HOLD, when=date(2026, 3, 14))
    put(store, taken_over(date(2026, 3, 15)))
    look(store, date(2026, 3, 15))
    assert states(store)[DATES[1]] == "waived"


BOOKED: dict[str, Callable[[Books], object]] = {
    "labour": lambda books: books.labour("li", 90),
    "parts": lambda books: books.use_part("part-1", 1),
    "cost": lambda books: books.charge(300.0, "F-1"),
    "photo": lambda books: books.attach("photo", PHOTO),
    "signature": lambda books: books.sign(Signatory.TECHNICIAN, "Li", PHOTO, books.order.version),
}
PHOTO = "ab" * 32


def books(tx: MaintenanceTx, one: Occurrence, day: date) -> Books:
    return Books(tx, tx.orders.lock(str(one.work_order)), "li", at(day))


@pytest.fixture
def stocked(store: Store) -> Store:
    with store.begin() as tx:
        tx.accounts.put_user(LI)
        tx.parts.add(Part("part-1", "demo", "6205", LocalName("轴承", "Bearing"), stock=1))
        tx.files.add(FileEntry(PHOTO, "demo", "p.jpg", "image/jpeg", 3, "li", NOW))
    return store


@pytest.mark.parametrize("what", BOOKED)
def test_work_that_is_booked_has_begun(stocked: Store, what: str) -> None:
    (one,) = [o for o in known(stocked) if o.nominal_date == DATES[1]]
    look(stocked, date(2026, 3, 15))
    with stocked.begin() as tx:
        BOOKED[what](books(tx, one, date(2026, 3, 15)))
    put(stocked, taken_over(date(2026, 3, 16)))
    look(stocked, date(2026, 3, 16))
    assert [states(stocked)[when] for when in DATES[1:3]] == ["due", "waived"]
    step(stocked, one, State.IN_PROGRESS, State.COMPLETED, when=date(2026, 3, 16))
    assert states(stocked)[DATES[1]] == "done"


def test_what_was_taken_back_or_only_said_has_not_begun(stocked: Store) -> None:
    (one,) = [o for o in known(stocked) if o.nominal_date == DATES[1]]
    look(stocked, date(2026, 3, 15))
    with stocked.begin() as tx:
        kept = books(tx, one, date(2026, 3, 15))
        kept.comment("on Monday")
        kept.take_back_labour(kept.labour("li", 90).id, "another order")
        kept.return_part(kept.use_part("part-1", 1).id, "another order")
        kept.take_back_cost(kept.charge(300.0, "F-1").id, "another order")
    put(stocked, taken_over(date(2026, 3, 16)))
    look(stocked, date(2026, 3, 16))
    assert states(stocked)[DATES[1]] == "waived"


def test_a_job_of_which_one_row_gives_way_goes_on_for_the_rest(any_ledger: Store) -> None:
    deep = row("Q", 3, "month", 15, 0, contains=("LAW",), anchor=date(2026, 3, 20), applies_to=PUMP, kind="statutory")
    put(any_ledger, LAW, deep)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, DATES[0], DATES[0])
    put(any_ledger, taken_over(date(2026, 3, 10)))
    look(any_ledger, date(2026, 3, 10))
    (together,) = known(any_ledger, "Q")
    assert (together.state, states(any_ledger)[DATES[1]]) == (OccurrenceState.DUE, "waived")
    step(any_ledger, together, State.IN_PROGRESS, when=date(2026, 3, 12))
    look(any_ledger, date(2026, 3, 12))
    assert states(any_ledger)[DATES[1]] == "waived"
    step(any_ledger, together, State.COMPLETED, when=date(2026, 3, 12))
    assert known(any_ledger, "Q")[0].state is OccurrenceState.DONE
    assert is_sound(any_ledger)


def test_the_preview_of_a_change_says_which_orders_are_left(store: Store) -> None:
    day = date(2026, 3, 10)
    change = PlanChange("c", None, ChangeOrigin.STAFF, "why", "li", at(day), "LAW", Action.RETIRE, before=LAW)
    with store.read() as tx:
        pump = tx.assets.get("pump-1").asset
        outcome = outcome_of(proposal_of(change, day), "l")
        found = effects_of(tx, change, outcome, sites_of(tx, change), Look([pump], SYSTEMS, at(day)))
    due = {one.work_order for one in known(store) if one.state is OccurrenceState.DUE}
    assert {(one.order, one.becomes) for one in found.orders} == {(order, "left") for order in due}


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("first", [taken_over, retired])
def test_what_a_row_has_back_is_made_again_with_its_own_dates(
    store: Store, monkeypatch: pytest.MonkeyPatch, first: Change, alone: bool
) -> None:
    """Retired, or given up to ours, by mistake: two days later it is as it was."""
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    before = {o.nominal_date: (o.key, o.earliest, o.latest) for o in known(store) if o.state is OccurrenceState.DUE}
    put(store, first(date(2026, 3, 6)))
    look(store, date(2026, 3, 6))
    assert "due" not in states(store).values()
    for one in known(store, "OURS"):
        assert one.state is OccurrenceState.DUE
    put(store, replace(OURS, effective_from=date(2026, 3, 6), ends=date(2026, 3, 8)) if first is taken_over else LAW)
    look(store, date(2026, 3, 8))
    found = {o.nominal_date: (o.key, o.earliest, o.latest) for o in known(store) if o.state is OccurrenceState.DUE}
    assert {day: found.get(day) for day in before} == before
    assert set(states(store, "OURS").values()) <= {"waived"}
    assert look(store, date(2026, 3, 8))["created"] == 0
    assert is_sound(store)


@pytest.mark.parametrize("alone", [False, True])
def test_what_nothing_asks_for_stays_withdrawn_in_columns(
    store: Store, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """When all that is due has been withdrawn the columns plan the machine."""
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    put(store, retired(date(2026, 3, 6)), replace(OURS, fulfils=(), effective_from=date(2026, 6, 20)))
    look(store, date(2026, 3, 6))
    before = states(store)
    put(store, replace(OURS, fulfils=(), anchor=date(2026, 3, 20), effective_from=date(2026, 3, 7), version=2))
    look(store, date(2026, 3, 7))
    assert states(store) == before
    assert set(states(store, "OURS").values()) == {"due"}


@pytest.mark.parametrize("alone", [False, True])
def test_the_deeper_job_takes_the_stand_in_with_it(
    any_ledger: Store, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """One order with the items of both, and both are credited."""
    if alone:
        monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
    items = {code: (ChecklistItem(f"{code}-1", "ok", LocalName(code, code)),) for code in ("C-Q", "C-OURS")}
    with any_ledger.begin() as tx:
        for code, some in items.items():
            tx.plan.put_checklist(code, some)
    deep = row(
        "Q", 3, "month", 15, 0, contains=("LAW",), anchor=date(2026, 3, 30), applies_to=PUMP, kind="statutory",
        checklist="C-Q",
    )  # fmt: skip
    put(any_ledger, LAW, deep, replace(taken_over(date(2026, 3, 1)), checklist="C-OURS"))
    materialise(any_ledger, NOW, SYSTEMS)
    (quarter,) = known(any_ledger, "Q")
    (order,) = [one for one in orders(any_ledger) if one.id == quarter.work_order]
    assert [one.plan_row for one in order.occurrences] == ["Q", "OURS"]
    with any_ledger.read() as tx:
        assert [one.step for one in tx.orders.get(order.id).template] == ["C-Q-1", "C-OURS-1"]
    assert known(any_ledger, "LAW") == []
    step(any_ledger, quarter, State.IN_PROGRESS, State.COMPLETED, when=date(2026, 3, 20))
    assert known(any_ledger, "Q")[0].state is OccurrenceState.DONE
    (ours,) = [one for one in known(any_ledger, "OURS") if one.work_order == order.id]
    assert ours.state is OccurrenceState.CREDITED
