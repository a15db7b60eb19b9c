"""Limits that people change: checked, versioned, with who, when and why."""

from typing import Any

import pytest

from plantroom.ports.accounts import Role
from tests.contract.api.world import HOME, World


def place(world: World, point: str = "vibration") -> str:
    return f"/api/v1/assets/{world.keys[HOME]}/points/{point}/limits"


def change(world: World, version: int | str = 1, role: Role = Role.SUPERVISOR, **fields: Any) -> Any:
    body = {"reason": "厂家更换轴承后的新值"} | fields
    return world.as_(role).patch(place(world), json=body, headers={"If-Match": f'"{version}"'})


def test_a_change_keeps_who_when_why_before_and_after(world: World) -> None:
    answer = change(world, alarm_high=9.0, alarm_priority="critical", alarm_delay_s=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"2"'
    read = world.as_(Role.VIEWER).get(place(world))
    assert read.json() == answer.json()
    detail = read.json()
    assert (detail["limits"]["alarm_high"], detail["limits"]["alarm_priority"]) == (9.0, "critical")
    assert detail["limits"]["warning_high"] == 5.1, "what was left out stays"
    (line,) = detail["history"]
    assert (line["by"], line["at"], line["reason"]) == ("machine", "2026-03-02T08:00:00.000Z", "厂家更换轴承后的新值")
    assert (line["before"]["alarm_high"], line["after"]["alarm_high"]) == (8.5, 9.0)
    listed = world.admin.get(f"/api/v1/assets/{world.keys[HOME]}/points").json()["items"]
    assert next(p for p in listed if p["key"] == "vibration")["limits"] == detail["limits"]


def test_a_limit_can_be_taken_away(world: World) -> None:
    assert change(world, warning_high=None).json()["limits"]["warning_high"] is None


def test_the_plant_that_collectors_follow_has_the_new_limit(world: World) -> None:
    with world.ledger.read() as tx:
        before = tx.assets.revision()
    change(world, alarm_high=9.5)
    with world.ledger.read() as tx:
        plant = tx.assets.plant()
    assert plant.revision > before
    assert plant.points[world.keys[HOME]]["vibration"].template.limits.alarm_high == 9.5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"warning_high": 9.0}, "alarm_high"),
        ({"alarm_low": 6.0}, "normal_high"),
        ({"warning_low": 5.1, "normal_high": None}, "warning_high"),
        ({"alarm_high": 1e9}, "alarm_high"),
        ({"alarm_high": "Infinity"}, "alarm_high"),
        ({"alarm_high": "nan"}, "alarm_high"),
        ({"deadband": -0.1}, "deadband"),
        ({"deadband": None}, "deadband"),
        ({"deadband": 5.2}, "deadband"),
        ({"warning_low": 5.0, "normal_high": None, "deadband": 0.1}, "deadband"),
        ({"alarm_delay_s": -1}, "alarm_delay_s"),
        ({"off_delay_s": 1e12}, "off_delay_s"),
        ({"alarm_priority": "loud"}, "alarm_priority"),
        ({"reason": ""}, "reason"),
        ({"reason": "   ", "deadband": 0.2}, "reason"),
        ({"unit": "bar"}, "unit"),
        ({"alarm_high": True, "warning_high": [1]}, "warning_high"),
        ({"alarm_high": True}, "alarm_high"),
        ({"warning_low": False}, "warning_low"),
        ({"deadband": False}, "deadband"),
        ({"off_delay_s": True}, "off_delay_s"),
        ({"alarm_delay_s": 40_000}, "alarm_delay_s"),
    ],
)
def test_limits_that_cannot_be_judged_by_are_refused_by_name(world: World, fields: dict[str, Any], field: str) -> None:
    answer = change(world, **fields)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert world.admin.get(place(world)).json()["version"] == 1


def test_nobody_overwrites_what_they_have_not_seen(world: World) -> None:
    assert change(world, alarm_high=9.0).status_code == 200
    late = change(world, alarm_high=10.0)
    assert late.status_code == 412
    assert late.json()["current"]["limits"]["alarm_high"] == 9.0
    blind = world.admin.patch(place(world), json={"reason": "x", "alarm_high": 9.0})
    assert blind.status_code == 428


def test_a_change_that_changes_nothing_leaves_no_trace(world: World) -> None:
    assert change(world, alarm_high=8.5).headers["ETag"] == '"1"'


def test_a_technician_and_another_department_may_not(world: World) -> None:
    assert change(world, role=Role.TECHNICIAN, alarm_high=9.0).status_code == 403
    other = world.as_(Role.SUPERVISOR, HOME, "电梯维修部门")
    answer = other.patch(place(world), json={"reason": "x", "alarm_high": 9}, headers={"If-Match": '"1"'})
    assert answer.status_code == 403


def test_a_point_that_is_not_there(world: World) -> None:
    assert world.admin.get(place(world, "nothing")).status_code == 404
