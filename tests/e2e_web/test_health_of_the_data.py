"""The page on the health of the data, with a real readings store that is stopped and started again.

``PLANTROOM_SCREENSHOTS`` names a folder for pictures of it in trouble.
"""

import json
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, Page, expect

from tests.e2e_web.person import DESK, PHONE, TABLET, Person, open_context, sign_in_once
from tests.e2e_web.test_screens import CHECKS, FOLDER
from tests.product import Api, Product, eventually

BACKLOG = 30_000
WIDTHS = {360: PHONE, 820: TABLET, 1440: DESK}
BACK_S = 90_000
"""A store that is back is noticed within the longest pause between two tries."""


@pytest.fixture
def site(web_dist: Path, own_influx: Any, tmp_path: Path) -> Iterator[Product]:
    running = Product(tmp_path / "data", settings={"PLANTROOM_READINGS_URL": own_influx.access.readings_url()})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sensor(site: Product) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="health-sensor")
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(500)
    client.connect(site.runtime["mqtt_host"], site.runtime["mqtt_port"])
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(sensor: mqtt.Client, count: int, code: str = "P-9", **values: Any) -> None:
    """Messages that the broker has acknowledged."""
    now_ms = round(time.time() * 1000)
    body = values or {"vibration": 2.1, "discharge_pressure": 0.41}
    sent = [
        sensor.publish(f"plantroom/demo/{code}/telemetry", json.dumps({"ts": now_ms + n, "values": body}), qos=1)
        for n in range(count)
    ]
    for info in sent:
        info.wait_for_publish(60)


def show(page: Page, name: str) -> None:
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=True)


def condition(page: Page, code: str) -> Any:
    return page.locator(f"[data-condition={code}]")


def test_a_store_that_is_away_is_told_in_words_then_that_it_catches_up_then_that_all_is_well(
    browser: Browser, site: Product, own_influx: Any, sensor: mqtt.Client
) -> None:
    api = site.api()
    name = {"zh": "九号泵", "en": "Pump 9"}
    api.post("/api/v1/assets", {"site": "demo", "code": "P-9", "class": "pump", "name": name})
    publish(sensor, 10)
    context = open_context(browser, site.url, DESK)
    page = context.new_page()
    Person(page, *site.admin()).sign_in()
    page.goto("/health")
    expect(page.locator("[data-flowing]")).to_contain_text("一切正常", timeout=30_000)
    expect(page.locator("[data-conditions]")).to_have_attribute("data-conditions", "0", timeout=30_000)
    show(page, "health-flowing")

    own_influx.stop()
    publish(sensor, BACKLOG)
    away = condition(page, "store_away")
    expect(away).to_contain_text("读数数据库无应答", timeout=30_000)
    expect(away).to_contain_text("没有丢失")
    expect(away).to_contain_text("PLANTROOM_READINGS_URL")
    expect(away.locator("p").first).to_contain_text("30,0")
    expect(page.locator("[data-flowing]")).to_have_count(0)
    assert api.call("GET", "/readyz")[0] == 503
    show(page, "health-away")
    checked = site.cli("check")
    assert checked.returncode == 5
    assert "way in: The readings store does not answer (site demo) since" in checked.stdout
    assert "Nothing is lost" in checked.stdout

    page.goto("/")
    expect(page.locator("[data-condition-line=store_away]")).to_contain_text("读数数据库无应答")
    page.locator("[data-condition-line]").click()
    expect(away).to_be_visible()
    assert eventually(lambda: _is_behind_and_quiet(api), 60, 0.5)

    own_influx.start()
    # A quick machine is through with it before the backlog is ten seconds old by the page's next look.
    after = page.locator("[data-condition=backlog_draining], [data-flowing]").first
    expect(after).to_contain_text(re.compile("补完|没有丢失|未发现异常"), timeout=BACK_S)
    show(page, "health-draining")
    expect(page.locator("[data-flowing]")).to_contain_text("未发现异常", timeout=BACK_S)
    expect(page.locator("[data-conditions]")).to_have_attribute("data-conditions", "0", timeout=BACK_S)
    stats = api.get("/api/v1/ingest/stats")
    assert (stats["received"], stats["stored"], stats["dead_lettered"]) == (BACKLOG + 10, 2 * (BACKLOG + 10), 0)
    figure = page.locator("[data-figure=waiting] .chart")
    assert eventually(lambda: int(figure.get_attribute("data-points") or 0) > 0, 40)
    context.close()


def _is_behind_and_quiet(api: Api) -> bool:
    flow = api.get("/api/v1/ingest/stats")["flow"]
    return flow["lag_s"] > 12 and flow["messages_per_s"] == 0


WORDS = {"zh": "在台账中建立该编号", "en": "enter its code in the ledger"}


def test_what_could_not_be_used_is_explained_with_an_example_and_whole_on_every_screen(
    browser: Browser, site: Product, own_influx: Any, sensor: mqtt.Client
) -> None:
    api = site.api()
    publish(sensor, 3, "P-404")
    sensor.publish("plantroom/demo/what/ever/it/is", b"\xff\xfe not json", qos=1).wait_for_publish(10)
    sensor.publish("plantroom/nosite/P-1/telemetry", b"{", qos=1).wait_for_publish(10)
    own_influx.stop()
    assert eventually(lambda: api.get("/api/v1/dead-letters/summary")["total"] >= 5, 20)
    signed_in = sign_in_once(browser, site)
    wrong: list[str] = []
    for language, theme, width in product(WORDS, ("light", "dark"), WIDTHS):
        context = open_context(browser, site.url, WIDTHS[width], storage_state=signed_in)
        context.add_init_script(
            f"localStorage.setItem('plantroom.locale', '{language}');localStorage.setItem('plantroom.theme', '{theme}')"
        )
        page = context.new_page()
        page.goto("/health")
        unknown = page.locator("[data-reason=unknown_asset]")
        unknown.locator("summary").click()
        expect(unknown).to_contain_text(WORDS[language])
        expect(unknown.locator("pre")).to_contain_text('{"ts":')
        help_button = condition(page, "letters_unknown_asset").locator("button")
        expect(help_button).to_be_visible()
        help_button.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "letters"
        page.wait_for_timeout(500)
        for what, script in CHECKS.items():
            wrong += [f"{language} {width} {theme}: {what}: {found}" for found in page.evaluate(script)]
        show(page, f"health-letters-{language}-{theme}-{width}")
        context.close()
    assert wrong == []
