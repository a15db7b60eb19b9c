"""What work on an order takes and costs over HTTP: parts, invoices, sums, and who sees them."""

from fastapi.testclient import TestClient

from maintenance.work.bookkeeping import Books
from plantroom.ports.accounts import Role
from tests.contract.api.test_work_records import at, priced, read
from tests.contract.api.world import AWAY, HOME, World


def stock(world: World, part: str) -> float:
    with world.ledger.read() as tx:
        return tx.parts.get(part).stock


def test_parts_leave_the_store_with_the_entry_and_come_back_with_it(world: World, li: TestClient) -> None:
    order, part = world.ticket(), priced(world)
    made = li.post(at(order, "parts"), json={"part": part, "quantity": 2}).json()
    assert (made["quantity"], made["stock_after"], stock(world, part)) == (2, 1, 1)
    short = li.post(at(order, "parts"), json={"part": part, "quantity": 2})
    assert (short.status_code, short.json()["type"]) == (409, "urn:plantroom:problem:stock_too_low")
    assert stock(world, part) == 1
    assert li.post(at(order, "parts"), json={"part": part, "quantity": 2, "although_short": True}).status_code == 201
    assert stock(world, part) == -1
    back = li.delete(f"{at(order, 'parts')}/{made['id']}", params={"reason": "wrong order"})
    assert (back.status_code, back.json()["removed_why"]) == (200, "wrong order")
    assert stock(world, part) == 1
    again = li.delete(f"{at(order, 'parts')}/{made['id']}", params={"reason": "x"})
    assert again.status_code == 409
    assert stock(world, part) == 1


def test_a_part_of_another_site_is_no_part(world: World, li: TestClient) -> None:
    answer = li.post(at(world.ticket(), "parts"), json={"part": world.part(AWAY), "quantity": 1})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_part")


def test_totals_and_bookings_follow_the_entries(world: World, li: TestClient) -> None:
    order, part = world.ticket(), priced(world)
    li.post(at(order, "parts"), json={"part": part, "quantity": 2})
    li.post(at(order, "labour"), json={"person": "li", "minutes": 45})
    bill = li.post(at(order, "costs"), json={"invoice": "FP-1", "amount": 1200.5}).json()
    assert li.post(at(order, "costs"), json={"invoice": "FP-1", "amount": 3}).status_code == 409
    boss = world.as_(Role.SUPERVISOR, HOME)
    totals = read(boss, order)["records"]["totals"]
    assert totals == {
        "labour_minutes": 45,
        "parts_cost": 37.0,
        "external_cost": 1200.5,
        "total_cost": 1237.5,
        "unpriced_parts": 0,
    }
    li.delete(f"{at(order, 'costs')}/{bill['id']}", params={"reason": "paid elsewhere"})
    assert read(boss, order)["records"]["totals"]["total_cost"] == 37.0
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    booked = boss.get("/api/v1/cost-bookings", params=span).json()["items"]
    assert [(b["line"], b["kind"], b["amount"]) for b in booked] == [
        ("repair", "part", 37.0),
        ("repair", "external", 1200.5),
        ("repair", "external", -1200.5),
    ]
    assert booked[1]["reversed_by"] == booked[2]["id"]


def test_what_an_order_has_cost_is_for_those_who_see_the_budgets(world: World, li: TestClient) -> None:
    order = world.ticket()
    li.post(at(order, "costs"), json={"invoice": "FP-1", "amount": 1200.5})
    hidden = {"parts_cost": None, "external_cost": None, "total_cost": None}
    for client in (li, world.as_(Role.VIEWER, HOME)):
        assert client.get("/api/v1/budgets", params={"site": HOME}).status_code == 403
        assert client.get(at(order, "costs")).status_code == 403
        assert read(client, order)["records"]["totals"].items() >= hidden.items()
    elsewhere = world.as_(Role.SUPERVISOR, AWAY)
    assert elsewhere.get(at(order, "costs")).status_code == 404
    boss = world.as_(Role.SUPERVISOR, HOME)
    assert [one["amount"] for one in boss.get(at(order, "costs")).json()["items"]] == [1200.5]
    assert read(boss, order)["records"]["totals"]["total_cost"] == 1200.5


def test_what_parts_cost_is_for_those_who_see_the_budgets(world: World, li: TestClient) -> None:
    order, part, boss = world.ticket(), priced(world), world.as_(Role.SUPERVISOR, HOME)
    used, shown = {"part": part, "quantity": 1}, (18.5, 18.5)
    made = [client.post(at(order, "parts"), json=used).json() for client in (li, boss)]
    assert [(one["unit_cost"], one["amount"]) for one in made] == [(None, None), shown]
    taken = li.delete(f"{at(order, 'parts')}/{made[0]['id']}", params={"reason": "x"}).json()
    assert (taken["unit_cost"], taken["amount"]) == (None, None)
    for client, cost in ((li, None), (world.as_(Role.VIEWER, HOME), None), (boss, 18.5), (world.admin, 18.5)):
        uses = client.get(at(order, "parts")).json()["items"]
        assert [(one["quantity"], one["unit_cost"], one["amount"]) for one in uses] == [(1, cost, cost)] * 2
        assert [one["unit_cost"] for one in client.get("/api/v1/parts").json()["items"]] == [cost]
        assert client.get(f"/api/v1/parts/{part}").json()["unit_cost"] == cost
    booked = li.post(f"/api/v1/parts/{part}/book", json={"quantity": 1, "reason": "x"}).json()
    assert (booked["stock"], booked["unit_cost"]) == (3, None)


def test_others_entries_are_taken_back_by_a_supervisor(world: World, li: TestClient) -> None:
    order = world.ticket()
    with world.ledger.begin() as tx:
        entry = Books(tx, tx.orders.lock(order.id), "wang", world.clock.now()).charge(5.0, "FP-9").id
    where = f"{at(order, 'costs')}/{entry}"
    assert li.delete(where, params={"reason": "x"}).status_code == 403
    assert world.as_(Role.SUPERVISOR, HOME).delete(where, params={"reason": "x"}).status_code == 200
