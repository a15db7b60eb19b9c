"""Imports, exports and emergency plans over HTTP."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from api.access import digest
from api.imports.under_way import UnderWay
from maintenance.imports.ports import Phase
from maintenance.imports.running import Progress
from plantroom.ports.accounts import ApiToken, Grant, Role
from plantroom.storage.ledger import asset_bulk
from tests.contract.api.world import AWAY, HOME, NOW, World

URL = "/api/v1/imports"
ASSETS = "设备编号,设备类别\nI-1,水泵\nI-2,电梯\n"


def send(client: TestClient, text: str | bytes, name: str = "t.csv", **query: str) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    params = {"kind": "assets", "mode": "commit", "site": HOME} | query
    return client.post(URL, params={k: v for k, v in params.items() if v}, files={"file": (name, data)})


def test_a_table_is_taken_looked_up_and_undone(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)
    done = send(client, ASSETS, id="my-import-1")
    assert (done.status_code, done.json()["created"], done.json()["import_id"]) == (200, 2, "my-import-1")
    shown = client.get(f"{URL}/my-import-1").json()
    assert (shown["state"], shown["phase"], shown["done"], shown["result"]["created"]) == ("done", "finished", 2, 2)
    assert [one["import_id"] for one in client.get(URL).json()["items"]] == ["my-import-1"]
    undone = client.post(f"{URL}/my-import-1/undo")
    assert (undone.status_code, undone.json()["undone"]) == (200, 2)
    assert client.post(f"{URL}/my-import-1/undo").status_code == 409
    assert client.get("/api/v1/assets", params={"code": "I-1"}).json()["items"] == []


def test_who_looks_while_it_is_written_sees_how_far_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_bulk, "TOGETHER", 2)
    admin, seen = world.admin, list[tuple[str, str, int, int]]()
    tell = UnderWay.following

    @contextmanager
    def told(self: UnderWay, import_id: str) -> Iterator[Progress]:
        with tell(self, import_id) as hear:

            def look(phase: Phase, done: int, total: int) -> None:
                hear(phase, done, total)
                if phase is Phase.WRITING:
                    shown = admin.get(f"{URL}/{import_id}").json()
                    seen.append((shown["state"], shown["phase"], shown["done"], shown["total"]))

            yield look

    monkeypatch.setattr(UnderWay, "following", told)
    table = "设备编号,设备类别\n" + "".join(f"I-{n},水泵\n" for n in range(5))
    client = world.as_(Role.SUPERVISOR, HOME)
    assert send(client, table, id="my-import-1").json()["created"] == 5
    assert seen[1:] == [("running", "writing", done, 5) for done in (2, 4, 5)]
    monkeypatch.undo()
    monkeypatch.setattr(asset_bulk, "TOGETHER", 3)
    changed = table.replace("设备类别", "设备类别,型号").replace("水泵", "水泵,M-1")
    assert send(client, changed, id="my-import-2").json()["updated"] == 5
    assert client.get(f"{URL}/my-import-2").json()["phase"] == "finished"


def test_a_dry_run_writes_nothing(world: World) -> None:
    assert send(world.admin, ASSETS, mode="dry_run").json()["created"] == 2
    assert world.admin.get("/api/v1/assets", params={"code": "I-1"}).json()["items"] == []


def test_errors_answer_422_with_the_document(world: World) -> None:
    answer = send(world.admin, ASSETS + "I-3,飞船\nI-4,\n")
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(one["sheet"], one["row"], one["column"], one["value"], one["code"]) for one in errors] == [
        ("t.csv", 4, "设备类别", "飞船", "unknown_class"),
        ("t.csv", 5, "设备类别", "", "missing_value"),
    ]
    assert all(one["remedy"]["zh"] and one["remedy"]["en"] for one in errors)


def test_a_file_beyond_the_bound_is_refused_before_it_is_read(world: World) -> None:
    answer = send(world.admin, b"x" * (27 << 20))
    assert (answer.status_code, answer.json()["errors"]) == (413, [])
    assert "请拆分，每个文件不超过25 MB" in answer.json()["detail"]
    assert "split it: at most 25 MB" in answer.json()["detail"]


def test_a_site_that_is_not_the_callers_and_one_that_is_not_there_look_the_same(world: World) -> None:
    client = world.as_(Role.SUPERVISOR, HOME)
    told = [
        send(client, f"站点,设备编号,设备类别\n{site},I-1,水泵\n", site="")
        .json()["errors"][0]["message"]
        .replace(site, "S")
        for site in (AWAY, "no-such-site")
    ]
    assert told[0] == told[1]


def test_a_grant_for_a_contractors_orders_imports_nothing(world: World) -> None:
    grant = Grant(Role.SUPERVISOR, HOME, contractor="c-1")
    with world.ledger.begin() as tx:
        tx.accounts.add_token(ApiToken("t-c", "theirs", digest("theirs"), [grant], NOW, NOW + timedelta(days=1)))
    theirs = world.client("theirs")
    assert send(theirs, ASSETS).status_code == 404
    refused = send(theirs, f"站点,设备编号,设备类别\n{HOME},I-1,水泵\n", site="")
    assert [one["code"] for one in refused.json()["errors"]] == ["site_not_yours"]


def test_people_are_imported_by_administrators_within_what_they_have(world: World) -> None:
    table = "用户名,角色,站点\nneu,技术员,demo\n"
    assert send(world.as_(Role.SUPERVISOR), table, kind="users", site="").status_code == 403
    local = world.as_(Role.ADMIN, HOME)
    assert send(local, table, kind="users", site="").json()["created"] == 1
    refused = send(local, "用户名,角色\nnoch,管理员\n", kind="users", site="")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "site_not_yours")


def test_plans_of_every_site_need_a_grant_of_every_site(world: World) -> None:
    table = "设施设备类别,维护周期\n照明系统,每周\n"
    assert send(world.as_(Role.SUPERVISOR, HOME), table, kind="plan_table", site="").status_code == 403
    assert send(world.as_(Role.SUPERVISOR, HOME), table, kind="plan_table").status_code == 200


def test_imports_of_others_are_not_seen(world: World) -> None:
    mine = send(world.admin, ASSETS, site=AWAY).json()["import_id"]
    client = world.as_(Role.SUPERVISOR, HOME)
    assert client.get(f"{URL}/{mine}").status_code == 404
    assert client.post(f"{URL}/{mine}/undo").status_code == 404


def test_templates_have_headings_notes_and_lists(world: World) -> None:
    for language, heading in (("zh", "设备编号"), ("zh-hant", "設備編號"), ("en", "Asset code")):
        answer = world.admin.get(f"{URL}/template", params={"kind": "assets", "language": language})
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        sheet = book.worksheets[0]
        assert heading in [cell.value for cell in sheet[1]]
        assert sheet.data_validations.dataValidation
        assert book.worksheets[2].sheet_state == "hidden"
        again = send(world.admin, answer.content, "t.xlsx", mode="dry_run")
        assert (again.status_code, again.json()["created"]) == (200, 0)


def test_an_export_comes_back_without_a_difference(world: World) -> None:
    send(world.admin, ASSETS)
    for form in ("xlsx", "csv"):
        content = world.admin.get(f"{URL}/export", params={"kind": "assets", "site": HOME, "format": form}).content
        again = send(world.admin, content, f"t.{form}", mode="dry_run").json()
        assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)


def test_an_emergency_plan_is_made_changed_and_has_a_drill(world: World) -> None:
    form = {
        "code": "EP-9",
        "name": {"zh": "停水应急预案"},
        "site": HOME,
        "measures": ["送水"],
        "drill": {"every": 6, "unit": "month"},
    }
    made = world.admin.post("/api/v1/emergency-plans", json=form)
    assert made.status_code == 201
    plan = made.json()
    rows = world.admin.get("/api/v1/plan-rows", params={"code": plan["drill_row"]}).json()["items"]
    assert [(row["kind"], row["site"], row["interval"]["every"]) for row in rows] == [("drill", True, 6)]
    url = f"/api/v1/emergency-plans/{plan['key']}"
    changed = world.admin.patch(url, json={"measures": ["送水", "通知"]}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["measures"]) == (200, ["送水", "通知"])
    stale = world.admin.patch(url, json={"measures": ["x"]}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["conflicts"]) == (412, ["measures"])
    assert world.admin.post("/api/v1/emergency-plans", json=form).status_code == 409


LAW = {
    "code": "W-HM", "name": {"zh": "半月检查", "en": "Half-month visit"}, "system": "water", "layer": "law",
    "kind": "statutory", "interval": {"every": 15, "unit": "day"}, "max_gap_days": 15, "executor": "contractor",
    "anchor": "2026-03-10",
}  # fmt: skip


@pytest.mark.parametrize("site", [HOME, None])
def test_a_line_that_is_laxer_than_a_legal_row_is_scheduled_at_the_floor_with_a_warning(
    world: World, site: str | None
) -> None:
    assert world.admin.post("/api/v1/plan-rows", json=LAW).status_code == 201
    days = {"asset": world.keys[HOME], "from": "2026-03-02", "to": "2026-09-02"}
    before = [one["due"] for one in world.admin.get("/api/v1/plan/preview", params=days).json()["items"]]
    text = "编号,系统,频次\nW-HM,供水系统,每年一次\n"
    asked = {"kind": "plan_table", "site": site or ""}
    answer = send(world.admin, text, **asked)
    assert answer.status_code == 200, answer.text
    assert {one["code"] for one in answer.json()["warnings"]} >= {"law_is_stricter"}
    rows = world.admin.get("/api/v1/plan-rows", params={"code": "W-HM", "site": HOME}).json()["items"]
    row = next(one for one in rows if one["site_code"] == site)
    assert (row["layer"], row["max_gap_days"], row["kind"], row["executor"]) == ("law", 15, "statutory", "contractor")
    after = [one["due"] for one in world.admin.get("/api/v1/plan/preview", params=days).json()["items"]]
    assert len(after) >= len(before) == 12
    again = send(world.admin, text, **asked).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 1)


def test_a_site_s_own_row_goes_on_with_what_was_done_and_undoing_gives_it_back(world: World) -> None:
    assert world.admin.post("/api/v1/plan-rows", json=LAW).status_code == 201
    world.admin.post("/api/v1/plan/materialise")

    def mine() -> list[dict[str, Any]]:
        found = world.admin.get("/api/v1/occurrences", params={"asset": world.keys[HOME]}).json()["items"]
        return [{name: value for name, value in one.items() if name != "lineage"} for one in found]

    before = mine()
    text = "编号,系统,频次\nW-HM,供水系统,每7天一次\n"
    asked = {"kind": "plan_table"}
    made = send(world.admin, text, **asked).json()
    assert (made["created"], mine()) == (1, before)
    undone = world.admin.post(f"{URL}/{made['import_id']}/undo")
    assert undone.status_code == 200, undone.text
    assert mine() == before
    assert world.admin.post("/api/v1/plan/materialise").json()["created"] == 0
