"""Every page in both languages, light and dark, on three widths: nothing cut, nothing grey on grey, no error.

``PLANTROOM_SCREENSHOTS`` names a folder for the pictures; with it every combination is made, without it a few.
"""

import os
from itertools import product as combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, expect

from tests.e2e_web.person import DESK, PHONE, TABLET, open_context, planned_order
from tests.product import Api, Product, eventually

FOLDER = os.environ.get("PLANTROOM_SCREENSHOTS")
SIZES: dict[int, ViewportSize] = {360: PHONE, 820: TABLET, 1440: DESK}
ALL = list(combinations(("zh", "en"), ("light", "dark"), SIZES))
FEW = [("zh", "light", 1440), ("en", "dark", 360), ("zh", "dark", 820)]

PALE = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
      if (a > 0.9) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    if (!own || element.getClientRects().length === 0 || element.closest(".hidden-label")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${element.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""

WIDER = """() => document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => `${e.tagName}.${e.className}`).slice(0, 5)
  : []"""

CUT = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1)
  .filter((e) => getComputedStyle(e).overflowX === "hidden" && getComputedStyle(e).textOverflow !== "ellipsis")
  .map((e) => `${e.tagName}.${e.className}`)"""

UNNAMED = """() => [...document.querySelectorAll("button, a, input, select, textarea")]
  .filter((e) => e.getClientRects().length > 0)
  .filter((e) => !(e.innerText || "").trim() && !e.getAttribute("aria-label") && !(e.labels && e.labels.length)
    && !e.querySelector("img[alt]:not([alt=''])"))
  .map((e) => e.outerHTML.slice(0, 120))"""


CHECKS = {"wider than the screen": WIDER, "cut": CUT, "too pale": PALE, "without a name": UNNAMED}


@pytest.fixture(scope="module")
def addresses(api: Api) -> dict[str, str]:
    """Name and address of every page."""

    def opened() -> Any:
        return [t for t in api.items("/api/v1/work-orders", kind="corrective") if t["origin"] == "model"]

    tickets = eventually(opened, 180, 0.5)
    assert tickets
    return {
        "morning": "/",
        "today": "/today",
        "checklist": f"/orders/{planned_order(api, with_number=True)['id']}",
        "tickets": "/tickets",
        "ticket": f"/tickets/{tickets[0]['id']}",
        "assets": "/assets",
        "asset": "/assets/P-2",
        "alarms": "/alarms",
        "live": "/live",
        "plan": "/plan",
        "health": "/health",
        "sync": "/sync",
        "sign-in": "/sign-in",
    }


def settled(page: Page) -> None:
    """Until no grey block is left and the charts are drawn."""
    expect(page.locator("main")).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0, timeout=15_000)
    page.wait_for_timeout(700 if FOLDER else 350)


@pytest.mark.parametrize(("language", "theme", "width"), ALL if FOLDER else FEW)
def test_pages_are_whole_and_readable(
    browser: Browser,
    product: Product,
    signed_in: StorageState,
    addresses: dict[str, str],
    language: str,
    theme: str,
    width: int,
) -> None:
    context = open_context(browser, product.url, SIZES[width], storage_state=signed_in)
    context.add_init_script(
        f"localStorage.setItem('plantroom.locale', '{language}'); localStorage.setItem('plantroom.theme', '{theme}')"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    wrong: list[str] = []
    for name, address in addresses.items():
        page.goto(address)
        settled(page)
        for what, script in CHECKS.items():
            wrong += [f"{name}: {what}: {found}" for found in page.evaluate(script)]
        if FOLDER:
            Path(FOLDER).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(FOLDER) / f"{name}-{language}-{theme}-{width}.png")
    context.close()
    assert wrong == []
    assert errors == []
