"""Two tablets answered the same item without knowing of each other: whoever looks sees that, and both answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e_web.person import Person, planned_order
from tests.product import Api, Product

SEND = """async ([device, ops]) => {
  const session = JSON.parse(localStorage.getItem("plantroom.session"));
  const answer = await fetch("/api/v1/sync", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token },
    body: JSON.stringify({
      device, device_now: new Date().toISOString(), ops: ops.map((op) => ({ ...op, user: session.user.id })),
    }),
  });
  return (await answer.json()).results.map((result) => result.status);
}"""


@pytest.fixture
def disputed(person: Person, api: Api) -> tuple[dict[str, Any], str]:
    """An order and the step to which two devices gave different answers, both from the same state of the order."""
    order = planned_order(api)
    step = next(i["step"] for i in order["template"] if i["type"] == "ok")

    def send(device: str, *ops: dict[str, Any]) -> list[str]:
        same = {"work_order": order["id"], "base_version": order["version"]}
        captured = {"captured_at": datetime.now(UTC).isoformat()}
        made = [{"op_id": f"{device}-{op['type']}-{order['id']}"[:100], **same, **captured, **op} for op in ops]
        return list(person.page.evaluate(SEND, [device, made]))

    first = {"type": "answer", "step": step, "value": {"outcome": "ok"}}
    second = {"type": "answer", "step": step, "value": {"outcome": "not_ok", "remark": "密封渗水"}}
    assert send("tablet-a", {"type": "start", "value": {}}, first) == ["applied", "applied"]
    assert send("tablet-b", second) == ["conflict"]
    return order, step


def test_a_conflict_is_marked_in_every_list_and_shown_with_both_answers_on_its_item(
    person: Person, product: Product, disputed: tuple[dict[str, Any], str]
) -> None:
    order, step = disputed
    page = person.page
    for address in ("/tickets?list=planned", "/tickets?list=running", "/tickets?list=all"):
        page.goto(f"{address}&text=%23{order['number']}")
        row = page.locator("[data-row]", has_text=f"#{order['number']} ")
        expect(row.locator("[data-tag=conflict]")).to_have_text("有冲突")
    page.goto("/today")
    expect(page.locator(f'[data-order="{order["id"]}"] [data-tag=conflict]')).to_be_visible()

    page.goto(f"/orders/{order['id']}?step={step}")
    expect(page.locator("main [data-tag=conflict]").first).to_be_visible()
    item = page.locator(f'[data-step="{step}"]')
    both = item.locator("[data-conflict]")
    who = product.admin()[0]
    expect(both.locator(".said").nth(0)).to_contain_text(f"现有答案 · {who} · ")
    expect(both.locator(".said").nth(0)).to_contain_text("正常")
    expect(both.locator(".said").nth(1)).to_contain_text(f"另一份答案 · {who} · ")
    expect(both.locator(".said").nth(1)).to_contain_text("不正常 · 密封渗水")
    expect(item.locator(".tag.ok")).to_have_count(0)
    expect(item.locator(".tag.warn")).to_contain_text("有冲突")
