"""What is waived when an order is cancelled, and what stays due or missed: each occurrence by its own last day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.resting import status_was_changed
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Asset, AssetStatus, LocalName
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import SYSTEMS

Store = Ledger[MaintenanceTx]
BEGIN = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST, SECOND, THIRD = date(2026, 1, 5), date(2026, 1, 20), date(2026, 2, 4)


def row(code: str, **more: object) -> PlanRow:
    given: dict[str, object] = {
        "applies_to": AppliesTo(classes=("elevator",)), "kind": "statutory", "layer": Layer.LAW, "early_days": 5,
        "max_gap_days": 15, "anchor": FIRST,
    } | more  # fmt: skip
    name = LocalName(code, code)
    return PlanRow(f"own:{code}", code, name, interval=Interval(15, IntervalUnit.DAY), **given)  # type: ignore[arg-type]


HALF_MONTH = row("X-HM")


@pytest.fixture
def store(any_ledger: Store) -> Store:
    """Two lifts and the half-month visit of the first, seen by the planner; that of 5 January is done."""
    with any_ledger.begin() as tx:
        for one in tx.plan.rows():
            tx.plan.remove_row(one.lineage)
        tx.assets.add(Asset("lift-2", "demo", "E-22", "elevator", LocalName("2号梯", "Lift 2")), [])
        tx.plan.put_row(HALF_MONTH)
    look(any_ledger, 0)
    for to in (State.IN_PROGRESS, State.COMPLETED):
        step(any_ledger, FIRST, to, after(0))
    return any_ledger


def after(days: float) -> datetime:
    return BEGIN + timedelta(days=days)


def look(store: Store, days: float) -> None:
    materialise(store, after(days), SYSTEMS)


def turn(store: Store, at: datetime, status: AssetStatus) -> None:
    with store.begin() as tx:
        before = tx.assets.lock("lift-1").asset.status
        tx.assets.set_status("lift-1", status)
        status_was_changed(tx, tx.assets.get("lift-1").asset, before, at)


def known(store: Store, code: str = "X-HM") -> dict[date, Occurrence]:
    with store.read() as tx:
        return {o.nominal_date: o for o in tx.plan.occurrences_of("demo", "lift-1") if o.plan_row == code}


def state(store: Store, day: date) -> str:
    return known(store)[day].state.value


def step(store: Store, day: date, to: State, at: datetime, now: datetime | None = None) -> None:
    with store.begin() as tx:
        apply_transition(tx, str(known(store)[day].work_order), to, at, "wang", "x", now=now or at)


def test_what_is_cancelled_during_a_short_rest_is_judged_by_its_own_last_day(store: Store) -> None:
    look(store, 20)  # 25 January: the visit of the 20th is overdue, that of 4 February ahead
    turn(store, after(20), AssetStatus.OUT_OF_SERVICE)
    for day in (SECOND, THIRD):
        step(store, day, State.CANCELLED, after(20) + MINUTE)
    turn(store, after(20) + 2 * MINUTE, AssetStatus.IN_SERVICE)
    assert [state(store, day) for day in (SECOND, THIRD)] == ["missed", "missed"]


def test_a_cancellation_that_is_dated_back_into_an_old_rest_excuses_nothing(store: Store) -> None:
    turn(store, after(3), AssetStatus.OUT_OF_SERVICE)
    turn(store, after(3) + MINUTE, AssetStatus.IN_SERVICE)
    look(store, 20)
    opened = known(store)[SECOND].work_order
    with store.read() as tx:
        first = tx.orders.get(str(opened)).opened_at or after(3)
    step(store, SECOND, State.CANCELLED, max(first, after(3)), now=after(20))
    assert state(store, SECOND) == "missed"


def test_what_lapsed_during_a_long_rest_is_waived_when_it_is_cancelled_before_the_planner_looks(store: Store) -> None:
    look(store, 1)
    turn(store, after(10), AssetStatus.OUT_OF_SERVICE)
    step(store, SECOND, State.CANCELLED, after(20))
    assert state(store, SECOND) == "waived"


def test_the_row_of_another_machine_excuses_nothing(store: Store) -> None:
    with store.begin() as tx:
        other = row(
            "X-OWN", fulfils=("X-HM",), applies_to=AppliesTo(assets=("lift-2",)), layer=Layer.MAKER, kind="preventive"
        )
        tx.plan.put_row(other)
    look(store, 20)
    step(store, SECOND, State.CANCELLED, after(20))
    assert state(store, SECOND) == "missed"


def test_a_row_s_end_excuses_what_was_to_be_done_by_then_and_not_what_was_over(store: Store) -> None:
    look(store, 20)
    with store.begin() as tx:
        tx.plan.put_row(replace(HALF_MONTH, ends=after(20).date()))
    for day in (SECOND, THIRD):
        step(store, day, State.CANCELLED, after(20) + MINUTE)
    assert [state(store, day) for day in (SECOND, THIRD)] == ["missed", "waived"]


@pytest.mark.parametrize("more", [{"fulfils": ("X-HM",)}, {"ends": date(2026, 1, 10)}])
def test_a_version_that_came_later_excuses_nothing_that_was_over_before(store: Store, more: dict[str, object]) -> None:
    """A row that is years old comes to stand for the visit; the visit's own row ends, dated back."""
    old = row("X-OURS", anchor=date(2026, 1, 10), layer=Layer.MAKER) if "fulfils" in more else HALF_MONTH
    with store.begin() as tx:
        tx.plan.put_row(old)
    look(store, 20)
    with store.begin() as tx:
        tx.plan.put_row(replace(old, since=old.first_day, effective_from=after(20).date(), **more))
    for day in (SECOND, THIRD):
        step(store, day, State.CANCELLED, after(20) + MINUTE)
    assert [state(store, day) for day in (SECOND, THIRD)] == ["missed", "waived"]


@pytest.mark.parametrize("resting", [False, True])
def test_what_was_over_when_a_machine_was_scrapped_is_missed(store: Store, resting: bool) -> None:
    look(store, 20)
    if resting:
        turn(store, after(15), AssetStatus.OUT_OF_SERVICE)
    turn(store, after(20), AssetStatus.SCRAPPED)
    look(store, 20)
    assert [state(store, day) for day in (SECOND, THIRD)] == ["missed", "waived"]


def test_what_was_withdrawn_by_a_scrapping_by_mistake_is_made_again_with_its_own_dates(store: Store) -> None:
    look(store, 2)
    before = {day: (o.key, o.earliest, o.latest, o.state) for day, o in known(store).items()}
    turn(store, after(2), AssetStatus.SCRAPPED)
    look(store, 2)
    assert state(store, SECOND) == "waived"
    turn(store, after(2) + 10 * MINUTE, AssetStatus.IN_SERVICE)
    look(store, 3)
    found = {day: (o.key, o.earliest, o.latest, o.state) for day, o in known(store).items()}
    assert {day: found.get(day) for day in before} == before
    with store.read() as tx:
        open_now = [tx.orders.get(str(known(store)[day].work_order)).state for day in (SECOND, THIRD)]
    assert set(open_now) <= {State.OPEN, State.SCHEDULED}


def test_what_fell_due_while_a_machine_was_scrapped_is_not_made_again(store: Store) -> None:
    look(store, 2)
    turn(store, after(2), AssetStatus.SCRAPPED)
    look(store, 2)
    turn(store, after(4), AssetStatus.OUT_OF_SERVICE)
    turn(store, after(20), AssetStatus.IN_SERVICE)
    look(store, 20)
    assert state(store, SECOND) == "waived"
    assert min(o.latest for o in known(store).values() if o.state is OccurrenceState.DUE) <= THIRD
