"""Budgets: approved, forecast, spent, ordered."""

from typing import Any

import pytest

from maintenance.work.bookkeeping import Books
from plantroom.ports.accounts import Role
from tests.contract.api.test_plan_changes import ROW
from tests.contract.api.world import AWAY, HOME, World, add_pump

PATH = "/api/v1/budgets"
LINE = {"site": HOME, "year": 2026, "line": "upkeep", "approved": 1000}


def lines(world: World, year: int = 2026) -> dict[tuple[str, str | None], dict[str, Any]]:
    found = world.as_(Role.SUPERVISOR, HOME).get(PATH, params={"site": HOME, "year": year})
    assert found.status_code == 200, found.text
    return {(one["line"], one["system"]): one for one in found.json()["items"]}


def planned(world: World) -> None:
    """A monthly row of the pump, an hour and 10 CNY a job, with the orders of two months; 60 CNY an hour."""
    world.admin.post("/api/v1/plan-rows", json=ROW | {"assets": [world.keys[HOME]]})
    world.admin.post("/api/v1/plan/materialise")
    world.admin.put(f"{PATH}/rates/{HOME}", json={"hourly_rate": 60}, headers={"If-Match": '"0"'})


def forecast(world: World, year: int = 2026) -> dict[str, Any]:
    made = world.admin.post(f"{PATH}/forecast", json={"site": HOME, "year": year})
    assert made.status_code == 200, made.text
    return made.json()


def test_the_lines_of_the_user_s_plan_are_there_before_anything_is_approved(world: World) -> None:
    found = lines(world)
    assert [line for line, _ in found] == ["inspection", "repair", "upkeep", "records", "replacement"]
    upkeep = found["upkeep", None]
    assert (upkeep["id"], upkeep["approved"], upkeep["planned"], upkeep["forecast"]) == (None, None, 20_000.0, None)
    assert upkeep["name"] == {"zh": "设备保养费用", "en": "Upkeep"}


def test_the_forecast_is_jobs_times_cost_and_says_where_each_figure_comes_from(world: World) -> None:
    planned(world)
    made = forecast(world)
    (item,) = [one for one in made["items"] if one["plan_row"] == "PU-M"]
    # From March on: ten months of the year, of which two have orders.
    assert (item["done"], item["ordered"], item["to_come"], item["hours"]) == (0, 2, 8, 10.0)
    assert (item["labour"], item["job_cost"], item["total"], item["to_come_cost"]) == (600.0, 100.0, 700.0, 560.0)
    assert item["system"] == "water"
    assert item["reason"] == {
        "zh": "10次；每次工时60分钟 × 60元/小时；每次费用10元",
        "en": "10 jobs; 60 min each at 60 CNY/h; 10 CNY a job",
    }
    assert forecast(world, 2027)["total"] == 12 * 70.0
    upkeep = lines(world)["upkeep", None]
    assert (upkeep["forecast"], upkeep["to_come"], upkeep["committed"]) == (700.0, 560.0, 140.0)
    assert upkeep["outlook"] == 700.0


def test_machines_whose_life_ends_are_in_the_year_s_replacements(world: World) -> None:
    key = add_pump(world, HOME, "P-OLD")
    given = {"installed_on": "2007-05-01", "design_life_years": 20, "replacement_cost": 8000}
    changed = world.admin.patch(f"/api/v1/assets/{key}", json=given, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    (item,) = [one for one in forecast(world, 2027)["items"] if one["asset"] == key]
    assert (item["line"], item["system"], item["total"]) == ("replacement", "water", 8000.0)
    assert "2027-05-01" in item["reason"]["zh"]
    assert lines(world, 2027)["replacement", None]["forecast"] == 8000.0
    assert not [one for one in forecast(world)["items"] if one["asset"] == key]


def spend(world: World, amount: float, invoice: str = "F-1", asset: str | None = None) -> str:
    """An invoice for the first open order of the plan, or for a ticket of the asset."""
    with world.ledger.begin() as tx:
        if asset is None:
            (occurrence, *_) = tx.plan.occurrences_of(HOME)
            order = tx.orders.lock(occurrence.work_order or "")
        else:
            order = tx.orders.lock(asset)
        return Books(tx, order, "wang", world.clock.now()).charge(amount, invoice).id


def test_what_is_booked_is_actual_and_no_more_committed(world: World) -> None:
    planned(world)
    forecast(world)
    spend(world, 50.0)
    upkeep = lines(world)["upkeep", None]
    assert (upkeep["actual"], upkeep["actual_by_kind"], upkeep["committed"]) == (50.0, {"external": 50.0}, 90.0)
    spend(world, 500.0, "F-2")
    upkeep = lines(world)["upkeep", None]
    assert (upkeep["actual"], upkeep["committed"], upkeep["outlook"]) == (550.0, 70.0, 1180.0)
    spend(world, 30.0, "F-3", world.ticket().id)
    assert lines(world)["repair", None]["actual"] == 30.0


def test_time_of_our_own_people_counts_by_the_rate(world: World) -> None:
    planned(world)
    with world.ledger.begin() as tx:
        (occurrence, *_) = tx.plan.occurrences_of(HOME)
        order = tx.orders.lock(occurrence.work_order or "")
        books = Books(tx, order, "li", world.clock.now())
        books.labour("li", minutes=90)
        books.take_back_labour(books.labour("li", minutes=30).id, "twice")
    assert lines(world)["upkeep", None]["actual_by_kind"] == {"labour": 90.0}
    world.admin.put(f"{PATH}/rates/{HOME}", json={"hourly_rate": None}, headers={"If-Match": '"1"'})
    assert lines(world)["upkeep", None]["actual"] == 0.0


def test_work_that_is_done_is_not_ordered_as_well(world: World) -> None:
    planned(world)
    with world.ledger.begin() as tx:
        (occurrence, *_) = tx.plan.occurrences_of(HOME)
        Books(tx, tx.orders.lock(occurrence.work_order or ""), "li", world.clock.now()).labour("li", minutes=45)
    upkeep = lines(world)["upkeep", None]
    assert (upkeep["actual"], upkeep["committed"]) == (45.0, 140.0 - 45.0)
    spend(world, 10.0)
    with world.ledger.begin() as tx:
        Books(tx, tx.orders.lock(occurrence.work_order or ""), "li", world.clock.now()).labour("li", minutes=60)
    upkeep = lines(world)["upkeep", None]
    assert (upkeep["actual"], upkeep["committed"]) == (115.0, 70.0)


def test_a_system_s_own_line_takes_what_is_its_own(world: World) -> None:
    planned(world)
    forecast(world)
    spend(world, 50.0)
    made = world.admin.post(PATH, json=LINE | {"system": "water", "approved": 200})
    assert made.status_code == 201, made.text
    assert made.json()["name"] == {"zh": "设备保养费用（供水系统）", "en": "Upkeep (Water supply)"}
    found = lines(world)
    assert (found["upkeep", "water"]["actual"], found["upkeep", None]["actual"]) == (50.0, 0.0)
    assert (found["upkeep", "water"]["forecast"], found["upkeep", None]["forecast"]) == (700.0, 0.0)
    assert found["upkeep", "water"]["used_percent"] == 70.0
    assert world.admin.post(PATH, json=LINE | {"system": "water"}).status_code == 409


def test_what_was_ordered_for_a_system_is_spent_for_it(world: World) -> None:
    """A lift is of two systems: the row says which one its work is for."""
    lift = {"site": HOME, "code": "EL-9", "class": "elevator", "name": {"zh": "9号梯", "en": "Lift 9"}}
    assert world.admin.post("/api/v1/assets", json=lift).status_code == 201
    of_both = ROW | {"code": "ES-M", "system": "elevator_escalator", "site_code": HOME, "job_cost": 100}
    assert world.admin.post("/api/v1/plan-rows", json=of_both).status_code == 201
    world.admin.post("/api/v1/plan/materialise")
    for system in ("elevator", "elevator_escalator"):
        assert world.admin.post(PATH, json=LINE | {"system": system}).status_code == 201
    before = lines(world)["upkeep", "elevator_escalator"]["committed"]
    with world.ledger.begin() as tx:
        order = next(o.work_order for o in tx.plan.occurrences_of(HOME) if o.plan_row == "ES-M")
        Books(tx, tx.orders.lock(order or ""), "wang", world.clock.now()).charge(100.0, "F-9")
    found = lines(world)
    assert found["upkeep", "elevator"]["actual"] == 0.0
    both = found["upkeep", "elevator_escalator"]
    assert (both["actual"], both["committed"]) == (100.0, before - 100.0)


def test_a_line_has_a_name(world: World) -> None:
    for blank in ("", "  "):
        refused = world.admin.post(PATH, json=LINE | {"line": blank})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "line")


def test_two_people_who_change_an_amount(world: World) -> None:
    made = world.admin.post(PATH, json=LINE)
    assert made.headers["ETag"] == '"1"'
    path, tag = f"{PATH}/{made.json()['id']}", {"If-Match": '"1"'}
    changed = world.admin.patch(path, json={"approved": 1500}, headers=tag)
    assert (changed.json()["approved"], changed.headers["ETag"]) == (1500.0, '"2"')
    late = world.admin.patch(path, json={"approved": 900}, headers=tag)
    assert (late.status_code, late.json()["current"]["approved"]) == (412, 1500.0)
    rate = f"{PATH}/rates/{HOME}"
    assert world.admin.put(rate, json={"hourly_rate": 50}, headers={"If-Match": '"0"'}).json()["version"] == 1
    assert world.admin.put(rate, json={"hourly_rate": 55}, headers={"If-Match": '"0"'}).status_code == 412
    assert world.admin.put(rate, json={"hourly_rate": 55}).status_code == 428


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"approved": -1}, "approved"),
        ({"year": 1999}, "year"),
        ({"line": ""}, "line"),
        ({"system": "warp"}, "system"),
        ({"warn_percent": 101}, "warn_percent"),
    ],
)
def test_what_is_wrong_with_a_budget_is_named(world: World, form: dict[str, Any], field: str) -> None:
    answer = world.admin.post(PATH, json=LINE | form)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_a_forecast_reaches_four_years_ahead(world: World) -> None:
    far = world.admin.post(f"{PATH}/forecast", json={"site": HOME, "year": 2031})
    assert [one["field"] for one in far.json()["errors"]] == ["year"]
    assert forecast(world, 2030)["year"] == 2030


def test_cost_is_for_supervisors_of_the_site(world: World) -> None:
    assert world.as_(Role.TECHNICIAN, HOME).get(PATH, params={"site": HOME}).status_code == 403
    assert world.as_(Role.SUPERVISOR, HOME).get(PATH, params={"site": AWAY}).status_code == 404


def test_the_sources_of_a_forecast_page_without_loss(world: World) -> None:
    for code in ("A", "B", "C"):
        world.admin.post("/api/v1/plan-rows", json=ROW | {"code": code, "assets": [world.keys[HOME]]})
    whole = forecast(world)["items"]
    pieces, cursor = [], None
    while True:
        query = {"site": HOME, "year": 2026, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = world.admin.get(f"{PATH}/forecast", params=query).json()
        pieces += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pieces == whole
    assert len(whole) == 3
