"""A machine in a loop test that sends both the event and the value that says the same: one alarm, the test's; what is
more than that is real."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from maintenance.episode_rules import LOOP_TEST
from maintenance.episodes import Episode
from maintenance.loop_tests import CheckResult, Step
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.ports.device_clocks import DeviceClock
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.loop_walk import CLASSES, S, Walk
from tests.contract.maintenance.loop_walk import walk as plain

__all__ = ["plain"]


@dataclass(frozen=True)
class Told:
    """What one thing is as an event and as a value."""

    asset: str
    event: str
    limit: str
    mode: str
    safety: bool = True


FIRE = Told("panel", "fire_alarm", "active_alarms:alarm_high", "fire")
PUMP = Told("pumps", "pump_started", "pump_running:alarm_high", "pump_started", safety=False)
ALL = [FIRE, Told("panel", "not_in_auto", "auto_mode:alarm_low", "not_in_auto"), PUMP]


@pytest.fixture
def walk(plain: Walk) -> Walk:
    with plain.ledger.begin() as tx:
        tx.assets.add(Asset("pumps", "demo", "F-2", "fire_pump_set", LocalName("消防泵", "Fire pumps")), [])
    return plain


def asked(walk: Walk, what: Told = FIRE, **wanted: Any) -> None:
    walk.start(what.asset, events=[what.event], **wanted)
    walk.after(10)


def event(walk: Walk, what: Told = FIRE, **data: object) -> FindingRaised:
    known = {one.key: one for one in CLASSES["fire_pump_set"].events} | {
        one.key: one for one in CLASSES["fire_panel"].events
    }
    name = {"zh": known[what.event].name.zh, "en": known[what.event].name.en}
    detail = {"event": what.event, "data": data, "tags": [], "name": name}
    changes = {"subject": what.event, "failure_mode": what.mode, "detail": detail}
    return walk.event("fire_alarm", what.asset, **changes)


def value(walk: Walk, what: Told = FIRE, since: float = 0, **changes: Any) -> FindingRaised:
    point, _, level = what.limit.partition(":")
    began = walk.now - since * S
    detail = {"point": point, "level": level, "value": 1.0, "limit": 0.5, "beyond_since": began.isoformat(), "tags": []}
    given = {"subject": what.limit, "failure_mode": what.mode, "safety": what.safety} | changes
    return walk.limit(asset=what.asset, severity=Severity.CRITICAL, evidence=(), detail=detail, **given)


def seen(walk: Walk) -> None:
    walk.look()
    walk.after(5).keep(lambda keeper: keeper.confirm(walk.test.id, 1, "wang"))
    walk.look()


def tickets(walk: Walk, what: Told = FIRE) -> list[tuple[State, bool]]:
    """State, and whether it is the test's by its tag and its title alike."""
    found = walk.tickets(what.asset)
    assert all((LOOP_TEST in one.tags) == ("回路测试" in one.title.zh) for one in found)
    return [(one.state, LOOP_TEST in one.tags) for one in found]


def latest(walk: Walk, what: Told = FIRE) -> Episode:
    with walk.ledger.read() as tx:
        found = tx.episodes.latest(what.asset, what.mode)
    assert found is not None
    return found


def both(walk: Walk, what: Told, *, event_first: bool) -> tuple[FindingRaised, FindingRaised]:
    """The asked-for event and its value, 4 s apart; somebody has seen the ticket."""
    asked(walk, what)
    found = {}
    for kind in (event, value) if event_first else (value, event):
        raised = kind(walk, what)
        walk.comes(raised)
        walk.after(4)
        found[kind] = raised
    assert tickets(walk, what) == [(State.OPEN, True)]
    seen(walk)
    return found[event], found[value]


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
@pytest.mark.parametrize("ends_first", [0, 1], ids=["event ends first", "value ends first"])
@pytest.mark.parametrize("what", ALL, ids=[one.event for one in ALL])
def test_event_and_value_are_one_ticket_of_the_test(
    walk: Walk, what: Told, *, event_first: bool, ends_first: int
) -> None:
    raised = both(walk, what, event_first=event_first)
    (check,) = walk.checks()
    assert (check.result, check.step(Step.TICKET).note.en) == (CheckResult.PASSED, "")
    assert latest(walk, what).acknowledged_by == "wang"
    walk.after(60).comes(walk.over(raised[ends_first]))
    walk.look()
    assert tickets(walk, what) == [(State.OPEN, True)], "the other one stands"
    walk.after(10).comes(walk.over(raised[1 - ends_first]))
    assert walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk, what) == [(State.CANCELLED, True)]
    with walk.ledger.read() as tx:
        assert tx.alarms.announced_since("demo", NOW)[0] == (0 if event_first else 1)


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
def test_a_value_that_outlives_its_event_is_a_real_alarm_after_two_minutes(walk: Walk, *, event_first: bool) -> None:
    fire, _ = both(walk, FIRE, event_first=event_first)
    walk.after(60).comes(walk.over(fire))
    walk.look()
    walk.after(119)
    assert not walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(1)
    assert walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk) == [(State.OPEN, False)]
    episode = latest(walk)
    assert (episode.open_subjects, LOOP_TEST in episode.tags, episode.work_order, episode.acknowledged_by) == (
        (f"limit:{FIRE.limit}",), False, walk.tickets("panel")[0].id, None,
    )  # fmt: skip


def test_so_it_is_when_nobody_has_seen_the_ticket(walk: Walk) -> None:
    asked(walk)
    fire = event(walk)
    walk.comes(fire)
    walk.after(1).comes(value(walk))
    walk.after(10).comes(walk.over(fire))
    walk.after(60).look()
    assert tickets(walk) == [(State.OPEN, True)]
    assert walk.after(60).look()[0].result is CheckResult.ANSWERED
    assert tickets(walk) == [(State.OPEN, False)]
    assert not walk.keep(lambda keeper: keeper.due(walk.test.id, {})), "and then nothing is written for nothing"


def finishes(walk: Walk) -> None:
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))


@pytest.mark.parametrize("over", [True, False])
def test_what_stands_when_the_test_ends_is_real(walk: Walk, *, over: bool) -> None:
    fire, _ = both(walk, FIRE, event_first=True)
    if over:
        walk.after(5).comes(walk.over(fire))
        walk.look()
    finishes(walk)
    assert tickets(walk) == [(State.OPEN, False)]
    assert f"limit:{FIRE.limit}" in latest(walk).open_subjects


def test_a_value_without_its_event_is_real_all_along(walk: Walk) -> None:
    asked(walk)
    walk.comes(value(walk))
    walk.look()
    assert tickets(walk) == [(State.OPEN, False)]
    assert walk.after(120).look()[0].result is CheckResult.FAILED
    assert tickets(walk) == [(State.OPEN, False)]


def building_up(walk: Walk) -> None:
    walk.comes(value(walk, since=60))


def accepted_as_real(walk: Walk) -> None:
    walk.comes(value(walk))
    walk.accept(walk.tickets("panel")[0])


def another_zone_too(walk: Walk) -> None:
    walk.comes(value(walk))
    walk.after(1).comes(event(walk, zone=8))


@pytest.mark.parametrize("before", [building_up, accepted_as_real, another_zone_too])
def test_a_ticket_that_is_more_than_the_echo_stays_real(walk: Walk, before: Any) -> None:
    asked(walk, data={"zone": 7})
    before(walk)
    walk.after(4).comes(event(walk, zone=7))
    assert [marked for _, marked in tickets(walk)] == [False]
    (check,) = walk.look()
    assert "stood before" in check.step(Step.TICKET).note.en
    finishes(walk)
    assert [marked for _, marked in tickets(walk)] == [False]


def another_mode(walk: Walk) -> FindingRaised:
    return value(walk, ALL[1])


def building_up_before(walk: Walk) -> FindingRaised:
    return value(walk, since=60)


def by_a_model(walk: Walk) -> FindingRaised:
    return value(walk, source=FindingSource.MODEL)


@pytest.mark.parametrize("more", [another_mode, building_up_before, by_a_model])
def test_beside_the_tests_alarm_everything_else_is_real(walk: Walk, more: Any) -> None:
    asked(walk)
    walk.comes(event(walk))
    walk.after(4).comes(more(walk))
    assert tickets(walk) == [(State.OPEN, True), (State.OPEN, False)]


def test_a_value_that_comes_back_and_goes_again_is_real(walk: Walk) -> None:
    _, high = both(walk, FIRE, event_first=True)
    walk.after(5).comes(walk.over(high))
    walk.after(5).comes(value(walk))
    assert tickets(walk) == [(State.OPEN, True), (State.OPEN, False)]


def test_another_zone_is_real_and_takes_the_value_over(walk: Walk) -> None:
    asked(walk, data={"zone": 7})
    fire = event(walk, zone=7)
    walk.comes(fire)
    walk.after(2).comes(value(walk))
    walk.after(10).comes(event(walk, zone=8))
    seen(walk)
    assert tickets(walk) == [(State.OPEN, True), (State.OPEN, False)]
    episode = latest(walk)
    assert set(episode.open_subjects) == {"rule:fire_alarm", f"limit:{FIRE.limit}"}
    walk.after(20).comes(walk.over(fire))
    walk.look()
    assert tickets(walk) == [(State.CANCELLED, True), (State.OPEN, False)]
    assert latest(walk).open_subjects == (f"limit:{FIRE.limit}",)


def test_after_the_tests_alarm_is_over_a_value_is_real(walk: Walk) -> None:
    asked(walk)
    fire = event(walk)
    walk.comes(fire)
    seen(walk)
    walk.after(5).comes(walk.over(fire))
    walk.look()
    walk.after(5).comes(value(walk))
    assert tickets(walk) == [(State.CANCELLED, True), (State.OPEN, False)]


def test_of_an_event_that_no_other_one_ends_the_value_tells_the_end(walk: Walk) -> None:
    point = Told("panel", "manual_call_point", FIRE.limit, "fire")
    _, high = both(walk, point, event_first=True)
    walk.after(150)
    assert not walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk) == [(State.OPEN, True)]
    walk.comes(walk.over(high))
    walk.look()
    assert tickets(walk) == [(State.CANCELLED, True)]


def test_a_ticket_of_the_test_that_is_done_gathers_nothing(walk: Walk) -> None:
    asked(walk)
    walk.comes(event(walk))
    with walk.ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, walk.tickets("panel")[0].id, to, walk.now, "li", now=walk.now, person=True)
    walk.after(4).comes(value(walk))
    assert tickets(walk) == [(State.COMPLETED, True), (State.OPEN, False)]


@pytest.mark.parametrize("event_first", [True, False], ids=["event first", "value first"])
def test_a_clock_that_is_known_to_be_off_is_taken_into_account(walk: Walk, *, event_first: bool) -> None:
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock("panel", -42_000, NOW, NOW)])
    asked(walk)
    off = walk.now - 42 * S
    found = [event(walk), value(walk, since=42)]
    for one in found if event_first else reversed(found):
        walk.comes(replace(one, observed_at=off))
    assert tickets(walk) == [(State.OPEN, True)]


@pytest.mark.parametrize("off", [-7200, -130, 0, 280], ids="{} s".format)
def test_the_echo_has_two_minutes_from_when_we_heard_of_the_end_whatever_the_devices_clock_says(
    walk: Walk, off: int
) -> None:
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock("panel", 1000 * off, NOW, NOW)])
    asked(walk)
    found = event(walk), value(walk, since=-off)
    for one in found:
        walk.comes(replace(one, observed_at=walk.now + off * S))
    seen(walk)
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(60).comes(replace(walk.over(found[0]), observed_at=walk.now + off * S))
    walk.after(119)
    assert not walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(1)
    assert walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert tickets(walk) == [(State.OPEN, False)]


def test_the_end_of_another_echo_gives_none_more_time(walk: Walk) -> None:
    asked(walk)
    found = event(walk), value(walk), value(walk, replace(FIRE, limit="smoke:alarm_high"))
    for one in found:
        walk.comes(replace(one, finding_id=one.subject))
    walk.after(5).comes(walk.over(found[0]))
    walk.after(115).comes(walk.over(found[1]))
    walk.look()
    assert tickets(walk) == [(State.OPEN, True)]
    walk.after(5).look()
    assert tickets(walk) == [(State.OPEN, False)]
