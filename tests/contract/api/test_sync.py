"""A tablet's traffic."""

import uuid
from typing import Any

import pytest

from maintenance.round_readings import RoundReadings
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName
from plantroom.errors import Unreachable
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, NOW, PASSWORD, World

TEMPLATE = [
    ChecklistItem("1", "ok", LocalName("外观", "Looks")),
    ChecklistItem("2", "number", LocalName("振动", "Vibration"), point="vibration", unit="mm/s", high=7.1),
]


def op(kind: str, order: str | None, step: str | None = None, **value: Any) -> dict[str, Any]:
    return {
        "op_id": str(uuid.uuid4()), "user": "li", "type": kind, "work_order": order, "step": step,
        "base_version": 1, "captured_at": "2026-03-02T07:59:00Z", "value": value,
    }  # fmt: skip


@pytest.fixture
def tablet(world: World):
    return signed_in(world)


def signed_in(world: World):
    client = world.client()
    token = client.post("/api/v1/session", json={"username": "li", "password": PASSWORD}).json()["csrf_token"]
    client.headers["X-CSRF-Token"] = token
    return client


def send(client, *ops: Any, **more: Any):
    body = {"device": "tablet-1", "device_now": "2026-03-02T08:00:00Z", "ops": list(ops)} | more
    return client.post("/api/v1/sync", json=body)


def outcomes(answer) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.text
    return [(r["status"], r["code"]) for r in answer.json()["results"]]


def test_a_checklist_is_answered_and_completed(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    ops = [
        op("start", order.id),
        op("answer", order.id, "1", outcome="ok"),
        op("answer", order.id, "2", outcome="ok", number=2.5),
        op("complete", order.id, note="done"),
    ]
    answer = send(tablet, *ops)
    assert outcomes(answer) == [("applied", None)] * 4
    assert [r["op_id"] for r in answer.json()["results"]] == [o["op_id"] for o in ops]
    detail = tablet.get(f"/api/v1/work-orders/{order.id}").json()
    assert detail["state"] == "completed"
    assert detail["answers"]["2"]["number"] == 2.5
    assert detail["answers"]["2"]["by"] == "li"
    assert detail["completed_at"] == "2026-03-02T07:59:00.000Z"


def test_a_number_taken_on_a_round_is_a_reading(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    send(tablet, op("answer", order.id, "2", outcome="ok", number=2.5))
    RoundReadings(world.ledger, world.readings).run_once()
    (series,) = tablet.get(f"/api/v1/readings?asset={world.keys[HOME]}&points=vibration").json()["series"]
    assert series["rows"] == [[round(NOW.timestamp() * 1000) - 60_000, 2.5, 1]]


def test_a_tablet_gets_its_work_while_the_readings_store_is_away(
    world: World, tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ticket(template=TEMPLATE)
    whole = tablet.get("/api/v1/sync/bundle").json()

    def away(_series: object) -> None:
        raise Unreachable("influx", "does not answer")

    monkeypatch.setattr(world.readings, "latest", away)
    answer = tablet.get("/api/v1/sync/bundle")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [one["id"] for one in told["work_orders"]] == [one["id"] for one in whole["work_orders"]] != []
    assert (whole["readings_away"], told["readings_away"]) == (False, True)
    assert all(card["latest"] == [] for card in told["assets"])


def test_a_round_is_taken_in_while_the_readings_store_is_away(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    world.readings.close()
    ops = [op("answer", order.id, "2", outcome="ok", number=2.5), op("complete", order.id)]
    assert outcomes(send(tablet, *ops)) == [("applied", None), ("applied", "incomplete")]


def test_sending_again_changes_nothing_and_a_reused_id_is_refused(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    one = op("answer", order.id, "1", outcome="ok")
    assert outcomes(send(tablet, one)) == [("applied", None)]
    version = tablet.get(f"/api/v1/work-orders/{order.id}").json()["version"]
    assert outcomes(send(tablet, one)) == [("duplicate", None)]
    assert outcomes(send(tablet, one | {"value": {"outcome": "na"}})) == [("rejected", "op_reused")]
    assert tablet.get(f"/api/v1/work-orders/{order.id}").json()["version"] == version


def test_a_bad_operation_costs_no_other(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    good = op("answer", order.id, "1", outcome="ok")
    bad: list[Any] = [
        7,
        None,
        {},
        op("dance", order.id),
        op("start", "nope"),
        op("answer", order.id, "9", outcome="ok"),
        op("answer", order.id, "2", outcome="ok", number="much"),
        op("hold", order.id, reason="a\u0000b"),
        op("hold", order.id, reason="x" * 30_000),
        op("start", order.id) | {"base_version": 10**30},
        op("start", order.id) | {"captured_at": "yesterday"},
        op("start", order.id) | {"user": "admin"},
    ]
    results = outcomes(send(tablet, *bad, good))
    assert results[-1] == ("applied", None)
    assert {status for status, _ in results[:-1]} == {"rejected"}
    assert all(code for _, code in results[:-1])
    assert results[-2] == ("rejected", "wrong_user")


@pytest.mark.parametrize(
    ("device_now", "captured_at"),
    [
        ("9999-12-31T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("0001-01-01T00:00:01Z", "9999-12-31T00:00:00Z"),
        ("2026-03-02T08:00:00Z", "0001-01-01T00:00:00+14:00"),
        ("2026-03-02T08:00:00Z", "9999-12-31T23:59:59-14:00"),
        ("2026-03-02T08:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-03-02T08:00:00Z", "1999-12-31T23:59:59Z"),
        ("2030-03-02T08:00:00Z", "2003-03-02T08:00:00Z"),
        ("2026-03-02T08:00:00Z", 5),
    ],
)
def test_an_operation_from_before_the_calendar_or_behind_it_costs_no_other(
    world: World, tablet, device_now: str, captured_at: Any
) -> None:
    order = world.ticket(template=TEMPLATE)
    odd = op("start", order.id) | {"captured_at": captured_at}
    sound = op("answer", order.id, "1", outcome="ok") | {"captured_at": device_now}
    assert outcomes(send(tablet, odd, sound, device_now=device_now)) == [("rejected", "malformed"), ("applied", None)]


def test_a_tablet_whose_clock_fell_back_to_1970_is_understood(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    begun = op("start", order.id) | {"captured_at": "1970-01-01T00:10:00Z"}
    assert outcomes(send(tablet, begun, device_now="1970-01-01T00:11:00Z")) == [("applied", None)]
    assert tablet.get(f"/api/v1/work-orders/{order.id}").json()["arrived_at"] == "2026-03-02T07:59:00.000Z"


def test_half_a_surrogate_pair_is_refused_and_nothing_else(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    body = (
        '{"device": "t", "device_now": "2026-03-02T08:00:00Z", "ops": [{"op_id": "\\ud800", "user": "li"}, '
        f'{{"op_id": "a1", "user": "li", "type": "start", "work_order": "{order.id}", '
        '"captured_at": "2026-03-02T07:00:00Z"}]}'
    )
    answer = tablet.post("/api/v1/sync", content=body, headers={"Content-Type": "application/json"})
    assert outcomes(answer) == [("rejected", "malformed"), ("applied", None)]


@pytest.mark.parametrize(
    "change",
    [{"ops": {}}, {"ops": None}, {"device": ""}, {"device_now": "now"}, {"more": 1}, {"ops": [{}] * 2001}],
)
def test_an_envelope_that_cannot_be_read_is_refused_as_a_whole(tablet, change: dict[str, Any]) -> None:
    answer = send(tablet, **change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_orders_of_another_site_are_out_of_reach(world: World, tablet) -> None:
    order = world.ticket(AWAY, template=TEMPLATE)
    assert outcomes(send(tablet, op("start", order.id))) == [("rejected", "forbidden")]
    fault = op("report_fault", None, asset=world.keys[AWAY], text="smoke")
    assert outcomes(send(tablet, fault))[0][0] == "rejected"
    assert world.admin.get(f"/api/v1/work-orders/{order.id}").json()["state"] == "open"


def test_an_administrator_s_token_brings_other_people_s_operations_with_their_rights(world: World) -> None:
    home, away = world.ticket(template=TEMPLATE), world.ticket(AWAY, template=TEMPLATE)
    ops = [op("start", home.id), op("start", away.id), op("start", home.id) | {"user": "nobody"}]
    assert outcomes(send(world.admin, *ops)) == [
        ("applied", None), ("rejected", "forbidden"), ("rejected", "wrong_user"),
    ]  # fmt: skip
    assert world.admin.get(f"/api/v1/work-orders/{home.id}").json()["history"][-1]["by"] == "li"
    scoped = world.as_(Role.ADMIN, HOME)
    assert outcomes(send(scoped, op("complete", home.id))) == [("rejected", "wrong_user")]


def test_the_bundle_is_everything_for_a_shift_and_nothing_of_others(world: World, tablet) -> None:
    order = world.ticket(template=TEMPLATE)
    world.ticket(AWAY, template=TEMPLATE)
    world.store(world.keys[HOME], {"vibration": [(round(NOW.timestamp() * 1000), 2.0, 0)]})
    bundle = tablet.get("/api/v1/sync/bundle").json()
    assert [o["id"] for o in bundle["work_orders"]] == [order.id]
    assert [i["step"] for i in bundle["work_orders"][0]["template"]] == ["1", "2"]
    assert bundle["work_orders"][0]["history"]
    (card,) = bundle["assets"]
    assert card["asset"]["code"] == "P-1"
    assert {"vibration"} <= {p["key"] for p in card["points"]}
    assert [(v["point"], v["value"]) for v in card["latest"]] == [("vibration", 2.0)]
    assert bundle["user"]["username"] == "li"
    assert AWAY not in str(bundle)


def test_what_a_tablet_sends_days_later_says_when_it_came_and_from_which_tablet(world: World) -> None:
    order = world.ticket(template=TEMPLATE[:1])
    world.clock.forward(days=2)
    tablet = signed_in(world)
    ops = [op("start", order.id), op("answer", order.id, "1", outcome="ok"), op("complete", order.id)]
    taken = [one | {"captured_at": "2026-03-02T09:00:00Z"} for one in ops]
    sent = send(tablet, *taken, device_now="2026-03-04T08:00:00Z")
    assert {status for status, _ in outcomes(sent)} == {"applied"}
    assert tablet.get(f"/api/v1/work-orders/{order.id}").json()["recorded_late"] == {
        "done_at": "2026-03-02T09:00:00.000Z",
        "recorded_at": "2026-03-04T08:00:00.000Z",
        "hours": 47.0,
        "device": "tablet-1",
    }
