"""Alarms over HTTP: the list with its states, acknowledging, shelving, floods, figures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maintenance.alarm_ports import Shelf
from maintenance.findings_consumer import FindingsConsumer
from plantroom.domain.assets import (
    UNCLASSIFIED,
    Asset,
    AssetStatus,
    Limits,
    LocalName,
    Point,
    PointKind,
    PointTemplate,
    Severity,
)
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, World, add_pump

LEVELS = {"alarm_high": ("high", Severity.MAJOR), "warning_high": ("low", Severity.INFO)}


def hear(world: World, *findings: FindingRaised | FindingCleared) -> None:
    with world.ledger.begin() as tx:
        tx.collect.append_findings(findings)
    consumer = FindingsConsumer(world.ledger, world.clock, world.services.classes)
    while consumer.run_once():
        pass


def limit(world: World, level: str = "alarm_high", asset: str | None = None, **given: Any) -> FindingRaised:
    now, (priority, severity) = world.clock.now(), LEVELS[level]
    fields: dict[str, Any] = {
        "finding_id": f"{asset}-{level}-{now.isoformat()}", "site": HOME, "asset": asset or world.keys[HOME],
        "failure_mode": "bearing", "source": FindingSource.LIMIT, "severity": severity, "safety": False,
        "observed_at": now, "received_at": now, "subject": f"vibration:{level}",
        "evidence": (Evidence("vibration", 1.0, 9.1, 8.5),),
        "detail": {"point": "vibration", "level": level, "value": 9.1, "limit": 8.5, "priority": priority},
    }  # fmt: skip
    return FindingRaised(**(fields | given))


def over(world: World, level: str = "alarm_high") -> FindingCleared:
    now = world.clock.now()
    return FindingCleared(
        f"over-{level}-{now.isoformat()}", HOME, world.keys[HOME], "bearing", FindingSource.LIMIT, now, now,
        f"vibration:{level}",
    )  # fmt: skip


def alarms(world: World, **query: Any) -> list[dict[str, Any]]:
    answer = world.as_(Role.VIEWER).get("/api/v1/alarms", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_an_alarm_says_its_state_priority_value_and_limit(world: World) -> None:
    hear(world, limit(world))
    (alarm,) = alarms(world)
    assert (alarm["state"], alarm["alarm_state"], alarm["priority"]) == ("open", "active_unacknowledged", "high")
    assert alarm["evidence"][0] == {
        "point": "vibration", "name": {"zh": "振动速度", "en": "Vibration velocity"}, "unit": "mm/s",
        "contribution": 1.0, "value": 9.1, "expected": 8.5,
    }  # fmt: skip
    assert (alarm["can_shelve"], alarm["shelves"], alarm["asset_ref"]["code"]) == (True, [], "P-1")


def event(world: World, key: str, **given: Any) -> FindingRaised:
    detail = {"event": key, "data": {}, "tags": [], **given}
    unknown = {"failure_mode": UNCLASSIFIED, "source": FindingSource.RULE, "severity": Severity.CRITICAL}
    return limit(world, finding_id=key, subject=key, safety=True, evidence=(), detail=detail, **unknown)


def test_an_alarm_names_each_of_its_events_and_of_those_that_ended_only_when_none_stands(world: World) -> None:
    gas, flooded = event(world, "gas_leak"), event(world, "flooded_room", name={"zh": "机房进水", "en": "Room flooded"})
    hear(world, gas, flooded)
    (alarm,) = alarms(world)
    assert alarm["title"]["en"] == "Unclassified fault"
    assert [name["zh"] for name in alarm["events"]] == ["gas_leak", "机房进水"]
    for n, one in enumerate((gas, flooded)):
        now = world.clock.now()
        hear(world, FindingCleared(f"c{n}", HOME, one.asset, UNCLASSIFIED, one.source, now, now, one.subject))
        query = {"alarm_state": "active_unacknowledged,returned_unacknowledged"}
        (alarm,) = alarms(world, **query)
        assert [name["en"] for name in alarm["events"]] == [["Room flooded"], ["gas leak", "Room flooded"]][n]


def test_a_limit_names_no_event(world: World) -> None:
    hear(world, limit(world))
    assert alarms(world)[0]["events"] == []


def test_a_shelf_calls_events_and_points_by_their_names_those_of_the_asset_alone_too(world: World) -> None:
    lift = "key-E-1"
    subjects = ("rule:door_close_fault", "limit:own:alarm_high", "presence:", "rule:made_up")
    with world.ledger.begin() as tx:
        now = world.clock.now()
        own = PointTemplate("own", LocalName("自有", "Own"), "kPa", PointKind.MEASURE, Limits())
        tx.assets.add(Asset(lift, HOME, "E-1", "elevator", LocalName("电梯", "Lift")), [Point(lift, own)])
        tx.alarms.add_shelf(Shelf("s9", HOME, lift, "door", subjects, "x", "li", now, now + timedelta(hours=1)))
    (shelf,) = [one for one in world.admin.get("/api/v1/alarms/shelves").json()["items"] if one["id"] == "s9"]
    assert [name["zh"] for name in shelf["subject_names"]] == ["关门故障", "自有", "", "made up"]


def test_acknowledging_names_the_person_and_the_first_one_stands(world: World) -> None:
    hear(world, limit(world))
    (alarm,) = alarms(world)
    first = world.as_(Role.TECHNICIAN).post(f"/api/v1/alarms/{alarm['id']}/acknowledge").json()
    world.clock.forward(minutes=5)
    again = world.admin.post(f"/api/v1/alarms/{alarm['id']}/acknowledge").json()
    assert first["alarm_state"] == "active_acknowledged"
    assert again["acknowledged_at"] == first["acknowledged_at"]
    assert alarms(world, alarm_state="active_unacknowledged") == []


def test_what_returned_to_normal_unseen_is_listed_when_asked_for(world: World) -> None:
    hear(world, limit(world))
    world.clock.forward(minutes=5)
    hear(world, over(world))
    assert alarms(world) == []
    (alarm,) = alarms(world, alarm_state="returned_unacknowledged")
    assert alarm["closed_at"] is not None
    world.admin.post(f"/api/v1/alarms/{alarm['id']}/acknowledge")
    assert alarms(world, alarm_state="returned_unacknowledged") == []
    world.clock.forward(hours=73)


def test_the_most_urgent_first_and_pages_hold_together(world: World) -> None:
    for n, level in enumerate(["warning_high", "alarm_high", "warning_high"]):
        world.clock.forward(minutes=1)
        hear(world, limit(world, level, add_pump(world, HOME, f"P-{n + 2}")))
    assert [a["priority"] for a in alarms(world, sort="priority")] == ["high", "low", "low"]
    assert [a["asset_ref"]["code"] for a in alarms(world)] == ["P-4", "P-3", "P-2"]
    assert [a["asset_ref"]["code"] for a in alarms(world, priority="low")] == ["P-4", "P-2"]
    seen, cursor = [], None
    while True:
        query = {"limit": 1, "sort": "priority"} | ({"cursor": cursor} if cursor else {})
        page = world.admin.get("/api/v1/alarms", params=query).json()
        seen += [a["asset_ref"]["code"] for a in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["P-3", "P-2", "P-4"]
    assert world.admin.get("/api/v1/alarms?sort=severity").status_code == 422
    assert world.admin.get("/api/v1/alarms?alarm_state=loud").status_code == 422


def test_shelving_and_ending_it_over_http(world: World) -> None:
    hear(world, limit(world, "warning_high"))
    (alarm,) = alarms(world)
    technician = world.as_(Role.TECHNICIAN)
    form = {"reason": "轴承已订货", "minutes": 90}
    made = technician.post(f"/api/v1/alarms/{alarm['id']}/shelve", json=form)
    assert made.status_code == 201, made.text
    shelf = made.json()
    assert shelf.pop("replaced") == []
    assert shelf["subjects"] == ["limit:vibration:warning_high"]
    assert (shelf["until"], shelf["by"]) == ("2026-03-02T09:30:00.000Z", "machine")
    (alarm,) = alarms(world, alarm_state="shelved")
    assert alarm["shelves"] == [shelf]
    ended = technician.post(f"/api/v1/alarms/shelves/{shelf['id']}/end").json()
    assert ended["ended_at"] == "2026-03-02T08:00:00.000Z"
    assert alarms(world)[0]["alarm_state"] == "active_unacknowledged"
    listed = technician.get("/api/v1/alarms/shelves").json()["items"]
    assert listed == [ended]
    assert technician.get("/api/v1/alarms/shelves?standing=true").json()["items"] == []


def test_shelved_anew_the_newer_word_counts_and_says_so(world: World) -> None:
    hear(world, limit(world, "warning_high"))
    (alarm,) = alarms(world)
    address = f"/api/v1/alarms/{alarm['id']}/shelve"
    first = world.admin.post(address, json={"reason": "a shift", "minutes": 480}).json()
    second = world.admin.post(address, json={"reason": "on its way", "minutes": 1}).json()
    (replaced,) = second["replaced"]
    assert (replaced["id"], replaced["until"], replaced["ended_by"]) == (first["id"], first["until"], "system:replaced")
    (standing,) = alarms(world)[0]["shelves"]
    assert standing["id"] == second["id"]
    listed = {one["id"]: one["ended_by"] for one in world.admin.get("/api/v1/alarms/shelves").json()["items"]}
    assert listed == {first["id"]: "system:replaced", second["id"]: None}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"reason": "x", "minutes": 481}, "until"),
        ({"reason": "x", "until": "2026-03-02T08:00:00Z"}, "until"),
        ({"reason": "   ", "minutes": 5}, "reason"),
        ({"reason": "x", "minutes": 5, "subjects": ["model:x"]}, "subjects"),
        ({"reason": "x", "minutes": 5, "subjects": ["presence:"]}, "subjects"),
        ({"reason": "x", "minutes": 5, "subjects": ["limit:vibration:normal_high"]}, "subjects"),
        ({"reason": "x", "minutes": 5, "subjects": ["limit:nothing:alarm_high"]}, "subjects"),
        ({"reason": "x" * 501, "minutes": 5}, "reason"),
        ({"reason": "x", "minutes": 0}, "minutes"),
        ({"reason": "x", "minutes": 10**12}, "minutes"),
        ({"reason": "x"}, ""),
        ({"reason": "x", "minutes": 5, "until": "2026-03-02T09:00:00Z"}, ""),
        ({"reason": "a\x00b", "minutes": 5}, ""),
        ({"minutes": 5}, "reason"),
    ],
)
def test_what_is_wrong_with_a_wish_to_shelve_is_named(world: World, form: dict[str, Any], field: str) -> None:
    hear(world, limit(world, "warning_high"))
    answer = world.admin.post(f"/api/v1/alarms/{alarms(world)[0]['id']}/shelve", json=form)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_a_safety_alarm_is_refused_with_a_plain_word(world: World) -> None:
    hear(world, limit(world, safety=True))
    (alarm,) = alarms(world)
    assert (alarm["can_shelve"], alarm["priority"]) == (False, "critical")
    answer = world.admin.post(f"/api/v1/alarms/{alarm['id']}/shelve", json={"reason": "x", "minutes": 5})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:plantroom:problem:safety_alarm"
    assert "safety" in answer.json()["detail"]


def test_what_an_unknown_device_tells_is_a_line_of_its_own(world: World) -> None:
    detail = {"event": "hatch_open", "code": "EL-9", "tags": []}
    unknown = {"failure_mode": UNCLASSIFIED, "source": FindingSource.RULE, "severity": Severity.CRITICAL}
    stranger = limit(world, finding_id="s", subject="hatch_open", safety=True, evidence=(), detail=detail, **unknown)
    hear(world, replace(stranger, asset=""))
    (alarm,) = alarms(world)
    assert (alarm["asset"], alarm["asset_ref"], alarm["site"]) == ("", None, HOME)
    assert alarm["title"] == {"zh": "未登记设备 EL-9", "en": "Unregistered device EL-9"}
    assert [name["en"] for name in alarm["events"]] == ["hatch open"]
    assert (alarm["alarm_state"], alarm["priority"], alarm["can_shelve"]) == (
        "active_unacknowledged",
        "critical",
        False,
    )
    ticket = world.admin.get(f"/api/v1/work-orders/{alarm['work_order']}").json()
    assert "unknown_asset" in ticket["tags"]
    assert world.as_(Role.VIEWER, AWAY).get("/api/v1/alarms").json()["items"] == []
    address = f"/api/v1/alarms/{alarm['id']}"
    assert world.as_(Role.TECHNICIAN, AWAY).post(f"{address}/acknowledge").status_code == 404
    assert world.as_(Role.VIEWER).post(f"{address}/acknowledge").status_code == 403
    technician = world.as_(Role.TECHNICIAN)
    assert technician.post(f"{address}/shelve", json={"reason": "x", "minutes": 5}).status_code == 409
    noted = technician.post(f"{address}/acknowledge").json()
    assert (noted["alarm_state"], noted["acknowledged_by"]) == ("active_acknowledged", "machine")
    assert alarms(world) == [noted]
    world.clock.forward(minutes=1)
    figures = world.admin.get("/api/v1/alarms/performance").json()
    assert (figures["standing"], figures["top"][0]["asset"]) == (1, "EL-9")


def test_the_status_of_the_machine_shows(world: World) -> None:
    hear(world, limit(world))
    for status, state in (
        (AssetStatus.UNDER_MAINTENANCE, "suppressed"),
        (AssetStatus.OUT_OF_SERVICE, "out_of_service"),
        (AssetStatus.SCRAPPED, "out_of_service"),
    ):
        with world.ledger.begin() as tx:
            tx.assets.set_status(world.keys[HOME], status)
        assert [a["alarm_state"] for a in alarms(world)] == [state]


def test_a_department_acknowledges_and_shelves_its_own(world: World) -> None:
    hear(world, limit(world, "warning_high"))
    (alarm,) = alarms(world)
    other = world.as_(Role.TECHNICIAN, HOME, "电梯维修部门")
    assert other.post(f"/api/v1/alarms/{alarm['id']}/acknowledge").status_code == 403
    shelving = {"reason": "x", "minutes": 5}
    assert other.post(f"/api/v1/alarms/{alarm['id']}/shelve", json=shelving).status_code == 403
    own = world.as_(Role.TECHNICIAN, HOME, "水务管理部门")
    assert own.post(f"/api/v1/alarms/{alarm['id']}/shelve", json=shelving).status_code == 201


def test_a_flood_is_listed_with_what_came_first_and_the_figures_count_it(world: World) -> None:
    keys = [add_pump(world, HOME, f"P-{n}") for n in range(10, 25)]
    hear(world, *(limit(world, asset=key) for key in keys))
    (flood,) = world.admin.get("/api/v1/alarms/floods").json()["items"]
    assert (flood["ended_at"], flood["alarms"], flood["gathered"], flood["peak"]) == (None, 15, 5, 15)
    assert flood["first"][0]["en"] == "P-10 Pump P-10"
    assert (flood["cause"]["code"], flood["machines"], flood["safety"]) == ("system", 15, 0)
    assert flood["moment"]["en"].startswith("15 of them came within one minute")
    assert flood["counted_at"] == "2026-03-02T08:00:00.000Z"
    assert flood["by_asset"][0]["asset_ref"]["code"] == "P-10"
    order = world.admin.get(f"/api/v1/work-orders/{flood['work_order']}").json()
    assert order["title"]["zh"] == "报警泛滥：15条报警"
    world.clock.forward(hours=25)
    figures = world.admin.get("/api/v1/alarms/performance").json()
    assert (figures["alarms"], figures["peak_10min"], figures["stale"], figures["standing"]) == (15, 15, 15, 15)
    assert figures["by_priority"] == {"critical": 0, "high": 15, "medium": 0, "low": 0}
    assert len(figures["top"]) == 10
    assert world.as_(Role.VIEWER, AWAY).get("/api/v1/alarms/floods").json()["items"] == []
    assert world.as_(Role.VIEWER, AWAY).get("/api/v1/alarms/performance").json()["alarms"] == 0


def test_an_alarm_that_rings_three_times_in_a_minute_chatters(world: World) -> None:
    for _ in range(3):
        hear(world, limit(world))
        world.clock.forward(seconds=10)
        hear(world, over(world))
        world.clock.forward(seconds=10)
    figures = world.admin.get("/api/v1/alarms/performance").json()
    assert [(c["subject"], c["count"], c["share"]) for c in figures["chattering"]] == [
        ("limit:vibration:alarm_high", 3, 1.0)
    ]


@pytest.mark.parametrize("span", [timedelta(0), timedelta(days=-1), timedelta(days=93)])
def test_a_time_that_is_none_or_too_long_is_refused(world: World, span: timedelta) -> None:
    now = world.clock.now()
    query = {"from": (now - span).isoformat(), "to": now.isoformat()}
    assert world.admin.get("/api/v1/alarms/performance", params=query).status_code == 422


@pytest.mark.parametrize("blank", [{}, {"zh": " "}, {"zh": "", "en": "\u3000"}])
def test_nobody_takes_the_name_of_a_site_or_an_asset_away(world: World, blank: dict[str, str]) -> None:
    for address in (f"sites/{HOME}", f"assets/{world.keys[HOME]}"):
        before = world.admin.get("/api/v1/sites").json(), world.admin.get(f"/api/v1/assets/{world.keys[HOME]}").json()
        answer = world.admin.patch(f"/api/v1/{address}", json={"name": blank}, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")
        after = world.admin.get("/api/v1/sites").json(), world.admin.get(f"/api/v1/assets/{world.keys[HOME]}").json()
        assert after == before


def test_what_came_back_stands_since_then_and_not_since_the_first_time(world: World) -> None:
    hear(world, limit(world))
    world.clock.forward(minutes=1)
    hear(world, over(world))
    world.clock.forward(days=13)
    hear(world, limit(world, "warning_high", add_pump(world, HOME, "P-2")))
    world.clock.forward(minutes=1)
    hear(world, limit(world))
    came_back = world.clock.now()
    world.clock.forward(minutes=5)
    hear(world, limit(world, "warning_high"))
    newest, _ = alarms(world)
    assert newest["asset"] == world.keys[HOME], "the newest first"
    assert [newest[name][:19] for name in ("opened_at", "opened_observed_at")] == [came_back.isoformat()[:19]] * 2
    figures = world.as_(Role.VIEWER).get("/api/v1/alarms/performance").json()
    assert (figures["standing"], figures["stale"]) == (2, 0)
    world.clock.forward(days=2)
    assert world.as_(Role.VIEWER).get("/api/v1/alarms/performance").json()["stale"] == 2


def test_a_site_says_how_long_its_alarms_may_be_shelved(world: World) -> None:
    assert world.admin.patch(f"/api/v1/sites/{HOME}", json={"max_shelving_h": 12}).json()["max_shelving_h"] == 12
    hear(world, limit(world, "warning_high"))
    wish = {"reason": "x", "minutes": 700}
    assert world.admin.post(f"/api/v1/alarms/{alarms(world)[0]['id']}/shelve", json=wish).status_code == 201
    for wrong in (0, -1, 169, "NaN"):
        assert world.admin.patch(f"/api/v1/sites/{HOME}", json={"max_shelving_h": wrong}).status_code == 422
