"""Signing in and out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e_web.person import DESK, Person, open_context
from tests.product import Api, Product, eventually

KNOWN, UNKNOWN = 200, 401
ENDED_S = 15


@pytest.fixture
def context(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A fresh device that takes the app along: people leave without a network, too."""
    made = open_context(browser, product.url, DESK, offline=True)
    yield made
    made.close()


@pytest.fixture
def person(page: Page, product: Product) -> Person:
    """Somebody who has signed in here and now."""
    somebody = Person(page, *product.admin())
    somebody.sign_in()
    return somebody


def session_status(page: Page) -> int:
    """What the server says of the browser's session."""
    return int(page.evaluate("fetch('/api/v1/session').then(r => r.status)"))


@pytest.mark.parametrize(
    ("language", "submit", "greeting"), [("中文", "登录", "法定逾期"), ("English", "Sign in", "Overdue by law")]
)
def test_a_person_signs_in_in_their_language(
    page: Page, product: Product, language: str, submit: str, greeting: str
) -> None:
    page.goto("/")
    page.get_by_role("button", name=language, exact=True).click()
    username, password = product.admin()
    page.get_by_label("用户名" if language == "中文" else "User name").fill(username)
    page.get_by_label("密码" if language == "中文" else "Password").fill(password)
    page.get_by_role("button", name=submit, exact=True).click()
    expect(page.get_by_role("heading", name=greeting)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == ("zh-Hans" if language == "中文" else "en")


@pytest.mark.parametrize(("locale", "submit"), [("en-US", "Sign in"), ("zh-CN", "登录"), ("de-DE", "登录")])
def test_the_first_language_is_the_browsers(browser: Browser, product: Product, locale: str, submit: str) -> None:
    context = open_context(browser, product.url, DESK, locale=locale)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("button", name=submit, exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == ("en" if submit == "Sign in" else "zh-Hans")
    context.close()


def test_the_language_stays_after_closing_the_tab(context: BrowserContext, person: Person) -> None:
    person.page.locator("[data-menu]").click()
    person.page.get_by_role("button", name="English").click()
    person.page.close()
    again = context.new_page()
    again.goto("/")
    expect(again.get_by_role("heading", name="Overdue by law")).to_be_visible()


def test_a_wrong_password_says_what_to_do(page: Page, product: Product) -> None:
    page.goto("/sign-in")
    Person(page, *product.admin()).fill_in(password="wrong")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    assert page.url.endswith("/sign-in")


def test_without_a_network_it_says_so_and_keeps_what_was_typed(
    context: BrowserContext, page: Page, product: Product
) -> None:
    page.goto("/sign-in")
    expect(page.locator("[name=username]")).to_be_visible()
    context.set_offline(True)
    Person(page, *product.admin()).fill_in()
    expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
    assert page.input_value("[name=username]") == product.admin()[0]


def test_a_page_asked_for_before_signing_in_comes_after_it(page: Page, product: Product) -> None:
    page.goto("/assets/P-1")
    page.wait_for_url("**/sign-in?to=*")
    Person(page, *product.admin()).fill_in()
    page.wait_for_url("**/assets/P-1")
    expect(page.get_by_role("heading", name="P-1")).to_be_visible()


def test_signing_out_ends_the_session_on_the_server(person: Person) -> None:
    person.sign_out()
    assert eventually(lambda: session_status(person.page) == UNKNOWN, ENDED_S)


def test_signing_out_without_a_network_ends_the_session_as_soon_as_there_is_one(
    context: BrowserContext, person: Person
) -> None:
    person.ready_offline()
    context.set_offline(True)
    person.sign_out()
    again = context.new_page()
    again.goto("/today")
    again.wait_for_url("**/sign-in?to=*")
    again.close()
    context.set_offline(False)
    assert eventually(lambda: session_status(person.page) == UNKNOWN, ENDED_S)
    expect(person.page.locator("[name=username]")).to_be_visible()


def test_signing_in_after_leaving_without_a_network_ends_the_old_session_first(
    context: BrowserContext, person: Person, product: Product
) -> None:
    old = {c["name"]: c["value"] for c in context.cookies()}["plantroom_session"]
    headers = {"Cookie": f"plantroom_session={old}"}
    api = Api(product.url)
    assert api.request("GET", "/api/v1/session", headers=headers)[0] == KNOWN
    context.set_offline(True)
    person.sign_out()
    context.set_offline(False)
    person.fill_in()
    expect(person.page.locator('[data-section="overdue"]')).to_be_visible()
    assert api.request("GET", "/api/v1/session", headers=headers)[0] == UNKNOWN
    assert session_status(person.page) == KNOWN


def test_another_person_in_another_tab_is_named_and_nobody_is_changed_unasked(
    context: BrowserContext, person: Person, product: Product
) -> None:
    made = product.json("user", "add", "lin", "--role", "technician", "--name", "林工")
    lin = Person(context.new_page(), "lin", made["password"])
    lin.sign_in()
    page = person.page
    notice = page.locator("[data-notice=other]")
    expect(notice).to_contain_text("林工 已在这个浏览器的另一个标签页登录")
    expect(page.locator('[data-section="overdue"]')).to_be_visible()
    notice.locator("[data-action=follow]").click()
    expect(notice).to_be_hidden()
    page.locator("[data-menu]").click()
    expect(page.locator(".menu-panel")).to_contain_text("林工")

    lin.sign_out()
    page.wait_for_url("**/sign-in*")
