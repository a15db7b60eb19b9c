"""The product, the browser and a person signed in."""

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests.e2e_web.person import DESK, Person, open_context, sign_in_once
from tests.product import Api, Product

# What a page is to show comes within a second; a slow machine that does other things beside it takes more than five.
expect.set_options(timeout=15_000)

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def demo_plant(web_dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """``plantroom run --simulate demo`` for all tests of the folder."""
    running = Product(tmp_path_factory.mktemp("web") / "data", scenario="demo")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="package")
def product(demo_plant: Product) -> Product:
    """The product that the tests of a file look at: this one, or one of the file's own."""
    return demo_plant


@pytest.fixture(scope="package")
def api(product: Product) -> Api:
    """The same server without a browser: what the tests compare the pages with."""
    return product.api()


@pytest.fixture(scope="package")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A real Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, product: Product) -> StorageState:
    """Cookie and storage of an administrator who has signed in, in Chinese."""
    return sign_in_once(browser, product)


@pytest.fixture
def context(browser: Browser, product: Product, signed_in: StorageState) -> Iterator[BrowserContext]:
    """A device of desktop size, on which the administrator is signed in."""
    made = open_context(browser, product.url, DESK, storage_state=signed_in)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Its only tab."""
    return context.new_page()


@pytest.fixture
def person(page: Page, product: Product) -> Person:
    """The administrator, on the first page."""
    page.goto("/")
    return Person(page, *product.admin())


@pytest.fixture
def device(product: Product) -> Iterator[mqtt.Client]:
    """A publisher of the plant."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="e2e-web-device")
    client.connect(product.runtime["mqtt_host"], product.runtime["mqtt_port"])
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()
