"""Alarm floods: one ticket for what is no safety alarm, its own at once for what is."""

from datetime import datetime, timedelta

import pytest

from maintenance import floods
from maintenance.alarm_keeper import AlarmKeeper
from maintenance.alarm_ports import Flood, ToldCounts
from maintenance.flood_summary import FloodSummary
from maintenance.floods import FLOOD, summary_of
from maintenance.ports import MaintenanceTx
from maintenance.shelving import Wish, shelve
from maintenance.transitions import end_maintenance
from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import CLOCK, AssetStatus, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.test_findings import cleared, feed, finish, raised

Store = Ledger[MaintenanceTx]
MINUTE = timedelta(minutes=1)
CLASSES = equipment_classes()


def alarm(n: int, at: datetime = NOW, **given: object) -> FindingRaised:
    fields = {"source": FindingSource.LIMIT, "subject": "vibration:alarm_high", "asset": f"p{n}"} | given
    return raised(at, **fields)


def over(n: int, at: datetime) -> FindingCleared:
    return cleared(at, source=FindingSource.LIMIT, subject="vibration:alarm_high", asset=f"p{n}")


def work(ledger: Store) -> list[WorkOrder]:
    return sorted(orders(ledger, kind="corrective"), key=lambda o: o.number)


def keep(ledger: Store, now: datetime) -> int:
    return AlarmKeeper(ledger, FixedClock(now), CLASSES).run_once()


def test_ten_alarms_in_ten_minutes_are_no_flood_and_eleven_are(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 20)))
    with building.read() as tx:
        assert tx.alarms.standing_flood("demo") is None
    feed(building, alarm(20))
    with building.read() as tx:
        flood = tx.alarms.standing_flood("demo")
    assert flood is not None
    assert (flood.first_at, flood.began_at, flood.peak) == (NOW, NOW, 11)


def test_eleven_alarms_over_a_longer_time_are_none(building: Store) -> None:
    for n in range(11):
        feed(building, alarm(10 + n), now=NOW + n * MINUTE)
    with building.read() as tx:
        assert tx.alarms.standing_floods() == []


def test_the_alarms_of_a_flood_share_one_ticket_behind_the_first_ten(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 50)))
    found = work(building)
    assert len(found) == 11
    shared = found[-1]
    assert (FLOOD in shared.tags, shared.asset, shared.title.en) == (True, None, "Alarm flood: 40 alarms")
    assert "P-10" in shared.reason.zh
    with building.read() as tx:
        assert len(tx.episodes.of_order(shared.id)) == 30
        flood = tx.alarms.standing_flood("demo")
    assert flood is not None
    assert (flood.gathered, flood.work_order, flood.peak) == (30, shared.id, 40)


def test_safety_alarms_have_their_own_tickets_at_once_in_the_middle_of_a_flood(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 30)))
    before = len(work(building))
    feed(building, *(alarm(n, safety=True, severity=Severity.CRITICAL) for n in (29, 30, 31)))
    single = work(building)[before:]
    assert [(o.asset, o.safety) for o in single] == [("p29", True), ("p30", True), ("p31", True)]


def test_a_flood_ends_below_five_alarms_in_ten_minutes_and_the_next_alarm_is_single(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 30)))
    assert keep(building, NOW + 9 * MINUTE) == 0
    later = NOW + 11 * MINUTE
    feed(building, *(alarm(n) for n in range(30, 35)), now=later)
    assert keep(building, later) == 0, "five are not fewer than five"
    assert keep(building, later + 10 * MINUTE) == 1
    assert keep(building, later + 10 * MINUTE) == 0
    feed(building, alarm(40), now=later + 11 * MINUTE)
    assert work(building)[-1].asset == "p40"
    with building.read() as tx:
        (flood,) = tx.alarms.floods(EVERYTHING, PageRequest()).items
    assert flood.ended_at == later + 10 * MINUTE


def test_a_machine_of_a_flood_that_comes_back_after_the_work_gets_its_own_ticket(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 30)))
    shared = work(building)[-1]
    feed(building, *(over(n, NOW + MINUTE) for n in range(10, 30)), now=NOW + MINUTE)
    finish(building, shared, NOW + MINUTE)
    keep(building, NOW + 20 * MINUTE)
    feed(building, alarm(25, NOW + 60 * MINUTE), now=NOW + 60 * MINUTE)
    assert work(building)[-1].asset == "p25"
    assert next(o for o in work(building) if o.id == shared.id).state is State.COMPLETED


def test_what_outlives_the_work_on_a_flood_gets_its_own_ticket(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 25)))
    shared = work(building)[-1]
    finish(building, shared, NOW + MINUTE)
    keep(building, NOW + 20 * MINUTE)
    feed(building, *(over(n, NOW + 2 * MINUTE) for n in range(10, 24)), now=NOW + 40 * MINUTE)
    feed(building, now=NOW + 40 * MINUTE)
    single = [o for o in work(building) if o.asset == "p24"]
    assert [o.state for o in single] == [State.OPEN]


def test_what_is_shelved_or_under_maintenance_does_not_count(building: Store) -> None:
    with building.begin() as tx:
        for n in range(10, 30):
            tx.assets.set_status(f"p{n}", AssetStatus.UNDER_MAINTENANCE)
    feed(building, *(alarm(n) for n in range(10, 30)))
    with building.read() as tx:
        assert tx.alarms.announced_since("demo", NOW - MINUTE)[0] == 0
        assert tx.alarms.standing_floods() == []


def test_what_a_model_has_noticed_keeps_its_own_ticket_in_a_flood(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 30)))
    feed(building, raised(asset="p40"))
    assert work(building)[-1].asset == "p40"


def test_anomalies_of_models_are_no_alarms(building: Store) -> None:
    with building.begin() as tx:
        tx.assets.set_status("p10", AssetStatus.UNDER_MAINTENANCE)
    feed(building, *(raised(asset=f"p{n}") for n in range(10, 30)))
    with building.begin() as tx:
        assert end_maintenance(tx, "p10", NOW) == 1
        assert tx.alarms.announced_since("demo", NOW - MINUTE)[0] == 0
    with building.read() as tx:
        assert tx.alarms.standing_floods() == []


def test_wrong_clocks_are_told_to_nobody_and_can_be_shelved(building: Store) -> None:
    clock = {"source": FindingSource.RULE, "failure_mode": CLOCK, "subject": CLOCK, "severity": Severity.INFO}
    feed(building, *(alarm(n, **clock) for n in range(10, 30)))
    feed(building, alarm(30))
    with building.begin() as tx:
        assert tx.alarms.standing_flood("demo") is None
        assert tx.alarms.announced_since("demo", NOW - MINUTE)[0] == 1
        episode = tx.episodes.latest("p10", CLOCK)
        assert episode is not None
        wish = Wish(episode.id, NOW + 60 * MINUTE, "no time server yet", "li")
        assert shelve(tx, wish, tx.assets.plant(), CLASSES, NOW).subjects == (f"rule:{CLOCK}",)
    assert [order.asset for order in work(building)] == ["p30"]


def test_clocks_that_cost_alarms_or_data_share_a_ticket_when_they_are_many(building: Store) -> None:
    clock = {"source": FindingSource.RULE, "failure_mode": CLOCK, "subject": CLOCK, "severity": Severity.GENERAL}
    feed(building, *(alarm(n, **clock) for n in range(10, 30)))
    assert len(work(building)) == 11
    with building.begin() as tx:
        assert tx.alarms.standing_flood("demo") is not None


def flood_ticket(ledger: Store) -> WorkOrder:
    return next(order for order in work(ledger) if FLOOD in order.tags)


def listed(ledger: Store, now: datetime) -> FloodSummary:
    with ledger.read() as tx:
        (flood,) = tx.alarms.floods(EVERYTHING, PageRequest()).items
        return summary_of(tx, flood, CLASSES, now)


def test_title_reason_and_list_count_the_same_alarms_at_the_same_time(building: Store) -> None:
    feed(building, *(alarm(n) for n in range(10, 21)))
    ticket = flood_ticket(building)
    assert ticket.title.en == "Alarm flood: 11 alarms"
    assert ticket.reason.en == (
        "More than 10 alarms in 10 minutes. From 09:00:00 to 09:00:00 11 alarms of 11 machines; 1 share a ticket, the"
        " others have their own or need none. First: P-10 Pump 10, P-11 Pump 11, P-12 Pump 12,"
        " P-13 Pump 13, P-14 Pump 14. 11 of them came within one minute"
        " (09:00). What they may have in common: one system: Water supply."
    )
    later = NOW + MINUTE
    # A safety alarm has a ticket of its own, and counts on the flood's all the same.
    feed(building, alarm(30, later, safety=True, severity=Severity.CRITICAL), now=later)
    ticket = flood_ticket(building)
    assert ticket.title.zh == "报警泛滥：12条报警"
    assert "09:00:00至09:01:00共12条、12台设备，其中安全报警1条；1条并入汇总工单" in ticket.reason.zh
    summary = listed(building, later)
    assert (summary.told, summary.at) == (ToldCounts(12, 1, 12), later)


def test_a_flood_of_more_alarms_than_its_summary_looks_at_counts_them_all(
    building: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "LOOKED_AT", 50)
    for minute in range(3):
        at = NOW + minute * MINUTE
        feed(building, *(alarm(n, at) for n in range(10, 50)), now=at)
        feed(building, *(over(n, at) for n in range(10, 50)), now=at)
    assert listed(building, NOW + 2 * MINUTE).told == ToldCounts(120, 0, 40)
    assert flood_ticket(building).title.en == "Alarm flood: 120 alarms"


def test_two_that_tell_of_a_flood_at_once_begin_one(building: Store) -> None:
    first, second = (Flood(key, "demo", NOW, NOW, 11) for key in ("a", "b"))
    with building.begin() as tx:
        assert tx.alarms.begin_flood(first) == first
        assert tx.alarms.begin_flood(second) == first


def test_what_people_were_told_is_forgotten_after_three_months(building: Store) -> None:
    feed(building, alarm(10))
    for days, left in ((92, 1), (94, 0)):
        keep(building, NOW + timedelta(days=days))
        with building.read() as tx:
            assert tx.alarms.announced_since("demo", NOW - MINUTE)[0] == left
