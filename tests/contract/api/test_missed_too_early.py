"""Planned work is recorded as missed on its last day at the earliest: before, it can still be done."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, PlanRow
from maintenance.work_orders import WorkOrder
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import HOME, World, open_world
from tests.contract.maintenance.conftest import SYSTEMS, orders
from tests.unit.maintenance.rows import row

LAST = date(2026, 3, 25)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(template, tmp_path) as made:
        made.clock.instant = NOW
        yield made


def planned(world: World, one: PlanRow) -> WorkOrder:
    with world.ledger.begin() as tx:
        tx.plan.put_row(replace(one, applies_to=AppliesTo(assets=(world.keys[HOME],))))
    materialise(world.ledger, world.clock.now(), SYSTEMS)
    return orders(world.ledger, asset=world.keys[HOME], state="open,scheduled")[0]


def yearly() -> PlanRow:
    return row(
        "LAW", 1, "year", 15, 0, layer=Layer.LAW, kind="statutory", max_gap_days=366, anchor=LAST, shift_percent=0
    )


def missed(world: World, order: WorkOrder) -> Any:
    return move(world.admin, order.id, "missed", reason="没有来 / nobody came")


def state_of(world: World, order: WorkOrder) -> str:
    with world.ledger.read() as tx:
        return next(iter(tx.plan.occurrences([order.occurrences[0].key]).values())).state.value


@pytest.mark.parametrize("days_before", [23, 10, 1])
def test_a_miss_before_the_last_day_is_refused_and_says_from_when_on_it_can_be(world: World, days_before: int) -> None:
    order = planned(world, yearly())
    world.clock.instant = datetime(2026, 3, 25, 1, tzinfo=UTC) - timedelta(days=days_before)
    answer = missed(world, order)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:plantroom:problem:not_missed_yet")
    assert answer.json()["detail"] == (
        f"#{order.number}: 最后期限为2026-03-25，自此方可记为漏做（missed）；在此之前可延期（deferral）、"
        "跳过（bypassed）或取消（cancelled）并说明原因 / its last day is 2026-03-25: it can be recorded as missed from "
        "then on; until then put it off (deferral), or end it as bypassed or cancelled, with why"
    )
    assert state_of(world, order) == "due"


@pytest.mark.parametrize("days", [0, 3])
def test_from_its_last_day_on_it_can_be_recorded_as_missed(world: World, days: int) -> None:
    order = planned(world, yearly())
    # 00:30 on the site, which is the day before in UTC.
    world.clock.instant = datetime(2026, 3, 24, 16, 30, tzinfo=UTC) + timedelta(days=days)
    assert missed(world, order).status_code == 200
    assert state_of(world, order) == "missed"


def test_what_is_offered_instead_is_there(world: World) -> None:
    order = planned(world, yearly())
    assert move(world.admin, order.id, "bypassed", reason="停用 / not in use").status_code == 200


def test_a_patrol_is_missed_once_its_time_has_begun(world: World) -> None:
    order = planned(world, row("PAT", 2, "hour", anchor=date(2026, 3, 1)))
    (later,) = [
        one for one in orders(world.ledger, asset=world.keys[HOME], state="scheduled")
        if one.occurrences[0].nominal_at == datetime(2026, 3, 2, 14, tzinfo=UTC)
    ]  # fmt: skip
    assert missed(world, order).status_code == 200, "09:00 on the site: that of 08:00 is under way"
    answer = missed(world, later)
    assert answer.status_code == 409
    assert "工作时间为2026-03-02 22:00" in answer.json()["detail"]
    world.clock.instant = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    assert missed(world, later).status_code == 200, "it ends at midnight: that is not tomorrow"
