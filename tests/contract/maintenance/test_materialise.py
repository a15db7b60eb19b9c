"""Plan table into work orders, on a real ledger."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.plan import Interval, IntervalUnit, Missed, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.seed import seed_default_profile
from maintenance.transitions import apply_transition
from maintenance.work_orders import ChecklistItem, State
from plantroom.domain.assets import AssetStatus, LocalName, Site
from plantroom.domain.calendars import MonthDay, Season, SiteCalendar
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
WEEKLY: dict[str, Any] = {"anchor": date(2026, 3, 2)}


def put(ledger: Store, *rows: PlanRow) -> None:
    for one in rows:
        with ledger.begin() as tx:
            tx.plan.put_row(one)


def test_the_second_run_creates_nothing(ledger: Store) -> None:
    with ledger.begin() as tx:
        assert seed_default_profile(tx) > 30
        assert seed_default_profile(tx) == 0
    first = materialise(ledger, NOW, SYSTEMS)
    second = materialise(ledger, NOW, SYSTEMS)
    assert first["created"] > 0
    assert second == {"created": 0, "existing": first["created"], "missed": 0}


def test_three_schedulers_at_once_create_each_job_once(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        seed_default_profile(tx)
    counts: list[dict[str, int]] = []
    threads = [threading.Thread(target=lambda: counts.append(materialise(any_ledger, NOW, SYSTEMS))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [o.key for order in orders(any_ledger) for o in order.occurrences]
    assert len(keys) == len(set(keys)) == sum(c["created"] for c in counts)
    assert len({order.number for order in orders(any_ledger)}) == len(orders(any_ledger))


def test_a_job_with_several_occurrences_is_one_order_with_the_union_of_the_items(ledger: Store) -> None:
    with ledger.begin() as tx:
        seed_default_profile(tx)
    materialise(ledger, NOW, SYSTEMS)
    quarterly = [o for o in orders(ledger, asset="lift-1") if "EL-Q" in {x.plan_row for x in o.occurrences}]
    assert [{x.plan_row for x in o.occurrences} for o in quarterly] == [{"EL-Q", "EL-HM"}]
    assert len(quarterly[0].template) == 44
    assert quarterly[0].title.zh == "1号梯 季度维保"
    assert "TSG T5002-2017" in quarterly[0].reason.zh


ITEMS = (
    ChecklistItem("X-1", "ok", LocalName("总是", "always")),
    ChecklistItem("X-2", "ok", LocalName("冬季", "in winter"), conditions=("season:winter",)),
    ChecklistItem("X-3", "ok", LocalName("柴油泵", "diesel"), conditions=("option:diesel_pump",)),
    ChecklistItem("X-4", "ok", LocalName("以前", "before"), conditions=("answer:X-1=ok",)),
)


@pytest.mark.parametrize("bulk", [True, False])
def test_items_for_another_season_or_for_what_the_site_has_not_got_are_not_on_the_order(
    any_ledger: Store, bulk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is the day on which the order is due: the last one of its window."""
    if not bulk:
        monkeypatch.setattr("maintenance.bulk.is_for_columns", lambda *_: False)
    winter = Season("winter", MonthDay(12, 1), MonthDay(3, 8))
    with any_ledger.begin() as tx:
        tx.plan.put_checklist("X", ITEMS)
        tx.plan.put_row(replace(row("W", 7, "day", 0, 5, anchor=date(2026, 3, 3)), checklist="X"))
        site = tx.assets.site("demo")
        tx.assets.change_site(replace(site, calendar=SiteCalendar(seasons=(winter,)), options=("boiler",)))
    materialise(any_ledger, NOW, SYSTEMS, 10)
    made = {o.occurrences[0].nominal_date: [i.step for i in o.template] for o in orders(any_ledger, asset="pump-1")}
    assert made == {date(2026, 3, 3): ["X-1", "X-2", "X-4"], date(2026, 3, 10): ["X-1", "X-4"]}
    with any_ledger.begin() as tx:
        tx.assets.change_site(replace(tx.assets.site("demo"), options=("diesel_pump",)))
    materialise(any_ledger, NOW + timedelta(days=7), SYSTEMS, 10)
    made = {o.occurrences[0].nominal_date: [i.step for i in o.template] for o in orders(any_ledger, asset="pump-1")}
    assert made[date(2026, 3, 10)] == ["X-1", "X-4"], "what is frozen stays"
    assert made[date(2026, 3, 17)] == ["X-1", "X-3", "X-4"]


def test_what_is_missed_together_counts_on_the_orders_last_day_and_gets_its_own_back(any_ledger: Store) -> None:
    """So the next dates are those that they were while the order stood."""
    deep = replace(row("D", 1, "month", 5, 9, anchor=date(2026, 3, 6)), contains=("S",))
    put(any_ledger, row("S", 7, "day", 1, 1, anchor=date(2026, 3, 5)), deep)
    materialise(any_ledger, NOW, SYSTEMS, 5)
    made = next(o for o in orders(any_ledger, asset="pump-1") if len(o.occurrences) == 2)
    own = {o.plan_row: o.due for o in made.occurrences}
    assert own == {"D": date(2026, 3, 15), "S": date(2026, 3, 6)}

    def latest() -> dict[str, tuple[str, date]]:
        with any_ledger.read() as tx:
            found = tx.plan.occurrences([o.key for o in made.occurrences]).values()
        return {o.plan_row: (o.state.value, o.latest) for o in found}

    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.MISSED, NOW + timedelta(days=4), "wang", "nobody there")
    assert latest() == {code: ("missed", date(2026, 3, 6)) for code in own}
    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "li", "done in time", in_time=True)
    assert latest() == {code: ("due", day) for code, day in own.items()}


def test_an_order_opens_when_its_window_begins(ledger: Store) -> None:
    put(ledger, row("W", 7, "day", 1, 1, anchor=date(2026, 3, 5)))
    materialise(ledger, NOW, SYSTEMS)
    assert orders(ledger, asset="pump-1")[0].state is State.SCHEDULED
    materialise(ledger, NOW + timedelta(days=2), SYSTEMS)
    first = orders(ledger, asset="pump-1")[0]
    assert (first.state, first.earliest) == (State.OPEN, date(2026, 3, 4))
    assert first.due is not None
    assert first.due.isoformat() == "2026-03-06T15:59:59+00:00"


def test_a_new_asset_is_not_born_with_missed_work(ledger: Store) -> None:
    put(ledger, row("M", 1, "month", 2, 2, anchor=date(2019, 1, 15)))
    assert materialise(ledger, NOW, SYSTEMS)["missed"] == 0
    assert orders(ledger, asset="pump-1")[0].occurrences[0].nominal_date == date(2026, 3, 15)


def test_completing_early_pulls_the_next_one_forward_to_the_laws_floor(ledger: Store) -> None:
    put(ledger, row("HM", 15, "day", 5, 0, anchor=date(2026, 3, 5), max_gap_days=15))
    materialise(ledger, NOW, SYSTEMS)
    first, second = orders(ledger, asset="pump-1")[:2]
    with ledger.begin() as tx:
        apply_transition(tx, first.id, State.IN_PROGRESS, NOW, "li")
        apply_transition(tx, first.id, State.COMPLETED, NOW, "li")
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        done = tx.plan.occurrences([first.occurrences[0].key])[first.occurrences[0].key]
        moved = tx.orders.get(second.id)
    assert (done.state, done.completed_at) == (OccurrenceState.DONE, NOW)
    assert second.occurrences[0].due == date(2026, 3, 20)
    assert moved.occurrences[0].due == date(2026, 3, 17)
    assert "2026-03-17" in moved.reason.en


def test_every_occurrence_is_credited_on_completion(ledger: Store) -> None:
    put(
        ledger,
        row("HALF", 15, "day", 3, 3, anchor=date(2026, 3, 4)),
        row("QUART", 3, "month", 7, 7, anchor=date(2026, 3, 5), contains=("HALF",)),
    )
    materialise(ledger, NOW, SYSTEMS)
    order = next(o for o in orders(ledger, asset="pump-1") if len(o.occurrences) == 2)
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.IN_PROGRESS, NOW, "li")
        apply_transition(tx, order.id, State.COMPLETED, NOW, "li")
        states = [tx.plan.occurrences([o.key])[o.key].state for o in order.occurrences]
    assert states == [OccurrenceState.DONE, OccurrenceState.CREDITED]


OUTAGE = NOW + timedelta(days=60 + 21)


@pytest.mark.parametrize(
    ("policy", "left_open", "records"),
    [(Missed.HOLD, 1, 11), (Missed.STACK, 12, 0), (Missed.SUPERSEDE, 1, 11)],
)
def test_an_outage_is_caught_up_once_as_the_policy_says(
    ledger: Store, policy: Missed, left_open: int, records: int
) -> None:
    put(ledger, row("W", 7, "day", 1, 1, anchor=date(2026, 3, 2), missed=policy))
    materialise(ledger, NOW, SYSTEMS)
    after = materialise(ledger, OUTAGE, SYSTEMS)
    again = materialise(ledger, OUTAGE, SYSTEMS)
    with ledger.read() as tx:
        known = tx.plan.occurrences_of("demo", "pump-1")
    passed = [o for o in known if o.latest < date(2026, 5, 22)]
    assert [o.key.cycle for o in known] == list(range(len(known))), "no cycle is skipped"
    assert sum(o.state is OccurrenceState.MISSED for o in passed) == records
    overdue = [o for o in orders(ledger, asset="pump-1") if "missed" in o.tags and o.state is State.OPEN]
    assert len(overdue) == left_open
    assert after["missed"] == 12
    assert (again["created"], again["missed"]) == (0, 0)


def test_a_held_job_keeps_the_next_one_waiting_until_it_is_done(ledger: Store) -> None:
    put(ledger, row("W", 7, "day", 1, 1, anchor=date(2026, 3, 2), missed=Missed.HOLD))
    materialise(ledger, NOW, SYSTEMS)
    later = NOW + timedelta(days=6)
    materialise(ledger, later, SYSTEMS)
    first, second = orders(ledger, asset="pump-1")[:2]
    assert (first.state, second.state) == (State.OPEN, State.SCHEDULED)
    with ledger.begin() as tx:
        apply_transition(tx, first.id, State.IN_PROGRESS, later, "li")
        apply_transition(tx, first.id, State.COMPLETED, later, "li")
    materialise(ledger, later, SYSTEMS)
    assert orders(ledger, asset="pump-1")[1].state is State.OPEN


def test_site_rows_have_the_site_as_their_subject(ledger: Store) -> None:
    with ledger.begin() as tx:
        seed_default_profile(tx)
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        assert tx.plan.occurrences_of("demo", "site:demo")
    assert any(o.asset is None and o.occurrences[0].plan_row == "FI-PAT" for o in orders(ledger))


def test_one_row_that_cannot_be_planned_costs_no_other_row_asset_or_site(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("aaa", LocalName("甲", "A"), time_zone="Nowhere/Atlantis"))
    poison = replace(row("P", 1, "month", anchor=date(2026, 3, 4)), kind="dance")
    put(ledger, poison, row("M", 1, "month", anchor=date(2026, 3, 4)))
    assert materialise(ledger, NOW, SYSTEMS)["created"] == 2
    assert {o.occurrences[0].plan_row for o in orders(ledger)} == {"M"}


def test_dates_at_the_end_of_the_calendar_stop_nothing(ledger: Store) -> None:
    put(
        ledger,
        row("FAR", 10_000, "year", anchor=date(2026, 3, 4)),
        row("END", 1, "month", anchor=date(9999, 12, 31)),
        row("M", 1, "month", anchor=date(2026, 3, 4)),
    )
    materialise(ledger, NOW, SYSTEMS)
    assert sorted(o.occurrences[0].plan_row for o in orders(ledger, asset="pump-1")) == ["FAR", "M", "M"]


def test_unstarted_orders_of_a_scrapped_asset_are_cancelled_and_say_why(ledger: Store) -> None:
    put(ledger, row("W", 14, "day", 1, 1, anchor=date(2026, 3, 2)))
    materialise(ledger, NOW, SYSTEMS)
    begun, *others = orders(ledger, asset="pump-1")
    with ledger.begin() as tx:
        apply_transition(tx, begun.id, State.IN_PROGRESS, NOW, "li")
        tx.assets.set_status("pump-1", AssetStatus.SCRAPPED)
    materialise(ledger, NOW, SYSTEMS)
    after = {o.id: (o.state, o.end_reason) for o in orders(ledger, asset="pump-1")}
    assert after.pop(begun.id) == (State.IN_PROGRESS, None)
    assert after == {o.id: (State.CANCELLED, "资产已报废 / asset scrapped") for o in others}


def test_a_version_that_is_not_in_effect_yet_changes_nothing(ledger: Store) -> None:
    weekly = row("W", 7, "day", anchor=date(2026, 3, 2))
    put(ledger, weekly, replace(weekly, interval=Interval(1, IntervalUnit.YEAR), effective_from=date(2026, 6, 1)))
    materialise(ledger, NOW, SYSTEMS)
    assert len(orders(ledger, asset="pump-1")) == 9
