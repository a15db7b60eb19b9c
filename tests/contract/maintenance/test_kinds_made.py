"""Rows by the hour, by readings, by a meter and by a condition made into orders, on a real ledger."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.episodes import Episode, EpisodeState
from maintenance.materialise import materialise
from maintenance.meters import Sample
from maintenance.plan import AppliesTo, Layer, Missed, Occurrence, OccurrenceState, PlanRow, Roll
from maintenance.planner import asset_subject
from maintenance.ports import MaintenanceTx
from maintenance.previewing import ledger_preview
from maintenance.reading_port import PointReadings
from maintenance.schedules import ConditionSchedule, FulfilledBy, IntervalSchedule, MeterSchedule
from maintenance.site_calendar import opening
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Asset, LocalName, Point, PointKind, PointTemplate, Severity, Source, SourceClock
from plantroom.domain.calendars import SiteCalendar
from plantroom.domain.findings import FindingSource
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
MALL = SiteCalendar(openings=tuple(opening(day, "09:00", "21:00") for day in range(7)), country="")
PUMP = AppliesTo(assets=("pump-1",))
DAY = timedelta(days=1)


class Told(PointReadings):
    """Readings as a test tells them."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = list(samples)

    def meter(self, asset: Asset, point: str, now: datetime) -> Sequence[Sample]:
        return [s for s in self.samples if s.ts <= now]

    def changes(self, asset: Asset, point: str, start: datetime, end: datetime) -> Sequence[Sample]:
        return [s for s in self.samples if start - DAY <= s.ts < end]


def put(ledger: Store, *rows: PlanRow, calendar: SiteCalendar | None = None) -> None:
    with ledger.begin() as tx:
        for one in rows:
            tx.plan.put_row(one)
        if calendar is not None:
            tx.assets.change_site(replace(tx.assets.site("demo"), calendar=calendar))


def known(ledger: Store, subject: str) -> list[Occurrence]:
    with ledger.read() as tx:
        return list(tx.plan.occurrences_of("demo", subject))


def patrol(missed: Missed = Missed.SUPERSEDE) -> PlanRow:
    schedule = IntervalSchedule(open_hours=True)
    return row("PAT", 2, "hour", schedule=schedule, applies_to=AppliesTo(site=True), missed=missed)


def test_patrols_are_made_for_two_days_with_their_moments(any_ledger: Store) -> None:
    put(any_ledger, patrol(), calendar=MALL)
    first = materialise(any_ledger, NOW, SYSTEMS)
    again = materialise(any_ledger, NOW, SYSTEMS)
    assert 0 < first["created"] <= 13
    assert again == {"created": 0, "existing": first["created"], "missed": 0}
    made = known(any_ledger, "site:demo")
    zone = timedelta(hours=8)
    assert {(o.nominal_at + zone).hour for o in made if o.nominal_at} <= {9, 11, 13, 15, 17, 19}
    assert all(o.due_at is not None and o.nominal_at is not None and o.due_at > o.nominal_at for o in made)
    standing = orders(any_ledger)
    assert {o.due for o in standing} == {o.due_at for o in made}
    assert "opening hours" in standing[0].reason.en


@pytest.mark.parametrize(
    ("policy", "overdue", "records"), [(Missed.SUPERSEDE, 0, 126), (Missed.HOLD, 1, 125), (Missed.STACK, 126, 0)]
)
def test_three_weeks_without_a_scheduler_leave_each_patrol_once(
    ledger: Store, policy: Missed, overdue: int, records: int
) -> None:
    put(ledger, patrol(policy), calendar=MALL)
    early = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # 08:30, before the first patrol
    materialise(ledger, early, SYSTEMS)
    later = early + 21 * DAY
    after, again = materialise(ledger, later, SYSTEMS), materialise(ledger, later, SYSTEMS)
    passed = [o for o in known(ledger, "site:demo") if o.due_at is not None and o.due_at <= later]
    assert len(passed) == 21 * 6
    assert len({o.key for o in passed}) == len(passed)
    assert sum(o.state is OccurrenceState.MISSED for o in passed) == records
    assert sum("missed" in o.tags and o.state is State.OPEN for o in orders(ledger)) == overdue
    assert after["missed"] == 126
    assert (again["created"], again["missed"]) == (0, 0)


def test_a_patrol_opens_at_its_time_and_ends_as_missed_when_the_next_one_begins(ledger: Store) -> None:
    put(ledger, patrol(), calendar=MALL)
    nine = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    materialise(ledger, nine - timedelta(hours=1), SYSTEMS)
    materialise(ledger, nine, SYSTEMS)
    first, second = orders(ledger)[:2]
    assert (first.state, second.state) == (State.OPEN, State.SCHEDULED)
    materialise(ledger, nine + timedelta(hours=2), SYSTEMS)
    first, second = orders(ledger)[:2]
    assert (first.state, second.state) == (State.MISSED, State.OPEN)
    both = r"漏做：最后时限为(.{16})；由下一次代替 / missed: the time was over at \1; superseded by the next one"
    assert re.fullmatch(both, first.end_reason or "")
    with ledger.begin() as tx:
        apply_transition(tx, second.id, State.IN_PROGRESS, nine + timedelta(hours=3), "li")
        apply_transition(tx, second.id, State.COMPLETED, nine + timedelta(hours=3), "li")
    states = {o.nominal_at: o.state for o in known(ledger, "site:demo")}
    assert states[nine] is OccurrenceState.MISSED
    assert states[nine + timedelta(hours=2)] is OccurrenceState.DONE


def jockey(missed: Missed = Missed.SUPERSEDE) -> PlanRow:
    return row(
        "JOC", 1, "day", anchor=date(2026, 3, 1), applies_to=PUMP, missed=missed, fulfilled_by=FulfilledBy("running"),
        executor="automatic",
    )  # fmt: skip


def run_at(*times: datetime) -> list[Sample]:
    samples = [Sample(datetime(2026, 2, 25, tzinfo=UTC), 0.0)]
    for at in times:
        samples += [Sample(at - timedelta(minutes=1), 0.0), Sample(at, 1.0), Sample(at + timedelta(minutes=5), 0.0)]
    return samples


def test_a_run_seen_in_the_readings_credits_the_test_with_its_time_and_nobody_has_to_do_anything(ledger: Store) -> None:
    put(ledger, jockey())
    at = datetime(2026, 3, 2, 3, 17, tzinfo=UTC)
    evening = datetime(2026, 3, 2, 12, tzinfo=UTC)
    early = materialise(ledger, at - timedelta(hours=1), SYSTEMS, readings=Told(run_at(at)))
    assert early["created"] == 1
    assert [o.state for o in known(ledger, "pump-1")] == [OccurrenceState.DUE]
    done = materialise(ledger, evening, SYSTEMS, readings=Told(run_at(at)))
    assert materialise(ledger, evening, SYSTEMS, readings=Told(run_at(at)))["created"] == 0
    credited = known(ledger, "pump-1")
    assert (done["created"], done["missed"]) == (0, 0)
    assert [(o.state, o.completed_at, o.nominal_date) for o in credited] == [
        (OccurrenceState.CREDITED, at, date(2026, 3, 2))
    ]
    assert credited[0].evidence is not None
    assert credited[0].evidence["ts"] == at.isoformat()
    assert orders(ledger) == []


def test_a_day_without_a_run_is_missed_and_of_a_row_that_holds_it_asks_for_the_test_by_hand(ledger: Store) -> None:
    put(ledger, jockey(Missed.HOLD))
    second, fourth = datetime(2026, 3, 2, 3, tzinfo=UTC), datetime(2026, 3, 4, 3, tzinfo=UTC)
    told = Told(run_at(second, fourth))
    materialise(ledger, second + timedelta(hours=2), SYSTEMS, readings=told)
    materialise(ledger, fourth + timedelta(hours=2), SYSTEMS, readings=told)
    states = {o.nominal_date.day: o.state for o in known(ledger, "pump-1")}
    assert states == {2: OccurrenceState.CREDITED, 3: OccurrenceState.DUE, 4: OccurrenceState.CREDITED}
    by_hand = orders(ledger)
    assert [(o.state, o.tags) for o in by_hand] == [(State.OPEN, ("missed",))]


def test_a_run_that_comes_to_light_late_completes_the_order_and_credits_it(ledger: Store) -> None:
    put(ledger, jockey(Missed.HOLD))
    second, third = datetime(2026, 3, 2, 3, tzinfo=UTC), datetime(2026, 3, 3, 3, tzinfo=UTC)
    materialise(ledger, second + timedelta(hours=2), SYSTEMS, readings=Told(run_at(second)))
    materialise(ledger, third + DAY, SYSTEMS, readings=Told(run_at(second)))
    materialise(ledger, third + DAY, SYSTEMS, readings=Told(run_at(second, third)))
    ended = orders(ledger)[0]
    assert (ended.state, ended.completed_at) == (State.COMPLETED, third)
    assert "by_readings" in ended.tags
    found = {o.nominal_date.day: o for o in known(ledger, "pump-1")}
    assert (found[3].state, found[3].completed_at) == (OccurrenceState.CREDITED, third)
    assert found[3].evidence is not None


def test_readings_of_a_simulated_source_credit_nothing(ledger: Store) -> None:
    put(ledger, jockey())
    with ledger.begin() as tx:
        tx.assets.put_source(Source("pump-1", clock=SourceClock.SIMULATED))
    at = datetime(2026, 3, 2, 3, tzinfo=UTC)
    materialise(ledger, at + timedelta(hours=2), SYSTEMS, readings=Told(run_at(at)))
    after = materialise(ledger, at + DAY, SYSTEMS, readings=Told(run_at(at)))
    assert (after["created"], after["missed"]) == (1, 1), "today waits, yesterday is missed"
    assert [o.state for o in known(ledger, "pump-1")] == [OccurrenceState.MISSED, OccurrenceState.DUE]


def test_greasing_is_one_order_at_a_time_and_moves_with_the_rate_of_use(ledger: Store) -> None:
    whole = AppliesTo(assets=("pump-9",))
    grease = row("GRE", 0, "day", 0, 7, applies_to=whole, schedule=MeterSchedule("run_hours", 1000))
    put(ledger, grease)
    with ledger.begin() as tx:
        template = PointTemplate("run_hours", LocalName("运行小时", "Run hours"), "h", PointKind.COUNTER)
        pump = Asset("pump-9", "demo", "P-9", "pump", LocalName("9号泵", "Pump 9"))
        tx.assets.add(pump, [Point("pump-9", template)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    steady = [Sample(begin + n * DAY, n * 12.0) for n in range(60)]  # 1,000 h on 25 March
    materialise(ledger, NOW, SYSTEMS, readings=Told(steady))
    order = orders(ledger, asset="pump-9")[0]
    assert len(orders(ledger, asset="pump-9")) == 1
    assert order.occurrences[0].nominal_date == date(2026, 3, 25)
    faster = steady + [Sample(begin + n * DAY, 59 * 12 + (n - 59) * 24.0) for n in range(60, 66)]
    later = datetime(2026, 3, 6, 6, tzinfo=UTC)
    materialise(ledger, later, SYSTEMS, readings=Told(faster))
    moved = orders(ledger, asset="pump-9")
    assert [o.id for o in moved] == [order.id]
    assert moved[0].occurrences[0].nominal_date < date(2026, 3, 25)
    assert "h/day" in moved[0].reason.en


def test_an_episode_opens_one_job_until_it_is_done(ledger: Store) -> None:
    check = row("CM", 0, "day", 0, 7, applies_to=PUMP, schedule=ConditionSchedule(("bearing_wear",)))
    put(ledger, check)
    assert materialise(ledger, NOW, SYSTEMS)["created"] == 0
    with ledger.begin() as tx:
        tx.episodes.add(
            Episode(
                "e1", "demo", "pump-1", "bearing_wear", FindingSource.MODEL, EpisodeState.OPEN, Severity.GENERAL,
                safety=False, opened_observed_at=NOW, opened_at=NOW, last_observed_at=NOW,
            )
        )  # fmt: skip
    later = NOW + timedelta(minutes=5)
    assert materialise(ledger, later, SYSTEMS)["created"] == 1
    assert materialise(ledger, later + 3 * DAY, SYSTEMS)["created"] == 0
    order = orders(ledger, asset="pump-1")[0]
    assert order.state is State.OPEN
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.IN_PROGRESS, later + 3 * DAY, "li")
        apply_transition(tx, order.id, State.COMPLETED, later + 3 * DAY, "li")
    assert materialise(ledger, later + 4 * DAY, SYSTEMS)["created"] == 0, "the same episode asks for nothing more"


def test_a_date_is_rolled_off_the_sites_own_holidays(ledger: Store) -> None:
    monthly = row("M", 1, "month", 3, 3, anchor=date(2026, 10, 1), applies_to=PUMP, roll=Roll.BACK)
    put(ledger, monthly)
    with ledger.read() as tx:
        asset = tx.assets.get("pump-1").asset
        found = ledger_preview(
            tx, tx.assets.site("demo"), [asset_subject(asset)], date(2026, 9, 1), date(2026, 12, 31), NOW, SYSTEMS
        )
    days = [date(2026, 9, 30), date(2026, 10, 30), date(2026, 12, 1), date(2026, 12, 31)]
    assert [i.job.due for i in found.items] == days
    # 1 October and 1 January are holidays, 1 November a Sunday, 1 December a Tuesday


def test_work_done_later_than_the_law_allows_shows_it_though_no_scheduler_looked(ledger: Store) -> None:
    weekly = row("W", 7, "day", 5, 0, anchor=date(2026, 3, 6), max_gap_days=7, applies_to=PUMP)
    put(ledger, weekly)
    materialise(ledger, NOW, SYSTEMS)
    first, second = orders(ledger, asset="pump-1")[:2]
    early, late = NOW, NOW + 9 * DAY
    with ledger.begin() as tx:
        for order, at in ((first, early), (second, late)):
            apply_transition(tx, order.id, State.IN_PROGRESS, at, "li")
            apply_transition(tx, order.id, State.COMPLETED, at, "li")
    found = known(ledger, "pump-1")[1]
    assert found.completed_at == late
    assert found.latest == date(2026, 3, 9), "seven days after the one of 2 March, not 13 March as planned"


def test_the_law_tightens_what_is_on_hold_too(ledger: Store) -> None:
    """A tablet says late that the visit before was done early: the one that waits for a part is due by the law, not by
    its date in the calendar."""
    tenth = row("W", 10, "day", 9, 0, anchor=date(2026, 3, 6), max_gap_days=10, applies_to=PUMP)
    put(ledger, tenth)
    materialise(ledger, NOW, SYSTEMS)
    later = NOW + 6 * DAY
    materialise(ledger, later, SYSTEMS)
    first, second = orders(ledger, asset="pump-1")[:2]
    with ledger.begin() as tx:
        apply_transition(tx, second.id, State.IN_PROGRESS, later, "li")
        apply_transition(tx, second.id, State.ON_HOLD, later, "li", "part")
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, first.id, to, NOW, "li", now=later)
    materialise(ledger, later, SYSTEMS)
    with ledger.read() as tx:
        due = tx.orders.get(second.id).due
    assert due is not None
    assert due.isoformat() == "2026-03-12T15:59:59+00:00"
    assert known(ledger, "pump-1")[1].latest == date(2026, 3, 12)


def test_a_preview_with_today_in_it_begins_with_what_was_due_before_and_is_still_to_be_done(ledger: Store) -> None:
    yearly = {"kind": "statutory", "max_gap_days": 366, "layer": Layer.LAW, "applies_to": PUMP}
    put(ledger, row("Y", 1, "year", 15, 0, anchor=date(2026, 3, 4), **yearly))
    put(ledger, row("LATER", 1, "year", 15, 0, anchor=date(2026, 3, 20), **yearly))
    materialise(ledger, NOW, SYSTEMS)
    now = NOW + 40 * DAY
    materialise(ledger, now, SYSTEMS)

    def shown(first: date, last: date) -> list[tuple[str, date, bool]]:
        with ledger.read() as tx:
            pump = asset_subject(tx.assets.get("pump-1").asset)
            found = ledger_preview(tx, tx.assets.site("demo"), [pump], first, last, now, SYSTEMS).items
        return [(one.job.leader.row.code, one.job.latest, "现已逾期" in one.reason.zh) for one in found]

    late = [("Y", date(2026, 3, 4), True), ("LATER", date(2026, 3, 20), True)]
    today = date(2026, 4, 11)
    assert shown(today, date(2026, 12, 31)) == late
    assert shown(today, today) == late
    assert shown(date(2026, 3, 20), today) == late
    assert shown(date(2026, 3, 15), date(2026, 4, 10)) == late[1:], "what is due in these days alone"
    assert shown(date(2026, 6, 20), date(2026, 12, 31)) == []
