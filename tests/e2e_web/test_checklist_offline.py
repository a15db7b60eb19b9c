"""A shift without a network: answered, closed, opened again, sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e_web.person import TABLET, Person, open_context, planned_order
from tests.product import Api, Product, eventually


@pytest.fixture
def tablet(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A tablet of its own."""
    made = open_context(browser, product.url, TABLET)
    yield made
    made.close()


@pytest.fixture
def technician(tablet: BrowserContext, product: Product) -> Person:
    """Somebody with everything for the shift on the tablet."""
    person = Person(tablet.new_page(), *product.admin())
    person.sign_in()
    person.ready_offline()
    return person


def answer_of(api: Api, order: str, step: str) -> dict[str, Any]:
    return dict(api.get(f"/api/v1/work-orders/{order}")["answers"].get(step, {}))


def test_answers_given_offline_outlive_the_tab_and_reach_the_server(
    tablet: BrowserContext, technician: Person, product: Product, api: Api
) -> None:
    order = planned_order(api, with_number=True)
    number = next(i for i in order["template"] if i["type"] == "number")
    plain = [i["step"] for i in order["template"] if i["type"] == "ok"]
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
    assert api.get(f"/api/v1/work-orders/{order['id']}")["answers"] == {}

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


def test_what_is_typed_but_not_saved_is_there_again(
    tablet: BrowserContext, technician: Person, product: Product, api: Api
) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    technician.page.goto(f"/orders/{order['id']}")
    technician.answer(step, "not_ok")
    technician.page.fill("[name=remark]", "写到一半")
    technician.page.wait_for_timeout(300)
    technician.page.close()
    again = Person(tablet.new_page(), *product.admin())
    again.page.goto(f"/orders/{order['id']}")
    item = again.page.locator(f'[data-step="{step}"]')
    if "folded" in (item.get_attribute("class") or ""):
        item.click()
    expect(again.page.locator("[name=remark]")).to_have_value("写到一半")
    assert answer_of(api, order["id"], step) == {}


def test_not_ok_without_a_remark_is_not_kept(technician: Person, api: Api) -> None:
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")
    technician.page.goto(f"/orders/{order['id']}")
    technician.answer(step, "not_ok")
    technician.page.locator("[data-action=save]").click()
    expect(technician.page.get_by_role("alert")).to_contain_text("请填写说明")
    technician.expect_answered(step, "")


def test_the_sensors_value_is_taken_over(technician: Person, api: Api) -> None:
    order = planned_order(api, with_number=True)
    item = next(i for i in order["template"] if i["type"] == "number" and i["point"])
    technician.page.goto(f"/orders/{order['id']}")
    row = technician.page.locator(f'[data-step="{item["step"]}"]')
    if "folded" in (row.get_attribute("class") or ""):
        row.click()
    row.get_by_role("button", name="采用").click()
    shown = float(row.locator("input").input_value())
    technician.answer(item["step"], "ok")
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


def test_targets_are_large_enough_for_a_gloved_thumb(technician: Person, api: Api) -> None:
    technician.page.goto(f"/orders/{planned_order(api)['id']}")
    expect(technician.page.locator(".seg .btn").first).to_be_visible()
    boxes = technician.page.evaluate(
        "[...document.querySelectorAll('main button, .bottom .btn')].map(b => b.getBoundingClientRect())"
        ".filter(r => r.width > 0).map(r => [r.width, r.height])"
    )
    assert boxes
    assert all(width >= 48 and height >= 48 for width, height in boxes), boxes
