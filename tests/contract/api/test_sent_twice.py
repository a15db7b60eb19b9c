"""Requests that are sent again with their ``Idempotency-Key``, because the first answer never came."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import digest
from api.app import create_app
from api.once import REPLAYED, _said
from maintenance.work.reporting import contacts_job
from plantroom.ports.accounts import Grant, Role
from plantroom.storage.ledger import SqlLedger
from tests.contract.api.test_several_at_once import beside, contended  # noqa: F401 (a fixture)
from tests.contract.api.world import AWAY, HOME, World

ORDERS = "/api/v1/work-orders"
KEY = {"Idempotency-Key": "6f1c2a54-8a0e-4bb0-9a0b-0d1f4f3a9c11"}


def wanted(**other: Any) -> dict[str, Any]:
    return {"site": HOME, "title": {"zh": "走廊灯不亮"}, "text": "走廊灯不亮"} | other


def count(client: TestClient) -> int:
    return len(client.get(ORDERS).json()["items"])


def same(first: Any, again: Any) -> bool:
    """Whether an answer is the first one, given again."""
    both = [(one.status_code, one.text, one.headers.get("etag"), one.headers.get("location")) for one in (first, again)]
    return both[0] == both[1] and REPLAYED not in first.headers and again.headers[REPLAYED] == "true"


def test_the_same_order_is_made_once_and_answered_alike(world: World) -> None:
    client = world.admin
    first = client.post(ORDERS, json=wanted(), headers=KEY)
    assert first.status_code == 201, first.text
    assert all(same(first, client.post(ORDERS, json=wanted(), headers=KEY)) for _ in range(3))
    assert count(client) == 1
    assert client.post(ORDERS, json=wanted()).status_code == 201, "without a key each is one of its own"
    assert count(client) == 2


def test_the_first_answer_is_given_though_the_order_has_moved_on(world: World) -> None:
    first = world.admin.post(ORDERS, json=wanted(), headers=KEY)
    moved = world.admin.post(f"{ORDERS}/{first.json()['id']}/transitions", json={"to": "acknowledged"})
    assert moved.status_code == 200, moved.text
    assert same(first, world.admin.post(ORDERS, json=wanted(), headers=KEY))


def test_another_request_with_the_key_is_refused_with_the_reason(world: World) -> None:
    client = world.admin
    order = client.post(ORDERS, json=wanted(), headers=KEY).json()["id"]
    other = client.post(ORDERS, json=wanted(text="电梯停了"), headers=KEY)
    elsewhere = client.post(f"{ORDERS}/{order}/comments", json={"text": "在修"}, headers=KEY)
    for answer, said in ((other, "内容与首次不同"), (elsewhere, f"POST {ORDERS}")):
        (problem,) = answer.json()["errors"]
        assert (answer.status_code, problem["field"], problem["code"]) == (422, "Idempotency-Key", "key_used_otherwise")
        assert said in problem["message"]
        assert "make a new one" in problem["message"]
    assert count(client) == 1
    assert client.get(f"{ORDERS}/{order}/comments").json()["items"] == []


def test_the_same_values_in_another_order_are_the_same_request(world: World) -> None:
    first = world.admin.post(ORDERS, json=wanted(), headers=KEY)
    turned = dict(reversed(wanted().items()))
    kinds = ("application/json", "application/json; charset=utf-8", "application/vnd.api+json")
    for kind in kinds:
        text = json.dumps(turned, ensure_ascii=False, indent=2).encode()
        again = world.admin.post(ORDERS, content=text, headers=KEY | {"Content-Type": kind})
        assert same(first, again), again.text
    for body in (wanted(call_back=True), wanted(title={"zh": "走廊灯不亮", "en": "x"})):
        assert world.admin.post(ORDERS, json=body, headers=KEY).status_code == 422
    assert count(world.admin) == 1


def test_files_are_compared_by_their_bytes() -> None:
    for kind in ("multipart/form-data; boundary=x", "text/csv", ""):
        assert _said(b'{"b": 1, "a": 2}', kind) != _said(b'{"a": 2, "b": 1}', kind)
    assert _said(b"{no json", "application/json") == b"{no json"
    assert _said(b"[" * 100_000, "application/json") == b"[" * 100_000


def test_a_key_is_one_account_s_own(world: World) -> None:
    assert world.admin.post(ORDERS, json=wanted(), headers=KEY).status_code == 201
    by_li = world.as_(Role.TECHNICIAN, HOME).post(ORDERS, json=wanted(), headers=KEY)
    assert (by_li.status_code, REPLAYED in by_li.headers) == (201, False)
    assert count(world.admin) == 2


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    client = world.admin
    refused = [client.post(ORDERS, json=wanted(**bad), headers=KEY).status_code for bad in ({"site": "?"}, {"x": 1})]
    assert refused == [404, 422]
    assert client.post(ORDERS, json=wanted(), headers=KEY).status_code == 201
    assert count(client) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a key with blanks in it"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    answer = world.admin.post(ORDERS, json=wanted(), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


def test_keys_are_forgotten_after_a_day(world: World) -> None:
    client = world.admin
    first = client.post(ORDERS, json=wanted(), headers=KEY)
    clean_up = contacts_job(world.ledger, world.clock)
    world.clock.forward(hours=23, minutes=59)
    clean_up.run(world.clock.now())
    assert same(first, client.post(ORDERS, json=wanted(), headers=KEY))
    world.clock.forward(minutes=2)
    assert REPLAYED not in client.post(ORDERS, json=wanted(), headers=KEY).headers, "before anybody has cleaned up"
    assert count(client) == 2
    world.clock.forward(hours=25)
    clean_up.run(world.clock.now())
    with world.ledger.begin() as tx:
        assert tx.accounts.forget_answers(world.clock.now() + timedelta(days=2)) == 0


def test_a_request_that_met_another_writer_is_kept_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.admin
    monkeypatch.setattr(world.ledger, "begin", contended(1, world.ledger.begin))
    first = client.post(ORDERS, json=wanted(), headers=KEY)
    assert first.status_code == 201
    assert same(first, client.post(ORDERS, json=wanted(), headers=KEY))
    assert count(client) == 1


def bodies(world: World) -> Iterator[tuple[str, dict[str, Any], Callable[[], int]]]:
    """What can be added: where, what, and how much of it there is."""

    def listed(path: str) -> Callable[[], int]:
        return lambda: len(world.admin.get(path).json()["items"])

    made, key = world.ticket(), world.keys[HOME]
    order = f"{ORDERS}/{made.id}"
    signature = {"role": "safety_manager", "name": "王安全", "sha256": world.file(), "version": made.version}
    of_order = {
        "signatures": signature,
        "comments": {"text": "在修"},
        "attachments": {"kind": "photo", "sha256": signature["sha256"]},
        "labour": {"minutes": 30, "person": "li"},
        "parts": {"part": world.part(), "quantity": 1},
        "costs": {"amount": 120.5, "invoice": "INV-1"},
    }
    for what, body in of_order.items():
        yield f"{order}/{what}", body, listed(f"{order}/{what}")
    suggestion = {"site": HOME, "suggestion": "泵房每月多查一次", "reason": "常堵"}
    changes = "/api/v1/plan-changes"
    yield changes, {"origin": "owner", "asset": key, **suggestion}, listed(changes)
    incidents = "/api/v1/incidents"
    incident = {"site": HOME, "asset": key, "kind": "equipment_failure", "title": {"zh": "漏水"}}
    yield incidents, incident, listed(incidents)
    one = f"{incidents}/{world.admin.get(incidents).json()['items'][0]['id']}"
    yield f"{one}/notes", {"text": "已通知业主"}, lambda: len(world.admin.get(one).json()["timeline"])


def test_whatever_is_added_is_added_once(world: World) -> None:
    seen = set()
    for path, body, count_of in bodies(world):
        key = {"Idempotency-Key": f"a key-of-{path}".replace(" ", "-")[:200]}
        first = world.admin.post(path, json=body, headers=key)
        assert first.status_code in (200, 201), (path, first.text)
        there = count_of()
        assert there > 0, path
        assert same(first, world.admin.post(path, json=body, headers=key)), path
        assert count_of() == there, path
        seen.add(re.sub(r"(?<=/)[0-9a-f-]{20,}|(?<=work-orders/)[^/]+|(?<=incidents/)[^/]+", "{id}", path))
    elsewhere = {ORDERS, "/api/v1/public/reports"}  # above, and in test_public_again
    assert seen | elsewhere == taking_keys(world), "every path that takes the header"


def taking_keys(world: World) -> set[str]:
    """The paths whose POST has the header among its parameters, with {id} for what they are of."""
    document = world.admin.get("/api/v1/openapi.json").json()
    return {
        re.sub(r"\{\w+\}", "{id}", path)
        for path, ways in document["paths"].items()
        if any(one["name"] == "Idempotency-Key" for one in ways.get("post", {}).get("parameters", []))
    }


def test_whoever_has_lost_the_site_does_not_get_the_first_answer_to_a_plan_change(world: World) -> None:
    secret = world.token(Role.TECHNICIAN, HOME)
    client = world.client(secret)
    form = {"site": HOME, "origin": "owner", "suggestion": "泵房每月多查一次", "reason": "常堵"}
    first = client.post("/api/v1/plan-changes", json=form, headers=KEY)
    assert first.status_code == 201, first.text
    assert same(first, client.post("/api/v1/plan-changes", json=form, headers=KEY))
    with world.ledger.begin() as tx:
        token = tx.accounts.token(digest(secret))
        assert token is not None
        tx.work.connection.exec_driver_sql("DELETE FROM api_tokens")
        tx.accounts.add_token(replace(token, grants=[Grant(Role.TECHNICIAN, AWAY)]))
    again = client.post("/api/v1/plan-changes", json=form, headers=KEY)
    assert (again.status_code, REPLAYED in again.headers) == (404, False)
    assert "泵房" not in again.text


def at_once(clients: Sequence[TestClient]) -> list[Any]:
    ready = threading.Barrier(len(clients))

    def send(client: TestClient) -> Any:
        ready.wait()
        return client.post(ORDERS, json=wanted(), headers=KEY)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(send, clients))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_several_at_the_same_moment_are_one(
    world: World, database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """With another process, which has a connection to the ledger of its own."""
    mine, url = world.admin, f"sqlite:///{tmp_path / 'ledger.db'}"
    if database == "postgresql":
        url, mine = request.getfixturevalue("postgresql_url"), request.getfixturevalue("beside")[1]
    with closing(SqlLedger(url)) as other:
        other.open()
        theirs = TestClient(create_app(replace(world.services, ledger=other)), headers=mine.headers)
        answers = at_once([mine, theirs] * 3)
    assert {(one.status_code, one.text) for one in answers} == {(201, answers[0].text)}
    assert sum(REPLAYED in one.headers for one in answers) == 5
    assert count(mine) == 1


def test_the_second_waits_for_the_first_and_does_it_where_that_one_failed(
    world: World,
    beside: tuple[SqlLedger, TestClient],  # noqa: F811
) -> None:
    ledger, client = beside
    now = world.clock.now()
    first = client.post(ORDERS, json=wanted(), headers=KEY)
    with ledger.begin() as tx:
        answer = tx.work.connection.exec_driver_sql("SELECT account, key FROM kept_answers").one()
        tx.accounts.forget_answers(now + timedelta(days=2))
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            assert tx.accounts.kept_answer(answer.account, answer.key, now) is None
            sent = pool.submit(client.post, ORDERS, json=wanted(), headers=KEY)
            with pytest.raises(TimeoutError):
                sent.result(timeout=0.5)
        done = sent.result(timeout=5)
    assert (done.status_code, REPLAYED in done.headers) == (201, False)
    assert done.json()["id"] != first.json()["id"]
