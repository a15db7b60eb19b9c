"""Changes of what the law asks for, and of what stands for it."""

from typing import Any

import pytest

from maintenance.checklists import ChecklistItem
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from tests.contract.api.plan_change_forms import ASKED, MONTH, PATH, QUARTER, ROW, asked, boss, decide, row_now, tech
from tests.contract.api.world import HOME, World


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


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"checklist": None}, "law_proof"),
        ({"fulfilled_by": {"point": "running", "is": "starts"}}, "law_proof"),
        ({"executor": "automatic"}, "law_proof"),
        ({"tolerance": {"early_days": 3, "late_days": 60}}, "law_dates"),
    ],
)
def test_only_an_administrator_lets_the_law_s_own_row_ask_for_less(
    world: World, row: dict[str, Any], code: str
) -> None:
    with world.ledger.begin() as tx:
        tx.plan.put_checklist("PW-M", [ChecklistItem("S1", "ok", LocalName("外观", "Looks"))])
    law = ROW | {"assets": [world.keys[HOME]], "layer": "law", "max_gap_days": 31, "checklist": "PW-M"}
    made = world.admin.post("/api/v1/plan-rows", json=law)
    assert made.status_code == 201, made.text
    change = boss(world).post(PATH, json=ASKED | {"site": HOME, "row": row}).json()
    assert (change["state"], [one["code"] for one in change["warnings"]]) == ("requested", [code])
    assert decide(boss(world), change, "approve").status_code == 403
    assert decide(world.as_(Role.ADMIN, HOME), change, "approve").status_code == 200


def test_only_an_administrator_makes_the_law_stricter_than_what_stands_for_it(flooded: World) -> None:
    same = {name: FLOOD[name] for name in ("kind", "executor", "evidence", "schedule", "interval")}
    assert boss(flooded).post(PATH, json=instead(flooded, **same)).json()["state"] == "approved"
    stricter = {
        "action": "change", "plan_row": "X-FLOOD", "site": HOME, "reason": "the city asks for it",
        "row": {"evidence": [*FLOOD["evidence"], "report"]},
    }  # fmt: skip
    change = boss(flooded).post(PATH, json=stricter).json()
    assert (change["state"], [one["code"] for one in change["warnings"]]) == ("requested", ["stand_in_proof"])
    done = decide(flooded.as_(Role.ADMIN, HOME), change, "approve", "until June")
    assert done.status_code == 200, done.text
    assert "OWN" in done.json()["decision"]


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
