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
        ({"classes": ["pump"], "anchor": "1969-12-31"}, "anchor"),
        ({"classes": ["pump"], "anchor": "2201-01-01"}, "anchor"),
        ({"classes": ["pump"], "effective_from": "1969-12-31"}, "effective_from"),
        ({"classes": ["pump"], "effective_from": "9999-01-01"}, "effective_from"),
        ({"classes": ["pump"], "interval": {"every": 101, "unit": "year"}}, "interval.every"),
        ({"classes": ["pump"], "interval": {"every": 1201, "unit": "month"}}, "interval.every"),
        ({"classes": ["pump"], "interval": {"every": 5218, "unit": "week"}}, "interval.every"),
        ({"classes": ["pump"], "interval": {"every": 36526, "unit": "day"}}, "interval.every"),
        ({"classes": ["pump"], "interval": {"every": 2, "unit": "hour"}}, "interval.unit"),
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


def test_a_department_s_supervisor_plans_its_own_work_only(world: World) -> None:
    water = world.as_(Role.SUPERVISOR, HOME, "水务管理部门")
    lifts = world.as_(Role.SUPERVISOR, HOME, "电梯维修部门")
    row = MONTHLY | {"assets": [world.keys[HOME]]}  # a pump of the water department

    def status(client, code: str, **department: str) -> int:
        given = {"department": department} if department else {}
        return client.post("/api/v1/plan-rows", json=row | {"code": code} | given).status_code

    assert status(water, "A", zh="水务管理部门", en="Water") == 201
    assert status(water, "B", zh="电梯维修部门", en="水务管理部门") == 403
    assert status(water, "C", en="电梯维修部门") == 403
    assert status(water, "D") == 201
    assert status(lifts, "E") == 403  # the orders would be the water department's
    assert status(lifts, "F", zh="电梯维修部门") == 201


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


@pytest.mark.parametrize("interval", [(100, "year"), (1200, "month"), (5217, "week"), (36525, "day")])
def test_the_longest_interval_at_the_last_anchor_harms_no_other_row(world: World, interval: tuple[int, str]) -> None:
    longest = MONTHLY | {"code": "LONG", "interval": {"every": interval[0], "unit": interval[1]}, "classes": ["pump"]}
    latest = {"code": "LAST", "anchor": "2200-12-31", "effective_from": "2200-12-31"}
    window = {"tolerance": {"early_days": 3660, "late_days": 3660}, "max_gap_days": 36_600}
    for row in (longest, longest | latest | window, MONTHLY | {"classes": ["pump"]}):
        assert world.admin.post("/api/v1/plan-rows", json=row).status_code == 201
    assert world.admin.post("/api/v1/plan/materialise").json()["created"] > 0
    query = {"site": HOME, "to": "2029-03-01"}
    items = world.admin.get("/api/v1/plan/preview", params=query).json()["items"]
    assert "M31" in {i["occurrences"][0]["plan_row"] for i in items}


@pytest.mark.parametrize("day", ["1899-12-31", "2201-01-01"])
@pytest.mark.parametrize("field", ["in_service_on", "installed_on"])
def test_an_asset_s_days_are_within_reach_of_the_plan(world: World, field: str, day: str) -> None:
    path, free = f"/api/v1/assets/{world.keys[HOME]}", {"If-Match": "*"}
    answer = world.admin.patch(path, json={field: day}, headers=free)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == [field]
    made = world.admin.post("/api/v1/assets", json={"site": HOME, "code": "P-5", "class": "pump", field: day})
    assert made.status_code == 422
    assert world.admin.patch(path, json={field: "1900-01-01"}, headers=free).status_code == 200


@pytest.mark.parametrize(
    ("span", "field"),
    [
        ({"from": "9998-12-31", "to": "9999-12-31"}, "to"),
        ({"from": "9999-12-31"}, "from"),
        ({"from": "2900-01-01", "to": "2900-01-02"}, "to"),
        ({"from": "1999-12-31", "to": "2000-01-05"}, "from"),
        ({"from": "2026-03-02", "to": "2029-03-05"}, "to"),
        ({"from": "2029-03-02", "to": "2031-03-07"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
    ],
)
def test_a_preview_reaches_three_years_wide_and_five_years_ahead(
    world: World, span: dict[str, str], field: str
) -> None:
    answer = world.admin.get("/api/v1/plan/preview", params={"site": HOME} | span)
    assert answer.status_code == 422, answer.text
    assert [e["field"] for e in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "span", [("2026-03-02", "2029-03-02"), ("2028-03-02", "2031-03-02"), ("2000-01-01", "2000-02-01")]
)
def test_the_widest_and_the_furthest_preview_is_given(world: World, span: tuple[str, str]) -> None:
    query = {"site": HOME, "from": span[0], "to": span[1]}
    assert world.admin.get("/api/v1/plan/preview", params=query).status_code == 200
