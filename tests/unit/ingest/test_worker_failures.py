"""What goes wrong inside: one message or one stage at fault takes nothing else along."""

import json

from ingest.stages import FAILURES_OF_ASSET
from plantroom.ports.ledger import Contended
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, Witness, until


def test_a_message_that_trips_a_bug_is_put_aside_and_the_others_are_stored(house: House) -> None:
    house.store.poison = 7.0
    for n in range(15):
        house.send({"vibration": n}, s=n)
    worker = house.start()
    house.settle()
    assert [value for _, value in house.readings("vibration")] == [float(n) for n in range(15) if n != 7]
    (letter,) = house.letters()
    assert letter.reason == "internal_error: ZeroDivisionError: a bug"
    assert worker.stats().received == 15


def test_one_bad_message_among_thousands_costs_a_few_tries_and_no_other_message(house: House, witness: Witness) -> None:
    house.store.poison = 1234.0
    for n in range(3000):
        house.send({"vibration": n}, s=n / 10)
    house.raw(json.dumps({"ts": house.now_ms, "event": "flooded"}).encode(), channel="event")
    house.start(Lane.SAFETY)
    stats = house.settle()
    assert len(house.readings("vibration")) == 2999
    assert house.reasons() == ["internal_error"]
    assert [finding.subject for finding in house.findings()] == ["flooded"]
    assert (stats.received, stats.stored, stats.dead_lettered) == (3001, 2999, 1)
    assert witness.tries < 40, "halved, not one by one"


def test_a_stage_that_fails_takes_neither_readings_nor_the_findings_of_others_along(
    house: House, witness: Witness
) -> None:
    witness.poison = 700.0
    for n in range(1000):
        house.send({"vibration": n, "pressure": 1.2 if 650 < n < 750 else 0.5 + n / 1e6}, s=n - 1000)
    worker = house.start()
    stats = house.settle()
    assert len(house.readings("vibration")) == 1000
    assert house.witnessed() == [float(n) for n in range(1000) if n != 700]
    assert [finding.subject for finding in house.findings()][:1] == ["pressure:alarm_high"]
    assert len(house.findings()) == 4
    assert (house.reasons(), stats.dead_lettered, stats.stage_failures) == ([], 0, 1)
    assert "Witness: ZeroDivisionError: a bug" in worker.problems()[0]
    assert witness.seen == 999, "the state of the stage is as if the message had not been"


def test_a_stage_that_always_fails_is_left_alone_for_a_while(house: House, witness: Witness) -> None:
    witness.poison = 7.0
    house.start()
    for n in range(200):
        house.send({"vibration": 7.0, "pressure": 1.2 + n / 1e6}, s=n - 200)
    stats = house.settle()
    assert len(house.readings("vibration")) == 200
    assert [finding.subject for finding in house.findings()] == ["pressure:alarm_high", "pressure:warning_high"]
    assert stats.stage_failures == FAILURES_OF_ASSET


def test_a_stage_that_cannot_be_saved_does_not_stop_the_cursor(house: House, witness: Witness) -> None:
    house.send({"vibration": 1.0})
    worker = house.start()
    house.settle()
    witness.broken_snapshot = True
    house.send({"vibration": 2.0}, s=1)
    house.settle()
    until(worker.problems)
    assert "Witness cannot save its state" in worker.problems()[0]
    house.stop()
    house.witnesses = [later := Witness()]
    house.send({"vibration": 3.0}, s=2)
    house.start()
    house.settle()
    assert house.witnessed() == [1.0, 2.0, 3.0]
    assert later.seen == 2, "it went on from the last state that it could give"


def test_a_stage_that_must_wait_is_waited_for_and_the_rest_is_told_meanwhile(house: House, witness: Witness) -> None:
    witness.away = 4
    for s in range(30):
        house.send({"pressure": 1.2, "vibration": s}, s=s - 60)
    house.raw(b"garbage")
    worker = house.start()
    until(lambda: any("read-only file system" in words for words in worker.problems()))
    assert not any("internal error" in words for words in worker.problems())
    until(house.letters)
    house.settle()
    assert house.reasons() == ["not_json"]
    assert house.witnessed() == [float(s) for s in range(30)]
    assert len(house.findings()) == 2
    until(lambda: not worker.problems())


def test_a_safety_event_whose_transaction_loses_against_others_again_and_again_is_told_once(house: House) -> None:
    house.ledger.failing, house.ledger.fails = Contended("deadlock detected"), 3
    house.raw(json.dumps({"event": "flooded", "severity": "safety"}).encode(), channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    assert house.ledger.fails == 0
    assert house.reasons() == []
    assert [finding.subject for finding in house.findings()] == ["flooded"]
