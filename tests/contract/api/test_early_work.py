"""Planned work that is begun or done before its window says so, and what the next date counts from."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from maintenance.plan import Layer, PlanRow
from tests.contract.api.test_missed_too_early import planned, world, yearly
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import World
from tests.unit.maintenance.rows import row

__all__ = ["world"]
CALENDAR = row("OWN", 1, "year", 5, 0, anchor=date(2026, 3, 25))


def stepped(world: World, order: Any, to: str) -> dict[str, Any]:
    answer = move(world.admin, order.id, to, reason="现在方便 / it suits now")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert world.admin.get(f"/api/v1/work-orders/{order.id}").json()["early"] == found["early"]
    return found


def test_work_begun_and_done_before_its_window_says_by_how_much_and_what_follows(world: World) -> None:
    order = planned(world, yearly())
    assert world.admin.get(f"/api/v1/work-orders/{order.id}").json()["early"] is None
    begun = stepped(world, order, "in_progress")["early"]
    assert (begun["days"], begun["day"], begun["opens"]) == (8, "2026-03-02", "2026-03-10")
    assert begun["text"] == {
        "zh": "2026-03-02开始，比可做期首日（2026-03-10）早8天，照常计入本次；下一次的最长间隔（366天）自完成之日起算",
        "en": "begun on 2026-03-02, 8 days before its window opens on 2026-03-10: it counts for this date; the longest "
        "gap to the next one (366 days) counts from the day that it is done",
    }
    world.clock.forward(days=7)
    done = stepped(world, order, "completed")["early"]
    assert done["text"]["zh"] == (
        "2026-03-09完成，比可做期首日（2026-03-10）早1天，照常计入本次；下一次的最长间隔（366天）自2026-03-09起算"
    )
    assert done["text"]["en"].startswith("done on 2026-03-09, 1 day before its window opens on 2026-03-10")


@pytest.mark.parametrize(
    ("own", "follows"),
    [(CALENDAR, "the dates that follow stay"),
     (replace(CALENDAR, shift_percent=100), "the dates that follow move forward with it"),
     (replace(CALENDAR, layer=Layer.MAKER), "the dates that follow stay")],
)  # fmt: skip
def test_what_no_longest_gap_holds_says_what_becomes_of_its_dates(world: World, own: PlanRow, follows: str) -> None:
    order = planned(world, own)
    assert stepped(world, order, "in_progress")["early"]["text"]["en"].endswith(follows)


def test_work_in_its_window_says_nothing(world: World) -> None:
    order = planned(world, yearly())
    world.clock.forward(days=8)
    assert stepped(world, order, "in_progress")["early"] is None
    assert stepped(world, order, "completed")["early"] is None
