"""Figures and reports over HTTP."""

from datetime import date

from plantroom.ports.accounts import Role
from tests.contract.api.report_world import ready
from tests.contract.api.world import AWAY, HOME, World


def test_figures_say_what_they_rest_on(world: World) -> None:
    world.ticket()
    world.clock.forward(minutes=1)
    body = world.as_(Role.VIEWER, HOME).get("/api/v1/figures", params={"site": HOME}).json()
    (all_of_it,) = body["items"]
    assert (body["from"], body["to"]) == ("2026-02-01", "2026-03-02")
    assert all_of_it["mtbf_h"] == {
        "value": None, "status": "insufficient_data", "count": 0, "minimum": 3, "days": 0.0, "minimum_days": 30.0,
    }, "before it was entered nobody would have told of a fault"  # fmt: skip
    assert (all_of_it["unjudged"], all_of_it["cost"]) == (1, None)
    assert {one["key"] for one in body["definitions"]} >= {"plan", "mtbf", "mttr", "availability"}
    assert world.as_(Role.SUPERVISOR, HOME).get(f"/api/v1/figures?site={HOME}").json()["items"][0]["cost"] == 0


def test_figures_come_by_machine_page_by_page(world: World) -> None:
    asked = {"site": HOME, "by": "asset", "limit": "1"}
    first = world.admin.get("/api/v1/figures", params=asked).json()
    assert first["items"][0]["name"]["en"].endswith("(P-1)")
    assert first["next_cursor"] is None
    for wrong in ({"by": "moon"}, {"from": "2026-03-02", "to": "2026-03-01"}, {"from": "1990-01-01"}, {"sort": "key"}):
        assert world.admin.get("/api/v1/figures", params=asked | wrong).status_code == 422, wrong


def test_a_report_is_asked_for_and_fetched_once_it_is_ready(world: World) -> None:
    wang = world.as_(Role.SUPERVISOR, HOME)
    asked = wang.post("/api/v1/reports", json={"kind": "monthly", "site": HOME, "month": "2026-02-14", "pdf": False})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    where = asked.headers["Location"]
    assert wang.get(f"{where}/file").json()["type"] == "urn:plantroom:problem:not_ready"
    done = f"/api/v1/reports/{ready(world, HOME, month=date(2026, 2, 1))}"
    body = wang.get(done).json()
    assert (body["state"], body["from"], body["to"]) == ("ready", "2026-02-01", "2026-02-28")
    for kind, mime in (("html", "text/html"), ("pdf", "application/pdf")):
        answer = wang.get(f"{done}/file", params={"format": kind})
        assert answer.headers["Content-Type"].startswith(mime)
        assert answer.headers["ETag"] == f'"{body[kind]["sha256"]}"'
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert len(answer.content) == body[kind]["bytes"]
    assert wang.get(f"{done}/file?format=doc").status_code == 422


def test_what_names_people_or_money_is_for_supervisors(world: World) -> None:
    month, costs = ready(world, HOME), ready(world, HOME, costs=True)
    pack = ready(world, HOME, asset=world.keys[HOME])
    viewer, wang = world.as_(Role.VIEWER, HOME), world.as_(Role.SUPERVISOR, HOME)
    assert [one["id"] for one in viewer.get("/api/v1/reports").json()["items"]] == [month]
    assert {one["id"] for one in wang.get("/api/v1/reports?state=ready").json()["items"]} == {month, costs, pack}
    for hidden in (costs, pack):
        assert viewer.get(f"/api/v1/reports/{hidden}").status_code == 404
        assert viewer.get(f"/api/v1/reports/{hidden}/file").status_code == 404
    both = world.client(world.token(Role.VIEWER))
    assert both.get(f"/api/v1/reports/{month}/file").status_code == 200


def test_what_does_not_fit_names_its_field(world: World) -> None:
    base = {"kind": "pack", "site": HOME}
    for body, field in (
        (base, "asset"),
        (base | {"system": "moon"}, "system"),
        (base | {"system": "fire", "month": "2026-02-01"}, "month"),
        (base | {"system": "fire", "from": "1999-01-01"}, "to"),
        ({"kind": "monthly", "site": HOME, "asset": world.keys[HOME]}, "asset"),
    ):
        answer = world.admin.post("/api/v1/reports", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), body
    foreign = world.admin.post("/api/v1/reports", json=base | {"asset": world.keys[AWAY]})
    assert foreign.status_code == 404


def test_bytes_that_are_not_those_that_were_made_are_not_handed_out(world: World) -> None:
    key = ready(world, HOME)
    path = world.services.files.path(world.admin.get(f"/api/v1/reports/{key}").json()["html"]["sha256"])
    assert path is not None
    path.write_bytes(b"another month")
    assert world.admin.get(f"/api/v1/reports/{key}/file").status_code == 503


def test_incidents_of_the_month_are_in_its_report_without_names(world: World) -> None:
    world.incident()
    key = ready(world, HOME, month=date(2026, 3, 1))
    page = world.admin.get(f"/api/v1/reports/{key}/file").text
    assert "水泵房进水" in page
    assert "INC-2026-001" in page
    assert "李工" not in page
