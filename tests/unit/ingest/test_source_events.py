"""Events that come by a topic source or on a telemetry topic: told before any reading, of the asset they are about, or
of a device that nobody entered."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checkpoint import pack, unpack
from ingest.instants import from_ms
from ingest.outcome import Outcome
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Asset, Plant, Presence, Priority, Severity, Source
from plantroom.domain.findings import FindingRaised
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of, pump

PANEL = TopicSource("s", "demo", "fire panel", "panel/1", "json", asset="P-1")
TRAPPED = {"ts": NOON_MS, "event": "passenger_trapped", "severity": "safety"}
SENSOR = pump(equipment_class="generic")
TWO = (FieldMapping("a", "vibration", "P-1"), FieldMapping("b", "vibration", "P-2"))


def add(house: House, source: TopicSource) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(source)


def flooded(house: House, n: int) -> bytes:
    word = {"ts": house.now_ms + n, "event": "flooded", "severity": "safety", "data": {"n": n}}
    return json.dumps(word).encode()


def told(house: House) -> list[object]:
    return [one.detail["data"]["n"] for one in house.findings() if isinstance(one, FindingRaised)]  # type: ignore[index]


@pytest.mark.parametrize("lane", Lane)
def test_no_event_waits_for_the_readings_store_whichever_topic_it_came_on(house: House, lane: Lane) -> None:
    add(house, replace(PANEL, priority=Priority.SAFETY))
    house.store.away = True
    worker = house.start(lane)
    house.send({"vibration": 1.0})
    until(worker.problems)
    house.spool.put("panel/1", flooded(house, 1), house.now_ms)
    house.raw(flooded(house, 2), channel="event")
    house.raw(flooded(house, 3), channel="telemetry")
    until(lambda: told(house) == [1, 2, 3])
    house.raw(b'{"\\u0065vent":"flooded","data":{"n":4}}')
    until(lambda: told(house) == [1, 2, 3, 4])
    assert house.spool.position == 0

    house.store.away = False
    house.settle()
    assert told(house) == [1, 2, 3, 4]
    assert house.readings("vibration") == [(0, 1.0)]
    assert house.reasons() == []


def test_what_was_told_is_not_told_again_after_a_restart(house: House) -> None:
    add(house, PANEL)
    house.spool.put("panel/1", flooded(house, 1), house.now_ms)
    house.raw(flooded(house, 2))
    house.start()
    house.settle()
    house.stop()
    house.spool.put("panel/1", flooded(house, 3), house.now_ms)
    house.start()
    house.settle()
    assert told(house) == [1, 2, 3]


def test_what_an_earlier_program_left_untold_is_told() -> None:
    """It told events of event topics ahead of the readings, those of other topics behind them."""
    before = pipeline_of(PANEL)
    records = [record(1, "plantroom/demo/P-1/event", TRAPPED), record(2, "panel/1", TRAPPED)]
    before.tell_events(before.sort(records))
    assert before.events_done == 2

    after = pipeline_of(PANEL)
    after.restore(pack({name: part for name, part in unpack(before.snapshot()).items() if name != "strays_done"}))
    assert [one.event for one in after.tell_events(after.sort(records)).events] == ["passenger_trapped"]


def test_the_devices_presence_follows_from_its_events() -> None:
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS - 60_000)
    pipeline = pipeline_of(PANEL, presence=presence)
    pipeline.tell_events(pipeline.sort([record(1, "panel/1", {"event": "tripped"})]))
    assert [note.change.presence for note in presence.pending() if note.change] == [Presence.ONLINE]


def test_a_safety_event_of_a_code_that_nobody_entered_is_a_strangers() -> None:
    source = replace(PANEL, topic_filter="lift/+/data", asset="", asset_from=2)
    outcome = told_by(source, "lift/E-99/data", TRAPPED)
    (finding,) = raised(outcome)
    assert (finding.asset, finding.subject, finding.safety) == ("", "passenger_trapped", True)
    assert (finding.detail["code"], finding.detail["topic"]) == ("E-99", "lift/E-99/data")
    assert [letter.reason for letter in outcome.letters] == ["unknown_asset"]


def test_a_safety_event_of_a_source_whose_asset_is_gone_is_a_strangers() -> None:
    source = replace(PANEL, asset="E-99", fields=(FieldMapping("a", "vibration", "P-1"), FieldMapping("b", "running")))
    (finding,) = raised(told_by(source, "panel/1", TRAPPED))
    assert (finding.asset, finding.detail["code"]) == ("", "E-99")


def test_an_event_that_may_be_one_of_several_assets_is_none_of_theirs() -> None:
    source = replace(PANEL, topic_filter="lift/#", asset="", fields=TWO)
    outcome = told_by(source, "lift/all", TRAPPED)
    (finding,) = raised(outcome)
    assert (finding.asset, finding.detail["code"]) == ("", "lift/all")
    assert outcome.events == []
    assert [letter.reason for letter in outcome.letters] == ["unknown_asset"]


def test_an_event_is_the_homes_though_fields_name_others_and_the_only_assets_without_a_home() -> None:
    (event,) = told_by(replace(PANEL, fields=TWO[1:]), "panel/1", TRAPPED).events
    assert event.asset == "key-P-1"
    (event,) = told_by(replace(PANEL, asset="", fields=TWO[1:]), "panel/1", TRAPPED).events
    assert event.asset == "key-P-2"


def test_an_ordinary_event_of_nobody_is_a_dead_letter_alone() -> None:
    outcome = told_by(replace(PANEL, asset="E-99"), "panel/1", {"event": "door_open", "severity": "minor"})
    assert raised(outcome) == []
    assert [letter.reason for letter in outcome.letters] == ["unknown_asset"]


GAS = TopicSource("x1", "demo", "gas", "gas/data", "json", priority=Priority.SAFETY, asset="P-1")
METER = TopicSource("x0", "demo", "a power meter", "elec/data", "json", asset="P-1")
H2S = {"ts": NOON_MS, "event": "h2s_high"}


@pytest.mark.parametrize("topic", ["gas/data", "plantroom/demo/P-1/event"])
@pytest.mark.parametrize(
    ("sources", "own"),
    [((GAS,), ()), ((METER, GAS), ()), ((GAS, METER), ()), ((GAS,), (Source("key-P-1"),))],
    ids=["alone", "behind a normal one", "before a normal one", "beside its own"],
)
def test_of_several_sources_one_that_is_marked_safety_is_enough(
    topic: str, sources: Sequence[TopicSource], own: Sequence[Source]
) -> None:
    outcome = told_in(replace(plant_of([SENSOR], own), topic_sources=sources), topic, H2S)
    assert [(one.subject, one.severity, one.safety) for one in raised(outcome)] == [
        ("h2s_high", Severity.CRITICAL, True)
    ]


@pytest.mark.parametrize(("priority", "calls"), [(Priority.SAFETY, ["h2s_high"]), (Priority.NORMAL, [])])
def test_what_came_by_a_source_marked_safety_is_of_one_though_only_the_topic_names_the_asset(
    priority: Priority, calls: list[str]
) -> None:
    """As an earlier version took them."""
    source = replace(GAS, topic_filter="gas/+/data", asset="", asset_from=2, priority=priority)
    plant = replace(plant_of([SENSOR]), topic_sources=[source])
    assert [one.subject for one in raised(told_in(plant, "gas/P-1/data", H2S))] == calls
    assert raised(told_in(plant, "plantroom/demo/P-1/event", H2S)) == []


TOPICS = ("plantroom/demo/P-1/event", "plantroom/demo/P-1/telemetry", "panel/1", "plantroom/demo/E-9/event", "lift/E-9")
WORDS = ("tripped", "trip_reset", "flooded")


@given(
    st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(WORDS), st.integers(0, 9)), max_size=12),
    st.integers(1, 5),
    st.data(),
)
def test_events_of_all_topics_are_told_in_the_order_in_which_they_came_and_once(
    messages: list[tuple[str, str, int]], size: int, data: st.DataObject
) -> None:
    records = [
        record(n, topic, {"ts": NOON_MS + s, "event": word, "values": {"vibration": s}})
        for n, (topic, word, s) in enumerate(messages, 1)
    ]
    assert played(records, size, data.draw(st.integers(0, len(records)))) == played(records, len(records) or 1, 0)


def played(records: list[SpoolRecord], size: int, ahead: int) -> list[tuple[str, str]]:
    """What is told; the first ``ahead`` are looked at before the readings of any are stored."""
    other = TopicSource("t", "demo", "lift", "lift/+", "json", asset_from=2)
    pipeline, found = pipeline_of(PANEL, other), []
    found += pipeline.tell_events(pipeline.sort(records[:ahead])).findings
    for start in range(0, len(records), size):
        batch = pipeline.sort(records[start : start + size])
        found += pipeline.tell_events(batch).findings
        read = pipeline.read(batch)
        assert pipeline.conclude(batch, read, [()] * len(read.columns)).findings == []
    return [(type(one).__name__, one.finding_id) for one in found]


def record(position: int, topic: str, body: dict[str, Any]) -> SpoolRecord:
    return SpoolRecord(position, NOON_MS + position, topic, json.dumps(body).encode())


def pipeline_of(*sources: TopicSource, presence: PresenceTracker | None = None) -> Pipeline:
    assets: Sequence[Asset] = (pump(), pump("P-2"))
    return pipeline_in(replace(plant_of(assets), topic_sources=sources), presence)


def pipeline_in(plant: Plant, presence: PresenceTracker | None = None) -> Pipeline:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence or PresenceTracker(CLASSES))
    pipeline.follow(plant)
    return pipeline


def told_in(plant: Plant, topic: str, body: dict[str, Any]) -> Outcome:
    pipeline = pipeline_in(plant)
    return pipeline.tell_events(pipeline.sort([record(1, topic, body)]))


def told_by(source: TopicSource, topic: str, body: dict[str, Any]) -> Outcome:
    pipeline = pipeline_of(source)
    batch = pipeline.sort([record(1, topic, body)])
    outcome = pipeline.tell_events(batch)
    read = pipeline.read(batch)
    outcome.take(pipeline.conclude(batch, read, [()] * len(read.columns)))
    return outcome


def raised(outcome: Outcome) -> list[FindingRaised]:
    return [one for one in outcome.findings if isinstance(one, FindingRaised)]


def test_an_events_local_time_is_of_the_sources_zone() -> None:
    (event,) = told_by(
        replace(PANEL, time_zone="Asia/Shanghai"), "panel/1", {"ts": "2026-11-21T20:00:00", "event": "tripped"}
    ).events
    assert event.observed_at == from_ms(NOON_MS)
    assert event.data == {}
