"""Changes of the plan table: asked for, looked at, decided."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from plantroom.ports.accounts import Grant, Role
from tests.contract.api.people_world import add_user
from tests.contract.api.plan_change_forms import (
    ASKED,
    MONTH,
    PATH,
    QUARTER,
    ROW,
    asked,
    boss,
    decide,
    occurrences,
    row_now,
    tech,
)
from tests.contract.api.world import AWAY, HOME, World


@pytest.fixture
def planned(world: World) -> World:
    """The site's pump with a monthly row of its own."""
    made = world.admin.post("/api/v1/plan-rows", json=ROW | {"assets": [world.keys[HOME]]})
    assert made.status_code == 201, made.text
    return world


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


def test_a_page_of_changes_reads_the_plan_once(planned: World) -> None:
    def read() -> tuple[int, int]:
        """How many changes a page shows, and how often the plan table and the sites are read for it."""
        said: list[str] = []
        note = lambda *args: said.append(args[2])  # noqa: E731
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            items = viewer.get(PATH).json()["items"]
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)
        assert all([told["code"] for told in one["warnings"]] == ["fulfils_dropped"] for one in items)
        return len(items), len([text for text in said if "FROM plan_rows" in text or "FROM sites" in text])

    law = ROW | {"code": "LAW", "assets": [planned.keys[HOME]], "layer": "law"}
    assert planned.admin.post("/api/v1/plan-rows", json=law).status_code == 201
    ours = ROW | {"code": "OURS", "assets": [planned.keys[HOME]], "fulfils": ["LAW"]}
    assert planned.admin.post("/api/v1/plan-rows", json=ours).status_code == 201
    viewer = planned.as_(Role.VIEWER, HOME)
    asked(planned, plan_row="OURS", row={"fulfils": []})
    one, reads = read()
    for minutes in range(1, 6):
        asked(planned, plan_row="OURS", row={"fulfils": [], "estimated_minutes": minutes})
    many, same = read()
    assert (one, many) == (1, 6)
    assert same == reads


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
