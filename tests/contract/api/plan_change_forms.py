"""Changes of the plan table as people send them."""

from typing import Any

from fastapi.testclient import TestClient

from plantroom.ports.accounts import Role
from tests.contract.api.world import HOME, World

PATH = "/api/v1/plan-changes"
MONTH = {"every": 1, "unit": "month"}
QUARTER = {"every": 3, "unit": "month"}
ROW = {
    "code": "PU-M",
    "name": {"zh": "水泵月检", "en": "Monthly look at the pump"},
    "interval": MONTH,
    "anchor": "2026-01-15",
    "tolerance": {"early_days": 3, "late_days": 3},
    "estimated_minutes": 60,
    "job_cost": 10,
}
ASKED: dict[str, Any] = {"action": "change", "plan_row": "PU-M", "row": {"interval": QUARTER}, "reason": "too often"}


def tech(world: World) -> TestClient:
    return world.as_(Role.TECHNICIAN, HOME)


def boss(world: World) -> TestClient:
    return world.as_(Role.SUPERVISOR, HOME)


def asked(world: World, **more: Any) -> dict[str, Any]:
    answer = tech(world).post(PATH, json=ASKED | {"site": HOME} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def decide(client: TestClient, change: dict[str, Any], what: str, reason: str = "", version: int | None = None) -> Any:
    tag = {"If-Match": f'"{version or change["version"]}"'}
    return client.post(f"{PATH}/{change['id']}/{what}", json={"reason": reason}, headers=tag)


def row_now(world: World, code: str = "PU-M") -> dict[str, Any]:
    return world.admin.get("/api/v1/plan-rows", params={"code": code, "site": HOME}).json()["items"][-1]


def occurrences(world: World, asset: str) -> list[dict[str, Any]]:
    """All of an asset but the row that they belong to."""
    found = world.admin.get("/api/v1/occurrences", params={"asset": asset}).json()["items"]
    return [{name: value for name, value in one.items() if name != "lineage"} for one in found]
