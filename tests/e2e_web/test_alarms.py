"""The alarm list: an alarm comes in, is acknowledged, shelved, and comes back."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e_web.person import DESK, PHONE, TABLET, Person, open_context
from tests.e2e_web.test_screens import CHECKS
from tests.product import Api, Product, eventually

FOLDER = os.environ.get("PLANTROOM_SCREENSHOTS")


@pytest.fixture(scope="module")
def product(web_dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A plant of its own: a flood of alarms would be in the way of every other test."""
    running = Product(tmp_path_factory.mktemp("alarms") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def api(product: Product) -> Api:
    return product.api()


def picture(person: Person, name: str) -> None:
    if FOLDER:
        person.page.screenshot(path=Path(FOLDER) / f"alarms-{name}.png", full_page=True)


@pytest.fixture
def noisy(api: Api, device: mqtt.Client) -> dict[str, Any]:
    """A pump with an alarm that stands."""
    found = api.items("/api/v1/assets", code="N-1")
    asset = found[0] if found else api.post(
        "/api/v1/assets", {"site": "demo", "code": "N-1", "class": "pump", "name": {"zh": "噪声泵", "en": "Noisy pump"}}
    )  # fmt: skip
    body = {"reason": "test", "alarm_delay_s": 0, "off_delay_s": 0}
    api.request("PATCH", f"/api/v1/assets/{asset['key']}/points/vibration/limits", body, {"If-Match": "*"})
    say(device, 2.0)
    assert eventually(lambda: not api.items("/api/v1/alarms", asset=asset["key"]), 10, 0.2)
    say(device, 9.4)
    assert eventually(lambda: api.items("/api/v1/alarms", asset=asset["key"]), 10, 0.2)
    return dict(asset)


def report_door_faults(api: Api, device: mqtt.Client, codes: list[str]) -> None:
    for code in codes:
        if not api.items("/api/v1/assets", code=code):
            api.post("/api/v1/assets", {"site": "demo", "code": code, "class": "elevator"})
        tell(device, code, "door_close_fault")


def tell(device: mqtt.Client, code: str, name: str, **more: str) -> None:
    event = {"ts": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": name} | more
    device.publish(f"plantroom/demo/{code}/event", json.dumps(event), qos=1).wait_for_publish(5)


def say(device: mqtt.Client, vibration: float) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    document = {"ts": now, "values": {"vibration": vibration}}
    device.publish("plantroom/demo/N-1/telemetry", json.dumps(document), qos=1).wait_for_publish(5)


def test_an_alarm_is_acknowledged_shelved_and_unshelved(person: Person, noisy: dict[str, Any], api: Api) -> None:
    page = person.page
    page.goto("/alarms")
    line = page.locator("[data-alarm]", has_text="N-1")
    expect(line.locator("[data-alarm-state]")).to_have_text("未确认")
    expect(line.locator("[data-priority]")).to_have_text("高")
    expect(line).to_contain_text(re.compile(r"振动速度 9.4 mm/s，限值 8.5 mm/s"))
    picture(person, "standing")

    line.get_by_role("button", name=re.compile("^确认")).click()
    expect(line.locator("[data-alarm-state]")).to_have_text("已确认")

    line.get_by_role("button", name=re.compile("^搁置")).click()
    send = page.locator("dialog button[type=submit]")
    expect(send).to_be_disabled()
    page.fill("dialog [name=reason]", "轴承已订货")
    page.get_by_role("button", name="30 分钟").click()
    picture(person, "shelving")
    send.click()
    expect(line.locator("[data-alarm-state]")).to_have_text("已搁置")

    page.locator("[data-list=shelved]").click()
    shelf = page.locator("[data-shelf]", has_text="N-1")
    expect(shelf).to_contain_text("轴承已订货")
    left = shelf.locator("[data-left]")
    expect(left).to_have_text(re.compile(r"还剩 (30:00|29:\d\d)"))
    before = left.inner_text()
    page.wait_for_timeout(2100)
    assert left.inner_text() < before, "it counts down"
    picture(person, "shelved")
    shelf.get_by_role("button", name=re.compile("^取消搁置")).click()
    expect(shelf).to_have_count(0)
    (alarm,) = api.items("/api/v1/alarms", asset=noisy["key"])
    assert alarm["alarm_state"] == "active_unacknowledged"


def test_what_came_and_went_unseen_waits_to_be_acknowledged(
    person: Person, noisy: dict[str, Any], device: mqtt.Client
) -> None:
    page = person.page
    page.goto("/alarms?list=returned")
    say(device, 2.0)
    line = page.locator("[data-alarm]", has_text="N-1")
    expect(line.locator("[data-alarm-state]")).to_have_text("已恢复未确认")
    line.get_by_role("button", name=re.compile("^确认")).click()
    expect(line).to_have_count(0)


def test_an_empty_list_says_so_and_a_lost_connection_keeps_what_was_there(
    person: Person, noisy: dict[str, Any]
) -> None:
    page = person.page
    page.goto("/alarms?list=shelved")
    expect(page.locator(".empty")).to_have_text("没有搁置的报警")
    page.locator("[data-list=standing]").click()
    line = page.locator("[data-alarm]", has_text="N-1")
    expect(line).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("[data-notice=offline]")).to_be_visible()
    expect(line).to_be_visible()
    expect(line.get_by_role("button", name=re.compile("^搁置"))).to_be_disabled()
    page.context.set_offline(False)
    expect(page.locator("[data-notice=offline]")).to_be_hidden()


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("zh", DESK)])
def test_what_a_device_tells_that_nobody_entered_stands_in_the_list(
    browser: Browser, product: Product, api: Api, device: mqtt.Client, language: str, size: Any
) -> None:
    code = f"EL-{language}"
    for name in ("passenger_trapped", "hatch_open"):
        event = {"event": name, "severity": "safety"}
        device.publish(f"plantroom/demo/{code}/event", json.dumps(event), qos=1).wait_for_publish(5)
    assert eventually(lambda: [a for a in api.items("/api/v1/alarms") if len(a["events"]) == 2 and not a["asset"]], 15)
    context = open_context(browser, product.url, size)
    context.add_init_script(f"localStorage.setItem('plantroom.locale', '{language}')")
    person = Person(context.new_page(), *product.admin())
    person.sign_in()
    page = person.page
    page.goto("/alarms")
    line = page.locator("[data-alarm]", has_text=code)
    device_name = f"Unregistered device {code}" if language == "en" else f"未登记设备 {code}"
    expect(line.get_by_role("link", name=device_name)).to_be_visible()
    expect(line.locator("[data-events]")).to_contain_text("hatch")
    expect(line.get_by_role("button", name=re.compile("Shelve|搁置"))).to_have_count(0)
    page.wait_for_timeout(350)
    assert {name: found for name, script in CHECKS.items() if (found := page.evaluate(script))} == {}
    picture(person, f"stranger-{language}-{size['width']}")
    line.get_by_role("button", name=re.compile("^(Acknowledge|确认)")).click()
    expect(line.locator("[data-alarm-state]")).to_have_text("Acknowledged" if language == "en" else "已确认")
    line.get_by_role("link", name=device_name).click()
    expect(page.locator("h1")).to_contain_text(code)
    context.close()


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("zh", DESK)])
def test_the_line_of_a_loop_test_says_so_and_goes_once_somebody_has_confirmed(
    browser: Browser, product: Product, api: Api, device: mqtt.Client, language: str, size: Any
) -> None:
    code = f"TEST-{language}"
    key = api.post("/api/v1/assets", {"site": "demo", "code": code, "class": "elevator"})["key"]
    asked = {"site": "demo", "assets": [key], "events": ["passenger_trapped"], "minutes": 2}
    test = api.post("/api/v1/loop-tests", asked)
    tell(device, code, "passenger_trapped")
    assert eventually(lambda: api.items("/api/v1/alarms", asset=key), 15, 0.3)
    context = open_context(browser, product.url, size)
    context.add_init_script(f"localStorage.setItem('plantroom.locale', '{language}')")
    person = Person(context.new_page(), *product.admin())
    person.sign_in()
    person.page.goto("/alarms")
    line = person.page.locator("[data-alarm]", has_text=code)
    expect(line.locator("[data-tag=loop_test]")).to_have_text("Loop test" if language == "en" else "回路测试")
    person.page.wait_for_timeout(350)
    assert {name: found for name, script in CHECKS.items() if (found := person.page.evaluate(script))} == {}
    picture(person, f"loop-test-{language}-{size['width']}")
    token = person.page.evaluate("async () => (await (await fetch('/api/v1/session')).json()).csrf_token")
    url = f"{product.url}/api/v1/loop-tests/{test['id']}/checks/1/confirm"
    assert person.page.request.post(url, headers={"X-CSRF-Token": token}).ok
    expect(line.locator("[data-alarm-state]")).to_have_attribute("data-alarm-state", "active_acknowledged")
    tell(device, code, "passenger_released")
    expect(line).to_have_count(0)
    assert api.items("/api/v1/alarms", asset=key, alarm_state="returned_unacknowledged") == []
    context.close()


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("zh", DESK)])
def test_a_flood_stands_above_the_list(
    browser: Browser, product: Product, api: Api, device: mqtt.Client, language: str, size: Any
) -> None:
    report_door_faults(api, device, [f"F-{n}" for n in range(12)])
    floods = eventually(lambda: [f for f in api.items("/api/v1/alarms/floods") if f["ended_at"] is None], 15, 0.3)
    assert floods
    context = open_context(browser, product.url, size)
    context.add_init_script(f"localStorage.setItem('plantroom.locale', '{language}')")
    person = Person(context.new_page(), *product.admin())
    person.sign_in()
    person.page.goto("/alarms")
    banner = person.page.locator("[data-flood]")
    expect(banner).to_contain_text("Alarm flood" if language == "en" else "报警泛滥")
    expect(person.page.locator("[data-alarm]").first).to_be_visible()
    person.page.wait_for_timeout(350)
    assert {name: found for name, script in CHECKS.items() if (found := person.page.evaluate(script))} == {}
    picture(person, f"flood-{language}-{size['width']}")
    context.close()


def test_on_a_tablet_a_long_list_is_compact_counted_and_narrowed_and_names_its_events(
    browser: Browser, product: Product, api: Api, device: mqtt.Client
) -> None:
    report_door_faults(api, device, [f"T-{n}" for n in range(10)])
    for name in ("gas_leak", "Ueberlauf \u202e", "flooded_room"):
        tell(device, "T-0", name, severity="safety")
    key = api.items("/api/v1/assets", code="T-0")[0]["key"]
    assert eventually(lambda: [a for a in api.items("/api/v1/alarms", asset=key) if len(a["events"]) == 3], 15, 0.3)
    context = open_context(browser, product.url, TABLET)
    person = Person(context.new_page(), *product.admin())
    person.sign_in()
    page = person.page
    page.goto("/alarms")
    unknown = page.locator("[data-alarm]", has_text="未分类异常")
    expect(unknown.locator("[data-events]")).to_have_text("燃气泄漏、Ueberlauf \ufffd、flooded_room")
    heights = page.locator("[data-alarm]").evaluate_all("rows => rows.map(r => r.getBoundingClientRect().height)")
    assert max(heights) <= 120, heights
    unnoted = int(page.locator("[data-unnoted] .xs-n").inner_text())
    expect(page.locator(".tabs [data-alarm-count]")).to_have_attribute("data-alarm-count", str(unnoted))
    page.locator("[data-narrow=critical]").click()
    expect(page.locator("[data-alarm]")).to_have_count(int(page.locator("[data-narrow=critical] .xs-n").inner_text()))
    page.locator("[data-narrow=low]").click()
    expect(page.get_by_text("没有符合条件的报警")).to_be_visible()
    picture(person, "narrowed-tablet")
    context.close()
