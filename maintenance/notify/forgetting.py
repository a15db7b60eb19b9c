"""What has arrived is not kept for ever."""

from datetime import datetime, timedelta

import structlog

from maintenance.notify.ports import Forgotten
from maintenance.ports import MaintenanceTx
from maintenance.scheduler import Job
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

JOB = "notices"
EVERY = timedelta(hours=1)
AT_ONCE = 1_000
"""Messages in one transaction."""


def forget_notices(ledger: Ledger[MaintenanceTx], now: datetime, days: int) -> Forgotten:
    """Take away what arrived, or was taken back, longer ago than so many days (0: nothing), piece by piece; what that
    was stands in the log."""
    total, found = Forgotten(), Forgotten(1)
    while days > 0 and found.all > 0:
        with ledger.begin() as tx:
            found = tx.notifications.forget(now - timedelta(days=days), AT_ONCE)
        total = Forgotten(*(sum(both) for both in zip(total, found, strict=True)))
    if total.all:
        structlog.get_logger().info("notices_forgotten", older_than_days=days, **total._asdict())
    return total


def notices_job(ledger: Ledger[MaintenanceTx], clock: Clock, days: int) -> Job:
    """The job, by the real clock: a planning clock that was set deletes nothing."""

    def run(_planned: datetime) -> None:
        forget_notices(ledger, clock.now(), days)

    return Job(JOB, EVERY, run)
