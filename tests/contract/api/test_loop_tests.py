"""Loop tests over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from maintenance.findings import FindingApplier
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Severity, SourceClock
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.accounts import Role
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.readings import Retention
from tests.contract.api.world import HOME, NOW, PASSWORD, World

TESTS = "/api/v1/loop-tests"


def begun(world: World, **more: object) -> dict:
    body = {"site": HOME, "assets": [world.keys[HOME]], "points": ["vibration"], **more}
    answer = world.as_(Role.SUPERVISOR, HOME).post(TESTS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def alarm(world: World) -> None:
    raised = FindingRaised(
        "f1", HOME, world.keys[HOME], "bearing_wear", FindingSource.LIMIT, Severity.MAJOR, False, world.clock.now(),
        world.clock.now(), "vibration:alarm_high", detail={"level": "alarm_high"},
    )  # fmt: skip
    with world.ledger.begin() as tx:
        FindingApplier(tx, world.clock.now(), equipment_classes()).apply(raised)


def person(world: World) -> TestClient:
    client = world.client()
    answer = client.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def test_a_test_asks_for_its_first_sensor_at_once(world: World) -> None:
    test = begun(world, minutes=5, name="一层")
    assert (test["state"], test["asked"], test["name"]) == ("running", 1, "一层")
    (check,) = test["checks"]
    assert check["asset"]["code"] == "P-1"
    assert check["responsible"] == "水务管理部门"
    assert [step["step"] for step in check["steps"]] == ["sensor", "reading", "alarm", "ticket", "person"]
    assert world.admin.get(f"{TESTS}/{test['id']}").json() == test
    assert [one["id"] for one in world.admin.get(TESTS, params={"state": "running"}).json()["items"]] == [test["id"]]


def test_an_asset_is_named_by_its_key_or_its_code(world: World) -> None:
    test = begun(world, assets=["P-1"])
    assert [check["asset"]["key"] for check in test["checks"]] == [world.keys[HOME]]
    body = {"site": HOME, "assets": ["P-9"], "points": ["vibration"]}
    assert "has no asset 'P-9'" in world.admin.post(TESTS, json=body).text


@pytest.mark.parametrize("source", [{"asset": "P-1"}, {"fields": (FieldMapping("x", "flow", asset="P-1"),)}])
def test_what_a_topic_source_plays_back_is_not_tested(world: World, source: dict[str, Any]) -> None:
    played = TopicSource("s1", HOME, "recorded", "rec/p", "json", clock=SourceClock.SIMULATED, **source)
    with world.ledger.begin() as tx:
        tx.sources.add(played)
    body = {"site": HOME, "assets": ["P-1"], "points": ["vibration"]}
    refused = world.admin.post(TESTS, json=body)
    assert refused.status_code == 422
    assert "P-1: a recording is played there" in refused.text


def test_the_same_asset_is_not_tested_twice_at_once(world: World) -> None:
    test = begun(world, name="一层")
    body = {"site": HOME, "assets": [world.keys[HOME]], "points": ["vibration"]}
    refused = world.admin.post(TESTS, json=body)
    assert refused.status_code == 409
    said = f"asset P-1 is in a loop test that is going on, '一层' ({test['id']}): finish that one first"
    assert said in refused.json()["detail"]


def test_which_limit_has_to_be_passed_is_said(world: World) -> None:
    test = begun(world)
    assert test["trigger"] == {"zh": "高于 8.5 mm/s，持续 60 秒", "en": "above 8.5 mm/s, for 60 s"}
    world.admin.post(f"{TESTS}/{test['id']}/finish")
    assert world.admin.get(f"{TESTS}/{test['id']}").json()["trigger"] is None


def test_a_person_signs_for_the_ticket_and_a_machine_cannot(world: World) -> None:
    test = begun(world)
    path = f"{TESTS}/{test['id']}/checks/1/confirm"
    assert person(world).post(path).status_code == 409
    world.clock.forward(seconds=9)
    alarm(world)
    assert world.as_(Role.ADMIN).post(path).status_code == 403
    answer = person(world).post(path)
    assert (answer.status_code, answer.json()["result"]) == (200, "passed")
    assert answer.json()["steps"][-1]["evidence"] == "li"
    assert person(world).post(path).json() == answer.json(), "signing twice changes nothing"


def test_skipping_asking_and_finishing(world: World) -> None:
    test = begun(world, points=["vibration", "flow"])
    path = f"{TESTS}/{test['id']}"
    supervisor = world.as_(Role.SUPERVISOR, HOME)
    assert supervisor.post(f"{path}/checks/1/skip", json={"reason": ""}).status_code == 422
    assert supervisor.post(f"{path}/checks/1/skip", json={"reason": "拆下"}).json()["result"] == "skipped"
    assert supervisor.post(f"{path}/checks/2/ask").json()["result"] == "asked"
    assert supervisor.post(f"{path}/checks/9/ask").status_code == 404
    ended = supervisor.post(f"{path}/finish").json()
    assert [check["result"] for check in ended["checks"]] == ["skipped", "failed"]
    assert ended["checks"][1]["reason"]["en"]
    assert supervisor.post(f"{path}/finish").json() == ended


def test_the_report_is_a_csv_file_that_no_spreadsheet_runs(world: World) -> None:
    test = begun(world, name="=cmd()")
    answer = world.admin.get(f"{TESTS}/{test['id']}/report")
    assert answer.headers["content-type"].startswith("text/csv")
    head, line = answer.content.decode("utf-8-sig").splitlines()
    assert head.startswith("test,number,place")
    assert line.startswith("'=cmd(),1,")


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": ["nope"]},
        {"events": ["nope"]},
        {"assets": ["nope"]},
        {"site": "nowhere"},
        {"minutes": 0},
        {"minutes": float("1e9")},
        {"data": {"zone": [1]}},
        {"extra": 1},
    ],
)
def test_what_makes_no_sense_is_refused(world: World, wrong: dict) -> None:
    body = {"site": HOME, "assets": [world.keys[HOME]], "points": ["vibration"], **wrong}
    assert world.admin.post(TESTS, json=body).status_code == 422


def test_the_clock_of_a_device_shows_on_its_asset(world: World) -> None:
    key = world.keys[HOME]
    before = world.admin.get(f"/api/v1/assets/{key}").json()
    assert (before["clock_offset_ms"], before["clock_measured_at"], before["clock_wrong"]) == (None, None, False)
    with world.ledger.begin() as tx:
        tx.collect.put_clocks([replace(DeviceClock(key, -42_000, NOW), wrong_since=NOW)])
    listed = world.admin.get("/api/v1/assets", params={"code": "P-1", "site": HOME}).json()["items"][0]
    assert (listed["clock_offset_ms"], listed["clock_wrong"], listed["clock_effect"]) == (-42_000, True, "none")
    assert listed["clock_measured_at"] == "2026-03-02T08:00:00.000Z"


@pytest.mark.parametrize(
    ("offset_ms", "times", "effect"),
    [
        (-3_600_000, "behind", "not_judged"),
        (3_600_000, "ahead", "refused"),
        (-42_000, "behind", "none"),
        (-(10**12), "before_2000", "refused"),
        (1 << 50, "far_ahead", "refused"),
        (-89 * 86_400_000, "behind", "not_judged"),
        (-91 * 86_400_000, "behind", "refused"),
    ],
)
def test_what_the_clock_of_a_device_says_and_costs_shows_on_its_asset(
    world: World, offset_ms: int, times: str, effect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.keys[HOME]
    monkeypatch.setattr(world.readings, "_retention", Retention(90))
    with world.ledger.begin() as tx:
        tx.collect.put_clocks([replace(DeviceClock(key, offset_ms, NOW), wrong_since=NOW)])
    asset = world.admin.get(f"/api/v1/assets/{key}").json()
    assert (asset["clock_times"], asset["clock_effect"]) == (times, effect)


def test_another_department_changes_nothing_of_a_test(world: World) -> None:
    test = begun(world, points=["vibration", "flow"])
    path = f"{TESTS}/{test['id']}"
    world.clock.forward(seconds=9)
    alarm(world)
    lifts, water = (world.as_(Role.SUPERVISOR, HOME, one) for one in ("电梯维修部门", "水务管理部门"))
    steps: list[tuple[str, dict | None]] = [
        ("checks/2/skip", {"reason": "拆下"}), ("checks/2/ask", None), ("checks/1/confirm", None), ("finish", None),
    ]  # fmt: skip
    for step, body in steps:
        assert lifts.post(f"{path}/{step}", json=body).status_code == 403, step
    assert lifts.post(f"{path}/checks/9/ask").status_code == 404
    assert lifts.get(path).json()["checks"][1]["result"] == "waiting"
    assert water.post(f"{path}/checks/2/skip", json={"reason": "拆下"}).status_code == 200
    assert water.post(f"{path}/finish").json()["state"] == "finished"
