"""Frozen records, the published heads and the history of a machine over HTTP."""

from hashlib import sha256
from typing import Any

from maintenance.records.heads import head_in
from maintenance.records.sealing import seal
from plantroom.ports.accounts import Role
from tests.contract.api.test_work_orders import move
from tests.contract.api.world import AWAY, HOME, World


def record_of(world: World, site: str = HOME) -> dict[str, Any]:
    answer = world.admin.get(f"/api/v1/records/{world.record(site)}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_record_shows_what_was_done_its_digest_and_how_long_it_is_kept(world: World) -> None:
    record = record_of(world)
    assert (record["kind"], record["cause"], record["frozen_by"]) == ("inspection", "verified", "admin")
    assert record["retention"] | {"basis": ""} == {"years": 5, "until": "2031-03-02", "basis": "", "status": "default"}
    assert record["document"]["asset"]["code"] == "P-1"
    assert record["addenda"] == []
    body = world.admin.get(f"/api/v1/records/{record['id']}/document")
    assert sha256(body.content).hexdigest() == record["sha256"]
    assert body.json() == record["document"]


def test_records_are_listed_by_asset_and_day_and_never_across_sites(world: World) -> None:
    ids = {site: world.record(site) for site in (HOME, AWAY)}

    def listed(client: Any, **query: str) -> list[str]:
        answer = client.get("/api/v1/records", params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert sorted(listed(world.admin)) == sorted(ids.values())
    assert listed(world.admin, asset=world.keys[HOME], **{"from": "2026-03-02", "to": "2026-03-02"}) == [ids[HOME]]
    assert listed(world.admin, **{"from": "2026-03-03"}) == []
    assert listed(world.admin, kind="statutory") == []
    viewer = world.as_(Role.VIEWER, HOME)
    assert listed(viewer) == [ids[HOME]]
    assert viewer.get(f"/api/v1/records/{ids[AWAY]}").status_code == 404
    assert viewer.get("/api/v1/records/nothing").status_code == 404


def test_a_signed_order_is_not_changed_any_more_and_says_what_to_do(world: World) -> None:
    record = record_of(world)
    for to in ("open", "in_progress", "cancelled"):
        answer = move(world.admin, record["work_order"], to, reason="again")
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("record_frozen")
        assert "addend" in answer.json()["detail"]
        assert "补充说明" in answer.json()["detail"]
    assert record_of_id(world, record["id"]) == record


def record_of_id(world: World, record_id: str) -> dict[str, Any]:
    return dict(world.admin.get(f"/api/v1/records/{record_id}").json())


def test_a_correction_is_added_and_the_record_stays(world: World) -> None:
    record = record_of(world)
    url = f"/api/v1/records/{record['id']}/addenda"
    form = {"text": "平层误差应为6 mm", "reason": "抄录错误", "signature": "ab" * 32}
    answer = world.as_(Role.TECHNICIAN, HOME).post(url, json=form)
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert (added["kind"], added["by"], added["number"], added["previous"]) == (
        "correction",
        "machine",
        1,
        record["sha256"],
    )
    after = record_of_id(world, record["id"])
    assert after["addenda"] == [added]
    assert after | {"addenda": []} == record
    assert world.as_(Role.VIEWER, HOME).post(url, json=form).status_code == 403
    assert world.as_(Role.TECHNICIAN, AWAY).post(url, json=form).status_code == 404
    assert world.as_(Role.TECHNICIAN, HOME, "电气管理部门").post(url, json=form).status_code == 403
    for bad in ({"text": " ", "reason": "x"}, {"text": "x"}, {"text": "x", "reason": "x", "signature": "short"}):
        assert world.admin.post(url, json=bad).status_code == 422
    (entry,) = world.admin.get("/api/v1/audit", params={"entity": "addendum"}).json()["items"]
    assert (entry["reason"], entry["asset"], entry["site"]) == ("抄录错误", world.keys[HOME], HOME)


def test_nobody_changes_or_deletes_a_record(world: World) -> None:
    record = world.record()
    for method in ("PUT", "PATCH", "DELETE"):
        assert world.admin.request(method, f"/api/v1/records/{record}").status_code == 405


def test_the_published_heads_are_shown_with_a_text_to_send(world: World) -> None:
    assert world.admin.get("/api/v1/audit/heads").json()["items"] == []
    seal(world.ledger, world.clock.now())
    world.clock.forward(days=1)
    world.record()
    seal(world.ledger, world.clock.now())
    newest, oldest = world.as_(Role.SUPERVISOR, HOME).get("/api/v1/audit/heads").json()["items"]
    assert (newest["date"], oldest["date"]) == ("2026-03-03", "2026-03-02")
    assert head_in(newest["text"], "mail").digest == newest["sha256"]
    first = world.admin.get("/api/v1/audit/heads", params={"limit": 1}).json()
    rest = world.admin.get("/api/v1/audit/heads", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == [newest, oldest]


def test_the_history_of_a_machine_is_everything_that_was_done_to_it(world: World) -> None:
    key = world.keys[HOME]
    record = record_of(world)
    url = f"/api/v1/records/{record['id']}/addenda"
    world.admin.post(url, json={"text": "6 mm", "reason": "copied wrongly"})
    world.admin.patch(f"/api/v1/assets/{key}", json={"model": "X-2"}, headers={"If-Match": "*"})
    lines: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(20):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = world.as_(Role.VIEWER, HOME).get(f"/api/v1/assets/{key}/history", params=query).json()
        lines += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    assert {line["type"] for line in lines} == {"change", "work_order", "record", "addendum"}
    said = {line["type"]: line[line["type"]] for line in lines}
    assert said["record"]["id"] == record["id"]
    assert said["addendum"]["text"] == "6 mm"
    assert said["work_order"]["id"] == record["work_order"]
    changes = [line["change"] for line in lines if line["type"] == "change"]
    assert [change["after"].get("model") for change in changes if change["action"] == "changed"] == ["X-2"]
    assert changes[-1]["action"] == "created"
    assert len(lines) == len({str(line) for line in lines})
    assert world.as_(Role.VIEWER, AWAY).get(f"/api/v1/assets/{key}/history").status_code == 404
    bad = world.admin.get(f"/api/v1/assets/{key}/history", params={"sort": "by"})
    assert bad.status_code == 422


def test_a_machine_that_only_waits_for_work_has_no_line_of_it(world: World) -> None:
    key = world.keys[AWAY]
    found = world.admin.get(f"/api/v1/assets/{key}/history").json()["items"]
    assert {line["type"] for line in found} == {"change"}
