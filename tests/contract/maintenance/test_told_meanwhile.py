"""What people say late of a ticket on which a further safety event came meanwhile: their work is kept, and the event
calls all the same."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.episode_rules import RECHECK
from maintenance.episodes import Episode, EpisodeState
from maintenance.floods import FLOOD
from maintenance.late_words import OPENED_AGAIN
from maintenance.shelving import acknowledge
from maintenance.transitions import apply_transition, evidence_arrived
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.findings import FindingSource
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.tablet import PHOTO, answer, codes, op, send
from tests.contract.maintenance.test_coming_again import ended, history
from tests.contract.maintenance.test_findings import Store, episodes, feed, finish, raised, step, tickets, trapped
from tests.contract.maintenance.test_gathering import circuit_open, maintain, somebody_trapped
from tests.contract.maintenance.test_over_with_work import look

MINUTE = timedelta(minutes=1)
EVENT, HEARD = NOW + 5 * MINUTE, NOW + 10 * MINUTE
SAID = {"acknowledge": 1, "start": 1, "verdict": 1.5, "complete": 2}
"""At which minute a tablet without signal is told what: before the further event."""

EVENTS = [("overspeed", "overspeed"), ("passenger_trapped", "entrapment")]
"""One that no other event ends, and one that another ends; each with its failure mode."""


def comes(
    ledger: Store, car: int, at: datetime, event: str = "passenger_trapped", mode: str = "entrapment", **given: Any
) -> None:
    detail = {"event": event, "origin": f"car {car}"}
    feed(ledger, trapped(at, subject=event, failure_mode=mode, detail=detail, **given), now=at)


def says(ledger: Store, ticket: WorkOrder, *words: str, heard: datetime = HEARD) -> list[tuple[str, str | None]]:
    """A tablet tells of all of it at that time."""
    value: dict[str, dict[str, Any]] = {"verdict": {"verdict": "false_alarm"}, "complete": {"note": "freed"}}
    sent = [op(ticket, one, value=value.get(one, {})) for one in words]
    for one in sent:
        one["captured_at"] = (NOW + SAID[one["type"]] * MINUTE).isoformat()
    return codes(send(ledger, *sent, device_now=heard, now=heard))


def first(ledger: Store, event: str = "passenger_trapped", mode: str = "entrapment") -> WorkOrder:
    comes(ledger, 1, NOW, event, mode)
    (ticket,) = tickets(ledger, "lift-1")
    return ticket


def alarm(ledger: Store, asset: str = "lift-1") -> Episode:
    (standing,) = (one for one in episodes(ledger, asset) if one.state is EpisodeState.OPEN)
    return standing


WORDS = [
    ("acknowledge",),
    ("start",),
    ("acknowledge", "start"),
    ("start", "complete"),
    ("acknowledge", "start", "verdict", "complete"),
]


@pytest.mark.parametrize(("event", "mode"), EVENTS)
@pytest.mark.parametrize("words", WORDS)
def test_it_is_as_if_they_had_come_before_it(any_ledger: Store, words: tuple[str, ...], event: str, mode: str) -> None:
    seen = []
    for lift in ("in-time", "late"):
        with any_ledger.begin() as tx:
            tx.assets.add(Asset(lift, "demo", lift, "elevator", LocalName("梯", "Lift")), [])
        comes(any_ledger, 1, NOW, event, mode, asset=lift)
        (ticket,) = tickets(any_ledger, lift)
        if lift == "in-time":
            says(any_ledger, ticket, *words, heard=NOW + 3 * MINUTE)
        comes(any_ledger, 2, EVENT, event, mode, asset=lift)
        if lift == "late":
            assert says(any_ledger, ticket, *words) == [("applied", None)] * len(words)
        seen.append(
            (
                [(one.state, one.acknowledged_at, one.completed_at, one.safety) for one in tickets(any_ledger, lift)],
                (alarm(any_ledger, lift).acknowledged_by, alarm(any_ledger, lift).open_subjects),
                alarm(any_ledger, lift).work_order == tickets(any_ledger, lift)[-1].id,
            )
        )
    assert seen[0] == seen[1]


def test_who_accepted_it_before_it_was_told_has_not_acknowledged_it(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    with any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.ACKNOWLEDGED, EVENT - MINUTE, "li", now=HEARD)
    assert alarm(any_ledger).acknowledged_by is None
    with any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.IN_PROGRESS, EVENT + MINUTE, "li", now=HEARD)
    assert (alarm(any_ledger).acknowledged_by, alarm(any_ledger).acknowledged_at) == ("li", EVENT + MINUTE)


def test_what_is_said_over_and_over_is_acknowledged_by_who_accepted_it_between(any_ledger: Store) -> None:
    for seconds in range(0, 300, 30):
        comes(any_ledger, 1, NOW + timedelta(seconds=seconds))
    (ticket,) = tickets(any_ledger, "lift-1")
    says(any_ledger, ticket, "acknowledge")
    assert alarm(any_ledger).acknowledged_by == "li"


def test_but_when_it_was_said_once_more_after_the_work_it_calls_anew(any_ledger: Store) -> None:
    for seconds in range(0, 300, 30):
        comes(any_ledger, 1, NOW + timedelta(seconds=seconds))
    (ticket,) = tickets(any_ledger, "lift-1")
    says(any_ledger, ticket, "start", "complete")
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]
    assert alarm(any_ledger).acknowledged_by is None


@pytest.mark.parametrize(("event", "mode"), EVENTS)
def test_it_has_a_ticket_of_its_own_and_the_work_stays_done(any_ledger: Store, event: str, mode: str) -> None:
    ticket = first(any_ledger, event, mode)
    comes(any_ledger, 2, EVENT, event, mode)
    says(any_ledger, ticket, "start", "complete")
    done, own = tickets(any_ledger, "lift-1")
    assert (done.state, done.completed_at) == (State.COMPLETED, NOW + 2 * MINUTE)
    assert (own.state, own.safety, own.episode) == (State.OPEN, True, alarm(any_ledger).id)
    assert "car 2" in own.reason.en
    last = history(any_ledger, ticket)[-1]
    assert (last.to, last.by) == (State.COMPLETED, "system:findings")
    assert (
        last.reason
        == f"此后又有安全事件，见工单#{own.number} / a safety event came after this: see ticket #{own.number}"
    )
    look(any_ledger, HEARD + RECHECK)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]
    finish(any_ledger, own, HEARD + MINUTE)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.COMPLETED]


@pytest.mark.parametrize("ending", [State.REJECTED, State.CANCELLED, State.DEFERRED, State.BYPASSED])
def test_so_it_has_whatever_the_step_was_that_ended_the_ticket(any_ledger: Store, ending: State) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    with any_ledger.begin() as tx:
        apply_transition(tx, ticket.id, ending, EVENT - MINUTE, "li", "because", now=HEARD)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [ending, State.OPEN]
    assert alarm(any_ledger).acknowledged_by is None


def test_photos_on_their_way_change_nothing_of_it(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    early = (NOW + MINUTE).isoformat()
    sent = [op(ticket, "photo", value=PHOTO, captured_at=early), op(ticket, "complete", captured_at=early)]
    send(any_ledger, *sent, device_now=HEARD, now=HEARD)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.EVIDENCE_PENDING, State.OPEN]
    with any_ledger.begin() as tx:
        evidence_arrived(tx, PHOTO["sha256"], HEARD + MINUTE)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]


def test_an_event_that_happened_before_the_work_but_was_told_after_it_stands_too(any_ledger: Store) -> None:
    ticket = first(any_ledger, "overspeed", "overspeed")
    late = {"event": "overspeed", "origin": "car 2"}
    feed(any_ledger, trapped(NOW + MINUTE, subject="overspeed", failure_mode="overspeed", detail=late), now=EVENT)
    says(any_ledger, ticket, "start", "complete")
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]


def test_what_is_over_meanwhile_asks_for_no_ticket_but_to_be_taken_note_of(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    feed(any_ledger, ended(EVENT + MINUTE), now=EVENT + MINUTE)
    says(any_ledger, ticket, "start", "complete")
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED]
    (episode,) = episodes(any_ledger, "lift-1")
    assert (episode.state, episode.acknowledged_at) == (EpisodeState.CLOSED, None)


def test_who_acknowledged_it_since_has_done_so(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    with any_ledger.begin() as tx:
        acknowledge(tx, alarm(any_ledger).id, "wang", EVENT + MINUTE)
    says(any_ledger, ticket, "start", "complete")
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED, State.OPEN]
    assert alarm(any_ledger).acknowledged_by == "wang"


def test_work_that_is_told_of_at_once_ends_its_ticket_alone(any_ledger: Store) -> None:
    ticket = first(any_ledger)
    comes(any_ledger, 2, EVENT)
    finish(any_ledger, ticket, EVENT)
    assert [one.state for one in tickets(any_ledger, "lift-1")] == [State.COMPLETED]
    assert alarm(any_ledger).acknowledged_by == "li"


def test_of_those_that_a_ticket_gathers_under_maintenance_the_later_one_calls(any_ledger: Store) -> None:
    maintain(any_ledger)
    feed(any_ledger, circuit_open())
    feed(any_ledger, somebody_trapped(5), now=EVENT)
    (ticket,) = tickets(any_ledger, "lift-1")
    says(any_ledger, ticket, "start")
    noted = {one.failure_mode: one.acknowledged_by for one in episodes(any_ledger, "lift-1")}
    assert noted == {"safety_circuit": "li", "entrapment": None}
    says(any_ledger, ticket, "complete")
    done, own = tickets(any_ledger, "lift-1")
    assert (done.state, own.state) == (State.COMPLETED, State.OPEN)
    assert "轿厢困人" in own.reason.zh
    assert "安全回路断开" not in own.reason.zh


def limit(name: str, minutes: int = 0) -> Any:
    of = {"source": FindingSource.LIMIT, "severity": Severity.MAJOR, "subject": name, "evidence": ()}
    return raised(NOW + minutes * MINUTE, **of)


def test_what_is_no_safety_event_has_to_be_acknowledged_but_opens_nothing(any_ledger: Store) -> None:
    feed(any_ledger, limit("vibration:alarm_high"))
    feed(any_ledger, limit("temperature:alarm_high", 5), now=EVENT)
    (ticket,) = tickets(any_ledger)
    says(any_ledger, ticket, "acknowledge", "start")
    assert alarm(any_ledger, "pump-1").acknowledged_by is None
    says(any_ledger, ticket, "complete")
    assert [one.state for one in tickets(any_ledger)] == [State.COMPLETED]


def test_of_a_floods_many_those_are_acknowledged_that_had_joined_it(building: Store) -> None:
    feed(building, *(raised(asset=f"p{n}", source=FindingSource.LIMIT) for n in range(10, 22)))
    late = (raised(EVENT, asset=f"p{n}", source=FindingSource.LIMIT) for n in range(30, 35))
    feed(building, *late, now=EVENT)
    (shared,) = (one for one in orders(building, kind="corrective") if FLOOD in one.tags)
    says(building, shared, "acknowledge")
    with building.read() as tx:
        noted = {one.asset: one.acknowledged_by for one in tx.episodes.of_order(shared.id)}
    assert {noted[f"p{n}"] for n in range(30, 35)} == {None}
    assert {by for asset, by in noted.items() if asset < "p30"} == {"li"}


def held_then_called(ledger: Store) -> WorkOrder:
    """A ticket whose hold a further event ended."""
    ticket = first(ledger)
    step(ledger, ticket, State.IN_PROGRESS, State.ON_HOLD, at=NOW + MINUTE / 2)
    comes(ledger, 2, EVENT)
    return ticket


@pytest.mark.parametrize("words", WORDS)
def test_a_ticket_that_it_opened_again_waits_for_somebody(any_ledger: Store, words: tuple[str, ...]) -> None:
    ticket = held_then_called(any_ledger)
    before = len(history(any_ledger, ticket))
    said = says(any_ledger, ticket, *words)
    assert said == [("applied", OPENED_AGAIN)] * len(words)
    (ticket,) = tickets(any_ledger, "lift-1")
    assert (ticket.state, ticket.acknowledged_at, ticket.arrived_at) == (State.OPEN, None, None)
    assert (ticket.verdict, alarm(any_ledger).acknowledged_by) == (None, None)
    lines = history(any_ledger, ticket)[before:]
    assert [(one.to, one.by) for one in lines] == [(State.OPEN, "li")] * len(words)
    with any_ledger.read() as tx:
        assert len(tx.orders.operations(ticket.id)) == len(words)


def test_its_history_says_what_was_done_and_when(ledger: Store) -> None:
    ticket = held_then_called(ledger)
    says(ledger, ticket, "complete")
    last = history(ledger, ticket)[-1]
    assert (last.at, last.recorded_at, last.person) == (NOW + 2 * MINUTE, HEARD, False)
    zh, en = last.reason.split(" / ")
    assert zh == "处理完成（在工单再次打开之前，事后上传）"
    assert en == "work done, before the ticket was opened again, heard of later: freed"


def test_who_has_accepted_it_since_goes_on(ledger: Store) -> None:
    ticket = held_then_called(ledger)
    step(ledger, ticket, State.ACKNOWLEDGED, at=EVENT + MINUTE)
    says(ledger, ticket, "start", "complete")
    (ticket,) = tickets(ledger, "lift-1")
    assert (ticket.state, ticket.acknowledged_at) == (State.ACKNOWLEDGED, EVENT + MINUTE)
    send(ledger, op(ticket, "complete", captured_at=HEARD.isoformat()), device_now=HEARD, now=HEARD)
    assert tickets(ledger, "lift-1")[0].state is State.COMPLETED


def test_so_waits_one_whose_fault_came_back_after_the_work(any_ledger: Store) -> None:
    """A second tablet tells of the work that somebody else has recorded."""
    feed(any_ledger, raised())
    (ticket,) = tickets(any_ledger)
    finish(any_ledger, ticket, NOW + 3 * MINUTE)
    feed(any_ledger, raised(EVENT), now=EVENT)
    assert says(any_ledger, ticket, "start", "complete") == [("applied", OPENED_AGAIN)] * 2
    hold = op(ticket, "hold", value={"reason": "parts"}, captured_at=NOW.isoformat())
    send(any_ledger, hold, answer(ticket, "S1"), device_now=HEARD, now=HEARD)
    (ticket,) = tickets(any_ledger)
    assert (ticket.state, ticket.reopened, ticket.completed_at) == (State.OPEN, 1, None)
