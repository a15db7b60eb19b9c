"""A loop test at devices whose clocks are off: what has no time of its own needs no correction."""

from datetime import timedelta

import pytest

from maintenance.loop_tests import CheckResult, Step
from maintenance.work_orders import State
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.events import AssetEvent
from tests.contract.maintenance.loop_walk import TRAPPED, S, Walk, walk

__all__ = ["walk"]

RESET = "fire_alarm_reset"
HOUR_S = 3600


def measured(walk: Walk, asset: str, offset_s: float) -> None:
    with walk.ledger.begin() as tx:
        tx.collect.put_clocks([DeviceClock(asset, round(offset_s * 1000), walk.now, walk.now)])


def reset(walk: Walk, offset_s: float, *tags: str) -> None:
    observed = walk.now + offset_s * S
    one = AssetEvent("e1", "demo", "panel", RESET, observed, walk.now, "info", False, {"tags": list(tags)})
    with walk.ledger.begin() as tx:
        tx.collect.add_events([one])


@pytest.mark.parametrize("offset_s", [8 * HOUR_S, HOUR_S, 360, -8 * HOUR_S])
@pytest.mark.parametrize("tags", [("clock_wrong",), ()], ids=["impossible time", "no time"])
def test_an_event_without_an_alarm_that_has_the_time_of_its_receipt_came_when_it_was_received(
    walk: Walk, offset_s: float, tags: tuple[str, ...]
) -> None:
    measured(walk, "panel", offset_s)
    walk.start("panel", events=[RESET])
    reset(walk.after(10), 0, *tags)
    (check,) = walk.look()
    assert check.result is CheckResult.PASSED


@pytest.mark.parametrize("offset_s", [360, -360])
@pytest.mark.parametrize("happened_s", [10, -60])
def test_the_time_of_an_event_without_an_alarm_is_corrected(walk: Walk, offset_s: float, happened_s: float) -> None:
    measured(walk, "panel", offset_s)
    walk.start("panel", events=[RESET])
    reset(walk.after(10), offset_s + happened_s - 10)
    (check,) = walk.look()
    assert (check.result is CheckResult.PASSED) is (happened_s > 0)


@pytest.mark.parametrize("timed", [True, False], ids=["with a time", "without"])
@pytest.mark.parametrize("offset_s", [360, -360])
def test_an_asked_for_alarm_event_is_the_tests_whatever_the_clock(walk: Walk, offset_s: float, *, timed: bool) -> None:
    measured(walk, "lift-1", offset_s)
    walk.start("lift-1", events=[TRAPPED])
    walk.after(10)
    walk.comes(walk.event(TRAPPED, observed_at=walk.now + (offset_s * S if timed else timedelta())))
    (check,) = walk.look()
    assert check.step(Step.TICKET).at is not None
    (ticket,) = walk.tickets("lift-1")
    assert (ticket.state, "loop_test" in ticket.tags) == (State.OPEN, True)


@pytest.mark.parametrize("timed", [True, False], ids=["with a time", "without"])
@pytest.mark.parametrize("offset_s", [240, -360])
@pytest.mark.parametrize("beyond_s", [5, -100])
def test_since_when_a_value_is_beyond_its_limit_is_corrected(
    walk: Walk, offset_s: float, beyond_s: float, *, timed: bool
) -> None:
    measured(walk, "pump-1", offset_s)
    walk.start("pump-1", points=["vibration"])
    asked = walk.now
    walk.after(10)
    off = offset_s * S if timed else timedelta()
    detail = {
        "level": "alarm_high",
        "value": 9.0,
        "limit": 7.1,
        "beyond_since": (asked + beyond_s * S + off).isoformat(),
    }
    walk.comes(walk.limit(observed_at=walk.now + off, detail=detail))
    (ticket,) = walk.tickets("pump-1")
    assert ("loop_test" in ticket.tags) is (beyond_s > 0)
