"""Safety never waits behind a flood: it is taken first, in short batches, and nothing is lost or doubled by that."""

import itertools
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from maintenance.alarm_keeper import FINDINGS_KEPT, TRIM_EVERY, AlarmKeeper
from maintenance.episodes import EpisodeState
from maintenance.findings import FindingApplier
from maintenance.findings_consumer import BATCH_S, CONSUMER, FindingsConsumer
from maintenance.ports import MaintenanceTx
from maintenance.worker import MaintenanceWorker
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.ports.clock import FixedClock
from plantroom.ports.events import AssetEvent
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import DAY, Store, cleared, episodes, feed, tickets, trapped
from tests.contract.maintenance.test_floods import CLASSES, MINUTE, alarm, work

FREED = {"asset": "lift-1", "failure_mode": "entrapment", "source": FindingSource.RULE, "subject": "passenger_trapped"}


def append(ledger: Store, *findings: object) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings(findings)  # type: ignore[arg-type]


def consumer(ledger: Store, stopwatch: Iterator[float] | None = None) -> FindingsConsumer:
    if stopwatch is None:
        return FindingsConsumer(ledger, FixedClock(NOW), CLASSES)
    return FindingsConsumer(ledger, FixedClock(NOW), CLASSES, stopwatch=lambda: next(stopwatch))


def test_a_safety_event_behind_a_flood_has_its_ticket_first(building: Store) -> None:
    append(building, *(alarm(n) for n in range(10, 50)), trapped())
    applying = consumer(building)
    assert applying.run_once() == 1
    assert [one.safety for one in work(building)] == [True]
    while applying.run_once():
        pass
    assert len(tickets(building, "lift-1")) == 1
    assert sum(len(episodes(building, f"p{n}")) for n in range(10, 50)) == 40


def test_what_waits_before_it_of_its_own_mode_goes_before_it(building: Store) -> None:
    append(building, alarm(10), trapped(), cleared(NOW + MINUTE, **FREED), alarm(11), trapped(NOW + 2 * MINUTE))
    append(building, cleared(NOW + 3 * MINUTE, **FREED))
    applying = consumer(building, itertools.repeat(0.0))
    assert applying.run_once() == 3
    assert [one.state for one in episodes(building, "lift-1")] == [EpisodeState.OPEN]
    while applying.run_once():
        pass
    (episode,) = episodes(building, "lift-1")
    assert (episode.state, episode.findings, episode.closed_observed_at) == (EpisodeState.CLOSED, 2, NOW + 3 * MINUTE)


def test_a_crash_behind_what_was_taken_first_applies_nothing_twice(
    building: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(building, *(alarm(n) for n in range(10, 20)), trapped())
    assert consumer(building).run_once() == 1
    with monkeypatch.context() as patched:
        patched.setattr(FindingApplier, "flooded", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            consumer(building).run_once()
    assert sum(len(episodes(building, f"p{n}")) for n in range(10, 20)) == 0
    again = consumer(building)
    while again.run_once():
        pass
    assert [one.findings for one in episodes(building, "lift-1")] == [1]
    assert [one.findings for n in range(10, 20) for one in episodes(building, f"p{n}")] == [1] * 10


def test_a_device_that_tells_of_safety_all_the_time_stops_nobody(building: Store) -> None:
    append(building, alarm(10), *(trapped(NOW + n * MINUTE) for n in range(3)))
    applying = FindingsConsumer(building, FixedClock(NOW), CLASSES, batch=1)
    assert [applying.run_once(), applying.run_once()] == [1, 1]
    assert (len(tickets(building, "lift-1")), len(episodes(building, "p10"))) == (1, 1)


def gas(n: int) -> FindingRaised:
    return alarm(10, NOW + n * MINUTE, safety=True, source=FindingSource.RULE, subject="gas_leak")


def test_a_flood_of_safety_events_of_one_machine_costs_another_machine_one_of_them(building: Store) -> None:
    append(building, *map(gas, range(100)), trapped())
    applying = FindingsConsumer(building, FixedClock(NOW), CLASSES, batch=2, stopwatch=lambda: 0.0)
    assert applying.run_once() == 2
    assert (len(tickets(building, "lift-1")), [one.findings for one in episodes(building, "p10")]) == (1, [1])


def test_two_that_apply_findings_in_turn_apply_each_once(building: Store) -> None:
    appended = [*map(gas, range(20)), alarm(11), trapped(), alarm(12)]
    append(building, *appended)
    both = [FindingsConsumer(building, FixedClock(NOW), CLASSES, batch=3, stopwatch=lambda: 0.0) for _ in range(2)]
    assert sum(one.run_once() for _ in range(6) for one in both) == len(appended)
    found = [episodes(building, asset) for asset in ("p10", "p11", "p12", "lift-1")]
    assert [one.findings for (one,) in found] == [20, 1, 1, 1]


def test_a_batch_ends_when_its_time_is_over(building: Store) -> None:
    append(building, *(alarm(n) for n in range(10, 20)))
    # It looks at its watch once when it is made, when a batch begins and behind each finding.
    applying = consumer(building, (n * BATCH_S / 4 for n in itertools.count()))
    counts = [applying.run_once() for _ in range(4)]
    assert counts == [4, 4, 2, 0]


def test_a_floods_ticket_is_written_when_nothing_waits_and_now_and_then_before(building: Store) -> None:
    append(building, *(alarm(n) for n in range(10, 50)))
    applying = FindingsConsumer(building, FixedClock(NOW), CLASSES, batch=15, stopwatch=lambda: 0.0)
    titles = []
    while applying.run_once():
        titles.append(work(building)[-1].title.en)
    assert titles == ["Alarm flood", "Alarm flood", "Alarm flood: 40 alarms"]


def test_one_at_fault_that_is_urgent_is_put_aside_and_stops_nothing(
    building: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = trapped()
    append(building, alarm(10), wrong, alarm(11), trapped(NOW + MINUTE))
    apply = FindingApplier.apply

    def broken(self: FindingApplier, finding: object) -> None:
        if finding == wrong:
            raise ValueError("no")
        apply(self, finding)  # type: ignore[arg-type]

    monkeypatch.setattr(FindingApplier, "apply", broken)
    applying = consumer(building)
    while applying.run_once():
        pass
    assert applying.failures == 1
    assert len(tickets(building, "lift-1")) == 1
    assert len(episodes(building, "p10")) == len(episodes(building, "p11")) == 1


@pytest.fixture
def large(any_ledger: Store) -> Store:
    with any_ledger.begin() as tx:
        for n in range(10, 1010):
            tx.assets.add(Asset(f"p{n}", "demo", f"P-{n}", "pump", LocalName(f"{n}号泵", f"Pump {n}")), [])
    return any_ledger


def test_a_thousand_alarms_keep_a_safety_event_less_than_a_second_from_its_ticket(large: Store) -> None:
    worker = MaintenanceWorker(large, consumer(large))
    worker.start()
    try:
        append(large, *(alarm(n) for n in range(10, 1010)))
        begun = time.monotonic()
        append(large, trapped())
        while not tickets(large, "lift-1"):
            time.sleep(0.01)
            assert time.monotonic() - begun < 30
        assert time.monotonic() - begun <= 1.0
        with large.read() as tx:
            assert tx.collect.findings_after(CONSUMER, 1), "the flood goes on behind it"
    finally:
        worker.stop()


def test_the_ticket_of_a_flood_is_as_severe_as_the_worst_of_its_alarms(building: Store) -> None:
    feed(building, *(alarm(n, severity=Severity.MAJOR, failure_mode="unknown") for n in range(10, 22)))
    shared = work(building)[-1]
    assert (shared.severity, shared.due) == (Severity.MAJOR, NOW + 7 * DAY)
    feed(building, alarm(30, severity=Severity.GENERAL, failure_mode="unknown"), now=NOW + MINUTE)
    assert work(building)[-1].severity is Severity.MAJOR
    feed(building, alarm(31, severity=Severity.CRITICAL, failure_mode="unknown"), now=NOW + MINUTE)
    tight = work(building)[-1]
    assert (tight.id, tight.severity) == (shared.id, Severity.CRITICAL)
    assert tight.due is not None
    assert tight.due <= NOW + 7 * DAY


def test_a_finding_of_a_flood_and_its_end_take_flood_and_ticket_in_one_order(
    postgres: Ledger[MaintenanceTx],
) -> None:
    with postgres.begin() as tx:
        for n in range(10, 30):
            tx.assets.add(Asset(f"p{n}", "demo", f"P-{n}", "pump", LocalName(f"{n}号泵", f"Pump {n}")), [])
    feed(postgres, *(alarm(n) for n in range(10, 25)))
    shared = work(postgres)[-1]
    came = threading.Event()

    def comes() -> None:
        with postgres.begin() as tx:
            came.set()
            FindingApplier(tx, NOW, CLASSES).apply(alarm(24, NOW + MINUTE, subject="temp:alarm_high"))

    with postgres.begin() as tx:
        assert tx.alarms.standing_flood("demo") is not None
        thread = threading.Thread(target=comes)
        thread.start()
        came.wait()
        time.sleep(0.3)  # it waits for the flood, and holds nothing of it
        tx.orders.lock(shared.id)
    thread.join(10)
    assert episodes(postgres, "p24")[0].findings == 2


def test_findings_that_were_applied_are_forgotten_after_three_months(building: Store) -> None:
    feed(building, alarm(10))
    append(building, alarm(11))
    later = NOW + FINDINGS_KEPT + TRIM_EVERY
    AlarmKeeper(building, FixedClock(later), CLASSES).run_once()
    with building.read() as tx:
        assert len(tx.collect.findings_after("another", 10)) == 1, "one waits, and stays"
    assert len(episodes(building, "p10")) == 1


def test_of_too_many_events_the_newest_stay(building: Store) -> None:
    at = [NOW + timedelta(minutes=n) for n in range(9)]
    with building.begin() as tx:
        tx.collect.add_events(
            [AssetEvent(f"e{n}", "demo", "p10", "tripped", when, when, "major", False, {}) for n, when in enumerate(at)]
        )
    keeper = AlarmKeeper(building, FixedClock(NOW), CLASSES, events_kept=3, events_at_a_time=4)
    left = []
    for _ in range(3):
        keeper.run_once()
        with building.read() as tx:
            left.append([one.id for one in tx.collect.events("p10", 20)])
    assert [len(ids) for ids in left] == [5, 3, 3], "so many at a time, and the rest at the next turn"
    assert left[-1] == ["e8", "e7", "e6"]
