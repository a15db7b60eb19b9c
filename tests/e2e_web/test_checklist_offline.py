"""A shift without a network: answered, closed, opened again, sent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect

from tests.e2e_web.person import TABLET, Person, open_context, planned_order
from tests.product import Api, Product, eventually


@pytest.fixture
def tablet(browser: Browser, product: Product, signed_in: StorageState) -> Iterator[BrowserContext]:
    """A tablet of its own."""
    made = open_context(browser, product.url, TABLET, offline=True, storage_state=signed_in)
    yield made
    made.close()


@pytest.fixture
def technician(tablet: BrowserContext, product: Product) -> Person:
    """Somebody with everything for the shift on the tablet."""
    person = Person(tablet.new_page(), *product.admin())
    person.page.goto("/")
    person.ready_offline()
    return person


@pytest.fixture
def connected(browser: Browser, product: Product, signed_in: StorageState) -> Iterator[Person]:
    """The same in a browser that does not take the app along: for what the network has no part in."""
    made = open_context(browser, product.url, TABLET, storage_state=signed_in)
    person = Person(made.new_page(), *product.admin())
    person.page.goto("/today")
    expect(person.page.locator("[data-order]").first).to_be_visible()
    yield person
    made.close()


def answer_of(api: Api, order: str, step: str) -> dict[str, Any]:
    return dict(api.get(f"/api/v1/work-orders/{order}")["answers"].get(step, {}))


def test_answers_given_offline_outlive_the_tab_and_reach_the_server(
    tablet: BrowserContext, technician: Person, product: Product, api: Api
) -> None:
    order = planned_order(api, with_number=True)
    number = next(i for i in order["template"] if i["type"] == "number")
    plain = [i["step"] for i in order["template"] if i["type"] == "ok"]
    technician.takes_along(order["id"])
    tablet.set_offline(True)
    technician.page.goto(f"/orders/{order['id']}")

    item = technician.page.locator(f'[data-step="{number["step"]}"]')
    if "folded" in (item.get_attribute("class") or ""):
        item.click()
    item.locator("input").fill("0.42")
    technician.answer(number["step"], "ok")
    technician.expect_answered(number["step"], "ok")
    technician.answer(plain[0], "ok")
    technician.answer(plain[1], "not_ok")
    technician.page.fill("[name=remark]", "阀门渗漏")
    technician.page.get_by_role("button", name="重大").click()
    technician.page.locator("[data-action=save]").click()
    technician.expect_answered(plain[1], "not_ok")
    expect(technician.sync_line()).to_have_attribute("data-sync", "waiting")
    expect(technician.sync_line()).to_contain_text("无信号")
    assert api.get(f"/api/v1/work-orders/{order['id']}")["answers"] == {}

    # A service worker that Chromium starts anew for the second tab may be online for a moment: what waits may go by it.
    technician.page.close()
    reopened = Person(tablet.new_page(), *product.admin())
    reopened.page.goto(f"/orders/{order['id']}")
    reopened.expect_answered(number["step"], "ok")
    reopened.expect_answered(plain[1], "not_ok")
    expect(reopened.sync_line()).to_contain_text("4")
    for step in plain[2:]:
        reopened.answer(step, "na")
        reopened.expect_answered(step, "na")
    reopened.page.locator("[data-action=complete]").click()
    expect(reopened.page.get_by_text("已完成").first).to_be_visible()

    tablet.set_offline(False)
    expect(reopened.sync_line()).to_have_attribute("data-sync", "sent", timeout=20_000)
    done = api.get(f"/api/v1/work-orders/{order['id']}")
    assert done["state"] == "completed"
    assert done["answers"][number["step"]]["number"] == 0.42
    assert done["answers"][plain[0]]["outcome"] == "ok"
    faulty = done["answers"][plain[1]]
    assert (faulty["outcome"], faulty["remark"], faulty["severity"]) == ("not_ok", "阀门渗漏", "major")
    ticket = api.get(f"/api/v1/work-orders/{faulty['ticket']}")
    assert (ticket["origin"], ticket["severity"]) == ("checklist", "major")


def test_an_order_made_during_the_shift_comes_along_by_itself(
    tablet: BrowserContext, technician: Person, api: Api
) -> None:
    asset = api.items("/api/v1/assets", code="P-3")[0]["key"]
    title = {"zh": "高区水泵渗水", "en": "High-zone pump: seeping"}
    order = api.post("/api/v1/work-orders", {"asset": asset, "title": title, "severity": "general"})
    technician.takes_along(order["id"])
    tablet.set_offline(True)
    technician.page.goto(f"/tickets/{order['id']}")
    expect(technician.page.locator("h1")).to_contain_text(title["zh"])


def test_what_is_typed_but_not_saved_is_there_again(connected: Person, product: Product, api: Api) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    connected.page.goto(f"/orders/{order['id']}")
    connected.answer(step, "not_ok")
    connected.page.fill("[name=remark]", "写到一半")
    connected.page.wait_for_timeout(300)
    connected.page.close()
    again = Person(connected.page.context.new_page(), *product.admin())
    again.page.goto(f"/orders/{order['id']}")
    item = again.page.locator(f'[data-step="{step}"]')
    if "folded" in (item.get_attribute("class") or ""):
        item.click()
    expect(again.page.locator("[name=remark]")).to_have_value("写到一半")
    assert answer_of(api, order["id"], step) == {}


def test_not_ok_without_a_remark_is_not_kept(connected: Person, api: Api) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    connected.page.goto(f"/orders/{order['id']}")
    connected.answer(step, "not_ok")
    connected.page.locator("[data-action=save]").click()
    expect(connected.page.get_by_role("alert")).to_contain_text("请填写说明")
    connected.expect_answered(step, "")


def test_the_sensors_value_is_taken_over(connected: Person, api: Api) -> None:
    order = planned_order(api, with_number=True)
    item = next(i for i in order["template"] if i["type"] == "number" and i["point"])
    connected.page.goto(f"/orders/{order['id']}")
    row = connected.page.locator(f'[data-step="{item["step"]}"]')
    if "folded" in (row.get_attribute("class") or ""):
        row.click()
    row.get_by_role("button", name="采用").click()
    shown = float(row.locator("input").input_value())
    connected.answer(item["step"], "ok")
    assert eventually(lambda: answer_of(api, order["id"], item["step"]).get("number") == shown, 10)


def test_an_ended_session_costs_no_work(tablet: BrowserContext, technician: Person, api: Api) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    tablet.clear_cookies()
    technician.page.goto(f"/orders/{order['id']}")
    technician.answer(step, "ok")
    technician.expect_answered(step, "ok")
    expect(technician.sync_line()).to_contain_text("需登录")
    technician.page.locator("[data-notice=expired] a").click()
    technician.fill_in()
    expect(technician.sync_line()).to_have_attribute("data-sync", "sent", timeout=20_000)
    assert eventually(lambda: answer_of(api, order["id"], step).get("outcome") == "ok", 10)


def test_what_is_unsent_is_listed_and_can_be_saved_as_a_file(
    tablet: BrowserContext, technician: Person, api: Api
) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    technician.takes_along(order["id"])
    tablet.set_offline(True)
    technician.page.goto(f"/orders/{order['id']}")
    technician.answer(step, "ok")
    technician.expect_answered(step, "ok")
    technician.sync_line().click()
    expect(technician.page.locator("[data-op=waiting]")).to_have_count(2)
    with technician.page.expect_download() as download:
        technician.page.get_by_role("button", name="导出未发送").click()
    saved = json.loads(download.value.path().read_text())
    assert [op["type"] for op in saved["operations"]] == ["start", "answer"]
    assert saved["operations"][1]["step"] == step
    tablet.set_offline(False)
    expect(technician.sync_line()).to_have_attribute("data-sync", "sent", timeout=20_000)


def test_targets_are_large_enough_for_a_gloved_thumb(connected: Person, api: Api) -> None:
    connected.page.goto(f"/orders/{planned_order(api)['id']}")
    expect(connected.page.locator(".seg .btn").first).to_be_visible()
    boxes = connected.page.evaluate(
        "[...document.querySelectorAll('main button, .bottom .btn')].map(b => b.getBoundingClientRect())"
        ".filter(r => r.width > 0).map(r => [r.width, r.height])"
    )
    assert boxes
    assert all(width >= 48 and height >= 48 for width, height in boxes), boxes


def open_number(person: Person, api: Api) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """An order, its first number with limits, and the open item."""
    order = planned_order(api, with_number=True)
    item = next(i for i in order["template"] if i["type"] == "number")
    person.page.goto(f"/orders/{order['id']}?step={item['step']}")
    row = person.page.locator(f'[data-step="{item["step"]}"]')
    expect(row.locator("input")).to_be_visible()
    return order, item, row


def test_a_number_is_read_as_people_type_it_or_refused_on_the_spot(connected: Person, api: Api) -> None:
    order, item, row = open_number(connected, api)
    row.locator("input").fill("1,234")
    expect(row.locator("[data-fault=comma]")).to_be_visible()
    connected.answer(item["step"], "ok")
    expect(connected.page.get_by_role("alert")).to_contain_text("小数点")
    connected.expect_answered(item["step"], "")
    row.locator("input").fill("０．４")
    connected.answer(item["step"], "ok")
    if row.locator("[data-outside]").count():
        connected.page.fill("[name=remark]", "现场核对无误")
        connected.page.locator("[data-action=insist]").click()
    connected.expect_answered(item["step"], "ok")
    assert eventually(lambda: answer_of(api, order["id"], item["step"]).get("number") == 0.4, 10)


def test_the_same_answer_again_sends_nothing(tablet: BrowserContext, technician: Person, api: Api) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    technician.takes_along(order["id"])
    tablet.set_offline(True)
    technician.page.goto(f"/orders/{order['id']}")
    technician.answer(step, "ok")
    technician.expect_answered(step, "ok")
    expect(technician.page.locator("[data-saved-item]")).to_be_visible()
    technician.answer(step, "ok")
    expect(technician.page.locator(f'[data-step="{step}"].folded')).to_be_visible()
    technician.sync_line().click()
    expect(technician.page.locator("[data-op=waiting]")).to_have_count(2)
    tablet.set_offline(False)
    expect(technician.sync_line()).to_have_attribute("data-sync", "sent", timeout=20_000)


def test_a_number_outside_the_limits_leads_to_not_ok_and_is_never_green(connected: Person, api: Api) -> None:
    order = planned_order(api, with_number=True)
    numbers = [i for i in order["template"] if i["type"] == "number"]
    item = next((i for i in numbers if i["high"] is not None or i["low"] is not None), None)
    assert item is not None, "the order has no number with limits"
    beyond = item["high"] + 1 if item["high"] is not None else item["low"] - 1
    connected.page.goto(f"/orders/{order['id']}?step={item['step']}")
    row = connected.page.locator(f'[data-step="{item["step"]}"]')
    row.locator("input").fill(str(beyond))
    connected.answer(item["step"], "ok")
    connected.expect_answered(item["step"], "")
    expect(row.locator("[data-notok]")).to_be_visible()
    connected.page.locator("[data-action=insist]").click()
    expect(connected.page.get_by_role("alert")).to_contain_text("请填写说明")
    connected.page.fill("[name=remark]", "表已更换，读数属实")
    connected.page.locator("[data-action=insist]").click()
    connected.expect_answered(item["step"], "ok")
    expect(row.locator(".tag")).to_contain_text("超出限值")
    expect(row.locator(".tag.ok")).to_have_count(0)
    kept = eventually(lambda: answer_of(api, order["id"], item["step"]).get("remark"), 10)
    assert kept == "表已更换，读数属实"


def test_a_refused_answer_says_what_it_was_and_leads_back_to_its_item(
    tablet: BrowserContext, technician: Person, api: Api
) -> None:
    """A tablet that lost its clock says that it was done in 1970; what it sends with that is refused."""
    order = planned_order(api, with_number=True)
    item = next(i for i in order["template"] if i["type"] == "ok")
    technician.takes_along(order["id"])
    tablet.set_offline(True)
    technician.page.goto(f"/orders/{order['id']}")
    technician.page.clock.set_fixed_time(datetime.fromtimestamp(60, UTC))
    technician.answer(item["step"], "not_ok")
    technician.page.fill("[name=remark]", "阀门渗漏")
    technician.page.get_by_role("button", name="一般").click()
    technician.page.locator("[data-action=save]").click()
    technician.expect_answered(item["step"], "not_ok")
    technician.page.clock.set_fixed_time(datetime.now(UTC))
    tablet.set_offline(False)
    expect(technician.sync_line()).to_have_attribute("data-sync", "refused", timeout=20_000)
    assert answer_of(api, order["id"], item["step"]) == {}
    technician.sync_line().click()
    refused = technician.page.locator("[data-op=refused]").last
    for said in (order["title"]["zh"], order["asset_ref"]["code"], item["name"]["zh"], "不正常", "阀门渗漏", "格式"):
        expect(refused).to_contain_text(said)
    refused.get_by_role("button", name="打开检查表").click()
    expect(technician.page.locator(f'[data-step="{item["step"]}"] [data-outcome-button]').first).to_be_visible()
    # What was typed is back in its fields: the result alone makes it whole again, and it is sent.
    technician.answer(item["step"], "not_ok")
    assert eventually(lambda: answer_of(api, order["id"], item["step"]).get("remark") == "阀门渗漏", 10)
    technician.sync_line().click()
    got_it = technician.page.get_by_role("button", name="知道了")
    expect(got_it.first).to_be_visible()
    for left in reversed(range(got_it.count())):
        got_it.first.click()
        expect(got_it).to_have_count(left)
    expect(technician.page.locator("[data-op=refused]")).to_have_count(0)


def test_the_count_beside_a_group_is_that_of_its_cards(connected: Person) -> None:
    groups = connected.page.locator("[data-group]")
    expect(groups.first).to_be_visible()
    for group in groups.all():
        assert group.locator(".sect .xs").inner_text() == str(group.locator("[data-order]").count())
