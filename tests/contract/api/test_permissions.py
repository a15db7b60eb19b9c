"""Everything is denied unless granted: every route says what it needs, and no route crosses sites."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.access import RANK, Permission
from api.app import API_ROUTERS
from api.openapi import document
from plantroom.domain.assets import LocalName
from plantroom.domain.custom import CustomField
from plantroom.domain.sources import TopicSource
from plantroom.ports.accounts import Role
from tests.contract.api import incident_world, people_world, plan_world, report_world, work_world
from tests.contract.api.route_kinds import EVERYWHERE, OF_NO_SITE, SITE_BOUND
from tests.contract.api.world import AWAY, HOME, World

NOWHERE = people_world.NOBODY | work_world.NOTHING | incident_world.NOBODY | plan_world.NOTHING | report_world.NOTHING
"""What paths name, as nobody has it."""

PUBLIC = {
    ("GET", "/api/v1/public/categories"),
    ("GET", "/api/v1/public/assets/{site}/{code}"),
    ("POST", "/api/v1/public/reports"),
    ("GET", "/api/v1/public/reports/{token}"),
    ("POST", "/api/v1/public/reports/{token}/photo"),
    ("POST", "/api/v1/public/reports/{token}/rating"),
    ("POST", "/api/v1/session"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}
"""Routes that anybody may call. Beside them: the web app's files and the OpenAPI document."""


def api_routes() -> Iterator[tuple[str, APIRoute]]:
    for router in API_ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods:
                yield method, route


def permission_of(route: APIRoute) -> Permission | None:
    found = [d.call for d in route.dependant.dependencies if isinstance(d.call, Permission)]
    return found[0] if found else None


def test_every_route_declares_its_permission_or_is_public_on_purpose() -> None:
    undeclared = {(method, route.path) for method, route in api_routes() if permission_of(route) is None}
    assert undeclared == PUBLIC


def test_no_route_is_hidden_from_the_walk() -> None:
    walked = {(m, r.path) for m, r in api_routes() if r.include_in_schema}
    documented = {(m.upper(), p) for p, operations in document()["paths"].items() for m in operations}
    assert documented == walked


def fill(path: str, world: World, site: str) -> str:
    names = {
        "key": world.keys[site],
        "order_id": world.ids[site]["order"],
        "episode_id": world.ids[site]["episode"],
        "letter_id": world.ids[site]["letter"],
        "gap_id": world.ids[site].get("gap", "nope"),
        "device_id": world.ids[site]["device"],
        "shelf_id": world.ids[site]["shelf"],
        "point": "vibration",
        "site": site,
        "equipment_class": "pump",
        "source_key": f"s-{site}",
        "test_id": world.ids[site].get("loop_test", "nope"),
        "number": 1,
        "import_id": world.ids[site].get("import", "nope"),
        "plan_key": world.ids[site].get("emergency", "nope"),
        "location_key": world.ids[site].get("place", "nope"),
        "part_key": world.ids[site].get("part", "nope"),
        "sha256": world.ids[site].get("file", "nope"),
        "field_key": "zone",
        "record_id": world.ids[site].get("record", "nope"),
        "channel_id": world.ids[site].get("channel", "nope"),
        "notification_id": world.ids[site].get("notification", "nope"),
    } | {name: world.ids[site].get(name, "nope") for name in NOWHERE}
    if path.endswith("/drill"):
        names["order_id"] = world.ids[site]["drill"]
    return path.format(**names)


def bodies_of(world: World, site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What is sent to the routes of whole parts of the API."""
    return (
        people_world.bodies(site)
        | work_world.bodies(world, site)
        | incident_world.bodies(site)
        | plan_world.bodies(world, site)
        | report_world.bodies(site)
    )


def call(client: TestClient, world: World, method: str, path: str, site: str) -> Any:
    """A sound request for the route that is about the given site."""
    key = world.keys[site]
    queries: dict[str, dict[str, str]] = {
        "/api/v1/readings": {"asset": key},
        "/api/v1/locations": {"site": site},
        "/api/v1/locations/tree": {"site": site},
        "/api/v1/assets/labels": {"site": site},
        "/api/v1/plan/preview": {"asset": key},
        "/api/v1/plan/coverage": {"site": site},
        "/api/v1/imports/template": {"kind": "assets"},
        "/api/v1/imports/export": {"kind": "assets", "site": site},
        "/api/v1/sla-policies": {"site": site},
    }
    queries |= people_world.queries(site) | work_world.QUERIES | incident_world.queries(site) | plan_world.queries(site)
    queries |= report_world.queries(site)
    if (method, path) == ("POST", "/api/v1/imports"):
        table = {"file": ("assets.csv", "设备编号,设备类别\nI-9,水泵\n".encode())}
        return client.post(path, params={"kind": "assets", "mode": "commit", "site": site}, files=table)
    spares = [world.spare(site)] if (method, path) == ("POST", "/api/v1/loop-tests") else []
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/api/v1/sites"): {"code": "s-9", "name": {"zh": "九", "en": "Nine"}},
        ("POST", "/api/v1/assets"): {"site": site, "code": "P-9", "class": "pump"},
        ("PATCH", "/api/v1/assets/{key}"): {"model": "X"},
        ("POST", "/api/v1/locations"): {"site": site, "kind": "building", "name": {"zh": "九号楼"}},
        ("PATCH", "/api/v1/locations/{location_key}"): {"name": {"zh": "十号楼"}},
        ("POST", "/api/v1/parts"): {"site": site, "number": "6205"},
        ("PATCH", "/api/v1/parts/{part_key}"): {"minimum": 3},
        ("POST", "/api/v1/parts/{part_key}/book"): {"quantity": -1, "reason": "used"},
        ("POST", "/api/v1/custom-fields"): {"key": "depth", "name": {"zh": "深度"}, "type": "number"},
        ("PATCH", "/api/v1/custom-fields/{field_key}"): {"required": False},
        ("POST", "/api/v1/assets/{key}/points"): {"key": "own_temp", "unit": "Cel"},
        ("PATCH", "/api/v1/assets/{key}/points/{point}"): {"sensor_serial": "S-1"},
        ("POST", "/api/v1/assets/{key}/maintenance"): {"minutes": 30, "reason": "tried"},
        ("PATCH", "/api/v1/sources/{source_key}"): {"time_zone": "UTC"},
        ("POST", "/api/v1/sources"): {
            "site": site,
            "name": "x",
            "topic_filter": f"x-{site}/#",
            "dialect": "senml",
            "asset": "P-1",
        },
        ("POST", "/api/v1/sources/test"): {"site": site, "topic": f"t-{site}/a", "payload": "[]"},
        ("POST", "/api/v1/work-orders"): {"asset": key, "title": {"zh": "漏水"}},
        ("POST", "/api/v1/work-orders/{order_id}/transitions"): {"to": "acknowledged"},
        ("POST", "/api/v1/work-orders/{order_id}/interim"): {"text": "valve closed"},
        ("POST", "/api/v1/work-orders/{order_id}/arrival"): {},
        ("PUT", "/api/v1/sla-policies"): {"reason": "tried"},
        ("POST", "/api/v1/channels"): {"name": world.new_name(), "url": "wecombot://abc", "site": site},
        ("PATCH", "/api/v1/channels/{channel_id}"): {"language": "en"},
        ("POST", "/api/v1/plan-rows"): {
            "code": f"R-{site}",
            "name": {"zh": "甲"},
            "assets": [key],
            "interval": {"every": 1, "unit": "month"},
        },
        ("PATCH", "/api/v1/assets/{key}/points/{point}/limits"): {"reason": "tried", "deadband": 0.2},
        ("PATCH", "/api/v1/sites/{site}"): {"max_shelving_h": 4},
        ("POST", "/api/v1/emergency-plans"): {"site": site, "code": "EP-9", "name": {"zh": "停水应急预案"}},
        ("PATCH", "/api/v1/emergency-plans/{plan_key}"): {"measures": ["a"]},
        ("POST", "/api/v1/alarms/{episode_id}/shelve"): {
            "reason": "waits for a part",
            "minutes": 30,
            "subjects": ["limit:vibration:warning_high"],
        },
        ("POST", "/api/v1/sync"): {"device": "t1", "device_now": "2026-03-02T08:00:00Z", "ops": []},
        ("POST", "/api/v1/devices"): {"site": site, "client": "press-9"},
        ("POST", "/api/v1/tokens"): {"name": "t", "role": "viewer", "site": site},
        ("POST", "/api/v1/dead-letters/replay"): {"site": site},
        ("POST", "/api/v1/records/{record_id}/addenda"): {"text": "6 mm", "reason": "copied wrongly"},
        ("POST", "/api/v1/loop-tests"): {"site": site, "assets": spares, "points": ["vibration"]},
        ("POST", "/api/v1/loop-tests/{test_id}/checks/{number}/skip"): {"reason": "x"},
    }
    bodies |= bodies_of(world, site)
    version = "*" if "book" in path or "parts" in path else '"1"'
    headers = {"If-Match": "*"} if method == "PUT" else {"If-Match": version} if method == "PATCH" else {}
    if path.endswith(plan_world.DECIDING):
        headers = {"If-Match": version}
    body, known = bodies.get((method, path)), queries.get(path, queries.get(""))
    path = plan_world.filled(path, world, site)
    if method == "DELETE" and path in work_world.TAKEN_BACK:
        path, known = work_world.taken_back(path, world, site), {"reason": "x"}
    elif path.endswith("/deferral"):
        path = path.replace("{order_id}", world.ids[site]["planned"])
    if (method, path) == ("POST", "/api/v1/files"):
        return client.post(path, data={"site": site}, files={"file": ("p.jpg", b"a photo", "image/jpeg")})
    if (method, path) == ("DELETE", "/api/v1/assets/{key}/points/{point}"):
        return client.delete(fill(path.replace("{point}", "own_temp"), world, site))
    if (method, path) == ("DELETE", "/api/v1/locations/{location_key}"):
        return client.delete(fill(path, world, site))
    return client.request(method, fill(path, world, site), params=known, json=body, headers=headers)


PERSON_ONLY = {("POST", "/api/v1/loop-tests/{test_id}/checks/{number}/confirm")} | people_world.PERSON_ONLY
"""Routes that no machine's token opens: a person signs for what they saw (``test_loop_tests``)."""

ENDLESS = {("GET", "/api/v1/events")}
"""Streams: tested with a real server in ``test_live``."""

ROUTES = sorted(
    ((m, r.path, p.role) for m, r in api_routes() if (p := permission_of(r)) and (m, r.path) not in ENDLESS),
    key=lambda route: (route[0] == "DELETE", route),
)
"""What is deleted is deleted last."""


@pytest.fixture
def filled(world: World) -> World:
    world.ids = {}
    for site in (HOME, AWAY):
        world.ids[site] = {
            "order": world.ticket(site).id,
            "episode": world.episode(site),
            "letter": world.dead_letter(site),
            "gap": world.gap(site),
            "device": world.device(site),
            "shelf": world.shelf(site),
            "loop_test": world.loop_test(site),
            "import": world.imported(site),
            "emergency": world.emergency(site),
            "place": world.place(site),
            "part": world.part(site),
            "file": world.file(site),
            "record": world.record(site),
            "channel": world.channel(site),
            "notification": world.notification(site),
        } | people_world.add_people(world, site)
        world.ids[site] |= work_world.add_records(world, site) | incident_world.add_incidents(world, site)
        world.ids[site] |= plan_world.add_plans(world, site) | report_world.add_reports(world, site)
        with world.ledger.begin() as tx:
            tx.sources.add(TopicSource(f"s-{site}", site, "plug", f"t-{site}/#", "senml", asset="P-1"))
    with world.ledger.begin() as tx:
        tx.custom_fields.add(CustomField("zone", LocalName("分区", "Zone")))
    return world


def test_without_signing_in_every_route_answers_401(filled: World) -> None:
    nobody = filled.client()
    answers = {(m, p): call(nobody, filled, m, p, HOME).status_code for m, p, _ in ROUTES}
    assert set(answers.values()) == {401}, {k: v for k, v in answers.items() if v != 401}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_exactly_the_routes_that_ask_for_it_or_less(filled: World, role: Role) -> None:
    client = filled.as_(role)
    for method, path, needed in ROUTES:
        status = call(client, filled, method, path, HOME).status_code
        if RANK[role] >= RANK[needed] and (method, path) not in PERSON_ONLY:
            assert status < 300, (method, path, status)
        else:
            assert status == 403, (method, path, status)


@pytest.mark.parametrize("role", list(Role))
def test_a_grant_on_one_site_never_reaches_another(filled: World, role: Role) -> None:
    client = filled.as_(role, HOME)
    for method, path, needed in ROUTES:
        foreign = call(client, filled, method, path, AWAY)
        if RANK[role] < RANK[needed] or (method, path) in EVERYWHERE:
            assert foreign.status_code == 403, (method, path)
        elif (method, path) in SITE_BOUND or ("{" in path and not any(one in path for one in OF_NO_SITE)):
            assert foreign.status_code in {403, 404, 422}, (method, path, foreign.status_code)
        else:
            assert foreign.status_code < 300, (method, path)
            assert AWAY not in foreign.text, (method, path)


def test_foreign_and_unknown_things_cannot_be_told_apart(filled: World) -> None:
    client = filled.as_(Role.ADMIN, HOME)
    for method, path, _ in ROUTES:
        if "{" not in path or any(one in path for one in OF_NO_SITE):
            continue
        sound = bodies_of(filled, AWAY)
        foreign = call(client, filled, method, path, AWAY)
        for site_ids in (filled.ids[HOME], filled.keys):
            assert site_ids
        unknown = client.request(
            method,
            path.format(
                key="nope",
                order_id="nope",
                episode_id="nope",
                letter_id="nope",
                gap_id="nope",
                device_id="nope",
                source_key="nope",
                shelf_id="nope",
                point="nope",
                site="nope",
                test_id="nope",
                number=1,
                location_key="nope",
                part_key="nope",
                sha256="nope",
                **NOWHERE,
                record_id="nope",
                import_id="nope",
                plan_key="nope",
                channel_id="nope",
                notification_id="nope",
            ),
            params={"reason": "x"} if path in work_world.TAKEN_BACK and method == "DELETE" else None,
            json=sound[method, path]
            if (method, path) in sound
            else {"to": "acknowledged"}
            if "transitions" in path
            else {"reason": "tried"}
            if "limits" in path
            else {"max_shelving_h": 4}
            if "sites" in path
            else {"reason": "tried", "minutes": 5}
            if "shelve" in path or "maintenance" in path
            else {"time_zone": "UTC"}
            if "sources" in path and method == "PATCH"
            else {"reason": "x"}
            if path.endswith("/skip")
            else {"quantity": 1, "reason": "x"}
            if path.endswith("/book")
            else {"key": "own_temp", "unit": "Cel"}
            if path.endswith("/points") and method == "POST"
            else {"sensor_serial": "x"}
            if path.endswith("/points/{point}") and method == "PATCH"
            else {"minimum": 3}
            if "parts" in path and method == "PATCH"
            else {"name": {"zh": "x"}}
            if "locations" in path and method == "PATCH"
            else {"text": "x", "reason": "x"}
            if path.endswith("/addenda")
            else {"measures": ["a"]}
            if "emergency" in path and method == "PATCH"
            else {"text": "valve closed"}
            if path.endswith("/interim")
            else {}
            if path.endswith("/arrival")
            else {"language": "en"}
            if "channels" in path and method == "PATCH"
            else {"model": "X"}
            if method == "PATCH"
            else None,
            headers={"If-Match": '"1"'} if method == "PATCH" else {},
        )
        assert (foreign.status_code, foreign.text) == (404, unknown.text), (method, path)


def test_what_can_be_seen_but_not_changed_answers_403(filled: World) -> None:
    both = filled.client(filled.token(Role.VIEWER))
    assert call(both, filled, "PATCH", "/api/v1/assets/{key}", AWAY).status_code == 403


def test_a_department_narrows_what_may_be_changed_but_not_what_is_seen(filled: World) -> None:
    client = filled.as_(Role.SUPERVISOR, HOME, "电梯维修部门")
    assert call(client, filled, "GET", "/api/v1/assets/{key}", HOME).status_code == 200
    assert call(client, filled, "PATCH", "/api/v1/assets/{key}", HOME).status_code == 403
    own = filled.as_(Role.SUPERVISOR, HOME, "水务管理部门")
    assert call(own, filled, "PATCH", "/api/v1/assets/{key}", HOME).status_code == 200


def test_dead_letters_of_sites_that_nobody_entered_are_for_those_who_see_every_site(filled: World) -> None:
    letter = filled.dead_letter("nosite")
    for role in Role:
        scoped = filled.as_(role, HOME)
        assert "nosite" not in scoped.get("/api/v1/dead-letters").text
        assert scoped.get("/api/v1/dead-letters?site=nosite").json()["items"] == []
        assert scoped.get(f"/api/v1/dead-letters/{letter}").status_code == 404
    everywhere = filled.as_(Role.VIEWER)
    assert [x["id"] for x in everywhere.get("/api/v1/dead-letters?site=nosite").json()["items"]] == [letter]
    assert everywhere.get(f"/api/v1/dead-letters/{letter}").status_code == 200
