"""The plan table and its dates."""

import pytest

from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, World

MONTHLY = {
    "code": "M31",
    "name": {"zh": "月检", "en": "Monthly"},
    "interval": {"every": 1, "unit": "month"},
    "anchor": "2026-01-31",
    "tolerance": {"early_days": 3, "late_days": 3},
    "layer": "contract",
}


def test_a_row_about_an_asset_is_previewed_with_reasons(world: World) -> None:
    client, key = world.admin, world.keys[HOME]
    answer = client.post("/api/v1/plan-rows", json=MONTHLY | {"assets": [key]})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["kind"], made["version"], made["site_code"]) == ("preventive", 1, HOME)
    query = {"asset": key, "from": "2026-03-02", "to": "2026-07-01"}
    items = client.get("/api/v1/plan/preview", params=query).json()["items"]
    dates = [o["nominal_date"] for i in items for o in i["occurrences"] if o["plan_row"] == "M31"]
    assert dates == ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]
    assert all(i["reason"]["zh"] and i["reason"]["en"] for i in items)
    assert all(i["earliest"] <= i["due"] <= i["latest"] for i in items)
    assert {i["asset_ref"]["code"] for i in items} == {"P-1"}


def test_the_preview_of_a_site_pages_without_loss(world: World) -> None:
    world.admin.post("/api/v1/plan-rows", json=MONTHLY | {"classes": ["pump"]})
    world.admin.post("/api/v1/plan-rows", json=MONTHLY | {"code": "DRILL", "site": True, "kind": "drill"})
    query = {"site": HOME, "from": "2026-03-02", "to": "2026-12-31"}
    whole = world.admin.get("/api/v1/plan/preview", params=query).json()["items"]
    assert {i["asset"] for i in whole} >= {world.keys[HOME], f"site:{HOME}"}
    pieces, cursor = [], None
    while True:
        page = world.admin.get(
            "/api/v1/plan/preview", params=query | {"limit": 3} | ({"cursor": cursor} if cursor else {})
        ).json()
        pieces += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pieces == whole


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, ""),
        ({"classes": ["pump"], "site": True}, ""),
        ({"classes": ["spaceship"]}, "classes"),
        ({"system": "warp"}, "system"),
        ({"assets": ["nope"]}, "assets"),
        ({"classes": ["pump"], "contains": ["NOPE"]}, "contains"),
        ({"classes": ["pump"], "checklist": "NOPE"}, "checklist"),
        ({"classes": ["pump"], "site_code": "nowhere"}, "site_code"),
        ({"classes": ["pump"], "interval": {"every": 0, "unit": "month"}}, "interval.every"),
        ({"classes": ["pump"], "interval": {"every": 1, "unit": "moon"}}, "interval.unit"),
        ({"classes": ["pump"], "kind": "corrective"}, "kind"),
        ({"classes": ["pump"], "anchor": "2026-02-30"}, "anchor"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(world: World, change: dict, field: str) -> None:
    answer = world.admin.post("/api/v1/plan-rows", json=MONTHLY | change)
    assert answer.status_code == 422, answer.text
    assert field in {e["field"] for e in answer.json()["errors"]}, answer.text


def test_a_code_is_taken_once(world: World) -> None:
    row = MONTHLY | {"classes": ["pump"]}
    assert world.admin.post("/api/v1/plan-rows", json=row).status_code == 201
    assert world.admin.post("/api/v1/plan-rows", json=row).status_code == 409


def test_rows_of_one_site_are_its_own_business(world: World) -> None:
    here, there = world.as_(Role.SUPERVISOR, HOME), world.as_(Role.VIEWER, AWAY)
    assert here.post("/api/v1/plan-rows", json=MONTHLY | {"classes": ["pump"]}).status_code == 403
    assert here.post("/api/v1/plan-rows", json=MONTHLY | {"assets": [world.keys[HOME]]}).status_code == 201
    assert here.post("/api/v1/plan-rows", json=MONTHLY | {"assets": [world.keys[AWAY]]}).status_code == 422
    mixed = {"assets": [world.keys[HOME], world.keys[AWAY]]}
    assert world.admin.post("/api/v1/plan-rows", json=MONTHLY | mixed).status_code == 422
    assert [r["code"] for r in here.get("/api/v1/plan-rows?code=M31").json()["items"]] == ["M31"]
    assert there.get("/api/v1/plan-rows?code=M31").json()["items"] == []


def test_materialising_twice_creates_nothing_the_second_time(world: World) -> None:
    world.admin.post("/api/v1/plan-rows", json=MONTHLY | {"classes": ["pump"]})
    first = world.admin.post("/api/v1/plan/materialise").json()
    second = world.admin.post("/api/v1/plan/materialise").json()
    assert first["created"] > 0
    assert (second["created"], second["missed"]) == (0, 0)
    (order, *_) = world.admin.get(f"/api/v1/work-orders?kind=preventive&asset={world.keys[HOME]}").json()["items"]
    assert order["occurrences"][0]["plan_row"] == "M31"
    detail = world.admin.get(f"/api/v1/work-orders/{order['id']}").json()
    assert detail["template"]
