"""Departments, staff, contractors and rosters over HTTP."""

from datetime import date, time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from plantroom.ports.accounts import Grant, Role
from tests.contract.api.people_world import ELECTRICAL, a_rota, a_shift, add_user, certificate
from tests.contract.api.world import AWAY, HOME, PASSWORD, World

WATER = "水务管理部门"
ANY = {"If-Match": "*"}


def signed_in(world: World, username: str) -> TestClient:
    """As ``username``, whose password is everybody's."""
    with world.ledger.begin() as tx:
        known, pattern = tx.accounts.user_by_name(username), tx.accounts.user_by_name("li")
        assert known is not None
        assert pattern is not None
        tx.accounts.put_user(type(known)(known.id, username, pattern.password_hash, known.grants, known.name))
    client = world.client()
    answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def staff(world: World, username: str, *departments: str, **more: Any) -> str:
    add_user(world, username, Grant(Role.TECHNICIAN, HOME), name=username.upper())
    form = {"departments": [{"site": HOME, "department": d} for d in departments]} | more
    assert world.admin.patch(f"/api/v1/staff/{username}", json=form, headers=ANY).status_code == 200
    return username


def test_a_site_has_the_seeded_departments_until_it_changes_one(world: World) -> None:
    items = world.admin.get(f"/api/v1/departments?site={HOME}").json()["items"]
    assert {"key": "water", "name": {"zh": WATER, "en": "Water"}}.items() <= {
        k: v for item in items if item["key"] == "water" for k, v in item.items()
    }.items()
    made = world.admin.post("/api/v1/departments", json={"site": HOME, "key": "garden", "name": {"zh": "绿化部"}})
    assert made.status_code == 201
    keys = [d["key"] for d in world.admin.get(f"/api/v1/departments?site={HOME}").json()["items"]]
    assert "garden" in keys
    assert "water" in keys
    assert "garden" not in [d["key"] for d in world.admin.get(f"/api/v1/departments?site={AWAY}").json()["items"]]


def test_a_department_in_use_is_neither_deleted_nor_renamed_and_says_by_what(world: World) -> None:
    world.admin.post("/api/v1/departments", json={"site": HOME, "key": "garden", "name": {"zh": "绿化部"}})
    one = f"/api/v1/departments/{HOME}:garden"
    ticket = {"site": HOME, "title": {"zh": "修剪"}, "department": "绿化部"}
    assert world.admin.post("/api/v1/work-orders", json=ticket).status_code == 201
    refused = world.admin.delete(one)
    assert refused.status_code == 409
    assert "open work orders 1" in refused.json()["detail"]
    assert world.admin.patch(one, json={"name": {"zh": "园林部"}}, headers=ANY).status_code == 409
    assert world.admin.patch(one, json={"aliases": ["园林部"]}, headers=ANY).json()["aliases"] == ["园林部"]


@pytest.mark.parametrize("name", [WATER, " 水务管理部门", "水務管理部門", "WATER"])
def test_two_departments_never_share_a_spelling(world: World, name: str) -> None:
    form = {"site": HOME, "key": "wells", "name": {"zh": name}}
    assert world.admin.post("/api/v1/departments", json=form).status_code == 409


def test_what_somebody_else_has_changed_answers_412_with_what_stands(world: World) -> None:
    staff(world, "a", WATER)
    read = world.admin.get("/api/v1/staff/a")
    assert world.admin.patch("/api/v1/staff/a", json={"phone": "call me"}, headers=ANY).status_code == 422
    first = world.admin.patch("/api/v1/staff/a", json={"phone": "138 0000"}, headers={"If-Match": read.headers["ETag"]})
    assert first.status_code == 200
    second = world.admin.patch(
        "/api/v1/staff/a", json={"phone": "139 0000"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert second.status_code == 412
    assert (second.json()["current"]["phone"], second.json()["conflicts"]) == ("138 0000", ["phone"])
    assert world.admin.patch("/api/v1/staff/a", json={"phone": "139 0000"}).status_code == 428


def test_telephone_numbers_are_for_supervisors_and_the_person_and_in_no_list(world: World) -> None:
    staff(world, "a", WATER, phone="138 1234")
    staff(world, "b", WATER)
    world.admin.post(
        "/api/v1/staff/a/certificates",
        json={"kind": "electrician_low", "number": "T-SECRET", "issued_on": "2025-01-01"},
    )
    for role in (Role.TECHNICIAN, Role.SUPERVISOR, Role.ADMIN):
        listed = world.as_(role, HOME).get("/api/v1/staff").text
        assert "1234" not in listed
        assert "T-SECRET" not in listed
    assert world.as_(Role.VIEWER, HOME).get("/api/v1/staff").status_code == 403
    as_colleague = signed_in(world, "b").get("/api/v1/staff/a").json()
    assert (as_colleague["phone"], as_colleague["grants"], as_colleague["certificates"][0]["number"]) == (None,) * 3
    assert as_colleague["certificates"][0]["valid"] is True
    assert signed_in(world, "a").get("/api/v1/staff/a").json()["phone"] == "138 1234"
    seen = world.as_(Role.SUPERVISOR, HOME).get("/api/v1/staff/a").json()
    assert (seen["phone"], seen["certificates"][0]["number"]) == ("138 1234", "T-SECRET")


def test_a_person_is_seen_from_the_sites_of_their_grants_only(world: World) -> None:
    add_user(world, "both", Grant(Role.TECHNICIAN, HOME), Grant(Role.TECHNICIAN, AWAY))
    add_user(world, "west", Grant(Role.TECHNICIAN, AWAY))
    form = {"departments": [{"site": s, "department": "water"} for s in (HOME, AWAY)]}
    assert world.admin.patch("/api/v1/staff/both", json=form, headers=ANY).status_code == 200
    home = world.as_(Role.SUPERVISOR, HOME)
    both = home.get("/api/v1/staff/both").json()
    assert both["departments"] == [{"site": HOME, "department": WATER}]
    assert [g["site"] for g in both["grants"]] == [HOME]
    assert home.get("/api/v1/staff/west").status_code == 404
    changed = home.patch("/api/v1/staff/both", json={"departments": []}, headers=ANY)
    assert changed.json()["departments"] == []
    kept = world.admin.get("/api/v1/staff/both").json()["departments"]
    assert kept == [{"site": AWAY, "department": WATER}], "what is another site's stays"


def test_nobody_belongs_to_a_department_of_a_site_without_a_grant_there(world: World) -> None:
    add_user(world, "a", Grant(Role.TECHNICIAN, HOME))
    form = {"departments": [{"site": AWAY, "department": "water"}]}
    answer = world.admin.patch("/api/v1/staff/a", json=form, headers=ANY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "departments.0.site"
    unknown = {"departments": [{"site": HOME, "department": "飞行部"}]}
    answer = world.admin.patch("/api/v1/staff/a", json=unknown, headers=ANY)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_department")


def test_a_new_user_gets_no_more_than_whoever_makes_them_has(world: World) -> None:
    home = world.as_(Role.ADMIN, HOME)
    good = {"username": "a", "grants": [{"role": "technician", "site": HOME}]}
    assert home.post("/api/v1/staff", json=good).status_code == 201
    assert home.post("/api/v1/staff", json=good).status_code == 409, "the name is taken"
    everywhere = {"username": "b", "grants": [{"role": "technician"}]}
    assert home.post("/api/v1/staff", json=everywhere).status_code == 403
    nowhere = {"username": "c", "grants": [{"role": "technician", "site": "mars"}]}
    assert world.admin.post("/api/v1/staff", json=nowhere).status_code == 422
    boss = {"username": "d", "grants": [{"role": "admin", "site": HOME, "contractor": "x"}]}
    assert world.admin.post("/api/v1/staff", json=boss).json()["errors"][0]["code"] == "too_much"


def test_switching_a_person_off_returns_their_orders_and_lists_them(world: World) -> None:
    staff(world, "a", WATER, phone="138 1234")
    order = world.ticket()
    assert world.admin.post(f"/api/v1/work-orders/{order.id}/assignment", json={"assignee": "a"}).status_code == 200
    off = {"active": False, "reason": "has left"}
    assert world.as_(Role.SUPERVISOR, HOME).patch("/api/v1/staff/a", json=off, headers=ANY).status_code == 403
    assert world.admin.patch("/api/v1/staff/a", json={"active": False}, headers=ANY).status_code == 422
    answer = world.admin.patch("/api/v1/staff/a", json=off, headers=ANY).json()
    assert (answer["active"], answer["phone"], answer["returned"]) == (False, "", [order.id])
    detail = world.admin.get(f"/api/v1/work-orders/{order.id}").json()
    assert (detail["assignee"], detail["department"]) == (None, WATER)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"expires_on": "2024-12-31"}, 422),
        ({"kind": "pilot"}, 422),
        ({"kind": "elevator_licence"}, 422),
        ({"number": "N-old"}, 409),
        ({}, 201),
    ],
)
def test_a_certificate_that_makes_no_sense_is_refused(world: World, form: dict[str, Any], status: int) -> None:
    staff(world, "a")
    with world.ledger.begin() as tx:
        tx.people.put_certificate(certificate("old", "a"))
    sound = {"kind": "electrician_low", "number": "N-1", "issued_on": "2025-01-01", "expires_on": "2027-01-01"}
    assert world.admin.post("/api/v1/staff/a/certificates", json=sound | form).status_code == status


def test_certificates_that_run_out_are_listed_for_thirty_and_for_seven_days(world: World) -> None:
    staff(world, "a")
    with world.ledger.begin() as tx:
        tx.people.put_certificate(certificate("soon", "a", expires_on=date(2026, 3, 8)))
        tx.people.put_certificate(certificate("later", "a", "work_at_height", expires_on=date(2026, 3, 30)))
    home = world.as_(Role.SUPERVISOR, HOME)
    found = {n: home.get(f"/api/v1/certificates?expires_within={n}").json()["items"] for n in (7, 30)}
    assert [(e["number"], e["days_left"]) for e in found[7]] == [("N-soon", 6)]
    assert [e["number"] for e in found[30]] == ["N-soon", "N-later"]


def test_the_rules_say_their_basis_and_how_far_it_was_checked(world: World) -> None:
    rules = world.as_(Role.VIEWER, HOME).get("/api/v1/licence-rules").json()
    elevator = next(d for d in rules["demands"] if d["key"] == "elevator")
    assert (elevator["contractor"], elevator["status"]) == (["elevator_licence"], "verified")
    assert all(
        d["basis"]["zh"] and d["basis"]["en"] and d["status"] in {"verified", "from_memory", "default"}
        for d in rules["demands"]
    )


def shift_form(**given: Any) -> dict[str, Any]:
    base = {"site": HOME, "department": "electrical", "name": {"zh": "早班"}, "starts": "08:00", "ends": "16:00"}
    return base | {"valid_from": "2026-01-01"} | given


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"ends": "08:00"}, 422, "zero_length"),
        ({"people": ["nobody"]}, 422, "unknown_user"),
        ({"people": ["west"]}, 422, "no_grant"),
        ({"people": ["gone"]}, 422, "inactive"),
        ({"department": "飞行部"}, 422, "unknown_department"),
        ({"starts": "08:00:00+08:00"}, 422, "value_error"),
        ({"people": ["a"]}, 409, None),
        ({"people": ["a"], "starts": "20:00", "ends": "06:00"}, 201, None),
        ({"people": ["a"], "starts": "20:00", "ends": "09:00"}, 409, None),
    ],
)
def test_a_shift_that_cannot_be_is_refused(world: World, given: dict[str, Any], status: int, code: str | None) -> None:
    staff(world, "a")
    add_user(world, "west", Grant(Role.TECHNICIAN, AWAY))
    with world.ledger.begin() as tx:
        tx.people.put_shift(a_shift("day", HOME, ["a"], time(8), time(20)))
    answer = world.admin.post("/api/v1/rosters/shifts", json=shift_form(**given))
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["errors"][0]["code"] == code
    if status != 201:
        assert len(world.admin.get(f"/api/v1/rosters/shifts?site={HOME}").json()["items"]) == 1, "nothing is written"


def test_a_person_is_not_on_shift_on_two_sites_at_once(world: World) -> None:
    add_user(world, "both", Grant(Role.TECHNICIAN, HOME), Grant(Role.TECHNICIAN, AWAY))
    assert world.admin.post("/api/v1/rosters/shifts", json=shift_form(people=["both"])).status_code == 201
    there = shift_form(site=AWAY, people=["both"], starts="15:00", ends="23:00")
    assert world.admin.post("/api/v1/rosters/shifts", json=there).status_code == 409


def test_swaps_change_both_sides_or_neither(world: World) -> None:
    for name in ("a", "b"):
        staff(world, name)
    with world.ledger.begin() as tx:
        tx.people.put_shift(a_shift("day", HOME, ["a"]))
        tx.people.put_shift(a_shift("night", HOME, ["b"], time(20), time(8)))
    sides = {
        "one": {"user": "a", "shift": "day", "day": "2026-03-10"},
        "other": {"user": "b", "shift": "night", "day": "2026-03-12"},
    }
    wrong = sides | {"other": sides["other"] | {"user": "a"}}
    assert world.admin.post("/api/v1/rosters/swaps", json=wrong).status_code in {409, 422}
    clash = sides | {"other": sides["other"] | {"day": "2026-03-09"}}
    assert world.admin.post("/api/v1/rosters/swaps", json=clash).status_code == 201, "they meet at 08:00, no overlap"
    assert world.admin.post("/api/v1/rosters/swaps", json=sides).status_code == 409, "a is off that day by now"


def duties(world: World, **given: str) -> list[tuple[str, str, str]]:
    query = {"site": HOME, "from": "2026-03-10", "to": "2026-03-11"} | given
    items = world.admin.get("/api/v1/rosters/duties", params=query).json()["items"]
    return [(d["user"], d["starts_at"], d["ends_at"]) for d in items]


def test_who_works_when_follows_exceptions_and_days_off(world: World) -> None:
    for name in ("a", "b"):
        staff(world, name)
    with world.ledger.begin() as tx:
        tx.people.put_shift(a_shift("day", HOME, ["a"]))
    first, second = (
        ("2026-03-10T00:00:00.000Z", "2026-03-10T12:00:00.000Z"),
        ("2026-03-11T00:00:00.000Z", "2026-03-11T12:00:00.000Z"),
    )
    assert duties(world) == [("a", *first), ("a", *second)]
    replaced = {"day": "2026-03-10", "kind": "replace", "user": "a", "other": "b"}
    made = world.admin.post("/api/v1/rosters/shifts/day/exceptions", json=replaced)
    assert made.status_code == 201
    away = world.admin.post("/api/v1/staff/a/absences", json={"first": "2026-03-11", "last": "2026-03-11"})
    assert away.status_code == 201
    assert duties(world) == [("b", *first)]
    assert duties(world, user="a") == []
    assert world.admin.delete(f"/api/v1/rosters/exceptions/{made.json()['id']}").status_code == 204
    assert world.admin.delete(f"/api/v1/absences/{away.json()['id']}").status_code == 204
    assert duties(world, department=ELECTRICAL) == [("a", *first), ("a", *second)]
    at_nine = {"site": HOME, "at": "2026-03-10T01:00:00Z"}
    assert [d["user"] for d in world.admin.get("/api/v1/rosters/on-shift", params=at_nine).json()["items"]] == ["a"]
    assert world.admin.get("/api/v1/rosters/duties?site=demo&from=2026-03-10&to=2027-03-10").status_code == 422


def test_a_fire_control_room_wants_two_certified_people_day_and_night(world: World) -> None:
    for name in ("a", "b"):
        staff(world, name)
    with world.ledger.begin() as tx:
        tx.people.put_certificate(certificate("c", "a", "fire_facility_operator"))
        tx.people.put_shift(a_shift("room", HOME, ["a", "b"], time(8), time(20), post="fire_control_room"))
        tx.people.put_shift(a_shift("night", HOME, ["b"], time(20), time(6), "water", post="fire_control_room"))
    query = {"site": HOME, "from": "2026-03-10", "to": "2026-03-10"}
    items = world.admin.get("/api/v1/rosters/warnings", params=query).json()["items"]
    assert sorted((w["code"], w["shift"]) for w in items if w["shift"]) == [
        ("uncertified", "night"),
        ("uncertified", "room"),
        ("understaffed", "night"),
    ]
    assert [w["text"]["en"] for w in items if w["code"] == "uncovered"] == [
        "nobody in the fire control room: 2026-03-10 06:00 – 2026-03-10 08:00"
    ]


def test_on_call_lists_whom_to_call_and_warns_of_gaps(world: World) -> None:
    for name in ("a", "b"):
        staff(world, name, phone=f"138 000{name == 'a':d}")
    with world.ledger.begin() as tx:
        tx.people.put_rota(a_rota("first", HOME, ["a"], ends_on=date(2026, 3, 4)))
        tx.people.put_rota(a_rota("second", HOME, ["b"], level=2))
    people = world.as_(Role.TECHNICIAN, HOME).get(f"/api/v1/on-call?site={HOME}").json()["items"]
    assert [(p["username"], p["level"], p["phone"]) for p in people] == [("a", 1, "138 0001"), ("b", 2, "138 0000")]
    assert world.as_(Role.VIEWER, HOME).get(f"/api/v1/on-call?site={HOME}").status_code == 403
    gaps = world.admin.get(f"/api/v1/on-call/gaps?site={HOME}&days=30").json()["items"]
    assert [(g["rota"], g["starts_at"], g["missing"]) for g in gaps] == [("first", "2026-03-05T01:00:00.000Z", None)]
    cover = {"user": "b", "starts_at": "2026-03-02T07:00:00Z", "ends_at": "2026-03-02T07:00:00Z"}
    assert world.admin.post("/api/v1/on-call/rotas/first/covers", json=cover).status_code == 422
    cover["ends_at"] = "2026-03-02T09:00:00Z"
    assert world.admin.post("/api/v1/on-call/rotas/first/covers", json=cover).status_code == 201
    assert world.admin.get(f"/api/v1/on-call?site={HOME}").json()["items"][0]["username"] == "b"


def test_assigning_by_hand_refuses_with_the_certificate_and_takes_back(world: World) -> None:
    staff(world, "a", WATER)
    order = world.ticket()
    path = f"/api/v1/work-orders/{order.id}"
    given = world.admin.post(f"{path}/assignment", json={"assignee": "a"}, headers={"If-Match": '"1"'})
    assert (given.status_code, given.json()["assignee"]) == (200, "a")
    stale = world.admin.post(f"{path}/assignment", json={"assignee": None}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert [o["id"] for o in world.admin.get("/api/v1/work-orders?assignee=a").json()["items"]] == [order.id]
    assert world.admin.get("/api/v1/work-orders?unassigned=true").json()["items"] == []
    back = world.admin.post(f"{path}/assignment", json={"reason": "waits"})
    assert back.json()["assignee"] is None
    kept = world.admin.get(f"{path}/assignments").json()["items"]
    assert [(a["user"], a["ended_how"], a["ended_why"]) for a in kept] == [("a", "released", "waits")]
    nobody = world.admin.post(f"{path}/assignment", json={"assignee": "nobody"})
    assert nobody.status_code == 404


def test_on_time_figures_of_people_are_for_supervisors(world: World) -> None:
    query = "from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z&by=person"
    assert world.as_(Role.TECHNICIAN, HOME).get(f"/api/v1/on-time?{query}").status_code == 403
    assert world.as_(Role.SUPERVISOR, HOME).get(f"/api/v1/on-time?{query}").json()["items"] == []
    backwards = "from=2026-12-31T00:00:00Z&to=2026-01-01T00:00:00Z"
    assert world.admin.get(f"/api/v1/on-time?{backwards}").status_code == 422
