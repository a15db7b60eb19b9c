"""Completing over HTTP: files that tablets have recorded count as they do in sync."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maintenance.isolation import ISOLATES
from maintenance.orders import create_order
from maintenance.work_orders import ChecklistItem, Kind, Origin, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from tests.contract.api.test_sync import op, send
from tests.contract.api.test_work_orders import move
from tests.contract.api.test_work_records import signed_in
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


def statutory(world: World, kind: Kind = Kind.STATUTORY) -> WorkOrder:
    """Yearly maintenance of a machine, under way, with twelve items."""
    items = [ChecklistItem(f"A-1-{n}", "ok", LocalName("项", "Item"), evidence=("photo",)) for n in range(1, 13)]
    with world.ledger.begin() as tx:
        order = create_order(
            tx, site=HOME, kind=kind, origin=Origin.PLAN, title=LocalName("年度维保", "Yearly"), by="system:planner",
            now=world.clock.now(), asset=world.keys[HOME], template=items,
        )  # fmt: skip
    assert move(world.as_(Role.TECHNICIAN, HOME), order.id, "in_progress").status_code == 200
    return order


def test_another_system_s_record_of_what_a_law_asks_for_is_incomplete_and_not_refused(world: World) -> None:
    order = statutory(world)
    done = move(world.as_(Role.TECHNICIAN, HOME), order.id, "completed")
    assert (done.status_code, done.json()["tags"]) == (200, ["incomplete"])


def test_what_a_law_asks_for_is_not_completed_at_a_desk_with_items_unanswered_and_no_word_on_it(world: World) -> None:
    order, li, boss = statutory(world), signed_in(world, "li"), world.as_(Role.SUPERVISOR, HOME)
    refused = move(li, order.id, "completed")
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["field"], problem["code"]) == (422, "reason", "items_unanswered")
    assert "12 项未答（共 12 项）" in problem["message"]
    assert "12 of 12 items without an answer" in problem["message"]
    assert move(li, order.id, "completed", reason="维保单位纸质记录 / on the contractor's paper").status_code == 200
    refused = move(boss, order.id, "verified")
    (problem,) = refused.json()["errors"]
    assert (refused.status_code, problem["code"]) == (422, "reason_required")
    for said in (
        "未答 12 项（A-1-1, ",
        "缺照片 12 项",
        "items without an answer: 12 (A-1-1, ",
        "A-1-10, …)",
        "photo: 12",
    ):
        assert said in problem["message"], said
    assert move(boss, order.id, "verified", reason="已核对纸质记录").status_code == 200
    (record,) = boss.get("/api/v1/records").json()["items"]
    said = boss.get(f"/api/v1/records/{record['id']}").json()["document"]
    assert (said["incomplete"]["items"], len(said["incomplete"]["unanswered"])) == (12, 12)
    assert said["incomplete"]["without"][0] == {"step": "A-1-1", "kind": "photo"}
    assert {item["result"] for item in said["items"]} == {None}


def test_other_work_is_completed_without_a_word_and_so_is_what_a_tablet_says(world: World) -> None:
    assert move(world.as_(Role.TECHNICIAN, HOME), statutory(world, Kind.PREVENTIVE).id, "completed").status_code == 200
    order, tablet = statutory(world), world.client()
    session = tablet.post("/api/v1/session", json={"username": "li", "password": PASSWORD}).json()
    tablet.headers["X-CSRF-Token"] = session["csrf_token"]
    answer = send(tablet, op("answer", order.id, "A-1-1", outcome="na"), op("complete", order.id))
    assert [(r["status"], r["code"]) for r in answer.json()["results"]] == [
        ("applied", None),
        ("applied", "incomplete"),
    ]
