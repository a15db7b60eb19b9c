"""Those who hear the topics of a site and those who read their messages agree on the lanes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.owning import TopicRules
from ingest.matching import Matcher, SeriesTable
from plantroom.domain.assets import Plant, Priority, Source
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane
from tests.unit.ingest.plants import plant_of, pump

PRIORITIES = st.sampled_from(Priority)
CODES = st.sampled_from(["P-1", "P-2", "OLD-1", "X-9"])
FILTERS = st.sampled_from(
    ["a/#", "a/b", "plantroom/demo/+/telemetry", "plantroom/demo/P-1/#", "plantroom/demo/P-2/raw"]
)
TOPICS = [
    *(f"plantroom/demo/{code}/{channel}" for code in ("P-1", "P-2", "OLD-1", "X-9") for channel in
      ("telemetry", "event", "status", "raw", "deeper/event")),
    "plantroom/demo/event", "plantroom/demo", "a/b", "a/event", "c",
]  # fmt: skip

SOURCES = st.lists(
    st.builds(
        lambda key, topics, priority, asset, named: TopicSource(
            key, "demo", key, topics, "json", priority, asset=asset, fields=(FieldMapping("x", "pressure", named),)
        ),
        st.sampled_from("abc"),
        FILTERS,
        PRIORITIES,
        CODES,
        CODES,
    ),
    max_size=3,
    unique_by=lambda source: source.key,
)


def plant_with(topic_sources: list[TopicSource], own: list[Source]) -> Plant:
    plant = plant_of([pump(), pump("P-2")], own)
    return replace(plant, codes={**plant.codes, ("demo", "OLD-1"): "key-P-1"}, topic_sources=topic_sources)


def lane_read(plant: Plant, topic: str) -> Lane:
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(plant)
    return matcher.lane_of(topic)


@given(SOURCES, st.dictionaries(st.sampled_from(["key-P-1", "key-P-2"]), PRIORITIES))
def test_a_topic_is_read_on_the_lane_that_it_comes_on(sources: list[TopicSource], own: dict[str, Priority]) -> None:
    plant = plant_with(sources, [Source(key, priority=priority) for key, priority in own.items()])
    rules = TopicRules.of(plant, "demo")
    for topic in TOPICS:
        owner = rules.owner(topic)
        if owner is not None:
            assert lane_read(plant, topic) is owner.lane, topic


@pytest.mark.parametrize("code", ["P-1", "OLD-1"])
def test_what_a_machine_of_a_safety_source_says_itself_comes_on_the_safety_lane(code: str) -> None:
    sources = [
        TopicSource("a", "demo", "a", "a/#", "json", asset="P-1"),
        TopicSource("b", "demo", "b", "b/#", "json", Priority.SAFETY, asset="P-1"),
    ]
    plant, topic = plant_with(sources, []), f"plantroom/demo/{code}/telemetry"
    rules = TopicRules.of(plant, "demo")
    assert lane_read(plant, topic) is Lane.SAFETY
    assert rules.owner(topic) == (Lane.SAFETY, topic)
    assert topic in rules.filters(Lane.SAFETY)


def test_a_machine_with_a_source_of_its_own_goes_by_that() -> None:
    sources = [TopicSource("b", "demo", "b", "b/#", "json", Priority.SAFETY, asset="P-1")]
    plant, topic = plant_with(sources, [Source("key-P-1")]), "plantroom/demo/P-1/telemetry"
    owner = TopicRules.of(plant, "demo").owner(topic)
    assert owner is not None
    assert (owner.lane, lane_read(plant, topic)) == (Lane.NORMAL, Lane.NORMAL)
