"""Packs of SenML that say "now", or count from it: one instant, no measure of a clock, the same when replayed."""

import json
from dataclasses import replace

import pytest

from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Point, PointKind, PointTemplate
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.paging import EVERYTHING
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NAME, NOON_MS, plant_of

FIELDS = tuple(FieldMapping(one, one) for one in ("pressure", "vibration", "running", "extra"))
SOURCE = TopicSource("s", "demo", "senml", "m/+", "senml", asset="P-1", fields=FIELDS)
BY_NAME = replace(SOURCE, fields=())


def pack(*records: dict[str, object]) -> bytes:
    return json.dumps(records).encode()


def rows_of(payload: bytes) -> list[tuple[str, int, float]]:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(replace(plant_of(), topic_sources=(BY_NAME,)))
    read = pipeline.read(pipeline.sort([SpoolRecord(1, NOON_MS, "m/a", payload)]))
    return [
        (r.series[s].point, ts - NOON_MS, value)
        for r in (columns.readings for columns in read.columns)
        for s, ts, value in zip(r.series_id.tolist(), r.ts_ms.tolist(), r.value.tolist(), strict=True)
    ]


def test_the_records_of_one_now_stand_together_until_a_point_repeats() -> None:
    one = {"n": "pressure", "v": 0.5}, {"n": "vibration", "v": 2}, {"n": "running", "vb": True}
    assert rows_of(pack(*one)) == [("pressure", 0, 0.5), ("vibration", 0, 2.0), ("running", 0, 1.0)]
    again = *one, {"n": "pressure", "v": 0.6}, {"n": "vibration", "v": 3}
    assert rows_of(pack(*again))[3:] == [("pressure", 1, 0.6), ("vibration", 1, 3.0)]


def test_a_time_that_another_record_has_keeps_them_apart() -> None:
    between = {"n": "pressure", "v": 0.5}, {"n": "vibration", "t": -5, "v": 2}, {"n": "running", "vb": True}
    assert sorted(rows_of(pack(*between))) == [("pressure", 0, 0.5), ("running", 0, 1.0), ("vibration", -5_000, 2.0)]


@pytest.mark.parametrize("age_s", [45, 700])
def test_a_time_that_counts_from_now_says_nothing_of_the_device_s_clock(age_s: int) -> None:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(replace(plant_of(), topic_sources=(SOURCE,)))
    for n in range(40):
        payload = pack({"n": "vibration", "v": 1.0 + n}, {"n": "vibration", "t": -age_s, "v": 2.0})
        batch = pipeline.sort([SpoolRecord(n + 1, NOON_MS + n * 15_000, "m/a", payload)])
        read = pipeline.read(batch)
        outcome = pipeline.conclude(batch, read, [()] * len(read.columns))
        assert outcome.findings == []
        assert outcome.clocks == []


def test_one_with_a_wrong_clock_is_found_all_the_same() -> None:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(replace(plant_of(), topic_sources=(SOURCE,)))
    findings = []
    for n in range(40):
        at_ms = NOON_MS + n * 15_000
        payload = pack({"n": "vibration", "t": at_ms / 1000 - 45, "v": 2.0})
        batch = pipeline.sort([SpoolRecord(n + 1, at_ms, "m/a", payload)])
        read = pipeline.read(batch)
        findings += pipeline.conclude(batch, read, [()] * len(read.columns)).findings
    assert len(findings) == 1


def test_a_replay_counts_from_when_the_message_came(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(SOURCE)
    house.spool.put("m/a", pack(*({"n": "pressure", "v": 0.4 + n / 100} for n in range(3))), house.now_ms)
    late = {"n": "pressure", "t": -5, "v": 0.5}, {"n": "pressure", "v": 0.6}, {"n": "extra", "v": 1}
    house.spool.put("m/a", pack(*late), house.now_ms)
    house.start()
    house.settle()
    before = house.readings("pressure")
    assert house.reasons() == ["unknown_point"]
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-1", PointTemplate("extra", NAME, "1", PointKind.MEASURE))])
        tx.collect.ask_replay(EVERYTHING)
    until(lambda: not house.letters(), 15)

    assert [round(value, 2) for _, value in before] == [0.5, 0.4, 0.41, 0.42, 0.6]
    assert house.readings("pressure") == before
    assert house.readings("extra") == [(before[-1][0], 1.0)], "with the rest of its now"


def test_a_letter_that_comes_back_still_knows_when_its_message_came(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(SOURCE)
    house.spool.put("m/a", pack({"n": "pressure", "v": 0.4}, {"n": "pressure", "v": 0.41}), house.now_ms)
    late = {"n": "extra", "t": -5, "v": 1}, {"n": "pressure", "v": 0.6}, {"n": "vibration", "u": "furlong", "v": 1}
    house.spool.put("m/a", pack(*late), house.now_ms)
    house.start()
    house.settle()
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-1", PointTemplate("extra", NAME, "1", PointKind.MEASURE))])
        tx.collect.ask_replay(EVERYTHING)
    until(lambda: house.readings("extra") and house.reasons() == ["wrong_unit"], 15)
    (letter,) = house.letters()
    assert round((letter.received_at - letter.came_at).total_seconds() * 1000) == 2
    assert house.readings("extra") == [(-5_000, 1.0)]
    assert [round(value, 2) for _, value in house.readings("pressure")] == [0.4, 0.41, 0.6]
