"""Completing over HTTP: files that tablets have recorded count as they do in sync."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maintenance.isolation import ISOLATES
from maintenance.work_orders import ChecklistItem, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from tests.contract.api.test_sync import op, send
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import HOME, PASSWORD, World, open_world

PHOTO = "ab" * 32
TEMPLATE = [ChecklistItem("1", "ok", LocalName("外观", "Looks"), evidence=("photo",))]


@pytest.fixture
def arrived() -> set[str]:
    """SHA-256 of the files that are there."""
    return set()


@pytest.fixture
def world(template: Path, tmp_path: Path, arrived: set[str]) -> Iterator[World]:
    with open_world(template, tmp_path, file_arrived=arrived.__contains__) as made:
        yield made


@pytest.fixture
def photographed(world: World) -> WorkOrder:
    """An order in progress with every step answered and its photo recorded by a tablet."""
    order = world.ticket(template=TEMPLATE)
    tablet = world.client()
    session = tablet.post("/api/v1/session", json={"username": "li", "password": PASSWORD}).json()
    tablet.headers["X-CSRF-Token"] = session["csrf_token"]
    photo = op("photo", order.id, "1", sha256=PHOTO, bytes=1000, mime="image/jpeg")
    answer = send(tablet, op("start", order.id), op("answer", order.id, "1", outcome="ok"), photo)
    assert [r["status"] for r in answer.json()["results"]] == ["applied"] * 3
    return order


def complete(world: World, order: WorkOrder) -> dict[str, Any]:
    answer = move(world.as_(Role.TECHNICIAN, HOME), order.id, "completed")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_work_whose_photo_has_arrived_is_completed_at_once(
    world: World, photographed: WorkOrder, arrived: set[str]
) -> None:
    arrived.add(PHOTO)
    done = complete(world, photographed)
    assert (done["state"], "incomplete" in done["tags"]) == ("completed", False)


def test_work_whose_photo_is_on_its_way_waits_for_it_and_is_then_complete(
    world: World, photographed: WorkOrder, arrived: set[str]
) -> None:
    assert complete(world, photographed)["state"] == "evidence_pending"
    arrived.add(PHOTO)
    done = complete(world, photographed)
    assert (done["state"], "incomplete" in done["tags"]) == ("completed", False)


def test_giving_up_on_a_photo_leaves_the_work_incomplete(world: World, photographed: WorkOrder) -> None:
    assert complete(world, photographed)["state"] == "evidence_pending"
    done = complete(world, photographed)
    assert (done["state"], "incomplete" in done["tags"]) == ("completed", True)


def test_isolating_work_that_is_completed_gives_the_machine_back(world: World) -> None:
    order = world.ticket(tags=(ISOLATES,))
    statuses = []
    for to in ("in_progress", "completed"):
        assert move(world.admin, order.id, to).status_code == 200
        statuses.append(world.admin.get(f"/api/v1/assets/{world.keys[HOME]}").json()["status"])
    assert statuses == ["under_maintenance", "in_service"]
