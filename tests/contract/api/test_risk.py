"""Risks over HTTP: the matrix, one machine explained, reports that people acknowledge, what a site is warned at."""

from typing import Any

import pytest

from maintenance.risk.watching import watch_site
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Severity
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, World, add_pump

POLICY = {"warning_value": 3, "clear_value": 2, "reason": "安委会决定"}


def look(world: World, site: str = HOME) -> int:
    return watch_site(world.ledger, site, equipment_classes(), world.clock.now())


def test_the_matrix_counts_every_machine_of_the_site(world: World) -> None:
    add_pump(world, HOME, "P-2")
    world.ticket(severity=Severity.CRITICAL)
    for site in (HOME, AWAY):
        look(world, site)
    shown = world.as_(Role.VIEWER, HOME).get("/api/v1/risks/matrix", params={"site": HOME}).json()
    assert len(shown["cells"]) == 25
    assert [(one["likelihood"], one["consequence"], one["band"]) for one in shown["cells"] if one["count"]] == [
        (5, 3, "high"), (1, 3, "low"),
    ]  # fmt: skip
    assert (shown["assessed"], shown["warned"], shown["warning_value"], shown["status"]) == (2, 1, 15, "default")
    assert [one["level"] for one in shown["likelihoods"]] == [1, 2, 3, 4, 5]
    assert world.admin.get("/api/v1/risks/matrix").status_code == 422


def test_a_machine_s_risk_is_explained_step_by_step(world: World) -> None:
    key = world.keys[HOME]
    assert world.admin.get(f"/api/v1/assets/{key}/risk").status_code == 404
    world.ticket(severity=Severity.MAJOR)
    look(world)
    shown = world.admin.get(f"/api/v1/assets/{key}/risk").json()
    assert (shown["likelihood"], shown["consequence"], shown["score"], shown["band"]) == (4, 3, 12, "medium")
    parts = {one["factor"]: one for one in shown["parts"]}
    assert (parts["condition"]["points"], parts["condition"]["of"]) == (6, "likelihood")
    assert "重大" in parts["condition"]["text"]["zh"]
    assert (parts["single"]["of"], parts["single"]["points"]) == ("consequence", 1)
    assert [name for name, one in parts.items() if not one["known"]] == ["model", "age"]


def test_lists_are_filtered_paged_and_never_cross_sites(world: World) -> None:
    keys = [world.keys[HOME], add_pump(world, HOME, "P-2"), add_pump(world, HOME, "P-3")]
    world.ticket(severity=Severity.CRITICAL)
    for site in (HOME, AWAY):
        look(world, site)
    viewer = world.as_(Role.VIEWER, HOME)
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = viewer.get("/api/v1/risks", params=query).json()
        found += [one["asset"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert (found[0], sorted(found)) == (keys[0], sorted(keys))
    assert [one["asset"] for one in viewer.get("/api/v1/risks", params={"warned": "true"}).json()["items"]] == keys[:1]
    assert viewer.get("/api/v1/risks", params={"min_score": 26}).status_code == 422
    assert viewer.get(f"/api/v1/assets/{world.keys[AWAY]}/risk").status_code == 404


def test_a_report_has_four_parts_and_is_acknowledged_once_with_what_is_done(world: World) -> None:
    report = world.risk_report()
    shown = world.admin.get(f"/api/v1/risk-reports/{report}").json()
    for part in ("overview", "impact", "measures", "advice"):
        assert shown[part]
        assert all(line["zh"] and line["en"] for line in shown[part])
    assert (shown["score"], shown["crossing"], shown["acknowledged_at"]) == (15, 1, None)
    url = f"/api/v1/risk-reports/{report}/acknowledgement"
    form = {"measures": "已切换至2号泵"}
    assert world.as_(Role.TECHNICIAN, HOME).post(url, json=form).status_code == 403
    assert world.as_(Role.SUPERVISOR, HOME, "电梯维修部门").post(url, json=form).status_code == 403
    supervisor = world.as_(Role.SUPERVISOR, HOME, "水务管理部门")
    assert supervisor.post(url, json={"measures": " "}).status_code == 422
    assert supervisor.post(url, json=form, headers={"If-Match": '"9"'}).status_code == 412
    done = supervisor.post(url, json=form, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["taken"], done.json()["acknowledged_by"]) == (200, "已切换至2号泵", "machine")
    again = supervisor.post(url, json=form)
    assert (again.status_code, "machine" in again.json()["detail"]) == (409, True)
    viewer = world.as_(Role.VIEWER, HOME)
    open_ones = viewer.get("/api/v1/risk-reports", params={"acknowledged": "false"}).json()["items"]
    known = viewer.get("/api/v1/risk-reports", params={"acknowledged": "true", "asset": world.keys[HOME]}).json()
    assert (open_ones, [one["id"] for one in known["items"]]) == ([], [report])
    entries = world.admin.get("/api/v1/audit", params={"entity": "risk_report"}).json()["items"]
    assert [(one["action"], one["asset"]) for one in entries] == [
        ("changed", world.keys[HOME]), ("created", world.keys[HOME]),
    ]  # fmt: skip


def test_a_site_s_warning_value_holds_from_the_next_look_on(world: World) -> None:
    admin = world.as_(Role.ADMIN, HOME)
    url = "/api/v1/risk-policies"
    read = admin.get(url, params={"site": HOME})
    assert (read.headers["ETag"], read.json()["warning_value"], read.json()["changed_by"]) == ('"0"', 15, None)
    assert look(world) == 0
    put = admin.put(url, params={"site": HOME}, json=POLICY, headers={"If-Match": '"0"'})
    assert (put.status_code, put.json()["version"], put.json()["reason"]) == (200, 1, "安委会决定")
    late = admin.put(url, params={"site": HOME}, json=POLICY, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["current"]["warning_value"]) == (412, 3)
    assert look(world) == 1
    assert look(world) == 0
    assert admin.get(url, params={"site": AWAY}).status_code == 404
    assert world.as_(Role.SUPERVISOR, HOME).put(url, params={"site": HOME}, json=POLICY).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [({"warning_value": 26}, "warning_value"), ({"clear_value": 3}, "clear_value"), ({"reason": " "}, "reason"),
     ({"clear_after_days": 999}, "clear_after_days")],
)  # fmt: skip
def test_a_warning_value_that_cannot_be_is_named(world: World, change: dict[str, Any], field: str) -> None:
    sent = POLICY | change
    answer = world.admin.put("/api/v1/risk-policies", params={"site": HOME}, json=sent, headers={"If-Match": "*"})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
