"""A message that is marked safety and names no event is a safety event on every topic, as on an event topic."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dialects.json.decoder import UNNAMED, decode, may_hold_events
from ingest.event_messages import event_objects, values_beside
from plantroom.domain.findings import FindingRaised
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import NOON_MS

PANEL = TopicSource("s", "demo", "panel", "panel/1", "json", asset="P-1", fields=(FieldMapping("v", "vibration"),))
NAMELESS = [
    b'{"severity":"safety","evnt":"fire"}',
    b'{"event":17,"severity":"safety"}',
    b'{"event":"","severity":"safety"}',
    b'{"event":" ","severity":" SAFETY "}',
    b'{"event":null,"severity":"safety","data":{"floor":7}}',
    b'{"seve\\u0072ity":"safety"}',
    b'[{"severity":"safety","event":{"name":"fire"}}]',
    b'{"severity":"safety","evnt":"\xff"}',
    b'{"sever\\u0069ty":"safety","evnt":"\xff"}',
    b'{"severity":"safety","evnt":"fire"',
]


def raised(house: House) -> list[FindingRaised]:
    return [one for one in house.findings() if isinstance(one, FindingRaised)]


@pytest.mark.parametrize("payload", NAMELESS)
@pytest.mark.parametrize(
    ("code", "topic"), [("P-1", ""), ("P-9", ""), ("P-1", "panel/1")], ids=["telemetry", "stranger", "source"]
)
def test_it_is_told_wherever_it_comes(house: House, payload: bytes, code: str, topic: str) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(PANEL)
    if topic:
        house.spool.put(topic, payload, house.now_ms)
    else:
        house.raw(payload, code=code)
    house.start()
    house.settle()
    (found,) = raised(house)
    assert (found.safety, found.subject, found.asset) == (True, UNNAMED, "" if code == "P-9" else "key-P-1")
    sound = b"\xff" not in payload and payload.endswith((b"}", b"]"))
    assert bool(house.reasons()) is (code == "P-9" or not sound), "a sound one is no dead letter"


def test_one_of_a_source_that_names_nobody_is_a_strangers(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.sources.add(replace(PANEL, asset="E-9"))
    house.spool.put("panel/1", NAMELESS[0], house.now_ms)
    house.start(Lane.NORMAL)
    house.settle()
    assert [(one.asset, one.subject) for one in raised(house)] == [("", UNNAMED)]
    assert house.reasons() == ["unknown_asset"]


@pytest.mark.parametrize(
    "body", [b'"values":{"vibration":2.5},"severity":"safety"', b'"vibration":2.5,"severity":"safety","evnt":"fire"']
)
def test_the_readings_in_it_are_stored_all_the_same(house: House, body: bytes) -> None:
    house.send({"vibration": 1.0})
    house.raw(b'{"ts":%d,%b}' % (house.now_ms, body))
    house.start()
    house.settle()
    assert [one.subject for one in raised(house)] == [UNNAMED]
    assert 2.5 in [value for _, value in house.readings("vibration")]
    assert house.reasons() == []


def test_so_are_those_beside_it_on_an_event_topic() -> None:
    payload = b'{"severity":"safety","values":{"vibration":2.5}}'
    assert values_beside(payload) == [payload]


def test_another_severity_is_no_event() -> None:
    decoded = decode([b'{"values":{"a":1},"severity":"info"}', b'{"a":1,"severity":"unsafe"}', b'{"event":"","a":1}'])
    assert decoded.events == []
    assert decoded.values.tolist() == [1.0, 1.0, 1.0]
    assert [one.part for one in decoded.rejections] == ["severity", "event"]


SEVERITY = st.sampled_from(["safety", " Safety", "info", 5, None])
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["fire", "", " ", 17, None, {"name": "fire"}]),
        "severity": SEVERITY,
        "values": st.sampled_from([{"a": 1}, {}, {"a": "x"}, None, "x"]),
        "evnt": st.just("fire"),
        "a": st.integers(0, 3),
    },
)


@given(st.lists(OBJECT, min_size=1, max_size=4), st.booleans(), st.integers(0, 3))
def test_a_telemetry_topic_tells_the_events_that_an_event_topic_tells(
    objects: list[dict[str, object]], in_array: bool, cut: int
) -> None:
    whole = orjson.dumps(objects if in_array else objects[0])
    payload = whole[: len(whole) - cut]
    record = SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", payload)
    expected = [one for one in event_objects(record)[0] if one.fields["event"] != "unreadable_event"]
    found = decode([payload])
    assert found.events == expected
    assert may_hold_events(payload) or not found.events
    assert {*found.message, *(one.message for one in (*found.events, *found.rejections))} == {0}
