"""The ledger, an asset's page and the live plant."""

from playwright.sync_api import Page, Route, expect

from tests.e2e_web.person import Person
from tests.product import Api, eventually


def test_the_list_is_searched_and_filtered(person: Person, api: Api) -> None:
    page = person.page
    page.goto("/assets")
    everything = api.items("/api/v1/assets")
    expect(page.locator("[data-row]")).to_have_count(len(everything))
    page.locator("main").get_by_role("button", name="水泵", exact=True).click()
    expect(page.locator("[data-row]")).to_have_count(sum(a["class"] == "pump" for a in everything))
    page.locator("main [data-search]").fill("P-3")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("[data-row] a").click()
    page.wait_for_url("**/assets/P-3")


def test_the_live_chart_grows_by_itself(person: Person) -> None:
    page = person.page
    page.goto("/assets/P-1?point=discharge_pressure&range=15m")
    chart = page.locator(".chart[data-points]").first
    expect(chart.locator("canvas")).to_be_visible()
    first = eventually(lambda: float(chart.get_attribute("data-last") or 0), 30)
    assert first > 0
    assert eventually(lambda: float(chart.get_attribute("data-last") or 0) > first + 1, 30)


def test_every_point_shows_its_value_with_unit_source_and_age(person: Person, api: Api) -> None:
    page = person.page
    page.goto("/assets/P-1")
    pump = api.items("/api/v1/assets", code="P-1")[0]
    points = api.items(f"/api/v1/assets/{pump['key']}/points")
    expect(page.locator("[data-point]")).to_have_count(len(points))
    pressure = page.locator('[data-point="discharge_pressure"]')
    expect(pressure).to_contain_text("MPa")
    expect(pressure).to_contain_text("传感器")


def test_choosing_a_point_and_a_span_changes_the_chart(person: Person) -> None:
    page = person.page
    page.goto("/assets/P-1")
    page.locator('[data-point="flow"]').click()
    expect(page.get_by_role("heading", name="流量")).to_be_visible()
    page.get_by_role("button", name="7 天").click()
    expect(page.get_by_text("小时均值与最小最大")).to_be_visible()
    assert "range=7d" in page.url


def with_clock(page: Page, clock: dict[str, object]) -> None:
    """The pump as the API tells of it, but for its clock."""

    def answer(route: Route) -> None:
        told = route.fetch()
        found = told.json()
        route.fulfill(response=told, json={**found, "items": [{**one, **clock} for one in found["items"]]})

    page.context.route("**/api/v1/assets?*code=P-1*", answer)


def test_a_machine_with_values_of_now_is_not_said_to_have_none_for_a_wrong_clock(person: Person) -> None:
    page = person.page
    fast = {"clock_wrong": True, "clock_offset_ms": 3_599_880, "clock_times": "ahead", "clock_effect": "refused"}
    with_clock(page, fast)
    page.goto("/assets/P-1")
    banner = page.locator("[data-clock]")
    expect(banner).to_contain_text("设备时间快60 分钟：部分消息被拒收", timeout=60_000)
    expect(banner).to_have_attribute("data-clock", "some_refused")
    expect(page.get_by_text("无法判断")).to_have_count(0)


def test_times_that_stand_still_are_called_that_all_over_the_page(person: Person) -> None:
    page = person.page
    off = {"clock_wrong": True, "clock_offset_ms": -7_862_400_000, "clock_times": "standing", "clock_effect": "refused"}
    with_clock(page, off)
    page.goto("/assets/P-1")
    said = "时间停在91 天前（时钟停走，或反复发送上次变化）"
    expect(page.locator("[data-clock]")).to_contain_text(f"设备{said}", timeout=60_000)
    expect(page.locator(".page-head")).to_contain_text(said)
    expect(page.get_by_text(said, exact=True)).to_have_count(2)


def test_the_next_dates_say_why(person: Person) -> None:
    page = person.page
    page.goto("/assets/FP-1")
    dates = page.locator(".plan-item")
    expect(dates.first).to_be_visible()
    assert all("要求" in text or "约定" in text for text in dates.all_inner_texts())


def test_an_unknown_asset_is_said_plainly(person: Person) -> None:
    person.page.goto("/assets/NO-SUCH")
    expect(person.page.get_by_text("没有编号为 NO-SUCH 的设备")).to_be_visible()


def test_the_live_plant_shows_every_asset_under_its_system(person: Person, api: Api) -> None:
    page = person.page
    page.goto("/live")
    expect(page.locator("a.tile")).to_have_count(len(api.items("/api/v1/assets")))
    for system in ("供水系统", "电梯系统", "消防系统", "空调系统"):
        expect(page.get_by_role("heading", name=system)).to_be_visible()
    expect(page.locator("a.tile", has_text="1号生活水泵")).to_contain_text("MPa")


def test_the_health_of_the_data_moves(person: Person) -> None:
    page = person.page
    page.goto("/health")
    figure = page.locator(".kpis b").nth(1)
    expect(figure).to_be_visible()
    before = figure.inner_text()
    assert eventually(lambda: figure.inner_text() != before, 15)


def test_the_plan_lists_coming_dates_with_their_reason(person: Person) -> None:
    page = person.page
    page.goto("/plan?days=90")
    expect(page.locator(".plan-item").first).to_be_visible()
    page.get_by_role("button", name="只看法定").click()
    expect(page.locator(".plan-item").first).to_contain_text("法定")


def test_a_value_beyond_the_normal_alone_is_neither_coloured_nor_in_a_warning_zone(person: Person, api: Api) -> None:
    pump = api.items("/api/v1/assets", code="P-2")[0]
    address = f"/api/v1/assets/{pump['key']}/points/vibration/limits"
    low = {"normal_high": 0.01, "warning_high": None, "alarm_high": 20, "reason": "test"}
    before = api.get(address)["limits"]
    api.request("PATCH", address, low, {"If-Match": "*"})
    page = person.page
    page.goto("/assets/P-2?point=vibration")
    tile = page.locator('[data-point="vibration"]')
    expect(tile).to_contain_text("mm/s")
    expect(tile.locator(".warn-ink, .band-watch")).to_have_count(0)
    expect(page.locator("[data-limit=normal]")).to_contain_text("≤ 0.01")
    expect(page.locator("[data-limit=alarm]")).to_contain_text("> 20")
    expect(page.locator("[data-limit=watch]")).to_have_count(0)
    back = {name: before.get(name) for name in ("normal_high", "warning_high", "alarm_high")}
    api.request("PATCH", address, {**back, "reason": "test is over"}, {"If-Match": "*"})
