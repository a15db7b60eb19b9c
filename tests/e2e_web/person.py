"""What a person does with the pages."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize, expect

from tests.product import Api, Product, eventually

DESK: ViewportSize = {"width": 1440, "height": 900}
TABLET: ViewportSize = {"width": 820, "height": 1180}
PHONE: ViewportSize = {"width": 360, "height": 760}
ITEMS = 3
TAKEN_ALONG_S = 20
ON_DEVICE = """(id) => new Promise((done, fail) => {
  const opened = indexedDB.open("plantroom");
  opened.onerror = () => fail(opened.error);
  opened.onsuccess = () => {
    const asked = opened.result.transaction("orders").objectStore("orders").getAll();
    asked.onerror = () => fail(asked.error);
    asked.onsuccess = () => { opened.result.close(); done(asked.result.some((order) => order.id === id)); };
  };
})"""


def open_context(
    browser: Browser, url: str, size: ViewportSize, *, offline: bool = False, **more: Any
) -> BrowserContext:
    """A device; its pages fail the test's assertions sooner than Playwright's default of 30 s. ``offline``: it takes
    the app along, which costs a second of the processor."""
    given = {"locale": "zh-CN", "service_workers": "allow" if offline else "block", **more}
    context = browser.new_context(base_url=url, viewport=size, has_touch=size["width"] < 900, **given)
    context.set_default_timeout(15_000)
    return context


class Person:
    """Somebody at one tab."""

    def __init__(self, page: Page, username: str, password: str) -> None:
        self.page = page
        self._username = username
        self._password = password

    def sign_in(self) -> None:
        """From wherever they are; ends on the first page."""
        self.page.goto("/sign-in")
        self.fill_in()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def sign_out(self) -> None:
        """From the menu, in Chinese; ends on the page to sign in."""
        self.page.locator("[data-menu]").click()
        self.page.get_by_role("button", name="退出登录").click()
        self.page.wait_for_url("**/sign-in")

    def fill_in(self, password: str | None = None) -> None:
        """User name and password, and send."""
        self.page.fill("[name=username]", self._username)
        self.page.fill("[name=password]", self._password if password is None else password)
        self.page.click("button[type=submit]")

    def ready_offline(self) -> None:
        """Wait until the app and the shift are on the device."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        eventually(lambda: self.page.evaluate("navigator.serviceWorker.controller !== null"), 15)
        assert self.page.evaluate("navigator.serviceWorker.controller !== null")
        self.page.goto("/today")
        expect(self.page.locator("[data-order]").first).to_be_visible()

    def takes_along(self, order: str) -> None:
        """Wait on the first page until an order has come to the device: one that is made while the app starts comes a
        little later."""
        assert self.page.url.endswith("/today")
        there = eventually(lambda: self.page.evaluate(ON_DEVICE, order), TAKEN_ALONG_S)
        assert there, f"order {order} did not come to the device"

    def answer(self, step: str, outcome: str) -> None:
        """Open an item when it is folded, and press its result."""
        item = self.page.locator(f'[data-step="{step}"]')
        if "folded" in (item.get_attribute("class") or ""):
            item.click()
        self.page.locator(f'[data-step="{step}"] [data-outcome-button="{outcome}"]').click()

    def expect_answered(self, step: str, outcome: str) -> None:
        """The item shows its answer."""
        expect(self.page.locator(f'[data-step="{step}"]')).to_have_attribute("data-outcome", outcome)

    def sync_line(self) -> Any:
        """The line that says whether anything is unsent."""
        return self.page.locator("[data-sync]")


def sign_in_once(browser: Browser, product: Product) -> StorageState:
    """Cookie and storage of the administrator, signed in in Chinese: for devices that begin with them."""
    context = open_context(browser, product.url, DESK)
    Person(context.new_page(), *product.admin()).sign_in()
    state = context.storage_state()
    context.close()
    return state


def planned_order(api: Api, with_number: bool = False) -> dict[str, Any]:
    """An open planned order of the shift with at least three items, the earliest first."""

    def found() -> dict[str, Any] | None:
        for order in api.get("/api/v1/sync/bundle")["work_orders"]:
            numbers = [i for i in order["template"] if i["type"] == "number"]
            fresh = order["state"] in {"open", "scheduled"} and not order["answers"]
            plain = all(i["type"] in {"ok", "number"} and not i["evidence"] for i in order["template"])
            if fresh and plain and len(order["template"]) >= ITEMS and (numbers or not with_number):
                return dict(order)
        return None

    order = eventually(found, 20, 0.5)
    assert order, "the demo has no planned order that a test could do"
    return dict(order)
