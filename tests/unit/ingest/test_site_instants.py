"""Instants that two lanes share, one word at a time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.gaps import SiteNumbers
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.receive_times import ReceiveTimes
from ingest.site_instants import REPEATED_MS, UNWRITTEN_MAX, Said, SiteInstants
from plantroom.domain.assets import Priority, Source
from plantroom.domain.sources import TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.storage.instants import SqliteInstants
from plantroom.wire import event_topic, telemetry_topic
from tests.instants import MemoryInstants
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

TOPIC = telemetry_topic("demo", "P-1")
SAFE = plant_of(sources=[Source("key-P-1", priority=Priority.SAFETY)])


class Lanes:
    """Two lanes that give instants by one log."""

    def __init__(self, log: MemoryInstants) -> None:
        self.instants = SiteInstants(log, retry_s=0)
        self.instants.open()
        self.times = {"normal": ReceiveTimes(), "safety": ReceiveTimes()}
        for lane, times in self.times.items():
            self.instants.join(lane, times)

    def give(self, lane: str, message: str, record: str, received_ms: int = 1000) -> int:
        (ts_ms,) = self.instants.give(lane, [Said("a", message, record, 0, received_ms)])
        return ts_ms


@pytest.fixture
def log() -> MemoryInstants:
    return MemoryInstants()


@pytest.fixture
def lanes(log: MemoryInstants) -> Lanes:
    return Lanes(log)


def test_the_lane_that_is_second_gets_the_instant_of_the_first(lanes: Lanes) -> None:
    assert lanes.give("safety", "m", "1:1000") == 1000
    assert lanes.give("normal", "m", "7:90000", 90_000) == 1000
    assert lanes.give("normal", "n", "8:90000", 90_000) == 90_000


def test_no_lane_gives_an_instant_that_the_other_gave(lanes: Lanes) -> None:
    assert lanes.give("safety", "m", "1:1000") == 1000
    assert lanes.give("normal", "n", "1:1000") == 1001
    assert lanes.give("safety", "o", "2:1000") == 1002


def test_records_of_the_two_lanes_that_no_message_names_are_never_the_same(lanes: Lanes) -> None:
    assert lanes.give("safety", "", "1:1000") == 1000
    assert lanes.give("normal", "", "1:1000") == 1001


def test_what_is_processed_again_keeps_its_instant_whatever_was_given_meanwhile(
    lanes: Lanes, log: MemoryInstants
) -> None:
    given = [lanes.give("safety", "m", "1:1000"), lanes.give("safety", "", "2:1000")]
    again = Lanes(log)
    assert again.give("normal", "n", "1:1000") == 1002
    assert [again.give("safety", "m", "1:1000"), again.give("safety", "", "2:1000")] == given


def test_the_next_holder_is_told_of_instants_that_were_found_again(lanes: Lanes, log: MemoryInstants) -> None:
    for number in range(3000):
        lanes.give("safety", "", f"{number}:1000")
    again = Lanes(log)
    for number in range(3000):
        again.give("safety", "", f"{number}:1000")
    assert again.times["safety"].unreserved()
    assert again.times["safety"].hand_over() == lanes.times["safety"].hand_over()


def test_another_message_of_a_lane_with_the_same_number_and_content_is_another_reading(
    lanes: Lanes, log: MemoryInstants
) -> None:
    assert lanes.give("safety", "m", "1:1000") == 1000
    assert lanes.give("safety", "m", "5:2000", 2000) == 2000
    again = Lanes(log)
    assert again.give("safety", "m", "5:2000", 2000) == 2000
    assert again.give("safety", "m", "1:1000") == 1000
    assert again.give("normal", "m", "9:9000", 9000) == 1000


def test_while_nothing_can_be_written_instants_are_given_all_the_same_and_written_later(
    lanes: Lanes, log: MemoryInstants
) -> None:
    lanes.give("safety", "l", "1:1000")
    log.away = True
    assert lanes.give("safety", "m", "2:1000") == 1001
    assert lanes.give("normal", "m", "1:2000", 2000) == 1001
    assert lanes.give("normal", "n", "2:1000") == 1002
    assert lanes.instants.is_taken("a", 1002)
    log.away = False
    assert lanes.give("safety", "o", "3:1000") == 1003
    again = Lanes(log)
    assert again.give("normal", "m", "1:2000", 2000) == 1001
    assert again.give("normal", "n", "2:1000") == 1002


def test_what_cannot_be_written_does_not_fill_the_memory(lanes: Lanes, log: MemoryInstants) -> None:
    log.away = True
    for at in range(0, 2 * UNWRITTEN_MAX, 1000):
        said = [Said("a", "", str(number), 0, 1000) for number in range(at, at + 1000)]
        lanes.instants.give("safety", said)
    log.away = False
    lanes.give("safety", "m", "x")
    assert len([key for key in range(2 * UNWRITTEN_MAX + 1) if log.is_taken("a", 1000 + key)]) == UNWRITTEN_MAX + 1


def test_assets_that_were_ever_safe_stay_covered(log: MemoryInstants) -> None:
    instants = SiteInstants(log)
    instants.open()
    instants.follow(plant_of(), "demo")
    assert not instants.covers("key-P-1")
    instants.follow(SAFE, "elsewhere")
    assert not instants.covers("key-P-1")
    log.away = True
    instants.follow(SAFE, "demo")
    assert instants.covers("key-P-1")
    log.away = False
    instants.follow(plant_of(), "demo")
    again = SiteInstants(log)
    again.open()
    assert again.covers("key-P-1")


def test_assets_that_a_safe_topic_source_names_are_covered(log: MemoryInstants) -> None:
    source = TopicSource("s", "demo", "panel", "fire/panel", "json", Priority.SAFETY, asset="P-1")
    instants = SiteInstants(log)
    instants.follow(replace(plant_of(), topic_sources=(source,)), "demo")
    assert instants.covers("key-P-1")


def pipelines(log: MemoryInstants) -> dict[Lane, Pipeline]:
    instants = SiteInstants(log)
    instants.open()
    instants.follow(SAFE, "demo")
    numbers = SiteNumbers(Lane, instants)
    found = {lane: Pipeline("demo", lane, (), CLASSES, PresenceTracker(CLASSES), numbers) for lane in Lane}
    for one in found.values():
        one.follow(SAFE)
    return found


def instants_of(pipeline: Pipeline, *records: SpoolRecord) -> list[int]:
    read = pipeline.read(pipeline.sort(records))
    return [ts_ms for columns in read.columns for ts_ms in columns.readings.ts_ms.tolist()]


def test_a_number_without_a_boot_names_no_message(log: MemoryInstants) -> None:
    lanes = pipelines(log)
    body = b'{"seq": 1, "values": {"vibration": 1}}'
    assert instants_of(lanes[Lane.SAFETY], SpoolRecord(1, NOON_MS, TOPIC, body)) == [NOON_MS]
    assert instants_of(lanes[Lane.NORMAL], SpoolRecord(1, NOON_MS + 5, TOPIC, body)) == [NOON_MS + 5]


def test_values_beside_an_event_have_the_same_instants_on_both_lanes(log: MemoryInstants) -> None:
    lanes = pipelines(log)
    one = '{"event": "tripped", "boot": "b", "seq": 1, "values": {"vibration": %d}}'
    body = f"[{one % 1},{one % 2}]".encode()
    topic = event_topic("demo", "P-1")
    given = instants_of(lanes[Lane.SAFETY], SpoolRecord(1, NOON_MS, topic, body))
    assert given == [NOON_MS, NOON_MS + 1]
    assert instants_of(lanes[Lane.NORMAL], SpoolRecord(8, NOON_MS + 99, topic, body)) == given
    other = [f"[{one % 1},{one % 2}]".replace('"boot": "b", "seq": 1, ', "").encode()] * 2
    unnumbered = [SpoolRecord(9 + at, NOON_MS + 99, topic, body) for at, body in enumerate(other)]
    assert instants_of(lanes[Lane.NORMAL], *unnumbered) == [NOON_MS + 99 + at for at in range(4)]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("later_ms", "again"), [(9_000, False), (9_000, True), (30 * REPEATED_MS, True)])
def test_values_beside_an_event_that_comes_again_are_stored_where_they_stand(
    log: MemoryInstants, later_ms: int, again: bool, restart: bool
) -> None:
    """On one lane; the event is told again, with a tag, as an event without a time is."""
    one = '{"event": "tripped", "boot": "b", "seq": 1, "values": {"vibration": %d}}'
    payload, topic = f"[{one % 1},{one % 2}]".encode(), event_topic("demo", "P-1")
    lane = pipelines(log)[Lane.SAFETY]
    given = instants_of(lane, SpoolRecord(1, NOON_MS, topic, payload))
    if restart:
        lane = pipelines(log)[Lane.SAFETY]
    assert given == [NOON_MS, NOON_MS + 1]
    for position in (2, 3):
        record = SpoolRecord(position, NOON_MS + later_ms, topic, payload, again=again)
        assert instants_of(lane, record) == given
    later = NOON_MS + later_ms
    other = f"[{one % 1},{one % 3}]".encode()
    assert instants_of(lane, SpoolRecord(4, later, topic, other, again=again)) == [NOON_MS, later]


def test_a_device_that_counts_events_anew_under_one_boot_says_the_same_and_means_another_time(
    log: MemoryInstants,
) -> None:
    payload = b'{"event": "started", "boot": "b", "seq": 0, "values": {"vibration": 0}}'
    lane, topic = pipelines(log)[Lane.SAFETY], event_topic("demo", "P-1")
    starts = [NOON_MS + number * (REPEATED_MS + 1) for number in range(3)]
    records = [SpoolRecord(1 + number, at_ms, topic, payload) for number, at_ms in enumerate(starts)]
    assert [instants_of(lane, record) for record in records] == [[at_ms] for at_ms in starts]
    again = pipelines(log)[Lane.SAFETY]
    assert [instants_of(again, record) for record in records] == [[at_ms] for at_ms in starts]


@pytest.fixture
def both(house: House, tmp_path: Path) -> Iterator[SiteNumbers]:
    with house.ledger.begin() as tx:
        tx.assets.put_source(Source("key-P-1", priority=Priority.SAFETY))
    instants = SiteInstants(SqliteInstants(tmp_path / "spool"))
    instants.open()
    instants.follow(SAFE, "demo")
    yield SiteNumbers(instants=instants)
    house.stop()
    instants.close()


@pytest.mark.parametrize("lanes", [(Lane.SAFETY, Lane.NORMAL), (Lane.NORMAL, Lane.SAFETY)])
def test_what_both_lanes_took_is_stored_once(house: House, both: SiteNumbers, lanes: tuple[Lane, ...]) -> None:
    for late_ms, lane in enumerate(lanes):
        house.spool = type(house.spool)()
        for seq in range(200):
            body = b'{"boot": "b", "seq": %d, "values": {"vibration": %d}}' % (seq, seq)
            house.raw(body, received_ms=house.now_ms + seq // 3 + 5000 * late_ms)
        house.start(lane, numbers=both)
        house.settle()
        house.stop()
    assert sorted(value for _, value in house.readings("vibration")) == list(range(200))
