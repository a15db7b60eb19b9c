"""Signing in and out."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e_web.person import Person
from tests.product import Product


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
    person.page.locator("[data-menu]").click()
    person.page.get_by_role("button", name="退出登录").click()
    person.page.wait_for_url("**/sign-in")
    status = person.page.evaluate("fetch('/api/v1/session').then(r => r.status)")
    assert status == 401
