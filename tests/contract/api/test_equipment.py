"""The equipment ledger over HTTP: places, all fields of a machine, points and sensors, parts, what comes due."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, World

FREE = {"If-Match": "*"}
NEXT = {"zh": "名", "en": "name"}


def problems(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["field"], one["code"]) for one in answer.json()["errors"]]


def place(client: TestClient, kind: str, zh: str, parent: str | None = None, site: str = HOME) -> str:
    body = {"site": site, "kind": kind, "name": {"zh": zh}, "parent": parent}
    answer = client.post("/api/v1/locations", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


def machine(client: TestClient, code: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/assets", json={"site": HOME, "code": code, "class": "pump", **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_tree_is_built_moved_renamed_and_taken_down(world: World) -> None:
    client = world.admin
    house, other = place(client, "building", "1号楼"), place(client, "building", "2号楼")
    floor = place(client, "floor", "B1", house)
    room = place(client, "space", "水泵房", floor)
    pump = machine(client, "P-7", location=room)
    tree = client.get("/api/v1/locations/tree", params={"site": HOME}).json()
    first = next(node for node in tree["items"] if node["key"] == house)
    assert (first["assets"], first["assets_below"], first["children"][0]["children"][0]["assets"]) == (0, 1, 1)
    assert (tree["assets"], tree["assets_below"]) == (1, 2)
    short = client.get("/api/v1/locations/tree", params={"site": HOME, "root": house, "depth": 1}).json()
    assert (short["items"][0]["more"], short["items"][0]["children"]) == (1, [])

    etag = client.get(f"/api/v1/locations/{floor}").headers["etag"]
    moved = client.patch(f"/api/v1/locations/{floor}", json={"parent": other}, headers={"If-Match": etag})
    assert (moved.status_code, moved.json()["parent"], moved.json()["version"]) == (200, other, 2)
    stale = client.patch(f"/api/v1/locations/{floor}", json={"parent": house}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["conflicts"]) == (412, ["parent"])
    assert stale.json()["current"]["parent"] == other
    assert client.patch(f"/api/v1/locations/{floor}", json={"parent": house}).status_code == 428

    found = client.get("/api/v1/assets", params={"location": other}).json()["items"]
    assert [one["code"] for one in found] == ["P-7"]
    assert client.get("/api/v1/assets", params={"location": house}).json()["items"] == []
    card = client.get(f"/api/v1/assets/{pump['key']}/card").json()
    assert [name["zh"] for name in card["places"]] == ["2号楼", "B1", "水泵房"]
    assert client.delete(f"/api/v1/locations/{room}").status_code == 409
    client.patch(f"/api/v1/assets/{pump['key']}", json={"location": None}, headers=FREE)
    for key in (room, floor, other, house):
        assert client.delete(f"/api/v1/locations/{key}").status_code == 204
    assert client.get("/api/v1/locations", params={"site": HOME}).json()["items"] == []


@pytest.mark.parametrize(
    ("kind", "parent", "wrong"),
    [
        ("floor", None, ("parent", "wrong_order")),
        ("building", "house", ("parent", "wrong_order")),
        ("floor", "far", ("parent", "another_site")),
        ("space", "nope", ("parent", "unknown_location")),
    ],
)
def test_a_place_that_cannot_stand_there_is_refused_by_field(
    world: World, kind: str, parent: str | None, wrong: tuple[str, str]
) -> None:
    client = world.admin
    keys = {"house": place(client, "building", "1号楼"), "far": place(client, "building", "远", site=AWAY)}
    body = {"site": HOME, "kind": kind, "name": NEXT, "parent": keys.get(parent or "", parent)}
    assert problems(client.post("/api/v1/locations", json=body)) == [wrong]


def test_a_circle_of_places_is_refused(world: World) -> None:
    client = world.admin
    outer = place(client, "space", "外")
    inner = place(client, "space", "内", outer)
    answer = client.patch(f"/api/v1/locations/{outer}", json={"parent": inner}, headers=FREE)
    assert problems(answer) == [("parent", "cycle")]
    for change, status in (({"name": None}, 200), ({"kind": "room"}, 422), ({"site": AWAY}, 422)):
        assert client.patch(f"/api/v1/locations/{outer}", json=change, headers=FREE).status_code == status


FULL = {
    "design_life_years": 15,
    "purchase_cost": 120000.5,
    "replacement_cost": 150000,
    "warranty_until": "2028-01-31",
    "licences": [{"kind": "inspection", "number": "T-1", "issued_on": "2025-01-01", "expires_on": "2026-03-20"}],
    "maker_limits": [{"quantity": "ambient_temperature", "unit": "Cel", "low": 5, "high": 40}],
    "documents": [{"name": "手册", "kind": "manual", "url": "https://x.example/m.pdf"}],
}


def test_every_field_of_a_machine_is_taken_and_answered(world: World) -> None:
    made = machine(world.admin, "P-7", parent=world.keys[HOME], **FULL)
    shown = world.admin.get(f"/api/v1/assets/{made['key']}").json()
    assert shown == made
    for name, value in FULL.items():
        kept = shown[name]
        if isinstance(value, list):
            kept = [{k: v for k, v in one.items() if k in value[0]} for one in kept]
        assert kept == value, name
    card = world.admin.get(f"/api/v1/assets/{made['key']}/card").json()
    assert (card["asset"], card["parent"]["code"]) == (made, "P-1")
    above = world.admin.get(f"/api/v1/assets/{world.keys[HOME]}/card").json()
    assert [part["code"] for part in above["parts"]] == ["P-7"]
    assert card["points"]


def test_the_second_of_two_editors_gets_the_difference(world: World) -> None:
    path = f"/api/v1/assets/{machine(world.admin, 'P-7', **FULL)['key']}"
    etag = world.admin.get(path).headers["etag"]
    theirs = {"licences": [], "purchase_cost": 1, "design_life_years": 20}
    assert world.admin.patch(path, json=theirs, headers={"If-Match": etag}).status_code == 200
    mine = {"licences": FULL["licences"], "purchase_cost": 1, "design_life_years": 25, "documents": FULL["documents"]}
    answer = world.admin.patch(path, json=mine, headers={"If-Match": etag})
    assert answer.status_code == 412
    assert sorted(answer.json()["conflicts"]) == ["design_life_years", "licences"]
    assert answer.json()["current"]["design_life_years"] == 20


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"licences": [{"kind": "x", "issued_on": "2026-01-01", "expires_on": "2025-01-01"}]}, "licences.0"),
        ({"licences": [{"number": "1"}]}, "licences.0.kind"),
        ({"maker_limits": [{"quantity": "t", "unit": "Cel"}]}, "maker_limits.0"),
        ({"maker_limits": [{"quantity": "t", "unit": "Cel", "low": 2, "high": 1}]}, "maker_limits.0"),
        ({"documents": [{"name": "x"}]}, "documents.0"),
        ({"documents": [{"name": "x", "url": "javascript:alert(1)"}]}, "documents.0.url"),
        ({"documents": [{"name": "x", "sha256": "ab" * 32}]}, "documents.0.sha256"),
        ({"purchase_cost": -1}, "purchase_cost"),
        ({"design_life_years": 0}, "design_life_years"),
        ({"parent": "nope"}, "parent"),
        ({"duty_role": "duty"}, "duty_partner"),
        ({"warranty_until": "31.01.2028"}, "warranty_until"),
    ],
)
def test_what_is_wrong_with_a_machine_is_named(world: World, change: dict[str, Any], field: str) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    before = world.admin.get(path).json()
    assert [one for one, _ in problems(world.admin.patch(path, json=change, headers=FREE))] == [field]
    assert world.admin.get(path).json() == before


def test_a_machine_is_no_part_of_itself(world: World) -> None:
    part = machine(world.admin, "P-7", parent=world.keys[HOME])
    answer = world.admin.patch(f"/api/v1/assets/{world.keys[HOME]}", json={"parent": part["key"]}, headers=FREE)
    assert problems(answer) == [("parent", "cycle")]
    far = world.admin.patch(f"/api/v1/assets/{part['key']}", json={"parent": world.keys[AWAY]}, headers=FREE)
    assert problems(far) == [("parent", "another_site")]


def test_duty_and_standby_are_one_pair(world: World) -> None:
    first, second = world.keys[HOME], machine(world.admin, "P-7")["key"]
    pair = {"duty_partner": second, "duty_role": "duty"}
    assert world.admin.patch(f"/api/v1/assets/{first}", json=pair, headers=FREE).status_code == 200
    mirrored = world.admin.get(f"/api/v1/assets/{second}").json()
    assert (mirrored["duty_partner"], mirrored["duty_role"]) == (first, "standby")
    card = world.admin.get(f"/api/v1/assets/{first}/card").json()
    assert card["duty_partner"]["code"] == "P-7"
    gone = world.admin.patch(f"/api/v1/assets/{second}", json={"duty_partner": None}, headers=FREE)
    assert (gone.status_code, gone.json()["duty_role"]) == (200, None)
    assert world.admin.get(f"/api/v1/assets/{first}").json()["duty_partner"] is None


def test_custom_fields_are_defined_and_their_values_judged(world: World) -> None:
    client = world.admin
    zone = {"key": "zone", "name": {"zh": "分区"}, "type": "choice", "class": "pump", "choices": ["高区", "低区"]}
    made = client.post("/api/v1/custom-fields", json=zone)
    assert (made.status_code, made.json()["class"]) == (201, "pump")
    assert client.post("/api/v1/custom-fields", json=zone).status_code == 409
    for change, field in (
        ({"key": "Zone 1"}, "key"),
        ({"key": "x", "choices": []}, "choices"),
        ({"key": "x", "class": "spaceship"}, "class"),
        ({"key": "x", "type": "number", "choices": [], "unit": "furlongs"}, "unit"),
    ):
        assert [one for one, _ in problems(client.post("/api/v1/custom-fields", json=zone | change))] == [field]
    path = f"/api/v1/assets/{world.keys[HOME]}"
    wrong = client.patch(path, json={"custom": {"zone": "中区"}}, headers=FREE)
    assert problems(wrong) == [("custom.zone", "wrong_type")]
    assert "高区, 低区" in wrong.json()["errors"][0]["message"]
    assert client.patch(path, json={"custom": {"zone": "高区"}}, headers=FREE).json()["custom"] == {"zone": "高区"}
    etag = made.headers["etag"]
    assert client.patch("/api/v1/custom-fields/zone", json={"required": True}, headers={"If-Match": etag}).is_success
    stale = client.patch("/api/v1/custom-fields/zone", json={"required": False}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["conflicts"]) == (412, ["required"])
    missing = client.post("/api/v1/assets", json={"site": HOME, "code": "P-8", "class": "pump"})
    assert problems(missing) == [("custom.zone", "required")]
    assert client.patch(path, json={"model": "X"}, headers=FREE).status_code == 200
    assert client.patch(
        "/api/v1/custom-fields/zone", json={"type": "text", "choices": []}, headers=FREE
    ).status_code == (409)
    assert client.delete("/api/v1/custom-fields/zone").status_code == 204
    machine(client, "P-8")


def test_search_finds_a_machine_by_whatever_is_written_on_it(world: World) -> None:
    client = world.admin
    room = place(client, "space", "地下水泵房")
    machine(
        client, "ST-77", name={"zh": "高区给水泵", "en": "High zone pump"}, manufacturer="威乐 Wilo", model="CR 32-4",
        serial="SN-0099", location=room, custom={"note": "变频"}, licences=FULL["licences"],
    )  # fmt: skip
    for text in ("水泵", "频", "WILO", "wilo cr", "sn-0099", "变频", "t-1", "地下", "st-7", "ＳＴ－７７"):
        found = client.get("/api/v1/assets", params={"text": text}).json()["items"]
        assert [one["code"] for one in found] == ["ST-77"], text
    assert client.get("/api/v1/assets", params={"text": "水泵 三菱"}).json()["items"] == []
    both = client.get("/api/v1/assets", params={"criticality": "A,B", "department": "水务管理部门"}).json()["items"]
    assert {one["code"] for one in both} == {"P-1"}
    assert client.get("/api/v1/assets", params={"criticality": "Z"}).status_code == 422


def test_a_point_of_a_machines_own_is_added_with_its_sensor(world: World) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}/points"
    body = {
        "key": "shaft_temp", "name": {"zh": "轴温"}, "unit": "Cel", "interval_days": 365,
        "sensor_serial": "PT-1", "calibrated_on": "2025-03-10",
    }  # fmt: skip
    made = world.admin.post(path, json=body)
    assert (made.status_code, made.json()["own"], made.json()["sensor"]["calibration_due"]) == (201, True, "2026-03-10")
    assert world.admin.post(path, json=body).status_code == 409
    listed = {one["key"]: one for one in world.admin.get(path).json()["items"]}
    assert listed["shaft_temp"]["own"]
    assert not listed["vibration"]["own"]
    for change, field in (
        ({"key": "x", "unit": "parrots"}, "unit"),
        ({"key": "X y"}, "key"),
        ({"key": "x", "kind": "state", "unit": ""}, "unit"),
        ({"key": "x", "failure_mode": "boredom"}, "failure_mode"),
        ({"key": "x", "physical_low": 2, "physical_high": 1}, "physical_high"),
        ({"key": "x", "interval_days": 0}, "interval_days"),
    ):
        assert [one for one, _ in problems(world.admin.post(path, json=body | change))] == [field]
    one = f"{path}/shaft_temp"
    etag = world.admin.get(one).headers["etag"]
    done = world.admin.patch(one, json={"calibrated_on": "2026-03-01"}, headers={"If-Match": etag})
    assert done.json()["sensor"]["calibration_due"] == "2027-03-01"
    stale = world.admin.patch(
        one, json={"calibrated_on": "2026-02-01", "sensor_serial": "PT-1"}, headers={"If-Match": etag}
    )
    assert (stale.status_code, stale.json()["conflicts"]) == (412, ["calibrated_on"])
    assert world.admin.delete(f"{path}/vibration").status_code == 409
    assert world.admin.delete(one).status_code == 204
    assert world.admin.get(one).status_code == 404


def test_limits_say_whose_word_they_are(world: World) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}/points/vibration/limits"
    assert world.admin.get(path).json()["limits"]["origin"] == "standard"
    own = world.admin.patch(path, json={"reason": "noisy", "deadband": 0.2}, headers=FREE).json()["limits"]
    assert own["origin"] == "own"
    given = {"reason": "manual p. 12", "alarm_high": 6.0, "origin": "maker"}
    maker = world.admin.patch(path, json=given, headers=FREE).json()["limits"]
    assert (maker["origin"], maker["source"], maker["alarm_high"]) == ("maker", "manual p. 12", 6.0)


def test_parts_are_kept_booked_and_listed_when_short(world: World) -> None:
    client = world.admin
    body = {"site": HOME, "number": "6205", "name": {"zh": "轴承"}, "stock": 3, "minimum": 2, "classes": ["pump"]}
    made = client.post("/api/v1/parts", json=body)
    assert (made.status_code, made.json()["below_minimum"]) == (201, False)
    path = f"/api/v1/parts/{made.json()['key']}"
    assert client.post("/api/v1/parts", json=body).status_code == 409
    assert problems(client.post("/api/v1/parts", json=body | {"number": "x", "classes": ["spaceship"]})) == [
        ("classes", "unknown_class")
    ]
    assert problems(client.post("/api/v1/parts", json=body | {"number": "x", "assets": [world.keys[AWAY]]})) == [
        ("assets", "unknown_asset")
    ]
    assert problems(client.post("/api/v1/parts", json=body | {"site": "nowhere"})) == [("site", "unknown_site")]
    used = world.as_(Role.TECHNICIAN, HOME).post(f"{path}/book", json={"quantity": -2, "reason": "P-1"})
    assert (used.json()["stock"], used.json()["below_minimum"]) == (1.0, True)
    assert client.post(f"{path}/book", json={"quantity": -2}).status_code == 422
    short = client.get("/api/v1/parts", params={"below_minimum": True}).json()["items"]
    assert [one["number"] for one in short] == ["6205"]
    fitting = client.get("/api/v1/parts", params={"fits": world.keys[HOME]}).json()["items"]
    assert [one["number"] for one in fitting] == ["6205"]
    stale = client.patch(path, json={"minimum": 5}, headers={"If-Match": made.headers["etag"]})
    assert (stale.status_code, stale.json()["conflicts"]) == (412, ["minimum"])
    assert client.patch(path, json={"minimum": 0}, headers={"If-Match": stale.headers["etag"]}).json()["version"] == 3
    assert client.delete(path).status_code == 204


def test_what_comes_due_is_listed_by_its_day(world: World) -> None:
    client = world.admin
    lift = machine(client, "P-7", installed_on="2011-03-02", **FULL)
    world.admin.post(f"/api/v1/assets/{lift['key']}/points", json={"key": "t", "unit": "Cel", "interval_days": 30})
    assert [(one["asset"]["code"], one["expired"]) for one in client.get("/api/v1/licences").json()["items"]] == [
        ("P-7", False)
    ]
    assert client.get("/api/v1/licences", params={"expiring_before": "2026-03-20"}).json()["items"] == []
    due = client.get("/api/v1/calibrations").json()["items"]
    assert [(one["asset"]["code"], one["point"], one["sensor"]["calibration_due"]) for one in due] == [
        ("P-7", "t", None)
    ]
    (old,) = client.get("/api/v1/renewals", params={"site": HOME}).json()["items"]
    assert (old["asset"]["code"], old["life_years"], old["ends_on"]) == ("P-7", 15.0, "2026-03-02")
    assert client.get("/api/v1/renewals", params={"from_share": 2}).json()["items"] == []
    for path in ("/api/v1/licences", "/api/v1/calibrations", "/api/v1/renewals"):
        assert client.get(path, params={"site": AWAY}).json()["items"] == []
        assert world.as_(Role.VIEWER, AWAY).get(path).json()["items"] == []


def test_labels_lead_to_the_page_of_their_machine(world: World) -> None:
    room = place(world.admin, "space", "<泵房>")
    machine(world.admin, "P&7", name={"zh": "高区<b>泵", "en": "Pump"}, location=room)
    answer = world.as_(Role.VIEWER, HOME).get("/api/v1/assets/labels", params={"site": HOME})
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in answer.headers["content-security-policy"]
    html = answer.text
    assert html.count('<div class="label">') == html.count("<svg") == 2
    assert "P&amp;7" in html
    assert "高区&lt;b&gt;泵" in html
    assert "&lt;泵房&gt;" in html
    assert "<b>" not in html
    first = world.admin.get("/api/v1/assets/labels", params={"site": HOME, "limit": 1})
    assert 'rel="next"' in first.headers["link"]
    rest = world.admin.get(first.headers["link"].split(">")[0].lstrip("<"))
    assert rest.text.count("<svg") == 1
    assert world.admin.get("/api/v1/assets/labels").status_code == 422
