"""The risks of a site's machines in the ledger: what is gathered, one report for a crossing, whoever looks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from maintenance.episodes import Episode, EpisodeState
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.ports import MessageFilter
from maintenance.orders import create_order, keep
from maintenance.plan import (
    AppliesTo,
    Interval,
    IntervalUnit,
    Layer,
    Occurrence,
    OccurrenceKey,
    OccurrenceState,
    PlanRow,
)
from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import place_of
from maintenance.risk.gathering import gather
from maintenance.risk.model import Facts, RiskPolicy, RiskReport, Standing
from maintenance.risk.ports import ReportFilter, StandingFilter
from maintenance.risk.watching import EVERY, RISK, risk_job, watch, watch_site
from maintenance.scheduler import Scheduler
from maintenance.work_orders import Kind, Origin, State, WorkOrder, WorkOrderOccurrence
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import (
    SENSOR_FAULT,
    Asset,
    AssetStatus,
    DutyRole,
    Health,
    LocalName,
    Location,
    Severity,
)
from plantroom.domain.findings import FindingSource
from plantroom.domain.papers import Licence
from plantroom.errors import Conflict
from plantroom.ports.audit import AuditFilter
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import HealthChange, Ledger
from plantroom.ports.paging import PageRequest, Scope
from tests.contract.maintenance.conftest import NOW

Store = Ledger[MaintenanceTx]
CLASSES = equipment_classes()
PAGE = PageRequest(100)
DAY = timedelta(days=1)


def ticket(ledger: Store, severity: Severity = Severity.CRITICAL, asset: str = "pump-1", **more) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="li",
            now=NOW, asset=asset, severity=severity, **more,
        )  # fmt: skip


def episode(ledger: Store, mode: str, name: str, **more) -> str:
    made = Episode(
        name, "demo", "pump-1", mode, FindingSource.MODEL, EpisodeState.OPEN, Severity.MAJOR, False,
        opened_observed_at=NOW, opened_at=NOW, last_observed_at=NOW,
    )  # fmt: skip
    with ledger.begin() as tx:
        tx.episodes.add(replace(made, **more))
    return name


def facts_of(ledger: Store, now: datetime = NOW, asset: str = "pump-1") -> Facts:
    with ledger.read() as tx:
        return next(one for one in gather(tx, "demo", CLASSES, now) if one.asset.key == asset)


def standing_of(ledger: Store, asset: str = "pump-1") -> Standing | None:
    with ledger.read() as tx:
        return tx.risk.standings_of([asset]).get(asset)


def reports(ledger: Store) -> list[RiskReport]:
    with ledger.read() as tx:
        return list(tx.risk.reports(ReportFilter(), PAGE).items)


def test_what_stands_open_is_gathered(any_ledger: Store) -> None:
    episode(any_ledger, "bearing_wear", "e1")
    episode(any_ledger, SENSOR_FAULT, "e2")
    episode(any_ledger, "bearing_wear", "e3", state=EpisodeState.CLOSED)
    episode(any_ledger, "bearing_wear", "e4", tags=("loop_test",))
    mine = ticket(any_ledger, Severity.MAJOR, episode="e1")
    ticket(any_ledger, asset="lift-1")
    ticket(any_ledger, tags=("loop_test",))
    with any_ledger.begin() as tx:
        tx.collect.put_health([HealthChange("pump-1", Health.WATCH, {})])
    found = facts_of(any_ledger)
    assert sorted(one.failure_mode for one in found.episodes) == ["bearing_wear", SENSOR_FAULT]
    assert [(one.number, one.failure_mode) for one in found.tickets] == [(mine.number, "bearing_wear")]
    assert (found.health, found.systems) == (Health.WATCH, frozenset({"water"}))


def planned(tx: MaintenanceTx, number: int, kind: Kind, lineage: str, due: datetime, asset: str = "pump-1") -> None:
    shown = WorkOrderOccurrence(OccurrenceKey(lineage, asset, 1), "R", date(2026, 2, 1), date(2026, 2, 1))
    tx.orders.add(
        WorkOrder(
            f"w{number}", number, "demo", kind, Origin.PLAN, State.OPEN, LocalName("年检", "Inspection"), asset=asset,
            due=due, opened_at=NOW - 9 * DAY, occurrences=(shown,),
        )
    )  # fmt: skip


def test_overdue_work_is_gathered_that_of_the_law_apart_and_licences_that_have_run_out(any_ledger: Store) -> None:
    row = PlanRow(
        "law-1", "R", LocalName("年检", "Inspection"), "inspection", AppliesTo(classes=("pump",)),
        Interval(1, IntervalUnit.YEAR), layer=Layer.LAW,
    )  # fmt: skip
    with any_ledger.begin() as tx:
        tx.plan.put_row(row)
        tx.plan.put_row(replace(row, lineage="own-1", code="S", layer=Layer.CONTRACT))
        planned(tx, 1001, Kind.INSPECTION, "law-1", NOW - DAY)
        planned(tx, 1002, Kind.PREVENTIVE, "own-1", NOW - DAY)
        planned(tx, 1003, Kind.STATUTORY, "own-1", NOW - DAY)
        planned(tx, 1004, Kind.PREVENTIVE, "own-1", NOW + DAY)
        planned(tx, 1005, Kind.STATUTORY, "law-1", NOW - DAY, "lift-1")
        papers = (Licence("使用登记", "T-9", expires_on=NOW.date() - DAY),)
        tx.assets.update(replace(tx.assets.get("pump-1").asset, licences=papers), None)
    found = facts_of(any_ledger).overdue
    assert [(one.number, one.law) for one in found] == [(1001, True), (1002, False), (1003, True), (0, True)]
    assert "T-9" in found[-1].title.zh


def test_only_faults_of_the_machine_within_twelve_months_count(any_ledger: Store) -> None:
    episode(any_ledger, SENSOR_FAULT, "e2")
    ticket(any_ledger)
    ticket(any_ledger, opened_at=NOW - 400 * DAY)
    ticket(any_ledger, episode="e2")
    ticket(any_ledger, tags=("loop_test",))
    with any_ledger.begin() as tx:
        for place, verdict in enumerate(("false_alarm", "nothing_found", "confirmed")):
            made = create_order(
                tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName(f"{place}", "x"), by="li",
                now=NOW, asset="pump-1",
            )  # fmt: skip
            keep(tx, replace(made, verdict={"verdict": verdict}))
    assert facts_of(any_ledger).faults == 2


def test_the_partner_is_known_and_what_is_out_of_service_is_not_assessed(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        second = Asset("pump-2", "demo", "P-2", "pump", LocalName("2号泵", "Pump 2"), duty_partner="pump-1")
        tx.assets.add(replace(second, duty_role=DutyRole.STANDBY), [])
        tx.assets.set_status("lift-1", AssetStatus.OUT_OF_SERVICE)
    partner = facts_of(any_ledger).partner
    assert partner is not None
    assert partner.key == "pump-2"
    with any_ledger.read() as tx:
        assert [one.asset.key for one in gather(tx, "demo", CLASSES, NOW)] == ["pump-1", "pump-2"]


def test_crossing_the_warning_value_makes_one_report_and_tells_the_channels(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.channels.add(Channel("c1", "工程群", ChannelKind.WEBHOOK, "sealed", "shown", NOW, "admin", "demo"))
    assert watch(any_ledger, CLASSES, NOW) == 0
    before = standing_of(any_ledger)
    assert before is not None
    assert (before.score, before.above) == (3, False)
    ticket(any_ledger)
    for later in (1, 2, 3):
        watch(any_ledger, CLASSES, NOW + later * EVERY, "https://plant.example")
    (made,) = reports(any_ledger)
    assert (made.asset, made.crossing, made.likelihood, made.consequence) == ("pump-1", 1, 5, 3)
    after = standing_of(any_ledger)
    assert after is not None
    assert (after.above, after.since) == (True, NOW + EVERY)
    with any_ledger.read() as tx:
        (told,) = tx.notifications.list(MessageFilter(), PAGE).items
        entries = tx.audit.list(AuditFilter(entity="risk_report"), PAGE).items
    assert told.body.endswith("https://plant.example/assets/P-1?site=demo")
    assert (told.topic, told.title) == ("risk_report", made.title.zh)
    assert [line for line in ("概述", "影响", "措施", "建议") if line not in told.body] == []
    assert [one.by for one in entries] == ["system:risk"]


def test_a_report_names_the_last_planned_work_and_its_day_at_the_site(any_ledger: Store) -> None:
    early = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 07:30 of 2 March in Shanghai
    name, key = LocalName("半月检", "Half-month look"), OccurrenceKey("l1", "pump-1", 1)
    day = date(2026, 3, 2)
    done = Occurrence(key, "demo", "PU-HM", day, day, day, OccurrenceState.DONE, early)
    with any_ledger.begin() as tx:
        tx.plan.put_row(PlanRow("l1", "PU-HM", name, "preventive", AppliesTo(), Interval(15, IntervalUnit.DAY)))
        tx.plan.add_occurrences([done])
    ticket(any_ledger)
    watch(any_ledger, CLASSES, NOW)
    said = reports(any_ledger)[0].measures[-1]
    assert said == LocalName(
        "最近完成的计划工作：半月检（2026-03-02）", "Last planned work: Half-month look (2026-03-02)"
    )


def test_a_second_report_comes_only_after_the_warning_was_over(any_ledger: Store) -> None:
    first = ticket(any_ledger)
    watch(any_ledger, CLASSES, NOW)
    with any_ledger.begin() as tx:
        tx.orders.update(replace(tx.orders.get(first.id), state=State.COMPLETED, completed_at=NOW), first.version)
    watch(any_ledger, CLASSES, NOW + DAY)
    low = standing_of(any_ledger)
    assert low is not None
    assert (low.above, low.below_since) == (True, NOW + DAY)
    watch(any_ledger, CLASSES, NOW + 8 * DAY)
    ticket(any_ledger)
    watch(any_ledger, CLASSES, NOW + 9 * DAY)
    assert [one.crossing for one in reports(any_ledger)] == [2, 1]


def test_several_schedulers_at_once_make_one_report(any_ledger: Store) -> None:
    for asset in ("pump-1", "lift-1"):
        ticket(any_ledger, asset=asset)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: watch(any_ledger, CLASSES, NOW), range(4)))
    assert sum(made) == 2
    assert {(one.asset, one.crossing) for one in reports(any_ledger)} == {("pump-1", 1), ("lift-1", 1)}


def test_a_machine_that_goes_out_of_service_leaves_the_matrix_and_its_reports_stay(any_ledger: Store) -> None:
    ticket(any_ledger)
    watch(any_ledger, CLASSES, NOW)
    with any_ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.OUT_OF_SERVICE)
    watch(any_ledger, CLASSES, NOW + DAY)
    assert standing_of(any_ledger) is None
    with any_ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.IN_SERVICE)
    watch(any_ledger, CLASSES, NOW + 2 * DAY)
    assert [one.crossing for one in reports(any_ledger)] == [2, 1]


def test_a_site_has_its_own_warning_value(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.risk.put_policy(RiskPolicy("demo", 3, 2, 0, 1, "admin", "x", NOW))
        assert tx.risk.policy("demo").warning_value == 3
    assert watch_site(any_ledger, "demo", CLASSES, NOW) == 2
    with any_ledger.read() as tx:
        assert {one.warning_value for one in tx.risk.reports(ReportFilter(), PAGE).items} == {3}


def test_lists_go_by_score_and_stay_inside_the_scope(any_ledger: Store) -> None:
    ticket(any_ledger, asset="lift-1")
    watch(any_ledger, CLASSES, NOW)
    with any_ledger.read() as tx:
        found = tx.risk.list(StandingFilter(), PAGE).items
        assert [(one.asset, one.score) for one in found] == [("lift-1", 25), ("pump-1", 3)]
        assert tx.risk.list(StandingFilter(Scope(frozenset({"north"}))), PAGE).items == []
        assert [one.asset for one in tx.risk.list(StandingFilter(min_score=4, above=True), PAGE).items] == ["lift-1"]
        assert tx.risk.cells(Scope(), "demo") == {(5, 5): 1, (1, 3): 1}
        assert tx.risk.reports(ReportFilter(acknowledged=True), PAGE).items == []
    (made,) = reports(any_ledger)
    with pytest.raises(Conflict), any_ledger.begin() as tx:
        tx.risk.add_report(replace(made, id="other"))


def test_an_asset_entered_by_mistake_is_taken_away_with_its_standing(any_ledger: Store) -> None:
    watch(any_ledger, CLASSES, NOW)
    with any_ledger.begin() as tx:
        tx.assets.remove_many(["pump-1"])
    assert standing_of(any_ledger) is None


def test_the_job_runs_in_the_scheduler(any_ledger: Store) -> None:
    ticket(any_ledger)
    scheduler = Scheduler(
        any_ledger, FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)), [risk_job(any_ledger, CLASSES)]
    )
    scheduler.tick(RISK)
    scheduler.tick(RISK)
    assert scheduler.failures == 0
    assert len(reports(any_ledger)) == 1


def test_a_place_in_words_takes_the_way_to_it_and_not_the_whole_tree(any_ledger: Store) -> None:
    read: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        read.append(statement)

    with any_ledger.begin() as tx:
        tx.places.add(Location("b1", "demo", "building", LocalName("1号楼", "Building 1")))
        tx.places.add(Location("f2", "demo", "floor", LocalName("2层", "Floor 2"), "b1"))
    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        with any_ledger.begin() as tx:
            assert place_of(tx, "demo", "f2") == "1号楼 / 2层"
            assert place_of(tx, "demo", None) == ""
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    assert len([text for text in read if "locations" in text]) == 1
    assert not [text for text in read if "WHERE locations.site" in text]
