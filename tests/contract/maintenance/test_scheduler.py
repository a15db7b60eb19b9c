"""Named jobs: one that fails costs no other, what became of each is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Semaphore

import pytest

from maintenance.plan_watch import plan_problems
from maintenance.ports import MaintenanceTx
from maintenance.scheduled import PLAN, STALE_AFTER, JobRun, stale_plan
from maintenance.scheduler import Job, Scheduler
from plantroom.errors import BadData
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW

Store = Ledger[MaintenanceTx]


@pytest.fixture
def ran() -> list[tuple[str, datetime]]:
    return []


@pytest.fixture
def scheduler(any_ledger: Store, ran: list[tuple[str, datetime]]) -> Iterator[Scheduler]:
    def fails(_: datetime) -> None:
        raise BadData("no such season")

    def breaks(_: datetime) -> None:
        raise ZeroDivisionError

    made = Scheduler(any_ledger, FixedClock(NOW), [
        Job("fails", timedelta(seconds=0.2), fails),
        Job("breaks", timedelta(seconds=0.2), breaks),
        Job("works", timedelta(seconds=0.2), lambda now: ran.append(("works", now))),
    ])  # fmt: skip
    yield made
    made.stop()


def test_jobs_that_fail_cost_the_others_nothing(
    any_ledger: Store, scheduler: Scheduler, ran: list[tuple[str, datetime]]
) -> None:
    scheduler.start()
    end = time.monotonic() + 20
    while len(ran) < 3 or scheduler.figures()["fails"].failures < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    scheduler.stop()
    figures = scheduler.figures()
    assert {when for _, when in ran} == {NOW}
    assert (figures["works"].failures, figures["works"].runs) == (0, len(ran))
    assert figures["breaks"].failures == figures["breaks"].runs > 0
    with any_ledger.read() as tx:
        runs = tx.jobs.runs()
    assert runs["works"].succeeded_at is not None
    assert runs["fails"].succeeded_at is None
    assert runs["fails"].problem == "BadData: no such season"


def test_a_slow_job_delays_no_other(any_ledger: Store) -> None:
    may_end, others = threading.Event(), threading.Event()
    jobs = [
        Job("slow", timedelta(seconds=60), lambda _: may_end.wait(20) and None),
        Job("other", timedelta(seconds=60), lambda _: others.set()),
    ]
    scheduler = Scheduler(any_ledger, FixedClock(NOW), jobs)
    scheduler.start()
    assert others.wait(10)
    may_end.set()
    scheduler.stop()


def change(ledger: Store) -> None:
    """Something that whoever waits for changes is woken by."""
    with ledger.begin() as tx:
        tx.live.note("sla", "demo", {})


@contextmanager
def ticking(ledger: Store, *jobs: Job) -> Iterator[Scheduler]:
    scheduler = Scheduler(ledger, FixedClock(NOW), jobs)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()


def waited_for(counted: Semaphore, seconds: float = 10.0) -> bool:
    return counted.acquire(timeout=seconds)


def test_a_change_brings_a_tick_forward_and_the_others_wait_for_theirs(any_ledger: Store) -> None:
    prompt, patient = Semaphore(0), Semaphore(0)
    hour = timedelta(hours=1)
    with ticking(
        any_ledger,
        Job("prompt", hour, lambda _: prompt.release(), at_changes=True),
        Job("patient", hour, lambda _: patient.release()),
    ) as scheduler:
        assert waited_for(prompt)
        assert waited_for(patient)
        while waited_for(prompt, 1.5):  # what the start itself has changed
            pass
        for _ in range(3):
            change(any_ledger)
            assert waited_for(prompt)
        assert not waited_for(patient, 0.2)
        assert scheduler.figures()["prompt"].failures == 0


def test_a_change_during_a_run_is_not_lost_and_no_second_run_is_beside_it(any_ledger: Store) -> None:
    began, may_end, at_once = Semaphore(0), Semaphore(0), []

    def run(_: datetime) -> None:
        at_once.append(1)
        began.release()
        assert waited_for(may_end)
        assert len(at_once) == 1
        at_once.clear()

    with ticking(any_ledger, Job("prompt", timedelta(seconds=0.1), run, at_changes=True)):
        for _ in range(3):
            assert waited_for(began)
            change(any_ledger)
            assert not waited_for(began, 0.5), "one at a time, whatever ticks"
            may_end.release()
        assert waited_for(began)
        for _ in range(20):
            may_end.release()


def test_where_there_is_more_to_do_it_goes_on_at_once_and_a_failure_rests(any_ledger: Store) -> None:
    left = [True, True, True, False]
    done, failed = Semaphore(0), Semaphore(0)

    def works_off(_: datetime) -> bool:
        more = left.pop(0) if left else False
        done.release()
        return more

    def fails(_: datetime) -> bool:
        failed.release()
        raise BadData("no")

    hour, soon = timedelta(hours=1), timedelta(seconds=0.01)
    with ticking(
        any_ledger, Job("works", hour, works_off, at_changes=True), Job("fails", soon, fails, at_changes=True)
    ):
        for _ in range(4):
            assert waited_for(done, 5.0)
        time.sleep(1.5)
        failures = 0
        while waited_for(failed, 0.0):
            failures += 1
    assert 2 <= failures <= 5, "0.1 s, 0.5 s, 1 s, ... behind each other"


def test_a_prompt_job_writes_of_its_successes_once_a_minute(any_ledger: Store) -> None:
    scheduler = Scheduler(any_ledger, FixedClock(NOW), [Job("prompt", timedelta(hours=1), lambda _: None, True)])
    told = []
    for _ in range(3):
        scheduler.tick("prompt")
        with any_ledger.read() as tx:
            told.append(tx.jobs.runs()["prompt"].succeeded_at)
    assert told[0] is not None
    assert told == [told[0]] * 3
    assert scheduler.figures()["prompt"].runs == 3


def test_two_jobs_of_one_name_and_one_without_a_period_are_refused(scheduler: Scheduler) -> None:
    with pytest.raises(ValueError, match="works"):
        scheduler.add(Job("works", timedelta(hours=1), lambda _: None))
    with pytest.raises(ValueError, match="never"):
        scheduler.add(Job("never", timedelta(), lambda _: None))


def test_a_plan_that_nobody_has_materialised_for_long_is_told() -> None:
    began = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    late = began + STALE_AFTER
    assert stale_plan(None, late) is None
    assert stale_plan(JobRun(PLAN, began, began), late - timedelta(seconds=1)) is None
    said = stale_plan(JobRun(PLAN, began, began, began + timedelta(minutes=5), "Unreachable: ledger"), late)
    assert said == "plan: made into work orders not since 2026-03-02 01:00 UTC (Unreachable: ledger)"
    assert stale_plan(JobRun(PLAN, began), late) == "plan: made into work orders never"


def test_a_plan_that_nobody_materialises_is_told_of_until_somebody_does(any_ledger: Store) -> None:
    scheduler = Scheduler(any_ledger, FixedClock(NOW), [Job(PLAN, timedelta(minutes=5), lambda _: None)])
    assert plan_problems(any_ledger) == [], "nobody knows yet"
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with any_ledger.begin() as tx:
        tx.jobs.put(JobRun(PLAN, long_ago, long_ago))
    assert plan_problems(any_ledger)[0].startswith("plan: made into work orders not since")
    scheduler.tick(PLAN)
    assert plan_problems(any_ledger) == []
