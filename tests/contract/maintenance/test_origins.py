"""One event of a panel, many detectors: which of them rang is read on the ticket."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ingest.event_messages import event_objects
from ingest.events import EventRules
from ingest.matching import Matcher, Route, SeriesTable
from maintenance.episode_events import ALSO_KEPT, origins_of
from maintenance.episode_rules import acknowledged
from maintenance.episodes import EpisodeState
from maintenance.work_orders import State
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.findings import FindingRaised
from plantroom.ports.clock import to_ms
from plantroom.ports.spool import SpoolRecord
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_coming_again import history
from tests.contract.maintenance.test_findings import Store, episodes, feed, finish, tickets, trapped
from tests.unit.ingest.plants import plant_of

SECOND = timedelta(seconds=1)
PANEL = Asset("fp", "demo", "FP-1", "fire_panel", LocalName("主机", "Panel"))
FIRE = {"event": "fire_alarm", "name": {"zh": "火警", "en": "Fire alarm"}}


def fire(origin: str, at: datetime = NOW, **given: Any) -> FindingRaised:
    of = {"origin": origin} if origin else {}
    return trapped(at, failure_mode="fire", subject="fire_alarm", detail=FIRE | of, **given)


def lines(ledger: Store) -> list[str]:
    return [line.reason for line in history(ledger, tickets(ledger, "lift-1")[0])[1:]]


def test_the_reason_names_each_origin_and_the_history_each_that_came(any_ledger: Store) -> None:
    for s, zone in ((0, "zone 7"), (10, "zone 9"), (20, "zone 11"), (30, "zone 9")):
        feed(any_ledger, fire(zone, NOW + s * SECOND), now=NOW + s * SECOND)
    (ticket,) = tickets(any_ledger, "lift-1")
    assert ticket.reason.zh == "设备上报事件：火警（zone 7；zone 11；zone 9）。"
    assert ticket.reason.en == "The device reported: Fire alarm (zone 7; zone 11; zone 9)."
    assert lines(any_ledger) == [
        "又发生安全事件：火警（zone 9） / another safety event came: Fire alarm (zone 9)",
        "又发生安全事件：火警（zone 11） / another safety event came: Fire alarm (zone 11)",
    ]


def test_the_first_one_is_named_too(any_ledger: Store) -> None:
    feed(any_ledger, fire("zone 7"))
    assert tickets(any_ledger, "lift-1")[0].reason.en == "The device reported: Fire alarm (zone 7)."


def test_the_second_has_to_be_acknowledged_and_people_are_told_of_it(any_ledger: Store) -> None:
    feed(any_ledger, fire("zone 7"))
    with any_ledger.begin() as tx:
        (episode,) = tx.episodes.of_order(tickets(any_ledger, "lift-1")[0].id)
        tx.episodes.update(acknowledged(episode, "li", NOW))
    feed(any_ledger, fire("zone 7", NOW + SECOND), now=NOW + SECOND)
    assert episodes(any_ledger, "lift-1")[0].acknowledged_at is not None
    feed(any_ledger, fire("zone 9", NOW + 2 * SECOND), now=NOW + 2 * SECOND)
    assert episodes(any_ledger, "lift-1")[0].acknowledged_at is None
    with any_ledger.read() as tx:
        assert tx.alarms.announced_since("demo", NOW - SECOND)[0] == 2


def test_of_very_many_the_newest_are_named(ledger: Store) -> None:
    feed(ledger, *[fire(f"zone {n}", NOW + n * SECOND) for n in range(ALSO_KEPT + 20)], now=NOW + 100 * SECOND)
    (episode,), (ticket,) = episodes(ledger, "lift-1"), tickets(ledger, "lift-1")
    assert len(origins_of(episode.detail or {})) == ALSO_KEPT
    assert ticket.reason.en.endswith(f"zone {ALSO_KEPT + 19}; …).")
    assert len(lines(ledger)) <= ALSO_KEPT + 2


def test_what_stands_goes_over_to_the_next_ticket_with_its_origin(any_ledger: Store) -> None:
    of = {"event": "passenger_trapped", "origin": "input 1"}
    feed(any_ledger, trapped(detail=of))
    finish(any_ledger, tickets(any_ledger, "lift-1")[0])
    feed(any_ledger, trapped(NOW + SECOND, detail=of | {"origin": "input 2"}), now=NOW + SECOND)
    assert tickets(any_ledger, "lift-1")[1].reason.en.endswith("passenger trapped (input 1; input 2).")


@pytest.mark.parametrize("restart", [False, True])
def test_a_reset_of_one_zone_leaves_the_other_burning(any_ledger: Store, restart: bool) -> None:
    """As a panel tells it: the alarm of two zones, through the collector."""
    with any_ledger.begin() as tx:
        if "fp" not in tx.assets.plant().assets:
            tx.assets.add(PANEL, [])
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(plant_of([PANEL]))
    route = matcher.route("plantroom/demo/FP-1/event")
    assert isinstance(route, Route)
    rules = EventRules("demo", "safety", equipment_classes())
    states = []
    told = [(0, "fire_alarm", 7), (30, "fire_alarm", 9), (90, "fire_alarm_reset", 7), (120, "fire_alarm_reset", 9)]
    for n, (s, event, zone) in enumerate(told):
        at = NOW + s * SECOND
        payload = f'{{"ts":{to_ms(at)},"event":"{event}","data":{{"zone":{zone}}}}}'.encode()
        record = SpoolRecord(n, to_ms(at), "plantroom/demo/FP-1/event", payload)
        out = rules.take(route.asset, record, event_objects(record)[0])
        feed(any_ledger, *out.findings, now=at)
        states.append(episodes(any_ledger, "fp")[0].state)
        if restart:
            state, rules = rules.snapshot(), EventRules("demo", "safety", equipment_classes())
            rules.restore(state)
    assert states == [EpisodeState.OPEN] * 3 + [EpisodeState.CLOSED]
    (ticket,) = tickets(any_ledger, "fp")
    assert ticket.state is State.OPEN
    assert ticket.reason.en == "The device reported: Fire alarm (zone 7; zone 9)."
