"""Shelving and acknowledging alarms: quiet for a while, never for safety, one ticket if the fault outlasts it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.alarm_keeper import AlarmKeeper
from maintenance.alarm_ports import Shelf
from maintenance.alarm_rules import AlarmState, alarm_priority, alarm_state
from maintenance.episodes import Episode, EpisodeState
from maintenance.ports import MaintenanceTx
from maintenance.shelves import shelved_subjects
from maintenance.shelving import EXPIRED, SafetyAlarm, Wish, acknowledge, shelve, unshelve
from maintenance.transitions import end_maintenance
from maintenance.work_orders import State
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import (
    SENSOR_FAULT,
    AlarmPriority,
    Asset,
    AssetStatus,
    LocalName,
    Point,
    Priority,
    Severity,
    Source,
)
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.errors import BadData, Conflict, NotFound
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import cleared, episodes, feed, finish, raised, step, tickets, trapped

Store = Ledger[MaintenanceTx]
HOUR = timedelta(hours=1)
CLASSES = equipment_classes()


def limit(at: datetime = NOW, level: str = "alarm_high", point: str = "vibration", **given: Any) -> FindingRaised:
    detail = {"point": point, "level": level, "value": 9.0, "limit": 8.5, "priority": "high"}
    if level.startswith("warning"):
        given |= {"severity": Severity.INFO}
        detail |= {"priority": "low"}
    return raised(at, source=FindingSource.LIMIT, subject=f"{point}:{level}", detail=detail, **given)


def over(at: datetime, level: str = "alarm_high") -> Any:
    return cleared(at, source=FindingSource.LIMIT, subject=f"vibration:{level}")


def put_aside(ledger: Store, hours: float = 2, now: datetime = NOW, **given: Any) -> Shelf:
    given = {"until": now + hours * HOUR, "reason": "waiting for a part", "by": "li"} | given
    with ledger.begin() as tx:
        asset = given.pop("asset", "pump-1")
        episode = episodes_in(tx, asset)[-1].id
        return shelve(tx, Wish(episode=episode, **given), tx.assets.plant(), CLASSES, now)


def episodes_in(tx: MaintenanceTx, asset: str) -> Sequence[Episode]:
    return list(tx.episodes.list(EVERYTHING, PageRequest(limit=100), asset=asset).items)[::-1]


def keeper(ledger: Store, now: datetime) -> int:
    return AlarmKeeper(ledger, FixedClock(now), CLASSES).run_once()


def state(ledger: Store, now: datetime = NOW, asset: str = "pump-1") -> AlarmState:
    with ledger.read() as tx:
        episode = episodes_in(tx, asset)[-1]
        shelves = tx.alarms.standing_shelves(asset, episode.failure_mode)
        return alarm_state(episode, tx.assets.get(asset).asset.status, shelved_subjects(shelves, now))


def warned(ledger: Store) -> None:
    """A warning stands: seen, without a ticket."""
    feed(ledger, limit(level="warning_high"))


def test_a_shelved_alarm_makes_no_ticket_until_its_time_is_over_and_then_exactly_one(any_ledger: Store) -> None:
    ledger = any_ledger
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high", "limit:vibration:warning_high"))
    feed(ledger, limit(NOW + HOUR), now=NOW + HOUR)
    assert tickets(ledger) == []
    assert state(ledger) is AlarmState.SHELVED
    assert episodes(ledger)[-1].open_subjects == ("limit:vibration:warning_high", "limit:vibration:alarm_high")
    assert keeper(ledger, NOW + HOUR) == 0
    assert [keeper(ledger, NOW + 2 * HOUR) for _ in range(3)] == [1, 0, 0]
    assert len(tickets(ledger)) == 1
    assert state(ledger) is AlarmState.ACTIVE_UNACKNOWLEDGED
    feed(ledger, limit(NOW + 3 * HOUR), now=NOW + 3 * HOUR)
    assert len(tickets(ledger)) == 1


def test_two_keepers_at_the_same_moment_make_one_ticket(any_ledger: Store) -> None:
    warned(any_ledger)
    put_aside(any_ledger, subjects=("limit:vibration:alarm_high",))
    feed(any_ledger, limit(NOW + HOUR))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: keeper(any_ledger, NOW + 2 * HOUR), range(4)))
    assert sum(done) == 1
    assert len(tickets(any_ledger)) == 1


def test_what_is_over_when_the_time_is_over_makes_no_ticket(ledger: Store) -> None:
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    feed(ledger, limit(NOW + HOUR), over(NOW + HOUR), over(NOW + HOUR, "warning_high"))
    keeper(ledger, NOW + 2 * HOUR)
    assert tickets(ledger) == []


def test_a_finding_behind_the_end_of_a_shelf_that_nobody_has_ended_yet_makes_its_ticket(ledger: Store) -> None:
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    feed(ledger, limit(NOW + 2 * HOUR), now=NOW + 2 * HOUR)
    assert len(tickets(ledger)) == 1
    keeper(ledger, NOW + 2 * HOUR)
    assert len(tickets(ledger)) == 1


def test_unshelving_early_brings_the_ticket_at_once_and_the_history_stays(ledger: Store) -> None:
    warned(ledger)
    shelf = put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    feed(ledger, limit(NOW + HOUR))
    with ledger.begin() as tx:
        ended = unshelve(tx, shelf.id, "wang", CLASSES, NOW + HOUR)
    assert (ended.ended_by, ended.ended_at, ended.reason) == ("wang", NOW + HOUR, "waiting for a part")
    assert len(tickets(ledger)) == 1
    with ledger.begin() as tx:
        assert unshelve(tx, shelf.id, "zhao", CLASSES, NOW + 2 * HOUR) == ended
        assert tx.alarms.standing_shelves() == []
        assert tx.alarms.shelf(shelf.id) == ended


def test_another_alarm_of_the_same_mode_rings_as_ever(ledger: Store) -> None:
    warned(ledger)
    put_aside(ledger)
    feed(ledger, limit(NOW + HOUR))
    assert len(tickets(ledger)) == 1
    assert state(ledger) is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_the_work_order_of_a_shelved_alarm_is_not_opened_again_while_it_is_shelved(ledger: Store) -> None:
    feed(ledger, limit())
    (ticket,) = tickets(ledger)
    finish(ledger, ticket, NOW)
    put_aside(ledger, hours=4)
    late = NOW + 2 * HOUR
    feed(ledger, limit(late), now=late)
    assert [t.state for t in tickets(ledger)] == [State.COMPLETED]
    keeper(ledger, NOW + 4 * HOUR)
    assert [t.state for t in tickets(ledger)] == [State.OPEN]


@pytest.mark.parametrize("hours", [0.0, -1.0, 8.01, 1e6])
def test_the_time_is_ahead_and_at_most_a_shift(ledger: Store, hours: float) -> None:
    warned(ledger)
    with pytest.raises(BadData) as caught:
        put_aside(ledger, hours)
    assert caught.value.problems[0].field == "until"


def test_a_reason_is_needed(ledger: Store) -> None:
    warned(ledger)
    with pytest.raises(BadData) as caught:
        put_aside(ledger, reason="  ")
    assert caught.value.problems[0].field == "reason"


def test_what_does_not_stand_or_is_not_there_cannot_be_shelved(ledger: Store) -> None:
    warned(ledger)
    feed(ledger, over(NOW + HOUR, "warning_high"))
    with pytest.raises(Conflict):
        put_aside(ledger)
    with pytest.raises(NotFound), ledger.begin() as tx:
        shelve(tx, Wish("nothing", NOW + HOUR, "why", "li"), tx.assets.plant(), CLASSES, NOW)


def test_a_safety_alarm_cannot_be_shelved(ledger: Store) -> None:
    feed(ledger, trapped())
    with pytest.raises(SafetyAlarm, match="safety alarm"):
        put_aside(ledger, asset="lift-1")


@pytest.mark.parametrize("subject", ["rule:passenger_trapped", "rule:who_knows", "rule:"])
def test_an_event_that_may_be_a_safety_event_cannot_be_shelved(ledger: Store, subject: str) -> None:
    warned(ledger)
    with pytest.raises(SafetyAlarm):
        put_aside(ledger, subjects=(subject,))


def test_no_alarm_limit_of_a_machine_on_the_safety_lane_can_be_shelved(any_ledger: Store) -> None:
    """One that was raised before its source was marked safety, too. A warning is no safety alarm there either."""
    feed(any_ledger, limit(level="warning_high"), limit())
    with any_ledger.begin() as tx:
        tx.assets.put_source(Source("pump-1", priority=Priority.SAFETY))
    for subjects in ((), ("limit:vibration:alarm_high",)):
        with pytest.raises(SafetyAlarm):
            put_aside(any_ledger, subjects=subjects)
    put_aside(any_ledger, subjects=("limit:vibration:warning_high",))


def test_what_a_safety_source_tells_that_is_no_safety_alarm_can_be_shelved(ledger: Store) -> None:
    """A running fire pump is its order's own work, and a sensor without alarm limits mutes none."""
    own = {one.key: one for one in CLASSES["fire_pump_set"].points}
    with ledger.begin() as tx:
        tx.assets.add(Asset("fire-1", "demo", "F-1", "fire_pump_set", LocalName("消防泵", "Fire pumps")), [])
        tx.assets.put_points([Point("fire-1", one) for one in own.values()])
        tx.assets.put_source(Source("fire-1", priority=Priority.SAFETY))
    of: dict[str, Any] = {"asset": "fire-1", "source": FindingSource.LIMIT}
    feed(ledger, limit(point="pump_running", failure_mode="pump_started", asset="fire-1"))
    put_aside(ledger, asset="fire-1", subjects=("limit:pump_running:alarm_high",))
    for point in ("pump_running", "main_pressure", "tank_level"):
        feed(ledger, raised(failure_mode=SENSOR_FAULT, subject=f"{point}:sensor", **of))
    for point in ("pump_running", "main_pressure"):
        put_aside(ledger, asset="fire-1", subjects=(f"limit:{point}:sensor",))
    with pytest.raises(SafetyAlarm):
        put_aside(ledger, asset="fire-1", subjects=("limit:tank_level:sensor",))


def test_a_limit_that_says_what_a_safety_event_says_cannot_be_shelved(ledger: Store) -> None:
    """Whatever its source: an over-speed is one as a reading, too. Its warning is none."""
    of: dict[str, Any] = {"asset": "lift-1", "failure_mode": "overspeed", "point": "car_speed"}
    feed(ledger, limit(level="warning_high", **of))
    for subjects in (("limit:car_speed:alarm_high",), ("limit:car_speed:warning_high", "limit:car_speed:alarm_high")):
        with pytest.raises(SafetyAlarm):
            put_aside(ledger, asset="lift-1", subjects=subjects)
    put_aside(ledger, asset="lift-1", subjects=("limit:car_speed:warning_high",))
    feed(ledger, limit(NOW + HOUR, safety=True, severity=Severity.CRITICAL, **of), now=NOW + HOUR)
    (ticket,) = tickets(ledger, "lift-1")
    assert ticket.safety


def test_a_limit_that_was_raised_as_an_ordinary_one_by_an_earlier_version_cannot_be_shelved(ledger: Store) -> None:
    feed(ledger, limit(asset="lift-1", failure_mode="overspeed", point="car_speed"))
    with pytest.raises(SafetyAlarm):
        put_aside(ledger, asset="lift-1")


def test_a_safety_finding_of_a_shelved_alarm_makes_its_ticket_at_once(ledger: Store) -> None:
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    feed(ledger, limit(NOW + HOUR, safety=True))
    (ticket,) = tickets(ledger)
    assert ticket.safety
    assert state(ledger) is AlarmState.ACTIVE_UNACKNOWLEDGED


@pytest.mark.parametrize("status", [AssetStatus.UNDER_MAINTENANCE, AssetStatus.OUT_OF_SERVICE])
@pytest.mark.parametrize("first", ["shelf", "status"])
def test_a_shelf_and_a_status_both_hold_back_until_the_last_of_them_ends(
    ledger: Store, status: AssetStatus, first: str
) -> None:
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", status)
    feed(ledger, limit(NOW + HOUR))

    def back() -> None:
        with ledger.begin() as tx:
            end_maintenance(tx, "pump-1", NOW + 2 * HOUR)

    steps = [lambda: keeper(ledger, NOW + 2 * HOUR), back]
    if first == "status":
        # The shelf still holds when the machine comes back.
        with ledger.begin() as tx:
            end_maintenance(tx, "pump-1", NOW + HOUR)
        steps = [steps[0]]
    else:
        steps[0]()
        steps = [steps[1]]
    assert tickets(ledger) == []
    steps[0]()
    assert len(tickets(ledger)) == 1


def test_the_state_of_an_alarm_follows_its_machine_and_what_people_did(ledger: Store) -> None:
    feed(ledger, limit())
    assert state(ledger) is AlarmState.ACTIVE_UNACKNOWLEDGED
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.UNDER_MAINTENANCE)
    assert state(ledger) is AlarmState.SUPPRESSED
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.OUT_OF_SERVICE)
    assert state(ledger) is AlarmState.OUT_OF_SERVICE
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.IN_SERVICE)
    feed(ledger, over(NOW + HOUR))
    assert state(ledger) is AlarmState.RETURNED_UNACKNOWLEDGED
    with ledger.begin() as tx:
        acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, "li", NOW + HOUR)
    assert state(ledger) is AlarmState.NORMAL


def test_a_safety_alarm_is_active_whatever_the_status_of_its_machine(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.UNDER_MAINTENANCE)
    feed(ledger, trapped())
    assert state(ledger, asset="lift-1") is AlarmState.ACTIVE_UNACKNOWLEDGED
    assert [t.safety for t in tickets(ledger, "lift-1")] == [True]


def test_who_accepts_the_ticket_has_acknowledged_the_alarm(ledger: Store) -> None:
    feed(ledger, limit())
    step(ledger, tickets(ledger)[0], State.ACKNOWLEDGED)
    episode = episodes(ledger)[-1]
    assert (episode.acknowledged_by, episode.acknowledged_at) == ("li", NOW)
    assert state(ledger) is AlarmState.ACTIVE_ACKNOWLEDGED


def test_the_first_who_acknowledges_stands_and_what_comes_anew_asks_again(ledger: Store) -> None:
    warned(ledger)
    for by in ("li", "wang"):
        with ledger.begin() as tx:
            acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, by, NOW)
    assert episodes(ledger)[-1].acknowledged_by == "li"
    feed(ledger, limit(NOW + HOUR, level="warning_high"))
    assert episodes(ledger)[-1].acknowledged_by == "li", "the same alarm told again is not a new one"
    feed(ledger, limit(NOW + HOUR))
    assert episodes(ledger)[-1].acknowledged_by is None


def test_an_event_said_over_and_over_rings_once_and_one_after_a_pause_again(ledger: Store) -> None:
    second = timedelta(seconds=1)
    feed(ledger, *(trapped(NOW + n * second) for n in range(100)), now=NOW)
    with ledger.begin() as tx:
        assert tx.alarms.announced_since("demo", NOW - HOUR)[0] == 1
        acknowledge(tx, episodes_in(tx, "lift-1")[-1].id, "li", NOW)
    feed(ledger, trapped(NOW + 101 * second))
    assert episodes(ledger, "lift-1")[-1].acknowledged_by == "li"
    feed(ledger, trapped(NOW + 200 * second))
    assert episodes(ledger, "lift-1")[-1].acknowledged_by is None
    with ledger.read() as tx:
        assert tx.alarms.announced_since("demo", NOW - HOUR)[0] == 2


def test_an_alarm_that_becomes_a_safety_alarm_asks_again(ledger: Store) -> None:
    feed(ledger, limit())
    with ledger.begin() as tx:
        acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, "li", NOW)
    feed(ledger, limit(NOW + HOUR, safety=True))
    assert state(ledger) is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_what_only_a_model_has_noticed_is_no_alarm(ledger: Store) -> None:
    feed(ledger, raised())
    with pytest.raises(Conflict), ledger.begin() as tx:
        acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, "li", NOW)


def test_the_most_urgent_of_what_stands_is_the_priority(ledger: Store) -> None:
    warned(ledger)
    assert alarm_priority(episodes(ledger)[-1]) is AlarmPriority.LOW
    feed(ledger, limit(NOW + HOUR))
    assert alarm_priority(episodes(ledger)[-1]) is AlarmPriority.HIGH
    feed(ledger, over(NOW + 2 * HOUR))
    assert alarm_priority(episodes(ledger)[-1]) is AlarmPriority.LOW
    old = replace(episodes(ledger)[-1], detail=None, severity=Severity.MAJOR, state=EpisodeState.OPEN)
    assert alarm_priority(old) is AlarmPriority.HIGH


def test_a_site_may_allow_longer_or_less(ledger: Store) -> None:
    warned(ledger)
    with ledger.begin() as tx:
        tx.assets.change_site(replace(tx.assets.site("demo"), max_shelving_h=12.0))
    assert put_aside(ledger, 12).until == NOW + 12 * HOUR
    with pytest.raises(BadData):
        put_aside(ledger, 13)


def test_an_end_by_time_says_so(ledger: Store) -> None:
    warned(ledger)
    shelf = put_aside(ledger)
    keeper(ledger, NOW + 2 * HOUR)
    with ledger.read() as tx:
        assert tx.alarms.shelf(shelf.id).ended_by == EXPIRED


def test_a_warning_that_is_left_of_what_was_shelved_makes_no_ticket(ledger: Store) -> None:
    warned(ledger)
    put_aside(ledger, subjects=("limit:vibration:alarm_high",))
    feed(ledger, limit(NOW + HOUR), now=NOW + HOUR)
    feed(ledger, over(NOW + HOUR), now=NOW + HOUR)
    keeper(ledger, NOW + 2 * HOUR)
    assert tickets(ledger) == []
