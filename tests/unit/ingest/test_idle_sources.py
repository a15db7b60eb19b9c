"""A mapping that takes nothing of what comes is seen, and a device that has little to say is none of that."""

import json
from dataclasses import replace

from ingest.idle_sources import FIGURE, IDLE_MESSAGES, IDLE_MS
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.trial import Trial, TriedMessage, try_messages
from plantroom.domain.assets import Plant
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

TYPO = TopicSource(
    "k1", "demo", "plug", "tele/plug/#", "tasmota", asset="P-1", fields=(FieldMapping("A.Powr", "vibration"),)
)
RIGHT = replace(TYPO, fields=(FieldMapping("A.Power", "vibration"),), version=2)
SENSOR, STATE = {"A": {"Power": 12}}, {"Uptime": 3, "Wifi": {"RSSI": 80}}


def plant(*sources: TopicSource) -> Plant:
    return replace(plant_of(), topic_sources=list(sources))


def started(source: TopicSource) -> Pipeline:
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS)
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
    pipeline.follow(plant(source))
    return pipeline


def take(pipeline: Pipeline, count: int, *bodies: object, step_ms: int = IDLE_MS // 20, topic: str = "SENSOR") -> None:
    for n in range(count):
        payload = json.dumps(bodies[n % len(bodies)]).encode()
        pipeline.read(pipeline.sort([SpoolRecord(n + 1, NOON_MS + n * step_ms, f"tele/plug/{topic}", payload)]))


def idle(pipeline: Pipeline) -> dict[str, float]:
    return {key: n for key, n in pipeline.figures().as_mapping().items() if key.startswith(FIGURE)}


def test_a_mistyped_field_shows_after_an_hour_of_messages_with_numbers() -> None:
    pipeline = started(TYPO)
    take(pipeline, IDLE_MESSAGES, SENSOR)
    assert idle(pipeline) == {}, "59 minutes"
    take(pipeline, IDLE_MESSAGES + 1, SENSOR)
    assert idle(pipeline) == {f"{FIGURE}k1": 2 * IDLE_MESSAGES + 1}


def test_few_messages_or_many_within_minutes_do_not_count_nor_what_has_no_numbers() -> None:
    for pipeline, made in ((started(TYPO), (19, SENSOR)), (started(TYPO), (100, {"Button1": {"Action": "SINGLE"}}))):
        take(pipeline, *made, step_ms=IDLE_MS)
        assert idle(pipeline) == {}
    quick = started(TYPO)
    take(quick, 100, SENSOR, step_ms=1000)
    assert idle(quick) == {}


def test_a_device_whose_mapped_field_comes_now_and_then_is_none_of_them() -> None:
    pipeline = started(RIGHT)
    take(pipeline, 200, *(19 * [STATE]), SENSOR)
    assert idle(pipeline) == {}
    outside = started(replace(RIGHT, fields=(FieldMapping("A.Power", "vibration", unit="Cel"),)))
    take(outside, 100, SENSOR)
    assert idle(outside) == {}, "they are dead letters already"


def test_it_is_over_with_the_mapping_or_the_source() -> None:
    pipeline = started(TYPO)
    take(pipeline, 100, SENSOR)
    pipeline.follow(plant(RIGHT))
    take(pipeline, 1, SENSOR)
    assert idle(pipeline) == {}
    take(pipeline, 100, STATE)
    assert idle(pipeline)
    pipeline.follow(plant())
    assert idle(pipeline) == {}


def tried(source: TopicSource, body: object, topic: str = "SENSOR") -> Trial:
    message = TriedMessage(f"tele/plug/{topic}", json.dumps(body).encode())
    return try_messages(plant(source), CLASSES, "demo", [message], NOON_MS)


def test_a_trial_names_the_fields_of_a_message_of_which_nothing_is_taken() -> None:
    assert tried(TYPO, {**SENSOR, "B": "text"}).passed_over == ["A.Power", "B"]
    assert tried(RIGHT, {**SENSOR, "B": 1}).passed_over is None
    assert tried(RIGHT, {"A": {"Power": "n/a"}}).passed_over is None
    assert tried(RIGHT, "Online", "LWT").passed_over is None
