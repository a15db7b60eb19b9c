"""Three schedulers in processes of their own on PostgreSQL, of which one after the other is killed."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from maintenance.budget.checking import NAME as BUDGET
from maintenance.deadlines.looking import JOB as DEADLINES
from maintenance.materialise import materialise
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.messages import Message
from maintenance.notify.ports import MessageFilter
from maintenance.orders import create_order
from maintenance.reports.monthly_job import JOB as REPORTS
from maintenance.risk.watching import RISK
from maintenance.scheduled import PLAN
from maintenance.sla.escalation import JOB as SLA
from maintenance.work_orders import Kind, Origin
from plantroom.domain.assets import LocalName
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.planner_process import MARK, Planner
from tests.contract.maintenance.planning import NOW, SYSTEMS, check_whole, counted, furnish

MACHINES = 160
TICKETS = 60
KILLED_AT = (0.05, 0.2, 0.4, 0.6, 0.8)
"""How much of the estate is planned when one of the three is killed."""


class Planners:
    """Three of them; whoever is killed is replaced."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._logs = url, (folder / f"planner-{n}.log" for n in count())
        self.all: list[Planner] = []
        self.running = [self._new() for _ in range(3)]

    def _new(self) -> Planner:
        planner = Planner(self._url, next(self._logs))
        self.all.append(planner)
        return planner

    def replace(self, number: int) -> None:
        self.running[number].kill()
        self.running[number] = self._new()


@contextmanager
def three(url: str, folder: Path) -> Iterator[Planners]:
    planners = Planners(url, folder)
    try:
        yield planners
    finally:
        for planner in planners.running:
            planner.kill()


def planned_share(ledger: SqlLedger) -> float:
    with ledger.read() as tx:
        return counted(tx, "plan_standings") / MACHINES


def until(ledger: SqlLedger, share: float) -> None:
    end = time.monotonic() + 40
    while planned_share(ledger) < share:
        assert time.monotonic() < end, "the schedulers make no progress"
        time.sleep(0.01)


def nobody_took(ledger: SqlLedger) -> None:
    """Tickets that should have been acknowledged a minute ago, and a channel that is to hear of each."""
    opened = NOW - timedelta(minutes=31)
    with ledger.begin() as tx:
        tx.channels.add(Channel("c1", "office", ChannelKind.WEBHOOK, "sealed", "http://...", opened, "wang"))
    for n in range(TICKETS):
        with ledger.begin() as tx:
            create_order(
                tx, site="site-00", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName(f"漏水{n}", f"Leak {n}"),
                by="li", now=opened,
            )  # fmt: skip


def told(ledger: SqlLedger) -> list[Message]:
    with ledger.read() as tx:
        found = tx.notifications.list(MessageFilter(), PageRequest(limit=1000)).items
    return [one for one in found if one.topic in {"ticket", "clock"}]


def until_told(ledger: SqlLedger) -> None:
    end = time.monotonic() + 40
    while len(told(ledger)) < TICKETS:
        assert time.monotonic() < end, "nobody looks at the clocks"
        time.sleep(0.05)


def test_every_occurrence_has_one_order_whoever_is_killed_meanwhile(postgresql_url: str, tmp_path: Path) -> None:
    with closing(SqlLedger(postgresql_url)) as ledger:
        ledger.open()
        furnish(ledger, MACHINES)
        nobody_took(ledger)
        with three(postgresql_url, tmp_path) as planners:
            for turn, share in enumerate(KILLED_AT):
                until(ledger, share)
                planners.replace(turn % 3)
            until(ledger, 1.0)
            until_told(ledger)
            for planner in planners.running:
                planner.stop()
        said = [planner.said() for planner in planners.all]
        assert not any("deadlock" in words or "job_failed" in words for words in said), said
        assert sum("failures: 0" in words for words in said) == 3
        check_whole(ledger)
        counted_up = Counter(one.work_order for one in told(ledger))
        assert (len(counted_up), set(counted_up.values())) == (TICKETS, {1}), "each ticket is told of once"
        with ledger.read() as tx:
            before, runs = (counted(tx, "occurrences"), counted(tx, "work_orders")), tx.jobs.runs()
        assert materialise(ledger, NOW, SYSTEMS, afresh=True)["created"] == 0, "nothing is lost"
        with ledger.read() as tx:
            assert (counted(tx, "occurrences"), counted(tx, "work_orders")) == before
        assert before[1] > 5 * MACHINES
        every = {PLAN, RISK, BUDGET, DEADLINES, REPORTS, SLA, MARK}
        assert {name for name, run in runs.items() if run.succeeded_at is not None} == every
