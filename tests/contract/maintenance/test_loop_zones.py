"""A panel in a loop test while another of its zones really alarms: each is over with its own end."""

from datetime import timedelta
from typing import Any

import pytest

from maintenance.episode_rules import LOOP_TEST
from maintenance.work_orders import State
from plantroom.ports.events import AssetEvent
from tests.contract.maintenance.loop_walk import S, Walk, walk

__all__ = ["walk"]
FIRE, RESET = "fire_alarm", "fire_alarm_reset"


def told(
    walk: Walk,
    event: str,
    place: dict[str, object],
    event_id: str = "",
    *,
    observed: timedelta = timedelta(),
    **more: Any,
) -> None:
    """As the history of events has it."""
    data, at = place | more, walk.now + observed
    one = AssetEvent(event_id or f"e-{walk.now}", "demo", "panel", event, at, walk.now, "critical", True, data)
    with walk.ledger.begin() as tx:
        tx.collect.add_events([one])


def fire(walk: Walk, **place: object) -> None:
    raised = walk.event(FIRE, "panel", detail={"event": FIRE, "data": place, "tags": []})
    told(walk, FIRE, place, raised.finding_id)
    walk.comes(raised)


def two_zones(walk: Walk) -> None:
    """Zone 7 was asked for, came and is confirmed; zone 8 burns."""
    walk.start("panel", events=[FIRE], data={"zone": 7})
    walk.after(10)
    fire(walk, zone=7, detector=2)
    walk.after(10)
    fire(walk, zone=8)
    walk.look()
    walk.after(5).keep(lambda keeper: keeper.confirm(walk.test.id, 1, "wang"))
    walk.look()
    assert states(walk) == [(State.OPEN, True), (State.OPEN, False)]


def states(walk: Walk) -> list[tuple[State, bool]]:
    return [(one.state, LOOP_TEST in one.tags) for one in walk.tickets("panel")]


@pytest.mark.parametrize("place", [{"zone": 7}, {"zone": 7.0, "detector": "2"}])
def test_the_tests_ticket_is_closed_with_the_end_of_its_own_zone(walk: Walk, place: dict[str, object]) -> None:
    two_zones(walk)
    walk.after(20)
    told(walk, RESET, place)
    assert walk.keep(lambda keeper: keeper.due(walk.test.id, {}))
    walk.look()
    assert states(walk) == [(State.CANCELLED, True), (State.OPEN, False)]
    with walk.ledger.read() as tx:
        episode = tx.episodes.latest("panel", walk.event(FIRE, "panel").failure_mode)
    assert episode is not None
    assert (episode.open_subjects, LOOP_TEST in episode.tags) == ((f"rule:{FIRE}",), False), "zone 8 burns on"


@pytest.mark.parametrize(
    ("event", "place", "more"),
    [
        (RESET, {"zone": 8}, {}),
        (RESET, {"zone": 7, "detector": 3}, {}),
        (RESET, {"zone": 7, "loop": 1}, {}),
        (RESET, {"zone": 7}, {"tags": ["damaged"]}),
        ("panel_fault_cleared", {"zone": 7}, {}),
    ],
    ids=["another zone", "another detector", "one of its loops", "damaged", "the end of something else"],
)
def test_nothing_else_closes_it(walk: Walk, event: str, place: dict[str, object], more: dict[str, Any]) -> None:
    two_zones(walk)
    walk.after(20)
    told(walk, event, place, **more)
    walk.look()
    assert states(walk) == [(State.OPEN, True), (State.OPEN, False)]
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert states(walk) == [(State.OPEN, False), (State.OPEN, False)], "what still holds is a fault now"


def test_an_end_from_before_it_closes_nothing(walk: Walk) -> None:
    told(walk, RESET, {"zone": 7})
    walk.after(30)
    two_zones(walk)
    assert states(walk) == [(State.OPEN, True), (State.OPEN, False)]


def test_a_finished_test_leaves_no_ticket_of_what_is_over(walk: Walk) -> None:
    two_zones(walk)
    walk.after(20)
    told(walk, RESET, {"zone": 7})
    walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    assert states(walk) == [(State.CANCELLED, True), (State.OPEN, False)]


def test_while_the_tests_alarm_stands_alone_its_end_is_the_ingests_to_tell(walk: Walk) -> None:
    walk.start("panel", events=[FIRE], data={"zone": 7})
    walk.after(10)
    fire(walk, zone=7)
    walk.look()
    walk.keep(lambda keeper: keeper.confirm(walk.test.id, 1, "wang"))
    walk.now += 5 * S
    told(walk, RESET, {"zone": 7})
    walk.look()
    assert states(walk) == [(State.OPEN, True)]
    walk.comes(walk.over(walk.event(FIRE, "panel")))
    walk.look()
    assert states(walk) == [(State.CANCELLED, True)]
