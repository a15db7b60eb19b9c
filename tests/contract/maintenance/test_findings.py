"""Findings into episodes and tickets, on a real ledger: one episode, one ticket."""

import itertools
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.episodes import Episode, EpisodeState
from maintenance.findings import FindingApplier
from maintenance.findings_consumer import FindingsConsumer
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition, end_maintenance
from maintenance.work_orders import Origin, State, WorkOrder
from maintenance.worker import MaintenanceWorker
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import (
    SENSOR_FAULT,
    UNCLASSIFIED,
    AssetStatus,
    LocalName,
    Point,
    PointKind,
    PointTemplate,
    Severity,
)
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.tablet import PHOTO, op, send

Store = Ledger[MaintenanceTx]
numbers = itertools.count()


def raised(at: datetime = NOW, **given: Any) -> FindingRaised:
    fields: dict[str, Any] = {
        "asset": "pump-1",
        "failure_mode": "bearing",
        "source": FindingSource.MODEL,
        "severity": Severity.MAJOR,
        "safety": False,
        "evidence": (Evidence("vibration", 0.8, 7.0, 2.0),),
    } | given
    return FindingRaised(finding_id=f"f{next(numbers)}", site="demo", observed_at=at, received_at=at, **fields)


def cleared(at: datetime, **given: Any) -> FindingCleared:
    fields: dict[str, Any] = {"asset": "pump-1", "failure_mode": "bearing", "source": FindingSource.MODEL} | given
    return FindingCleared(finding_id=f"f{next(numbers)}", site="demo", observed_at=at, received_at=at, **fields)


def trapped(at: datetime = NOW, **given: Any) -> FindingRaised:
    fields: dict[str, Any] = {
        "asset": "lift-1", "failure_mode": "entrapment", "source": FindingSource.RULE, "severity": Severity.CRITICAL,
        "safety": True, "subject": "passenger_trapped", "evidence": (),
        "detail": {"event": "passenger_trapped", "tags": []},
    }  # fmt: skip
    return raised(at, **(fields | given))


def feed(ledger: Store, *findings: FindingRaised | FindingCleared, now: datetime = NOW) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings(findings)
    consumer = FindingsConsumer(ledger, FixedClock(now), equipment_classes())
    while consumer.run_once():
        pass


def episodes(ledger: Store, asset: str = "pump-1") -> Sequence[Episode]:
    with ledger.read() as tx:
        return list(tx.episodes.list(EVERYTHING, PageRequest(limit=100), asset=asset).items)[::-1]


def tickets(ledger: Store, asset: str = "pump-1") -> list[WorkOrder]:
    return sorted(orders(ledger, kind="corrective", asset=asset), key=lambda o: o.number)


def step(ledger: Store, order: WorkOrder, *states: State, at: datetime = NOW) -> None:
    with ledger.begin() as tx:
        for state in states:
            apply_transition(tx, order.id, state, at, "li", "because")


def finish(ledger: Store, order: WorkOrder, at: datetime = NOW) -> None:
    step(ledger, order, State.IN_PROGRESS, State.COMPLETED, at=at)


DAY = timedelta(days=1)


def under_maintenance(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.UNDER_MAINTENANCE)


def ended(ledger: Store, now: datetime) -> int:
    with ledger.begin() as tx:
        return end_maintenance(tx, "pump-1", now)


def test_a_finding_opens_an_episode_and_one_ticket_with_words_of_the_trade(ledger: Store) -> None:
    feed(ledger, raised())
    (episode,), (ticket,) = episodes(ledger), tickets(ledger)
    assert (episode.work_order, ticket.episode) == (ticket.id, episode.id)
    assert (ticket.origin, ticket.state, ticket.severity) == (Origin.MODEL, State.OPEN, Severity.MAJOR)
    assert ticket.title.zh == "1号泵：水泵轴承异常"
    assert ticket.due == NOW + timedelta(days=7)
    assert ticket.first_checks
    assert ticket.reason.en
    assert episode.evidence[0].point == "vibration"


def test_a_ticket_calls_the_machines_own_points_by_their_names(ledger: Store) -> None:
    name = LocalName("3号轴承温度", "Bearing 3 temperature")
    with ledger.begin() as tx:
        tx.assets.put_points([Point("pump-1", PointTemplate("c17", name, "", PointKind.MEASURE))])
    feed(ledger, raised(evidence=(Evidence("c17", 0.8, 7.0, 2.0), Evidence("vibration", 0.2, 3.0, 2.0))))
    (ticket,) = tickets(ledger)
    assert "；相关测点：3号轴承温度、" in ticket.reason.zh
    assert "; points: Bearing 3 temperature, " in ticket.reason.en


def test_findings_are_applied_exactly_once(ledger: Store) -> None:
    one = raised()
    feed(ledger, one)
    feed(ledger, one)
    assert [e.findings for e in episodes(ledger)] == [1]


def test_several_findings_of_one_mode_share_the_episode_until_the_last_is_over(ledger: Store) -> None:
    later = NOW + timedelta(minutes=5)
    feed(ledger, raised(), raised(later, source=FindingSource.LIMIT, subject="vibration:alarm_high"))
    feed(ledger, cleared(later))
    assert episodes(ledger)[0].state is EpisodeState.OPEN
    feed(ledger, cleared(later, source=FindingSource.LIMIT, subject="vibration:alarm_high"))
    assert episodes(ledger)[0].state is EpisodeState.CLOSED
    assert len(tickets(ledger)) == 1


def test_one_mode_does_not_mask_another(ledger: Store) -> None:
    feed(ledger, raised(), raised(failure_mode="impeller"))
    assert len(episodes(ledger)) == len(tickets(ledger)) == 2


def test_a_recurrence_within_14_days_joins_and_opens_the_completed_ticket_again(ledger: Store) -> None:
    feed(ledger, raised())
    finish(ledger, tickets(ledger)[0])
    feed(ledger, cleared(NOW + timedelta(hours=1)))
    back = NOW + timedelta(days=13)
    feed(ledger, raised(back), now=back)
    (ticket,), (episode,) = tickets(ledger), episodes(ledger)
    assert (ticket.state, ticket.reopened, episode.state) == (State.OPEN, 1, EpisodeState.OPEN)
    assert ticket.due == back + timedelta(days=7)


def test_a_recurrence_after_14_days_is_a_new_episode_with_a_new_ticket(ledger: Store) -> None:
    feed(ledger, raised(), cleared(NOW + timedelta(hours=1)))
    feed(ledger, raised(NOW + timedelta(days=15)))
    assert len(episodes(ledger)) == len(tickets(ledger)) == 2


@pytest.mark.parametrize(("mode", "new_ones"), [("bearing", 0), ("trip", None)])
def test_a_rejected_ticket_is_joined_silently_unless_critical(ledger: Store, mode: str, new_ones: int | None) -> None:
    severity = Severity.GENERAL if new_ones == 0 else Severity.CRITICAL
    source = FindingSource.MODEL if new_ones == 0 else FindingSource.RULE
    one: dict[str, Any] = {"failure_mode": mode, "severity": severity, "source": source}
    feed(ledger, raised(**one))
    step(ledger, tickets(ledger)[0], State.REJECTED)
    feed(ledger, raised(NOW + timedelta(days=1), **one))
    if new_ones == 0:
        assert len(tickets(ledger)) == 1
        assert episodes(ledger)[0].findings == 2
    else:
        assert len(tickets(ledger)) == len(episodes(ledger)) == 2


def test_a_limit_warning_is_watched_without_a_ticket_and_its_alarm_makes_one(ledger: Store) -> None:
    warning: dict[str, Any] = {
        "source": FindingSource.LIMIT,
        "severity": Severity.INFO,
        "subject": "vibration:warning_high",
    }
    feed(ledger, raised(**warning, detail={"level": "warning_high"}))
    assert (len(episodes(ledger)), tickets(ledger)) == (1, [])
    alarm: dict[str, Any] = {
        "source": FindingSource.LIMIT,
        "severity": Severity.GENERAL,
        "subject": "vibration:alarm_high",
    }
    feed(ledger, raised(**alarm, detail={"level": "alarm_high", "value": 9, "limit": 8.5}))
    (ticket,) = tickets(ledger)
    assert (ticket.origin, ticket.severity) == (Origin.LIMIT, Severity.MAJOR)


def test_a_sensor_fault_opens_a_sensor_ticket(ledger: Store) -> None:
    feed(ledger, raised(failure_mode=SENSOR_FAULT, severity=Severity.GENERAL))
    assert "传感器" in tickets(ledger)[0].title.zh
    assert "sensor" in tickets(ledger)[0].title.en


def test_presence_makes_a_ticket_only_when_it_matters(ledger: Store) -> None:
    silent: dict[str, Any] = {"failure_mode": "offline", "source": FindingSource.PRESENCE, "evidence": ()}
    feed(ledger, raised(**silent, severity=Severity.INFO))
    assert (len(episodes(ledger)), tickets(ledger)) == (1, [])
    feed(ledger, raised(**silent, severity=Severity.GENERAL, asset="lift-1"))
    assert tickets(ledger, "lift-1")[0].origin is Origin.PRESENCE


def test_a_safety_event_makes_a_critical_ticket_and_a_repeat_updates_it(ledger: Store) -> None:
    feed(ledger, trapped())
    feed(ledger, trapped(NOW + timedelta(minutes=1), detail={"event": "passenger_trapped", "tags": ["late"]}))
    (ticket,) = tickets(ledger, "lift-1")
    assert (ticket.severity, ticket.safety, ticket.origin) == (Severity.CRITICAL, True, Origin.RULE)
    assert {"late", "repeated"} <= set(ticket.tags)


def test_a_safety_event_never_joins_an_ended_ticket(ledger: Store) -> None:
    feed(ledger, trapped())
    finish(ledger, tickets(ledger, "lift-1")[0])
    feed(ledger, trapped(NOW + timedelta(minutes=30)))
    first, second = tickets(ledger, "lift-1")
    assert (first.state, second.state) == (State.COMPLETED, State.OPEN)
    assert [e.state for e in episodes(ledger, "lift-1")] == [EpisodeState.CLOSED, EpisodeState.OPEN]


def test_an_unknown_safety_event_is_critical(ledger: Store) -> None:
    feed(ledger, trapped(failure_mode=UNCLASSIFIED, severity=Severity.INFO, detail={"event": "smoke_in_car"}))
    (ticket,) = tickets(ledger, "lift-1")
    assert ticket.severity is Severity.CRITICAL
    assert "smoke_in_car" in ticket.title.zh


def test_under_maintenance_limits_and_models_make_no_ticket_until_it_ends(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.UNDER_MAINTENANCE)
    feed(ledger, raised())
    assert tickets(ledger) == []
    with ledger.begin() as tx:
        assert end_maintenance(tx, "pump-1", NOW) == 1
    assert len(tickets(ledger)) == 1


def test_a_recurrence_under_maintenance_opens_the_completed_ticket_when_it_ends(ledger: Store) -> None:
    feed(ledger, raised())
    feed(ledger, cleared(NOW + DAY), now=NOW + DAY)
    finish(ledger, tickets(ledger)[0], NOW + DAY)
    under_maintenance(ledger)
    feed(ledger, raised(NOW + 2 * DAY), now=NOW + 2 * DAY)
    assert tickets(ledger)[0].state is State.COMPLETED
    assert ended(ledger, NOW + 3 * DAY) == 1
    (ticket,) = tickets(ledger)
    assert (ticket.state, ticket.reopened) == (State.OPEN, 1)
    assert ended(ledger, NOW + 4 * DAY) == 0


def test_what_was_noticed_before_the_work_was_done_is_over_with_it(ledger: Store) -> None:
    feed(ledger, raised())
    under_maintenance(ledger)
    feed(ledger, raised(NOW + DAY), now=NOW + DAY)
    finish(ledger, tickets(ledger)[0], NOW + 2 * DAY)
    assert ended(ledger, NOW + 2 * DAY) == 0
    assert tickets(ledger)[0].state is State.COMPLETED


def test_what_is_over_when_the_maintenance_ends_makes_no_ticket(any_ledger: Store) -> None:
    """Also when it clears in another transaction that has not been committed when the maintenance ends."""
    under_maintenance(any_ledger)
    feed(any_ledger, raised())
    clearing = threading.Event()

    def clear() -> None:
        with any_ledger.begin() as tx:
            FindingApplier(tx, NOW, equipment_classes()).apply(cleared(NOW))
            clearing.set()
            time.sleep(0.3)

    thread = threading.Thread(target=clear)
    thread.start()
    clearing.wait(5)
    assert ended(any_ledger, NOW) == 0
    thread.join()
    (episode,) = episodes(any_ledger)
    assert (episode.state, episode.work_order) == (EpisodeState.CLOSED, None)


def test_a_worse_severity_never_gives_a_ticket_more_time(ledger: Store) -> None:
    one: dict[str, Any] = {"failure_mode": UNCLASSIFIED, "source": FindingSource.RULE}
    feed(ledger, raised(severity=Severity.GENERAL, **one))
    before = tickets(ledger)[0].due
    feed(ledger, raised(severity=Severity.CRITICAL, safety=True, **one))
    (ticket,) = tickets(ledger)
    assert (ticket.severity, ticket.due) == (Severity.CRITICAL, before)


def test_a_safety_event_never_joins_a_ticket_that_only_waits_for_photos(ledger: Store) -> None:
    feed(ledger, trapped())
    (ticket,) = tickets(ledger, "lift-1")
    send(ledger, op(ticket, "start"), op(ticket, "photo", value=PHOTO), op(ticket, "complete"))
    feed(ledger, trapped(NOW + DAY), now=NOW + DAY)
    assert [t.state for t in tickets(ledger, "lift-1")] == [State.EVIDENCE_PENDING, State.OPEN]


def test_safety_events_under_maintenance_gather_on_one_tagged_ticket(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.UNDER_MAINTENANCE)
    feed(ledger, trapped(), trapped(failure_mode="overspeed", subject="overspeed"))
    (ticket,) = tickets(ledger, "lift-1")
    assert "under_maintenance" in ticket.tags
    assert {e.work_order for e in episodes(ledger, "lift-1")} == {ticket.id}


def test_a_finding_of_an_unknown_asset_does_not_stop_the_others(ledger: Store) -> None:
    feed(ledger, raised(asset="nobody"), raised())
    assert len(tickets(ledger)) == 1


def test_the_live_view_hears_of_tickets_and_episodes(ledger: Store) -> None:
    feed(ledger, raised())
    with ledger.read() as tx:
        assert {"work_order", "episode"} <= {event.topic for event in tx.live.after(0, 100)}


def test_two_consumers_at_once_make_one_ticket(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.collect.append_findings([raised() for _ in range(50)])
    consumers = [FindingsConsumer(any_ledger, FixedClock(NOW), equipment_classes(), batch=7) for _ in range(2)]

    def drain(consumer: FindingsConsumer) -> None:
        while consumer.run_once():
            pass

    threads = [threading.Thread(target=drain, args=(c,)) for c in consumers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tickets(any_ledger)) == 1
    assert episodes(any_ledger)[0].findings == 50


def test_the_worker_makes_a_ticket_soon_after_the_finding(ledger: Store) -> None:
    worker = MaintenanceWorker(ledger, FindingsConsumer(ledger, FixedClock(NOW), equipment_classes()), idle_s=30)
    worker.start()
    try:
        time.sleep(0.2)
        begun = time.monotonic()
        with ledger.begin() as tx:
            tx.collect.append_findings([trapped()])
        while not tickets(ledger, "lift-1"):
            assert time.monotonic() - begun < 10, "woken by it, long before it would look by itself"
            time.sleep(0.005)
    finally:
        begun = time.monotonic()
        stopper = threading.Thread(target=worker.stop)
        stopper.start()
        with ledger.begin() as tx:
            tx.live.note("asset", "demo", {})
        stopper.join(5)
    assert not worker.alive


def test_every_safety_event_is_readable_on_the_ticket_that_it_joins(ledger: Store) -> None:
    for minute, event in enumerate(("unknown_thing", "passenger_trapped", "unknown_thing")):
        at = NOW + timedelta(minutes=minute)
        feed(ledger, trapped(at, failure_mode=UNCLASSIFIED, subject=event, detail={"event": event}))
    (ticket,) = tickets(ledger, "lift-1")
    for text in (ticket.title.zh, ticket.title.en, ticket.reason.zh, ticket.reason.en):
        assert "thing" in text
        assert "trapped" in text
    assert ticket.title.zh.count("unknown_thing") == 1


def test_what_comes_back_is_tagged(ledger: Store) -> None:
    feed(ledger, raised())
    feed(ledger, cleared(NOW + timedelta(minutes=5)))
    feed(ledger, raised(NOW + timedelta(minutes=9)))
    (ticket,) = tickets(ledger)
    assert "recurred" in ticket.tags
