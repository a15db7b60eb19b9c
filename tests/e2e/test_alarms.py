"""Alarms from outside: a limit that people change holds within two seconds; shelving, maintenance and safety."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.plant import Plant, Publisher, limits, now_text
from tests.product import eventually

TAKES_EFFECT_S = 2.0


@pytest.fixture
def pump(plant: Plant) -> dict[str, Any]:
    asset = plant.add_asset(plant.new_code("A"), "pump")
    limits(plant.api, asset["key"])
    return asset


def tell(client: Publisher, asset: dict[str, Any], vibration: float) -> None:
    topic = f"plantroom/demo/{asset['code']}/telemetry"
    client.send(topic, {"ts": now_text(), "values": {"vibration": vibration}}).wait_for_publish(5)


def alarms(plant: Plant, asset: dict[str, Any]) -> list[Any]:
    return plant.api.items("/api/v1/alarms", asset=asset["key"])


def repairs(plant: Plant, asset: dict[str, Any]) -> list[Any]:
    return plant.api.items("/api/v1/work-orders", kind="corrective", asset=asset["key"])


def status(plant: Plant, asset: dict[str, Any], word: str) -> None:
    path = f"/api/v1/assets/{asset['key']}"
    answer = plant.api.request("PATCH", path, {"status": word}, {"If-Match": "*"})
    assert answer[0] == 200, answer


def test_a_changed_limit_holds_within_two_seconds_and_clears_what_is_inside_it(
    plant: Plant, pump: dict[str, Any]
) -> None:
    with plant.publisher() as client:
        tell(client, pump, 9.0)
        assert eventually(lambda: alarms(plant, pump), 5)
        limits(plant.api, pump["key"], alarm_high=20.0)
        changed = time.monotonic()
        tell(client, pump, 9.0)
        assert eventually(lambda: not alarms(plant, pump), TAKES_EFFECT_S + 3)
        limits(plant.api, pump["key"], alarm_high=8.0)
        tell(client, pump, 9.0)
        assert eventually(lambda: alarms(plant, pump), TAKES_EFFECT_S + 3)
        assert time.monotonic() - changed < 2 * TAKES_EFFECT_S + 3
        assert len(repairs(plant, pump)) == 1


def test_a_limit_that_is_taken_away_clears_its_alarm_without_another_reading(
    plant: Plant, pump: dict[str, Any]
) -> None:
    with plant.publisher() as client:
        tell(client, pump, 9.0)
        assert eventually(lambda: alarms(plant, pump), 5)
        limits(plant.api, pump["key"], alarm_high=None)
        assert eventually(lambda: not alarms(plant, pump), 5)


def test_an_alarm_that_moves_to_the_safety_lane_is_told_as_one_and_clears_there(
    plant: Plant, pump: dict[str, Any]
) -> None:
    with plant.publisher() as client:
        tell(client, pump, 9.0)
        assert eventually(lambda: alarms(plant, pump), 5)
        code = pump["code"]
        plant.api.post(
            "/api/v1/sources",
            {"site": "demo", "name": code, "topic_filter": f"plantroom/demo/{code}/telemetry", "dialect": "json",
             "asset": code, "priority": "safety"},
        )  # fmt: skip

        def safety() -> bool:
            tell(client, pump, 9.0)
            return any(t["safety"] for t in repairs(plant, pump))

        assert eventually(safety, 15, 0.5)

        def cleared() -> bool:
            tell(client, pump, 1.0)
            return not alarms(plant, pump)

        assert eventually(cleared, 15, 0.5)


def test_what_rises_under_maintenance_has_its_ticket_once_when_it_ends_and_a_safety_event_at_once(
    plant: Plant, pump: dict[str, Any]
) -> None:
    with plant.publisher() as client:
        status(plant, pump, "under_maintenance")
        tell(client, pump, 9.0)
        assert eventually(lambda: [a["alarm_state"] for a in alarms(plant, pump)] == ["suppressed"], 5)
        assert repairs(plant, pump) == []
        event = {"ts": now_text(), "event": "flooded_room", "severity": "safety"}
        client.send(f"plantroom/demo/{pump['code']}/event", event).wait_for_publish(5)
        assert eventually(lambda: [t["safety"] for t in repairs(plant, pump)] == [True], 5)
        status(plant, pump, "in_service")
        assert len(repairs(plant, pump)) == 2
        status(plant, pump, "under_maintenance")
        status(plant, pump, "in_service")
        tell(client, pump, 9.1)
        assert len(repairs(plant, pump)) == 2


def test_a_shelved_alarm_survives_a_restart_and_brings_its_ticket_when_it_is_ended_from_the_command_line(
    plant: Plant, pump: dict[str, Any]
) -> None:
    with plant.publisher() as client:
        limits(plant.api, pump["key"], warning_high=5.0, warning_delay_s=0)
        tell(client, pump, 6.0)
        assert eventually(lambda: alarms(plant, pump), 5)
        (alarm,) = alarms(plant, pump)
        wish = {"reason": "part ordered", "minutes": 60, "subjects": ["limit:vibration:alarm_high"]}
        shelf = plant.api.post(f"/api/v1/alarms/{alarm['id']}/shelve", wish)
    plant.process.kill()
    plant.process.start()
    with plant.publisher() as client:
        tell(client, pump, 9.0)
        risen = ["limit:vibration:warning_high", "limit:vibration:alarm_high"]
        assert eventually(lambda: [a["open_subjects"] for a in alarms(plant, pump)] == [risen], 10)
        assert repairs(plant, pump) == []
        listed = plant.process.json("alarms", "shelved")["items"]
        assert shelf["id"] in [one["id"] for one in listed]
        ended = plant.process.json("alarms", "unshelve", shelf["id"], "--by", "wang")
        assert ended["ended_by"] == "wang"
        assert eventually(lambda: len(repairs(plant, pump)) == 1, 5)


def test_a_shelf_ends_by_itself_and_the_ticket_comes_then_once(plant: Plant, pump: dict[str, Any]) -> None:
    with plant.publisher() as client:
        limits(plant.api, pump["key"], warning_high=5.0, warning_delay_s=0)
        tell(client, pump, 6.0)
        assert eventually(lambda: alarms(plant, pump), 5)
        (alarm,) = alarms(plant, pump)
        until = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
        wish = {"reason": "a moment", "until": until, "subjects": ["limit:vibration:alarm_high"]}
        plant.api.post(f"/api/v1/alarms/{alarm['id']}/shelve", wish)
        tell(client, pump, 9.0)
        assert eventually(lambda: len(alarms(plant, pump)[0]["open_subjects"]) == 2, 5)
        # Its own, or the one that it shares when the tests before this one have made a flood.
        assert alarms(plant, pump)[0]["work_order"] is None
        assert eventually(lambda: alarms(plant, pump)[0]["work_order"] is not None, 8)
        ticket = alarms(plant, pump)[0]["work_order"]
        tell(client, pump, 9.1)
        time.sleep(1)
        assert alarms(plant, pump)[0]["work_order"] == ticket
        assert len(repairs(plant, pump)) <= 1


def test_the_command_line_lists_acknowledges_and_shelves(plant: Plant, pump: dict[str, Any]) -> None:
    with plant.publisher() as client:
        tell(client, pump, 9.0)
        assert eventually(lambda: alarms(plant, pump), 5)
    (alarm,) = [one for one in plant.process.json("alarms", "list")["items"] if one["asset"] == pump["code"]]
    assert (alarm["priority"], alarm["alarm_state"]) == ("high", "active_unacknowledged")
    assert plant.process.json("alarms", "acknowledge", alarm["id"], "--by", "li")["acknowledged_by"] == "li"
    shelved = plant.process.json("alarms", "shelve", alarm["id"], "--reason", "waits", "--for", "2h", "--by", "li")
    assert shelved["subjects"] == ["limit:vibration:alarm_high"]
    assert plant.process.cli("alarms", "shelve", alarm["id"], "--reason", "x", "--for", "soon").returncode == 4
    assert plant.process.cli("alarms", "shelve", alarm["id"], "--reason", "x", "--for", "9h").returncode == 4
    assert plant.process.cli("alarms", "unshelve", "nothing").returncode == 4
