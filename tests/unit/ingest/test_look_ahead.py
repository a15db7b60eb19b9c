"""A message at fault among those that are looked at ahead of their turn: it costs itself, never the batch in hand."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ingest.events import EventRules
from ingest.outcome import Outcome, write_outcome
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.findings import FindingRaised
from plantroom.errors import BadData
from plantroom.ports.readings import ReadingBatch, WriteResult
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NOON_MS, ListSpool, plant_of


def event(house: House, name: str, channel: str = "event", **more: object) -> None:
    body = {"ts": house.now_ms, "event": name, "severity": "safety", **more}
    house.raw(json.dumps(body).encode(), channel=channel)


def tripping(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the rules: whatever says poison trips it."""
    real = EventRules.take

    def take(self: EventRules, route: Any, record: SpoolRecord, *args: Any, **more: Any) -> Any:
        if b"poison" in record.payload:
            raise ZeroDivisionError("a bug")
        return real(self, route, record, *args, **more)

    monkeypatch.setattr(EventRules, "take", take)


def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that cannot take a finding of poison, however often it is tried."""

    def write(tx: Any, site: str, outcome: Outcome, notes: Any) -> None:
        write_outcome(tx, site, outcome, notes)
        if any(finding.subject == "poison" for finding in outcome.findings):
            raise BadData("invalid byte sequence for encoding")

    monkeypatch.setattr("ingest.telling.write_outcome", write)


FAULTS = pytest.mark.parametrize("fault", [tripping, refusing])


def subjects(house: House) -> list[str]:
    return [finding.subject for finding in house.findings()]


@FAULTS
def test_a_message_at_fault_behind_a_backlog_stops_neither_the_lane_nor_the_events_behind_it(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    fault(monkeypatch)
    monkeypatch.setattr("ingest.worker.BATCH", 50)
    write = house.store.write

    def slowly(batch: ReadingBatch) -> WriteResult:
        time.sleep(0.02)
        return write(batch)

    monkeypatch.setattr(house.store, "write", slowly)
    for n in range(1500):
        house.send({"vibration": n}, s=n / 10 - 600)
        if n in (60, 61, 700):
            event(house, "poison", n=n)
    event(house, "flooded")
    house.start(Lane.SAFETY)
    until(house.findings)
    assert subjects(house) == ["flooded"]
    assert house.spool.position < 700
    stats = house.settle()
    assert [value for _, value in house.readings("vibration")] == [float(n) for n in range(1500)]
    assert subjects(house) == ["flooded"]
    assert house.reasons() == ["internal_error"] * 3
    assert (stats.received, stats.stored, stats.dead_lettered, stats.duplicates) == (1504, 1500, 3, 0)


@FAULTS
@pytest.mark.parametrize("lane", Lane)
def test_a_message_at_fault_that_comes_while_the_store_is_away_costs_no_other_message(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None], lane: Lane
) -> None:
    fault(monkeypatch)
    house.store.away = True
    for n in range(40):
        house.send({"vibration": n}, s=n - 60)
    worker = house.start(lane)
    until(worker.problems)
    event(house, "poison")
    for n in range(3):
        event(house, "flooded", data={"n": n}, boot="b", seq=n)
    until(lambda: len(house.findings()) == 3)
    until(lambda: any("ahead of their turn: 1" in words for words in worker.problems()))
    assert house.letters() == []
    house.store.away = False
    stats = house.settle()
    assert [value for _, value in house.readings("vibration")] == [float(n) for n in range(40)]
    raised = [finding for finding in house.findings() if isinstance(finding, FindingRaised)]
    assert [finding.detail["data"] for finding in raised] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert house.reasons() == ["internal_error"]
    assert (stats.received, stats.dead_lettered, stats.duplicates, stats.gaps) == (44, 1, 0, 0)
    until(lambda: not worker.problems())


def test_what_was_passed_over_is_told_when_its_turn_comes_and_the_bug_is_mended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.store.away = True
    with monkeypatch.context() as patched:
        tripping(patched)
        house.send({"vibration": 1})
        event(house, "poison", boot="b", seq=1)
        event(house, "flooded", boot="b", seq=2)
        house.start(Lane.SAFETY)
        until(house.findings)
    house.store.away = False
    stats = house.settle()
    assert sorted(subjects(house)) == ["flooded", "poison"]
    assert (house.letters(), stats.gaps, stats.duplicates) == ([], 0, 0)


def record(position: int, name: str) -> SpoolRecord:
    payload = json.dumps({"event": name, "severity": "safety"}).encode()
    return SpoolRecord(position, NOON_MS + position, "plantroom/demo/P-1/event", payload)


def pipeline() -> Pipeline:
    made = Pipeline("demo", Lane.SAFETY, (), CLASSES, PresenceTracker(CLASSES))
    made.follow(plant_of())
    return made


def told(made: Pipeline, records: Sequence[SpoolRecord]) -> list[str]:
    return [one.event for one in made.tell_events(made.sort(records)).events]


def test_a_restart_knows_what_was_passed_over() -> None:
    before, records = pipeline(), [record(n, f"e{n}") for n in range(1, 5)]
    assert told(before, records[:1]) == ["e1"]
    before.pass_over(records[1])
    assert told(before, records[2:3]) == ["e3"]
    assert (before.events_done, before.passed_over) == (3, 1)

    after = pipeline()
    after.restore(before.snapshot())
    assert told(after, records) == ["e2", "e4"]
    assert after.passed_over == 0
    assert told(after, records) == []


def test_what_is_taken_back_is_as_if_it_had_not_been_tried() -> None:
    made, records = pipeline(), [record(1, "flooded"), record(2, "tripped")]
    before = made.snapshot()
    batch = made.sort(records)
    take_back = made.keep_events(batch)
    assert len(made.tell_events(batch).events) == 2
    take_back()
    assert made.snapshot() == before
    assert told(made, records) == ["flooded", "tripped"]


def test_an_event_among_telemetry_is_no_repetition_because_its_batch_was_tried_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tripping(monkeypatch)
    event(house, "flooded", channel="telemetry", boot="b", seq=1)
    event(house, "poison", channel="telemetry", boot="b", seq=2)
    house.start()
    stats = house.settle()
    assert subjects(house) == ["flooded"]
    assert (stats.duplicates, house.reasons()) == (0, ["internal_error"])


def test_a_spool_that_cannot_be_looked_into_ahead_is_no_fault_of_the_batch_in_hand(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, broken = ListSpool.look_ahead, [True]

    def look_ahead(self: ListSpool, behind: int, most: int, timeout_s: float) -> Sequence[SpoolRecord]:
        if broken[0]:
            raise OSError("input/output error")
        return look(self, behind, most, timeout_s)

    monkeypatch.setattr(ListSpool, "look_ahead", look_ahead)
    house.store.away = True
    house.send({"vibration": 1})
    worker = house.start(Lane.SAFETY)
    until(lambda: any("input/output error" in words for words in worker.problems()))
    event(house, "flooded")
    time.sleep(0.3)
    assert not any("internal error" in words for words in worker.problems())
    broken[0] = False
    until(house.findings)
    assert not any("input/output error" in words for words in worker.problems())
    house.store.away = False
    house.settle()
    assert len(house.readings("vibration")) == 1


@pytest.mark.parametrize("lane", Lane)
def test_an_error_of_the_ledger_that_passes_costs_no_event_its_turn(
    house: House, monkeypatch: pytest.MonkeyPatch, lane: Lane
) -> None:
    """A ledger that is being restored says many things; the end of an alarm is not told before its beginning."""
    tries = []

    def write(tx: Any, site: str, outcome: Outcome, notes: Any) -> None:
        write_outcome(tx, site, outcome, notes)
        if outcome.findings and len(tries) < 3:
            tries.append(outcome)
            raise RuntimeError("no such table: findings")

    house.store.away = True
    house.send({"vibration": 1.0}, s=-60)
    worker = house.start(lane)
    until(worker.problems)
    monkeypatch.setattr("ingest.telling.write_outcome", write)
    for n in range(3):
        event(house, "flooded", data={"n": n}, boot="b", seq=n)
    until(lambda: len(house.findings()) == 3)
    raised = [finding for finding in house.findings() if isinstance(finding, FindingRaised)]
    assert [finding.detail["data"] for finding in raised] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert len(tries) == 3
    assert not any("ahead of their turn" in words for words in worker.problems())
    house.store.away = False
    house.settle()
    assert house.reasons() == []
