"""Requests are known in the history: who, why, by which request."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient

from api.access import digest
from plantroom.ports.accounts import ApiToken, Grant, Role
from tests.contract.api.world import AWAY, HOME, NOW, PASSWORD, World


def entries(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def rename(client: TestClient, world: World, model: str, site: str = HOME, **headers: str) -> Any:
    return client.patch(
        f"/api/v1/assets/{world.keys[site]}", json={"model": model}, headers={"If-Match": "*"} | headers
    )


def signed_in(world: World, user: str) -> TestClient:
    person = world.client()
    session = person.post("/api/v1/session", json={"username": user, "password": PASSWORD}).json()
    person.headers["X-CSRF-Token"] = session["csrf_token"]
    return person


def test_a_change_is_known_by_person_reason_and_request(world: World) -> None:
    person = signed_in(world, "admin")
    answer = rename(person, world, "X-2", **{"X-Reason": quote("铭牌重新核对"), "X-Request-Id": "tablet-7.42"})
    assert answer.headers["X-Request-Id"] == "tablet-7.42"
    (entry,) = entries(world.admin, request_id="tablet-7.42")
    assert (entry["by"], entry["by_kind"], entry["by_id"]) == ("admin", "person", "u-admin")
    assert (entry["reason"], entry["via"]) == ("铭牌重新核对", "PATCH /api/v1/assets/{key}")
    assert (entry["entity"], entry["key"], entry["label"], entry["site"]) == ("asset", world.keys[HOME], "P-1", HOME)
    assert (entry["before"]["model"], entry["after"]["model"]) == ("", "X-2")


def test_a_machine_is_known_by_its_token_and_a_request_without_a_name_gets_one(world: World) -> None:
    answer = rename(world.as_(Role.SUPERVISOR, HOME), world, "X-3")
    request = answer.headers["X-Request-Id"]
    (entry,) = entries(world.admin, request_id=request)
    assert (entry["by"], entry["by_kind"]) == ("machine", "token")
    bad = rename(world.admin, world, "X-4", **{"X-Request-Id": "a b<script>"})
    assert bad.headers["X-Request-Id"] != "a b<script>"


def test_the_reason_that_a_rule_asks_for_is_the_entrys(world: World) -> None:
    url = f"/api/v1/assets/{world.keys[HOME]}/points/vibration/limits"
    answer = world.admin.patch(
        url, json={"reason": "maker's letter of May", "deadband": 0.2}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    (entry,) = entries(world.admin, entity="point", asset=world.keys[HOME])
    assert entry["reason"] == "maker's letter of May"
    assert entry["after"]["limits.deadband"] == 0.2


def test_a_supervisor_sees_their_sites_and_an_administrator_everything(world: World) -> None:
    for site in (HOME, AWAY):
        rename(world.admin, world, "X", site)
    world.admin.post("/api/v1/tokens", json={"name": "export", "role": "viewer", "site": HOME})
    of_supervisor = entries(world.as_(Role.SUPERVISOR, HOME))
    assert {entry["site"] for entry in of_supervisor} == {HOME}
    assert entries(world.as_(Role.SUPERVISOR, HOME), site=AWAY) == []
    of_admin = entries(world.admin)
    assert {entry["site"] for entry in of_admin} >= {HOME, AWAY, None}
    assert any(entry["entity"] == "token" for entry in of_admin)
    assert not any(entry["site"] is None for entry in entries(world.as_(Role.SUPERVISOR)))


def test_a_grant_for_a_contractors_orders_shows_nothing_of_the_history(world: World) -> None:
    grant = Grant(Role.ADMIN, contractor="c-1")
    with world.ledger.begin() as tx:
        tx.accounts.add_token(ApiToken("t-c", "theirs", digest("theirs"), [grant], NOW, NOW + timedelta(days=1)))
    assert entries(world.admin, entity="user") != []
    assert entries(world.client("theirs")) == []


def test_the_history_is_filtered_paged_and_newest_first(world: World) -> None:
    for number in range(5):
        rename(world.admin, world, f"X-{number}")
    found = entries(world.admin, entity="asset", key=world.keys[HOME], by="machine")
    assert [entry["after"]["model"] for entry in found] == [f"X-{n}" for n in (4, 3, 2, 1, 0)]
    first = world.admin.get("/api/v1/audit", params={"entity": "asset", "limit": 2, "key": world.keys[HOME]}).json()
    second = entries(world.admin, entity="asset", key=world.keys[HOME], limit=2, cursor=first["next_cursor"])
    assert [entry["position"] for entry in (*first["items"], *second)] == sorted(
        [entry["position"] for entry in found[:4]], reverse=True
    )
    at = found[2]["at"]
    assert {e["position"] for e in entries(world.admin, key=world.keys[HOME], to=at)}.isdisjoint(
        {e["position"] for e in entries(world.admin, key=world.keys[HOME], **{"from": at})}
    )
    assert world.admin.get("/api/v1/audit", params={"from": "yesterday"}).status_code == 422
    assert world.admin.get("/api/v1/audit", params={"actor": "x"}).status_code == 422


def test_signing_in_leaves_no_entry_and_no_secret_is_ever_shown(world: World) -> None:
    before = len(entries(world.admin, limit=1000))
    signed_in(world, "li")
    assert len(entries(world.admin, limit=1000)) == before
    assert "argon2" not in str(entries(world.admin, limit=1000))
