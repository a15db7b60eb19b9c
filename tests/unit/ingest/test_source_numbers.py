"""Numbers of publishers on the topics of json sources: whatever a message holds, it came, and is nobody's gap."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gaps import SiteNumbers
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.publishers import MAX_TOPICS
from plantroom.domain.assets import Point
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.gaps import GapNews
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import CLASSES, NOON_MS, TEMPLATES, plant_of, pump

ONE = TopicSource("s", "demo", "x", "vendor/+/data", "json", asset="P-1", fields=(FieldMapping("power", "vibration"),))
TWO_FIELDS = (FieldMapping("a", "vibration", "P-1"), FieldMapping("b", "vibration", "P-2"))
TWO = replace(ONE, asset="", fields=TWO_FIELDS)
Body = dict[str, Any]


class Site:
    """A pipeline with its messages; what it says of gaps, and what is stored."""

    def __init__(self, *sources: TopicSource) -> None:
        self.pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES), SiteNumbers())
        self.pipeline.follow(replace(plant_of((pump(), pump("P-2"))), topic_sources=sources))
        self.holes: list[tuple[str, str, tuple[tuple[int, int], ...]]] = []
        self.stored: list[tuple[str, int, float]] = []
        self.news: list[GapNews] = []
        self._position = 0

    def send(self, *messages: tuple[str, Body]) -> "Site":
        records = [
            SpoolRecord(self._position + n, NOON_MS + self._position + n, topic, json.dumps(body).encode())
            for n, (topic, body) in enumerate(messages, 1)
        ]
        self._position += len(records)
        batch = self.pipeline.sort(records)
        self.pipeline.tell_events(batch)
        read = self.pipeline.read(batch)
        outcome = self.pipeline.conclude(batch, read, [()] * len(read.columns))
        self.news += [one for one in outcome.gaps if isinstance(one, GapNews)]
        self.holes += [(one.asset, one.boot, tuple(one.holes)) for one in self.news if one.holes]
        for columns in read.columns:
            r = columns.readings
            assets = [r.series[s].asset for s in r.series_id.tolist()]
            self.stored += list(zip(assets, r.ts_ms.tolist(), r.value.tolist(), strict=True))
        return self


def numbered(n: int, **body: Any) -> Body:
    return {"ts": NOON_MS + n, "boot": "b", "seq": n, **body}


@pytest.mark.parametrize("between", [{"values": {"rssi": -60}}, {"event": "tripped"}, {"values": {"power": "x"}}])
def test_a_message_without_a_mapped_value_is_no_gap(between: Body) -> None:
    bodies = [numbered(n, **({"values": {"power": 1.0}} if n % 2 == 0 else between)) for n in range(5)]
    one_by_one = Site(ONE)
    for body in bodies:
        one_by_one.send(("vendor/a/data", body))
    together = Site(ONE).send(*(("vendor/a/data", body) for body in bodies))
    for site in (one_by_one, together):
        assert (site.pipeline.gaps, site.holes, len(site.stored)) == (0, [], 3)


def test_a_number_that_did_not_come_is_a_gap_of_the_homes() -> None:
    site = Site(ONE).send(*(("vendor/a/data", numbered(n, values={"rssi": 1})) for n in (0, 1, 4)))
    assert site.holes == [("key-P-1", "b", ((2, 3),))]


def test_one_publisher_of_two_assets_has_one_count() -> None:
    bodies = [numbered(n, values={"a": 1.0} if n % 2 else {"b": 2.0}) for n in range(6)]
    site = Site(TWO).send(*(("vendor/x/data", one) for one in [*bodies, numbered(8, values={"a": 1, "b": 2})]))
    assert site.holes == [("key-P-1", "b", ((6, 7),))]
    assert len(site.stored) == 8


def test_topics_of_a_source_without_a_home_are_publishers_apart() -> None:
    bodies = [numbered(n, values={"a": 1.0}) for n in range(3)]
    others = [numbered(n + 900, values={"b": 1.0}) for n in range(3)]
    pairs = zip(bodies, others, strict=True)
    site = Site(TWO).send(*(m for a, b in pairs for m in (("vendor/a/data", a), ("vendor/b/data", b))))
    assert (site.pipeline.gaps, site.holes, len(site.stored)) == (0, [], 6)
    site.send(("vendor/a/data", numbered(4, values={"a": 1})), ("vendor/b/data", numbered(904, values={"b": 1})))
    assert sorted(site.holes) == [("key-P-1", "b", ((3, 3),)), ("key-P-1", "b", ((903, 903),))]
    assert len({one.numbering for one in site.news if one.holes}) == 2


def test_a_repetition_is_known_for_all_assets_that_it_feeds() -> None:
    message = ("vendor/x/data", numbered(7, values={"a": 1.0, "b": 2.0}))
    assert Site(TWO).send(message).send(message).stored == Site(TWO).send(message, message).stored
    assert len(Site(TWO).send(message, message).stored) == 2
    assert Site(TWO).send(message, message).pipeline.totals.duplicates == 2


def test_the_same_object_twice_in_an_array_is_a_repetition() -> None:
    one = numbered(7, values={"a": 1.0, "b": 2.0})
    assert len(Site(TWO).send(("vendor/x/data", [one, one])).stored) == 2  # type: ignore[arg-type]


def test_a_part_that_was_not_stored_is_stored_when_it_is_sent_again(house: House) -> None:
    house.add("P-2")
    fields = (TWO_FIELDS[0], FieldMapping("c", "extra", "P-2"))
    with house.ledger.begin() as tx:
        tx.sources.add(replace(TWO, fields=fields))
    body = json.dumps({"ts": house.now_ms, "boot": "b", "seq": 1, "values": {"a": 1, "c": 9}}).encode()
    house.spool.put("vendor/x/data", body, house.now_ms)
    house.start()
    house.settle()
    assert house.reasons() == ["unknown_point"]
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point("key-P-2", replace(TEMPLATES[1], key="extra"))])
    house.spool.put("vendor/x/data", body, house.now_ms)
    house.settle()
    assert house.readings("extra", "P-2") == [(0, 9.0)]


def test_a_gap_of_a_topic_heals_and_outlives_a_restart() -> None:
    site = Site(TWO).send(*(("vendor/x/data", numbered(n, values={"a": n})) for n in (0, 3)))
    site.pipeline.restore(site.pipeline.snapshot())
    assert site.pipeline.gaps == 2
    site.send(("vendor/x/data", numbered(1, values={"b": 1})), ("vendor/x/data", numbered(2, values={"other": 1})))
    assert site.pipeline.gaps == 0
    assert [span for one in site.news for span in one.came] == [(1, 2)]


def test_topics_that_somebody_invents_take_no_more_room_than_so_many() -> None:
    site = Site(TWO).send(*(("vendor/first/data", numbered(n, values={"a": 1})) for n in (0, 3)))
    inventions = [(f"vendor/{n}/data", numbered(0, values={"a": n})) for n in range(2 * MAX_TOPICS)]
    site.send(*inventions)
    assert len(site.pipeline.snapshot()) < len(Site(TWO).send(*inventions[:MAX_TOPICS]).pipeline.snapshot()) * 1.5
    assert site.pipeline.gaps == 0
    assert [(one.reason, one.first, one.last) for news in site.news for one in news.given] == [("memory", 1, 2)]
    site.pipeline.restore(site.pipeline.snapshot())
    site.send(*((topic, numbered(2, values={"a": 1})) for topic, _ in inventions[-3:]))
    assert site.pipeline.gaps == 3


def test_an_unmapped_field_says_nothing_of_presence() -> None:
    presence = PresenceTracker(CLASSES)
    presence.begin({}, NOON_MS - 60_000)
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
    pipeline.follow(replace(plant_of((pump(), pump("P-2"))), topic_sources=[TWO]))
    body = json.dumps(numbered(1, values={"rssi": 1})).encode()
    pipeline.read(pipeline.sort([SpoolRecord(1, NOON_MS, "vendor/x/data", body)]))
    assert presence.pending() == []


KINDS: Sequence[Body] = (
    {"values": {"a": 1.0}},
    {"values": {"b": 2.0}},
    {"values": {"a": 1.0, "b": 2.0}},
    {"values": {"a": "x", "b": 2.0}},
    {"values": {"other": 1}},
    {"event": "tripped"},
    {"event": "tripped", "values": {"a": 3.0}},
    {"values": 5},
    {},
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.booleans()), max_size=20), st.integers(1, 5))
def test_exactly_what_did_not_come_is_missing(sent: list[tuple[Body, bool]], size: int) -> None:
    numbers = [n for n, (_, arrives) in enumerate(sent) if arrives]
    messages = [("vendor/x/data", numbered(n, **sent[n][0])) for n in numbers]
    for source in (TWO, replace(TWO, asset="P-2"), ONE):
        site = Site(source)
        for start in range(0, len(messages), size):
            site.send(*messages[start : start + size])
        assert site.pipeline.gaps == (numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0)
