"""People who are limited to a contractor's orders: what they see, and that they stand on no roster."""

from datetime import time

from plantroom.ports.accounts import Grant, Role
from tests.contract.api.people_world import a_shift, add_user
from tests.contract.api.test_people import ANY, shift_form, signed_in, staff
from tests.contract.api.world import HOME, World


def test_who_is_limited_to_a_contractor_s_orders_is_put_on_no_roster(world: World) -> None:
    theirs = Grant(Role.TECHNICIAN, HOME, contractor=f"contractor-{HOME}")
    add_user(world, "chen", theirs)
    add_user(world, "both", theirs, Grant(Role.TECHNICIAN, HOME))
    staff(world, "a")
    assert world.admin.post("/api/v1/rosters/shifts", json=shift_form(people=["both"])).status_code == 201
    made = world.admin.post("/api/v1/rosters/shifts", json=shift_form(people=["a"])).json()
    rota = {"site": HOME, "name": {"zh": "夜间"}, "starts_on": "2026-01-01", "people": ["chen"]}
    extra = {"day": "2026-03-03", "kind": "extra", "user": "chen", "reason": "x"}
    for path, form in (
        ("rosters/shifts", shift_form(people=["chen"])),
        ("on-call/rotas", rota),
        (f"rosters/shifts/{made['id']}/exceptions", extra),
    ):
        answer = world.admin.post(f"/api/v1/{path}", json=form)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "contractor_only"), answer.text
        assert "仅限外包单位的工单" in answer.json()["errors"][0]["message"]
        assert "contractor's orders" in answer.json()["errors"][0]["message"]
    with world.ledger.begin() as tx:
        tx.people.put_shift(a_shift("old", HOME, ["chen"], time(8), time(20)))
    days = {"site": HOME, "from": "2026-03-03", "to": "2026-03-03"}
    warned = world.admin.get("/api/v1/rosters/warnings", params=days).json()["items"]
    assert [one["code"] for one in warned if one["shift"] == "old"] == ["contractor_only", "understaffed"]


def test_a_contractor_s_people_see_its_orders_and_nothing_else(world: World) -> None:
    made = world.admin.post("/api/v1/contractors", json={"site": HOME, "name": {"zh": "安达"}}).json()
    grant = {"role": "technician", "site": HOME, "contractor": made["id"]}
    form = {"username": "chen", "grants": [grant], "contractor": made["id"]}
    assert world.admin.post("/api/v1/staff", json=form).status_code == 201
    theirs, ours = world.ticket(), world.ticket()
    given = world.admin.post(f"/api/v1/work-orders/{theirs.id}/assignment", json={"contractor": made["id"]})
    assert given.json()["contractor"] == made["id"]
    chen = signed_in(world, "chen")
    assert [o["id"] for o in chen.get("/api/v1/work-orders").json()["items"]] == [theirs.id]
    assert chen.get(f"/api/v1/work-orders/{ours.id}").status_code == 404
    assert chen.get(f"/api/v1/work-orders/{theirs.id}").status_code == 200
    bundle = chen.get("/api/v1/sync/bundle").json()
    assert [o["id"] for o in bundle["work_orders"]] == [theirs.id]
    for path in ("/api/v1/assets", "/api/v1/staff", "/api/v1/sites", "/api/v1/contractors", "/api/v1/alarms"):
        assert chen.get(path).json()["items"] == [], path
    assert chen.get(f"/api/v1/assets/{world.keys[HOME]}").status_code == 404
    assert chen.get(f"/api/v1/rosters/shifts?site={HOME}").status_code == 403
    assert chen.post(f"/api/v1/work-orders/{ours.id}/accept").status_code == 404
    taken = chen.post(f"/api/v1/work-orders/{theirs.id}/accept")
    assert (taken.json()["assignee"], taken.json()["state"]) == ("chen", "acknowledged")
    ops = [
        {
            "op_id": "o1",
            "user": "chen",
            "type": "start",
            "work_order": i,
            "captured_at": "2026-03-02T08:00:00Z",
            "value": {},
        }
        for i in (theirs.id,)
    ]
    assert (
        chen.post("/api/v1/sync", json={"device": "t", "device_now": "2026-03-02T08:00:00Z", "ops": ops}).json()[
            "results"
        ][0]["status"]
        == "applied"
    )
    off = world.admin.patch(f"/api/v1/contractors/{made['id']}", json={"active": False}, headers=ANY)
    assert off.status_code == 200
    assert world.admin.get(f"/api/v1/work-orders/{theirs.id}").json()["contractor"] is None
