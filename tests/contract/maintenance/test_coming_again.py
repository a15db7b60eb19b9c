"""A safety event that comes again is seen on its open ticket, whatever state that is in."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maintenance.episode_events import ALSO_KEPT, events_also
from maintenance.episodes import EpisodeState
from maintenance.late_words import OPENED_AGAIN
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import codes, op, send
from tests.contract.maintenance.test_findings import Store, cleared, episodes, feed, raised, step, tickets, trapped
from tests.contract.maintenance.test_gathering import circuit_open, maintain, somebody_trapped

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(hours=2)


def history(ledger: Store, order: WorkOrder) -> list[Transition]:
    with ledger.read() as tx:
        return list(tx.orders.transitions(order.id))


def live_notes(ledger: Store, topic: str) -> int:
    with ledger.read() as tx:
        return sum(note.topic == topic for note in tx.live.after(0, 10_000))


def somebody(at: datetime) -> FindingRaised:
    return trapped(at, detail={"event": "passenger_trapped", "name": {"zh": "轿厢困人", "en": "Passenger trapped"}})


def held(ledger: Store) -> WorkOrder:
    """The ticket of a trapped passenger, on hold for parts."""
    feed(ledger, somebody(NOW))
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS, State.ON_HOLD, at=NOW + MINUTE)
    return ticket


def test_it_ends_the_hold_and_asks_for_acknowledgement_again(any_ledger: Store) -> None:
    before = held(any_ledger)
    noted = live_notes(any_ledger, "work_order")
    feed(any_ledger, somebody(LATER), now=LATER + MINUTE)
    (ticket,) = tickets(any_ledger, "lift-1")
    assert (ticket.state, ticket.hold_reason) == (State.OPEN, None)
    assert (ticket.opened_at, ticket.acknowledged_at, ticket.arrived_at) == (LATER, None, None)
    assert before.due is not None
    assert ticket.due == before.due + MINUTE, "from its acceptance: an event gives a ticket no more time"
    assert "repeated" in ticket.tags
    assert ticket.version > before.version
    last = history(any_ledger, ticket)[-1]
    assert (last.to, last.at, last.recorded_at, last.by) == (State.OPEN, LATER, LATER + MINUTE, "system:findings")
    assert last.reason == "安全事件再次发生：轿厢困人 / the safety event came again: Passenger trapped"
    assert live_notes(any_ledger, "work_order") == noted + 1


@pytest.mark.parametrize("states", [(), (State.ACKNOWLEDGED,), (State.IN_PROGRESS,)])
def test_it_has_a_line_in_the_history_of_a_ticket_at_work(any_ledger: Store, states: tuple[State, ...]) -> None:
    feed(any_ledger, somebody(NOW))
    step(any_ledger, tickets(any_ledger, "lift-1")[0], *states)
    noted = live_notes(any_ledger, "work_order")
    feed(any_ledger, somebody(NOW + MINUTE / 2), now=NOW + MINUTE)
    (ticket,) = tickets(any_ledger, "lift-1")
    last = history(any_ledger, ticket)[-1]
    assert ticket.state is last.to is (states or (State.OPEN,))[0]
    assert (last.at, last.reason.split("：")[0]) == (NOW + MINUTE / 2, "安全事件再次发生")
    assert live_notes(any_ledger, "work_order") == noted + 1


def test_one_that_comes_without_end_has_one_line_a_minute(ledger: Store) -> None:
    for seconds in range(0, 300, 5):
        at = NOW + timedelta(seconds=seconds)
        feed(ledger, somebody(at), now=at)
    (ticket,) = tickets(ledger, "lift-1")
    lines = history(ledger, ticket)[1:]
    assert [(line.at - NOW).total_seconds() for line in lines] == [5, 65, 125, 185, 245]


def test_lines_of_one_event_take_none_from_another(ledger: Store) -> None:
    feed(ledger, somebody(NOW), somebody(NOW), trapped(NOW, subject="alarm_button", detail={"event": "alarm_button"}))
    (ticket,) = tickets(ledger, "lift-1")
    said = [line.reason.split(" / ")[1] for line in history(ledger, ticket)[1:]]
    assert said == ["the safety event came again: Passenger trapped", "another safety event came: alarm button"]


def test_a_hold_ends_although_the_event_had_its_line_just_now(ledger: Store) -> None:
    feed(ledger, somebody(NOW), somebody(NOW))
    step(ledger, tickets(ledger, "lift-1")[0], State.ON_HOLD)
    feed(ledger, somebody(NOW + MINUTE / 2))
    assert tickets(ledger, "lift-1")[0].state is State.OPEN


def test_a_hold_from_before_it_that_is_heard_of_later_hides_nothing(ledger: Store) -> None:
    ticket = held(ledger)
    feed(ledger, somebody(LATER), now=LATER)
    hold = op(ticket, "hold", value={"reason": "parts"})
    early = hold | {"captured_at": (LATER - MINUTE).isoformat()}
    assert codes(send(ledger, early, device_now=LATER, now=LATER)) == [("applied", OPENED_AGAIN)]
    assert tickets(ledger, "lift-1")[0].state is State.OPEN
    late = hold | {"captured_at": (LATER + MINUTE).isoformat(), "op_id": "late"}
    send(ledger, late, device_now=LATER + MINUTE, now=LATER + MINUTE)
    assert tickets(ledger, "lift-1")[0].state is State.ON_HOLD


def test_nor_does_it_when_what_ended_the_hold_came_from_another_zone(ledger: Store) -> None:
    at = {"event": "passenger_trapped", "origin": "car 1"}
    feed(ledger, trapped(NOW, detail=at))
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS, State.ON_HOLD, at=NOW + MINUTE)
    feed(ledger, trapped(LATER, detail=at | {"origin": "car 2"}), now=LATER + MINUTE)
    early = op(ticket, "hold", value={"reason": "parts"}, captured_at=(LATER - MINUTE).isoformat())
    send(ledger, early, device_now=LATER + 2 * MINUTE, now=LATER + 2 * MINUTE)
    (ticket,) = tickets(ledger, "lift-1")
    assert (ticket.state, "repeated" in ticket.tags) == (State.OPEN, False)


def held_late(ledger: Store, ticket: WorkOrder, at: datetime, heard: datetime) -> State:
    """The ticket after a hold of a tablet that was away."""
    hold = op(ticket, "hold", value={"reason": "parts"}, captured_at=at.isoformat(), op_id=f"held-{at}")
    ((status, code),) = codes(send(ledger, hold, device_now=heard, now=heard))
    (now,) = tickets(ledger, "lift-1")
    assert (status, code) == ("applied", None if now.state is State.ON_HOLD else OPENED_AGAIN)
    last = history(ledger, now)[-1]
    assert (last.to, last.by, last.at) == (now.state, "li", at), "the history has it"
    return now.state


CAR_1 = {"event": "passenger_trapped", "origin": "car 1"}


@pytest.mark.parametrize("source", [FindingSource.RULE, FindingSource.LIMIT])
@pytest.mark.parametrize("states", [(), (State.ACKNOWLEDGED,), (State.IN_PROGRESS,)])
def test_a_hold_from_before_it_hides_nothing_on_a_ticket_that_was_not_on_hold(
    any_ledger: Store, states: tuple[State, ...], source: FindingSource
) -> None:
    feed(any_ledger, trapped(NOW, detail=CAR_1))
    (ticket,) = tickets(any_ledger, "lift-1")
    step(any_ledger, ticket, *states, at=NOW + MINUTE)
    feed(any_ledger, trapped(LATER, source=source, detail=CAR_1 | {"origin": "car 2"}), now=LATER)
    before = tickets(any_ledger, "lift-1")[0].state
    assert held_late(any_ledger, ticket, LATER - MINUTE, LATER + 2 * MINUTE) is before
    assert held_late(any_ledger, ticket, LATER + MINUTE, LATER + 2 * MINUTE) is State.ON_HOLD


def test_nor_when_the_ticket_that_it_opened_again_is_accepted_meanwhile(ledger: Store) -> None:
    ticket = held(ledger)
    feed(ledger, somebody(LATER), now=LATER)
    step(ledger, ticket, State.ACKNOWLEDGED, at=LATER + MINUTE)
    assert held_late(ledger, ticket, LATER - MINUTE, LATER + 2 * MINUTE) is State.ACKNOWLEDGED


def test_nor_when_the_event_is_over_or_others_have_come_since(ledger: Store) -> None:
    feed(ledger, trapped(NOW, detail=CAR_1))
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS, at=NOW + MINUTE)
    feed(ledger, somebody(LATER), ended(LATER + MINUTE), now=LATER + MINUTE)
    feed(ledger, trapped(LATER + MINUTE, safety=False, subject="door_cycling"), now=LATER + MINUTE)
    assert held_late(ledger, ticket, LATER - MINUTE, LATER + 2 * MINUTE) is State.IN_PROGRESS


def test_a_hold_stands_that_began_when_people_knew_of_the_event_whatever_its_clock_says(ledger: Store) -> None:
    feed(ledger, somebody(NOW))
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS, at=NOW + MINUTE)
    feed(ledger, trapped(LATER + 60 * MINUTE, detail=CAR_1), now=LATER)
    assert held_late(ledger, ticket, LATER + MINUTE, LATER + 2 * MINUTE) is State.ON_HOLD


def test_nor_does_it_hide_what_came_late_itself(ledger: Store) -> None:
    feed(ledger, somebody(NOW))
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS, at=NOW + MINUTE)
    feed(ledger, trapped(LATER - 30 * MINUTE, detail=CAR_1), now=LATER)
    assert held_late(ledger, ticket, LATER - MINUTE, LATER + 2 * MINUTE) is State.IN_PROGRESS


def test_nor_another_one_under_maintenance_that_the_ticket_gathers(ledger: Store) -> None:
    maintain(ledger)
    feed(ledger, circuit_open())
    (ticket,) = tickets(ledger, "lift-1")
    step(ledger, ticket, State.IN_PROGRESS)
    feed(ledger, somebody_trapped(minutes=5), now=NOW + 5 * MINUTE)
    assert held_late(ledger, ticket, NOW + 4 * MINUTE, NOW + 6 * MINUTE) is State.IN_PROGRESS


def test_another_event_under_maintenance_ends_the_hold_of_the_ticket_that_it_gathers_on(any_ledger: Store) -> None:
    maintain(any_ledger)
    feed(any_ledger, circuit_open())
    step(any_ledger, tickets(any_ledger, "lift-1")[0], State.IN_PROGRESS, State.ON_HOLD)
    feed(any_ledger, somebody_trapped(minutes=5), now=NOW + 5 * MINUTE)
    (ticket,) = tickets(any_ledger, "lift-1")
    assert ticket.state is State.OPEN
    assert history(any_ledger, ticket)[-1].reason.endswith("another safety event came: Passenger trapped")


def test_what_is_no_safety_event_leaves_a_hold_alone(ledger: Store) -> None:
    feed(ledger, raised())
    step(ledger, tickets(ledger)[0], State.ON_HOLD)
    feed(ledger, raised(LATER), now=LATER)
    (ticket,) = tickets(ledger)
    assert (ticket.state, len(history(ledger, ticket))) == (State.ON_HOLD, 2)


def test_events_without_end_leave_a_title_that_can_be_read(ledger: Store) -> None:
    names = [f"strange_thing_{n:03}" for n in range(ALSO_KEPT + 30)]
    feed(ledger, *[trapped(failure_mode=UNCLASSIFIED, subject=name, detail={"event": name}) for name in names])
    (ticket,), (episode,) = tickets(ledger, "lift-1"), episodes(ledger, "lift-1")
    also = events_also(episode.detail or {})
    assert [one["event"] for one in also] == names[-ALSO_KEPT:]
    assert len(ticket.title.en) < 100
    assert ticket.title.en.endswith(f" +{len(names) - 3}")
    assert names[-1] in ticket.reason.zh


def ended(at: datetime) -> FindingCleared:
    of = {"failure_mode": "entrapment", "source": FindingSource.RULE, "subject": "passenger_trapped"}
    return cleared(at, asset="lift-1", **of)


def test_an_old_end_that_comes_late_leaves_what_came_after_it(any_ledger: Store) -> None:
    feed(any_ledger, somebody(NOW), somebody(NOW + MINUTE))
    feed(any_ledger, ended(NOW + MINUTE / 2), now=NOW + 2 * MINUTE)
    (episode,) = episodes(any_ledger, "lift-1")
    assert (episode.state, episode.open_subjects) == (EpisodeState.OPEN, ("rule:passenger_trapped",))
    feed(any_ledger, ended(NOW + 3 * MINUTE), now=NOW + 3 * MINUTE)
    assert episodes(any_ledger, "lift-1")[0].state is EpisodeState.CLOSED


def test_nor_does_it_end_the_successor_of_an_episode(any_ledger: Store) -> None:
    feed(any_ledger, somebody(NOW + MINUTE))
    (ticket,) = tickets(any_ledger, "lift-1")
    step(any_ledger, ticket, State.IN_PROGRESS, State.COMPLETED, at=NOW + 2 * MINUTE)
    feed(any_ledger, somebody(NOW), now=NOW + 3 * MINUTE)  # it came late, and its work was not this one's
    feed(any_ledger, ended(NOW + MINUTE / 2), now=NOW + 3 * MINUTE)
    assert [e.state for e in episodes(any_ledger, "lift-1")] == [EpisodeState.CLOSED, EpisodeState.OPEN]


def test_an_old_event_that_was_over_when_it_came_has_its_ticket_and_does_not_stand(any_ledger: Store) -> None:
    feed(any_ledger, somebody(NOW), ended(NOW + MINUTE), now=NOW + 5 * MINUTE)
    (ticket,), (episode,) = tickets(any_ledger, "lift-1"), episodes(any_ledger, "lift-1")
    assert (ticket.state, episode.state) == (State.OPEN, EpisodeState.CLOSED)
    assert (episode.closed_observed_at, episode.acknowledged_at) == (NOW + MINUTE, None)


def test_an_event_whose_clock_was_ahead_is_over_when_its_end_comes(any_ledger: Store) -> None:
    feed(any_ledger, replace(somebody(NOW + 4 * MINUTE), received_at=NOW), ended(NOW + MINUTE))
    assert episodes(any_ledger, "lift-1")[0].state is EpisodeState.CLOSED
