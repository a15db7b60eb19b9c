"""The main job on the trial's own parts, from outside: messages in, tickets, readings, plan and checklists out."""

import stat
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.plant import Plant, now_text
from tests.e2e.recordings import Recorded
from tests.product import Api, eventually

SAFETY_WITHIN_S = 1.0


def test_the_first_sign_in_is_two_lines_in_a_file_that_only_its_owner_reads(plant: Plant):
    file = plant.process.data / "initial-admin"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    user, password = file.read_text().splitlines()
    assert user == "admin"
    assert len(password) >= 12


def test_signing_in_gives_a_cookie_that_opens_the_door(plant: Plant):
    user, password = (plant.process.data / "initial-admin").read_text().splitlines()
    anonymous = Api(plant.process.url)
    status, answer, headers = anonymous.request("POST", "/api/v1/session", {"username": user, "password": password})
    assert status < 300
    assert answer["csrf_token"]
    cookie = headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite" in cookie
    signed_in = {"Cookie": headers["Set-Cookie"].split(";")[0]}
    assert anonymous.request("GET", "/api/v1/assets", headers=signed_in)[0] == 200


def test_nobody_comes_in_without_the_right_password(plant: Plant):
    anonymous = Api(plant.process.url)
    assert anonymous.call("GET", "/api/v1/assets")[0] == 401
    form = {"username": "admin", "password": "wrong"}
    status, problem, headers = anonymous.request("POST", "/api/v1/session", form)
    assert status == 401
    assert headers["Content-Type"].startswith("application/problem+json")
    assert problem["status"] == 401
    assert problem["title"]


def test_the_web_app_is_served_to_anybody(plant: Plant):
    status, page = Api(plant.process.url).call("GET", "/")
    assert status == 200
    assert "<html" in page.lower()


def test_a_worn_pump_ends_in_exactly_one_ticket_and_every_value_in_the_store(opened_at: int):
    assert opened_at > 0


def test_a_sound_pump_ends_in_no_ticket(plant: Plant, sound: Recorded):
    report = plant.replay(sound, "P-102")
    plant.see_every_value(sound, "P-102", report)
    plant.see_no_ticket("P-102")


def test_the_pace_of_a_replay_does_not_move_the_opening(plant: Plant, worn: Recorded, opened_at: int):
    report = plant.replay(worn, "P-103", speed="120")
    plant.see_every_value(worn, "P-103", report)
    assert plant.see_one_ticket(worn, "P-103", report) == opened_at


def test_a_replay_into_an_asset_that_is_there_uses_its_points(plant: Plant, sound: Recorded):
    made = plant.add_asset("P-104", "pump")
    before = {p["key"]: p["unit"] for p in plant.api.items(f"/api/v1/assets/{made['key']}/points")}
    plant.replay(sound, "P-104")
    assert {p["key"]: p["unit"] for p in plant.api.items(f"/api/v1/assets/{made['key']}/points")} == before
    assert plant.asset("P-104")["key"] == made["key"]


def test_a_trapped_passenger_is_a_ticket_within_a_second(plant: Plant):
    lift = plant.add_asset("E-1", "elevator")
    event = {"ts": now_text(), "event": "passenger_trapped", "severity": "safety", "data": {"floor": 7}}
    with plant.publisher() as publisher:
        begun = time.monotonic()
        publisher.send("plantroom/demo/E-1/event", event)
        tickets = eventually(lambda: plant.tickets(lift["key"], "rule"), 5, 0.02)
        took = time.monotonic() - begun
    assert len(tickets) == 1
    assert tickets[0]["severity"] == "critical"
    assert took <= SAFETY_WITHIN_S
    assert plant.api.items("/api/v1/episodes", asset=lift["key"])[0]["source"] == "rule"


def test_an_asset_is_taken_up_the_moment_it_is_made(plant: Plant):
    with plant.publisher() as publisher:
        for number in range(5):
            made = plant.add_asset(f"NEW-{number}", "pump")
            publisher.send(f"plantroom/demo/NEW-{number}/telemetry", {"ts": now_text(), "values": {"flow": number}})
            assert eventually(lambda key=made["key"]: plant.readings(key), 5), f"NEW-{number} was not stored"
    assert [letter for letter in plant.letters() if "/NEW-" in letter["topic"]] == []


def test_a_new_site_is_taken_up_within_two_seconds(plant: Plant):
    site = {"code": "annex", "name": {"zh": "附楼", "en": "Annex"}, "time_zone": "Asia/Shanghai"}
    plant.api.post("/api/v1/sites", site)
    pump = plant.add_asset("P-1", "pump", site="annex")
    time.sleep(2.0)
    with plant.publisher() as publisher:
        publisher.send("plantroom/annex/P-1/telemetry", {"ts": now_text(), "values": {"flow": 31.5}})
        stored = eventually(lambda: plant.readings(pump["key"]), 5)
    assert stored["flow"][0][1:] == [31.5, 0]


def test_materialising_twice_makes_nothing_the_second_time(plant: Plant):
    plant.process.json("plan", "materialise")
    again = plant.process.json("plan", "materialise")
    assert again["created"] == 0
    assert again["existing"] > 0
    assert plant.api.items("/api/v1/work-orders", kind="preventive")


def test_a_years_preview_explains_each_date_in_both_languages(plant: Plant):
    plant.add_asset("P-PLAN", "pump")
    first = datetime.now(UTC).date()
    days = ("--from", str(first), "--to", str(first + timedelta(days=365)))
    for whose in (("--site", "demo"), ("--asset", "P-PLAN")):
        items = plant.process.json("plan", "preview", *whose, *days)["items"]
        assert items
        assert all(item["reason"]["zh"] and item["reason"]["en"] for item in items)
        assert all(str(first) <= item["latest"] for item in items)


def test_a_tablet_can_take_its_work_along(plant: Plant, opened_at: int):
    bundle = plant.api.get("/api/v1/sync/bundle")
    assert len(str(bundle)) > 1000
    assert "P-101" in str(bundle)


def test_the_plant_says_how_it_is(plant: Plant, opened_at: int):
    assert Api(plant.process.url).call("GET", "/healthz")[0] == 200
    assert Api(plant.process.url).call("GET", "/readyz")[0] == 200
    stats = plant.stats()
    assert stats["received"] >= 760
    assert stats["stored"] >= 760
    assert Api(plant.process.url).call("GET", "/metrics")[0] == 200


def timeless(tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what the clocks have left, which time changes."""
    clocks = [[{k: v for k, v in clock.items() if k != "remaining_s"} for clock in one["clocks"]] for one in tickets]
    return [one | {"clocks": left} for one, left in zip(tickets, clocks, strict=True)]


def test_a_restart_keeps_everything(plant: Plant, worn: Recorded, opened_at: int):
    key = plant.asset("P-101")["key"]
    readings, tickets, letters = plant.readings(key), plant.tickets(key, "model"), plant.letters()
    begun = time.monotonic()
    assert plant.process.stop() == 0
    assert time.monotonic() - begun <= 10
    plant.process.start()
    assert plant.readings(key) == readings
    assert timeless(plant.tickets(key, "model")) == timeless(tickets)
    assert plant.letters() == letters
