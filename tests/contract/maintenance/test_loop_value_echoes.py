"""The other way round: a value that a loop test asks for, and the event that comes with it."""

from dataclasses import replace
from typing import Any

import pytest

from maintenance.episode_rules import acknowledged
from maintenance.loop_tests import CheckResult, Step
from maintenance.work_orders import State
from plantroom.domain.assets import UNCLASSIFIED, Point
from plantroom.domain.findings import FindingRaised
from tests.contract.maintenance.loop_walk import CLASSES, S, Walk
from tests.contract.maintenance.test_loop_echoes import (
    ALL,
    FIRE,
    PUMP,
    Told,
    event,
    latest,
    plain,
    seen,
    tickets,
    value,
    walk,
)

__all__ = ["plain", "walk"]


def asked_for_the_value(walk: Walk, what: Told = FIRE) -> None:
    with walk.ledger.begin() as tx:
        of_class = CLASSES[tx.assets.get(what.asset).asset.equipment_class].points
        tx.assets.put_points([Point(what.asset, one) for one in of_class])
    walk.start(what.asset, points=[what.limit.partition(":")[0]])
    walk.after(10)


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
@pytest.mark.parametrize("ends_first", [0, 1], ids=["event ends first", "value ends first"])
@pytest.mark.parametrize("what", ALL, ids=[one.event for one in ALL])
def test_of_a_tested_value_the_event_is_the_echo(walk: Walk, what: Told, *, event_first: bool, ends_first: int) -> None:
    asked_for_the_value(walk, what)
    raised = [event(walk, what), value(walk, what)]
    for one in raised if event_first else reversed(raised):
        walk.comes(one)
        walk.after(4)
    assert tickets(walk, what) == [(State.OPEN, True)]
    seen(walk)
    walk.after(60).comes(walk.over(raised[ends_first]))
    walk.look()
    assert tickets(walk, what) == [(State.OPEN, True)], "the other one stands"
    walk.after(10).comes(walk.over(raised[1 - ends_first]))
    assert walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk, what) == [(State.CANCELLED, True)]


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
def test_an_event_that_outlives_its_tested_value_is_a_real_alarm_after_two_minutes(
    walk: Walk, *, event_first: bool
) -> None:
    asked_for_the_value(walk)
    raised = [event(walk), value(walk)]
    for one in raised if event_first else reversed(raised):
        walk.comes(one)
    seen(walk)
    walk.after(60).comes(walk.over(raised[1]))
    walk.after(119).look()
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(1).look()
    assert tickets(walk) == [(State.OPEN, False)]
    assert latest(walk).open_subjects == ("rule:fire_alarm",)


def test_an_event_that_no_other_one_ends_is_over_with_its_tested_value(walk: Walk) -> None:
    asked_for_the_value(walk)
    call = replace(event(walk), subject="manual_call_point")
    walk.comes(replace(call, detail={**call.detail, "tags": ["repeated"]}))
    high = value(walk)
    walk.after(4).comes(high)
    seen(walk)
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(5).comes(walk.over(high))
    walk.look()
    assert tickets(walk) == [(State.CANCELLED, True)]
    assert latest(walk).open_subjects == ()


def zones(walk: Walk) -> list[FindingRaised]:
    return [value(walk), event(walk, zone=7), event(walk, zone=8)]


def two_events(walk: Walk) -> list[FindingRaised]:
    return [value(walk), event(walk), event(walk, Told("panel", "manual_call_point", FIRE.limit, "fire"))]


def goes_on_from_before(walk: Walk) -> list[FindingRaised]:
    found = event(walk)
    return [value(walk), replace(found, detail={**found.detail, "tags": ["repeated"]})]


def told_late(walk: Walk) -> list[FindingRaised]:
    return [value(walk), replace(event(walk), received_at=walk.now + 3600 * S)]


def seen_before(walk: Walk) -> list[FindingRaised]:
    return [value(walk), replace(event(walk), observed_at=walk.now - 60 * S)]


def of_another_mode(walk: Walk) -> list[FindingRaised]:
    return [value(walk), event(walk, ALL[1])]


@pytest.mark.parametrize("what", [zones, two_events, goes_on_from_before, told_late, seen_before, of_another_mode])
def test_every_other_event_beside_a_tested_value_is_real(walk: Walk, what: Any) -> None:
    asked_for_the_value(walk)
    for one in what(walk):
        walk.comes(replace(one, finding_id=f"{one.subject}-{walk.now}"))
        walk.after(1)
    assert tickets(walk) == [(State.OPEN, True), (State.OPEN, False)]


@pytest.mark.parametrize("what", [zones, goes_on_from_before, seen_before])
def test_an_event_that_is_more_than_the_echo_stays_real_when_the_tested_value_follows(walk: Walk, what: Any) -> None:
    asked_for_the_value(walk)
    first, *rest = what(walk)
    for one in [*rest, first]:
        walk.comes(replace(one, finding_id=f"{one.subject}-{walk.now}"))
        walk.after(1)
    assert tickets(walk) == [(State.OPEN, False)]
    (check,) = walk.look()
    assert "stood before" in check.step(Step.TICKET).note.en


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
def test_an_event_of_no_known_failure_mode_is_nobodys_echo(walk: Walk, *, event_first: bool) -> None:
    what = replace(FIRE, mode=UNCLASSIFIED)
    asked_for_the_value(walk, what)
    raised = [event(walk, what), value(walk, what)]
    for one in raised if event_first else reversed(raised):
        walk.comes(one)
        walk.after(1)
    assert (State.OPEN, False) in tickets(walk, what)


def confirmed(walk: Walk) -> None:
    walk.keep(lambda keeper: keeper.confirm(walk.test.id, 1, "wang"))


def accepted(walk: Walk) -> None:
    walk.accept(walk.tickets("panel")[0])


def accepted_by_a_machine(walk: Walk) -> None:
    walk.accept(walk.tickets("panel")[0], "scada", person=False)


def alarm_acknowledged(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        standing = tx.episodes.latest("panel", "fire")
        assert standing is not None
        tx.episodes.update(acknowledged(standing, "wang", walk.now))


@pytest.mark.parametrize("what", ["manual_call_point", "pre_alarm", "fire_alarm"])
@pytest.mark.parametrize("seen_by", [confirmed, accepted, accepted_by_a_machine, alarm_acknowledged])
def test_an_event_that_comes_when_somebody_has_seen_the_tested_values_ticket_is_real(
    walk: Walk, seen_by: Any, what: str
) -> None:
    asked_for_the_value(walk)
    high = value(walk)
    walk.comes(high)
    seen_by(walk.after(5))
    assert [marked for _, marked in tickets(walk)] == [True]
    walk.after(15).comes(event(walk, Told("panel", what, FIRE.limit, "fire"), zone=9))
    assert tickets(walk)[1:] == [(State.OPEN, False)]
    assert (latest(walk).acknowledged_by, latest(walk).work_order) == (None, walk.tickets("panel")[1].id)
    walk.look()
    walk.after(40).comes(walk.over(high))
    walk.look()
    walk.after(600).keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert tickets(walk)[1:] == [(State.OPEN, False)]
    assert latest(walk).open_subjects == (f"rule:{what}",), "nothing but its own end ends it"


@pytest.mark.parametrize("what", ["manual_call_point", "fire_alarm"])
@pytest.mark.parametrize("seen_by", [accepted, accepted_by_a_machine, alarm_acknowledged])
def test_an_event_that_somebody_has_seen_stays_real_when_the_tested_value_follows(
    walk: Walk, seen_by: Any, what: str
) -> None:
    asked_for_the_value(walk)
    walk.comes(event(walk, Told("panel", what, FIRE.limit, "fire"), zone=9))
    seen_by(walk)
    walk.after(4).comes(value(walk))
    assert [marked for _, marked in tickets(walk)] == [False]
    assert "loop_test" not in latest(walk).tags


def test_an_event_without_its_tested_value_is_real_all_along(walk: Walk) -> None:
    asked_for_the_value(walk)
    walk.comes(event(walk))
    walk.look()
    assert tickets(walk) == [(State.OPEN, False)]
    assert walk.after(200).look()[0].result is CheckResult.FAILED
    assert tickets(walk) == [(State.OPEN, False)]


@pytest.mark.parametrize(("what", "window_s"), [(FIRE, 120), (PUMP, 120)], ids=["fire", "pump"])
def test_the_window_of_a_value_whose_safety_event_may_be_taken_for_it_is_short(
    walk: Walk, what: Told, window_s: float
) -> None:
    asked_for_the_value(walk, what)
    assert walk.test.window_s == window_s
