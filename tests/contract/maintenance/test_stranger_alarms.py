"""What a device tells that the ledger does not know stands in the alarm list."""

from datetime import datetime, timedelta

import pytest

from maintenance.alarm_list import Alarm, alarm_list, alarm_of
from maintenance.alarm_rules import AlarmState
from maintenance.heard import SHOWN
from maintenance.shelving import SafetyAlarm, Wish, acknowledge, shelve
from maintenance.strangers import MAX_TICKETS
from maintenance.work_orders import State
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import AlarmPriority
from plantroom.errors import NotFound
from plantroom.ports.paging import EVERYTHING, Scope
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import Store, feed, step, trapped
from tests.contract.maintenance.test_now_known import register, replayed
from tests.contract.maintenance.test_strangers import NAMED, open_tickets, strange

MINUTE = timedelta(minutes=1)


def alarms(ledger: Store, scope: Scope = EVERYTHING, **given: str) -> list[Alarm]:
    with ledger.read() as tx:
        return alarm_list(tx, scope, tx.assets.plant(), NOW, **given)


def note(ledger: Store, alarm: Alarm, by: str = "li", at: datetime = NOW) -> None:
    with ledger.begin() as tx:
        acknowledge(tx, alarm.episode.id, by, at)


def test_it_is_a_critical_safety_alarm_that_names_the_device_its_events_and_its_ticket(any_ledger: Store) -> None:
    feed(any_ledger, strange(name=NAMED), strange(event="overspeed"), trapped())
    of_machine, stranger = alarms(any_ledger)
    (ticket,) = open_tickets(any_ledger)
    assert (of_machine.device, of_machine.episode.asset) == (None, "lift-1")
    assert stranger.device is not None
    assert (stranger.device.zh, stranger.device.en) == ("未登记设备 EL-9", "Unregistered device EL-9")
    assert (stranger.state, stranger.priority) == (AlarmState.ACTIVE_UNACKNOWLEDGED, AlarmPriority.CRITICAL)
    episode = stranger.episode
    assert (episode.asset, episode.safety, episode.work_order, stranger.shelves) == ("", True, ticket.id, ())
    assert episode.open_subjects == ("rule:passenger_trapped", "rule:overspeed")
    with any_ledger.read() as tx:
        assert alarm_of(tx, episode.id, tx.assets.plant(), NOW) == stranger


def test_it_is_listed_for_those_who_see_its_site_and_for_no_asset(any_ledger: Store) -> None:
    feed(any_ledger, strange())
    assert len(alarms(any_ledger, Scope(frozenset({"demo"})), site="demo")) == 1
    assert alarms(any_ledger, Scope(frozenset({"north"}))) == []
    assert alarms(any_ledger, asset="lift-1") == []


def test_who_takes_note_of_it_stands_until_it_rings_again(any_ledger: Store) -> None:
    feed(any_ledger, strange())
    (alarm,) = alarms(any_ledger)
    note(any_ledger, alarm)
    note(any_ledger, alarm, "wang", NOW + MINUTE)
    (noted,) = alarms(any_ledger)
    assert (noted.state, noted.episode.acknowledged_by) == (AlarmState.ACTIVE_ACKNOWLEDGED, "li")
    feed(any_ledger, strange(), now=NOW + MINUTE)
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_ACKNOWLEDGED, "said over and over it is no news"
    feed(any_ledger, strange(minutes=2), now=NOW + 2 * MINUTE)
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED
    note(any_ledger, alarm, "wang", NOW + 3 * MINUTE)
    feed(any_ledger, strange(event="overspeed"), now=NOW + 4 * MINUTE)
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_who_accepts_its_ticket_has_taken_note_of_it(any_ledger: Store) -> None:
    feed(any_ledger, strange())
    (ticket,) = open_tickets(any_ledger)
    step(any_ledger, ticket, State.ACKNOWLEDGED)
    (alarm,) = alarms(any_ledger)
    assert alarm.state is AlarmState.ACTIVE_ACKNOWLEDGED
    assert alarm.episode.acknowledged_by
    feed(any_ledger, strange(minutes=90), now=NOW + 90 * MINUTE)
    assert alarms(any_ledger)[0].state is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_it_is_over_with_the_work_or_when_its_device_is_entered(any_ledger: Store) -> None:
    feed(any_ledger, strange(), strange("FP-7"))
    register(any_ledger)
    feed(any_ledger, replayed())
    entered, stranger = alarms(any_ledger)
    assert (entered.episode.asset, entered.device) == ("key-EL-9", None)
    assert stranger.device is not None
    assert stranger.device.en == "Unregistered device FP-7"
    (ticket,) = open_tickets(any_ledger)
    step(any_ledger, ticket, State.IN_PROGRESS, State.COMPLETED)
    assert [one.device for one in alarms(any_ledger)] == [None]
    with pytest.raises(NotFound):
        note(any_ledger, stranger)


def test_nobody_can_shelve_it(ledger: Store) -> None:
    feed(ledger, strange())
    (alarm,) = alarms(ledger)
    wish = Wish(alarm.episode.id, NOW + 30 * MINUTE, "quiet", "li")
    with ledger.begin() as tx:
        plant = tx.assets.plant()
        with pytest.raises(SafetyAlarm):
            shelve(tx, wish, plant, equipment_classes(), NOW)


def test_a_publisher_gone_wild_fills_few_lines_which_say_how_many_devices_they_stand_for(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS + 30)])
    found = alarms(ledger)
    assert len(found) == MAX_TICKETS
    last = max(found, key=lambda one: one.episode.findings)
    assert last.device is not None
    assert last.device.zh.endswith(" +30")
    detail = last.episode.detail or {}
    assert len(detail["devices"]) == 31  # type: ignore[arg-type]
    assert len(detail["also"]) == SHOWN - 1  # type: ignore[arg-type]
    assert detail["name"] == {
        "zh": f"X-{MAX_TICKETS - 1:03}：passenger_trapped",
        "en": f"X-{MAX_TICKETS - 1:03}: passenger trapped",
    }


def test_a_device_of_an_unknown_site_and_a_scrapped_one_are_called_so(ledger: Store) -> None:
    feed(ledger, strange(site="nowhere"))
    (alarm,) = alarms(ledger)
    assert alarm.device is not None
    assert alarm.device.zh == "未知站点 nowhere 的设备 EL-9"


def test_a_device_that_is_called_by_its_topic_is_of_no_unknown_site(ledger: Store) -> None:
    feed(ledger, strange("fire/FP-9/data", topic="fire/FP-9/data"))
    (alarm,) = alarms(ledger)
    assert alarm.device is not None
    assert alarm.device.en == "Unregistered device fire/FP-9/data"


def test_a_flood_counts_what_people_were_told_of_strangers(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n}") for n in range(8)], *[strange() for _ in range(50)])
    with ledger.read() as tx:
        assert tx.alarms.announced_since("demo", NOW - MINUTE)[0] == 9
    feed(ledger, strange("FP-7"), strange("FP-8"))
    with ledger.read() as tx:
        flood = tx.alarms.standing_flood("demo")
    assert flood is not None
    assert flood.peak == 11
