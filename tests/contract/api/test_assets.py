"""Sites, assets, their points, values and events."""

from datetime import datetime, timedelta

import pytest

from maintenance.findings_consumer import FindingsConsumer
from maintenance.isolation import ISOLATES
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Severity, Source, SourceClock
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.domain.quality import Reason
from plantroom.domain.sources import TopicSource
from plantroom.ports.accounts import Role
from plantroom.ports.events import AssetEvent
from plantroom.ports.live import LiveEvent
from tests.contract.api.world import AWAY, HOME, NOW, World

LIFT = {"site": HOME, "code": "E-1", "class": "elevator", "name": {"zh": "1号梯", "en": "Lift 1"}}
MS = round(NOW.timestamp() * 1000)


def last_live_event(world: World) -> LiveEvent:
    with world.ledger.read() as tx:
        return tx.live.after(0, 1000)[-1]


def test_a_new_asset_has_the_points_of_its_class(world: World) -> None:
    answer = world.admin.post("/api/v1/assets", json=LIFT)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["code"], made["class"], made["site"], made["presence"]) == ("E-1", "elevator", HOME, "unknown")
    assert answer.headers["location"] == f"/api/v1/assets/{made['key']}"
    points = world.admin.get(f"/api/v1/assets/{made['key']}/points").json()["items"]
    assert [p["key"] for p in points] == [p.key for p in equipment_classes()["elevator"].points]
    assert all({"zh", "en"} == set(p["name"]) and "alarm_high" in p["limits"] for p in points)
    assert last_live_event(world).topic == "asset"


def test_an_asset_without_a_name_goes_by_its_code(world: World) -> None:
    made = world.admin.post("/api/v1/assets", json={"site": HOME, "code": "E-2", "class": "elevator"}).json()
    assert made["name"] == {"zh": "E-2", "en": "E-2"}
    one = world.admin.post("/api/v1/assets", json=LIFT | {"code": "E-3", "name": {"zh": "3号梯"}}).json()
    assert one["name"] == {"zh": "3号梯", "en": "3号梯"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class": "spaceship"}, "class"),
        ({"site": "nowhere"}, "site"),
        ({"location": "attic"}, "location"),
        ({"code": "E/1"}, "code"),
        ({"code": "E+1"}, "code"),
        ({"code": "#"}, "code"),
        ({"code": "$SYS"}, "code"),
        ({"code": ""}, "code"),
        ({"criticality": "D"}, "criticality"),
        ({"custom": {"a": {"deep": 1}}}, "custom"),
    ],
)
def test_what_is_wrong_with_a_new_asset_is_named(world: World, change: dict, field: str) -> None:
    answer = world.admin.post("/api/v1/assets", json=LIFT | change)
    assert answer.status_code == 422
    assert any(e["field"].split(".")[0] == field for e in answer.json()["errors"]), answer.text


def test_a_code_is_taken_once_in_a_site(world: World) -> None:
    assert world.admin.post("/api/v1/assets", json=LIFT).status_code == 201
    assert world.admin.post("/api/v1/assets", json=LIFT).status_code == 409
    assert world.admin.post("/api/v1/assets", json=LIFT | {"site": AWAY}).status_code == 201


def test_assets_are_found_by_code_class_and_text_and_paged(world: World) -> None:
    client = world.admin
    for n in range(5):
        client.post("/api/v1/assets", json=LIFT | {"code": f"E-{n}"})
    assert [a["code"] for a in client.get("/api/v1/assets?code=E-3").json()["items"]] == ["E-3"]
    assert len(client.get("/api/v1/assets?class=pump").json()["items"]) == 2
    assert len(client.get("/api/v1/assets?class=pump,elevator&site=demo").json()["items"]) == 6
    assert len(client.get("/api/v1/assets?text=梯").json()["items"]) == 5
    codes, cursor = [], None
    while True:
        page = client.get(
            "/api/v1/assets", params={"limit": 2, "sort": "-code"} | ({"cursor": cursor} if cursor else {})
        ).json()
        codes += [a["code"] for a in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert codes == sorted(codes, reverse=True)
    assert len(codes) == 7


def test_a_change_needs_the_version_that_was_read(world: World) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    client = world.admin
    etag = client.get(path).headers["etag"]
    assert client.patch(path, json={"model": "X"}).status_code == 428
    answer = client.patch(path, json={"model": "X"}, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert answer.json()["model"] == "X"
    assert answer.json()["manufacturer"] == ""
    assert answer.headers["etag"] != etag
    assert client.get(path).headers["etag"] == answer.headers["etag"]


def test_a_stale_change_is_refused_with_what_stands_now(world: World) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    client = world.admin
    etag = client.get(path).headers["etag"]
    client.patch(path, json={"model": "theirs", "serial": "7"}, headers={"If-Match": etag})
    answer = client.patch(path, json={"model": "mine", "serial": "7"}, headers={"If-Match": etag})
    assert answer.status_code == 412
    problem = answer.json()
    assert problem["current"]["model"] == "theirs"
    assert problem["current"]["class"] == "pump"
    assert problem["conflicts"] == ["model"]
    assert client.patch(path, json={"model": "mine"}, headers={"If-Match": answer.headers["etag"]}).status_code == 200
    for odd in ('"x"', "7", 'W/"99"', '"99999999999999999999"'):
        assert client.patch(path, json={"model": "m"}, headers={"If-Match": odd}).status_code == 412
    assert client.patch(path, json={"model": "any"}, headers={"If-Match": "*"}).status_code == 200


def test_a_renamed_asset_keeps_its_old_code_as_an_alias(world: World) -> None:
    key = world.keys[HOME]
    answer = world.admin.patch(f"/api/v1/assets/{key}", json={"code": "P-1A"}, headers={"If-Match": "*"})
    assert answer.json()["code"] == "P-1A"
    with world.ledger.read() as tx:
        found = tx.assets.find(HOME, "P-1")
    assert found is not None
    assert found.key == key


def test_a_machine_is_out_of_service_from_when_that_is_recorded(world: World) -> None:
    path, began = f"/api/v1/assets/{world.keys[HOME]}", world.clock.now()
    assert world.admin.patch(path, json={"status": "out_of_service"}, headers={"If-Match": "*"}).status_code == 200
    world.clock.forward(minutes=20)
    assert world.admin.patch(path, json={"status": "in_service"}, headers={"If-Match": "*"}).status_code == 200
    (rest,) = world.admin.get(f"{path}/card").json()["rests"]
    assert [datetime.fromisoformat(rest[name]) for name in ("since", "until")] == [began, world.clock.now()]


def test_no_status_can_be_dated_back(world: World) -> None:
    change = {"status": "out_of_service", "status_since": (NOW - timedelta(days=40)).date().isoformat()}
    answer = world.admin.patch(f"/api/v1/assets/{world.keys[HOME]}", json=change, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("status_since", "unknown_field")]


def test_a_machine_that_is_made_out_of_service_rests_from_then_on(world: World) -> None:
    made = world.admin.post("/api/v1/assets", json=LIFT | {"status": "out_of_service"}).json()
    (rest,) = world.admin.get(f"/api/v1/assets/{made['key']}/card").json()["rests"]
    assert datetime.fromisoformat(rest["since"]) == world.clock.now()


def test_what_cannot_be_changed_is_refused_by_name(world: World) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    for change in ({"site": AWAY}, {"class": "elevator"}, {"key": "x"}, {"criticality": None}):
        assert world.admin.patch(path, json=change, headers={"If-Match": "*"}).status_code == 422


def test_latest_values_carry_their_age_and_quality(world: World) -> None:
    key = world.keys[HOME]
    world.store(
        key,
        {
            "vibration": [(MS - 5000, 1.0, 0), (MS - 1000, 2.0, 0)],
            "flow": [(MS - 86_400_000, 7.0, int(Reason.RECEIVE_TIME))],
        },
    )
    items = {v["point"]: v for v in world.admin.get(f"/api/v1/assets/{key}/latest").json()["items"]}
    assert set(items) == {"vibration", "flow"}
    assert (items["vibration"]["value"], items["vibration"]["quality"], items["vibration"]["stale"]) == (
        2.0, 0, False,
    )  # fmt: skip
    assert items["vibration"]["at"] == "2026-03-02T07:59:59.000Z"
    assert (items["flow"]["quality"], items["flow"]["stale"]) == (1, True)


REPLAY = TopicSource("s1", HOME, "recorded", "rec/p", "json", clock=SourceClock.SIMULATED, asset="P-1")


@pytest.mark.parametrize("named_by", ["its own source", "a topic source"])
def test_the_silence_of_a_recording_is_not_stale(world: World, named_by: str) -> None:
    key = world.keys[HOME]
    with world.ledger.begin() as tx:
        if named_by == "its own source":
            tx.assets.put_source(Source(key, clock=SourceClock.SIMULATED))
        else:
            tx.sources.add(REPLAY)
    world.store(key, {"flow": [(MS - 86_400_000, 7.0, 0)]})
    (latest,) = world.admin.get(f"/api/v1/assets/{key}/latest").json()["items"]
    (in_plant,) = world.admin.get("/api/v1/readings/latest?class=pump").json()["items"][0]["values"]
    assert (latest["stale"], in_plant["stale"]) == (False, False)


def test_the_plant_s_latest_values_come_in_one_request(world: World) -> None:
    world.store(world.keys[HOME], {"vibration": [(MS, 2.0, 0)]})
    items = world.as_(Role.VIEWER, HOME).get("/api/v1/readings/latest?class=pump").json()["items"]
    assert [(i["asset"]["code"], i["site"], [v["point"] for v in i["values"]]) for i in items] == [
        ("P-1", HOME, ["vibration"])
    ]


def test_events_come_newest_first_with_their_name(world: World) -> None:
    key = world.admin.post("/api/v1/assets", json=LIFT).json()["key"]
    with world.ledger.begin() as tx:
        tx.collect.add_events(
            [AssetEvent("ev1", HOME, key, "passenger_trapped", NOW, NOW, "critical", True, {"floor": 7})]
        )
    (event,) = world.admin.get(f"/api/v1/assets/{key}/events").json()["items"]
    assert event["data"] == {"floor": 7}
    assert event["safety"] is True
    assert event["name"]["zh"] != "passenger_trapped"


def test_a_new_site_is_listed_and_its_code_can_stand_in_a_topic(world: World) -> None:
    body = {"code": "north", "name": {"zh": "北区", "en": "North"}, "time_zone": "Asia/Shanghai"}
    assert world.admin.post("/api/v1/sites", json=body).status_code == 201
    assert "north" in [s["code"] for s in world.admin.get("/api/v1/sites").json()["items"]]
    assert world.admin.post("/api/v1/sites", json=body).status_code == 409
    for change in ({"code": "a/b"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../etc/passwd"}):
        assert world.admin.post("/api/v1/sites", json=body | change).status_code == 422


def test_a_site_code_that_would_take_another_sites_safety_lane_is_refused(world: World) -> None:
    body = {"code": f"{HOME}-safety", "name": {"zh": "北区", "en": "North"}, "time_zone": "Asia/Shanghai"}
    answer = world.admin.post("/api/v1/sites", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("code", "reserved")
    assert "-safety" in error["message"]
    assert body["code"] not in [one["code"] for one in world.admin.get("/api/v1/sites").json()["items"]]


def test_classes_and_systems_are_listed(world: World) -> None:
    client = world.as_(Role.VIEWER, HOME)
    classes = client.get("/api/v1/classes").json()["items"]
    assert {c["class"] for c in classes} == set(equipment_classes())
    assert client.get("/api/v1/classes/pump").json()["failure_modes"]
    assert client.get("/api/v1/classes/spaceship").status_code == 404
    first = client.get("/api/v1/systems?limit=2").json()
    rest = client.get("/api/v1/systems", params={"cursor": first["next_cursor"]}).json()
    assert rest["items"]
    assert not {s["key"] for s in first["items"]} & {s["key"] for s in rest["items"]}


@pytest.mark.parametrize("status", ["in_service", "standby"])
def test_what_was_noticed_during_maintenance_becomes_a_ticket_when_it_ends(world: World, status: str) -> None:
    key, free = world.keys[HOME], {"If-Match": "*"}

    def put(wanted: str) -> None:
        assert world.admin.patch(f"/api/v1/assets/{key}", json={"status": wanted}, headers=free).status_code == 200

    put("under_maintenance")
    found = FindingRaised(
        "f1", HOME, key, "bearing", FindingSource.LIMIT, Severity.MAJOR, False, NOW, NOW, "vibration"
    )  # fmt: skip
    with world.ledger.begin() as tx:
        tx.collect.append_findings([found])
    FindingsConsumer(world.ledger, world.clock, equipment_classes()).run_once()
    tickets = f"/api/v1/work-orders?kind=corrective&asset={key}"
    assert world.admin.get(tickets).json()["items"] == []
    put(status)
    assert len(world.admin.get(tickets).json()["items"]) == 1
    assert world.admin.get(f"/api/v1/assets/{key}").json()["status"] == status


def _notice(world: World, asset: str) -> None:
    found = FindingRaised(
        "f1", HOME, asset, "bearing", FindingSource.LIMIT, Severity.MAJOR, False, NOW, NOW, "vibration"
    )  # fmt: skip
    with world.ledger.begin() as tx:
        tx.collect.append_findings([found])
    FindingsConsumer(world.ledger, world.clock, equipment_classes()).run_once()


@pytest.mark.parametrize("visit", [False, True])
def test_what_was_noticed_becomes_a_ticket_also_when_the_way_back_is_not_straight(world: World, visit: bool) -> None:
    key, free = world.keys[HOME], {"If-Match": "*"}

    def put(wanted: str) -> None:
        assert world.admin.patch(f"/api/v1/assets/{key}", json={"status": wanted}, headers=free).status_code == 200

    def step(to: str) -> None:
        answer = world.admin.post(f"/api/v1/work-orders/{order.id}/transitions", json={"to": to})
        assert answer.status_code == 200

    order = world.ticket(tags=(ISOLATES,))
    if visit:
        step("in_progress")
    else:
        put("under_maintenance")
    _notice(world, key)
    put("out_of_service")
    if visit:
        step("completed")
    limits = f"/api/v1/work-orders?origin=limit&asset={key}"
    assert world.admin.get(limits).json()["items"] == []
    put("in_service")
    (ticket,) = world.admin.get(limits).json()["items"]
    assert ticket["state"] == "open"


@pytest.mark.parametrize("status", ["out_of_service", "scrapped"])
def test_an_asset_that_does_not_come_back_needs_no_tickets(world: World, status: str) -> None:
    key, free = world.keys[HOME], {"If-Match": "*"}
    for wanted in ("under_maintenance", status):
        answer = world.admin.patch(f"/api/v1/assets/{key}", json={"status": wanted}, headers=free)
        assert (answer.status_code, answer.json()["status"]) == (200, wanted)


@pytest.mark.parametrize("code", ["", " P", "P ", "P\u2028", "a/b", "+", "#", "$x", ".", "..", "\u200b", "泵" * 67])
def test_a_code_that_no_topic_can_carry_is_named(world: World, code: str) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    answers = [
        world.admin.post("/api/v1/assets", json={"site": HOME, "code": code, "class": "pump"}),
        world.admin.post("/api/v1/sites", json={"code": code, "name": {"zh": "新"}}),
        world.admin.patch(path, json={"code": code}, headers={"If-Match": "*"}),
    ]
    assert [a.status_code for a in answers] == [422] * 3
    assert [[e["field"] for e in a.json()["errors"]] for a in answers] == [["code"]] * 3


@pytest.mark.parametrize(
    ("code", "composed"), [("cafe\u0301", "'caf\\xe9'"), ("\uf98e", "'\\u5e74'"), ("1\u2126", "'1\\u03a9'")]
)
def test_a_code_that_looks_like_another_one_is_refused_with_the_one_to_take(
    world: World, code: str, composed: str
) -> None:
    path = f"/api/v1/assets/{world.keys[HOME]}"
    answers = [
        world.admin.post("/api/v1/assets", json={"site": HOME, "code": code, "class": "pump"}),
        world.admin.post("/api/v1/sites", json={"code": code, "name": {"zh": "新"}, "time_zone": "Asia/Shanghai"}),
        world.admin.patch(path, json={"code": code}, headers={"If-Match": "*"}),
    ]
    assert [a.status_code for a in answers] == [422] * 3
    for answer in answers:
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("code", "not_composed")
        assert f"write it in its composed form {composed}" in error["message"]
    assert world.admin.post("/api/v1/assets", json={"site": HOME, "code": "九号-é", "class": "pump"}).status_code == 201


@pytest.mark.parametrize("name", ["九号泵", ["九号泵"], 9])
def test_a_name_that_is_no_object_is_refused_in_plain_words(world: World, name: object) -> None:
    answer = world.admin.post("/api/v1/assets", json=LIFT | {"name": name})
    (error,) = answer.json()["errors"]
    assert error["field"] == "name"
    wanted = (
        (
            '{"zh": "...", "en": "..."}，至少一种语言',
            '{"zh": "...", "en": "..."}, with one of the two languages at least',
        )
        if name == "九号泵"
        else ("对象{...}", "an object, {...}")
    )
    assert error["message"] == "应为{} / should be {}".format(*wanted)
