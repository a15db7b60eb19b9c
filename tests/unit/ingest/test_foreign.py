"""Topic sources on real stores: births outlive a restart, sources come and go, nothing depends on the batches."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ingest.alarms import LimitAlarms
from ingest.dialects.sparkplug_b.wire import Payload
from ingest.outcome import Outcome
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Limits, Plant, Point, Presence, Priority, SourceClock
from plantroom.domain.findings import FindingRaised
from plantroom.domain.quality import Quality, quality_of
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.requests import DeviceRequests
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NOON_MS, TEMPLATES, plant_of

FIELDS = (FieldMapping("pump/Speed", "vibration", "P-1"), FieldMapping("Running", "running", "P-1"))
SPARKPLUG = TopicSource("sp", "demo", "gateway", "spBv1.0/g/+/e/#", "sparkplug_b", fields=FIELDS)
ANYTHING = TopicSource("js", "demo", "anything", "vendor/+/data", "json", asset="P-1")


class Asked(DeviceRequests):
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def publish(self, topic: str, payload: bytes, *, acknowledged: bool = False) -> None:
        self.topics.append(topic)


def add(house: House, source: TopicSource) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(source)


def payload(seq: int | None, ts_ms: int, *metrics: dict[str, Any]) -> bytes:
    made = Payload(timestamp=ts_ms)
    if seq is not None:
        made.seq = seq
    for metric in metrics:
        made.metrics.add(**metric)
    return bytes(made.SerializeToString())


def birth(ts_ms: int) -> list[tuple[str, bytes]]:
    speed = {"name": b"Speed", "alias": 1, "datatype": 9, "float_value": 1.0}
    return [
        ("spBv1.0/g/NBIRTH/e", payload(0, ts_ms, {"name": b"bdSeq", "datatype": 8, "long_value": 1})),
        ("spBv1.0/g/DBIRTH/e/pump", payload(1, ts_ms, speed)),
    ]


def data(seq: int, ts_ms: int, value: float) -> tuple[str, bytes]:
    return "spBv1.0/g/DDATA/e/pump", payload(seq % 256, ts_ms, {"alias": 1, "float_value": value})


def test_a_birth_outlives_a_restart(house: House) -> None:
    add(house, SPARKPLUG)
    now, asked = house.now_ms, Asked()
    for topic, body in birth(now):
        house.spool.put(topic, body, now)
    house.start(requests=asked)
    house.settle()
    house.stop()
    house.spool.put(*data(2, now + 10, 2.5), now + 10)
    house.start(requests=asked)
    house.settle()

    assert house.readings("vibration") == [(0, 1.0), (10, 2.5)]
    assert asked.topics == []


def test_a_hole_is_counted_and_the_node_asked_once(house: House) -> None:
    add(house, SPARKPLUG)
    now, asked = house.now_ms, Asked()
    for topic, body in [*birth(now), data(4, now + 10, 2.0), data(7, now + 20, 3.0)]:
        house.spool.put(topic, body, now)
    house.start(requests=asked)
    stats = house.settle()

    assert stats.gaps == 4
    assert asked.topics == ["spBv1.0/g/NCMD/e"]
    assert house.readings("vibration") == [(0, 1.0), (10, 2.0), (20, 3.0)]


def with_hole() -> Pipeline:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(plant_with(SPARKPLUG))
    messages = [*birth(NOON_MS), data(4, NOON_MS + 10, 2.0), data(9, NOON_MS + 20, 2.0)]
    for position, message in enumerate(messages, 1):
        played_one(pipeline, position, message)
    assert pipeline.gaps == 6
    return pipeline


def plant_with(*sources: TopicSource) -> Plant:
    return replace(plant_of(), topic_sources=sources)


def played_one(pipeline: Pipeline, position: int, message: tuple[str, bytes]) -> Outcome:
    batch = pipeline.sort([SpoolRecord(position, NOON_MS + position, *message)])
    read = pipeline.read(batch)
    return pipeline.conclude(batch, read, [()] * len(read.columns))


@pytest.mark.parametrize(
    "sources",
    [
        (),
        (replace(SPARKPLUG, priority=Priority.SAFETY),),
        (replace(SPARKPLUG, dialect="json"),),
        (replace(SPARKPLUG, topic_filter="spBv1.0/other/#"),),
    ],
    ids=["removed", "moved to the other lane", "another dialect", "other topics"],
)
def test_holes_of_a_node_that_this_lane_does_not_hear_any_more_are_no_gaps(sources: tuple[TopicSource, ...]) -> None:
    pipeline = with_hole()
    pipeline.follow(plant_with(*sources))
    assert (pipeline.gaps, pipeline.figures().unlisted_gaps) == (0, 0)
    again = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    again.restore(pipeline.snapshot())
    again.follow(plant_with(*sources))
    assert again.gaps == 0
    again.follow(plant_with(SPARKPLUG))
    assert again.gaps == 0, "nobody counted meanwhile, so nothing of before is known to be missing"


def test_another_source_and_a_restart_leave_the_holes_where_they_are() -> None:
    pipeline = with_hole()
    pipeline.follow(plant_with(SPARKPLUG, ANYTHING))
    assert pipeline.gaps == 6
    again = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    again.follow(plant_with(SPARKPLUG))
    again.restore(pipeline.snapshot())
    assert again.gaps == 6


def test_what_is_still_on_its_way_to_the_old_lane_keeps_its_names() -> None:
    pipeline = with_hole()
    pipeline.follow(plant_with(replace(SPARKPLUG, priority=Priority.SAFETY)))
    assert played_one(pipeline, 10, data(12, NOON_MS + 30, 3.0)).letters == []
    assert pipeline.gaps == 0


@pytest.mark.parametrize(("code", "alarms"), [(0, 0), (500, 0), (192, 1)])
def test_a_value_that_the_node_calls_bad_raises_no_alarm(code: int, alarms: int) -> None:
    at_once = replace(TEMPLATES[1], limits=Limits(alarm_low=0.5, alarm_delay_s=0))
    pipeline = Pipeline("demo", Lane.NORMAL, (LimitAlarms(CLASSES),), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(replace(plant_of(templates=(at_once, TEMPLATES[2])), topic_sources=[SPARKPLUG]))
    quality = {"keys": [b"Unit", b"Quality"], "values": [{"is_null": True}, {"int_value": code}]}
    speed = {"name": b"Speed", "datatype": 9, "float_value": 0.0, "properties": quality}
    batch = pipeline.sort([SpoolRecord(1, NOON_MS, "spBv1.0/g/DDATA/e/pump", payload(3, NOON_MS, speed))])
    read = pipeline.read(batch)
    (look,) = pipeline.watches(read, [()])

    assert len(look().findings) == alarms
    assert quality_of(read.columns[0].readings.reason[0]) is (Quality.GOOD if alarms else Quality.BAD)


def test_a_source_is_taken_up_and_given_up_while_the_worker_runs(house: House) -> None:
    house.start()
    house.settle()
    add(house, ANYTHING)
    house.spool.put("vendor/a/data", json.dumps({"ts": house.now_ms, "vibration": 2.0}).encode(), house.now_ms)
    house.settle()
    assert house.readings("vibration") == [(0, 2.0)]

    with house.ledger.begin() as tx:
        tx.sources.remove(ANYTHING.key)
    house.spool.put("vendor/a/data", b'{"vibration": 3.0}', house.now_ms)
    house.settle()
    assert house.reasons() == ["unknown_topic"]


def test_what_had_no_point_is_stored_when_it_is_sent_again(house: House) -> None:
    add(house, ANYTHING)
    body = json.dumps({"ts": house.now_ms, "boot": "b", "seq": 1, "values": {"extra": 9, "vibration": 1}}).encode()
    house.spool.put("vendor/a/data", body, house.now_ms)
    house.start()
    house.settle()
    assert house.reasons() == ["unknown_point"]

    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-1", replace(TEMPLATES[1], key="extra"))])
    house.spool.put("vendor/a/data", body, house.now_ms)
    stats = house.settle()
    assert house.readings("extra") == [(0, 9.0)]
    assert stats.duplicates == 0
    house.spool.put("vendor/a/data", body, house.now_ms)
    assert house.settle().duplicates == 2


def test_an_event_on_a_foreign_topic_makes_a_finding(house: House) -> None:
    add(house, ANYTHING)
    house.spool.put("vendor/a/data", b'{"event":"flooded","severity":"safety"}', house.now_ms)
    house.start()
    house.settle()

    (finding,) = house.findings()
    assert isinstance(finding, FindingRaised)
    assert (finding.asset, finding.failure_mode, finding.safety) == ("key-P-1", "flood", True)


def test_the_topic_waits_for_the_ledger_rather_than_being_thrown_out(house: House) -> None:
    house.start()
    house.settle()
    add(house, ANYTHING)
    house.ledger.away = True
    house.spool.put("vendor/a/data", b'{"vibration": 2.0}', house.now_ms)
    until(lambda: house.worker is not None and house.worker.problems())
    house.ledger.away = False
    house.settle()

    assert house.reasons() == []
    assert house.readings("vibration") == [(0, 2.0)]


def test_recorded_time_is_taken_as_it_is_and_presence_not_judged() -> None:
    source = replace(ANYTHING, clock=SourceClock.SIMULATED)
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS)
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
    pipeline.follow(replace(plant_of(), topic_sources=[source]))
    body = json.dumps({"ts": NOON_MS - 86_400_000, "vibration": 1.0}).encode()

    read = pipeline.read(pipeline.sort([SpoolRecord(1, NOON_MS, "vendor/a/data", body)]))

    assert [columns.live.tolist() for columns in read.columns] == [[True]]
    assert presence.pending() == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_the_result_does_not_depend_on_how_the_stream_is_cut(size: int) -> None:
    messages = [*birth(NOON_MS), *(data(n, NOON_MS + n, float(n)) for n in range(2, 20)), data(30, NOON_MS + 30, 30.0)]
    messages += [data(19, NOON_MS + 19, 19.0), ("vendor/x/data", b'{"vibration":5,"running":true}')] * 2
    messages += [("spBv1.0/g/NDEATH/e", payload(None, NOON_MS, {"name": b"bdSeq", "datatype": 8, "long_value": 1}))]
    records = [SpoolRecord(n, NOON_MS + 40 + n, *message) for n, message in enumerate(messages, 1)]

    assert played(records, size, restart=True) == played(records, len(records), restart=False)


def played(records: list[SpoolRecord], size: int, restart: bool) -> tuple[Any, ...]:
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS)
    rows, letters, requests, state, gaps = [], [], [], b"", 0
    pipeline = None
    for start in range(0, len(records), size):
        if pipeline is None or restart:
            pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
            pipeline.follow(replace(plant_of(), topic_sources=[SPARKPLUG, ANYTHING]))
            pipeline.restore(state)
        batch = pipeline.sort(records[start : start + size])
        read = pipeline.read(batch)
        outcome = pipeline.conclude(batch, read, [()] * len(read.columns))
        for columns in read.columns:
            r = columns.readings
            names = [r.series[s].point for s in r.series_id]
            rows += list(zip(names, r.ts_ms.tolist(), r.value.tolist(), r.reason.tolist(), strict=True))
        letters += [letter.id for letter in outcome.letters]
        requests += [request.topic for request in read.requests]
        state, gaps = pipeline.snapshot(), pipeline.gaps
    said = [note.change.presence for note in presence.pending() if note.change is not None]
    assert said[-1] is Presence.OFFLINE
    return sorted(rows), letters, requests, gaps
