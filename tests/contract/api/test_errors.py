"""One shape for every error, and nothing of the inside in it."""

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from plantroom.errors import NothingLeft, Unreachable
from plantroom.ports.accounts import Role
from tests.contract.api.world import HOME, World

FIELDS = {"type", "title", "status", "detail", "errors"}


def assert_problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) >= FIELDS
    assert body["status"] == status
    return body


def test_unknown_addresses_under_api_are_problems(world: World) -> None:
    for path in ("/api", "/api/v1/nothing", "/api/v2/assets", "/api/v1/assets/x/nothing"):
        assert_problem(world.client().get(path), 404)


def test_a_method_that_is_not_there_is_a_problem(world: World) -> None:
    assert_problem(world.admin.put("/api/v1/assets", json={}), 405)


def test_wrong_fields_are_named(world: World) -> None:
    body = {"site": HOME, "class": "pump", "criticality": "Z", "installed_on": "yesterday", "colour": "red"}
    problem = assert_problem(world.admin.post("/api/v1/assets", json=body), 422)
    assert {e["field"] for e in problem["errors"]} == {"code", "criticality", "installed_on", "colour"}
    assert "unknown_field" in {e["code"] for e in problem["errors"]}
    assert all(e["message"] for e in problem["errors"])


def test_wrong_fields_are_told_in_both_languages(world: World) -> None:
    body = {"site": HOME, "class": "pump", "criticality": "Z", "colour": "red"}
    problem = assert_problem(world.admin.post("/api/v1/assets", json=body), 422)
    told = {e["field"]: e["message"] for e in problem["errors"]}
    assert told["code"] == "必填 / Field required"
    assert told["criticality"] == "应为'A'、'B'或'C' / Input should be 'A', 'B' or 'C'"
    assert told["colour"] == "没有此字段 / Extra inputs are not permitted"
    assert "code: 必填 / Field required" in problem["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"site": NaN}'])
def test_bodies_that_are_not_what_they_should_be(world: World, body: bytes) -> None:
    answer = world.admin.post("/api/v1/assets", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/assets?colour=red", "colour"),
        ("/api/v1/work-orders?limit=0", "limit"),
        ("/api/v1/work-orders?limit=1001", "limit"),
        ("/api/v1/work-orders?state=finished", "state"),
        ("/api/v1/work-orders?sort=colour", "sort"),
        ("/api/v1/assets?sort=-colour", "sort"),
        ("/api/v1/assets?cursor=%21", "cursor"),
        ("/api/v1/episodes?source=gossip", "source"),
        ("/api/v1/dead-letters?color=1", "color"),
        ("/api/v1/plan-rows?sort=name", "sort"),
        ("/api/v1/plan-rows?cursor=%21", "cursor"),
        ("/api/v1/classes?sort=name", "sort"),
        ("/api/v1/plan/preview", "asset"),
        ("/api/v1/plan/preview?site=demo&from=2026-02-30", "from"),
        ("/api/v1/plan/preview?site=demo&from=2026-03-01&to=2026-02-01", "to"),
        ("/api/v1/plan/preview?site=demo&from=0001-01-01&to=9999-12-31", "from"),
        ("/api/v1/readings", "asset"),
        ("/api/v1/alarms?sort=--priority", "sort"),
        ("/api/v1/classes?sort=--key", "sort"),
        ("/api/v1/alarms/performance?to=0001-01-01T00:00:00Z", "to"),
        ("/api/v1/alarms/performance?to=1969-12-31T23:59:59Z", "to"),
        ("/api/v1/alarms/performance?to=9001-01-01T00:00:00Z", "to"),
        ("/api/v1/ingest/history?to=0001-01-01T00:00:00Z", "to"),
        ("/api/v1/ingest/history?from=9999-12-31T23:59:59Z", "from"),
        ("/api/v1/dead-letters/summary?since=0001-01-01T00:00:00Z", "since"),
    ],
)
def test_wrong_questions_name_the_parameter(world: World, path: str, field: str) -> None:
    problem = assert_problem(world.admin.get(path), 422)
    assert field in {e["field"] for e in problem["errors"]}


def test_u0000_never_reaches_a_database(world: World) -> None:
    assert_problem(world.admin.get("/api/v1/assets/%00"), 422)
    assert_problem(world.admin.get("/api/v1/assets?code=a%00"), 422)
    body = {"site": HOME, "code": "P-7", "class": "pump", "name": {"zh": "a\u0000"}}
    assert_problem(world.admin.post("/api/v1/assets", json=body), 422)


def test_a_body_over_the_limit_is_not_read(world: World) -> None:
    big = b'{"site": "' + b"x" * (1 << 20) + b'"}'
    assert_problem(world.admin.post("/api/v1/assets", content=big), 413)
    pieces = iter([b"x" * 400_000] * 3)
    headers = {"Content-Type": "application/json"}
    assert_problem(world.admin.post("/api/v1/assets", content=pieces, headers=headers), 413)


def test_a_ledger_that_is_away_answers_503_with_when_to_try_again(world: World, monkeypatch) -> None:
    def away() -> None:
        raise Unreachable("ledger", "connection refused", 3.2)

    client = world.admin
    monkeypatch.setattr(world.ledger, "read", away)
    answer = client.get("/api/v1/assets")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "4"
    assert answer.json()["type"] == "urn:plantroom:problem:ledger_away"


def test_a_ledger_whose_disk_is_full_says_so_at_the_sign_in(world: World, monkeypatch) -> None:
    def full() -> None:
        raise NothingLeft("ledger", "database or disk is full")

    client = world.admin
    monkeypatch.setattr(world.ledger, "begin", full)
    answer = client.post("/api/v1/session", json={"username": "anna", "password": "whatever it is"})
    assert_problem(answer, 503)
    assert answer.json()["type"] == "urn:plantroom:problem:ledger_full"
    assert (
        answer.json()["detail"] == "the disk of the ledger is full: nothing can be changed (database or disk is full)"
    )
    assert "retry-after" in answer.headers


def test_a_readings_store_that_is_away_is_told_from_the_ledger(world: World, monkeypatch) -> None:
    def away(*_: object) -> None:
        raise Unreachable("InfluxDB", "connection refused")

    asset = world.admin.get("/api/v1/assets").json()["items"][0]["key"]
    monkeypatch.setattr(world.readings, "latest", away)
    answer = world.admin.get(f"/api/v1/assets/{asset}/latest")
    assert_problem(answer, 503)
    assert answer.json()["type"] == "urn:plantroom:problem:unreachable"


def test_something_unforeseen_answers_500_without_a_trace(world: World, monkeypatch) -> None:
    def crash() -> None:
        raise RuntimeError("secret inside /etc/passwd")

    client = world.admin
    monkeypatch.setattr(world.ledger, "read", crash)
    with capture_logs() as logs:
        answer = client.get("/api/v1/assets")
    assert_problem(answer, 500)
    assert [entry["event"] for entry in logs] == ["request_crashed"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_every_answer_carries_the_security_headers(world: World) -> None:
    for answer in (
        world.client().get("/"),
        world.client().get("/api/v1/nothing"),
        world.client().get("/healthz"),
        world.admin.get("/api/v1/assets"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert world.admin.get("/api/v1/assets").headers["cache-control"] == "no-store"


def test_readiness_says_why_not(world: World) -> None:
    assert world.client().get("/healthz").json() == {"status": "ok"}
    assert world.client().get("/readyz").status_code == 200
    object.__setattr__(world.services, "readiness", lambda: ["broker: connection refused", "plan: not seeded"])
    problem = assert_problem(world.client().get("/readyz"), 503)
    assert problem["reasons"] == ["broker: connection refused", "plan: not seeded"]
    assert world.client().get("/healthz").status_code == 200


def test_metrics_count_requests_by_template_and_show_the_collectors(world: World) -> None:
    client: TestClient = world.as_(Role.VIEWER)
    client.get(f"/api/v1/assets/{world.keys[HOME]}")
    client.get("/api/v1/no/such/thing")
    text = world.client().get("/metrics").text
    assert 'plantroom_http_requests_total{method="GET",route="/api/v1/assets/{key}",status="200"} 1.0' in text, text
    assert "no/such" not in text
    assert "plantroom_ledger_reachable 1.0" in text
