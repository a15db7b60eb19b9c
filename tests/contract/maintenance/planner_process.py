"""A scheduler in a process of its own, for tests that kill it. Loaded once, then forked for each."""

import multiprocessing
import os
import sys
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

from maintenance import plan_run
from maintenance.budget.checking import budget_job
from maintenance.deadlines.looking import deadlines_job
from maintenance.ports import MaintenanceTx
from maintenance.reports.monthly_job import reports_job
from maintenance.risk.watching import risk_job
from maintenance.scheduler import Job, Scheduler, materialise_job
from maintenance.sla.escalation import sla_job
from plantroom.catalogue import equipment_classes
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.planning import NOW, SYSTEMS

ORDERS_AT_ONCE = 30
"""So that there are many transactions to be killed in."""

MARK = "mark"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


def other_job(ledger: Ledger[MaintenanceTx]) -> Job:
    """Another tick: idempotent on the ledger, and often at the same time."""

    def run(_: datetime) -> None:
        with ledger.begin() as tx:
            tx.plan.freeze([()])

    return Job(MARK, timedelta(seconds=1), run)


def run_scheduler(url: str, log: str, end: Event) -> None:
    """Run the jobs until told to end; all that is said goes to ``log``, at the end how many runs failed."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    plan_run.ORDERS_AT_ONCE = ORDERS_AT_ONCE
    ledger = SqlLedger(url)
    ledger.open()
    classes = equipment_classes()
    jobs = [
        materialise_job(ledger, SYSTEMS),
        risk_job(ledger, classes, ""),
        budget_job(ledger, SYSTEMS, classes),
        deadlines_job(ledger, ""),
        reports_job(ledger, SYSTEMS),
        sla_job(ledger, FixedClock(NOW)),
        other_job(ledger),
    ]
    scheduler = Scheduler(ledger, FixedClock(NOW), jobs)
    scheduler.start()
    end.wait()
    scheduler.stop()
    sys.stdout.write(f"failures: {scheduler.failures}\n")
    sys.stdout.flush()
    ledger.close()


class Planner:
    """One such process."""

    def __init__(self, url: str, log: Path) -> None:
        self.log, self._end = log, CONTEXT.Event()
        self.process = CONTEXT.Process(target=run_scheduler, args=(url, str(log), self._end), daemon=True)
        self.process.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        self._end.set()
        self.process.join(60)
        assert self.process.exitcode == 0, self.said()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")
