"""A site goes from one collector to another: alarms are neither raised twice nor left standing, gaps are not made up.

The collectors share the house's stores; each has a spool of its own.
"""

import json
from collections.abc import Callable

import pytest

import ingest.worker as worker_module
from ingest.handover import HandOver
from ingest.stats import IngestStats
from ingest.worker import IngestWorker
from plantroom.domain.assets import Presence
from plantroom.errors import Unreachable
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import ListSpool

HIGH, FINE = 1.2, 0.5


def hand_over(
    house: House, epoch: int, *, fresh: bool, late_until: int = 0, overtaken: Callable[[], None] | None = None
) -> HandOver:
    lane = Lane.NORMAL.value
    return HandOver(house.ledger, "demo", lane, epoch, fresh=fresh, late_until=late_until, overtaken=overtaken)


def collect(house: House, spool: ListSpool, epoch: int, *, fresh: bool, late_until: int = 0) -> IngestStats:
    """One collector works its spool off and ends."""
    house.spool = spool
    house.start(hand_over=hand_over(house, epoch, fresh=fresh, late_until=late_until))
    stats = house.settle()
    house.stop()
    return stats


def pressures(house: House, spool: ListSpool, value: float, seconds: range, **envelope: object) -> None:
    house.spool = spool
    for n in seconds:
        numbers = {"boot": "b", "seq": n + 1000} if envelope.get("numbered") else {}
        house.send({"pressure": value + n / 1e6}, s=n, **numbers)


def told(house: House) -> list[tuple[str, str]]:
    return [(type(finding).__name__, finding.subject) for finding in house.findings()]


def test_the_next_holder_clears_what_the_last_one_raised(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    pressures(house, first, HIGH, range(-60, -45))
    collect(house, first, 1, fresh=False)
    assert told(house) == [("FindingRaised", "pressure:alarm_high"), ("FindingRaised", "pressure:warning_high")]
    pressures(house, second, FINE, range(-40, -20))
    collect(house, second, 2, fresh=True)
    assert sorted(told(house)[2:]) == [
        ("FindingCleared", "pressure:alarm_high"),
        ("FindingCleared", "pressure:warning_high"),
    ]


def test_the_next_holder_does_not_raise_again_what_is_raised(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    pressures(house, first, HIGH, range(-60, -45))
    collect(house, first, 1, fresh=False)
    pressures(house, second, HIGH, range(-40, -20))
    collect(house, second, 2, fresh=True)
    assert len(told(house)) == 2


def test_what_the_last_holder_left_in_its_spool_is_stored_late_and_raises_nothing(house: House) -> None:
    old = ListSpool()
    pressures(house, old, HIGH, range(-60, -40))
    stats = collect(house, old, 3, fresh=True, late_until=20)
    assert stats.stored == 20
    assert len(house.readings("pressure")) == 20
    assert told(house) == []
    pressures(house, old, HIGH, range(-30, -10))
    collect(house, old, 3, fresh=False)
    assert len(told(house)) == 2, "what comes from then on is live"


def test_a_restart_in_the_middle_of_the_old_records_still_takes_them_for_late(house: House) -> None:
    old = ListSpool()
    pressures(house, old, HIGH, range(-60, -40))
    hand_over(house, 3, fresh=True, late_until=20).begin(old)
    collect(house, old, 4, fresh=False)
    assert told(house) == []


def test_killed_before_it_began_with_what_it_held_it_raises_what_the_other_one_cleared(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    pressures(house, first, HIGH, range(-90, -75), numbered=True)
    collect(house, first, 1, fresh=False)
    pressures(house, second, FINE, range(-75, -50), numbered=True)
    collect(house, second, 2, fresh=True)
    before = len(told(house))
    pressures(house, first, HIGH, range(-50, -30), numbered=True)
    stats = collect(house, first, 4, fresh=False)
    assert sorted(told(house)[before:]) == [
        ("FindingRaised", "pressure:alarm_high"),
        ("FindingRaised", "pressure:warning_high"),
    ]
    assert stats.gaps == 0
    pressures(house, first, HIGH, range(-28, -25), numbered=True)
    assert collect(house, first, 5, fresh=False).gaps == 2, "a restart without anybody between goes on with its numbers"


def test_what_another_collector_received_meanwhile_is_no_gap(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    pressures(house, first, FINE, range(-60, -50), numbered=True)
    assert collect(house, first, 1, fresh=False).gaps == 0
    pressures(house, second, FINE, range(-50, -30), numbered=True)
    assert collect(house, second, 2, fresh=True).gaps == 0
    pressures(house, first, FINE, range(-30, -10), numbered=True)
    stats = collect(house, first, 3, fresh=True)
    assert stats.gaps == 0
    assert stats.received == 30, "a collector's counts stay its own"


def test_old_records_before_new_ones_in_one_spool_are_no_gap_either(house: House) -> None:
    spool = ListSpool()
    pressures(house, spool, FINE, range(-60, -50), numbered=True)
    pressures(house, spool, FINE, range(-30, -10), numbered=True)
    stats = collect(house, spool, 3, fresh=True, late_until=10)
    assert (stats.gaps, stats.stored) == (0, 30)
    pressures(house, spool, FINE, range(-8, -5), numbered=True)
    assert collect(house, spool, 3, fresh=False).gaps == 2, "a gap of its own is one"


def test_the_same_message_in_both_spools_is_one_reading(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    for spool in (first, second):
        pressures(house, spool, FINE, range(-60, -50), numbered=True)
    collect(house, second, 2, fresh=True)
    house.spool = first
    house.start(drains=True)
    house.settle()
    assert len(house.readings("pressure")) == 10


def test_a_state_that_cannot_be_read_begins_anew(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.leases.put_state("demo", Lane.NORMAL.value, 1, b"\x00garbage")
    spool = ListSpool()
    pressures(house, spool, HIGH, range(-60, -40))
    stats = collect(house, spool, 2, fresh=True)
    assert stats.stored == 20


def test_an_earlier_holder_that_wakes_up_tells_nothing_and_leaves_its_records_to_the_drain(house: House) -> None:
    first, second, lost = ListSpool(), ListSpool(), []
    pressures(house, first, FINE, range(-300, -280))
    asleep = house.start(hand_over=hand_over(house, 1, fresh=False, overtaken=lambda: lost.append(1)))
    house.settle()
    pressures(house, second, FINE, range(-200, -180))
    collect(house, second, 2, fresh=True)
    with house.ledger.read() as tx:
        before = tx.leases.state("demo", Lane.NORMAL.value)
    pressures(house, first, HIGH, range(-279, -260))
    until(lambda: asleep.ended)
    assert (lost, told(house)) == ([1], []), "an alarm that the next holder does not know would stand for ever"
    with house.ledger.read() as tx:
        assert tx.leases.state("demo", Lane.NORMAL.value) == before
    assert first.position == 20, "what it could not tell is still to be processed"
    house.start(drains=True)
    house.settle()
    assert len(house.readings("pressure")) == 59
    assert told(house) == []


def overtaken_without_a_word(house: House, spool: ListSpool) -> IngestWorker:
    """The worker of a holder that knows of nothing, while the next one has begun and got nothing yet."""
    workers = []
    for epoch, each in ((1, spool), (2, ListSpool())):
        house.spool = each
        workers.append(house.start(hand_over=hand_over(house, epoch, fresh=epoch > 1)))
        until(lambda: workers[-1].begun)
    return workers[0]


def test_whoever_begins_keeps_the_last_holder_out_before_it_has_anything_to_say(house: House) -> None:
    first = ListSpool()
    asleep = overtaken_without_a_word(house, first)
    pressures(house, first, HIGH, range(-60, -40))
    until(lambda: asleep.ended)
    assert told(house) == []


def test_whoever_was_overtaken_before_it_began_does_not_begin(house: House) -> None:
    first, second, lost = ListSpool(), ListSpool(), []
    collect(house, second, 2, fresh=True)
    pressures(house, first, HIGH, range(-60, -40))
    late = house.start(hand_over=hand_over(house, 1, fresh=True, overtaken=lambda: lost.append(1)))
    until(lambda: late.ended)
    assert (lost, late.begun, first.position) == ([1], False, 0)


def test_presence_is_not_told_by_whoever_was_overtaken(house: House) -> None:
    first = ListSpool()
    asleep = overtaken_without_a_word(house, first)
    pressures(house, first, FINE, range(-1, 0))
    until(lambda: asleep.ended)
    assert house.presence() is Presence.UNKNOWN


def test_the_state_goes_with_its_findings_though_their_transaction_fails_at_first(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    house.ledger.failing, house.ledger.fails = Unreachable("ledger", "went away at the commit"), 1
    pressures(house, first, HIGH, range(-60, -45))
    house.spool = first
    worker = house.start(hand_over=hand_over(house, 1, fresh=False))
    house.settle()
    assert house.ledger.fails == 0
    with house.ledger.read() as tx:
        as_killed = tx.leases.state("demo", Lane.NORMAL.value)
    worker.stop()
    with house.ledger.begin() as tx:
        tx.leases.put_state("demo", Lane.NORMAL.value, 1, as_killed)
    pressures(house, second, FINE, range(-40, -20))
    collect(house, second, 2, fresh=True)
    assert ("FindingCleared", "pressure:alarm_high") in told(house)


def test_what_waits_for_the_store_stays_late_when_live_events_are_told_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "BATCH", 5)
    old = ListSpool()
    pressures(house, old, HIGH, range(-60, -40))
    house.store.away = True
    house.start(Lane.SAFETY, hand_over=HandOver(house.ledger, "demo", "safety", 3, fresh=True, late_until=20))
    until(lambda: house.worker is not None and house.worker.problems())
    house.raw(b'{"event": "flooded", "severity": "safety"}', channel="event")
    until(lambda: told(house))
    house.store.away = False
    house.settle()
    assert told(house) == [("FindingRaised", "flooded")]


def test_events_behind_the_late_ones_are_no_gap_though_the_store_is_away(house: House) -> None:
    house.spool = ListSpool()
    house.send({"vibration": 1.0}, s=-60)
    event(house, 5)
    event(house, 9)
    house.store.away = True
    house.start(Lane.SAFETY, hand_over=HandOver(house.ledger, "demo", "safety", 3, fresh=True, late_until=2))
    until(lambda: len(told(house)) == 2)
    house.store.away = False
    assert house.settle().gaps == 0
    event(house, 11)
    assert house.settle().gaps == 1, "a gap of its own is one"


def event(house: House, seq: int) -> None:
    house.raw(json.dumps({"event": "flooded", "boot": "b", "seq": seq}).encode(), channel="event")
