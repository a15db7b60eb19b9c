"""Whatever comes in: what cannot be stored is kept with its reason and its raw bytes, and the stream goes on."""

import base64
import json
import random
import time
from typing import Any

import pytest

from tests.e2e.plant import Plant, now_text
from tests.product import eventually

TS = now_text()
GARBAGE = random.Random(7).randbytes(1 << 20)
DEEP = b"[" * 100_000
TAKEN_UP_S = 2.0
"""By then a new site's own sessions have its messages."""


def telemetry(**fields: Any) -> bytes:
    return json.dumps({"ts": TS, **fields}).encode()


PAYLOADS: dict[str, tuple[str, bytes, str]] = {
    "not JSON": ("BAD/telemetry", b"not json", "not_json"),
    "half of a JSON text": ("BAD/telemetry", b"[1,2", "not_json"),
    "nothing": ("BAD/telemetry", b"", "empty_payload"),
    "a megabyte of garbage": ("BAD/telemetry", GARBAGE, "not_utf8"),
    "nested without end": ("BAD/telemetry", DEEP, "not_json"),
    "a number alone": ("BAD/telemetry", b"17", "wrong_shape"),
    "values that are a text": ("BAD/telemetry", telemetry(values="x"), "wrong_shape"),
    "a text as value": ("BAD/telemetry", telemetry(values={"flow": "much"}), "text_value"),
    "a number as text": ("BAD/telemetry", telemetry(values={"flow": "12.5"}), "number_as_text"),
    "NaN": ("BAD/telemetry", b'{"values": {"flow": NaN}}', "not_a_number"),
    "no value": ("BAD/telemetry", telemetry(values={"flow": None}), "null_value"),
    "an object as value": ("BAD/telemetry", telemetry(values={"flow": {"v": 1}}), "nested_value"),
    "1970": ("BAD/telemetry", b'{"ts": "1970-01-01T00:00:00Z", "values": {"flow": 1}}', "clock_never_set"),
    "2099": ("BAD/telemetry", b'{"ts": "2099-01-01T00:00:00Z", "values": {"flow": 1}}', "clock_in_future"),
    "only a time": ("BAD/telemetry", b'{"ts": "1970-01-01T00:00:00Z"}', "no_values"),
    "no time at all": ("BAD/telemetry", b'{"ts": "yesterday", "values": {"flow": 1}}', "unreadable_time"),
    "an unknown point": ("BAD/telemetry", telemetry(values={"warp_factor": 9}), "unknown_point"),
    "an unknown asset": ("NO-SUCH/telemetry", telemetry(values={"flow": 1}), "unknown_asset"),
    "an event without a name": ("BAD/event", b'{"severity": "general"}', "wrong_shape"),
}

HALF_BAD = telemetry(values={"flow": 21.5, "vibration": "loud", "power": 3.25, "warp_factor": 9})


@pytest.fixture(scope="module")
def letters(plant: Plant) -> dict[bytes, list[dict[str, Any]]]:
    """Raw bytes -> dead letters, after all payloads and the half-bad one were published in a row."""
    plant.add_asset("BAD", "pump")
    with plant.publisher() as publisher:
        for topic, payload, _ in PAYLOADS.values():
            publisher.send(f"plantroom/demo/{topic}", payload)
        publisher.send("plantroom/demo/BAD/telemetry", HALF_BAD)
        wanted = len(PAYLOADS) + 2
        eventually(lambda: len(_of_this_module(plant)) >= wanted, 20)
    found: dict[bytes, list[dict[str, Any]]] = {}
    for letter in _of_this_module(plant):
        found.setdefault(base64.b64decode(letter["payload_base64"]), []).append(letter)
    return found


def _of_this_module(plant: Plant) -> list[dict[str, Any]]:
    return [letter for letter in plant.letters() if "/BAD/" in letter["topic"] or "/NO-SUCH/" in letter["topic"]]


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_bad_payload_is_kept_with_topic_reason_and_raw_bytes(name: str, letters: dict[bytes, list[dict[str, Any]]]):
    topic, payload, reason = PAYLOADS[name]
    found = [letter for letter in letters.get(payload, []) if letter["topic"] == f"plantroom/demo/{topic}"]
    assert [letter["reason"].split(":")[0] for letter in found] == [reason]
    assert found[0]["received_at"] > TS


def test_of_a_half_bad_message_the_good_half_is_stored(plant: Plant, letters: dict[bytes, list[dict[str, Any]]]):
    stored = eventually(lambda: plant.readings(plant.asset("BAD")["key"]), 5)
    assert {point: rows[0][1] for point, rows in stored.items()} == {"flow": 21.5, "power": 3.25}
    bad = {letter["reason"].split(":")[0]: letter["part"] for letter in letters[HALF_BAD]}
    assert bad == {"text_value": "vibration", "unknown_point": "warp_factor"}


def test_the_stream_goes_on_behind_bad_payloads(plant: Plant, letters: dict[bytes, list[dict[str, Any]]]):
    key = plant.asset("BAD")["key"]
    with plant.publisher() as publisher:
        publisher.send("plantroom/demo/BAD/telemetry", {"ts": now_text(), "values": {"discharge_pressure": 0.5}})
        assert eventually(lambda: plant.readings(key).get("discharge_pressure"), 5)
    # Figures are told as they were saved with the cursor, and that once a second.
    assert eventually(lambda: plant.stats()["dead_lettered"] >= len(PAYLOADS), 5)


def test_a_safety_event_with_an_impossible_time_makes_its_ticket_all_the_same(plant: Plant):
    for code, ts in (
        ("E-1970", "1970-01-01T00:00:00Z"),
        ("E-2099", "2099-01-01T00:00:00Z"),
        ("E-NONSENSE", "nonsense"),
    ):
        lift = plant.add_asset(code, "elevator")
        with plant.publisher() as publisher:
            event = {"ts": ts, "event": "passenger_trapped", "severity": "safety"}
            publisher.send(f"plantroom/demo/{code}/event", event)
            assert eventually(lambda key=lift["key"]: plant.tickets(key, "rule"), 5), f"no ticket for {ts}"


@pytest.mark.parametrize(
    ("code", "raw", "title"),
    [
        ("E-CUT", b'{"event":"passenger_trapped","severity":"safety","data":{"fl', "困人"),
        ("E-TORN", b'{"event":"passenger_tr', "事件消息损坏，内容无法读出"),
    ],
)
def test_a_safety_event_that_was_cut_off_makes_a_ticket_and_stays_a_dead_letter(
    plant: Plant, code: str, raw: bytes, title: str
) -> None:
    lift = plant.add_asset(code, "elevator")
    with plant.publisher() as publisher:
        publisher.send(f"plantroom/demo/{code}/event", raw)
        (ticket,) = eventually(lambda: plant.tickets(lift["key"], "rule"), 5)
    assert (ticket["severity"], ticket["safety"]) == ("critical", True)
    assert title in ticket["title"]["zh"]
    assert "damaged" in ticket["tags"]
    (letter,) = [x for x in plant.letters() if f"/{code}/" in x["topic"]]
    assert letter["reason"].startswith("not_json")
    assert base64.b64decode(letter["payload_base64"]) == raw


def test_a_safety_event_of_a_device_that_nobody_entered_makes_a_ticket_all_the_same(plant: Plant):
    with plant.publisher() as publisher:
        publisher.send("plantroom/demo/E-TYPO/event", {"event": "passenger_trapped", "ts": now_text()})

    def tickets() -> list[dict[str, Any]]:
        found = plant.api.items("/api/v1/work-orders?kind=corrective")
        return [one for one in found if one["asset"] is None and "E-TYPO" in one["title"]["en"]]

    (ticket,) = eventually(tickets, 5)
    assert (ticket["severity"], ticket["safety"], ticket["site"]) == ("critical", True, "demo")
    assert [x["reason"] for x in plant.letters() if "/E-TYPO/" in x["topic"]] == ["unknown_asset"]


def test_a_dead_letter_is_stored_once_its_cause_is_mended(plant: Plant):
    raw = telemetry(values={"flow": 7.5})
    with plant.publisher() as publisher:
        publisher.send("plantroom/demo/LATER/telemetry", raw)
        assert eventually(lambda: [x for x in plant.letters() if "/LATER/" in x["topic"]], 5)
    made = plant.add_asset("LATER", "pump")
    letter = next(x for x in plant.letters() if "/LATER/" in x["topic"])
    assert plant.process.json("dead-letter", "show", letter["id"])["topic"] == letter["topic"]
    plant.process.json("dead-letter", "replay", letter["id"])
    assert eventually(lambda: plant.readings(made["key"]).get("flow"), 5)[0][1] == 7.5
    assert [x for x in plant.letters() if "/LATER/" in x["topic"]] == []


def test_nothing_that_is_sent_to_a_site_that_nobody_entered_vanishes(plant: Plant):
    values, event = telemetry(values={"flow": 1}), {"event": "passenger_trapped", "ts": now_text()}
    with plant.publisher() as publisher:
        publisher.send("plantroom/nosite/GHOST-3/event", event)
        publisher.send("plantroom/nosite/GHOST-3/telemetry", values)

        def tickets() -> list[dict[str, Any]]:
            found = plant.api.items("/api/v1/work-orders?kind=corrective")
            return [one for one in found if "GHOST-3" in one["title"]["en"]]

        (ticket,) = eventually(tickets, 5)
    assert (ticket["severity"], ticket["safety"], ticket["site"]) == ("critical", True, "demo")
    assert ticket["title"]["zh"].startswith("未知站点 nosite 的设备 GHOST-3：")
    assert ticket["title"]["en"].startswith("Device GHOST-3 of unknown site nosite: ")
    assert eventually(lambda: len(letters_of_site(plant, "nosite")) == 2, 5)
    found = {x["topic"].split("/")[-1]: (x["reason"], x["site"]) for x in letters_of_site(plant, "nosite")}
    assert found == {"event": ("unknown_site", "nosite"), "telemetry": ("unknown_site", "nosite")}


def test_what_went_to_a_site_that_is_entered_later_is_stored_by_a_replay(plant: Plant):
    raw = telemetry(values={"flow": 7.5})
    with plant.publisher() as publisher:
        publisher.send("plantroom/wing-b/W-1/telemetry", raw)
        (letter,) = eventually(lambda: letters_of_site(plant, "wing-b"), 5)
    plant.api.post("/api/v1/sites", {"code": "wing-b", "name": {"zh": "乙楼", "en": "Wing B"}})
    made = plant.add_asset("W-1", "pump", "wing-b")
    time.sleep(TAKEN_UP_S)
    plant.process.json("dead-letter", "replay", letter["id"])
    assert eventually(lambda: plant.readings(made["key"]).get("flow"), 5)[0][1] == 7.5
    with plant.publisher() as publisher:
        publisher.send("plantroom/wing-b/W-1/telemetry", telemetry(values={"power": 3.5}))
        assert eventually(lambda: plant.readings(made["key"]).get("power"), 5)[0][1] == 3.5
    assert letters_of_site(plant, "wing-b") == []


def letters_of_site(plant: Plant, site: str) -> list[dict[str, Any]]:
    return plant.api.items("/api/v1/dead-letters", site=site)
