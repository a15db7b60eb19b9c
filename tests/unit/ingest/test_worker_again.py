"""Messages that come again, clocks that jump, values that come beside events."""

import json
from dataclasses import replace

import pytest

from ingest import replays
from plantroom.domain.assets import Point
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, Witness
from tests.unit.ingest.plants import TEMPLATES
from tests.unit.ingest.test_replays import replay


def test_a_partly_rejected_message_is_stored_when_it_is_sent_again(house: House) -> None:
    house.send({"vibration": 1.0, "extra": 9}, boot="b", seq=1)
    ahead = json.dumps({"ts": house.now_ms + 360_000, "boot": "b", "seq": 2, "values": {"vibration": 2}}).encode()
    house.raw(ahead)
    house.start()
    house.settle()
    assert house.reasons() == ["clock_in_future", "unknown_point"]
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-1", replace(TEMPLATES[1], key="extra"))])
    for letter in house.letters():
        house.raw(letter.payload, received_ms=house.now_ms + 120_000)
    stats = house.settle()
    assert house.readings("extra") == [(0, 9.0)]
    assert house.readings("vibration") == [(0, 1.0), (360_000, 2.0)]
    assert (len(house.letters()), stats.duplicates, stats.gaps) == (2, 0, 0)
    house.raw(ahead, received_ms=house.now_ms + 121_000)
    assert house.settle().duplicates == 1


def test_what_the_store_refused_is_stored_when_it_is_sent_again(house: House) -> None:
    house.store.refuse = 5.0
    house.send({"vibration": 5.0, "running": 1}, boot="b", seq=1)
    house.start()
    house.settle()
    assert house.reasons() == ["rejected_by_store"]
    house.store.refuse = None
    house.send({"vibration": 5.0, "running": 1}, boot="b", seq=1)
    assert house.settle().duplicates == 0
    assert house.readings("vibration") == [(0, 5.0)]


def test_a_counter_that_begins_anew_without_time_and_boot_is_no_repetition(house: House) -> None:
    for n in range(30):
        house.raw(json.dumps({"seq": n % 10, "values": {"vibration": 1}}).encode(), received_ms=house.now_ms + n)
    house.start()
    stats = house.settle()
    assert len(house.readings("vibration")) == 30
    assert (stats.duplicates, stats.gaps) == (0, 0)


def test_a_boot_proves_a_repetition_without_a_time(house: House) -> None:
    for _ in range(2):
        house.raw(b'{"boot":"b","seq":1,"values":{"vibration":1}}')
    house.start()
    assert (house.settle().duplicates, len(house.readings("vibration"))) == (1, 1)


def test_our_own_clock_may_jump_for_one_message_and_alarms_go_on(house: House) -> None:
    house.raw(b'{"pressure": 0.5}', received_ms=house.now_ms + 86_400_000)
    for s in range(20):
        house.raw(json.dumps({"pressure": 1.2 + s / 1e6}).encode(), received_ms=house.now_ms + 1000 * s)
    house.start()
    house.settle()
    assert [ts for ts, _ in house.readings("pressure")] == [*range(0, 20_000, 1000), 86_400_000]
    assert [finding.subject for finding in house.findings()] == ["pressure:alarm_high", "pressure:warning_high"]


@pytest.mark.parametrize("in_array", [False, True])
def test_values_beside_an_event_are_stored_and_judged_by_nobody(house: House, witness: Witness, in_array: bool) -> None:
    message = {
        "ts": house.now_ms,
        "seq": 7,
        "event": "flooded",
        "values": {"pressure": 1.2, "level": 3, "running": "x"},
    }
    house.send({"vibration": 1.0}, seq=1, boot="b", s=-1)
    for _ in range(20):
        house.raw(json.dumps([message] if in_array else message).encode(), channel="event")
    house.raw(b'{"values": {"vibration": 4}}', channel="event")
    house.raw(b'{"event": "flooded", "values": 4}', channel="event")
    house.start(Lane.SAFETY)
    stats = house.settle()
    assert house.readings("pressure") == [(0, 1.2)]
    assert house.readings("vibration") == [(-1000, 1.0)]
    assert house.witnessed() == [1.0]
    assert {finding.subject for finding in house.findings()} == {"flooded"}
    assert house.reasons() == sorted(["text_value", "unknown_point"] * 20 + ["wrong_shape"] * 2)
    assert stats.gaps == 0


def in_part(seq: int, **values: object) -> bytes:
    """A message without a time of its own."""
    return json.dumps({"boot": "b", "seq": seq, "values": values}).encode()


BROKEN = {"unknown point": {"extra": 2}, "text": {"pressure": "x"}, "refused": {"pressure": 5.0}}


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("broken", BROKEN)
def test_a_message_without_a_time_of_which_a_part_was_stored_is_not_stored_twice(
    house: House, broken: str, restart: bool, lane: Lane
) -> None:
    house.store.refuse = 5.0
    sent = in_part(1, vibration=1.5, **BROKEN[broken])
    house.start(lane)
    house.raw(sent)
    house.settle()
    if restart:
        house.stop()
        house.start(lane)
    for ms in (700, 1400):
        house.raw(sent, received_ms=house.now_ms + ms)
        house.settle()
    house.raw(sent, received_ms=house.now_ms + 2100)
    house.raw(sent, received_ms=house.now_ms + 2100)
    stats = house.settle()
    assert house.readings("vibration") == [(0, 1.5)]
    assert stats.gaps == 0
    assert stats.duplicates >= 4


@pytest.mark.parametrize("broken", BROKEN)
def test_nor_when_it_comes_again_in_the_same_batch(house: House, broken: str) -> None:
    house.store.refuse = 5.0
    for ms in (0, 700):
        house.raw(in_part(1, vibration=1.5, **BROKEN[broken]), received_ms=house.now_ms + ms)
    house.start()
    house.settle()
    assert house.readings("vibration") == [(0, 1.5)]


def test_its_letter_is_replayed_all_the_same_and_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)
    sent = in_part(1, vibration=1.5, extra=2)
    house.start()
    for ms in (0, 700):
        house.raw(sent, received_ms=house.now_ms + ms)
        house.settle()
    (letter,) = house.letters()
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-1", replace(TEMPLATES[1], key="extra"))])
    house.raw(sent, received_ms=house.now_ms + 1400)
    house.settle()
    assert (house.readings("vibration"), house.readings("extra")) == ([(0, 1.5)], [])
    replay(house, letter)
    assert (house.readings("vibration"), house.readings("extra")) == ([(0, 1.5)], [(0, 2.0)])
    house.raw(sent, received_ms=house.now_ms + 2100)
    house.settle()
    assert (house.readings("vibration"), house.readings("extra")) == ([(0, 1.5)], [(0, 2.0)])
    assert house.letters() == []


def test_of_an_array_only_what_has_a_time_is_stored_again(house: House) -> None:
    now = house.now_ms
    objects = [{"ts": now - 5, "values": {"vibration": 1}}, {"values": {"vibration": 2, "extra": 2}}]
    sent = json.dumps([{"boot": "b", "seq": 1, **one} for one in objects]).encode()
    house.start()
    for ms in (0, 700, 1400):
        house.raw(sent, received_ms=now + ms)
        house.settle()
    assert house.readings("vibration") == [(-5, 1.0), (0, 2.0)]
    assert len(house.letters()) == 1


def test_without_a_boot_nothing_proves_that_it_came_before(house: House) -> None:
    house.start()
    for ms in (0, 700):
        house.raw(b'{"seq": 1, "values": {"vibration": 1.5, "extra": 2}}', received_ms=house.now_ms + ms)
        house.settle()
    assert house.readings("vibration") == [(0, 1.5), (700, 1.5)]
