"""A run that believes the standings does what a run without them does, whatever happens between the runs."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Interval, IntervalUnit, Missed
from maintenance.ports import MaintenanceTx
from maintenance.schedules import AgeSchedule, BeforeSchedule, IntervalSchedule, SeasonSchedule
from maintenance.site_calendar import opening
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Site
from plantroom.domain.calendars import MonthDay, Season, SiteCalendar
from plantroom.ports.ledger import Ledger
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.planning import NOW, SYSTEMS, every_order, planned
from tests.examples import examples
from tests.unit.maintenance.rows import ELEVATOR, row

Store = Ledger[MaintenanceTx]
ASSETS = ("a0", "a1", "a2")
MONDAY = date(2026, 3, 2)
ROWS = (
    *ELEVATOR,
    row("W", 7, "day", 1, 1, anchor=MONDAY, missed=Missed.SUPERSEDE),
    row("M", 1, "month", 3, 3, shift_percent=100),
    row("T", 20, "day", 3, 3, anchor=MONDAY, missed=Missed.STACK, max_gap_days=25),
)
NOT_PLAIN = (
    row("AGE", 1, "year", 10, 0, schedule=AgeSchedule((1, 2), then=Interval(1, IntervalUnit.YEAR))),
    row("BEF", 0, "day", 2, 0, schedule=BeforeSchedule("AGE", 7)),
    row("SEA", 1, "year", 20, 5, schedule=SeasonSchedule(("winter",), 14)),
    row("IN", 7, "day", 1, 1, schedule=IntervalSchedule(in_season="heating")),
    row("HRS", 12, "hour", missed=Missed.SUPERSEDE, schedule=IntervalSchedule(open_hours=True)),
)
"""Rows of other kinds: those with dates on the first asset, those with moments on the last one."""


@dataclass(frozen=True)
class Happens:
    """Something between two runs: it says what, and does it to a ledger."""

    says: str
    does: Callable[[Store, datetime], None]


def open_orders(ledger: Store) -> list[WorkOrder]:
    mine = [o for o in every_order(ledger) if o.state in (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)]
    return sorted(mine, key=lambda o: (o.due or NOW, o.asset or "", [x.key for x in o.occurrences]))


def ended(place: int, to: State) -> Happens:
    def does(ledger: Store, now: datetime) -> None:
        found = open_orders(ledger)
        if not found:
            return
        order = found[place % min(len(found), 6)]
        with ledger.begin() as tx:
            if to is State.COMPLETED:
                apply_transition(tx, order.id, State.IN_PROGRESS, now, "li")
            apply_transition(tx, order.id, to, now, "li", "" if to is State.COMPLETED else "why not")

    return Happens(f"{to.value} {place}", does)


def status(asset: str, to: AssetStatus) -> Happens:
    def does(ledger: Store, _: datetime) -> None:
        with ledger.begin() as tx:
            tx.assets.set_status(asset, to)

    return Happens(f"{asset} {to.value}", does)


def in_service(asset: str, since: date) -> Happens:
    def does(ledger: Store, _: datetime) -> None:
        with ledger.begin() as tx:
            tx.assets.update(replace(tx.assets.get(asset).asset, in_service_on=since), None)

    return Happens(f"{asset} since {since}", does)


def installed(asset: str, on: date) -> Happens:
    def does(ledger: Store, _: datetime) -> None:
        with ledger.begin() as tx:
            tx.assets.update(replace(tx.assets.get(asset).asset, installed_on=on), None)

    return Happens(f"{asset} installed on {on}", does)


def calendar(opens: str, heating: int, day_off: date) -> Happens:
    """The site's opening hours, the beginning of its heating season and a day off of its own are others."""
    hours = tuple(opening(weekday, opens, "22:00") for weekday in range(7))
    seasons = (Season("heating", MonthDay(heating, 15), MonthDay(3, 20)),)

    def does(ledger: Store, _: datetime) -> None:
        with ledger.begin() as tx:
            said = SiteCalendar(hours, seasons=seasons, days_off=(day_off,))
            tx.assets.change_site(replace(tx.assets.site("demo"), calendar=said))

    return Happens(f"open from {opens}, heating from {heating}, {day_off} off", does)


def other_row(code: str, every: int, late: int) -> Happens:
    def does(ledger: Store, now: datetime) -> None:
        with ledger.begin() as tx:
            known = tx.plan.row(code)
            changed = row(code, every, "day", 2, late) if known is None else replace(
                known, interval=Interval(every, IntervalUnit.DAY), late_days=late, effective_from=now.date()
            )  # fmt: skip
            tx.plan.put_row(changed)

    return Happens(f"{code} every {every} days", does)


def happenings() -> st.SearchStrategy[Happens]:
    asset = st.sampled_from(ASSETS)
    return st.one_of(
        st.builds(ended, st.integers(0, 5), st.sampled_from([State.COMPLETED, State.COMPLETED, State.BYPASSED])),
        st.builds(status, asset, st.sampled_from([AssetStatus.OUT_OF_SERVICE, AssetStatus.IN_SERVICE])),
        st.builds(status, st.just("a2"), st.just(AssetStatus.SCRAPPED)),
        st.builds(in_service, asset, st.dates(date(2025, 1, 1), date(2026, 6, 1))),
        st.builds(installed, asset, st.dates(date(2024, 1, 1), date(2026, 6, 1))),
        st.builds(
            calendar,
            st.sampled_from(["08:00", "10:00"]),
            st.integers(10, 12),
            st.dates(date(2026, 3, 1), date(2026, 6, 1)),
        ),
        st.builds(other_row, st.sampled_from(["W", "M", "T", "NEW"]), st.integers(5, 40), st.integers(0, 5)),
    )


def made(path: Path, template: Path) -> SqlLedger:
    shutil.copy(template, path)
    ledger = SqlLedger(f"sqlite:///{path}")
    ledger.open()
    with ledger.begin() as tx:
        tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        for n, key in enumerate(ASSETS):
            name, since = LocalName(f"{n}号", f"No {n}"), date(2025, 1 + 3 * n, 11)
            tx.assets.add(Asset(key, "demo", f"A-{n}", "pump", name, in_service_on=since), [])
        for one in ROWS:
            tx.plan.put_row(one)
        for one in NOT_PLAIN:
            only = ASSETS[2] if one.code == "HRS" else ASSETS[0]
            tx.plan.put_row(replace(one, applies_to=AppliesTo(assets=(only,))))
    return ledger


@given(st.lists(st.tuples(st.integers(0, 25), st.lists(happenings(), max_size=3)), min_size=2, max_size=6))
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_run_with_standings_equals_one_without(
    sqlite_template: Path, tmp_path: Path, steps: list[tuple[int, list[Happens]]]
) -> None:
    trusting, afresh = made(tmp_path / "a.db", sqlite_template), made(tmp_path / "b.db", sqlite_template)
    now = NOW
    try:
        for days, events in steps:
            now += timedelta(days=days)
            for one in events:
                for ledger in (trusting, afresh):
                    one.does(ledger, now)
            first = materialise(trusting, now, SYSTEMS)
            second = materialise(afresh, now, SYSTEMS, afresh=True)
            assert first == second, [e.says for e in events]
            assert planned(trusting) == planned(afresh), [e.says for e in events]
    finally:
        trusting.close()
        afresh.close()


def test_a_completion_between_reading_and_writing_is_seen_by_the_next_run(
    sqlite_template: Path, tmp_path: Path
) -> None:
    ledger = made(tmp_path / "a.db", sqlite_template)
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        before = tx.plan.standings("demo")
    ended(0, State.COMPLETED).does(ledger, NOW)
    with ledger.begin() as tx:
        after = tx.plan.standings("demo")
        stale = [key for key, one in after.items() if one.changes != one.planned]
        tx.plan.put_standings([before[key] for key in stale])
    assert len(stale) == 1
    with ledger.read() as tx:
        left = tx.plan.standings("demo")[stale[0]]
    assert left.changes == after[stale[0]].changes
    assert left.planned == before[stale[0]].changes
    assert not left.holds(left.fingerprint, NOW.date())
    ledger.close()


def test_the_seasons_of_a_site_and_the_day_of_installation_move_dates_at_once(
    sqlite_template: Path, tmp_path: Path
) -> None:
    ledger = made(tmp_path / "a.db", sqlite_template)
    materialise(ledger, NOW, SYSTEMS)
    assert materialise(ledger, NOW, SYSTEMS)["created"] == 0
    winter = Season("winter", MonthDay(4, 20), MonthDay(9, 30))
    with ledger.begin() as tx:
        site = tx.assets.site("demo")
        tx.assets.change_site(replace(site, calendar=replace(site.calendar, seasons=(winter,))))
    assert materialise(ledger, NOW, SYSTEMS)["created"] == 1, "before the winter, which comes earlier"
    installed(ASSETS[0], date(2024, 4, 1)).does(ledger, NOW)
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        dates = {o.plan_row: o.nominal_date for o in tx.plan.occurrences_of("demo", ASSETS[0])}
    assert dates["SEA"] == date(2026, 4, 6)
    assert dates["AGE"] == date(2026, 4, 1)
    assert dates["BEF"] < dates["AGE"]
    ledger.close()


def test_a_standing_of_rows_by_the_hour_holds_for_no_run_and_that_of_others_does(
    sqlite_template: Path, tmp_path: Path
) -> None:
    ledger = made(tmp_path / "a.db", sqlite_template)
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        known = tx.plan.standings("demo")
    holding = {key for key, one in known.items() if one.holds(one.fingerprint, NOW.date())}
    assert holding == {ASSETS[0], ASSETS[1], "site:demo"}
    ledger.close()
