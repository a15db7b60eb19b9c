"""Loop tests on a real ledger: only what was asked for is marked, and everything that is real makes a ticket of its
own."""

from typing import Any

import pytest

from maintenance.episode_rules import LOOP_TEST
from maintenance.loop_tests import CheckResult, Step, TestState
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus, Presence, Severity
from plantroom.domain.findings import FindingSource
from plantroom.errors import BadData, Conflict
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.ledger import PresenceChange
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.loop_walk import CLASSES, TRAPPED, S, Walk, states, walk

__all__ = ["walk"]


def test_an_asked_for_event_ticks_off_every_link_and_its_ticket_is_closed_by_the_test(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    raised = walk.after(20).event(TRAPPED)
    walk.comes(raised)
    (ticket,) = walk.tickets("lift-1")
    assert ticket.title.zh.startswith("【回路测试】")
    assert ticket.title.en.startswith("[loop test] ")
    assert LOOP_TEST in ticket.tags
    assert ticket.severity is Severity.CRITICAL
    (check,) = walk.look()
    assert check.result is CheckResult.ANSWERED
    assert states(check) == ["seen"] * 4 + ["waiting"]
    walk.after(5).accept(ticket)
    (check,) = walk.look()
    assert (check.result, check.step(Step.PERSON).evidence) == (CheckResult.PASSED, "li")
    assert walk.tickets("lift-1")[0].state is State.ACKNOWLEDGED, "nobody said that the passenger is free"
    walk.after(5).comes(walk.over(raised))
    walk.look()
    (ticket,) = walk.tickets("lift-1")
    assert ticket.state is State.CANCELLED
    assert "loop test" in (ticket.end_reason or "")
    walk.look()
    with walk.ledger.read() as tx:
        assert tx.loop_tests.get(walk.test.id).state is TestState.FINISHED


def test_the_same_event_a_second_time_is_real(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(20).comes(walk.event(TRAPPED))
    walk.after(5).comes(walk.event(TRAPPED))
    first, second = walk.tickets("lift-1")
    assert LOOP_TEST in first.tags
    assert LOOP_TEST not in second.tags
    assert "回路测试" not in second.title.zh
    assert second.state is State.OPEN


def test_what_was_not_asked_for_is_real(walk: Walk) -> None:
    walk.start("lift-1", "panel", events=[], points=[])
    asked = next(check for check in walk.checks() if check.result is CheckResult.ASKED)
    other = next(check for check in walk.checks() if check.asset != asked.asset and check.kind.value == "event")
    walk.after(10).comes(walk.event(other.subject, other.asset))
    (ticket,) = walk.tickets(other.asset)
    assert LOOP_TEST not in ticket.tags
    assert walk.tickets(asked.asset) == []


@pytest.mark.parametrize(
    ("seconds", "changes"),
    [
        (20, {"observed_at": NOW - 60 * S}),
        (20, {"observed_at": NOW - 3600 * S}),
        (700, {}),
        (20, {"received_at": NOW + 700 * S}),
        (20, {"source": FindingSource.MODEL}),
    ],
)
def test_what_was_seen_before_or_after_its_window_or_by_others_is_real(
    walk: Walk, seconds: int, changes: dict[str, Any]
) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(seconds).comes(walk.event(TRAPPED, **changes))
    assert all(LOOP_TEST not in ticket.tags for ticket in walk.tickets("lift-1"))
    assert len(walk.tickets("lift-1")) == 1


def fire_event() -> str:
    return next(e.key for e in CLASSES["fire_panel"].events if e.safety and e.clears is None)


@pytest.mark.parametrize("test_first", [True, False])
def test_a_fire_in_another_zone_of_the_tested_panel_is_real(walk: Walk, test_first: bool) -> None:
    fire = fire_event()
    walk.start("panel", events=[fire], data={"zone": 7})
    elsewhere = {"event": fire, "data": {"zone": 3}, "tags": []}
    here = {"event": fire, "data": {"zone": 7}, "tags": []}
    found = [here, elsewhere] if test_first else [elsewhere, here]
    for detail in found:
        walk.after(10).comes(walk.event(fire, "panel", detail=detail))
    walk.look()
    real = [ticket for ticket in walk.tickets("panel") if LOOP_TEST not in ticket.tags]
    assert [(ticket.state, ticket.severity) for ticket in real] == [(State.OPEN, Severity.CRITICAL)]
    assert len(walk.tickets("panel")) == 1 + test_first
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert [one.state for one in walk.tickets("panel") if one.id == real[0].id] == [State.OPEN]


def test_an_event_that_joins_a_real_ticket_leaves_it_real(walk: Walk) -> None:
    walk.comes(walk.event(TRAPPED))
    walk.after(60).start("lift-1", events=[TRAPPED])
    walk.after(10).comes(walk.event(TRAPPED))
    (ticket,) = walk.tickets("lift-1")
    assert LOOP_TEST not in ticket.tags
    (check,) = walk.look()
    assert check.step(Step.TICKET).evidence == ticket.id
    walk.after(5).accept(ticket)
    walk.look()
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    (ticket,) = walk.tickets("lift-1")
    assert ticket.state is State.ACKNOWLEDGED, "a real ticket is nobody's to close but people's"


def test_a_point_with_limits_is_tested_up_to_the_person(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    (check,) = walk.after(3).look({1: walk.now})
    assert states(check) == ["seen", "seen", "waiting", "waiting", "waiting"]
    raised = walk.after(10).limit()
    walk.comes(raised)
    (ticket,) = walk.tickets("pump-1")
    assert LOOP_TEST in ticket.tags
    walk.after(10).accept(ticket)
    walk.look()
    assert walk.tickets("pump-1")[0].state is State.ACKNOWLEDGED, "it is not over yet"
    walk.after(10).comes(walk.over(raised))
    walk.look()
    assert walk.tickets("pump-1")[0].state is State.CANCELLED


def test_what_still_holds_when_the_test_ends_becomes_a_real_ticket(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    walk.after(10).comes(walk.limit())
    walk.after(10).keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    (ticket,) = walk.tickets("pump-1")
    assert (ticket.state, LOOP_TEST in ticket.tags) == (State.OPEN, False)
    assert "回路测试" not in ticket.title.zh
    assert "loop test" not in ticket.title.en


def test_a_real_fault_after_the_test_has_a_ticket_of_its_own(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    raised = walk.after(10).limit()
    walk.comes(raised)
    walk.after(10).accept(walk.tickets("pump-1")[0])
    walk.after(10).comes(walk.over(raised))
    walk.look()
    walk.after(3600).comes(walk.limit())
    first, second = walk.tickets("pump-1")
    assert first.state is State.CANCELLED
    assert (second.state, second.tags) == (State.OPEN, ())


def test_an_alarm_that_was_building_up_before_it_was_asked_for_is_real(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    walk.after(2).comes(walk.limit(detail={"level": "alarm_high", "beyond_since": (NOW - 60 * S).isoformat()}))
    (ticket,) = walk.tickets("pump-1")
    assert LOOP_TEST not in ticket.tags


def test_links_that_do_not_apply_say_why(walk: Walk) -> None:
    walk.start("pump-1", points=["temp"])
    (check,) = walk.checks()
    assert states(check) == ["waiting", "waiting", "not_applicable", "not_applicable", "not_applicable"]
    assert check.step(Step.ALARM).note.zh == "该测点未设报警限值"
    (check,) = walk.after(3).look({1: walk.now})
    assert check.result is CheckResult.PASSED


def test_under_maintenance_an_asked_for_alarm_makes_its_ticket_and_a_real_one_waits(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    with walk.ledger.begin() as tx:
        tx.assets.set_status("pump-1", AssetStatus.UNDER_MAINTENANCE)
    walk.after(10).comes(walk.limit())
    (ticket,) = walk.tickets("pump-1")
    assert LOOP_TEST in ticket.tags
    walk.after(10).comes(walk.limit())
    assert len(walk.tickets("pump-1")) == 1


def test_safety_events_under_maintenance_never_gather_on_a_tests_ticket(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.UNDER_MAINTENANCE)
    walk.start("lift-1", events=[TRAPPED])
    walk.after(10).comes(walk.event(TRAPPED))
    walk.after(10).comes(walk.event("safety_circuit_open"))
    first, second = walk.tickets("lift-1")
    assert (LOOP_TEST in first.tags, LOOP_TEST in second.tags) == (True, False)


def test_what_never_answers_fails_and_says_what_to_look_at_then_the_next_is_asked_for(walk: Walk) -> None:
    walk.start("lift-1", "pump-1", events=[], points=[])
    first = next(check for check in walk.checks() if check.result is CheckResult.ASKED)
    checks = walk.after(601).look()
    failed = next(check for check in checks if check.number == first.number)
    assert failed.result is CheckResult.FAILED
    assert "no message ever came" in failed.reason.en
    assert [check.number for check in checks if check.result is CheckResult.ASKED] == [first.number + 1]
    asked = walk.keep(lambda keeper: keeper.ask(walk.test.id, first.number))
    assert asked.result is CheckResult.ASKED
    assert [c.number for c in walk.checks() if c.result is CheckResult.ASKED] == [first.number]


def test_a_reading_without_an_alarm_points_to_the_limits(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    walk.after(3).look({1: walk.now})
    (check,) = walk.after(700).look()
    assert "limits" in check.reason.en
    assert check.reason.zh


@pytest.mark.parametrize("name", ["machine-token", "li"])
def test_only_somebody_who_has_signed_in_counts_as_the_person(walk: Walk, name: str) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(20).comes(walk.event(TRAPPED))
    walk.after(5).accept(walk.tickets("lift-1")[0], by=name, person=False)
    (check,) = walk.look()
    assert check.result is CheckResult.ANSWERED


def test_confirming_skipping_and_asking_refuse_what_makes_no_sense(walk: Walk) -> None:
    test = walk.start("lift-1", events=[TRAPPED])
    with pytest.raises(Conflict):
        walk.keep(lambda keeper: keeper.confirm(test.id, 1, "li"))
    with pytest.raises(BadData):
        walk.keep(lambda keeper: keeper.skip(test.id, 1, "wang", "  "))
    walk.keep(lambda keeper: keeper.skip(test.id, 1, "wang", "detector missing"))
    with pytest.raises(Conflict):
        walk.keep(lambda keeper: keeper.skip(test.id, 1, "wang", "again"))
    walk.keep(lambda keeper: keeper.finish(test.id, "wang"))
    for late in (lambda k: k.ask(test.id, 1), lambda k: k.skip(test.id, 1, "wang", "x")):
        with pytest.raises(Conflict):
            walk.keep(late)
    assert walk.keep(lambda keeper: keeper.finish(test.id, "li")).finished_by == "wang"


def test_an_asset_is_in_one_test_at_a_time(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    with pytest.raises(Conflict):
        walk.start("lift-1", "pump-1")


def test_looking_again_changes_nothing(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(20).comes(walk.event(TRAPPED))
    once = walk.look()
    assert walk.after(60).look() == once


@pytest.mark.parametrize(("offset_ms", "word"), [(-42_000, "off by -42 s"), (-(10**12 * 9 // 5), "never set")])
def test_what_did_not_come_inside_its_window_names_the_clock(walk: Walk, offset_ms: int, word: str) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(60)
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock("lift-1", offset_ms, NOW, NOW)])
        tx.collect.put_presence([PresenceChange("lift-1", Presence.ONLINE, NOW, NOW + 60 * S)])
    walk.after(600)
    (check,) = walk.look()
    assert word in check.reason.en


def test_a_clock_that_is_known_to_be_off_is_taken_into_account(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock("lift-1", -42_000, NOW, NOW)])
    walk.start("lift-1", events=[TRAPPED])
    walk.after(20).comes(walk.event(TRAPPED, observed_at=walk.now - 42 * S))
    (ticket,) = walk.tickets("lift-1")
    assert LOOP_TEST in ticket.tags
