"""What a QR label leads to: pages for whoever has no account, without a script."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from plantroom.domain.labels import asset_address
from plantroom.ports.accounts import Role
from tests.contract.api.test_public import JPEG, owner, staff_view
from tests.contract.api.world import AWAY, HOME, World, open_world

LABEL = asset_address("", HOME, "P-1")
"""What the printed label of a machine leads to."""


def fields(page: str) -> set[str]:
    return set(re.findall(r'name="(\w+)"', page))


def sent(client: TestClient, **more: str) -> Any:
    form = {"site": HOME, "code": "P-1", "category": "leak", "text": "水泵漏水"} | more
    return client.post("/faults", data=form, follow_redirects=False)


def test_the_label_s_address_is_a_form_for_whoever_has_not_signed_in(world: World) -> None:
    page = owner(world).get(LABEL)
    assert page.status_code == 200
    assert {"site", "code", "category", "text", "name", "phone", "website"} <= fields(page.text)
    assert all(words in page.text for words in ("P-1泵", "Pump P-1", "报修", "Send"))
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "/sign-in?to=%2Fassets%2FP-1%3Fsite%3D" in page.text


def test_staff_who_are_signed_in_get_the_web_app(world: World) -> None:
    client = owner(world)
    client.cookies.set("plantroom_session", "anything")
    assert 'name="category"' not in client.get(LABEL).text


def test_a_fault_is_reported_followed_and_rated_without_a_script(world: World) -> None:
    client, boss = owner(world), world.as_(Role.SUPERVISOR, HOME)
    taken = sent(client)
    where = taken.headers["Location"]
    assert (taken.status_code, where.startswith("/faults/")) == (303, True)
    page = client.get(where).text
    number = int(re.findall(r"#(\d+)", page)[0])
    assert all(words in page for words in ("已收到", "2026-03-03 16:00", "2026-03-02 19:00", 'name="file"'))
    assert client.post(f"{where}/photo", files={"file": ("p.jpg", JPEG)}, follow_redirects=False).status_code == 303
    assert 'name="file"' not in client.get(where).text
    order = staff_view(world, number)
    assert (order["origin"], order["records"]["attachments"]) == ("owner", 1)
    assert client.post(f"{where}/rating", data={"stars": "5"}).status_code == 409
    for to in ("in_progress", "completed"):
        boss.post(f"/api/v1/work-orders/{order['id']}/transitions", json={"to": to})
    assert 'name="stars"' in client.get(where).text
    assert (
        client.post(f"{where}/rating", data={"stars": "4", "comment": "及时"}, follow_redirects=False).status_code
        == 303
    )
    assert "4/5" in client.get(where).text
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    assert boss.get("/api/v1/satisfaction", params=span).json()["ratings"] == 1


def test_the_secret_of_a_report_is_not_in_the_history(world: World) -> None:
    client = owner(world)
    token = sent(client).headers["Location"].removeprefix("/faults/")
    client.post(f"/faults/{token}/photo", files={"file": ("p.jpg", JPEG)})
    kept = world.admin.get("/api/v1/audit", params={"limit": 1000}).text
    assert ("owner_report" in kept, "/faults..." in kept, token in kept) == (True, True, False)


def test_what_is_wrong_comes_back_with_what_was_typed_and_nothing_runs(world: World) -> None:
    page = sent(owner(world), text=" ", name='"><script>alert(1)</script>')
    assert (page.status_code, 'role="alert"' in page.text) == (422, True)
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert world.admin.get("/api/v1/work-orders").json()["items"] == []


def test_a_place_without_a_label_has_a_form_too(world: World) -> None:
    page = owner(world).get("/faults", params={"site": HOME})
    assert (page.status_code, "required" in page.text) == (200, True)
    assert sent(owner(world), code="", place="3号楼大堂").status_code == 303
    assert owner(world).get("/faults", params={"site": "nowhere"}).status_code == 404


def test_the_pages_have_the_limits_of_the_api(world: World) -> None:
    client = owner(world)
    codes = [sent(client, place=f"{n}").status_code for n in range(6)]
    assert codes == [303] * 5 + [429]
    assert sent(client).headers.get("content-type", "").startswith("text/html")
    assert client.post("/faults", content=b"x" * 40_000).status_code == 413


def test_whoever_is_trapped_is_heard_whatever_others_have_reported(world: World) -> None:
    for n in range(11):
        sent(owner(world, f"203.0.113.{n}"))
    assert sent(owner(world, "203.0.113.99")).status_code == 429
    assert sent(owner(world, "203.0.113.100"), category="people_trapped").status_code == 303


def test_a_hidden_field_thanks_and_keeps_nothing(world: World) -> None:
    page = sent(owner(world), website="http://spam.example")
    assert (page.status_code, "谢谢" in page.text) == (200, True)
    assert world.admin.get("/api/v1/work-orders").json()["items"] == []


@pytest.mark.parametrize("sites", [frozenset[str](), frozenset({AWAY})])
def test_where_nothing_may_be_reported_the_label_leads_to_signing_in(
    template: Any, tmp_path: Any, sites: frozenset[str]
) -> None:
    with open_world(template, tmp_path, public_sites=sites) as world:
        assert 'name="category"' not in owner(world).get(LABEL).text
        assert sent(owner(world)).status_code == 404
        assert owner(world).get("/faults/unknown").status_code == 404
