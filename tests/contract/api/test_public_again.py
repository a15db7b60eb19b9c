"""Reports that are sent, or begun, a second time; and what the pages say when they refuse."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.contract.api.test_public import JPEG, REPORTS, owner, said, staff_view
from tests.contract.api.test_public_pages import LABEL, sent
from tests.contract.api.test_several_at_once import contended
from tests.contract.api.world import HOME, World

KEY = {"Idempotency-Key": "6f1c2a54-8a0e-4bb0-9a0b-0d1f4f3a9c11"}


def test_a_report_that_met_another_writer_counts_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, begin = owner(world), world.ledger.begin
    codes = []
    for n in range(6):
        monkeypatch.setattr(world.ledger, "begin", contended(1, begin))
        codes.append(client.post(REPORTS, json=said(code=None, place=f"{n}楼")).status_code)
    assert codes == [201] * 5 + [429]
    monkeypatch.setattr(world.ledger, "begin", begin)
    assert len(world.admin.get("/api/v1/work-orders").json()["items"]) == 5


def test_a_photo_that_met_another_writer_is_added(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = owner(world)
    token = client.post(REPORTS, json=said()).json()["token"]
    monkeypatch.setattr(world.ledger, "begin", contended(1, world.ledger.begin))
    answer = client.post(f"{REPORTS}/{token}/photo", files={"file": ("p.jpg", JPEG)})
    assert (answer.status_code, answer.json()["photo"]) == (201, True)
    order = world.admin.get("/api/v1/work-orders").json()["items"][0]["id"]
    (kept,) = world.admin.get(f"/api/v1/work-orders/{order}/attachments").json()["items"]
    assert kept["sha256"] == sha256(JPEG).hexdigest()


def test_the_same_report_with_the_same_key_is_one_report_and_counts_once(world: World) -> None:
    client = owner(world)
    first = client.post(REPORTS, json=said(phone="13800000000"), headers=KEY)
    again = [client.post(REPORTS, json=said(phone="13800000000"), headers=KEY) for _ in range(10)]
    assert (first.status_code, {(one.status_code, one.text) for one in again}) == (201, {(201, first.text)})
    order = staff_view(world, first.json()["number"])
    assert order["records"]["comments"] == 0
    assert len(world.admin.get(f"/api/v1/work-orders/{order['id']}/reports").json()["items"]) == 1
    assert client.post(REPORTS, json=said(), headers=KEY).json()["token"] != first.json()["token"], "another report"
    assert client.post(REPORTS, json=said(), headers={"Idempotency-Key": "short"}).status_code == 422
    codes = [client.post(REPORTS, json=said()).status_code for _ in range(4)]
    assert codes == [201] * 3 + [429], "the two reports, and three more"


def test_two_at_the_same_moment_are_one(world: World) -> None:
    ready = threading.Barrier(4)

    def send(_: int) -> str:
        ready.wait()
        return owner(world).post(REPORTS, json=said(), headers=KEY).text

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(4)))
    assert len(answers) == 1
    (order,) = world.admin.get("/api/v1/work-orders").json()["items"]
    assert len(world.admin.get(f"/api/v1/work-orders/{order['id']}/reports").json()["items"]) == 1


def test_a_second_press_of_the_button_leads_to_the_same_report(world: World) -> None:
    client = owner(world)
    (key,) = re.findall(r'name="key" value="([^"]+)"', client.get(LABEL).text)
    (other,) = re.findall(r'name="key" value="([^"]+)"', client.get(LABEL).text)
    first, second = sent(client, key=key), sent(client, key=key)
    assert (first.status_code, first.headers["Location"]) == (303, second.headers["Location"])
    assert sent(client, key=other).headers["Location"] != first.headers["Location"]


def told(page: Any) -> str:
    """The sentence of a refusal, which is there in both languages."""
    found = re.findall(r'<p class="wrong" role="alert">(.*?)</p>', page.text) or re.findall(r"<p>(.*?)</p>", page.text)
    assert page.headers["content-type"].startswith("text/html"), page.text
    zh, en = re.split(r" ?/ ", found[0], maxsplit=1)
    assert re.search(r"[\u4e00-\u9fff]", zh), found[0]
    assert re.fullmatch(r"[ -~]+", en), found[0]
    return str(found[0])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": " "}, "描述：请填写 / description: is empty"),
        ({"text": "x" * 2001}, "描述：最多2000个字 / description: at most 2000 characters"),
        ({"name": "x" * 101}, "称呼：最多100个字 / your name: at most 100 characters"),
        ({"phone": "1" * 41}, "电话：最多40个字 / telephone: at most 40 characters"),
        ({"code": "x" * 201}, "设备编号：最多200个字 / machine: at most 200 characters"),
        ({"site": ""}, "项目：请填写 / site: is empty"),
        ({"code": "", "place": ""}, "请说明设备或位置 / say which machine (code) or where (place)"),
        ({"category": ""}, "什么问题：请填写 / what it is: is empty"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_in_both_languages(world: World, wrong: dict[str, str], words: str) -> None:
    page = sent(owner(world), **wrong)
    if page.status_code == 404:  # the machine that the form is about is not there
        assert set(wrong) & {"site", "code"}
        told(page)
        return
    assert (page.status_code, told(page)) == (422, words)


def test_every_other_refusal_is_a_page_in_both_languages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = owner(world)
    where = sent(client).headers["Location"]
    refusals = [
        (404, client.get("/faults/unknown")),
        (404, client.get("/faults", params={"site": "nowhere"})),
        (409, client.post(f"{where}/rating", data={"stars": "5"})),
        (422, client.post(f"{where}/rating", data={"stars": "9"})),
        (422, client.post(f"{where}/rating", data={"stars": ""})),
        (422, client.post(f"{where}/rating", data={"stars": "5", "comment": "x" * 1001})),
        (422, client.post(f"{where}/photo", files={"file": ("p.jpg", b"no photo")})),
        (422, client.post(f"{where}/photo", data={"file": "no file"})),
        (413, client.post(f"{where}/photo", files={"file": ("p.jpg", JPEG + b"0" * (5 << 20))})),
        (413, client.post("/faults", content=b"x" * 40_000)),
        (422, sent(client, category="alien")),
    ]
    assert [(status, one.status_code) for status, one in refusals if status != one.status_code] == []
    for _, one in refusals:
        told(one)
    monkeypatch.setattr(world.ledger, "begin", contended(2, world.ledger.begin))
    busy = sent(TestClient(world.app, raise_server_exceptions=False, client=("198.51.100.20", 5000)))
    assert (busy.status_code, told(busy).startswith("系统暂时不可用")) == (503, True)
    limited = [sent(client, place=f"{n}") for n in range(6)][-1]
    assert (limited.status_code, told(limited)) == (
        429,
        "请求过于频繁，请稍后再试 / too many requests: try again later",
    )


def test_a_form_comes_back_with_what_was_typed(world: World) -> None:
    page = sent(owner(world), category="alien", place="负二层")
    assert ("负二层" in page.text, f'value="{HOME}"' in page.text, 'name="key"' in page.text) == (True, True, True)
