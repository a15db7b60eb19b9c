"""Topic filters and what is wrong with a source."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from plantroom.domain.assets import Priority, SourceClock
from plantroom.domain.sources import FieldMapping, TopicSource, filter_problem, matches, overlap, source_of
from plantroom.domain.sources import source_problems as problems_of

LEVELS = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=4)
TOPIC = LEVELS.map("/".join)
FILTER = st.builds(
    lambda levels, end: "/".join([*levels, *end]),
    st.lists(st.sampled_from(["a", "b", "+", ""]), min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
)


def source(**changes: Any) -> TopicSource:
    return replace(TopicSource("s", "demo", "Plug", "tele/plug/#", "tasmota", asset="P-1"), **changes)


@given(FILTER, TOPIC)
def test_a_topic_matches_as_mqtt_says(topic_filter: str, topic: str) -> None:
    assert matches(topic_filter, topic) == topic_matches_sub(topic_filter, topic)


@given(FILTER, FILTER, TOPIC)
def test_filters_overlap_when_a_topic_is_both_theirs(one: str, other: str, topic: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    if matches(one, topic) and matches(other, topic):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("a/b", "a/b", True), ("a/b", "a/c", False), ("a/#", "a", True), ("a/+", "a", False), ("a/+/c", "a/b/+", True),
     ("a/+/c", "a/b/d", False), ("a/#", "b/#", False), ("a/b/#", "a/+", True), ("a/b", "a/b/c", False)],
)  # fmt: skip
def test_overlap_of(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected


def test_the_most_exact_filter_takes_a_topic() -> None:
    sources = [source(key=f, topic_filter=f) for f in ("t/#", "t/+/SENSOR", "t/plug/#", "t/plug/SENSOR", "u/#")]

    def winner(topic: str) -> str | None:
        found = source_of(topic, sources)
        return found and found.key

    assert winner("t/plug/SENSOR") == "t/plug/SENSOR"
    assert winner("t/plug/STATE") == "t/plug/#"
    assert winner("t/lamp/SENSOR") == "t/+/SENSOR"
    assert winner("t/lamp/STATE") == "t/#"
    assert winner("v") is None


def test_canonical_events_and_status_belong_to_no_source() -> None:
    wide = [source(topic_filter="plantroom/demo/#")]
    assert source_of("plantroom/demo/P-1/telemetry", wide) is wide[0]
    assert source_of("plantroom/demo/P-1/event", wide) is None
    assert source_of("plantroom/demo/P-1/status", wide) is None


@pytest.mark.parametrize(
    "topic_filter",
    ["", "#", "+/a", "/a", "$SYS/#", "$share/g/a", "a/#/b", "a/b#", "a/+b", "plantroom/north/#", "plantroom/+/a",
     "plantroom/#", "plantroom/demo", "a\x00b", "a" * 1001],
)  # fmt: skip
def test_a_filter_that_is_none_or_reaches_too_far_is_refused(topic_filter: str) -> None:
    assert filter_problem(topic_filter, "demo")


@pytest.mark.parametrize(
    "topic_filter", ["a", "a/#", "a/+/b", "plantroom/demo/+/telemetry", "plantroom/demo/#", "a//b"]
)
def test_a_sound_filter_is_not(topic_filter: str) -> None:
    assert filter_problem(topic_filter, "demo") is None


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"asset": ""}, ["asset"]),
        ({"asset": "", "asset_from": 2}, []),
        ({"asset_from": 2}, ["asset_from"]),
        ({"asset": "", "asset_from": 9}, []),
        ({"asset": "", "asset_from": 9, "topic_filter": "a/b"}, ["asset_from"]),
        ({"asset": "", "asset_from": 2, "clock": SourceClock.SIMULATED, "topic_filter": "a/+"}, ["clock"]),
        ({"asset": "", "asset_from": 2, "priority": Priority.SAFETY, "topic_filter": "fire/+/data"}, ["priority"]),
        ({"asset": "", "asset_from": 3, "priority": Priority.SAFETY, "topic_filter": "fire/#"}, ["priority"]),
        ({"asset": "", "asset_from": 2, "priority": Priority.SAFETY, "topic_filter": "fire/P-1/+"}, []),
        ({"name": " "}, ["name"]),
        ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"time_zone": "../etc"}, ["time_zone"]),
        ({"fields": (FieldMapping("", "p"), FieldMapping("a", ""))}, ["fields.0", "fields.1"]),
        ({"fields": (FieldMapping("a", "p"), FieldMapping("a", "p"))}, ["fields.1"]),
        ({"asset": "", "fields": (FieldMapping("a", "p", "P-1"),)}, []),
        ({"asset": "", "fields": (FieldMapping("a", "p", "P-1"), FieldMapping("b", "q"))}, ["asset"]),
    ],
)
def test_problems_name_their_field(changes: dict[str, Any], fields: list[str]) -> None:
    assert [problem.field for problem in problems_of(source(**changes))] == fields


def test_a_code_that_stands_in_the_filter_is_named_and_one_that_topics_hold_is_not() -> None:
    assert source(asset="", asset_from=2, topic_filter="fire/P-1/+").named_assets() == ["P-1"]
    assert source(asset="", asset_from=2, topic_filter="fire/+/data").named_assets() == []
    assert source(asset="", asset_from=3, topic_filter="fire/#").named_assets() == []
