"""``boot`` as a number, and what is no boot: no gap is listed that its publisher could not heal."""

import json
from typing import Any

import pytest

from ingest.gaps import parse_gone
from plantroom.ports.gaps import GapFilter
from plantroom.ports.paging import PageRequest
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import MAX_BOOT, ReplayRequest, boot_number, boot_text, encode_replay_request
from tests.unit.ingest.house import House
from tests.unit.ingest.test_asking import Desk, desk

__all__ = ["desk"]
LONG = "x" * MAX_BOOT


def raw(house: House, seq: int, boot: Any) -> None:
    body = {"ts": house.now_ms + seq, "boot": boot, "seq": seq, "values": {"vibration": seq / 8}}
    house.raw(json.dumps(body).encode())


def listed(house: House) -> list[tuple[str, int, int, str]]:
    with house.ledger.read() as tx:
        found = tx.gaps.list(GapFilter(), PageRequest(100)).items
    return sorted((one.boot, one.first, one.last, one.state.value) for one in found)


@pytest.mark.parametrize("answer", [b"17", b'"17"', b"17.0", b"1.7e1"])
def test_a_publisher_that_counts_its_boots_says_what_it_no_longer_has(house: House, answer: bytes) -> None:
    for seq in (0, 1, 5):
        raw(house, seq, 17)
    house.start()
    house.settle()
    assert listed(house) == [("17", 2, 4, "open")]
    house.raw(b'{"boot":%s,"gone":[[2,4]],"channel":"telemetry"}' % answer, channel="status")
    house.settle()
    assert listed(house) == [("17", 2, 4, "given_up")]
    assert house.letters() == []


@pytest.mark.parametrize("boot", ["17", "-3", "1732867200.25", "0"])
def test_where_it_may_have_been_a_number_it_is_asked_for_as_a_text_and_as_a_number(desk: Desk, boot: str) -> None:
    desk.hole((5, 9), boot=boot)
    assert desk.later(seconds=5) == 2
    asked = [json.loads(payload) for _, payload, _ in desk.requests.sent]
    assert asked == [{"boot": form, "from": 5, "to": 9, "channel": "telemetry"} for form in (boot, json.loads(boot))]
    assert [gap.asks for gap in desk.gaps()] == [1]


@pytest.mark.parametrize("boot", ["7f3a", "", "007", "1e5", "17 ", "+1", "1_0", "٣", "nan", "Infinity", "9" * 40])
def test_any_other_text_is_asked_for_as_it_is(desk: Desk, boot: str) -> None:
    desk.hole((5, 9), boot=boot)
    assert desk.later(seconds=5) == 1
    assert [json.loads(payload)["boot"] for _, payload, _ in desk.requests.sent] == [boot]


def test_both_forms_count_where_few_requests_go_to_one_asset(desk: Desk) -> None:
    desk.hole(*[(n, n) for n in range(0, 100, 2)], boot="17")
    assert desk.later(seconds=5) == 10


@pytest.mark.parametrize("boot", [LONG + "x", LONG + "y", True, ["a"], {"a": 1}, 1e300, 1 << 80])
def test_what_no_request_can_name_is_no_numbering(house: House, boot: Any) -> None:
    for seq in (0, 1, 5):
        raw(house, seq, boot)
    house.start()
    assert house.settle().gaps == 0
    assert listed(house) == []
    assert [value for _, value in house.readings("vibration")] == [0.0, 1 / 8, 5 / 8]


def test_a_boot_that_is_too_long_is_never_taken_for_another(house: House) -> None:
    raw(house, 0, LONG)
    raw(house, 7, LONG + "y")
    house.start()
    assert house.settle().gaps == 0
    payload = json.dumps({"boot": LONG + "y", "gone": [[1, 2]]}).encode()
    assert parse_gone(SpoolRecord(1, 0, "t", payload), "a") is None


@pytest.mark.parametrize("boot", [0, 17, -3, 1.5, 1732867200.25, (1 << 63) - 1, 1e-7])
def test_a_number_is_found_again_in_its_text(boot: float) -> None:
    text = boot_text(boot)
    assert text is not None
    assert boot_number(text) == boot
    asked = json.loads(encode_replay_request(ReplayRequest(text, 1, 2), as_number=True))
    assert (asked["boot"], type(asked["boot"])) == (boot, type(boot))
