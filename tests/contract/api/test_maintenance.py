"""Maintenance by hand over the API: who, why, until when."""

from typing import Any

import pytest

from plantroom.ports.accounts import Role
from tests.contract.api.world import HOME, World


def place(world: World) -> str:
    return f"/api/v1/assets/{world.keys[HOME]}/maintenance"


def begin(world: World, role: Role = Role.SUPERVISOR, **fields: Any) -> Any:
    return world.as_(role).post(place(world), json={"reason": "换轴承", "minutes": 240} | fields)


def status(world: World) -> str:
    return str(world.admin.get(f"/api/v1/assets/{world.keys[HOME]}").json()["status"])


def test_it_is_begun_listed_and_ended(world: World) -> None:
    begun = begin(world)
    assert begun.status_code == 201, begun.text
    assert (begun.json()["until"], begun.json()["found"]) == ("2026-03-02T12:00:00.000Z", "in_service")
    assert status(world) == "under_maintenance"
    assert world.as_(Role.VIEWER).get(place(world)).json()["items"] == [begun.json()]
    ended = world.as_(Role.SUPERVISOR).delete(place(world))
    assert (ended.status_code, ended.json()["ended_at"]) == (200, "2026-03-02T08:00:00.000Z")
    assert status(world) == "in_service"
    assert world.as_(Role.SUPERVISOR).delete(place(world)).status_code == 404


def test_a_technician_cannot(world: World) -> None:
    assert begin(world, Role.TECHNICIAN).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"minutes": 0},
        {"minutes": 7 * 24 * 60 + 1},
        {"minutes": None},
        {"until": "2026-03-02T09:00:00Z"},
        {"minutes": None, "until": "2026-03-02T07:00:00Z"},
        {"minutes": None, "until": "2026-03-10T08:00:00Z"},
        {"minutes": None, "until": "9999-12-31T00:00:00Z"},
        {"reason": " "},
        {"reason": "\x00"},
        {"reason": 5},
        {"else": 1},
    ],
)
def test_what_makes_no_sense_is_refused(world: World, fields: dict[str, Any]) -> None:
    assert begin(world, **fields).status_code == 422
    assert status(world) == "in_service"


def test_a_status_that_somebody_sets_ends_it(world: World) -> None:
    begin(world)
    card = f"/api/v1/assets/{world.keys[HOME]}"
    version = world.admin.get(card).headers["ETag"]
    changed = world.admin.patch(card, json={"status": "out_of_service"}, headers={"If-Match": version})
    assert changed.status_code == 200, changed.text
    (spell,) = world.admin.get(place(world)).json()["items"]
    assert spell["ended_at"] is not None
    assert begin(world).status_code == 409
