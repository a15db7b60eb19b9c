"""True and false are no quantities: whatever the dialect, a unit that has to be converted refuses them."""

from dataclasses import replace

import orjson
import pytest

from ingest.dialects.json.decoder import decode
from ingest.dialects.sparkplug_b.wire import Payload
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

SWITCHES = {"alarm": True, "heat": False, "level": 250}
FIELDS = (
    FieldMapping("alarm", "pressure", unit="kPa"),
    FieldMapping("heat", "running", unit="1"),
    FieldMapping("level", "vibration", unit="m/s"),
)
STORED = [("running", 0.0), ("vibration", 250_000.0)]


def in_one_sparkplug_message() -> bytes:
    made = Payload(timestamp=NOON_MS)
    for name, value in SWITCHES.items():
        if isinstance(value, bool):
            made.metrics.add(name=name.encode(), datatype=11, boolean_value=value)
        else:
            made.metrics.add(name=name.encode(), datatype=3, int_value=value)
    return bytes(made.SerializeToString())


def outcome_of(dialect: str, topic: str, payload: bytes) -> tuple[list[tuple[str, float]], list[tuple[str, str]]]:
    source = TopicSource("s", "demo", "source", topic, dialect, asset="P-1", fields=FIELDS)
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(replace(plant_of(), topic_sources=[source]))
    batch = pipeline.sort([SpoolRecord(1, NOON_MS, topic, payload)])
    read = pipeline.read(batch)
    letters = pipeline.conclude(batch, read, [()] * len(read.columns)).letters
    stored = [
        (one.series[series].point, value)
        for one in (columns.readings for columns in read.columns)
        for series, value in zip(one.series_id.tolist(), one.value.tolist(), strict=True)
    ]
    return sorted(stored), [(letter.reason, letter.part) for letter in letters]


JSON = orjson.dumps(SWITCHES)


@pytest.mark.parametrize(
    ("dialect", "topic", "payload"),
    [
        ("json", "a/b", JSON),
        ("json", "a/b", orjson.dumps({"ts": NOON_MS, "values": SWITCHES})),
        ("json", "a/b", orjson.dumps([SWITCHES])),
        ("json", "a/b", orjson.dumps({"text": "x", **SWITCHES})),
        ("tasmota", "tele/b/SENSOR", JSON),
        ("zigbee2mqtt", "zigbee2mqtt/b", JSON),
        ("sparkplug_b", "spBv1.0/g/NDATA/e", in_one_sparkplug_message()),
    ],
    ids=["flat", "canonical", "array", "beside a text", "tasmota", "zigbee2mqtt", "sparkplug"],
)
def test_a_truth_is_not_converted_and_numbers_beside_it_are(dialect: str, topic: str, payload: bytes) -> None:
    stored, letters = outcome_of(dialect, topic, payload)
    assert [point for point, _ in stored] == [point for point, _ in STORED]
    assert [value for _, value in stored] == pytest.approx([value for _, value in STORED])
    assert letters == [("unsupported_type: true or false is no number of kPa", "alarm")]


def test_canonical_telemetry_does_not_look_for_them() -> None:
    assert decode([orjson.dumps({"values": SWITCHES})]).truths == []
