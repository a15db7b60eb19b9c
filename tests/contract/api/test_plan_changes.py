"""Changes of the plan table: asked for, looked at, decided."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from plantroom.ports.accounts import Grant, Role
from tests.contract.api.people_world import add_user
from tests.contract.api.world import AWAY, HOME, World

PATH = "/api/v1/plan-changes"
MONTH = {"every": 1, "unit": "month"}
QUARTER = {"every": 3, "unit": "month"}
ROW = {
    "code": "PU-M",
    "name": {"zh": "水泵月检", "en": "Monthly look at the pump"},
    "interval": MONTH,
    "anchor": "2026-01-15",
    "tolerance": {"early_days": 3, "late_days": 3},
    "estimated_minutes": 60,
    "job_cost": 10,
}
ASKED: dict[str, Any] = {"action": "change", "plan_row": "PU-M", "row": {"interval": QUARTER}, "reason": "too often"}


@pytest.fixture
def planned(world: World) -> World:
    """The site's pump with a monthly row of its own."""
    made = world.admin.post("/api/v1/plan-rows", json=ROW | {"assets": [world.keys[HOME]]})
    assert made.status_code == 201, made.text
    return world


def tech(world: World) -> TestClient:
    return world.as_(Role.TECHNICIAN, HOME)


def boss(world: World) -> TestClient:
    return world.as_(Role.SUPERVISOR, HOME)


def asked(world: World, **more: Any) -> dict[str, Any]:
    answer = tech(world).post(PATH, json=ASKED | {"site": HOME} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def decide(client: TestClient, change: dict[str, Any], what: str, reason: str = "", version: int | None = None) -> Any:
    tag = {"If-Match": f'"{version or change["version"]}"'}
    return client.post(f"{PATH}/{change['id']}/{what}", json={"reason": reason}, headers=tag)


def row_now(world: World, code: str = "PU-M") -> dict[str, Any]:
    return world.admin.get("/api/v1/plan-rows", params={"code": code, "site": HOME}).json()["items"][-1]


def occurrences(world: World, asset: str) -> list[dict[str, Any]]:
    """All of an asset but the row that they belong to."""
    found = world.admin.get("/api/v1/occurrences", params={"asset": asset}).json()["items"]
    return [{name: value for name, value in one.items() if name != "lineage"} for one in found]


def test_a_technician_asks_and_a_supervisor_approves(planned: World) -> None:
    change = asked(planned)
    assert (change["state"], change["requested_by"]) == ("requested", "machine")
    assert change["fields"] == [{"field": "interval", "before": MONTH, "after": QUARTER}] + [
        one for one in change["fields"] if one["field"] != "interval"
    ]
    assert row_now(planned)["interval"] == MONTH
    assert decide(tech(planned), change, "approve").status_code == 403
    done = decide(boss(planned), change, "approve", "agreed")
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["applied_version"], done.json()["decision"]) == ("approved", 2, "agreed")
    now = row_now(planned)
    assert (now["interval"], now["version"], now["effective_from"]) == (QUARTER, 2, "2026-03-02")
    assert decide(boss(planned), done.json(), "approve").status_code == 409
    versions = planned.as_(Role.VIEWER, HOME).get(f"/api/v1/plan-rows/{now['lineage']}/versions").json()["items"]
    assert [(one["version"], one["effective_from"], one["in_effect"]) for one in versions] == [
        (2, "2026-03-02", True),
        (1, "2000-01-01", False),
    ]
    assert (versions[0]["change"]["reason"], versions[0]["change"]["decision"]) == ("too often", "agreed")
    assert versions[1]["change"] is None


def test_what_an_approver_asks_for_takes_effect_at_once_unless_they_say_otherwise(planned: World) -> None:
    waits = boss(planned).post(PATH, json=ASKED | {"site": HOME, "only_request": True})
    assert waits.json()["state"] == "requested"
    done = boss(planned).post(PATH, json=ASKED | {"site": HOME})
    assert (done.status_code, done.json()["state"]) == (201, "approved")
    assert row_now(planned)["version"] == 2


def test_the_preview_says_what_goes_stays_and_moves_and_writes_nothing(planned: World) -> None:
    planned.admin.post("/api/v1/plan/materialise")
    planned.admin.put("/api/v1/budgets/rates/demo", json={"hourly_rate": 60}, headers={"If-Match": '"0"'})
    change = asked(planned)
    assert planned.as_(Role.VIEWER, HOME).get(f"{PATH}/{change['id']}/preview").status_code == 200
    seen = boss(planned).get(f"{PATH}/{change['id']}/preview")
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert (found["from"], found["to"], found["effective_from"]) == ("2026-03-02", "2027-03-02", "2026-03-02")
    (counts,) = found["rows"]
    assert (counts["before"], counts["after"], counts["goes"], counts["comes"], counts["moves"]) == (12, 5, 7, 0, 0)
    assert {one["change"] for one in found["changes"]} == {"goes"}
    # Two months are orders already: they stay on their days, and the third is a quarter after them.
    assert [one["becomes"] for one in found["orders"]] == ["stays", "stays"]
    assert (found["before"]["jobs"], found["after"]["jobs"]) == (12, 5)
    assert (found["before"]["hours"], found["before"]["total"]) == (12.0, 12 * 70.0)
    assert found["cost_difference"] == -7 * 70.0
    assert row_now(planned)["version"] == 1
    # What was foreseen is what comes.
    before = {one["before"] for one in found["changes"]}
    decide(boss(planned), change, "approve")
    query = {"asset": planned.keys[HOME], "from": "2026-03-02", "to": "2027-03-02"}
    items = planned.admin.get("/api/v1/plan/preview", params=query).json()["items"]
    assert len(items) == 5
    assert not before & {one["due"] for one in items}


def test_a_preview_can_be_had_before_anybody_asks(planned: World) -> None:
    found = tech(planned).post(f"{PATH}/preview", json=ASKED | {"site": HOME}).json()
    assert found["rows"][0]["before"] == 12
    assert planned.admin.get(PATH).json()["items"] == []


def test_a_change_that_comes_later_leaves_what_is_before(planned: World) -> None:
    change = asked(planned, effective_from="2026-09-01")
    found = boss(planned).get(f"{PATH}/{change['id']}/preview").json()
    assert min(one["before"] for one in found["changes"]) >= "2026-09-01"
    assert decide(boss(planned), change, "approve").status_code == 200
    query = {"asset": planned.keys[HOME], "from": "2026-03-02", "to": "2026-08-31"}
    assert len(planned.admin.get("/api/v1/plan/preview", params=query).json()["items"]) == 6
    sooner = tech(planned).post(PATH, json=ASKED | {"row": {"estimated_minutes": 5}, "effective_from": "2026-05-01"})
    assert [one["field"] for one in sooner.json()["errors"]] == ["effective_from"]


def test_a_row_that_was_changed_meanwhile_is_not_written_over(planned: World) -> None:
    first, second = asked(planned), asked(planned, row={"estimated_minutes": 45})
    assert decide(boss(planned), first, "approve").status_code == 200
    answer = decide(boss(planned), second, "approve")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"].endswith(":row_has_changed")
    assert {"field": "interval", "before": MONTH, "after": QUARTER} in problem["conflicts"]
    assert problem["current"]["version"] == 2
    assert boss(planned).get(f"{PATH}/{second['id']}/preview").status_code == 409
    again = tech(planned).patch(
        f"{PATH}/{second['id']}",
        json={"action": "change", "plan_row": "PU-M", "row": {"estimated_minutes": 45}},
        headers={"If-Match": '"1"'},
    )
    assert again.status_code == 200, again.text
    assert decide(boss(planned), again.json(), "approve").status_code == 200
    now = row_now(planned)
    assert (now["interval"], now["estimated_minutes"], now["version"]) == (QUARTER, 45, 3)


def test_a_change_that_was_revised_is_not_decided_unseen(planned: World) -> None:
    change = asked(planned)
    path, tag = f"{PATH}/{change['id']}", {"If-Match": '"1"'}
    assert tech(planned).patch(path, json={"reason": "really"}, headers=tag).status_code == 200
    assert tech(planned).patch(path, json={"reason": "again"}, headers=tag).status_code == 412
    assert decide(boss(planned), change, "approve").status_code == 412
    assert boss(planned).post(f"{path}/approve", json={}).status_code == 428


def test_a_site_gets_a_row_of_its_own_in_place_of_every_site_s(world: World) -> None:
    """The work that was done goes on counting, and the orders that there are become the own row's."""
    everywhere = ROW | {"classes": ["pump"], "max_gap_days": 35, "layer": "law"}
    assert world.admin.post("/api/v1/plan-rows", json=everywhere).status_code == 201
    world.admin.post("/api/v1/plan/materialise")
    refused = tech(world).post(PATH, json=ASKED)
    assert refused.status_code == 403
    key = world.keys[HOME]
    before = occurrences(world, key)
    change = asked(world, row={"estimated_minutes": 90})
    found = boss(world).get(f"{PATH}/{change['id']}/preview").json()
    assert found["rows"] == []
    assert {one["becomes"] for one in found["orders"]} == {"stays"}
    assert decide(boss(world), change, "approve").status_code == 200
    rows = world.admin.get("/api/v1/plan-rows", params={"code": "PU-M"}).json()["items"]
    assert [(one["site_code"], one["estimated_minutes"]) for one in rows] == [(None, 60), (HOME, 90)]
    counts = world.admin.post("/api/v1/plan/materialise").json()
    assert counts["created"] == 0
    assert occurrences(world, key) == before
    away = world.admin.get("/api/v1/occurrences", params={"site": AWAY}).json()["items"]
    assert {one["plan_row"] for one in away} == {"PU-M"}
    order = world.admin.get(f"/api/v1/work-orders/{before[0]['work_order']}").json()
    assert order["state"] in {"scheduled", "open"}
    again = asked(world, row={"estimated_minutes": 30})
    assert again["before"]["site_code"] == HOME


def test_what_the_law_asks_for_stays_at_its_floor_with_a_warning(world: World) -> None:
    law = ROW | {"assets": [world.keys[HOME]], "layer": "law", "max_gap_days": 31, "basis": "TSG T5002"}
    world.admin.post("/api/v1/plan-rows", json=law)
    change = asked(world, row={"interval": QUARTER, "max_gap_days": None})
    assert [one["code"] for one in change["warnings"]] == ["law_floor"]
    assert all(change["warnings"][0]["text"].values())
    assert decide(boss(world), change, "approve").status_code == 200
    assert row_now(world)["max_gap_days"] == 31
    query = {"asset": world.keys[HOME], "from": "2026-03-02", "to": "2027-03-02"}
    dues = [one["due"] for one in world.admin.get("/api/v1/plan/preview", params=query).json()["items"]]
    assert len(dues) >= 11
    layer = tech(world).post(PATH, json=ASKED | {"row": {"layer": "contract"}})
    assert [one["field"] for one in layer.json()["errors"]] == ["layer"]


def test_only_an_administrator_ends_what_the_law_asks_for(world: World) -> None:
    world.admin.post("/api/v1/plan-rows", json=ROW | {"assets": [world.keys[HOME]], "layer": "law"})
    retire = {"action": "retire", "plan_row": "PU-M", "reason": "sold", "effective_from": "2026-06-01"}
    change = boss(world).post(PATH, json=retire).json()
    assert (change["state"], [one["code"] for one in change["warnings"]]) == ("requested", ["law_ends"])
    found = boss(world).get(f"{PATH}/{change['id']}/preview").json()
    assert {one["change"] for one in found["changes"]} == {"goes"}
    assert min(one["before"] for one in found["changes"]) >= "2026-06-01"
    assert decide(boss(world), change, "approve").status_code == 403
    done = decide(world.as_(Role.ADMIN, HOME), change, "approve")
    assert done.status_code == 200, done.text
    assert (row_now(world)["ends"], done.json()["effective_from"]) == ("2026-06-01", "2026-06-01")


def test_no_row_of_a_site_hides_one_that_the_law_asks_for(world: World) -> None:
    law = ROW | {"classes": ["pump"], "layer": "law", "max_gap_days": 31}
    assert world.admin.post("/api/v1/plan-rows", json=law).status_code == 201
    lax = ROW | {"site_code": HOME, "classes": ["pump"], "interval": {"every": 5, "unit": "year"}}
    refused = boss(world).post("/api/v1/plan-rows", json=lax)
    assert (refused.status_code, "POST /api/v1/plan-changes" in refused.json()["detail"]) == (409, True)
    lax.pop("site_code")
    new = {"action": "create", "site": HOME, "row": lax, "reason": "enough"}
    assert boss(world).post(PATH, json=new).status_code == 409
    assert boss(world).post("/api/v1/plan-rows", json=lax | {"code": "OWN", "site_code": HOME}).status_code == 201
    renamed = ASKED | {"site": HOME, "plan_row": "OWN", "row": {"code": "PU-M"}}
    assert boss(world).post(PATH, json=renamed).status_code == 409


def test_nobody_but_an_administrator_lets_the_law_begin_in_a_century(world: World) -> None:
    law = ROW | {"assets": [world.keys[HOME]], "layer": "law", "max_gap_days": 31}
    assert world.admin.post("/api/v1/plan-rows", json=law).status_code == 201
    late = ASKED | {"site": HOME, "row": {"anchor": "2099-01-01"}}
    change = boss(world).post(PATH, json=late).json()
    assert (change["state"], [one["code"] for one in change["warnings"]]) == ("requested", ["law_dates"])
    assert decide(boss(world), change, "approve").status_code == 403


def test_a_patrol_of_the_law_s_stays_at_its_hours_with_a_warning(world: World) -> None:
    hours = {"every": 2, "unit": "hour"}
    rule = {"type": "interval", "open_hours": True}
    law = {
        "code": "X-PAT", "name": {"zh": "防火巡查", "en": "Fire patrol"}, "interval": hours, "schedule": rule,
        "layer": "law", "site": True, "site_code": HOME,
    }  # fmt: skip
    assert world.admin.post("/api/v1/plan-rows", json=law).status_code == 201
    daily = {"interval": {"every": 1, "unit": "day"}, "schedule": {"type": "interval"}}
    for row in (daily, {"interval": {"every": 12, "unit": "hour"}}):
        change = asked(world, plan_row="X-PAT", row=row)
        assert [one["code"] for one in change["warnings"]] == ["law_floor"]
        assert "每2小时" in change["warnings"][0]["text"]["zh"]
        assert decide(boss(world), change, "approve").status_code == 200
        assert (row_now(world, "X-PAT")["interval"], row_now(world, "X-PAT")["schedule"]["open_hours"]) == (hours, True)
    often = boss(world).post(
        PATH, json=ASKED | {"site": HOME, "plan_row": "X-PAT", "row": {"interval": MONTH | {"unit": "hour"}}}
    )
    assert often.json()["state"] == "approved"
    assert row_now(world, "X-PAT")["interval"] == {"every": 1, "unit": "hour"}


FLOOD: dict[str, Any] = ROW | {
    "code": "X-FLOOD",
    "name": {"zh": "雨季前防灌水", "en": "Flood protection"},
    "kind": "statutory",
    "layer": "law",
    "basis": "TSG T5002",
    "executor": "contractor",
    "evidence": ["photo", "signature"],
    "anchor": None,
    "interval": {"every": 1, "unit": "year"},
    "schedule": {"type": "season", "seasons": ["rain"], "lead_days": 14},
}
INSTEAD = ROW | {"code": "OWN", "anchor": None, "interval": {"every": 1, "unit": "year"}, "fulfils": ["X-FLOOD"]}


@pytest.fixture
def flooded(world: World) -> World:
    """The site's pump with a row of the law's before the rainy season."""
    made = world.admin.post("/api/v1/plan-rows", json=FLOOD | {"assets": [world.keys[HOME]]})
    assert made.status_code == 201, made.text
    return world


def instead(world: World, **more: Any) -> dict[str, Any]:
    return {
        "action": "create", "site": HOME, "reason": "ours", "row": INSTEAD | {"assets": [world.keys[HOME]]} | more,
    }  # fmt: skip


def test_only_an_administrator_lets_a_row_stand_for_the_law_s_season_by_an_interval_and_with_less_proof(
    flooded: World,
) -> None:
    answer = boss(flooded).post(PATH, json=instead(flooded))
    assert answer.status_code == 201, answer.text
    change = answer.json()
    assert (change["state"], [one["code"] for one in change["warnings"]]) == (
        "requested", ["stand_in_dates", "stand_in_proof"],
    )  # fmt: skip
    for one in change["warnings"]:
        assert "X-FLOOD" in one["text"]["zh"]
        assert "管理员" in one["text"]["zh"]
        assert "X-FLOOD Flood protection" in one["text"]["en"]
    seen = boss(flooded).get(f"{PATH}/{change['id']}/preview").json()
    assert [one["code"] for one in seen["warnings"]] == ["stand_in_dates", "stand_in_proof"]
    assert decide(boss(flooded), change, "approve").status_code == 403
    done = decide(flooded.as_(Role.ADMIN, HOME), change, "approve", "the city agrees")
    assert done.status_code == 200, done.text
    decision = done.json()["decision"]
    assert decision.startswith("the city agrees\n")
    assert "[stand_in_dates]" in decision
    assert "[stand_in_proof]" in decision
    assert "X-FLOOD" in decision
    own = row_now(flooded, "OWN")
    versions = flooded.admin.get(f"/api/v1/plan-rows/{own['lineage']}/versions").json()["items"]
    assert versions[0]["change"]["decision"] == decision


def test_a_supervisor_s_row_may_stand_for_the_law_s_with_its_season_and_proof(flooded: World) -> None:
    same = {name: FLOOD[name] for name in ("kind", "executor", "evidence", "schedule", "interval")}
    change = boss(flooded).post(PATH, json=instead(flooded, **same)).json()
    assert (change["state"], change["decision"]) == ("approved", "ours")
    lax = {"action": "change", "plan_row": "OWN", "site": HOME, "row": {"evidence": []}, "reason": "no camera"}
    asked_for = boss(flooded).post(PATH, json=lax).json()
    assert (asked_for["state"], [one["code"] for one in asked_for["warnings"]]) == ("requested", ["stand_in_proof"])


def test_a_row_is_not_simply_written_that_stands_for_the_law_with_less(flooded: World) -> None:
    lax = INSTEAD | {"assets": [flooded.keys[HOME]]}
    for client in (boss(flooded), flooded.admin):
        refused = client.post("/api/v1/plan-rows", json=lax)
        assert refused.status_code == 409
        assert refused.json()["type"].endswith(":stand_in_weakens_law")
        assert "X-FLOOD" in refused.json()["detail"]
        assert "POST /api/v1/plan-changes" in refused.json()["detail"]
        assert "管理员" in refused.json()["detail"]
    same = {name: FLOOD[name] for name in ("kind", "executor", "evidence", "schedule")}
    assert boss(flooded).post("/api/v1/plan-rows", json=lax | same).status_code == 201


def test_an_owner_s_suggestion_becomes_a_change(planned: World) -> None:
    told = {"site": HOME, "origin": "owner", "suggestion": "希望每周检查水泵", "reason": "phone"}
    made = tech(planned).post(PATH, json=told | {"asset": planned.keys[HOME]})
    assert made.status_code == 201, made.text
    change = made.json()
    assert (change["origin"], change["action"], change["asset"]["code"]) == ("owner", None, "P-1")
    assert decide(boss(planned), change, "approve").status_code == 409
    assert boss(planned).get(f"{PATH}/{change['id']}/preview").status_code == 409
    weekly = {"action": "change", "plan_row": "PU-M", "row": {"interval": {"every": 1, "unit": "week"}}}
    concrete = boss(planned).patch(f"{PATH}/{change['id']}", json=weekly, headers={"If-Match": '"1"'})
    assert concrete.status_code == 200, concrete.text
    assert (concrete.json()["suggestion"], concrete.json()["state"]) == (told["suggestion"], "requested")
    assert decide(boss(planned), concrete.json(), "approve").status_code == 200
    assert row_now(planned)["interval"] == {"every": 1, "unit": "week"}


def test_a_rejection_says_why_and_whoever_asked_may_withdraw(planned: World) -> None:
    first, second = asked(planned), asked(planned, row={"estimated_minutes": 5})
    assert decide(boss(planned), first, "reject").status_code == 422
    assert decide(boss(planned), first, "reject", "no money").json()["state"] == "rejected"
    add_user(planned, "zhao", Grant(Role.TECHNICIAN, HOME))
    assert decide(tech(planned), second, "withdraw").json()["state"] == "withdrawn"
    states = {one["id"]: one["state"] for one in planned.admin.get(PATH, params={"site": HOME}).json()["items"]}
    assert states == {first["id"]: "rejected", second["id"]: "withdrawn"}
    only = planned.admin.get(PATH, params={"state": "rejected", "plan_row": "PU-M"}).json()["items"]
    assert [one["id"] for one in only] == [first["id"]]


def test_a_department_s_supervisor_approves_its_own_work_only(planned: World) -> None:
    change = asked(planned)
    lifts = planned.as_(Role.SUPERVISOR, HOME, "电梯维修部门")
    assert decide(lifts, change, "approve").status_code == 403
    assert decide(planned.as_(Role.SUPERVISOR, HOME, "水务管理部门"), change, "approve").status_code == 200


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"action": "change", "reason": "x"}, ""),
        ({"action": "retire", "reason": "x"}, ""),
        ({"origin": "owner", "reason": "x", "suggestion": "  "}, ""),
        (ASKED | {"plan_row": "NOPE"}, "plan_row"),
        (ASKED | {"row": {}}, "row"),
        (ASKED | {"row": {"classes": ["spaceship"]}}, "classes"),
        (ASKED | {"row": {"classes": ["pump"], "site": True}}, "row"),
        (ASKED | {"row": {"interval": {"every": 0, "unit": "day"}}}, "row.interval.every"),
        (ASKED | {"row": {"job_cost": -1}}, "row.job_cost"),
        (ASKED | {"reason": " "}, "reason"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(planned: World, form: dict[str, Any], field: str) -> None:
    answer = boss(planned).post(PATH, json=form)
    assert answer.status_code == 422, answer.text
    assert field in {one["field"] for one in answer.json()["errors"]}, answer.text
    assert planned.admin.get(PATH).json()["items"] == []


def test_a_new_row_that_is_taken_meanwhile_is_a_conflict(planned: World) -> None:
    new = {"action": "create", "reason": "x", "only_request": True}
    row = ROW | {"code": "NEW", "assets": [planned.keys[HOME]]}
    change = boss(planned).post(PATH, json=new | {"row": row}).json()
    assert change["site"] == HOME
    assert boss(planned).get(f"{PATH}/{change['id']}/preview").json()["rows"][0]["comes"] == 12
    planned.admin.post("/api/v1/plan-rows", json=row)
    assert decide(boss(planned), change, "approve").status_code == 409


def test_a_row_with_evidence_that_an_earlier_version_took_is_changed_and_keeps_it(planted_word: World) -> None:
    answer = planted_word.admin.post(PATH, json=ASKED | {"site": HOME})
    assert answer.status_code == 201, answer.text
    assert row_now(planted_word)["interval"] == QUARTER
    assert row_now(planted_word)["evidence"] == ["photo", "witness"]
    other = planted_word.admin.post(PATH, json=ASKED | {"site": HOME, "row": {"evidence": ["photo"]}})
    assert other.status_code == 201, other.text
    assert row_now(planted_word)["evidence"] == ["photo"]


@pytest.fixture
def planted_word(planned: World) -> World:
    """The row asks for a kind of evidence that is no longer known."""
    with planned.ledger.begin() as tx:
        row = next(row for row in tx.plan.rows(HOME) if row.code == "PU-M")
        tx.plan.put_row(replace(row, evidence=("photo", "witness")))
    return planned


def test_what_is_to_be_done_before_a_machine_is_used_again_is_shown_changed_and_kept(planned: World) -> None:
    year = {"after_days": 365, "basis": "TSG T7001-2023"}
    answer = planned.admin.post(PATH, json=ASKED | {"site": HOME, "row": {"before_reuse": year}})
    assert answer.status_code == 201, answer.text
    shown = year | {"status": "default"}
    (field,) = answer.json()["fields"]
    assert (field["field"], field["before"], field["after"]) == ("before_reuse", None, shown)
    assert planned.admin.post(PATH, json=ASKED | {"site": HOME}).status_code == 201
    assert row_now(planned)["before_reuse"] == shown
    assert planned.admin.post(PATH, json=ASKED | {"site": HOME, "row": {"before_reuse": None}}).status_code == 201
    assert row_now(planned)["before_reuse"] is None


def test_what_a_job_costs_is_for_those_who_see_budgets(planned: World) -> None:
    row = {"interval": QUARTER, "material_cost": 5}
    asked = tech(planned).post(PATH, json=ASKED | {"row": row}).json()
    lineage = boss(planned).get("/api/v1/plan-rows?code=PU-M").json()["items"][0]["lineage"]
    looks = [
        "/api/v1/plan-rows?code=PU-M",
        f"/api/v1/plan-rows/{lineage}/versions",
        PATH,
        f"{PATH}/{asked['id']}",
        f"{PATH}/{asked['id']}/preview",
    ]
    for client, sees in ((boss(planned), True), (tech(planned), False), (planned.as_(Role.VIEWER, HOME), False)):
        for path in looks:
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            found = list(money_in(answer.json()))
            assert found, path
            assert any(one is not None for one in found) == sees, (path, found)


def test_a_change_by_somebody_who_does_not_see_it_keeps_what_a_job_costs(planned: World) -> None:
    asked = tech(planned).post(PATH, json=ASKED).json()
    assert [one["field"] for one in asked["fields"]] == ["interval", "tolerance"][: len(asked["fields"])]
    shown = boss(planned).get(f"{PATH}/{asked['id']}").json()
    assert (shown["before"]["job_cost"], shown["after"]["job_cost"]) == (10.0, 10.0)


def money_in(document: Any) -> Any:
    """Whatever an answer says of money."""
    if isinstance(document, list):
        for one in document:
            yield from money_in(one)
    elif isinstance(document, dict):
        named = document.get("field") in {"job_cost", "material_cost"}
        for name, value in document.items():
            if name in {"job_cost", "material_cost", "total", "labour", "material", "cost_difference"} or named:
                yield value
            else:
                yield from money_in(value)
