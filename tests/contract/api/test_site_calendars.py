"""The calendar of a site over HTTP: holidays, seasons and daylight saving, and what they do to dates."""

import pytest

from tests.contract.api.test_plan import MONTHLY
from tests.contract.api.world import HOME, World


def test_the_calendar_of_a_site_is_kept_and_moves_dates_off_its_holidays(world: World) -> None:
    calendar = {
        "opening_hours": {"mon": [["09:00", "21:00"]], "fri": [["22:00", "02:00"]]},
        "holidays": {"country": "CN", "days_off": ["2026-03-31"], "working_days": ["2026-04-04"]},
        "seasons": {"heating": {"from": "11-01", "to": "04-01"}},
    }
    answer = world.admin.patch(f"/api/v1/sites/{HOME}", json={"calendar": calendar})
    assert answer.status_code == 200, answer.text
    kept = answer.json()["calendar"]
    assert kept["opening_hours"] == calendar["opening_hours"]
    assert kept["holidays"]["days_off"] == ["2026-03-31"]
    assert kept["seasons"]["heating"] == {"from": "11-01", "to": "04-01", "is_default": False}
    assert kept["seasons"]["cooling"]["is_default"] is True
    sites = world.admin.get("/api/v1/sites").json()["items"]
    assert next(site for site in sites if site["code"] == HOME)["calendar"] == kept
    key = world.keys[HOME]
    world.admin.post("/api/v1/plan-rows", json=MONTHLY | {"assets": [key], "roll": "back"})
    query = {"asset": key, "from": "2026-03-02", "to": "2026-05-31"}
    items = world.admin.get("/api/v1/plan/preview", params=query).json()["items"]
    dues = {o["nominal_date"]: i["due"] for i in items for o in i["occurrences"] if o["plan_row"] == "M31"}
    assert dues == {"2026-03-31": "2026-03-30", "2026-04-30": "2026-04-30", "2026-05-31": "2026-05-29"}


def test_what_a_site_has_is_said_and_taken_back(world: World) -> None:
    def said(options: object) -> object:
        answer = world.admin.patch(f"/api/v1/sites/{HOME}", json={"options": options})
        assert answer.status_code == 200, answer.text
        sites = world.admin.get("/api/v1/sites").json()["items"]
        assert next(site for site in sites if site["code"] == HOME) == answer.json()
        return answer.json()["options"]

    assert [said(one) for one in (["diesel_pump", "boiler"], [], None)] == [["boiler", "diesel_pump"], [], None]
    wrong = world.admin.patch(f"/api/v1/sites/{HOME}", json={"options": ["swimming_pool"]})
    assert wrong.status_code == 422
    assert [e["field"] for e in wrong.json()["errors"]] == ["options"]
    assert "diesel_pump" in wrong.json()["errors"][0]["message"], "it says which ones there are"


@pytest.mark.parametrize(
    ("calendar", "field"),
    [
        ({"opening_hours": {"mon": [["9", "21:00"]]}}, "calendar.opening_hours.mon"),
        ({"opening_hours": {"mon": [["09:00", "12:00"], ["11:00", "14:00"]]}}, "calendar.opening_hours.mon"),
        ({"opening_hours": {"someday": []}}, "calendar.opening_hours.someday.[key]"),
        ({"holidays": {"country": "XX"}}, "calendar.holidays.country"),
        ({"holidays": {"days_off": ["31.12."]}}, "calendar.holidays.days_off.0"),
        ({"seasons": {"heating": {"from": "13-01", "to": "03-15"}}}, "calendar.seasons.heating.from"),
        ({"seasons": {"spring": {"from": "03-01", "to": "05-31"}}}, "calendar.seasons.spring.[key]"),
    ],
)
def test_what_is_wrong_with_a_calendar_is_named(world: World, calendar: dict, field: str) -> None:
    answer = world.admin.patch(f"/api/v1/sites/{HOME}", json={"calendar": calendar})
    assert answer.status_code == 422, answer.text
    assert field in {e["field"] for e in answer.json()["errors"]}, answer.text


def test_nine_o_clock_stays_nine_o_clock_in_the_preview_of_a_site_with_daylight_saving(world: World) -> None:
    opened = {day: [["09:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    site = {
        "code": "berlin",
        "name": {"en": "Berlin"},
        "time_zone": "Europe/Berlin",
        "calendar": {"opening_hours": opened},
    }
    assert world.admin.post("/api/v1/sites", json=site).status_code == 201
    row = {
        "code": "PAT", "name": {"zh": "巡查", "en": "Patrol"}, "site": True, "site_code": "berlin",
        "interval": {"every": 2, "unit": "hour"}, "schedule": {"type": "interval", "open_hours": True},
    }  # fmt: skip
    assert world.admin.post("/api/v1/plan-rows", json=row).status_code == 201
    query = {"site": "berlin", "from": "2026-03-28", "to": "2026-03-30"}
    items = [
        i for i in world.admin.get("/api/v1/plan/preview", params=query).json()["items"]
        if i["occurrences"][0]["plan_row"] == "PAT"
    ]  # fmt: skip
    dues = [i["due"] for i in items]
    assert len(dues) == 18
    assert [d for d in dues if "T09:00" in d] == [
        "2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00",
    ]  # fmt: skip
    assert all(i["occurrences"][0]["nominal_date"] == i["due"] for i in items)
