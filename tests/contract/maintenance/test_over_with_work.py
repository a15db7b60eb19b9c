"""The alarm of an event that no other event ends is over with the work on its ticket."""

from datetime import timedelta
from typing import Any

import pytest

from maintenance.alarm_list import alarm_list
from maintenance.episodes import Episode, EpisodeState
from maintenance.findings_consumer import FindingsConsumer
from maintenance.transitions import apply_transition, evidence_arrived
from maintenance.work_orders import State
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import CLOCK, UNCLASSIFIED, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.errors import IllegalTransition
from plantroom.ports.clock import FixedClock
from plantroom.ports.paging import EVERYTHING
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.tablet import PHOTO, op, send
from tests.contract.maintenance.test_coming_again import history, somebody
from tests.contract.maintenance.test_findings import Store, episodes, feed, finish, raised, step, tickets, trapped

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def called(at: Any = NOW) -> FindingRaised:
    """Somebody in the car calls for help: an entrapment of which no event tells the end."""
    name = {"zh": "一键呼救", "en": "Emergency call from the car"}
    return trapped(at, subject="call_button", detail={"event": "call_button", "name": name})


def strange(event: str, at: Any = NOW, **given: Any) -> FindingRaised:
    return trapped(at, failure_mode=UNCLASSIFIED, subject=event, detail={"event": event}, **given)


def alarms(ledger: Store) -> list[Episode]:
    with ledger.read() as tx:
        return [one.episode for one in alarm_list(tx, EVERYTHING, tx.assets.plant(), NOW)]


def look(ledger: Store, now: Any) -> None:
    FindingsConsumer(ledger, FixedClock(now), equipment_classes()).run_once()


def test_it_leaves_the_list_when_its_work_is_done_and_the_history_says_so(any_ledger: Store) -> None:
    feed(any_ledger, called())
    (ticket,) = tickets(any_ledger, "lift-1")
    step(any_ledger, ticket, State.ACKNOWLEDGED, State.IN_PROGRESS, at=NOW + MINUTE)
    assert len(alarms(any_ledger)) == 1, "accepting work ends nothing"
    step(any_ledger, ticket, State.COMPLETED, at=NOW + HOUR)
    (episode,) = episodes(any_ledger, "lift-1")
    assert (episode.state, episode.open_subjects) == (EpisodeState.CLOSED, ())
    assert (episode.closed_at, alarms(any_ledger)) == (NOW + HOUR, [])
    last = history(any_ledger, ticket)[-1]
    assert (last.to, last.at, last.by) == (State.COMPLETED, NOW + HOUR, "system:findings")
    zh, en = last.reason.split(" / ")
    assert zh == "一键呼救：随本工单的处理结束而解除（没有事件会报告其解除）"
    assert en == "Emergency call from the car: over with this work, since no event tells of its end"


def test_the_history_names_the_worst_first(any_ledger: Store) -> None:
    """A line names three; the others are a number."""
    for s, event in enumerate(("login", "link_up", "config_saved")):
        feed(any_ledger, strange(event, NOW + s * MINUTE, safety=False, severity=Severity.GENERAL))
    feed(any_ledger, strange("smoke", NOW + 4 * MINUTE), now=NOW + 4 * MINUTE)
    (ticket,) = tickets(any_ledger, "lift-1")
    finish(any_ledger, ticket, NOW + HOUR)
    said = history(any_ledger, ticket)[-1].reason.split(" / ")[1]
    assert said.startswith("smoke, login, link up +1: over with this work")


@pytest.mark.parametrize("event", ["coffee_machine_empty", "unnamed_event", "unreadable_event"])
def test_so_does_what_no_class_knows(any_ledger: Store, event: str) -> None:
    feed(any_ledger, strange(event))
    finish(any_ledger, tickets(any_ledger, "lift-1")[0])
    assert alarms(any_ledger) == []


@pytest.mark.parametrize("ending", [State.REJECTED, State.CANCELLED, State.DEFERRED, State.BYPASSED])
def test_every_end_of_the_work_is_one(ledger: Store, ending: State) -> None:
    feed(ledger, called())
    step(ledger, tickets(ledger, "lift-1")[0], ending)
    assert alarms(ledger) == []


def test_a_new_event_afterwards_has_a_new_ticket_at_once(any_ledger: Store) -> None:
    feed(any_ledger, called())
    finish(any_ledger, tickets(any_ledger, "lift-1")[0])
    feed(any_ledger, called(NOW + timedelta(seconds=10)), now=NOW + timedelta(seconds=10))
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]
    (alarm,) = alarms(any_ledger)
    assert (alarm.open_subjects, alarm.acknowledged_at) == (("rule:call_button",), None)


def test_one_that_is_no_safety_event_opens_its_ticket_again(any_ledger: Store) -> None:
    feed(any_ledger, strange("odd", safety=False, severity=Severity.MAJOR))
    finish(any_ledger, tickets(any_ledger, "lift-1")[0])
    assert alarms(any_ledger) == []
    feed(any_ledger, strange("odd", NOW + MINUTE, safety=False, severity=Severity.MAJOR), now=NOW + MINUTE)
    (ticket,) = tickets(any_ledger, "lift-1")
    assert (ticket.state, ticket.reopened) == (State.OPEN, 1)


def test_what_another_event_ends_goes_on_standing(any_ledger: Store) -> None:
    feed(any_ledger, somebody(NOW), called(NOW + MINUTE))
    (ticket,) = tickets(any_ledger, "lift-1")
    finish(any_ledger, ticket, NOW + HOUR)
    (alarm,) = alarms(any_ledger)
    assert alarm.open_subjects == ("rule:passenger_trapped",)
    assert history(any_ledger, ticket)[-1].reason.startswith("一键呼救：")
    look(any_ledger, NOW + 2 * HOUR)
    assert tickets(any_ledger, "lift-1")[0].state is State.OPEN, "nobody has told that the passenger is out"


def test_so_do_limits_models_and_a_wrong_clock(ledger: Store) -> None:
    limit: dict[str, Any] = {"source": FindingSource.LIMIT, "severity": Severity.MAJOR}
    clock: dict[str, Any] = {"failure_mode": CLOCK, "source": FindingSource.RULE, "subject": CLOCK}
    feed(ledger, raised(), raised(**limit, subject="vibration:alarm_high"), raised(**clock, severity=Severity.GENERAL))
    for ticket in tickets(ledger):
        finish(ledger, ticket)
    assert [len(one.open_subjects) for one in episodes(ledger)] == [2, 1]
    assert len(history(ledger, tickets(ledger)[0])) == 3


def test_what_came_after_the_work_stands_until_it_has_been_looked_at(any_ledger: Store) -> None:
    """A tablet tells late what was done before. A safety event would have a ticket of its own."""
    feed(any_ledger, strange("odd", safety=False, severity=Severity.MAJOR))
    feed(any_ledger, strange("odd", NOW + HOUR, safety=False, severity=Severity.MAJOR), now=NOW + HOUR)
    (ticket,) = tickets(any_ledger, "lift-1")
    with any_ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, ticket.id, to, NOW + MINUTE, "li", now=NOW + 2 * HOUR)
    look(any_ledger, NOW + 3 * HOUR)
    assert len(alarms(any_ledger)) == 1
    with any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.VERIFIED, NOW + 3 * HOUR, "wang")
    assert alarms(any_ledger) == []


def test_a_second_person_has_to_verify_all_the_same(any_ledger: Store) -> None:
    feed(any_ledger, called())
    (ticket,) = tickets(any_ledger, "lift-1")
    finish(any_ledger, ticket)
    with pytest.raises(IllegalTransition, match="second person"), any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.VERIFIED, NOW, "li", person=True)
    with any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.VERIFIED, NOW, "wang", person=True)


def test_photos_on_their_way_keep_nothing_standing(any_ledger: Store) -> None:
    feed(any_ledger, called())
    (ticket,) = tickets(any_ledger, "lift-1")
    send(any_ledger, op(ticket, "photo", value=PHOTO), op(ticket, "complete"))
    assert (tickets(any_ledger, "lift-1")[0].state, alarms(any_ledger)) == (State.EVIDENCE_PENDING, [])
    with any_ledger.begin() as tx:
        evidence_arrived(tx, PHOTO["sha256"], NOW + HOUR)
    assert tickets(any_ledger, "lift-1")[0].state is State.COMPLETED
    assert sum("over with this work" in one.reason for one in history(any_ledger, ticket)) == 1


def test_one_that_was_left_standing_goes_with_the_next_look(any_ledger: Store) -> None:
    """A finding held it at that moment, or the work was done before this was known."""
    feed(any_ledger, called())
    (ticket,) = tickets(any_ledger, "lift-1")
    (standing,) = alarms(any_ledger)
    finish(any_ledger, ticket)
    with any_ledger.begin() as tx:
        tx.episodes.update(standing)
    look(any_ledger, NOW + HOUR)
    assert alarms(any_ledger) == []


def test_all_of_a_flood_go_with_its_ticket(building: Store) -> None:
    odd: dict[str, Any] = {"safety": False, "severity": Severity.MAJOR}
    feed(building, *[strange("odd", asset=f"p{n}", **odd) for n in range(10, 40)])
    (flood,) = (one for one in orders(building, kind="corrective") if "flood" in one.tags)
    before = len(alarms(building))
    with building.read() as tx:
        shared = len(tx.episodes.of_order(flood.id))
    finish(building, flood)
    assert (shared > 10, len(alarms(building))) == (True, before - shared)
