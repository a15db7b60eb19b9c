"""Holes on their way to the ledger: found, healed, gone, and over restarts."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import telling
from ingest.gaps import parse_gone
from ingest.instants import from_ms
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Presence
from plantroom.ports.gaps import Gap, GapFilter, GapNews
from plantroom.ports.paging import PageRequest
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import encode_gone
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, ListSpool


def gaps(house: House) -> list[Gap]:
    with house.ledger.read() as tx:
        found = tx.gaps.list(GapFilter(), PageRequest(1000)).items
    return sorted(found, key=lambda gap: (gap.channel, gap.boot, gap.first))


def listed(house: House) -> list[tuple[str, int, int, str]]:
    return [(gap.channel, gap.first, gap.last, gap.state.value) for gap in gaps(house)]


def send(house: House, *numbers: int, boot: str = "b", **more: object) -> None:
    for seq in numbers:
        house.send({"vibration": seq / 8}, s=seq, boot=boot, seq=seq, **more)  # type: ignore[arg-type]


def test_a_hole_is_listed_under_the_code_that_the_publisher_uses(house: House) -> None:
    send(house, 1, 2, 6)
    house.start()
    assert house.settle().gaps == 3
    (gap,) = gaps(house)
    assert (gap.site, gap.asset, gap.code, gap.boot, gap.missing) == ("demo", "key-P-1", "P-1", "b", 3)
    assert gap.ask_at is not None
    assert gap.ask_at > gap.found_at


def test_what_comes_late_heals_its_part_and_is_stored_and_not_live(house: House) -> None:
    send(house, 1, 2, 6)
    house.start()
    house.settle()
    send(house, 4)
    assert house.settle().gaps == 2
    assert listed(house) == [("telemetry", 3, 3, "open"), ("telemetry", 4, 4, "healed"), ("telemetry", 5, 5, "open")]
    assert [value for _, value in house.readings("vibration")] == [1 / 8, 2 / 8, 4 / 8, 6 / 8]


def test_numbers_of_events_are_their_own(house: House) -> None:
    for seq in (1, 4):
        house.raw(json.dumps({"event": "tripped", "boot": "b", "seq": seq}).encode(), channel="event")
    send(house, 1, 2)
    house.start()
    house.settle()
    assert listed(house) == [("event", 2, 3, "open")]


def test_an_event_among_telemetry_counts_with_the_telemetry(house: House) -> None:
    send(house, 1)
    house.raw(json.dumps({"event": "tripped", "boot": "b", "seq": 2}).encode())
    send(house, 3)
    house.raw(json.dumps({"event": "tripped", "boot": "b", "seq": 9}).encode())
    house.start()
    house.settle()
    assert listed(house) == [("telemetry", 4, 8, "open")]


@pytest.mark.parametrize(
    "payload", ['{"boot":"b","seq":2,"values":{"vibration":"x"}}', '{"boot":"b","seq":2,"values":{}}',
                '{"boot":"b","seq":2,"ts":"yesterday","values":{"vibration":1}}', '{"boot":"b","seq":2,"values":7}',
                '[{"boot":"b","seq":2,"values":{"vibration":null}}]'],
)  # fmt: skip
def test_a_message_that_came_and_is_of_no_use_is_not_missing(house: House, payload: str) -> None:
    send(house, 1)
    house.raw(payload.encode())
    send(house, 3)
    house.start()
    assert house.settle().gaps == 0
    assert listed(house) == []
    assert len(house.letters()) == 1


def test_unusable_messages_between_others_are_not_missing_however_many_they_are(house: House) -> None:
    for seq in range(1, 401):
        value = b"null" if seq % 2 == 0 else b"1.5"
        house.raw(b'{"boot": "b", "seq": %d, "values": {"vibration": %s}}' % (seq, value))
    house.start()
    assert house.settle().gaps == 0
    assert listed(house) == []


def test_a_gap_that_another_collector_finds_later_is_healed_by_who_gets_the_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "GAP_LOOK_S", 0.02)
    send(house, 100, 101)
    holder, mine = house.start(), house.spool
    house.settle()
    house.spool = ListSpool()
    send(house, 50, 51, 53, 54)
    house.start(drains=True)
    house.settle()
    house.stop()
    assert listed(house) == [("telemetry", 52, 52, "open")]
    time.sleep(0.3)
    house.worker, house.spool = holder, mine
    send(house, 52)
    until(lambda: listed(house) == [("telemetry", 52, 52, "healed")])


def test_what_a_new_holder_has_as_its_first_number_or_gets_again_heals_what_the_last_one_missed(house: House) -> None:
    send(house, 50, 52, 54)
    house.start()
    house.settle()
    house.stop()
    house.spool = ListSpool()
    send(house, 51)
    house.start()
    house.settle()
    assert [state for *_, state in listed(house)] == ["healed", "open"]
    house.stop()
    house.spool = ListSpool()
    send(house, 53)
    house.start()
    house.settle()
    assert [state for *_, state in listed(house)] == ["healed", "healed"]


def test_a_repetition_heals_a_gap_that_another_holder_found_after_the_number_had_come(house: House) -> None:
    send(house, 51, 53)
    holder, mine = house.start(), house.spool
    house.settle()
    with house.ledger.begin() as tx:
        at = from_ms(house.now_ms)
        tx.gaps.note("demo", [GapNews("key-P-1", "P-1", "telemetry", "b", 0, at, at, [(51, 51)])])
    house.worker, house.spool = holder, mine
    time.sleep(2.2)
    send(house, 51)
    until(lambda: ("telemetry", 51, 51, "healed") in listed(house))


def test_a_word_on_gone_numbers_is_a_sign_of_life_and_no_greeting(house: House) -> None:
    greeted: list[str] = []

    class Watch(PresenceTracker):
        def told(self, asset: str, presence: Presence, received_ms: int, *, certain: bool = False) -> None:
            greeted.append(asset)

    send(house, 1, 6)
    house.raw(encode_gone("b", [(2, 3)]), channel="status")
    house.start(presence=Watch(CLASSES))
    house.settle()
    until(lambda: house.presence() is Presence.ONLINE)
    assert greeted == []


def test_a_publisher_says_what_it_no_longer_has(house: House) -> None:
    send(house, 1, 6)
    house.start()
    house.settle()
    house.raw(encode_gone("b", [(2, 3), (5, 5)]), channel="status")
    house.settle()
    assert listed(house) == [
        ("telemetry", 2, 3, "given_up"), ("telemetry", 4, 4, "open"), ("telemetry", 5, 5, "given_up"),
    ]  # fmt: skip
    assert house.letters() == []


def test_processing_again_after_a_crash_leaves_the_same_list(house: House) -> None:
    send(house, 1, 6, 3)
    house.start()
    house.settle()
    house.stop()
    before, state = house.spool.committed()
    send(house, 9, 4, 3, 12, 2)
    house.start()
    house.settle()
    house.stop()
    there = gaps(house)
    house.spool.commit(before, state)
    house.start()
    house.settle()
    assert gaps(house) == there
    assert [(first, last) for _, first, last, state in listed(house) if state == "open"] == [(5, 5), (7, 8), (10, 11)]


def test_a_collector_without_its_state_heals_what_the_ledger_knows(house: House) -> None:
    send(house, 1, 6)
    house.start()
    house.settle()
    house.stop()
    house.spool.commit(house.spool.committed()[0], b"")
    send(house, 7, 3, 2)
    house.start()
    house.settle()
    assert listed(house) == [("telemetry", 2, 3, "healed"), ("telemetry", 4, 5, "open")]


@pytest.mark.parametrize(
    "payload",
    [
        b"online", b'{"gone"', b'{"gone":1}', b'{"gone":[]}', b'{"gone":[[1]]}', b'{"gone":[[2,1]]}',
        b'{"gone":[[-1,1]]}', b'{"gone":[[1,true]]}', b'{"gone":[[1,99999999999999999999999]]}', b'["gone"]',
        b'{"gone":[[1,2]],"boot":[7]}', b'{"gone":[[1,2]],"channel":"status"}', b'{"gone":[[1,2]],"channel":[]}',
        json.dumps({"gone": [[1, 1]] * 101}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_such_word_is_left_to_others(payload: bytes) -> None:
    assert parse_gone(SpoolRecord(1, 0, "plantroom/demo/P-1/status", payload), "a") is None


@given(st.binary(max_size=60))
def test_a_word_on_gone_numbers_never_trips_the_reader(junk: bytes) -> None:
    parse_gone(SpoolRecord(1, 0, "t", b'{"gone":' + junk), "a")
    parse_gone(SpoolRecord(1, 0, "t", b'{"gone":[[' + junk + b"]]}"), "a")
