"""A repair ticket from the developing fault of the demo: evidence, and its life."""

import json
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import expect

from tests.e2e_web.person import TABLET, Person
from tests.product import Api, eventually


@pytest.fixture
def ticket(api: Api) -> dict[str, Any]:
    """The ticket that the model opens on the failing pump (within two minutes of the start)."""

    def opened() -> Any:
        return [t for t in api.items("/api/v1/work-orders", kind="corrective") if t["origin"] == "model"]

    found = eventually(opened, 180, 0.5)
    assert found, "the demo's fault opened no ticket"
    return dict(found[0])


def test_the_evidence_shows_what_was_seen_and_what_was_expected(
    person: Person, api: Api, ticket: dict[str, Any]
) -> None:
    page = person.page
    page.goto(f"/tickets/{ticket['id']}")
    evidence = api.get(f"/api/v1/episodes/{ticket['episode']}/evidence")
    strongest = evidence["points"][0]
    chart = page.locator(f'[data-evidence="{strongest["point"]}"]')
    expect(chart.locator("canvas")).to_be_visible()
    points = chart.locator(".chart")
    assert eventually(lambda: int(points.get_attribute("data-points") or 0) > 50, 15)
    expect(chart).to_contain_text(strongest["name"]["zh"])
    expect(chart).to_contain_text("发现时刻")
    expect(page.locator(".bars")).to_contain_text(f"{round(100 * strongest['contribution'])} %")
    expect(page.locator("[data-why]")).to_contain_text(ticket["reason"]["zh"])
    for check in evidence["episode"]["first_checks"]:
        expect(page.get_by_text(check["zh"])).to_be_visible()


def test_a_technician_takes_a_ticket_to_its_end(person: Person, api: Api) -> None:
    asset = api.items("/api/v1/assets", code="P-3")[0]["key"]
    title = {"zh": "高区水泵异响", "en": "High-zone pump: noise"}
    status, order = api.call("POST", "/api/v1/work-orders", {"asset": asset, "title": title, "severity": "major"})
    assert status == 201

    def state() -> str:
        return str(api.get(f"/api/v1/work-orders/{order['id']}")["state"])

    page = person.page
    page.goto(f"/tickets/{order['id']}")
    page.locator("[data-action=acknowledge]").click()
    assert eventually(lambda: state() == "acknowledged", 10)
    page.locator("[data-action=arrive]").click()
    assert eventually(lambda: state() == "in_progress", 10)
    page.locator("[data-action=hold]").click()
    page.get_by_role("button", name="等待备件").click()
    page.get_by_role("dialog").get_by_role("button", name="挂起", exact=True).click()
    assert eventually(lambda: state() == "on_hold", 10)
    expect(page.get_by_text("挂起：等待备件")).to_be_visible()
    page.locator("[data-action=resume]").click()
    assert eventually(lambda: state() == "in_progress", 10)
    page.locator("[data-action=finish]").click()
    page.locator("[data-verdict=confirmed]").click()
    page.select_option("[name=cause]", "wear")
    page.fill("[name=action]", "更换轴承")
    page.get_by_role("dialog").get_by_role("button", name="完工").click()
    assert eventually(lambda: state() == "completed", 10)

    done = api.get(f"/api/v1/work-orders/{order['id']}")
    assert done["verdict"]["verdict"] == "confirmed"
    assert done["verdict"]["cause"] == "wear"
    assert done["arrived_at"] is not None
    expect(page.locator("[data-action]")).to_have_count(0)
    expect(page.get_by_text("结论：确有故障")).to_be_visible()


def test_the_list_filters_by_state(person: Person, api: Api, ticket: dict[str, Any]) -> None:
    page = person.page
    page.goto("/tickets")
    expect(page.locator("[data-row]", has_text=f"#{ticket['number']} ")).to_be_visible()
    page.get_by_role("button", name="计划工作").click()
    expect(page.locator("[data-row]", has_text=f"#{ticket['number']} ")).to_be_hidden()
    assert "list=planned" in page.url


def test_a_ticket_about_no_machine_says_where_it_is(person: Person, api: Api) -> None:
    site = api.items("/api/v1/sites")[0]
    title = {"zh": "地下车库积水", "en": "Water in the car park"}
    order = api.post("/api/v1/work-orders", {"site": site["code"], "title": title, "severity": "major"})
    page = person.page
    page.goto("/tickets")
    row = page.locator("[data-row]", has_text=f"#{order['number']} ")
    expect(row.locator(".where")).to_have_text(site["name"]["zh"])
    row.get_by_role("link").click()
    expect(page.locator("[data-about=none]")).to_have_text(f"{site['name']['zh']} · 不属于单台设备")
    expect(page.locator("[data-evidence]")).to_have_count(0)


def test_a_ticket_about_an_unregistered_device_says_so(person: Person, api: Api, device: mqtt.Client) -> None:
    event = {"ts": datetime.now(UTC).isoformat(), "event": "passenger_trapped", "severity": "safety"}
    device.publish("plantroom/demo/E-99/event", json.dumps(event), qos=1).wait_for_publish(5)

    def opened() -> Any:
        tickets = api.items("/api/v1/work-orders", kind="corrective", open=True)
        return [t for t in tickets if "unknown_asset" in t["tags"]]

    found = eventually(opened, 15)
    assert found, "the stranger's safety event opened no ticket"
    page = person.page
    page.goto(f"/tickets/{found[0]['id']}")
    expect(page.locator(".tag", has_text="未登记设备")).to_be_visible()
    expect(page.locator(".tag", has_text="code:")).to_have_count(0)
    expect(page.locator("[data-about=none]")).to_have_text(api.items("/api/v1/sites")[0]["name"]["zh"])
    for check in api.get(f"/api/v1/work-orders/{found[0]['id']}")["first_checks"]:
        expect(page.get_by_text(check["zh"])).to_be_visible()


def test_a_title_of_many_lines_shows_three_and_opens(person: Person, api: Api) -> None:
    asset = api.items("/api/v1/assets", code="P-3")[0]["key"]
    title = "高区水泵漏水" + "，地面有积水" * 30
    order = api.post("/api/v1/work-orders", {"asset": asset, "title": {"zh": title, "en": "leaks"}})
    page = person.page
    page.set_viewport_size(TABLET)
    page.goto(f"/tickets/{order['id']}")
    heading = page.locator("h1")
    expect(heading).to_contain_text(title)
    line = heading.evaluate("e => parseFloat(getComputedStyle(e).lineHeight)")
    folded = heading.evaluate("e => e.clientHeight")
    assert folded <= 3 * line + 1
    page.get_by_role("button", name="展开").click()
    assert heading.evaluate("e => e.scrollHeight - e.clientHeight") < line / 2
    assert heading.evaluate("e => e.clientHeight") > folded
    page.get_by_role("button", name="收起").click()
    assert heading.evaluate("e => e.clientHeight") == folded

    short = api.post("/api/v1/work-orders", {"asset": asset, "title": {"zh": "水泵漏水", "en": "leaks"}})
    page.goto(f"/tickets/{short['id']}")
    expect(heading).to_contain_text(f"#{short['number']} 水泵漏水")
    expect(page.locator("[data-expand]")).to_have_count(0)
