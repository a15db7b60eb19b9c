"""Reports of owners without signing in."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.public.limits import Limiter, network_of
from maintenance.work.owner_reports import in_words
from maintenance.work.reporting import contacts_job
from maintenance.work_orders import State
from plantroom.domain.assets import AssetStatus
from plantroom.errors import Throttled
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, NOW, World, open_world

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 100
REPORTS = "/api/v1/public/reports"


def owner(world: World, address: str = "198.51.100.7") -> TestClient:
    return TestClient(world.app, raise_server_exceptions=False, client=(address, 5000))


def said(**more: Any) -> dict[str, Any]:
    return {"site": HOME, "code": "P-1", "category": "leak", "text": "水泵漏水"} | more


def staff_view(world: World, number: int) -> dict[str, Any]:
    client = world.as_(Role.TECHNICIAN, HOME)
    found = client.get("/api/v1/work-orders", params={"limit": 1000}).json()["items"]
    order = next(o for o in found if o["number"] == number)
    return client.get(f"/api/v1/work-orders/{order['id']}").json()


def test_a_report_is_an_owner_s_ticket_that_its_secret_follows(world: World) -> None:
    taken = owner(world).post(REPORTS, json=said())
    assert taken.status_code == 201
    token, number = taken.json()["token"], taken.json()["number"]
    order = staff_view(world, number)
    assert (order["origin"], order["severity"], order["asset_ref"]["code"]) == ("owner", "general", "P-1")
    assert "水泵漏水" in order["reason"]["zh"]
    seen = owner(world).get(f"{REPORTS}/{token}").json()
    assert seen["state"]["en"] == "Received, waiting to be taken up"
    assert (seen["answer_by"], seen["resolve_by"]) == ("2026-03-03T08:00:00.000Z", "2026-03-02T11:00:00.000Z")
    assert set(seen) == {
        "number", "state", "reported_at", "answer_by", "arrive_by", "answered_at", "resolve_by", "done_at", "photo",
        "stars", "can_rate",
    }  # fmt: skip


def test_a_place_in_words_will_do_and_the_category_says_how_bad_it_is(world: World) -> None:
    number = (
        owner(world).post(REPORTS, json=said(code=None, place="3号楼大堂", category="people_trapped")).json()["number"]
    )
    order = staff_view(world, number)
    assert (order["severity"], order["asset"], order["department"]) == ("critical", None, "电梯维修部门")
    assert order["title"]["zh"] == "3号楼大堂：有人被困"
    assert order["safety"] is True


def test_a_general_fault_that_somebody_is_then_said_to_be_trapped_by_is_a_matter_of_safety(world: World) -> None:
    client = owner(world)
    number = client.post(REPORTS, json=said()).json()["number"]
    assert staff_view(world, number)["safety"] is False
    assert client.post(REPORTS, json=said(category="people_trapped")).json()["number"] == number
    assert (staff_view(world, number)["safety"], staff_view(world, number)["severity"]) == (True, "critical")


@pytest.mark.parametrize("category", ["people_trapped", "fire_smoke", "flooding"])
def test_whoever_reports_an_emergency_is_told_the_emergency_s_own_times(world: World, category: str) -> None:
    client = owner(world)
    taken = client.post(REPORTS, json=said(code=None, place="3号楼大堂", category=category)).json()
    seen = client.get(f"{REPORTS}/{taken['token']}").json()
    limits = {clock["kind"]: clock["limit_at"] for clock in staff_view(world, taken["number"])["clocks"]}
    soon = "2026-03-02T08:30:00.000Z"
    assert (taken["answer_by"], seen["answer_by"], seen["arrive_by"]) == (soon, soon, soon)
    assert (limits["respond"], limits["arrive"]) == (soon, soon)
    page = client.get(f"/faults/{taken['token']}").text
    assert "最迟到场" in page
    trap = client.post(REPORTS, json=said(code=None, place="4号楼", category=category, website="x")).json()
    assert trap["answer_by"] == soon


def test_answer_times_are_those_of_the_clocks_and_of_the_site_s_own_promise(world: World) -> None:
    client, boss = owner(world), world.as_(Role.SUPERVISOR, HOME)
    taken = client.post(REPORTS, json=said(code=None, place="3号楼", category="elevator_stopped")).json()
    seen = client.get(f"{REPORTS}/{taken['token']}").json()
    assert (seen["answer_by"], seen["resolve_by"]) == ("2026-03-03T08:00:00.000Z", "2026-03-09T08:00:00.000Z")
    order = staff_view(world, taken["number"])
    limits = {clock["kind"]: clock["limit_at"] for clock in order["clocks"]}
    assert (limits["respond"], order["due"]) == (seen["answer_by"], seen["resolve_by"])
    world.clock.forward(minutes=10)
    boss.post(f"/api/v1/work-orders/{order['id']}/transitions", json={"to": "acknowledged"})
    after = client.get(f"{REPORTS}/{taken['token']}").json()
    assert (after["answered_at"], after["resolve_by"]) == ("2026-03-02T08:10:00.000Z", "2026-03-09T08:10:00.000Z")
    states = {clock["kind"]: clock["state"] for clock in staff_view(world, taken["number"])["clocks"]}
    assert (states["respond"], states["resolve"]) == ("met", "running")
    hour = {"clock": "respond", "severity": "general", "target_s": 600, "limit_s": 3600, "origins": ["owner"]}
    own = {"reason": "合同约定", "clocks": [hour]}
    answer = world.admin.put("/api/v1/sla-policies", params={"site": HOME}, json=own, headers={"If-Match": "*"})
    assert answer.status_code == 200
    promised = client.post(REPORTS, json=said(code=None, place="5号楼")).json()
    assert promised["answer_by"] == "2026-03-02T09:10:00.000Z"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"category": "alien"}, "category"),
        ({"text": " \u202e "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"admin": True}, "admin"),
        ({"code": None}, ""),
    ],
)
def test_a_report_that_cannot_be_used_says_why(world: World, wrong: dict[str, Any], field: str) -> None:
    answer = owner(world).post(REPORTS, json=said(**wrong))
    assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])


def test_what_is_unknown_and_what_is_hidden_get_one_answer(world: World) -> None:
    client = owner(world)
    with world.ledger.begin() as tx:
        tx.assets.set_status(world.keys[AWAY], AssetStatus.SCRAPPED)
    shown = client.get(f"/api/v1/public/assets/{HOME}/P-1")
    assert shown.json() == {"name": {"zh": "P-1泵", "en": "Pump P-1"}, "place": []}
    answers = [client.get(f"/api/v1/public/assets/{where}") for where in (f"{HOME}/X", "nowhere/P-1", f"{AWAY}/P-1")]
    answers += [client.get(f"{REPORTS}/not-a-token")]
    answers += [client.post(REPORTS, json=said(site=site)) for site in ("nowhere", AWAY)]
    assert {(a.status_code, a.text) for a in answers} == {(404, answers[0].text)}


def test_reports_about_one_machine_within_ten_minutes_are_one_ticket(world: World) -> None:
    first = owner(world).post(REPORTS, json=said()).json()
    world.clock.forward(minutes=9)
    second = owner(world, "198.51.100.8").post(REPORTS, json=said(category="flooding", text="水很大")).json()
    assert second["number"] == first["number"]
    assert second["token"] != first["token"]
    order = staff_view(world, first["number"])
    assert (order["severity"], order["records"]["comments"]) == ("critical", 1)
    assert order["title"] == {"zh": "P-1泵：水淹、爆管", "en": "Pump P-1: Flooding, burst pipe"}
    assert {"interim", "arrive"} <= {clock["kind"] for clock in order["clocks"]}, "the clocks promise more from then on"
    world.clock.forward(minutes=20)
    assert owner(world).post(REPORTS, json=said()).json()["number"] != first["number"]


def test_an_address_reports_five_times_and_then_waits(world: World) -> None:
    client = owner(world)
    codes = [client.post(REPORTS, json=said(code=None, place=f"{n}楼")).status_code for n in range(6)]
    assert codes == [201] * 5 + [429]
    refused = client.post(REPORTS, json=said(code=None, place="x"))
    assert int(refused.headers["Retry-After"]) <= 120
    assert owner(world, "198.51.100.9").post(REPORTS, json=said()).status_code == 201
    world.clock.forward(minutes=2, seconds=1)
    assert client.post(REPORTS, json=said(code=None, place="y")).status_code == 201


def test_one_machine_takes_ten_reports_an_hour_from_wherever(world: World) -> None:
    codes = [owner(world, f"203.0.113.{n}").post(REPORTS, json=said()).status_code for n in range(11)]
    assert codes == [201] * 10 + [429]


def test_the_trap_for_machines_writes_nothing(world: World) -> None:
    taken = owner(world).post(REPORTS, json=said(website="http://spam.example"))
    assert (taken.status_code, taken.json()["number"]) == (201, None)
    assert world.admin.get("/api/v1/work-orders").json()["items"] == []
    assert owner(world).get(f"{REPORTS}/{taken.json()['token']}").status_code == 404


def test_a_large_body_is_not_read(world: World) -> None:
    answer = owner(world).post(REPORTS, json=said(website="x" * 40_000))
    assert answer.status_code == 413


def test_no_cookie_and_no_token_makes_a_difference(world: World) -> None:
    client = owner(world)
    client.headers["Authorization"] = "Bearer nonsense"
    assert client.post(REPORTS, json=said()).status_code == 201
    form = client.post(REPORTS, content=b"site=demo", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert form.status_code == 422


def test_a_photo_is_known_by_its_bytes(world: World) -> None:
    client = owner(world)
    token, number = (client.post(REPORTS, json=said()).json()[k] for k in ("token", "number"))
    where = f"{REPORTS}/{token}/photo"
    fake = client.post(where, files={"file": ("p.jpg", b"<script>alert(1)</script>", "image/jpeg")})
    assert (fake.status_code, fake.json()["errors"][0]["code"]) == (422, "not_a_photo")
    assert client.post(where, files={"file": ("p.jpg", JPEG + b"0" * (5 << 20), "image/jpeg")}).status_code == 413
    assert client.post(where, files={"file": ("p.exe", JPEG, "text/html")}).json()["photo"] is True
    assert client.post(where, files={"file": ("p.jpg", JPEG, "image/jpeg")}).status_code == 409
    order = staff_view(world, number)
    (photo,) = world.admin.get(f"/api/v1/work-orders/{order['id']}/attachments").json()["items"]
    assert photo["mime"] == "image/jpeg"
    assert world.admin.get(f"/api/v1/files/{photo['sha256']}").content == JPEG


def test_work_is_rated_once_when_it_is_done(world: World) -> None:
    client, boss = owner(world), world.as_(Role.SUPERVISOR, HOME)
    token, number = (client.post(REPORTS, json=said()).json()[k] for k in ("token", "number"))
    where = f"{REPORTS}/{token}/rating"
    assert client.post(where, json={"stars": 5}).status_code == 409
    order = staff_view(world, number)
    for to in ("in_progress", "completed"):
        boss.post(f"/api/v1/work-orders/{order['id']}/transitions", json={"to": to})
    assert client.get(f"{REPORTS}/{token}").json()["can_rate"] is True
    assert client.post(where, json={"stars": 6}).status_code == 422
    assert client.post(where, json={"stars": 4, "comment": "及时"}).json()["stars"] == 4
    assert client.post(where, json={"stars": 1}).status_code == 409
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    figure = boss.get("/api/v1/satisfaction", params=span).json()
    assert (figure["ratings"], figure["share"], figure["target"], figure["met"]) == (1, 1.0, 0.9, True)
    nothing = world.as_(Role.VIEWER, AWAY).get("/api/v1/satisfaction", params=span).json()
    assert (nothing["ratings"], nothing["share"], nothing["met"]) == (0, None, None)


def test_who_reported_is_for_those_who_do_the_work_and_is_deleted(world: World) -> None:
    number = owner(world).post(REPORTS, json=said(name="张女士", phone="13800000000")).json()["number"]
    order = staff_view(world, number)
    where = f"/api/v1/work-orders/{order['id']}/reports"
    assert "13800000000" not in str(order)
    (seen,) = world.as_(Role.TECHNICIAN, HOME).get(where).json()["items"]
    assert (seen["name"], seen["phone"]) == ("张女士", "13800000000")
    assert world.as_(Role.VIEWER, HOME).get(where).status_code == 403
    forget = contacts_job(world.ledger, world.clock)
    forget.run(world.clock.now() + timedelta(days=400))
    assert world.as_(Role.TECHNICIAN, HOME).get(where).json()["items"][0]["name"] == "张女士"
    world.clock.forward(days=91)
    forget.run(world.clock.now())
    with world.ledger.read() as tx:
        (report,) = tx.owner_reports.of_order(order["id"])
        assert (report.text, list(tx.owner_reports.contacts([report.id]))) == ("水泵漏水", [])


@pytest.mark.parametrize("sites", [frozenset[str](), frozenset({AWAY})])
def test_reports_can_be_switched_off(template: Any, tmp_path: Any, sites: frozenset[str]) -> None:
    with open_world(template, tmp_path, public_sites=sites) as world:
        assert owner(world).get(f"/api/v1/public/assets/{HOME}/P-1").status_code == 404
        assert owner(world).post(REPORTS, json=said()).status_code == 404
        assert owner(world).get(f"/api/v1/public/assets/{AWAY}/P-1").status_code == (200 if sites else 404)


def test_every_state_has_words_for_owners() -> None:
    assert all(in_words(state).zh and in_words(state).en for state in State)


def test_a_limiter_is_of_a_fixed_size_and_forgets_the_oldest() -> None:
    limiter = Limiter(1, timedelta(minutes=1), keys=100)
    for n in range(1000):
        limiter.take(str(n), NOW)
    assert len(limiter) == 100
    with pytest.raises(Throttled):
        limiter.take("999", NOW)
    limiter.take("999", NOW + timedelta(minutes=1))


def test_one_connection_of_ipv6_is_one_sender() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:198.51.100.7") == network_of("198.51.100.7")
