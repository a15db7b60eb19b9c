"""What is written down about work orders, over HTTP."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from maintenance.orders import create_order
from maintenance.work_orders import ChecklistItem, Kind, Origin, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.parts import Part
from plantroom.ports.accounts import Grant, Role
from tests.contract.api.world import AWAY, HOME, PASSWORD, World

JSON = dict[str, Any]


def at(order: WorkOrder, what: str) -> str:
    return f"/api/v1/work-orders/{order.id}/{what}"


def priced(world: World, stock_of: float = 3) -> str:
    made = Part("part-1", HOME, "6205", LocalName("轴承", "Bearing"), stock=stock_of, unit_cost=18.5)
    with world.ledger.begin() as tx:
        tx.parts.add(made)
    return made.key


def read(client: TestClient, order: WorkOrder) -> JSON:
    return client.get(f"/api/v1/work-orders/{order.id}").json()


def test_comments_stay_as_they_were_written(world: World, li: TestClient) -> None:
    order = world.ticket()
    for text in ("机封滴水 <b>不多</b>", "drips a little"):
        assert li.post(at(order, "comments"), json={"text": text}).status_code == 201
    listed = li.get(at(order, "comments")).json()["items"]
    assert [c["text"] for c in listed] == ["机封滴水 <b>不多</b>", "drips a little"]
    assert li.post(at(order, "comments"), json={"text": "  "}).status_code == 422
    assert read(li, order)["records"]["comments"] == 2


def test_a_signature_is_of_the_version_that_was_seen(world: World, li: TestClient) -> None:
    order = world.ticket()
    sheet = {"role": "safety_manager", "name": "王安全", "sha256": world.file(), "version": order.version}
    assert li.post(at(order, "signatures"), json=sheet | {"version": 99}).status_code == 412
    assert li.post(at(order, "signatures"), json=sheet | {"sha256": "0" * 64}).status_code == 422
    assert li.post(at(order, "signatures"), json=sheet).status_code == 201
    (signed,) = read(li, order)["records"]["signatures"]
    assert (signed["role"], signed["name"], signed["order_version"]) == ("safety_manager", "王安全", order.version)
    assert len(signed["answers_sha256"]) == 64


def test_nobody_is_at_work_on_two_things_at_once(world: World, li: TestClient) -> None:
    one, other = world.ticket(), world.ticket()
    span = {"person": "li", "from": "2026-03-02T06:00:00Z", "to": "2026-03-02T07:00:00Z"}
    assert li.post(at(one, "labour"), json=span).json()["minutes"] == 60
    half = {"person": "li", "from": "2026-03-02T06:30:00Z", "to": "2026-03-02T07:30:00Z"}
    refused = li.post(at(other, "labour"), json=half)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plantroom:problem:time_overlaps")
    assert f"#{one.number}" in refused.json()["detail"]
    touching = half | {"from": "2026-03-02T07:00:00Z"}
    assert li.post(at(other, "labour"), json=touching).status_code == 201
    assert li.post(at(other, "labour"), json=half | {"person": "admin"}).status_code == 201


def test_labour_that_cannot_be_is_refused_naming_the_field(world: World, li: TestClient) -> None:
    order = world.ticket()
    for wrong, field in (
        ({"person": "li"}, "minutes"),
        ({"person": "nobody", "minutes": 5}, "person"),
        ({"person": "li", "from": "2026-03-02T06:00:00Z"}, "to"),
        ({"person": "li", "from": "2026-03-02T07:00:00Z", "to": "2026-03-02T06:00:00Z"}, "to"),
        ({"person": "li", "from": "2026-03-02T07:00:00Z", "to": "2026-03-02T20:00:00Z"}, "to"),
        ({"minutes": 5}, "person"),
    ):
        answer = li.post(at(order, "labour"), json=wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field]), wrong


def test_verified_work_takes_comments_and_invoices_but_no_files_or_signatures(world: World, li: TestClient) -> None:
    order, boss = world.ticket(), world.as_(Role.SUPERVISOR, HOME)
    for to in ("in_progress", "completed", "verified"):
        assert boss.post(at(order, "transitions"), json={"to": to}).status_code == 200
    assert li.post(at(order, "comments"), json={"text": "x"}).status_code == 201
    assert li.post(at(order, "costs"), json={"invoice": "F", "amount": 1}).status_code == 201
    assert li.post(at(order, "labour"), json={"person": "li", "minutes": 5}).status_code == 403
    photo = {"kind": "photo", "sha256": world.file()}
    assert boss.post(at(order, "attachments"), json=photo).status_code == 409


def test_codes_that_there_are_not_are_refused(world: World, li: TestClient) -> None:
    order = world.ticket()
    for wrong in ({"failure_mode": "door_open"}, {"cause": "magic"}, {"action": "prayer"}):
        answer = li.put(at(order, "coding"), json=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(wrong)))
    said = {"failure_mode": "bearing", "cause": "wear", "action": "replace", "item": "驱动端轴承", "note": "已换"}
    assert li.put(at(order, "coding"), json=said).status_code == 200
    assert {k: read(li, order)["records"]["coding"][k] for k in said} == said


def done(world: World, cause: str, days: float, hours: float = 2) -> WorkOrder:
    """A confirmed repair with a new bearing, ``days`` ago on the world's clock when it ends."""
    boss = world.as_(Role.SUPERVISOR, HOME)
    world.clock.forward(days=-days)
    order = world.ticket()
    boss.put(at(order, "coding"), json={"failure_mode": "bearing", "cause": cause, "action": "replace"})
    world.clock.forward(hours=hours)
    for to in ("in_progress", "completed"):
        assert boss.post(at(order, "transitions"), json={"to": to}).status_code == 200
    world.clock.forward(days=days, hours=-hours)
    return order


def test_a_new_ticket_shows_what_worked_last_time(world: World, li: TestClient) -> None:
    part = priced(world)
    first, second = done(world, "wear", 200), done(world, "corrosion", 100)
    li.post(at(second, "parts"), json={"part": part, "quantity": 1})
    done(world, "wear", 20, hours=4)
    new = world.ticket()
    li.put(at(new, "coding"), json={"failure_mode": "bearing"})
    (level,) = read(li, new)["worked_last_time"]
    assert (level["level"], level["tickets"], level["median_repair_minutes"]) == ("asset", 3, 120)
    assert [(c["code"], c["count"], c["worked"], c["judged"]) for c in level["causes"]] == [
        ("wear", 2, 1, 2),
        ("corrosion", 1, 1, 1),
    ]
    assert [t["again_after_days"] for t in level["last"]] == [19, 79, 99]
    assert level["last"][2]["id"] == first.id
    assert [(p["number"], p["tickets"], p["quantity"]) for p in level["parts"]] == [("6205", 1, 1.0)]
    bundle = li.get("/api/v1/sync/bundle").json()["work_orders"]
    assert next(o for o in bundle if o["id"] == new.id)["worked_last_time"] == [level]


def test_what_worked_elsewhere_is_seen_by_those_who_see_the_site(world: World, li: TestClient) -> None:
    done(world, "wear", 50)
    abroad = world.ticket(AWAY)
    world.admin.put(at(abroad, "coding"), json={"failure_mode": "bearing"})
    (level,) = read(world.admin, abroad)["worked_last_time"]
    assert (level["level"], level["last"][0]["site"]) == ("class", HOME)
    assert read(world.as_(Role.TECHNICIAN, AWAY), abroad)["worked_last_time"] == []


def test_a_repair_is_coded_as_it_is_completed(world: World, li: TestClient) -> None:
    order, coding = world.ticket(), {"failure_mode": "seal_leak", "cause": "wear", "action": "replace", "item": "机封"}
    li.post(at(order, "transitions"), json={"to": "in_progress"})
    for wrong, field in (
        ({"to": "on_hold", "code": "access", "coding": coding}, "coding"),
        ({"to": "completed", "coding": coding | {"cause": "gremlins"}}, "cause"),
    ):
        answer = li.post(at(order, "transitions"), json=wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    assert read(li, order)["state"] == "in_progress"
    assert li.post(at(order, "transitions"), json={"to": "completed", "coding": coding}).status_code == 200
    said = read(li, order)["records"]["coding"]
    assert {key: said[key] for key in coding} == coding
    assert said["confirmed"] is True


def test_a_ticket_that_names_its_failure_mode_shows_what_worked_at_once(world: World, li: TestClient) -> None:
    body = {"asset": world.keys[HOME], "title": {"zh": "机封漏水"}, "failure_mode": "seal_leak"}
    first = li.post("/api/v1/work-orders", json=body).json()
    assert first["worked_last_time"] == []
    where = f"/api/v1/work-orders/{first['id']}/transitions"
    li.post(where, json={"to": "in_progress"})
    li.post(where, json={"to": "completed", "coding": {"failure_mode": "seal_leak", "action": "replace"}})
    (level,) = li.post("/api/v1/work-orders", json=body).json()["worked_last_time"]
    assert (level["level"], [one["code"] for one in level["actions"]]) == ("asset", ["replace"])
    for wrong in ({"failure_mode": "gremlins"}, {"due": "2026-03-05T00:00:00Z"}):
        answer = li.post("/api/v1/work-orders", json=body | wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, list(wrong))


def test_statutory_work_that_both_sides_sign_is_frozen_with_its_records(world: World, li: TestClient) -> None:
    order, boss = planned(world, 3, Kind.STATUTORY), world.as_(Role.SUPERVISOR, HOME)
    li.post(at(order, "labour"), json={"person": "li", "minutes": 45})
    li.post(at(order, "comments"), json={"text": "钢丝绳已测"})
    for to in ("in_progress", "completed"):
        li.post(at(order, "transitions"), json={"to": to})
    done = read(li, order)
    sheet = {"sha256": world.file(), "version": done["version"]}
    li.post(at(order, "signatures"), json=sheet | {"role": "technician", "name": "李工"})
    assert boss.get("/api/v1/records").json()["items"] == []
    li.post(at(order, "signatures"), json=sheet | {"role": "safety_manager", "name": "李工"})
    assert boss.get("/api/v1/records").json()["items"] == [], "nobody signs for both sides"
    manager = {"role": "safety_manager", "name": "王安全"}
    refused = li.post(at(order, "signatures"), json=sheet | manager)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["field"], error["code"]) == (422, "sha256", "same_image")
    li.post(at(order, "signatures"), json=sheet | manager | {"sha256": world.file(content=b"by another hand")})
    (record,) = boss.get("/api/v1/records").json()["items"]
    said = boss.get(f"/api/v1/records/{record['id']}").json()["document"]
    assert [one["name"] for one in said["signatures"]] == ["李工", "李工", "王安全"]
    assert (said["work"]["labour"][0]["minutes"], said["work"]["comments"][0]["text"]) == (45, "钢丝绳已测")
    photo = li.post(at(order, "attachments"), json={"kind": "photo", "sha256": sheet["sha256"]})
    assert (photo.status_code, photo.json()["type"]) == (409, "urn:plantroom:problem:record_frozen")
    assert li.post(at(order, "costs"), json={"invoice": "FP-9", "amount": 10}).status_code == 201


def test_a_fault_that_is_there_again_counts_as_a_repeat(world: World) -> None:
    done(world, "wear", 60)
    done(world, "wear", 50)
    done(world, "wear", 25)
    boss = world.as_(Role.SUPERVISOR, HOME)
    span = {"from": "2025-12-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    rates = boss.get("/api/v1/repairs/repeat-rate", params=span | {"by": "month"}).json()["items"]
    assert [(r["who"], r["repairs"], r["reopened"], r["repeated"]) for r in rates] == [
        ("2026-01", 2, 1, 2),
        ("2026-02", 1, 0, 0),
    ]
    (whole,) = boss.get("/api/v1/repairs/repeat-rate", params=span | {"by": "department"}).json()["items"]
    assert (whole["who"], whole["repairs"], whole["reopened"], whole["repeated"]) == ("水务管理部门", 3, 1, 2)


def planned(world: World, due_days: int, kind: Kind = Kind.PREVENTIVE) -> WorkOrder:
    with world.ledger.begin() as tx:
        return create_order(
            tx, site=HOME, kind=kind, origin=Origin.PLAN, title=LocalName("保养", "Upkeep"), by="system:planner",
            now=world.clock.now(), asset=world.keys[HOME], due=world.clock.now() + timedelta(days=due_days),
        )  # fmt: skip


def test_statutory_work_is_never_put_off_beyond_the_law(world: World) -> None:
    order, boss = planned(world, 3, Kind.STATUTORY), world.as_(Role.SUPERVISOR, HOME)
    answer = boss.post(at(order, "deferral"), json={"to": "2026-03-20", "code": "weather"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:plantroom:problem:beyond_the_law")
    assert "2026-03-05" in answer.json()["detail"]
    assert read(boss, order)["state"] == "open"


def test_planned_work_is_put_off_with_a_code_and_goes_on_as_another_order(world: World) -> None:
    order, boss = planned(world, 3), world.as_(Role.SUPERVISOR, HOME)
    for wrong, field in (
        ({"to": "2026-03-20", "code": "shift_end"}, "code"),
        ({"to": "2026-03-20", "code": "other"}, "reason"),
        ({"to": "2026-03-04", "code": "weather"}, "to"),
        ({"to": "2029-03-04", "code": "weather"}, "to"),
    ):
        answer = boss.post(at(order, "deferral"), json=wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    follows = boss.post(at(order, "deferral"), json={"to": "2026-03-20", "code": "weather", "reason": "暴雨"}).json()
    assert (follows["state"], follows["due"], follows["tags"]) == ("open", "2026-03-20T15:59:59.000Z", ["deferred"])
    ended = read(boss, order)
    assert (ended["state"], "暴雨" in ended["end_reason"]) == ("deferred", True)
    assert boss.post(at(world.ticket(), "deferral"), json={"to": "2026-03-20", "code": "weather"}).status_code == 409


def test_work_is_not_put_off_by_a_step_without_a_new_day(world: World) -> None:
    """The step ended statutory work without a day to do it on, and without a look at the law."""
    order, boss = planned(world, 3, Kind.STATUTORY), world.as_(Role.SUPERVISOR, HOME)
    answer = boss.post(at(order, "transitions"), json={"to": "deferred", "reason": "暴雨", "code": "weather"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "to", "use_deferral")
    assert f"/api/v1/work-orders/{order.id}/deferral" in error["message"]
    assert read(boss, order)["state"] == "open"
    ticket = boss.post(at(world.ticket(), "transitions"), json={"to": "deferred", "reason": "x"})
    assert [e["code"] for e in ticket.json()["errors"]] == ["not_for_tickets"]


def test_endings_have_codes_of_their_own_use(world: World) -> None:
    boss, order = world.as_(Role.SUPERVISOR, HOME), planned(world, 3)
    for wrong, field in (
        ({"to": "bypassed", "code": "weather"}, "code"),
        ({"to": "bypassed", "code": "other"}, "reason"),
        ({"to": "bypassed"}, "reason"),
    ):
        answer = boss.post(at(order, "transitions"), json=wrong)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    ended = boss.post(at(order, "transitions"), json={"to": "bypassed", "code": "out_of_season"}).json()
    assert (ended["state"], ended["end_reason"]) == ("bypassed", "不在运行季 / Out of season")
    assert ended["history"][-1]["code"] == "out_of_season"


def test_there_is_one_list_of_why_work_waits(world: World) -> None:
    boss, tech = world.as_(Role.SUPERVISOR, HOME), world.as_(Role.TECHNICIAN, HOME)
    world.ticket()
    promised = [one["code"] for one in boss.get("/api/v1/sla-policies", params={"site": HOME}).json()["pauses"]]
    offered = [one["code"] for one in boss.get("/api/v1/seed/codes").json()["reasons"] if "hold" in one["uses"]]
    assert offered == promised == [one["code"] for one in tech.get("/api/v1/sync/bundle").json()["pauses"]]
    for code in set(promised) - {"other"}:
        order = world.ticket()
        tech.post(at(order, "transitions"), json={"to": "in_progress"})
        held = tech.post(at(order, "transitions"), json={"to": "on_hold", "code": code})
        assert (held.status_code, held.json()["hold_code"]) == (200, code)


def test_a_batch_says_of_each_order_what_became_of_it(world: World) -> None:
    boss = world.as_(Role.SUPERVISOR, HOME)
    good, law, foreign = planned(world, 3), planned(world, 3, Kind.STATUTORY), world.ticket(AWAY)
    ids = [{"id": i} for i in (good.id, law.id, foreign.id, "nope")]
    body = {"action": "defer", "items": ids, "to": "2026-03-20", "code": "weather"}
    results = boss.post("/api/v1/work-orders/batch", json=body).json()["results"]
    assert [(r["ok"], r["status"], r["code"]) for r in results] == [
        (True, 200, None),
        (False, 409, "beyond_the_law"),
        (False, 404, "not_found"),
        (False, 404, "not_found"),
    ]
    assert results[2]["detail"] == results[3]["detail"]
    assert boss.post("/api/v1/work-orders/batch", json={"action": "defer", "items": ids}).status_code == 422


def test_a_person_asks_for_an_inspection_by_a_checklist(world: World, li: TestClient) -> None:
    with world.ledger.begin() as tx:
        tx.plan.put_checklist("PUMP-Q", [ChecklistItem("S1", "ok", LocalName("外观", "Looks"))])
    body = {"asset": world.keys[HOME], "kind": "inspection", "title": {"zh": "大修后检查"}, "source": "regulator"}
    made = li.post("/api/v1/work-orders", json=body | {"template": "PUMP-Q"}).json()
    assert (made["kind"], made["origin"], [i["step"] for i in made["template"]]) == ("inspection", "regulator", ["S1"])
    unknown = li.post("/api/v1/work-orders", json=body | {"template": "NO"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "unknown_template")
    assert li.post("/api/v1/work-orders", json=body | {"kind": "statutory"}).status_code == 422


def test_a_complaint_is_flagged_until_somebody_has_called(world: World, li: TestClient) -> None:
    body = {"site": HOME, "title": {"zh": "投诉"}, "source": "complaint", "call_back": True}
    made = li.post("/api/v1/work-orders", json=body).json()
    assert (made["origin"], made["tags"]) == ("owner", ["complaint", "call_back"])
    li.post(f"/api/v1/work-orders/{made['id']}/comments", json={"text": "已回访，满意", "kind": "call_back"})
    after = li.get(f"/api/v1/work-orders/{made['id']}").json()
    assert (after["tags"], after["records"]["call_back"]) == (["complaint"], False)


def signed_in(world: World, username: str) -> TestClient:
    client = world.client()
    session = client.post("/api/v1/session", json={"username": username, "password": PASSWORD}).json()
    client.headers["X-CSRF-Token"] = session["csrf_token"]
    return client


def test_critical_work_is_verified_by_a_second_person_under_no_other_name(world: World) -> None:
    order, boss = world.ticket(severity=Severity.CRITICAL), signed_in(world, "admin")
    token = boss.post("/api/v1/tokens", json={"name": "robot", "role": "supervisor", "site": HOME}).json()["token"]
    robot = world.client(token)
    for to in ("in_progress", "completed"):
        assert robot.post(at(order, "transitions"), json={"to": to}).status_code == 200
    by_token = robot.post(at(order, "transitions"), json={"to": "verified"})
    assert (by_token.status_code, "token" in by_token.json()["detail"]) == (409, True)
    by_its_maker = boss.post(at(order, "transitions"), json={"to": "verified"})
    assert (by_its_maker.status_code, "second person" in by_its_maker.json()["detail"]) == (409, True)
    with world.ledger.begin() as tx:
        known = tx.accounts.user_by_name("admin")
        assert known is not None
        tx.accounts.put_user(replace(known, id="u-wang", username="wang", grants=[Grant(Role.SUPERVISOR, HOME)]))
    assert signed_in(world, "wang").post(at(order, "transitions"), json={"to": "verified"}).status_code == 200


def test_records_of_a_foreign_order_are_not_there(world: World, li: TestClient) -> None:
    order = world.ticket(AWAY)
    for what in ("comments", "attachments", "signatures", "labour", "parts", "reports"):
        assert li.get(at(order, what)).status_code == 404
    assert world.as_(Role.SUPERVISOR, HOME).get(at(order, "costs")).status_code == 404
