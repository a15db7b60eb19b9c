"""Planned work that was done while nobody planned: its order is opened later, and its true time still counts."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Occurrence
from maintenance.records.verifying import verify
from maintenance.work_orders import WorkOrder
from plantroom.domain import keys
from plantroom.storage.ledger import SqlLedger
from tests.contract.api.test_missed_too_early import world, yearly
from tests.contract.api.test_several_at_once import beside
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import HOME, World
from tests.contract.maintenance.conftest import SYSTEMS, orders

__all__ = ["beside", "world"]
BACK = datetime(2026, 3, 28, 2, tzinfo=UTC)
"""When the planner runs again: 10:00 on the site. The work was due on 25 March."""


@dataclass(frozen=True)
class Place:
    world: World
    ledger: SqlLedger
    client: TestClient

    def planned(self) -> WorkOrder:
        materialise(self.ledger, self.world.clock.now(), SYSTEMS)
        return orders(self.ledger, asset=self.world.keys[HOME], state="open,scheduled")[0]

    def occurrence(self, order: WorkOrder) -> Occurrence:
        with self.ledger.read() as tx:
            return next(iter(tx.plan.occurrences([order.occurrences[0].key]).values()))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(keys, "_last", 0)
    monkeypatch.setattr("plantroom.domain.keys.time.time_ns", lambda: int(world.clock.now().timestamp()) * 10**9)
    ledger, client = world.ledger, world.admin
    if request.param == "postgresql":
        ledger, client = request.getfixturevalue("beside")
    with ledger.begin() as tx:
        tx.plan.put_row(replace(yearly(), applies_to=AppliesTo(assets=(world.keys[HOME],))))
    return Place(world, ledger, client)


def test_work_from_before_the_opening_counts_when_it_was_done(place: Place) -> None:
    waits = place.planned()
    assert waits.state.value == "scheduled"
    place.world.clock.instant = BACK
    opened = place.planned()
    assert (opened.id, opened.state.value, opened.opened_at) == (waits.id, "open", BACK)
    begun = move(place.client, opened.id, "in_progress", at="2026-03-24T15:00:00+08:00")
    assert begun.status_code == 200, begun.text
    more = {"at": "2026-03-24T16:00:00+08:00", "reason": "补录 / entered later"}
    done = move(place.client, opened.id, "completed", **more).json()
    assert done["opened_at"] == "2026-03-28T02:00:00.000Z"
    assert done["completed_at"] == "2026-03-24T08:00:00.000Z"
    assert done["recorded_late"]["hours"] > 72
    assert [(one["to"], one["at"][:10]) for one in done["history"]][-3:] == [
        ("open", "2026-03-28"),
        ("in_progress", "2026-03-24"),
        ("completed", "2026-03-24"),
    ]
    found = place.occurrence(opened)
    assert (found.state.value, found.completed_at) == ("done", datetime(2026, 3, 24, 8, tzinfo=UTC))
    assert verify(place.ledger).broken is None
    place.world.clock.instant = BACK + timedelta(days=320)
    following = place.planned()
    assert place.occurrence(following).latest == date(2027, 3, 25)
    assert verify(place.ledger).broken is None


@pytest.mark.parametrize("opens", [False, True])
def test_before_it_was_made_is_too_early_in_either_state_and_says_so_by_the_sites_clock(
    place: Place, opens: bool
) -> None:
    order = place.planned()
    if opens:
        place.world.clock.instant = BACK
        assert place.planned().state.value == "open"
    else:
        place.world.clock.forward(days=2)
    made = place.client.get(f"/api/v1/work-orders/{order.id}").json()
    refused = move(place.client, order.id, "in_progress", at="2026-03-02T00:59:59Z")
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["code"]) == (422, "too_early")
    assert problem["message"] == (
        "早于工单生成（站点当地时间2026-03-02 09:00:00）"
        " / is before the work order was made (2026-03-02 09:00:00 on the site)"
    )
    assert place.client.get(f"/api/v1/work-orders/{order.id}").json()["version"] == made["version"]
    assert move(place.client, order.id, "in_progress", at="2026-03-02T09:00:00+08:00").status_code == 200


def test_a_ticket_is_there_from_its_opening_on(world: World) -> None:
    ticket: Any = world.ticket()
    world.clock.forward(hours=1)
    opened = ticket.opened_at - timedelta(seconds=1)
    (problem,) = move(world.admin, ticket.id, "acknowledged", at=opened.isoformat()).json()["errors"]
    assert problem["code"] == "too_early"
    assert "早于工单打开" in problem["message"]
    later = (world.clock.now() + timedelta(minutes=6)).isoformat()
    (problem,) = move(world.admin, ticket.id, "acknowledged", at=later).json()["errors"]
    assert (problem["code"], problem["message"]) == (
        "in_the_future",
        "比现在晚5分钟以上 / is more than five minutes ahead of now",
    )
