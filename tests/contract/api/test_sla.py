"""Clocks on work orders, words that stop them, policies and figures, over HTTP."""

import pytest
from fastapi.testclient import TestClient

from maintenance.sla.escalation import check_clocks
from maintenance.work_orders import Kind
from plantroom.domain.assets import Severity
from plantroom.ports.accounts import Role
from tests.contract.api.test_sync import op, tablet
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import AWAY, HOME, World

__all__ = ["tablet"]
POLICIES = "/api/v1/sla-policies"
RULE = {"clock": "resolve", "severity": "general", "target_s": 3600, "limit_s": 7200, "basis": "annex 3"}


def clocks(order: dict) -> dict[str, dict]:
    return {one["kind"]: one for one in order["clocks"]}


def test_a_ticket_shows_its_clocks_counting_down(world: World) -> None:
    order = world.ticket(severity=Severity.CRITICAL)
    client = world.as_(Role.TECHNICIAN, HOME)
    world.clock.forward(minutes=10)
    shown = client.get(f"/api/v1/work-orders/{order.id}").json()
    assert clocks(shown).keys() == {"acknowledge", "arrive", "interim"}
    assert (
        clocks(shown)["acknowledge"] | {"state": "running", "remaining_s": 1200.0, "target_met": None}
        == (clocks(shown)["acknowledge"])
    )
    assert shown["next_limit"] == "2026-03-02T08:30:00.000Z"
    assert shown["due"] == "2026-03-09T08:00:00.000Z"
    move(client, order.id, "acknowledged")
    world.clock.forward(minutes=50)
    move(client, order.id, "on_hold", code="waiting_part")
    world.clock.forward(hours=2)
    after = client.get(f"/api/v1/work-orders/{order.id}").json()
    assert (after["hold_code"], after["hold_reason"]) == ("waiting_part", "等待备件 / waiting for a part")
    assert (after["history"][-1]["code"], after["history"][-1]["to"]) == ("waiting_part", "on_hold")
    resolve = clocks(after)["resolve"]
    assert (resolve["state"], resolve["paused_s"]) == ("paused", 7200.0)
    assert resolve["pauses"] == [{"code": "waiting_part", "since": "2026-03-02T09:00:00.000Z", "until": None}]
    assert clocks(after)["arrive"]["state"] == "breached"
    (listed,) = client.get("/api/v1/work-orders?at_risk=true&sort=next_limit").json()["items"]
    assert listed["clocks"] == after["clocks"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"to": "on_hold"}, "reason", "reason_required"),
        ({"to": "on_hold", "code": "lunch"}, "code", "unknown_pause"),
        ({"to": "on_hold", "code": "other"}, "reason", "reason_required"),
        ({"to": "in_progress", "code": "access"}, "code", "not_used"),
    ],
)
def test_a_hold_needs_a_code_that_there_is_or_words(world: World, body: dict, field: str, code: str) -> None:
    answer = world.admin.post(f"/api/v1/work-orders/{world.ticket().id}/transitions", json=body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_an_interim_measure_and_an_arrival_stop_their_clocks(world: World) -> None:
    order = world.ticket(severity=Severity.MAJOR)
    client = world.as_(Role.TECHNICIAN, HOME)
    world.clock.forward(hours=2)
    path = f"/api/v1/work-orders/{order.id}"
    there = client.post(f"{path}/arrival", json={"at": "2026-03-02T09:00:00Z"}).json()
    assert (clocks(there)["arrive"]["stopped_at"], there["arrived_at"]) == ("2026-03-02T09:00:00.000Z",) * 2
    done = client.post(f"{path}/interim", json={"text": "阀门已关"})
    assert done.status_code == 200
    assert clocks(done.json())["interim"]["state"] == "met"
    assert done.json()["marks"][-1] | {"said": "interim", "text": "阀门已关"} == done.json()["marks"][-1]
    for body in ({}, {"text": " "}, {"text": "x", "at": "2026-03-02T07:00:00Z"}):
        assert client.post(f"{path}/interim", json=body).status_code == 422
    with world.ledger.begin() as tx:
        planned = tx.orders.get(order.id)
    move(world.admin, order.id, "cancelled", reason="twice")
    assert client.post(f"{path}/interim", json={"text": "x"}).status_code == 409
    assert planned.kind is Kind.CORRECTIVE


def test_a_tablet_takes_the_clocks_and_the_codes_along_and_tells_an_interim_measure(
    world: World, tablet: TestClient
) -> None:
    order = world.ticket(severity=Severity.MAJOR)
    client = world.as_(Role.TECHNICIAN, HOME)
    bundle = client.get("/api/v1/sync/bundle").json()
    assert {one["code"] for one in bundle["pauses"]} >= {"waiting_part", "access", "authority", "other"}
    assert clocks(bundle["work_orders"][0]).keys() == {"acknowledge", "arrive", "interim"}
    sent = {"device": "t1", "device_now": "2026-03-02T08:00:00Z", "ops": [op("interim", order.id, text="closed")]}
    (result,) = tablet.post("/api/v1/sync", json=sent).json()["results"]
    assert result["status"] == "applied"
    after = client.get(f"/api/v1/work-orders/{order.id}").json()
    assert clocks(after)["interim"]["state"] == "met"


def test_what_was_escalated_and_breached_is_shown_on_the_ticket(world: World) -> None:
    world.channel(HOME)
    order = world.ticket(severity=Severity.CRITICAL)
    world.clock.forward(minutes=31)
    check_clocks(world.ledger, world.clock.now())
    shown = world.admin.get(f"/api/v1/work-orders/{order.id}").json()
    steps = {(one["clock"], one["step"]) for one in shown["escalations"]}
    assert {("acknowledge", "opened"), ("acknowledge", "primary"), ("acknowledge", "breached")} <= steps
    events = [e for e in _live(world) if e == "sla"]
    assert len(events) == len(shown["escalations"])


def _live(world: World) -> list[str]:
    with world.ledger.read() as tx:
        return [note.topic for note in tx.live.after(0, 1000)]


def test_a_policy_is_data_with_its_basis_and_can_be_set_for_a_site_and_for_all(world: World) -> None:
    client = world.admin
    built_in = client.get(POLICIES)
    assert (built_in.headers["ETag"], built_in.json()["version"]) == ('"0"', 0)
    assert all(one["basis"] and one["from"] == "built_in" for one in built_in.json()["clocks"])
    changed = client.put(
        f"{POLICIES}?site={HOME}", json={"reason": "contract", "clocks": [RULE]}, headers={"If-Match": '"0"'}
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1"')
    rules = {(one["clock"], one["severity"]): one for one in changed.json()["clocks"] if not one["origins"]}
    assert rules["resolve", "general"] | {"limit_s": 7200, "from": "site"} == rules["resolve", "general"]
    assert rules["acknowledge", "general"]["from"] == "built_in"
    stale = client.put(f"{POLICIES}?site={HOME}", json={"reason": "again"}, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, 1)
    assert client.put(f"{POLICIES}?site={HOME}", json={"reason": "again"}).status_code == 428
    everywhere = client.put(
        POLICIES, json={"reason": "all", "clocks": [RULE | {"limit_s": 9000}]}, headers={"If-Match": "*"}
    )
    assert everywhere.status_code == 200
    own, other = (client.get(f"{POLICIES}?site={site}").json()["clocks"] for site in (HOME, AWAY))
    assert [one["limit_s"] for one in own if one["from"] == "site"] == [7200]
    assert [one["limit_s"] for one in other if one["from"] == "everywhere"] == [9000]
    back = client.put(f"{POLICIES}?site={HOME}", json={"reason": "over"}, headers={"If-Match": '"1"'})
    assert (back.json()["version"], [one for one in back.json()["clocks"] if one["from"] == "site"]) == (2, [])
    ticket = world.ticket(severity=Severity.GENERAL)
    assert ticket.due is not None
    assert (ticket.due - world.clock.now()).total_seconds() == 9000


@pytest.mark.parametrize(
    ("part", "entry", "field", "code"),
    [
        ("clocks", RULE | {"limit_s": 60}, "clocks.0.limit_s", "limit_below_target"),
        ("clocks", RULE | {"target_s": 0}, "clocks.0.target_s", "out_of_range"),
        ("clocks", RULE | {"limit_s": -5}, "clocks.0.limit_s", "out_of_range"),
        ("clocks", RULE | {"clock": "lunch"}, "clocks.0.clock", "unknown"),
        ("clocks", RULE | {"severity": "awful"}, "clocks.0.severity", "unknown"),
        ("clocks", RULE | {"counts_from": "opened"}, "clocks.0.counts_from", "fixed"),
        ("pauses", {"code": "Rain!", "name": {"zh": "雨"}}, "pauses.0.code", "malformed"),
        ("pauses", {"code": "rain", "name": {}}, "pauses.0.name", "required"),
        (
            "steps",
            {"step": "x", "clock": "arrive", "severity": "major", "percent": 50, "to": ["everybody"]},
            "steps.0.to",
            "unknown_recipient",
        ),
        (
            "steps",
            {"step": "x", "clock": "arrive", "severity": "major", "percent": 5, "to": ["channels"], "repeat_s": 1},
            "steps.0.repeat_s",
            "out_of_range",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_name_and_nothing_is_written(
    world: World, part: str, entry: dict, field: str, code: str
) -> None:
    answer = world.admin.put(POLICIES, json={"reason": "tried", part: [entry]}, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert world.admin.get(POLICIES).json()["version"] == 0


def test_the_figures_are_those_of_the_sites_that_the_caller_sees(world: World) -> None:
    for site in (HOME, AWAY):
        order = world.ticket(site)
        world.clock.forward(minutes=5)
        move(world.admin, order.id, "acknowledged")
    world.clock.forward(days=2)
    path = "/api/v1/sla/compliance"
    assert [one["judged"] for one in world.admin.get(path).json()["items"] if one["clock"] == "acknowledge"] == [2]
    home = world.as_(Role.VIEWER, HOME).get(path).json()["items"]
    assert {one["clock"]: (one["judged"], one["limit_share"]) for one in home} == {
        "acknowledge": (1, 1.0),
        "arrive": (1, 0.0),
        "resolve": (1, 0.0),
    }
    assert world.as_(Role.VIEWER, HOME).get(f"{path}?site={AWAY}").json()["items"] == []
    assert world.admin.get(f"{path}?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z").status_code == 422
