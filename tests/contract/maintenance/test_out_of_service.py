"""Machines that are put out of service and come back: what is asked of them then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maintenance import bulk
from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, BeforeReuse, Interval, IntervalUnit, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.resting import status_was_changed
from maintenance.schedules import AgeSchedule, FulfilledBy, IntervalSchedule
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Site
from plantroom.ports.ledger import Ledger
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.conftest import SYSTEMS, orders

BEGIN = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
Store = Ledger[MaintenanceTx]


def row(code: str, every: int, unit: str, **more: object) -> PlanRow:
    given: dict[str, object] = {"applies_to": AppliesTo(classes=("elevator",)), "kind": "statutory"} | more
    name, interval = LocalName(code, code), Interval(every, IntervalUnit(unit))
    return PlanRow(f"own:{code}", code, name, interval=interval, **given)  # type: ignore[arg-type]


HALF_MONTH = row("X-HM", 15, "day", early_days=5, max_gap_days=15, anchor=date(2026, 1, 5), layer=Layer.LAW)
INSPECTION = row(
    "X-INSP", 1, "year", early_days=60, layer=Layer.LAW, before_reuse=BeforeReuse(365, "TSG T7001-2023"),
    schedule=AgeSchedule((1, 4, 7, 9), then=Interval(1, IntervalUnit.YEAR)),
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(request: pytest.FixtureRequest, backend: str) -> Iterator[Store]:
    made = SqlLedger(request.getfixturevalue(f"{backend}_url"))
    made.open()
    with made.begin() as tx:
        if "demo" not in {site.code for site in tx.assets.sites()}:
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        for one in tx.plan.rows():
            tx.plan.remove_row(one.lineage)
        lift = Asset("lift-1", "demo", "E-1", "elevator", LocalName("1号梯", "Lift 1"), installed_on=date(2021, 1, 1))
        tx.assets.add(lift, [])
    yield made
    made.close()


def put(store: Store, *rows: PlanRow) -> None:
    with store.begin() as tx:
        for one in rows:
            tx.plan.put_row(one)


def after(days: int) -> datetime:
    return BEGIN + timedelta(days=days)


def look(store: Store, days: int) -> dict[str, int]:
    return materialise(store, after(days), SYSTEMS)


def turn(store: Store, days: int, status: AssetStatus) -> None:
    with store.begin() as tx:
        asset = tx.assets.lock("lift-1").asset
        tx.assets.set_status("lift-1", status)
        status_was_changed(tx, tx.assets.get("lift-1").asset, asset.status, after(days))


def rest(store: Store, begin: int, end: int) -> None:
    turn(store, begin, AssetStatus.OUT_OF_SERVICE)
    turn(store, end, AssetStatus.IN_SERVICE)


def known(store: Store, code: str) -> list[Occurrence]:
    with store.read() as tx:
        return sorted((o for o in tx.plan.occurrences_of("demo") if o.plan_row == code), key=lambda o: o.key)


def states(store: Store, code: str) -> list[tuple[date, str]]:
    return [(o.nominal_date, o.state.value) for o in known(store, code)]


def do(store: Store, code: str, day: date, days: int) -> None:
    (one,) = [o for o in known(store, code) if o.nominal_date == day]
    with store.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, str(one.work_order), to, after(days), "li")


def test_nothing_is_missed_while_a_machine_rests_and_the_plan_goes_on_with_its_return(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    turn(store, 3, AssetStatus.OUT_OF_SERVICE)
    look(store, 4)
    look(store, 40)
    turn(store, 100, AssetStatus.IN_SERVICE)  # 15 April
    assert look(store, 100)["missed"] == 0
    found = known(store, "X-HM")
    assert {o.state for o in found} == {OccurrenceState.DONE, OccurrenceState.WAIVED, OccurrenceState.DUE}
    due = [o for o in found if o.state is OccurrenceState.DUE]
    assert (due[0].nominal_date, due[0].earliest, due[0].latest) == (date(2026, 4, 15),) * 3, "on the day of the return"
    assert (due[1].nominal_date, due[1].latest) == (date(2026, 5, 5), date(2026, 4, 30)), "the 20th is done with it"
    assert [o.key.cycle for o in found] == list(range(found[0].key.cycle, found[0].key.cycle + len(found)))
    cancelled = orders(store, state="cancelled")
    assert {order.end_reason for order in cancelled} == {"停用期间到期，无需执行 / out of service on the last day"}
    assert look(store, 100)["created"] == 0


def test_it_is_so_too_when_nobody_planned_in_between(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    rest(store, 3, 100)
    assert look(store, 101)["missed"] == 1, "the one of the return, a day later"
    due = [o.nominal_date for o in known(store, "X-HM") if o.state is OccurrenceState.DUE]
    assert due[0] == date(2026, 4, 15)


@pytest.mark.parametrize("looks", [True, False])
def test_what_lapsed_of_a_machine_without_any_record_is_due_on_the_return(store: Store, looks: bool) -> None:
    """The quarter's job of 10 January lapsed and the next one was that of April."""
    quarter = row("X-Q", 3, "month", early_days=15, max_gap_days=92, anchor=date(2026, 1, 10), layer=Layer.LAW)
    put(store, quarter)
    look(store, 0)
    turn(store, 3, AssetStatus.OUT_OF_SERVICE)
    for days in (4, 10) if looks else ():
        look(store, days)
    turn(store, 20, AssetStatus.IN_SERVICE)  # 25 January
    assert look(store, 20)["missed"] == 0
    (first, back, *more) = known(store, "X-Q")
    assert (first.nominal_date, first.state) == (date(2026, 1, 10), OccurrenceState.WAIVED)
    assert (back.nominal_date, back.latest, back.state) == (date(2026, 1, 25),) * 2 + (OccurrenceState.DUE,)
    assert [one.nominal_date for one in more] == [date(2026, 4, 10)]
    (order,) = orders(store, state="open")
    assert "the 92 days that the law allows ran out while it was out of use until 2026-01-25" in order.reason.en
    assert look(store, 20)["created"] == 0
    do(store, "X-Q", date(2026, 1, 25), 20)
    look(store, 60)
    assert known(store, "X-Q")[-1].nominal_date == date(2026, 4, 10)


def test_two_rests_without_a_look_leave_the_misses_between_and_before_them(store: Store) -> None:
    put(store, HALF_MONTH)
    materialise(store, BEGIN, SYSTEMS, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    rest(store, 20, 40)  # 25 January to 14 February; 20 January was missed before
    rest(store, 60, 70)  # 6 to 16 March
    look(store, 71)
    found = states(store, "X-HM")
    assert [day for day, state in found] == [
        date(2026, 1, 5), date(2026, 1, 20), date(2026, 2, 14), date(2026, 3, 6),
        *[date(2026, 3, 21) + timedelta(15 * n) for n in range(len(found) - 4)],
    ]  # fmt: skip
    late = [o for o in known(store, "X-HM") if o.latest < date(2026, 3, 17) and o.state is not OccurrenceState.DONE]
    # Due on the first return, 15 days after it, and 15 days after that, which is the day of the second return.
    assert [o.latest for o in late] == [date(2026, 1, 20), date(2026, 2, 14), date(2026, 3, 1), date(2026, 3, 16)]


def test_what_was_overdue_before_the_rest_stays_so(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    look(store, 3)  # the one of 5 January is over
    rest(store, 5, 60)
    look(store, 60)
    (first,) = [o for o in known(store, "X-HM") if o.nominal_date == date(2026, 1, 5)]
    assert first.state is OccurrenceState.DUE
    (order,) = [o for o in orders(store) if o.id == first.work_order]
    assert order.state is State.OPEN
    assert "missed" in order.tags


def test_one_visit_that_was_overdue_before_the_rest_makes_no_miss_in_it(store: Store) -> None:
    """The visit of 6 March was recorded as missed, with a last day in the rest: it was counted from one that stood."""
    put(store, HALF_MONTH)
    materialise(store, after(0), SYSTEMS, 0)
    rest(store, 3, 50)  # 8 January to 24 February; the visit of 5 January was never done
    look(store, 50)
    found = [(o.nominal_date, o.latest, o.state.value) for o in known(store, "X-HM")]
    assert found[:3] == [
        (date(2026, 1, 5), date(2026, 1, 5), "due"), (date(2026, 2, 24), date(2026, 2, 24), "due"),
        (date(2026, 3, 6), date(2026, 3, 6), "due"),
    ]  # fmt: skip
    assert {state for _, _, state in found} == {"due"}
    assert look(store, 50)["created"] == 0


def test_two_minutes_over_midnight_excuse_nothing(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    look(store, 15)
    midnight = datetime(2026, 1, 20, 16, tzinfo=UTC)  # in Shanghai
    for at, status in ((-1, AssetStatus.OUT_OF_SERVICE), (1, AssetStatus.IN_SERVICE)):
        with store.begin() as tx:
            asset = tx.assets.lock("lift-1").asset
            tx.assets.set_status("lift-1", status)
            status_was_changed(tx, tx.assets.get("lift-1").asset, asset.status, midnight + timedelta(minutes=at))
    look(store, 16)
    (visit,) = [o for o in known(store, "X-HM") if o.nominal_date == date(2026, 1, 20)]
    assert (visit.state, visit.latest) == (OccurrenceState.DUE, date(2026, 1, 20))


def test_what_was_planned_for_days_behind_the_return_is_due_on_it_when_the_law_ran_out(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    look(store, 1)
    rest(store, 3, 20)  # to 25 January; 20 January lapsed, the one of 4 February stands already
    look(store, 20)
    due = [o for o in known(store, "X-HM") if o.state is OccurrenceState.DUE]
    assert [(o.nominal_date, o.earliest, o.latest) for o in due[:2]] == [
        (date(2026, 2, 4), date(2026, 1, 25), date(2026, 1, 25)),
        (date(2026, 2, 19), date(2026, 2, 9), date(2026, 2, 9)),
    ]
    (order,) = [o for o in orders(store) if o.id == due[0].work_order]
    assert "ran out while it was out of use until 2026-01-25" in order.reason.en
    assert "停用期间" in order.reason.zh


def test_a_minute_in_service_does_not_end_a_year_out_of_use(store: Store) -> None:
    put(store, INSPECTION)
    materialise(store, datetime(2024, 12, 20, 4, tzinfo=UTC), SYSTEMS)
    do(store, "X-INSP", date(2025, 1, 1), -370)
    rest(store, -300, -100)
    rest(store, -100, 100)
    look(store, 100)
    (asked,) = [o for o in known(store, "X-INSP") if o.state is OccurrenceState.DUE]
    assert asked.nominal_date == date(2026, 4, 15)
    do(store, "X-INSP", date(2026, 4, 15), 100)
    rest(store, 105, 110)
    look(store, 110)
    assert [o for o in known(store, "X-INSP") if o.state is OccurrenceState.DUE] == [], "it was done in between"


def test_a_rest_that_no_last_day_falls_into_changes_nothing(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    do(store, "X-HM", date(2026, 1, 5), 0)
    look(store, 1)
    before = states(store, "X-HM")
    rest(store, 2, 12)
    look(store, 12)
    assert states(store, "X-HM")[: len(before)] == before
    assert [o.latest for o in known(store, "X-HM")][1] == date(2026, 1, 20)


def test_work_that_was_begun_goes_on(store: Store) -> None:
    put(store, HALF_MONTH)
    look(store, 0)
    (order, *_) = orders(store)
    with store.begin() as tx:
        apply_transition(tx, order.id, State.IN_PROGRESS, after(0), "li")
    rest(store, 0, 60)
    look(store, 60)
    with store.read() as tx:
        assert tx.orders.get(order.id).state is State.IN_PROGRESS


def test_a_year_out_of_use_asks_for_the_inspection_on_the_day_of_the_return(store: Store) -> None:
    put(store, INSPECTION)
    materialise(store, datetime(2024, 12, 20, 4, tzinfo=UTC), SYSTEMS)
    do(store, "X-INSP", date(2025, 1, 1), -370)
    rest(store, -300, 100)  # 400 days, back on 15 April 2026
    look(store, 100)
    (asked,) = [o for o in known(store, "X-INSP") if o.state is OccurrenceState.DUE]
    assert (asked.nominal_date, asked.earliest, asked.latest) == (date(2026, 4, 15),) * 3
    (order,) = orders(store, state="open")
    assert "out of use from 2025-03-11 to 2026-04-15, more than 365 days" in order.reason.en
    assert "TSG T7001-2023" in order.reason.en
    assert "停用" in order.reason.zh
    look(store, 100)
    do(store, "X-INSP", date(2026, 4, 15), 100)
    materialise(store, after(101), SYSTEMS, 2000)
    assert [o.nominal_date for o in known(store, "X-INSP") if o.state is OccurrenceState.DUE] == [
        date(2028, 1, 1), date(2030, 1, 1), date(2031, 1, 1)
    ]  # fmt: skip


def test_a_year_or_less_asks_for_nothing_more(store: Store) -> None:
    put(store, INSPECTION)
    materialise(store, datetime(2024, 12, 20, 4, tzinfo=UTC), SYSTEMS)
    do(store, "X-INSP", date(2025, 1, 1), -370)
    rest(store, -265, 100)  # 365 days
    look(store, 100)
    assert [o for o in known(store, "X-INSP") if o.state is OccurrenceState.DUE] == []


def test_patrols_by_the_hour_are_not_missed_meanwhile(store: Store) -> None:
    put(store, row("X-PAT", 2, "hour", schedule=IntervalSchedule()))
    look(store, 0)
    rest(store, 1, 3)
    look(store, 3)
    over = [o for o in known(store, "X-PAT") if o.state is OccurrenceState.MISSED]
    assert all(o.due_at is not None and o.due_at <= after(1) for o in over)
    assert any(o.state is OccurrenceState.DUE for o in known(store, "X-PAT"))


def test_what_readings_were_to_credit_is_waived(store: Store) -> None:
    put(store, row("X-RUN", 7, "day", anchor=date(2026, 1, 5), fulfilled_by=FulfilledBy("running"), early_days=3))
    look(store, -1)
    rest(store, -1, 10)
    look(store, 10)
    assert states(store, "X-RUN")[0] == (date(2026, 1, 5), "waived")


def test_columns_and_one_by_one_agree_on_a_site_with_rests(
    store: Store, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for alone in (False, True):
        copy = tmp_path / f"copy-{alone}.db"
        copy.write_bytes(sqlite_template.read_bytes())
        other = SqlLedger(f"sqlite:///{copy}")
        other.open()
        with other.begin() as tx:
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
            for one in tx.plan.rows():
                tx.plan.remove_row(one.lineage)
            for key in ("lift-1", "lift-2"):
                tx.assets.add(Asset(key, "demo", key, "elevator", LocalName(key, key)), [])
        put(other, HALF_MONTH)
        if alone:
            monkeypatch.setattr(bulk, "is_for_columns", lambda *_: False)
        materialise(other, BEGIN, SYSTEMS)
        rest(other, 3, 100)
        materialise(other, after(100), SYSTEMS)
        with other.read() as tx:
            known = tx.plan.occurrences_of("demo")
        found.append(sorted((o.key, o.nominal_date, o.latest, o.state) for o in known))
        other.close()
    assert found[0] == found[1]
