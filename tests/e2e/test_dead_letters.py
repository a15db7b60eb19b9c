"""``dead-letter replay`` after the cause is mended: what could not be stored then is stored now, and off the list."""

import time
from typing import Any

from plantroom.domain.assets import LocalName, Point, PointKind, PointTemplate
from plantroom.settings import Settings
from plantroom.storage.ledger import SqlLedger
from tests.e2e.plant import Plant
from tests.product import eventually

AHEAD_S = 300
"""How far a device's clock may be ahead."""


def letters_of(plant: Plant, code: str) -> list[dict[str, Any]]:
    return [letter for letter in plant.letters() if f"/{code}/" in letter["topic"]]


def test_a_message_with_an_unknown_point_is_whole_once_the_point_is_there(plant: Plant) -> None:
    key = plant.add_asset("GROWS", "pump")["key"]
    message = {"ts": time.time_ns() // 1_000_000, "boot": "b", "seq": 1, "values": {"flow": 7.5, "oil_level": 40}}
    with plant.publisher() as publisher:
        publisher.send("plantroom/demo/GROWS/telemetry", message)
        (letter,) = eventually(lambda: letters_of(plant, "GROWS"), 5)
    assert letter["reason"] == "unknown_point"
    assert list(plant.readings(key)) == ["flow"]

    ledger = SqlLedger(Settings(data_dir=plant.process.data).ledger)
    ledger.open()
    with ledger.begin() as tx:
        oil_level = PointTemplate("oil_level", LocalName("油位", "Oil level"), "%", PointKind.MEASURE)
        tx.assets.put_points([Point(key, oil_level)])
    ledger.close()
    plant.process.json("dead-letter", "replay", letter["id"])

    found = eventually(lambda: (rows := plant.readings(key)).get("oil_level") and rows, 5)
    assert {point: rows[0][:2] for point, rows in found.items()} == {
        "flow": [message["ts"], 7.5],
        "oil_level": [message["ts"], 40],
    }
    assert letters_of(plant, "GROWS") == []


def test_a_letter_that_is_not_there_cannot_be_thrown_away(plant: Plant) -> None:
    done = plant.process.cli("dead-letter", "discard", "nope")
    assert done.returncode == 4
    assert "nope" in done.stderr


def test_a_message_from_the_future_is_stored_once_its_time_has_come(plant: Plant) -> None:
    key = plant.add_asset("AHEAD", "pump")["key"]
    ts_ms = time.time_ns() // 1_000_000 + 1000 * AHEAD_S + 1500
    with plant.publisher() as publisher:
        message = {"ts": ts_ms, "boot": "b", "seq": 1, "values": {"flow": 7.5}}
        publisher.send("plantroom/demo/AHEAD/telemetry", message)
        (letter,) = eventually(lambda: letters_of(plant, "AHEAD"), 5)
    assert letter["reason"] == "clock_in_future"

    time.sleep(max(0.0, ts_ms / 1000 - AHEAD_S - time.time()))
    plant.process.json("dead-letter", "replay", letter["id"])
    assert eventually(lambda: plant.readings(key).get("flow"), 5)[0][:2] == [ts_ms, 7.5]
    assert eventually(lambda: letters_of(plant, "AHEAD") == [], 5), "the letter goes once its value is stored"


def test_a_message_without_a_time_keeps_that_of_its_receipt_over_a_replay(plant: Plant) -> None:
    with plant.publisher() as publisher:
        before = time.time_ns() // 1_000_000
        publisher.send("plantroom/demo/UNTIMED/telemetry", {"values": {"flow": 7.5}})
        (letter,) = eventually(lambda: letters_of(plant, "UNTIMED"), 5)
    after = time.time_ns() // 1_000_000
    assert letter["reason"] == "unknown_asset"

    time.sleep(1.0)
    key = plant.add_asset("UNTIMED", "pump")["key"]
    status, answer = plant.api.call("POST", f"/api/v1/dead-letters/{letter['id']}/replay")
    assert (status, answer["reason"]) == (202, "replay_asked: unknown_asset")

    ((at, value, _),) = eventually(lambda: plant.readings(key).get("flow"), 5)
    assert before <= at <= after + 50
    assert value == 7.5
    assert eventually(lambda: letters_of(plant, "UNTIMED") == [], 5), "the letter goes once its value is stored"


def test_all_letters_of_a_reason_are_replayed_and_those_still_wrong_come_back(plant: Plant) -> None:
    with plant.publisher() as publisher:
        for n in range(3):
            publisher.send(
                "plantroom/demo/REPLAYED/telemetry", {"ts": time.time_ns() // 1_000_000 + n, "values": {"x": n}}
            )
        eventually(lambda: len(letters_of(plant, "REPLAYED")) == 3, 5)
    plant.add_asset("REPLAYED", "pump")
    done = plant.process.json("dead-letter", "replay", "--site", "demo", "--reason", "unknown_asset")
    assert done["asked"] >= 3
    assert done["waiting"] == 0
    assert {letter["reason"] for letter in letters_of(plant, "REPLAYED")} == {"unknown_point"}
