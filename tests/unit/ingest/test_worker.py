"""The whole ingest on real stores (see ``house``)."""

import json
import os
import time
from dataclasses import replace

import pytest

from ingest import patience
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Point, Presence
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, TEMPLATES


def test_values_are_stored_and_counted(house: House) -> None:
    for n in range(100):
        house.send({"vibration": n + 0.5, "running": True}, s=n)
    house.start()
    stats = house.settle()
    assert house.readings("vibration") == [(1000 * n, n + 0.5) for n in range(100)]
    assert (stats.received, stats.stored, stats.dead_lettered, stats.spool_depth) == (100, 200, 0, 0)


def test_bad_input_is_dead_lettered_and_the_stream_goes_on(house: House) -> None:
    bad = [
        b"not json",
        b"[1,2",
        b'{"values": "x"}',
        b'{"values": {"pressure": "much"}}',
        b'{"ts": "1970-01-01T00:00:00Z"}',
        b'{"ts": "1970-01-01T00:00:00Z", "values": {"pressure": 1}}',
        b'{"ts": "2099-01-01T00:00:00Z", "values": {"pressure": 1}}',
        b'{"values": {"pressure": NaN}}',
        b'{"values": {"pressure": "2.1"}}',
        os.urandom(1 << 20),
        b"",
    ]
    house.send({"vibration": 1.0})
    for payload in bad:
        house.raw(payload)
    house.raw(b'{"values": {"a": 1}}', code="NO-SUCH")
    house.raw(b'{"values": {"a": 1}}')
    house.raw(b"perhaps", channel="status")
    house.send({"vibration": 2.0}, s=1)
    house.start()
    stats = house.settle()

    assert [value for _, value in house.readings("vibration")] == [1.0, 2.0]
    letters = house.letters()
    assert sorted(letter.payload for letter in letters) == sorted(
        [*bad, b'{"values": {"a": 1}}', b'{"values": {"a": 1}}', b"perhaps"]
    )
    assert house.reasons() == sorted(
        [
            "not_json",
            "not_json",
            "wrong_shape",
            "text_value",
            "no_values",
            "clock_never_set",
            "clock_in_future",
            "not_a_number",
            "number_as_text",
            "not_utf8",
            "empty_payload",
            "unknown_asset",
            "unknown_point",
            "unknown_status",
        ]
    )
    assert stats.dead_lettered == len(bad) + 3
    assert all(letter.topic.startswith("plantroom/demo/") for letter in letters)


def test_the_good_values_of_a_half_bad_message_are_stored(house: House) -> None:
    house.send({"vibration": 3.0, "pressure": "much", "nowhere": 1})
    house.start()
    house.settle()
    assert house.readings("vibration") == [(0, 3.0)]
    assert sorted((letter.reason, letter.part) for letter in house.letters()) == [
        ("text_value", "pressure"),
        ("unknown_point", "nowhere"),
    ]


def test_an_asset_created_just_before_its_first_message_is_found(house: House) -> None:
    house.start()
    for n in range(20):
        code = f"N-{n}"
        house.add(code)
        house.send({"vibration": 1.0}, code=code)
        house.settle()
    assert house.reasons() == []
    assert all(house.readings("vibration", f"N-{n}") for n in range(20))


def test_a_limit_alarm_and_its_end_reach_the_outbox(house: House) -> None:
    for s in range(30):
        house.send({"pressure": 1.2 + s / 1000 if s < 15 else 0.5 + s / 1000}, s=s - 60)
    house.start()
    house.settle()
    told = [(type(finding).__name__, finding.subject) for finding in house.findings()]
    assert told[:2] == [("FindingRaised", "pressure:alarm_high"), ("FindingRaised", "pressure:warning_high")]
    assert sorted(told[2:]) == [("FindingCleared", "pressure:alarm_high"), ("FindingCleared", "pressure:warning_high")]


def test_a_restart_from_any_checkpoint_gives_the_same_and_nothing_twice(house: House) -> None:
    for n in range(60):
        house.send({"pressure": 1.2 if 10 < n < 40 else 0.5, "vibration": n}, s=n - 100, boot="b", seq=n)
        house.raw(json.dumps({"vibration": 1000 + n}).encode(), received_ms=house.now_ms)
        house.raw(b"garbage", received_ms=house.now_ms)
    records = house.spool.records
    house.spool.records = []
    for end in (1, 50, 51, 120, 180):
        house.spool.records = records[:end]
        before = house.spool.committed()
        house.start()
        house.settle()
        house.stop()
        once = (house.readings("vibration"), house.letters(), house.findings())
        house.spool.commit(*before)  # as after a crash that came before the commit
        house.spool.rewind()
        worker = house.start()
        house.settle()
        house.stop()
        assert (house.readings("vibration"), house.letters(), house.findings()) == once
    assert worker.stats().received == 180
    assert worker.stats().duplicates == 0
    own = [row for row in house.readings("vibration") if row[1] >= 1000]
    assert own == [(n, 1000.0 + n) for n in range(60)], "receive times are made unique"
    assert len(house.findings()) == 4


def test_repeated_messages_are_known_and_gaps_counted(house: House) -> None:
    for n in (0, 1, 1, 2, 5):
        house.send({"vibration": n, "running": 1}, s=n, boot="b", seq=n)
    house.start()
    stats = house.settle()
    assert (stats.stored, stats.duplicates, stats.gaps) == (8, 2, 2)


def test_a_store_that_is_away_is_waited_out(house: House) -> None:
    house.store.away = True
    worker = house.start()
    house.send({"vibration": 1.0})
    until(worker.problems)
    assert "readings store" in worker.problems()[0]
    until(lambda: worker.stats().spool_depth == 1)
    house.send({"vibration": 2.0}, s=1)
    house.store.away = False
    house.settle()
    assert house.readings("vibration") == [(0, 1.0), (1000, 2.0)]
    assert worker.problems() == []


def test_stop_interrupts_a_wait_and_nothing_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRY_MIN_S", 60.0)
    house.store.away = True
    worker = house.start()
    house.send({"vibration": 1.0})
    until(worker.problems)
    begun = time.monotonic()
    worker.stop()
    assert time.monotonic() - begun < 5
    assert worker.ended
    assert house.spool.position == 0
    house.store.away = False
    house.start()
    house.settle()
    assert house.readings("vibration") == [(0, 1.0)]


def test_safety_events_are_told_behind_any_amount_of_safety_telemetry_while_the_store_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker.BATCH", 5)
    house.store.away = True
    worker = house.start(Lane.SAFETY)
    for n in range(500):
        house.send({"vibration": n}, s=n / 10 - 60)
        if n in (50, 499):
            house.raw(json.dumps({"event": "flooded", "data": {"n": n}}).encode(), channel="event")
    until(lambda: len(house.findings()) == 2)
    assert len(worker._ahead) <= 5, "what waits stays in the spool"
    house.store.away = False
    stats = house.settle()
    assert [value for _, value in house.readings("vibration")] == [float(n) for n in range(500)]
    assert [finding.detail["data"] for finding in house.findings()] == [{"n": 50}, {"n": 499}]
    assert (stats.received, stats.dead_lettered, stats.duplicates) == (502, 0, 0)


def test_safety_events_are_told_before_the_backlog_of_their_lane_is_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker.BATCH", 50)
    write = house.store.write
    house.store.write = lambda batch: time.sleep(0.05) or write(batch)  # type: ignore[method-assign]
    for n in range(3000):
        house.send({"vibration": n}, s=n / 10 - 600)
    house.raw(json.dumps({"event": "flooded"}).encode(), channel="event")
    house.start(Lane.SAFETY)
    until(house.findings)
    assert house.spool.position < 1000
    house.settle()
    assert len(house.readings("vibration")) == 3000
    assert len(house.findings()) == 1


def test_no_event_is_passed_over_while_the_ledger_cannot_say_whose_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker.BATCH", 5)
    house.store.away = True
    worker = house.start(Lane.SAFETY)
    for n in range(100):
        house.send({"vibration": n}, s=n / 10 - 60)
    until(lambda: worker._pipeline.events_done == 100)
    house.add("P-2")
    house.ledger.away = True
    house.raw(json.dumps({"event": "flooded"}).encode(), code="P-2", channel="event")
    for n in range(100, 200):
        house.send({"vibration": n}, s=n / 10 - 60)
    time.sleep(0.5)
    house.ledger.away = False
    until(lambda: [finding.asset for finding in house.findings()] == ["key-P-2"])
    house.store.away = False
    house.settle()
    assert len(house.readings("vibration")) == 200
    assert len(house.findings()) == 1


def test_safety_events_are_told_while_the_store_is_away(house: House) -> None:
    house.store.away = True
    worker = house.start(Lane.SAFETY)
    house.send({"vibration": 1.0})
    until(worker.problems)
    for n in range(3):
        house.raw(json.dumps({"ts": house.now_ms, "event": "flooded", "seq": n}).encode(), channel="event")
        until(lambda: len(house.findings()) == n + 1)  # noqa: B023 - called at once
    assert house.spool.position == 0
    house.store.away = False
    house.settle()
    assert len(house.findings()) == 3
    assert worker.stats().duplicates == 0, "each was told once, not once more when its turn came"
    assert house.readings("vibration") == [(0, 1.0)]
    with house.ledger.read() as tx:
        assert len(tx.collect.events("key-P-1", 10)) == 3


def test_readings_of_known_assets_are_stored_while_the_ledger_is_away(house: House) -> None:
    worker = house.start()
    house.send({"vibration": 1.0})
    house.settle()
    house.ledger.away = True
    house.send({"vibration": 2.0}, s=1)
    house.settle()
    assert house.readings("vibration") == [(0, 1.0), (1000, 2.0)]
    assert "ledger" in worker.problems()[0]


@pytest.mark.parametrize("what", ["asset", "point"])
def test_what_is_unknown_while_the_ledger_is_away_waits_for_it(house: House, what: str) -> None:
    worker = house.start()
    house.send({"vibration": 1.0})
    house.settle()
    if what == "asset":
        house.add("P-2")
    else:
        with house.ledger.begin() as tx:
            tx.assets.put_points([Point("key-P-1", replace(TEMPLATES[1], key="extra"))])
    house.ledger.away = True
    code, point = ("P-2", "vibration") if what == "asset" else ("P-1", "extra")
    house.send({point: 2.0}, s=1, code=code)
    until(worker.problems)
    time.sleep(0.05)
    house.ledger.away = False
    house.settle()
    assert house.readings(point, code) == [(1000, 2.0)]
    assert house.reasons() == []


def test_presence_follows_status_and_data(house: House) -> None:
    tracker = PresenceTracker(CLASSES)
    tracker.begin({}, house.now_ms - 60_000)
    house.start(presence=tracker)
    for payload, channel, expected in (
        (b"offline", "status", Presence.OFFLINE),
        (b'{"vibration": 1}', "telemetry", Presence.ONLINE),
        (b"offline", "status", Presence.OFFLINE),
        (b"online", "status", Presence.ONLINE),
    ):
        house.raw(payload, channel=channel)
        house.settle()
        until(lambda said=expected: house.presence() is said)


def test_a_renamed_asset_is_found_by_its_old_code(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.assets.update(replace(tx.assets.get("key-P-1").asset, code="P-1A"), None)
    house.send({"vibration": 1.0}, code="P-1")
    house.send({"vibration": 2.0}, s=1, code="P-1A")
    house.start()
    house.settle()
    assert [value for _, value in house.readings("vibration")] == [1.0, 2.0]


def test_one_message_passes_quickly(house: House) -> None:
    house.start()
    house.send({"vibration": 0.0}, s=-1)
    house.settle()
    took = []
    for n in range(20):
        begun = time.monotonic()
        house.send({"vibration": n}, s=n)
        house.settle()
        took.append(time.monotonic() - begun)
    assert sorted(took)[10] < 0.1


def test_a_store_in_doubt_answers_something_else_before_it_is_asked_to_write(house: House) -> None:
    """What a process that was killed had asked for, or a request that failed, may be under way still."""
    asked: list[str] = []
    ping, write = house.store.ping, house.store.write
    house.store.ping = lambda: asked.append("ping") or ping()  # type: ignore[method-assign, func-returns-value]
    house.store.write = lambda batch: asked.append("write") or write(batch)  # type: ignore[method-assign, func-returns-value]
    house.start()
    for second in range(2):
        house.send({"vibration": 1.0}, s=second)
        house.settle()
    assert asked == ["ping", "write", "write"]
    house.store.away = True
    house.send({"vibration": 1.0}, s=2)
    until(lambda: asked.count("ping") > 1)
    house.store.away = False
    house.settle()
    assert asked[-2:] == ["ping", "write"]
