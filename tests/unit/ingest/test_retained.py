"""What the broker had retained is no news: it proves no presence, is never live, and is told once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from ingest.alarms import LimitAlarms
from ingest.instants import from_ms
from ingest.outcome import Outcome
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Plant, Presence
from plantroom.domain.findings import Finding, FindingRaised
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.ledger import PresenceChange
from plantroom.ports.paging import EVERYTHING
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NOON_MS, TEMPLATES, plant_of

DAY_MS = 86_400_000
ZIGBEE = TopicSource(
    "z", "demo", "z", "zigbee2mqtt/#", "zigbee2mqtt", fields=(FieldMapping("boiler/auto", "auto_mode", "P-1"),)
)
SENML = TopicSource("s", "demo", "s", "senml/#", "senml", asset="P-1")
AT_ONCE = tuple(replace(one, limits=replace(one.limits, alarm_delay_s=0)) for one in TEMPLATES)
TELEMETRY, EVENT = "plantroom/demo/P-1/telemetry", "plantroom/demo/P-1/event"


def plant() -> Plant:
    return replace(plant_of(templates=AT_ONCE), topic_sources=(ZIGBEE, SENML))


@dataclass
class Line:
    """A pipeline whose pump has been offline for a fortnight."""

    pipeline: Pipeline = field(init=False)
    presence: PresenceTracker = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    rows: list[tuple[str, int, float, bool]] = field(default_factory=list)
    positions: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.presence = PresenceTracker(CLASSES)
        long_ago = from_ms(NOON_MS - 14 * DAY_MS)
        self.presence.begin({"key-P-1": PresenceChange("key-P-1", Presence.OFFLINE, long_ago, long_ago)}, NOON_MS)
        self.pipeline = Pipeline("demo", Lane.NORMAL, (LimitAlarms(CLASSES),), CLASSES, self.presence)
        self.pipeline.follow(plant())

    def take(self, topic: str, document: object, *, retained: bool = True, at_ms: int = NOON_MS) -> Outcome:
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.take_all([SpoolRecord(next(self.positions), at_ms, topic, payload, retained)])

    def take_all(self, records: Sequence[SpoolRecord]) -> Outcome:
        batch = self.pipeline.sort(records)
        outcome = self.pipeline.tell_events(batch)
        read = self.pipeline.read(batch)
        refused = [()] * len(read.columns)
        outcome.take(self.pipeline.conclude(batch, read, refused))
        for look in self.pipeline.watches(read, refused):
            outcome.take(look())
        for columns in read.columns:
            r = columns.readings
            names = [r.series[s].point for s in r.series_id]
            self.rows += zip(names, r.ts_ms.tolist(), r.value.tolist(), columns.live.tolist(), strict=True)
        self.findings += outcome.findings
        self.letters += [letter.id for letter in outcome.letters]
        return outcome

    def raised(self) -> list[FindingRaised]:
        return [one for one in self.findings if isinstance(one, FindingRaised)]


@pytest.mark.parametrize(
    ("topic", "document"),
    [
        ("zigbee2mqtt/boiler", {"auto": "OFF"}),
        (TELEMETRY, {"auto_mode": 0}),
        (TELEMETRY, {"boot": "b", "seq": 7, "values": {"auto_mode": 0, "nonsense": 1}}),
        ("senml/a", [{"n": "auto_mode", "v": 0}]),
        ("senml/a", [{"n": "auto_mode", "t": -5, "v": 0}]),
    ],
)
def test_a_value_of_nobody_knows_when_is_neither_stored_nor_a_sign_of_life(topic: str, document: object) -> None:
    line = Line()
    for _reconnect in range(3):
        line.take(topic, document)

    assert (line.rows, line.findings, line.letters) == ([], [], [])
    assert line.presence.pending() == []
    assert line.pipeline.totals.retained >= 3
    line.take(topic, document, retained=False)
    assert [note.change.presence for note in line.presence.pending() if note.change] == [Presence.ONLINE]
    assert [row[0] for row in line.rows] == ["auto_mode"]


def test_a_value_with_a_time_of_its_own_is_stored_there_and_judged_by_nobody() -> None:
    line, then = Line(), NOON_MS - 1_000
    for _reconnect in range(2):
        line.take(TELEMETRY, {"ts": then, "auto_mode": 0})
        line.take("zigbee2mqtt/boiler", {"auto": "OFF", "last_seen": then})

    assert line.rows == [("auto_mode", then, 0.0, False)] * 4
    assert (line.findings, line.letters, line.pipeline.totals.retained) == ([], [], 0)
    assert line.presence.pending() == []


def test_it_measures_no_clock_and_skips_no_number() -> None:
    line = Line()
    line.take(TELEMETRY, {"ts": NOON_MS, "boot": "b", "seq": 900, "values": {"vibration": 1}}, retained=False)
    for n in range(40):
        at_ms = NOON_MS + 15_000 * n
        line.take(TELEMETRY, {"ts": at_ms - 45_000, "boot": "b", "seq": 905, "values": {"vibration": n}}, at_ms=at_ms)

    assert line.findings == []
    assert line.pipeline.gaps == 0


def test_an_event_is_told_once_however_often_the_broker_brings_it() -> None:
    line = Line()
    timed = {"ts": NOON_MS - 5_000, "event": "flooded", "severity": "safety"}
    line.take(EVENT, timed, retained=False)
    line.take(EVENT, timed, at_ms=NOON_MS + 60_000)
    assert len({one.finding_id for one in line.raised()}) == 1, "it was told when it happened"

    unseen = {"ts": NOON_MS - DAY_MS, "event": "flooded", "severity": "safety", "data": {"floor": 2}}
    no_time = {"event": "flooded", "severity": "safety"}
    for document in (unseen, no_time):
        before = {one.finding_id for one in line.raised()}
        for reconnect in range(3):
            line.take(EVENT, document, at_ms=NOON_MS + 100_000 * (reconnect + 1))
        (new,) = {one.finding_id for one in line.raised()} - before
        told = next(one for one in line.raised() if one.finding_id == new)
        assert told.safety
        assert "retained" in told.detail["tags"]  # type: ignore[operator]
    assert line.presence.pending() != []  # of the one that was published


def test_an_event_among_telemetry_and_one_of_an_unknown_device_are_told_once_too() -> None:
    line = Line()
    for reconnect in range(3):
        at_ms = NOON_MS + 100_000 * reconnect
        line.take(TELEMETRY, {"event": "flooded", "severity": "safety"}, at_ms=at_ms)
        line.take("plantroom/demo/nobody/event", {"event": "flooded", "severity": "safety"}, at_ms=at_ms)

    assert {one.asset for one in line.raised()} == {"key-P-1", ""}
    assert len({one.finding_id for one in line.raised()}) == 2
    assert len(set(line.letters)) == 1
    assert line.presence.pending() == []


def test_values_beside_a_retained_event_are_left_out_when_they_have_no_time() -> None:
    line = Line()
    line.take(EVENT, {"event": "flooded", "severity": "safety", "values": {"vibration": 3}})
    assert line.rows == []
    assert len(line.raised()) == 1


def test_what_cannot_be_stored_leaves_one_letter() -> None:
    line = Line()
    for _reconnect in range(3):
        line.take(TELEMETRY, {"ts": NOON_MS - 1_000, "nonsense": 1})
        line.take(TELEMETRY, b"not json")

    assert len(set(line.letters)) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_result_does_not_depend_on_how_the_stream_is_cut(size: int) -> None:
    documents = [
        (TELEMETRY, {"vibration": 1}, False), (TELEMETRY, {"vibration": 2}, True),
        (TELEMETRY, {"ts": NOON_MS - 9, "vibration": 3}, True), ("zigbee2mqtt/boiler", {"auto": "OFF"}, True),
        (EVENT, {"event": "flooded", "severity": "safety"}, True), (TELEMETRY, {"ts": NOON_MS, "vibration": 4}, False),
    ]  # fmt: skip
    records = [
        SpoolRecord(n, NOON_MS + n, topic, json.dumps(document).encode(), retained)
        for n, (topic, document, retained) in enumerate(documents, 1)
    ]
    line, whole = Line(), Line()
    for start in range(0, len(records), size):
        line.take_all(records[start : start + size])
    whole.take_all(records)

    assert sorted(line.rows) == sorted(whole.rows)
    assert {f.finding_id for f in line.findings} == {f.finding_id for f in whole.findings}
    assert line.pipeline.totals == whole.pipeline.totals


def test_a_letter_of_it_does_not_become_news_by_being_replayed(house: House) -> None:
    house.spool.records.append(SpoolRecord(1, house.now_ms, "plantroom/demo/P-9/telemetry", b'{"vibration":1}', True))
    house.start()
    house.settle()
    assert house.reasons() == ["unknown_asset"]
    house.add("P-9")
    with house.ledger.begin() as tx:
        tx.collect.ask_replay(EVERYTHING)
    until(lambda: not house.letters(), 15)
    assert house.readings("vibration", "P-9") == []
    assert house.presence("P-9") is Presence.UNKNOWN
