"""Topic sources over the API: kept, refused with the field's name, and tried without storing."""

import base64
import json
from typing import Any

from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, World

FORM = {
    "site": HOME,
    "name": "Plugs",
    "topic_filter": "tele/+/SENSOR",
    "dialect": "tasmota",
    "time_zone": "Asia/Shanghai",
    "asset": "P-1",
    "fields": [{"field": "ENERGY.Power", "point": "power", "unit": "W"}],
}


def fields_of(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [one["field"] for one in answer.json()["errors"]]


def test_a_source_is_made_read_changed_and_removed(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)

    made = client.post("/api/v1/sources", json=FORM)
    assert made.status_code == 201, made.text
    place = made.headers["Location"]
    assert made.json() | FORM | {"fields": [FORM["fields"][0] | {"asset": ""}]} == made.json()
    assert client.get(place).json() == made.json()
    assert [one["key"] for one in client.get("/api/v1/sources").json()["items"]] == [made.json()["key"]]

    changed = client.patch(place, json={"name": "Sockets"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.json() == made.json() | {"name": "Sockets", "version": 2}
    late = client.patch(place, json={"name": "Other"}, headers={"If-Match": made.headers["ETag"]})
    assert late.status_code == 412
    assert late.json()["current"]["name"] == "Sockets"

    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_what_does_not_fit_is_refused_with_the_fields_name(world: World) -> None:
    client = world.admin

    assert fields_of(client.post("/api/v1/sources", json=FORM | {"dialect": "x"})) == ["dialect"]
    assert fields_of(client.post("/api/v1/sources", json=FORM | {"topic_filter": "#"})) == ["topic_filter"]
    assert fields_of(client.post("/api/v1/sources", json=FORM | {"site": "nowhere"})) == ["site"]
    assert fields_of(client.post("/api/v1/sources", json=FORM | {"asset": "P-9"})) == ["asset"]
    wrong = [
        {"field": "a", "point": "power", "unit": "Cel"},
        {"field": "b", "point": "nothing"},
        {"field": "c", "point": "power", "asset": "P-9", "unit": "watts"},
    ]
    assert fields_of(client.post("/api/v1/sources", json=FORM | {"fields": wrong})) == [
        "fields.0.unit", "fields.1.point", "fields.2.asset", "fields.2.unit",
    ]  # fmt: skip


def test_another_sites_topics_are_a_conflict(world: World) -> None:
    assert world.admin.post("/api/v1/sources", json=FORM).status_code == 201
    assert world.admin.post("/api/v1/sources", json=FORM).status_code == 409
    assert world.admin.post("/api/v1/sources", json=FORM | {"site": AWAY, "topic_filter": "tele/#"}).status_code == 409


def test_a_message_is_tried_with_the_saved_source_and_nothing_is_stored(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)
    key = client.post("/api/v1/sources", json=FORM).json()["key"]

    payload = json.dumps({"Time": "2026-03-02T15:59:00", "ENERGY": {"Power": 1500, "Voltage": 230}})
    tried = client.post("/api/v1/sources/test", json={"topic": "tele/plug/SENSOR", "payload": payload})

    assert tried.json() == {
        "site": HOME,
        "source": key,
        "readings": [
            {
                "asset": "P-1", "point": "power", "ts": "2026-03-02T07:59:00.000Z", "value": 1.5, "unit": "kW",
                "quality": 0, "reason": "good",
            }
        ],
        "rejected": [],
        "presence": [{"asset": "P-1", "presence": "online"}],
        "requests": [],
        "events": [],
    }  # fmt: skip
    rows = client.get("/api/v1/readings", params={"asset": world.keys[HOME], "points": "power"}).json()["series"]
    assert [row for series in rows for row in series["rows"]] == []
    assert client.get("/api/v1/dead-letters").json()["items"] == []


def test_a_source_can_be_tried_before_it_is_saved(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)
    given = {"topic": "tele/plug/SENSOR", "payload_base64": base64.b64encode(b'{"ENERGY":{"Power":"x"}}').decode()}

    tried = client.post("/api/v1/sources/test", json=given | {"source": FORM}).json()

    assert tried["source"] == ""
    assert tried["rejected"] == [{"reason": "text_value", "part": "plug/ENERGY.Power"}]
    assert client.get("/api/v1/sources").json()["items"] == []


def test_a_payload_is_given_in_one_form(world: World) -> None:
    for given in (
        {},
        {"payload": "a", "payload_base64": "YQ=="},
        {"payload_base64": "%"},
        {"topic": "a/#", "payload": ""},
    ):
        answer = world.admin.post("/api/v1/sources/test", json={"topic": "a", "site": HOME} | given)
        assert answer.status_code == 422, given


def test_a_malformed_topic_of_ours_is_tried_at_the_site_that_it_names_or_told_what_is_wrong(world: World) -> None:
    def tried(topic: str, granted: str | None = None) -> tuple[int, dict[str, Any]]:
        given = {"topic": topic, "payload": "{}"}
        answer = world.as_(Role.SUPERVISOR, granted).post("/api/v1/sources/test", json=given)
        return answer.status_code, answer.json()

    status, trial = tried(f"plantroom/{AWAY}/P-28/telemetri", AWAY)
    assert (status, trial["site"], trial["rejected"]) == (200, AWAY, [{"reason": "unknown_topic", "part": ""}])
    assert tried(f"plantroom/{AWAY}/P-28/telemetri", HOME)[0] == 403
    status, problem = tried("plantroom//Z-1/telemetry")
    assert (status, problem["detail"]) == (422, "the topic has no site's code: correct it in the device")
