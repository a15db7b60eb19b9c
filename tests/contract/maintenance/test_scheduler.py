"""Named jobs: one that fails costs no other, what became of each is told."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

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


def test_a_process_tells_of_a_stale_plan_once_it_has_had_the_time(
    any_ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = Scheduler(any_ledger, FixedClock(NOW), [Job(PLAN, timedelta(minutes=5), lambda _: None)])
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with any_ledger.begin() as tx:
        tx.jobs.put(JobRun(PLAN, long_ago, long_ago))
    assert scheduler.problems() == []
    monkeypatch.setattr(scheduler, "_started", time.monotonic() - STALE_AFTER.total_seconds() - 1)
    assert scheduler.problems()[0].startswith("plan: made into work orders not since")
    scheduler.tick(PLAN)
    assert scheduler.problems() == []
