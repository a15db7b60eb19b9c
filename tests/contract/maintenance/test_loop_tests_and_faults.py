"""Loop tests beside real faults: nothing that stands is closed or cancelled by a test, in doubt it is real."""

from typing import Any

import pytest

from maintenance.episode_rules import LOOP_TEST
from maintenance.episodes import Episode, EpisodeState
from maintenance.findings import FindingApplier
from maintenance.loop_tests import CheckResult, Step
from maintenance.shelving import Wish, shelve
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus, Point, Priority, Severity, Source
from plantroom.domain.findings import FindingRaised
from plantroom.domain.sources import TopicSource
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.loop_walk import CLASSES, S, Walk, walk

__all__ = ["walk"]
ALARM, WARNING = "limit:vibration:alarm_high", "limit:vibration:warning_high"


def warning(walk: Walk, **changes: Any) -> FindingRaised:
    detail = {"level": "warning_high", "value": 9.0, "limit": 4.5, "beyond_since": walk.now.isoformat()}
    given = {"finding_id": f"warn-{walk.now.isoformat()}", "subject": "vibration:warning_high"} | changes
    return walk.limit(severity=Severity.INFO, detail=detail, **given)


def standing(walk: Walk, asset: str = "pump-1") -> list[Episode]:
    with walk.ledger.read() as tx:
        found = tx.episodes.list(EVERYTHING, PageRequest(limit=100), asset=asset).items
    return [one for one in found if one.state is EpisodeState.OPEN]


def accepted(walk: Walk, **changes: Any) -> FindingRaised:
    """The vibration's alarm answers the test, and a person accepts its ticket."""
    walk.start("pump-1", points=["vibration"])
    raised = walk.after(10).limit(**changes)
    walk.comes(raised)
    walk.after(10).accept(walk.tickets("pump-1")[0])
    assert walk.look()[0].result is CheckResult.PASSED
    return raised


@pytest.mark.parametrize("safety", [False, True])
def test_an_alarm_that_stands_keeps_its_ticket_when_something_else_of_its_mode_comes(walk: Walk, safety: bool) -> None:
    accepted(walk, safety=safety)
    walk.after(60).comes(warning(walk))
    walk.look()
    walk.after(60).look()
    (ticket,) = walk.tickets("pump-1")
    assert ticket.state is State.ACKNOWLEDGED
    assert [set(one.open_subjects) for one in standing(walk)] == [{ALARM, WARNING}]
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    (ticket,) = walk.tickets("pump-1")
    assert (ticket.state, LOOP_TEST in ticket.tags, ticket.safety) == (State.ACKNOWLEDGED, False, safety)
    (episode,) = standing(walk)
    assert (episode.work_order, LOOP_TEST in episode.tags, episode.safety) == (ticket.id, False, safety)


def test_it_is_closed_by_the_test_once_it_is_over_whatever_else_stands(walk: Walk) -> None:
    raised = accepted(walk)
    walk.after(60).comes(warning(walk))
    walk.after(5).comes(walk.over(raised))
    walk.look()
    assert [one.state for one in walk.tickets("pump-1")] == [State.CANCELLED]
    assert [one.open_subjects for one in standing(walk)] == [(WARNING,)]


def test_a_real_alarm_beside_it_has_a_ticket_of_its_own_that_the_test_leaves_alone(walk: Walk) -> None:
    raised = accepted(walk)
    walk.after(60).comes(walk.limit(subject="temp:alarm_high"))
    walk.after(5).comes(walk.over(raised))
    walk.look()
    test, real = walk.tickets("pump-1")
    assert (test.state, real.state, LOOP_TEST in real.tags) == (State.CANCELLED, State.OPEN, False)


def held_back_by_maintenance(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.UNDER_MAINTENANCE)
    walk.comes(walk.limit(subject="temp:alarm_high", finding_id="real"))


def shelved(walk: Walk) -> None:
    walk.comes(warning(walk, subject="temp:warning_high"))
    with walk.ledger.begin() as tx:
        wish = Wish(standing(walk)[0].id, walk.now + 3600 * S, "a part", "li", ("limit:temp:alarm_high",))
        shelve(tx, wish, tx.assets.plant(), CLASSES, walk.now)
    walk.comes(walk.limit(subject="temp:alarm_high", finding_id="real"))


def completed_just_now(walk: Walk) -> None:
    walk.comes(walk.limit(subject="temp:alarm_high", finding_id="real"))
    (ticket,) = walk.tickets("pump-1")
    with walk.ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, ticket.id, to, walk.now, "li", now=walk.now)


@pytest.mark.parametrize("before", [held_back_by_maintenance, shelved, completed_just_now])
def test_what_was_held_back_gets_a_real_ticket_and_the_check_is_ticked_off(walk: Walk, before: Any) -> None:
    before(walk)
    walk.after(30).start("pump-1", points=["vibration"])
    raised = walk.after(10).limit()
    walk.comes(raised)
    (ticket,) = walk.tickets("pump-1")
    assert (ticket.state, LOOP_TEST in ticket.tags) == (State.OPEN, False)
    assert "回路测试" not in ticket.title.zh
    walk.after(10).accept(ticket)
    (check,) = walk.look()
    assert check.result is CheckResult.PASSED
    assert "stood before" in check.step(Step.TICKET).note.en
    walk.after(5).comes(walk.over(raised))
    walk.look()
    with walk.ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.IN_SERVICE)
        FindingApplier(tx, walk.now, CLASSES).maintenance_ended("pump-1")
    assert [one.state for one in walk.tickets("pump-1")] == [State.ACKNOWLEDGED]
    assert "limit:temp:alarm_high" in standing(walk)[0].open_subjects


def test_a_standing_warning_is_still_there_after_the_test(walk: Walk) -> None:
    walk.comes(warning(walk))
    raised = accepted(walk)
    walk.after(5).comes(walk.over(raised))
    walk.look()
    assert [one.open_subjects for one in standing(walk)] == [(WARNING,)]
    assert [LOOP_TEST in one.tags for one in walk.tickets("pump-1")] == [False]


def test_a_safety_alarm_over_a_done_ticket_takes_over_what_stands(walk: Walk) -> None:
    completed_just_now(walk)
    walk.start("pump-1", points=["vibration"])
    walk.after(10).comes(walk.limit(safety=True))
    done, real = walk.tickets("pump-1")
    assert (done.state, real.state, LOOP_TEST in real.tags) == (State.COMPLETED, State.OPEN, False)
    assert [set(one.open_subjects) for one in standing(walk)] == [{ALARM, "limit:temp:alarm_high"}]


def test_what_becomes_real_has_to_be_acknowledged_again_and_is_told(walk: Walk) -> None:
    accepted(walk)
    with walk.ledger.read() as tx:
        assert tx.alarms.announced_since("demo", walk.now - 3600 * S)[0] == 0
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    with walk.ledger.read() as tx:
        assert tx.alarms.announced_since("demo", walk.now - 3600 * S)[0] == 1
    (episode,) = standing(walk)
    assert (episode.acknowledged_by, episode.work_order) == (None, walk.tickets("pump-1")[0].id)


def test_the_window_is_short_where_a_real_safety_event_could_be_taken_for_the_test(walk: Walk) -> None:
    assert walk.start("lift-1", events=["passenger_trapped"]).window_s == 120
    assert walk.start("pump-1", points=["vibration"]).window_s == 600
    assert walk.start("panel", events=["manual_call_point"], minutes=5).window_s == 300


def test_so_it_is_for_a_limit_that_says_what_a_safety_event_says(walk: Walk) -> None:
    alarms = next(one for one in CLASSES["fire_panel"].points if one.key == "active_alarms")
    with walk.ledger.begin() as tx:
        tx.assets.put_points([Point("panel", alarms)])
    assert walk.start("panel", points=["active_alarms"]).window_s == 120


def test_so_it_is_for_the_limits_of_a_safety_source(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        tx.assets.put_source(Source("pump-1", priority=Priority.SAFETY))
    assert walk.start("pump-1", points=["vibration"]).window_s == 120


def test_in_doubt_it_is_where_a_safety_source_may_bring_the_sensors_readings(walk: Walk) -> None:
    """An earlier version took such sources, which name none of their assets."""
    with walk.ledger.begin() as tx:
        tx.sources.add(TopicSource("k", "demo", "all", "fire/+/data", "json", priority=Priority.SAFETY, asset_from=2))
    assert walk.start("pump-1", points=["vibration"]).window_s == 120
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    with walk.ledger.begin() as tx:
        tx.assets.put_source(Source("pump-1"))
    assert walk.start("pump-1", points=["vibration"]).window_s == 600, "its own source says what it is"


def test_a_sensor_named_twice_is_one_check(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration", "vibration"])
    assert [check.subject for check in walk.checks()] == ["vibration"]


@pytest.mark.parametrize(("event", "asset"), [("passenger_trapped", "lift-1"), ("manual_call_point", "panel")])
def test_what_nobody_saw_is_real_although_it_is_over(walk: Walk, event: str, asset: str) -> None:
    walk.start(asset, events=[event])
    raised = walk.after(20).event(event, asset)
    walk.comes(raised)
    if event == "passenger_trapped":  # nothing ends a manual call point
        walk.after(30).comes(walk.over(raised))
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    ((check,), (ticket,)) = walk.checks(), walk.tickets(asset)
    assert (check.result, check.settled) == (CheckResult.FAILED, True)
    assert (ticket.state, LOOP_TEST in ticket.tags, "loop test" in ticket.title.en) == (State.OPEN, False, False)
    with walk.ledger.read() as tx:
        assert ticket.episode is not None
        episode = tx.episodes.get(ticket.episode)
        assert "nobody had seen it" in tx.orders.transitions(ticket.id)[-1].reason
    assert (LOOP_TEST in episode.tags, episode.acknowledged_at, episode.work_order) == (False, None, ticket.id)


def test_asked_for_again_what_nobody_saw_the_first_time_is_real(walk: Walk) -> None:
    walk.start("lift-1", events=["passenger_trapped"])
    raised = walk.after(20).event("passenger_trapped")
    walk.comes(raised)
    walk.after(10).comes(walk.over(raised))
    walk.keep(lambda keeper: keeper.skip(walk.test.id, 1, "wang", "the wrong lift"))
    walk.keep(lambda keeper: keeper.ask(walk.test.id, 1))
    (ticket,) = walk.tickets("lift-1")
    assert (ticket.state, LOOP_TEST in ticket.tags) == (State.OPEN, False)


def test_what_people_have_rejected_stays_rejected_at_the_end_of_the_test(walk: Walk) -> None:
    walk.start("lift-1", events=["passenger_trapped"])
    raised = walk.after(20).event("passenger_trapped")
    walk.comes(raised)
    (ticket,) = walk.tickets("lift-1")
    with walk.ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.REJECTED, walk.now, "li", "nobody there")
    walk.after(30).comes(walk.over(raised))
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert [(one.state, LOOP_TEST in one.tags) for one in walk.tickets("lift-1")] == [(State.REJECTED, True)]
