"""The supervisor's morning: the lists in their order, moving by themselves."""

import json
import time
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
from playwright.sync_api import expect

from tests.e2e_web.person import Person
from tests.product import Api, eventually

TWO_LINES_PX = 72
REPORT = """async ([asset, text]) => {
  const session = JSON.parse(localStorage.getItem("plantroom.session"));
  const now = new Date().toISOString();
  const op = {
    op_id: crypto.randomUUID(), user: session.user.id, type: "report_fault", work_order: null, step: null,
    base_version: null, captured_at: now, value: { asset, text, severity: "critical" },
  };
  const answer = await fetch("/api/v1/sync", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token },
    body: JSON.stringify({ device: "e2e", device_now: now, ops: [op] }),
  });
  return (await answer.json()).results[0].status;
}"""


def test_the_lists_stand_in_the_order_of_what_matters(person: Person) -> None:
    sections = person.page.locator("[data-section]")
    expect(sections).to_have_count(5)
    names = [sections.nth(i).get_attribute("data-section") for i in range(5)]
    assert names == ["overdue", "safety", "today", "clocks", "silent"]


def test_each_line_of_today_says_why_and_has_one_button(person: Person) -> None:
    lines = person.page.locator('[data-section="today"] [data-row]')
    expect(lines.first).to_be_visible()
    for i in range(lines.count()):
        assert lines.nth(i).locator(".why").inner_text().strip()
        assert lines.nth(i).locator(".do .btn").count() == 1


def test_a_trapped_passenger_shows_without_a_reload_and_is_accepted_in_place(
    person: Person, device: mqtt.Client, api: Api
) -> None:
    page = person.page
    expect(page.locator("[data-live=open]").first).to_be_visible()
    page.evaluate("window.stillTheSamePage = true")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    event = {"ts": now, "event": "passenger_trapped", "severity": "safety", "data": {"floor": 7}}
    sent = time.monotonic()
    device.publish("plantroom/demo/E-2/event", json.dumps(event), qos=1).wait_for_publish(5)
    line = page.locator('[data-section="safety"] [data-row]', has_text="E-2")
    expect(line).to_be_visible(timeout=10_000)
    assert time.monotonic() - sent < 5
    assert page.evaluate("window.stillTheSamePage")

    line.get_by_role("button", name="接单").click()
    expect(line.get_by_role("link", name="查看")).to_be_visible()

    def accepted() -> bool:
        tickets = api.items("/api/v1/work-orders", kind="corrective", open=True)
        return any(t["safety"] and t["state"] == "acknowledged" for t in tickets)

    assert eventually(accepted, 10)


def test_the_keyboard_reaches_everything(person: Person) -> None:
    page = person.page
    expect(page.locator('[data-section="today"] [data-row]').first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("[data-row][data-cursor=true]")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("P-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/assets?text=P-2")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_a_lost_connection_is_said_and_what_was_there_stays(person: Person) -> None:
    page = person.page
    lines = page.locator('[data-section="today"] [data-row]')
    expect(lines.first).to_be_visible()
    before = lines.count()
    page.context.set_offline(True)
    expect(page.locator("[data-notice=offline]")).to_be_visible()
    assert lines.count() == before
    page.context.set_offline(False)
    expect(page.locator("[data-notice=offline]")).to_be_hidden()
    expect(page.locator("[data-live=open]").first).to_be_visible()


def test_a_report_of_many_pages_leaves_the_morning_usable(person: Person, api: Api) -> None:
    asset = api.items("/api/v1/assets", code="P-3")[0]["key"]
    sent = person.page.evaluate(REPORT, [asset, "漏水" + "水" * 5000 + "x" * 5000])
    assert sent == "applied"
    page = person.page
    page.goto("/")
    row = page.locator("[data-row]", has_text="漏水水").first
    expect(row).to_be_visible()
    box = row.bounding_box()
    assert box is not None
    assert box["height"] <= TWO_LINES_PX
    assert "漏水水" in (row.locator(".why").get_attribute("title") or "")


def test_in_english_the_departments_of_the_plan_are_english(person: Person, api: Api) -> None:
    page = person.page
    page.locator("[data-menu]").click()
    page.get_by_role("button", name="English").click()
    page.keyboard.press("Escape")
    fire = page.locator('[data-section="today"] [data-row]', has_text="Fire patrol")
    expect(fire.locator(".who")).to_have_text("Fire management")
    expect(page.locator('[data-section="today"] .who', has_text="部门")).to_have_count(0)
